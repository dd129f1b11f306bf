//! The book's numbers, read from TOML. Each has a default; an unknown key is refused.

use desk::OnKill;
use desk::risk::Limits;
use desk::size::SizeConfig;
use features::label::LabelConfig;
use features::pattern::ScanConfig;
use learn::eliminate::EliminationPlan;
use serde::{Deserialize, Serialize};

use super::bet::BOOK;
use super::overlay::OverlayConfig;
use super::regime::RegimeConfig;
use crate::Error;

/// All numbers of the book.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakoutConfig {
    /// What the kill switch does to positions: `keep_protected` leaves them behind their stops and
    /// targets, `flatten` closes them at the market.
    pub on_kill: OnKill,
    /// What counts as a pattern.
    pub scan: ScanConfig,
    /// How long to wait for an outcome.
    pub label: LabelConfig,
    /// What a trade costs.
    pub costs: Costs,
    /// How the models are trained.
    pub train: TrainConfig,
    /// Gate and EV tiers (BRK-20, 21).
    pub size: SizeConfig,
    /// Limits of the account.
    pub limits: Limits,
    /// The market-regime filter (BRK-22).
    pub regime: RegimeConfig,
    /// Signals as spreads of options (BRK-25).
    pub overlay: OverlayConfig,
}

/// What a trade costs on each of its two fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Costs {
    /// Half of the spread.
    pub half_spread_bps: f64,
    /// Slippage beyond the spread.
    pub slippage_bps: f64,
    /// Commission a share in the currency of the price.
    pub commission_per_share: f64,
}

/// How the models are trained and judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Share of the signals, the latest, that is held out.
    pub held_out_share: f64,
    /// Folds of the purged cross-validation on the rest.
    pub folds: usize,
    /// Days between training and test labels.
    pub embargo_days: i64,
    /// Least number of signals of a side.
    pub min_signals: usize,
    /// Trials of the search with all features.
    pub trials: usize,
    /// Trials after each elimination of features.
    pub trials_again: usize,
    /// How features are eliminated (BRK-14).
    pub elimination: EliminationPlan,
}

impl Default for Costs {
    fn default() -> Costs {
        Costs { half_spread_bps: 3.0, slippage_bps: 3.0, commission_per_share: 0.005 }
    }
}

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig {
            held_out_share: 0.25,
            folds: 5,
            embargo_days: 5,
            min_signals: 200,
            trials: 24,
            trials_again: 8,
            elimination: EliminationPlan { drop_share: 0.4, fewest: 8 },
        }
    }
}

impl Costs {
    /// Both fills' costs of one share bought at a price.
    pub fn round_trip_per_share(&self, price: f64) -> f64 {
        2.0 * ((self.half_spread_bps + self.slippage_bps) * 1e-4 * price
            + self.commission_per_share)
    }
}

impl BreakoutConfig {
    /// Reads and checks the numbers; `file` is named in errors.
    pub fn read(text: &str, file: &str) -> Result<BreakoutConfig, Error> {
        let config: BreakoutConfig = crate::settings::read(text, file)?;
        config.check()?;
        Ok(config)
    }

    /// Refuses numbers that contradict each other.
    pub fn check(&self) -> Result<(), Error> {
        self.scan.check().map_err(|fault| Error::CheckSettings { fault })?;
        let fault = |error: desk::Error| Error::CheckSettings { fault: error.to_string() };
        self.size.check().map_err(fault)?;
        self.limits.check().map_err(fault)?;
        if let Some(book) = self.limits.books.keys().find(|book| *book != BOOK) {
            let fault = format!("limits.books.{book}: there is no such book, but {BOOK}");
            return Err(Error::CheckSettings { fault });
        }
        let rules = [
            (self.label.max_bars > 0, "label.max_bars must be positive"),
            (self.train.trials > 0, "train.trials must be positive"),
            (self.train.folds >= 2, "train.folds must be at least 2"),
            (self.costs.half_spread_bps >= 0.0, "costs.half_spread_bps must not be negative"),
            (self.costs.slippage_bps >= 0.0, "costs.slippage_bps must not be negative"),
        ];
        match rules.iter().chain(&self.overlay.rules()).find(|(holds, _)| !holds) {
            Some((_, fault)) => Err(Error::CheckSettings { fault: (*fault).to_owned() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(BreakoutConfig::read("", "x").unwrap(), BreakoutConfig::default());
    }

    #[test]
    fn the_shipped_numbers_are_the_defaults() {
        let shipped = include_str!("../../../../config/books/breakout.toml");
        let read = BreakoutConfig::read(shipped, "config/books/breakout.toml").unwrap();
        assert_eq!(read, BreakoutConfig::default());
    }

    #[test]
    fn numbers_that_contradict_each_other_are_refused() {
        for text in [
            "train.folds = 1",
            "scan.rally_min_bars = 99",
            "costs.slippage_bps = -1",
            "overlay.least_days = 1",
        ] {
            assert!(BreakoutConfig::read(text, "x").is_err(), "{text}");
        }
    }

    #[test]
    fn a_book_may_have_limits_of_its_own_under_its_right_name() {
        let text = "[limits.books.breakout]\ngross_fraction = 0.5\norders_a_minute = 10";
        let limits = BreakoutConfig::read(text, "x").unwrap().limits.of_book(BOOK);
        assert_eq!((limits.gross_fraction, limits.orders_a_minute), (Some(0.5), Some(10)));
        let text = "[limits.books.braekout]\ngross_fraction = 0.5";
        let told = BreakoutConfig::read(text, "x").unwrap_err().to_string();
        assert!(told.contains("limits.books.braekout: there is no such book"), "{told}");
        let text = "[limits.books.breakout]\ngross_fraktion = 0.5";
        assert!(BreakoutConfig::read(text, "x").is_err());
    }

    #[test]
    fn costs_count_both_fills() {
        let costs = Costs { half_spread_bps: 5.0, slippage_bps: 5.0, commission_per_share: 0.01 };
        assert!((costs.round_trip_per_share(50.0) - 0.12).abs() < 1e-12);
    }
}
