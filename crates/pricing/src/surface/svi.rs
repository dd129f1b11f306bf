//! One expiry's smile: the five numbers of raw SVI, and what its shape implies.

use serde::{Deserialize, Serialize};

use crate::{Error, normal};

/// Raw SVI: `w(k) = a + b (ρ (k − m) + √((k − m)² + σ²))`, the total variance (volatility
/// squared times years) at log-moneyness `k = ln(strike / forward)`.
///
/// Gatheral, "A parsimonious arbitrage-free implied volatility parameterization" (2004);
/// Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RawSvi {
    /// Level of total variance.
    pub a: f64,
    /// Mean slope of the two wings; 0 or more.
    pub b: f64,
    /// Tilt of the wings, within −1..1.
    pub rho: f64,
    /// Log-moneyness about which the smile turns.
    pub m: f64,
    /// Roundness at the turn; above 0.
    pub sigma: f64,
}

/// The value and first two derivatives of a total variance by log-moneyness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jet {
    /// Total variance.
    pub(crate) value: f64,
    /// First derivative.
    pub(crate) slope: f64,
    /// Second derivative.
    pub(crate) bend: f64,
}

impl Jet {
    /// What lies at a share of the way from one to another.
    pub(crate) fn between(near: Jet, far: Jet, share: f64) -> Jet {
        let mix = |x: f64, y: f64| x + share * (y - x);
        Jet {
            value: mix(near.value, far.value),
            slope: mix(near.slope, far.slope),
            bend: mix(near.bend, far.bend),
        }
    }

    /// Durrleman's function at `k`; Gatheral and Jacquier (2014), eq. 2.1.
    pub(crate) fn durrleman(self, k: f64) -> f64 {
        let Jet { value, slope, bend } = self;
        let lean = 1.0 - k * slope / (2.0 * value);
        lean * lean - slope * slope / 4.0 * (1.0 / value + 0.25) + bend / 2.0
    }
}

impl RawSvi {
    /// The same total variance at every strike.
    pub fn flat(total_variance: f64) -> RawSvi {
        RawSvi { a: total_variance, b: 0.0, rho: 0.0, m: 0.0, sigma: 1.0 }
    }

    /// Refuses numbers that are no smile: `b < 0`, `|ρ| ≥ 1`, `σ ≤ 0`, or a total variance that
    /// is not positive everywhere (`a + b σ √(1 − ρ²) ≤ 0`).
    pub fn checked(self) -> Result<RawSvi, Error> {
        let fault = |what, value, allowed| Err(Error::Value { what, value, allowed });
        let RawSvi { a, b, rho, m, sigma } = self;
        if !a.is_finite() {
            return fault("a of SVI", a, "finite");
        }
        if !(b.is_finite() && b >= 0.0) {
            return fault("b of SVI", b, "finite and 0 or more");
        }
        if !(rho > -1.0 && rho < 1.0) {
            return fault("rho of SVI", rho, "between -1 and 1");
        }
        if !m.is_finite() {
            return fault("m of SVI", m, "finite");
        }
        if !(sigma.is_finite() && sigma > 0.0) {
            return fault("sigma of SVI", sigma, "finite and above 0");
        }
        let least = self.least_total_variance();
        if least <= 0.0 {
            return fault("least total variance of SVI", least, "above 0");
        }
        Ok(self)
    }

    /// `w(k)`.
    pub fn total_variance(&self, k: f64) -> f64 {
        let x = k - self.m;
        self.a + self.b * (self.rho * x + (x * x + self.sigma * self.sigma).sqrt())
    }

    /// Volatility at log-moneyness `k` for an expiry in `years`.
    pub fn volatility(&self, k: f64, years: f64) -> f64 {
        (self.total_variance(k) / years).sqrt()
    }

    /// The lowest point of the smile: `a + b σ √(1 − ρ²)`.
    pub fn least_total_variance(&self) -> f64 {
        self.a + self.b * self.sigma * (1.0 - self.rho * self.rho).sqrt()
    }

    /// Slopes of total variance far left and far right, both counted outwards:
    /// `b (1 − ρ)` and `b (1 + ρ)`. Neither may exceed 2 (Lee 2004, "The moment formula").
    pub fn wing_slopes(&self) -> (f64, f64) {
        (self.b * (1.0 - self.rho), self.b * (1.0 + self.rho))
    }

    pub(crate) fn jet(&self, k: f64) -> Jet {
        let x = k - self.m;
        let root = (x * x + self.sigma * self.sigma).sqrt();
        Jet {
            value: self.a + self.b * (self.rho * x + root),
            slope: self.b * (self.rho + x / root),
            bend: self.b * self.sigma * self.sigma / (root * root * root),
        }
    }

    /// Durrleman's `g(k)`: the density of the underlying is negative where it is below zero.
    /// Gatheral and Jacquier (2014), eq. 2.1 and lemma 2.2.
    pub fn durrleman(&self, k: f64) -> f64 {
        self.jet(k).durrleman(k)
    }

