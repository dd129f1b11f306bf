//! From a bet to a quantity: pure functions of EV tier, stop distance and equity (BRK-20, 21).

use base::{Prob, Rounding};
use market::{Cash, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::intent::Bet;

/// How much of the account a bet of each class of expected value may lose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SizeConfig {
    /// Least confidence at which anything is traded.
    pub gate: f64,
    /// Least net EV in R and the account risk in percent, by tier.
    pub ultra_premium: Tier,
    /// Second tier.
    pub excellent: Tier,
    /// Third tier.
    pub very_good: Tier,
    /// Fourth tier.
    pub good: Tier,
    /// Last tier; below its EV nothing is traded.
    pub decent: Tier,
    /// Largest part of the average daily volume, in percent.
    pub participation_pct: f64,
    /// Smallest quantity traded: 1 for whole shares.
    pub step: Qty,
}

/// One class of expected value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Least net EV, in R.
    pub ev_r: f64,
    /// Account risk, in percent of equity.
    pub risk_pct: f64,
}

/// Name of a class of expected value, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvTier {
    /// 2.5 % of the account by default.
    UltraPremium,
    /// 2.0 %.
    Excellent,
    /// 1.5 %.
    VeryGood,
    /// 1.0 %.
    Good,
    /// 0.5 %.
    Decent,
}

/// Why a bet has no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoSize {
    /// Confidence below the gate.
    BelowGate,
    /// Net EV below the last tier, or not above zero.
    NoValue,
    /// Equity, entry or stop distance is not positive.
    NoStop,
    /// Less than one step.
    TooSmall,
}

impl Default for SizeConfig {
    fn default() -> SizeConfig {
        let tier = |ev_r, risk_pct| Tier { ev_r, risk_pct };
        SizeConfig {
            gate: 0.5,
            ultra_premium: tier(0.60, 2.5),
            excellent: tier(0.40, 2.0),
            very_good: tier(0.25, 1.5),
            good: tier(0.10, 1.0),
            decent: tier(0.0, 0.5),
            participation_pct: 1.0,
            step: Qty::whole(1),
        }
    }
}

impl SizeConfig {
    /// Refuses what makes no sense: tiers out of order, negative risks, a step of nothing.
    pub fn check(&self) -> Result<(), Error> {
        let tiers = self.tiers().map(|(_, tier)| tier);
        let rising = tiers
            .windows(2)
            .all(|pair| pair[0].ev_r >= pair[1].ev_r && pair[0].risk_pct >= pair[1].risk_pct);
        let wrong = |key, value, wanted| Err(Error::CheckSetting { key, value, wanted });
        if !rising || tiers.iter().any(|tier| !(tier.ev_r >= 0.0 && tier.risk_pct >= 0.0)) {
            let wanted = "tiers must fall from ultra_premium to decent and not below 0";
            return wrong("size tiers", tiers[4].ev_r, wanted);
        }
        if !(0.0..=1.0).contains(&self.gate) {
            return wrong("size.gate", self.gate, "a probability");
        }
        if !(self.participation_pct > 0.0 && self.participation_pct <= 100.0) {
            return wrong("size.participation_pct", self.participation_pct, "in 0..=100");
        }
        if self.step <= Qty::ZERO {
            return wrong("size.step", self.step.to_f64(), "above 0");
        }
        Ok(())
    }

    /// The tiers, best first.
    pub fn tiers(&self) -> [(EvTier, Tier); 5] {
        [
            (EvTier::UltraPremium, self.ultra_premium),
            (EvTier::Excellent, self.excellent),
            (EvTier::VeryGood, self.very_good),
            (EvTier::Good, self.good),
            (EvTier::Decent, self.decent),
        ]
    }

    /// The tier of a net EV; `None` where it is not above zero or below the last tier.
    pub fn tier(&self, net_ev_r: f64) -> Option<(EvTier, Tier)> {
        if net_ev_r.is_nan() || net_ev_r <= 0.0 {
            return None;
        }
        self.tiers().into_iter().find(|(_, tier)| net_ev_r >= tier.ev_r)
    }
}

/// EV in R: confidence × R:R − (1 − confidence).
pub fn expected_value_r(confidence: Prob, reward_to_risk: f64) -> f64 {
    confidence.get() * reward_to_risk - confidence.complement().get()
}

/// EV less commission, spread and slippage, in R.
pub fn net_expected_value_r(bet: &Bet) -> f64 {
    expected_value_r(bet.confidence, bet.reward_to_risk) - bet.cost_r
}

/// Quantity, before the caps of risk: equity × account risk / stop distance, under the
/// participation cap, rounded down to a step.
pub fn quantity(
    bet: &Bet,
    equity: Cash,
    stop_distance: Price,
    config: &SizeConfig,
) -> Result<Qty, NoSize> {
    if bet.confidence.get() < config.gate {
        return Err(NoSize::BelowGate);
    }
    let (_, tier) = config.tier(net_expected_value_r(bet)).ok_or(NoSize::NoValue)?;
    if stop_distance <= Price::ZERO || equity <= Cash::ZERO {
        return Err(NoSize::NoStop);
    }
    let risk = equity.to_f64() * bet.risk_pct.unwrap_or(tier.risk_pct) / 100.0;
    let volume_cap = bet
        .average_daily_volume
        .map_or(f64::INFINITY, |volume| volume.max(0.0) * config.participation_pct / 100.0);
    let units = (risk / stop_distance.to_f64()).min(volume_cap);
    to_step(units, config.step).filter(|qty| *qty > Qty::ZERO).ok_or(NoSize::TooSmall)
}

