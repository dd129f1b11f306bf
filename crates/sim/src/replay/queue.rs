//! Where an order stands in the queue at its price, when the feed shows sizes and not orders.
//!
//! What is ahead shrinks by every trade at the price. It is what to make of the rest that the
//! models differ in: when a level shrinks without a trade, somebody cancelled, and nobody says
//! whether ahead of us or behind.

use serde::{Deserialize, Serialize};

/// What is assumed of cancellations.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum QueueModel {
    /// All cancel behind us: only trades bring us forward, and what is ahead is never more than
    /// the whole level. The most pessimistic.
    #[default]
    RiskAverse,
    /// A cancellation was behind us with a probability that grows with what is behind:
    /// f(behind) / (f(behind) + f(ahead)).
    /// Source: E. Rigtorp, "Estimating order queue position" (2013).
    Share {
        /// The function f.
        weight: Weight,
    },
    /// The same with f(behind) / f(behind + ahead).
    ShareOfAll {
        /// The function f.
        weight: Weight,
    },
    /// The same with 1 − f(ahead / (ahead + behind)).
    OneMinus {
        /// The function f.
        weight: Weight,
    },
}

/// How a size weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "function")]
pub enum Weight {
    /// The size to the power of `exponent`.
    Power {
        /// The exponent.
        exponent: f64,
    },
    /// The logarithm of 1 + size in units; `lot` is the units of a lot.
    Logarithm {
        /// Units of a lot.
        lot: f64,
    },
}

impl Weight {
    fn of(self, lots: f64) -> f64 {
        match self {
            Weight::Power { exponent: 2.0 } => lots * lots,
            Weight::Power { exponent } => lots.powf(exponent),
            Weight::Logarithm { lot } => (1.0 + lots * lot).ln(),
        }
    }
}

/// An order's estimated place: lots of others in front of it. Below zero: that much more has
/// traded at the price than stood in front.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Lots in front; infinite where the feed does not show the level.
    pub ahead_lots: f64,
    /// Lots traded at the price since the level was last told; the next telling contains them.
    traded_lots: f64,
}

impl Place {
    /// The end of a queue of so many lots; `None` where the feed does not show it.
    pub fn last_of(shown_lots: Option<f64>) -> Place {
        Place { ahead_lots: shown_lots.unwrap_or(f64::INFINITY), traded_lots: 0.0 }
    }

    /// So many lots traded at the price.
    pub fn traded(&mut self, lots: f64) {
        self.ahead_lots -= lots;
        self.traded_lots += lots;
    }

    /// The level was told anew.
    pub fn told(&mut self, before: f64, after: f64, model: QueueModel) {
        // What the level lost by trades was taken off when they were printed.
        let cancelled = before - after - self.traded_lots;
        self.traded_lots = 0.0;
        if cancelled < 0.0 || model == QueueModel::RiskAverse || self.ahead_lots.is_infinite() {
            self.ahead_lots = self.ahead_lots.min(after);
            return;
        }
        let ahead = self.ahead_lots;
        let behind = before - ahead;
        let from_behind = chance_behind(model, ahead, behind);
        let short = (behind - from_behind * cancelled).min(0.0);
        self.ahead_lots = (ahead - (1.0 - from_behind) * cancelled + short).min(after);
    }

    /// Whole lots that have traded beyond what stood in front: what an order here may have had.
    pub fn passed_lots(&self) -> i64 {
        // The sum of a few thousand steps may lie a hair below a whole number.
        ((1e-6 - self.ahead_lots).floor() as i64).max(0)
    }

    /// Whether anything has traded beyond what stood in front, to the nearest lot: what
    /// hftbacktest 2.4 asks before it fills an order wholly.
    pub fn is_passed(&self) -> bool {
        self.ahead_lots.round() < 0.0
    }

    /// Nobody stands in front any more.
    pub fn is_at_front(&mut self) {
        self.ahead_lots = 0.0;
    }
}

fn chance_behind(model: QueueModel, ahead: f64, behind: f64) -> f64 {
    let chance = match model {
        QueueModel::RiskAverse => 1.0,
        QueueModel::Share { weight } => {
            let (front, back) = (weight.of(ahead), weight.of(behind));
            back / (back + front)
        }
        QueueModel::ShareOfAll { weight } => weight.of(behind) / weight.of(behind + ahead),
        QueueModel::OneMinus { weight } => 1.0 - weight.of(ahead / (ahead + behind)),
    };
    match chance.is_finite() {
        true => chance,
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SQUARE: QueueModel = QueueModel::Share { weight: Weight::Power { exponent: 2.0 } };

    #[test]
    fn a_trade_is_not_taken_off_twice() {
        let mut place = Place::last_of(Some(100.0));
        place.traded(30.0);
        place.told(100.0, 70.0, SQUARE);
        assert_eq!(place.ahead_lots, 70.0);
    }

    #[test]
    fn a_cancellation_is_split_by_what_is_ahead_and_behind() {
        let mut place = Place::last_of(Some(60.0));
        place.told(60.0, 80.0, SQUARE);
        assert_eq!(place.ahead_lots, 60.0, "what joins stands behind");
        place.told(80.0, 70.0, SQUARE);
        // 400 / (400 + 3600) of ten lots were behind: one; nine were ahead.
        assert!((place.ahead_lots - 51.0).abs() < 1e-12, "{}", place.ahead_lots);
    }

    #[test]
    fn a_hidden_level_is_never_passed_until_it_is_shown() {
        let mut place = Place::last_of(None);
        place.traded(1e9);
        assert_eq!(place.passed_lots(), 0);
        place.told(0.0, 40.0, SQUARE);
        assert_eq!(place.ahead_lots, 40.0);
    }

    proptest! {
        #[test]
        fn risk_averse_is_never_in_front_of_another_model(
            first in 1.0f64..500.0,
            steps in prop::collection::vec((0u32..3, 0.0f64..100.0), 1..60),
        ) {
            let mut level = first;
            let mut places = [Place::last_of(Some(first)); 2];
            for (kind, size) in steps {
                let before = level;
                match kind {
                    0 => level += size,
                    _ => level = (level - size).max(0.0),
                }
                if kind == 2 {
                    places.iter_mut().for_each(|place| place.traded(before - level));
                }
                for (place, model) in places.iter_mut().zip([QueueModel::RiskAverse, SQUARE]) {
                    place.told(before, level, model);
                }
                prop_assert!(places[1].ahead_lots <= places[0].ahead_lots + 1e-9);
                prop_assert!(places[0].ahead_lots <= level + 1e-9);
            }
        }
    }
}
