//! A whole surface of few numbers: SSVI with a power-law curvature.

use serde::{Deserialize, Serialize};

use super::RawSvi;
use crate::Error;

/// Surface SVI: `w(k, θ) = θ/2 (1 + ρ φ k + √((φ k + ρ)² + 1 − ρ²))` with
/// `φ(θ) = η θ^(−γ) (1 + θ)^(γ − 1)`, θ the total variance at the money.
///
/// Gatheral and Jacquier (2014), eq. 4.1 and 4.5. It is free of static arbitrage for every
/// ascending θ when `γ` lies in 0..=½ and `η (1 + |ρ|) ≤ 2` (their remark 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ssvi {
    /// Correlation-like tilt, within −1..1.
    pub rho: f64,
    /// Size of the curvature, above 0.
    pub eta: f64,
    /// How fast curvature falls as total variance grows, 0..=½.
    pub gamma: f64,
}

impl Ssvi {
    /// Refuses numbers outside those for which the surface is proved free of arbitrage.
    pub fn checked(self) -> Result<Ssvi, Error> {
        let fault = |what, value, allowed| Err(Error::Value { what, value, allowed });
        if !(self.rho > -1.0 && self.rho < 1.0) {
            return fault("rho of SSVI", self.rho, "between -1 and 1");
        }
        if !(self.gamma >= 0.0 && self.gamma <= 0.5) {
            return fault("gamma of SSVI", self.gamma, "within 0..=0.5");
        }
        let bound = self.eta * (1.0 + self.rho.abs());
        if !(self.eta > 0.0 && bound <= 2.0) {
            return fault("eta of SSVI times 1 + |rho|", bound, "above 0 and at most 2");
        }
        Ok(self)
    }

    /// Curvature `φ` at total variance `theta`.
    pub fn phi(&self, theta: f64) -> f64 {
        self.eta * theta.powf(-self.gamma) * (1.0 + theta).powf(self.gamma - 1.0)
    }

    /// The smile whose total variance at the money is `theta`, in the five numbers of raw SVI:
    /// `a = θ (1 − ρ²)/2, b = θ φ/2, m = −ρ/φ, σ = √(1 − ρ²)/φ` (Gatheral and Jacquier 2014,
    /// lemma 3.1 and section 4).
    pub fn smile(&self, theta: f64) -> RawSvi {
        let (phi, rest) = (self.phi(theta), 1.0 - self.rho * self.rho);
        RawSvi {
            a: theta * rest / 2.0,
            b: theta * phi / 2.0,
            rho: self.rho,
            m: -self.rho / phi,
            sigma: rest.sqrt() / phi,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURFACE: Ssvi = Ssvi { rho: -0.7, eta: 1.1, gamma: 0.45 };

    #[test]
    fn a_smile_is_the_formula_of_the_paper() {
        let theta = 0.03;
        let phi = SURFACE.phi(theta);
        for k in [-0.8, -0.1, 0.0, 0.05, 0.7_f64] {
            let root = ((phi * k + SURFACE.rho).powi(2) + 1.0 - SURFACE.rho.powi(2)).sqrt();
            let wanted = theta / 2.0 * (1.0 + SURFACE.rho * phi * k + root);
            assert!((SURFACE.smile(theta).total_variance(k) - wanted).abs() < 1e-15, "{k}");
        }
    }

    #[test]
    fn at_the_money_total_variance_is_theta() {
        for theta in [1e-5, 0.01, 0.5] {
            assert!((SURFACE.smile(theta).total_variance(0.0) / theta - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn numbers_outside_the_proof_are_refused() {
        for case in [
            Ssvi { rho: -1.0, ..SURFACE },
            Ssvi { eta: 0.0, ..SURFACE },
            Ssvi { eta: 1.2, ..SURFACE },
            Ssvi { gamma: 0.6, ..SURFACE },
            Ssvi { gamma: f64::NAN, ..SURFACE },
        ] {
            assert!(case.checked().is_err(), "{case:?}");
        }
    }
}
