//! How far an order moves the price against itself.
//!
//! All figures are parts of the price: 0.001 is ten basis points.

use serde::{Deserialize, Serialize};

/// Slippage as a part of the price: `coefficient ÷ √volume` of the bar that is traded on. The
/// only definition; infinite where nothing traded.
pub fn volume_slippage(coefficient: f64, volume: f64) -> f64 {
    match volume > 0.0 {
        true => coefficient / volume.sqrt(),
        false => f64::INFINITY,
    }
}

/// The square-root law: impact = Y × σ × √(Q ÷ V), with the volatility σ of a session and the
/// quantity's share of a session's volume (Tóth et al. 2011, "Anomalous price impact and the
/// critical nature of liquidity", eq. 1; Y near one).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquareRoot {
    /// Y.
    pub coefficient: f64,
}

impl SquareRoot {
    /// The impact, in the units of the volatility given.
    pub fn fraction(self, volatility: f64, share: f64) -> f64 {
        self.coefficient * volatility * share.max(0.0).sqrt()
    }
}

/// Permanent and temporary impact of Almgren, Thum, Hauptmann and Li (2005), "Direct estimation
/// of equity market impact", eqs. 9 and 10, fitted on US large caps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DirectEstimation {
    /// γ, the coefficient of the permanent part: 0.314 ± 0.041.
    pub permanent: f64,
    /// η, the coefficient of the temporary part: 0.142 ± 0.0062.
    pub temporary: f64,
    /// β, the exponent of the rate of trading: 0.600 ± 0.038, taken as 3/5.
    pub exponent: f64,
    /// δ, the exponent of the turnover: 0.267 ± 0.22, taken as 1/4.
    pub turnover_exponent: f64,
}

impl Default for DirectEstimation {
    fn default() -> DirectEstimation {
        DirectEstimation {
            permanent: 0.314,
            temporary: 0.142,
            exponent: 0.6,
            turnover_exponent: 0.25,
        }
    }
}

/// An order as these formulas see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizedOrder {
    /// Quantity as a part of a session's volume, a magnitude.
    pub share: f64,
    /// How long it is worked, in sessions.
    pub sessions: f64,
    /// Volatility of a session, a part of the price.
    pub volatility: f64,
    /// Shares outstanding ÷ a session's volume.
    pub turnover_days: f64,
}

/// What an order costs by [`DirectEstimation`], in parts of the price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectImpact {
    /// I: how far the price has moved for good.
    pub permanent: f64,
    /// The part that lasts only while the order trades.
    pub temporary: f64,
}

impl DirectImpact {
    /// J: what the order pays on average, half of the permanent part and all of the temporary.
    pub fn realised(&self) -> f64 {
        self.permanent / 2.0 + self.temporary
    }
}

impl DirectEstimation {
    /// I = γ σ X⁄V (Θ⁄V)^δ and K = η σ (X⁄(V T))^β.
    pub fn impact(&self, order: &SizedOrder) -> DirectImpact {
        let turnover = power(order.turnover_days, self.turnover_exponent);
        let rate = order.share / order.sessions;
        DirectImpact {
            permanent: self.permanent * order.volatility * order.share * turnover,
            temporary: self.temporary * order.volatility * power(rate, self.exponent),
        }
    }
}

fn power(base: f64, exponent: f64) -> f64 {
    base.max(0.0).powf(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_percent_of_a_day_of_ibm_costs_what_the_paper_prints() {
        // Almgren et al. 2005, the example at the end: IBM, 10 % of a day, σ 1.57 %, Θ/V 263.
        let wanted = [(0.1, 22.0, 32.0), (0.2, 15.0, 25.0), (0.5, 8.0, 18.0)];
        for (sessions, temporary, realised) in wanted {
            let order =
                SizedOrder { share: 0.1, sessions, volatility: 0.0157, turnover_days: 263.0 };
            let got = DirectEstimation::default().impact(&order);
            assert_eq!((got.permanent * 1e4).round(), 20.0);
            assert!((got.temporary * 1e4 - temporary).abs() < 1.0, "{sessions}: {got:?}");
            assert!((got.realised() * 1e4 - realised).abs() < 1.0, "{sessions}: {got:?}");
        }
    }

    #[test]
    fn slippage_falls_with_the_root_of_volume_and_is_infinite_without() {
        assert_eq!(volume_slippage(0.01, 10_000.0), 0.0001);
        assert_eq!(volume_slippage(0.01, 0.0), f64::INFINITY);
        assert_eq!(volume_slippage(0.01, f64::NAN), f64::INFINITY);
    }

    #[test]
    fn the_square_root_law_doubles_for_four_times_the_share() {
        let law = SquareRoot { coefficient: 0.8 };
        assert!((law.fraction(0.02, 0.04) - 2.0 * law.fraction(0.02, 0.01)).abs() < 1e-15);
    }
}