/// The largest whole number of steps not above so many units.
pub fn to_step(units: f64, step: Qty) -> Option<Qty> {
    // Fewer than 9e10 units fit the type; nobody trades more.
    let qty = Qty::from_f64(units.min(9e10), Rounding::TowardZero).ok()?;
    Some(qty.round_to(step, Rounding::TowardZero))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bet(confidence: f64, reward_to_risk: f64, cost_r: f64) -> Bet {
        let confidence = Prob::new(confidence).unwrap();
        Bet { confidence, reward_to_risk, cost_r, average_daily_volume: None, risk_pct: None }
    }

    fn sized(bet: &Bet, equity: i64, distance: &str) -> Result<Qty, NoSize> {
        let equity = Cash::from_raw(equity * Cash::SCALE);
        quantity(bet, equity, distance.parse().unwrap(), &SizeConfig::default())
    }

    #[test]
    fn ev_by_hand() {
        let ev = expected_value_r(Prob::new(0.6).unwrap(), 1.5);
        assert!((ev - 0.5).abs() < 1e-12);
        assert!((net_expected_value_r(&bet(0.6, 1.5, 0.05)) - 0.45).abs() < 1e-12);
    }

    #[test]
    fn tiers_set_the_account_risk() {
        // $100,000, a stop $2 away: 1 % is 500 shares.
        let cases = [(0.81, 1250), (0.71, 1000), (0.63, 750), (0.56, 500), (0.51, 250)];
        for (confidence, units) in cases {
            let found = sized(&bet(confidence, 1.0, 0.0), 100_000, "2");
            assert_eq!(found, Ok(Qty::whole(units)), "{confidence}");
        }
    }

    #[test]
    fn what_has_no_size_says_why() {
        assert_eq!(sized(&bet(0.49, 9.0, 0.0), 100_000, "2"), Err(NoSize::BelowGate));
        assert_eq!(sized(&bet(0.55, 0.5, 0.0), 100_000, "2"), Err(NoSize::NoValue));
        assert_eq!(sized(&bet(0.52, 1.0, 0.1), 100_000, "2"), Err(NoSize::NoValue));
        assert_eq!(sized(&bet(0.60, 1.0, 0.0), 100_000, "0"), Err(NoSize::NoStop));
        assert_eq!(sized(&bet(0.60, 1.0, 0.0), 100, "50"), Err(NoSize::TooSmall));
        assert_eq!(sized(&bet(0.60, f64::NAN, 0.0), 100_000, "2"), Err(NoSize::NoValue));
    }

    #[test]
    fn participation_caps_the_quantity() {
        let thin = Bet { average_daily_volume: Some(10_000.0), ..bet(0.9, 1.0, 0.0) };
        assert_eq!(sized(&thin, 1_000_000, "1"), Ok(Qty::whole(100)));
    }

    #[test]
    fn a_risk_of_its_own_takes_the_place_of_the_tiers_and_opens_no_gate() {
        let own = |confidence| Bet { risk_pct: Some(1.0), ..bet(confidence, 1.0, 0.0) };
        assert_eq!(sized(&own(0.81), 100_000, "2"), Ok(Qty::whole(500)));
        assert_eq!(sized(&own(0.49), 100_000, "2"), Err(NoSize::BelowGate));
    }

    #[test]
    fn tiers_out_of_order_are_refused() {
        let mut config = SizeConfig::default();
        assert_eq!(config.check(), Ok(()));
        config.good.ev_r = 0.9;
        assert!(config.check().is_err());
    }

    proptest! {
        #[test]
        fn more_value_never_means_less_size_and_risk_is_never_above_the_tier(
            low in 0.5f64..1.0, more in 0.0f64..0.5, reward in 0.1f64..5.0,
            equity in 1_000i64..10_000_000, distance_cents in 1i64..100_000,
        ) {
            let distance = Price::from_raw(distance_cents * Price::SCALE / 100);
            let equity = Cash::from_raw(equity * Cash::SCALE);
            let config = SizeConfig::default();
            let size = |c: f64| {
                quantity(&bet(c.min(1.0), reward, 0.0), equity, distance, &config)
                    .unwrap_or(Qty::ZERO)
            };
            let (small, large) = (size(low), size(low + more));
            prop_assert!(small <= large);
            prop_assert!(small >= Qty::ZERO);
            let most = equity.to_f64() * 0.025;
            prop_assert!(distance.times(large).to_f64() <= most * (1.0 + 1e-9));
            prop_assert_eq!(large.raw() % config.step.raw(), 0);
        }

        #[test]
        fn negative_value_is_never_traded(c in 0.0f64..1.0, reward in 0.0f64..3.0) {
            let bet = bet(c, reward, 0.0);
            if net_expected_value_r(&bet) <= 0.0 {
                prop_assert!(sized(&bet, 1_000_000, "1").is_err());
            }
        }
    }
}