    /// Risk-neutral density of `ln(underlying / forward)` at `k`:
    /// `g(k) exp(−d₂² / 2) / √(2π w)`; Gatheral and Jacquier (2014), eq. 2.2.
    pub fn density(&self, k: f64) -> f64 {
        let jet = self.jet(k);
        let deviation = jet.value.sqrt();
        let d2 = -k / deviation - deviation / 2.0;
        jet.durrleman(k) * normal::density(d2) / deviation
    }

    /// Risk-neutral probability that the underlying ends at or below `forward · exp(k)`: the
    /// undiscounted price of a digital put, `N(−d₂) + φ(d₂) w′ / (2 √w)`.
    pub fn probability_below(&self, k: f64) -> f64 {
        let jet = self.jet(k);
        let deviation = jet.value.sqrt();
        let d2 = -k / deviation - deviation / 2.0;
        let skew = normal::density(d2) * jet.slope / (2.0 * deviation);
        (normal::cumulative(-d2) + skew).clamp(0.0, 1.0)
    }

    /// Total variance scaled by `share`, at most 1: the smile at a part of the way to its expiry.
    ///
    /// Free of butterfly arbitrage where this is: with `A = (1 − k w′/2w)²`, which does not
    /// change, `g_λ = A + λ (w″/2 − w′²/4w) − λ² w′²/16 ≥ (1 − λ) A + λ g₁`.
    #[must_use]
    pub fn scaled(&self, share: f64) -> RawSvi {
        RawSvi { a: self.a * share, b: self.b * share, ..*self }
    }

    /// Total variance higher by `rise` at every strike.
    #[must_use]
    pub fn lifted(&self, rise: f64) -> RawSvi {
        RawSvi { a: self.a + rise, ..*self }
    }

    /// Log-moneynesses at which this smile is looked at: dense about its turn, further apart in
    /// the wings, ascending, reaching at least ±`reach`.
    pub(crate) fn places(&self, reach: f64) -> impl Iterator<Item = f64> + use<> {
        let (m, sigma) = (self.m, self.sigma);
        let widest = ((reach + m.abs()) / sigma).asinh();
        (0..=HALF * 2).map(move |i| {
            let u = widest * (f64::from(i) / f64::from(HALF) - 1.0);
            m + sigma * u.sinh()
        })
    }
}

/// Places on each side of a smile's turn.
const HALF: i32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    /// Vogt's smile: Gatheral and Jacquier (2014), example 3.1.
    const VOGT: RawSvi = RawSvi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153 };

    #[test]
    fn vogts_smile_is_positive_yet_has_a_negative_density_about_one() {
        assert!(VOGT.checked().is_ok());
        assert!(VOGT.durrleman(0.0) > 0.0);
        assert!(VOGT.durrleman(0.9) < 0.0);
        assert!(VOGT.density(0.9) < 0.0);
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for k in [-1.0, -0.1, 0.0, 0.4, 2.0] {
            let (h, jet) = (1e-4, VOGT.jet(k));
            let (up, down) = (VOGT.total_variance(k + h), VOGT.total_variance(k - h));
            assert!((jet.slope - (up - down) / (2.0 * h)).abs() < 1e-8, "slope at {k}");
            let bend = (up - 2.0 * jet.value + down) / (h * h);
            assert!((jet.bend - bend).abs() < 1e-6, "bend at {k}");
        }
    }

    #[test]
    fn the_density_is_the_derivative_of_the_probability() {
        let smile = RawSvi { a: 0.01, b: 0.1, rho: -0.6, m: 0.02, sigma: 0.15 };
        for k in [-0.6, -0.2, 0.0, 0.1, 0.3] {
            let h = 1e-5;
            let slope =
                (smile.probability_below(k + h) - smile.probability_below(k - h)) / (2.0 * h);
            assert!((slope - smile.density(k)).abs() < 1e-6, "{k}: {slope}");
        }
    }

    #[test]
    fn a_scaled_smile_keeps_its_density_positive() {
        let smile = RawSvi { a: 0.02, b: 0.2, rho: -0.7, m: 0.0, sigma: 0.1 };
        let least = |s: RawSvi| s.places(3.0).map(|k| s.durrleman(k)).fold(f64::MAX, f64::min);
        assert!(least(smile) >= 0.0);
        for share in [0.9, 0.5, 0.1, 0.001] {
            assert!(least(smile.scaled(share)) >= 0.0, "{share}");
        }
    }

    #[test]
    fn numbers_that_are_no_smile_are_refused() {
        let good = RawSvi { a: 0.01, b: 0.1, rho: -0.6, m: 0.02, sigma: 0.15 };
        let cases = [
            RawSvi { a: f64::NAN, ..good },
            RawSvi { a: -1.0, ..good },
            RawSvi { b: -0.1, ..good },
            RawSvi { rho: 1.0, ..good },
            RawSvi { m: f64::INFINITY, ..good },
            RawSvi { sigma: 0.0, ..good },
        ];
        for case in cases {
            assert!(case.checked().is_err(), "{case:?}");
        }
    }
}
