//! Splits, dividends, new names, delistings, and the adjustment they cause.

use base::{Day, Ts};
use serde::{Deserialize, Serialize};

use crate::{Candle, Price, Series};

/// A corporate action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Corporate {
    /// One share became `ratio` shares: 7 for a 7:1 split, 0.1 for a 1:10 reverse split.
    Split {
        /// New shares for each old one.
        ratio: f64,
    },
    /// Cash paid on each share.
    Dividend {
        /// Amount a share, raw.
        amount: Price,
    },
    /// The instrument got another symbol.
    Renamed {
        /// Its new symbol.
        symbol: String,
    },
    /// The last day of trading.
    Delisted {
        /// Cash paid a share, where there was any.
        payout: Option<Price>,
    },
}

/// A corporate action with its day and when it became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// First day on which the price is without it.
    pub ex_day: Day,
    /// When it could be seen.
    pub known: Ts,
    /// What it is.
    pub action: Corporate,
}

/// Turns raw bars into forward-adjusted candles, one bar at a time.
///
/// On the ex-day of a split of ratio r the factor is multiplied by r. On the ex-day of a dividend
/// d after a close c it is multiplied by c / (c − d), the total-return factor of CRSP. All inputs
/// lie at or before the bar, so a candle once made never changes (DAT-2).
#[derive(Debug, Clone)]
pub struct Adjuster {
    actions: Vec<CorporateAction>,
    next: usize,
    split_factor: f64,
    factor: f64,
    last_close: Option<f64>,
}

impl Adjuster {
    /// An adjuster for one instrument's actions, in any order.
    pub fn new(mut actions: Vec<CorporateAction>) -> Adjuster {
        actions.sort_by_key(|action| (action.ex_day, action.known));
        Adjuster { actions, next: 0, split_factor: 1.0, factor: 1.0, last_close: None }
    }

    /// Adjusts the next raw bar (given as a candle of raw prices), in ascending order of days.
    /// `known` is when the bar itself became known; an action not known by then is not applied
    /// on its ex-day but on the first bar after it became known.
    pub fn adjust(&mut self, raw: &Candle, known: Ts) -> Candle {
        self.apply_actions(raw.day, known);
        self.last_close = Some(raw.close);
        let factor = self.factor;
        Candle {
            day: raw.day,
            open: raw.open * factor,
            high: raw.high * factor,
            low: raw.low * factor,
            close: raw.close * factor,
            volume: raw.volume / self.split_factor,
        }
    }

    /// The factor in force after the last bar: candle = raw × factor.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    fn apply_actions(&mut self, day: Day, known: Ts) {
        while let Some(action) = self.actions.get(self.next) {
            if action.ex_day > day || action.known > known {
                return;
            }
            match (&action.action, self.last_close) {
                (Corporate::Split { ratio }, _) if *ratio > 0.0 => {
                    self.factor *= ratio;
                    self.split_factor *= ratio;
                    self.last_close = self.last_close.map(|close| close / ratio);
                }
                (Corporate::Dividend { amount }, Some(close)) if amount.to_f64() < close => {
                    self.factor *= close / (close - amount.to_f64());
                }
                _ => {}
            }
            self.next += 1;
        }
    }
}

/// Adjusts a whole raw series; bar i became known at `known[i]`.
pub fn adjust_series(raw: &[Candle], known: &[Ts], actions: Vec<CorporateAction>) -> Series {
    let mut adjuster = Adjuster::new(actions);
    let mut series = Series::default();
    for (candle, &known) in raw.iter().zip(known) {
        series.candles.push(adjuster.adjust(candle, known));
        series.factors.push(adjuster.factor());
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(day: i32, close: f64) -> Candle {
        let day = Day::from_number(day);
        Candle { day, open: close, high: close, low: close, close, volume: 100.0 }
    }

    fn split(day: i32, ratio: f64) -> CorporateAction {
        let ex_day = Day::from_number(day);
        CorporateAction { ex_day, known: ex_day.start(), action: Corporate::Split { ratio } }
    }

    #[test]
    fn a_split_leaves_no_jump() {
        let bars = [raw(0, 700.0), raw(1, 101.0)];
        let known = [Day::from_number(1).start(), Day::from_number(2).start()];
        let series = adjust_series(&bars, &known, vec![split(1, 7.0)]);
        assert_eq!(series.candles[1].close, 707.0);
        assert_eq!(series.candles[0].close, 700.0);
        assert!((series.candles[1].volume - 100.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn a_dividend_is_added_back() {
        let known = [Day::from_number(1).start(), Day::from_number(2).start()];
        let amount: Price = "2".parse().unwrap();
        let ex_day = Day::from_number(1);
        let action = CorporateAction {
            ex_day,
            known: ex_day.start(),
            action: Corporate::Dividend { amount },
        };
        let series = adjust_series(&[raw(0, 100.0), raw(1, 98.0)], &known, vec![action]);
        assert!((series.candles[1].close - 100.0).abs() < 1e-12);
    }

    #[test]
    fn an_action_known_late_is_applied_late() {
        let known: Vec<Ts> = (1..4).map(|n| Day::from_number(n).start()).collect();
        let mut late = split(1, 2.0);
        late.known = known[2];
        let bars = [raw(0, 100.0), raw(1, 50.0), raw(2, 50.0)];
        let series = adjust_series(&bars, &known, vec![late]);
        assert_eq!(series.candles[1].close, 50.0);
        assert_eq!(series.candles[2].close, 100.0);
    }

    proptest! {
        #[test]
        fn a_prefix_equals_the_same_part_of_the_whole(
            closes in prop::collection::vec(1.0f64..500.0, 2..40), cut in 1usize..40, at in 0i32..40,
        ) {
            let bars: Vec<Candle> =
                closes.iter().enumerate().map(|(i, c)| raw(i as i32, *c)).collect();
            let known: Vec<Ts> = bars.iter().map(|b| b.day.plus(1).start()).collect();
            let cut = cut.min(bars.len());
            let whole = adjust_series(&bars, &known, vec![split(at, 4.0)]);
            let part = adjust_series(&bars[..cut], &known[..cut], vec![split(at, 4.0)]);
            prop_assert_eq!(&whole.candles[..cut], &part.candles[..]);
        }
    }
}
