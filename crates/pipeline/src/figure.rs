//! Figures with intervals that can be kept on record.

use base::Interval;
use serde::{Deserialize, Serialize};

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure; absent where it has no value.
    pub value: Option<f64>,
    /// Both ends; absent where there are too few draws to tell them.
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// The figure of an interval whose ends may be no numbers.
    pub fn of(found: Interval) -> Figure {
        let ends = found.low.is_finite() && found.high.is_finite();
        Figure {
            value: found.value.is_finite().then_some(found.value),
            interval: ends.then_some((found.low, found.high)),
        }
    }

    /// In words: the value and its ends.
    pub fn words(&self, shown: impl Fn(f64) -> String) -> String {
        match (self.value, self.interval) {
            (None, _) => "n/a".to_owned(),
            (Some(value), Some((low, high))) => {
                format!("{} ({} to {})", shown(value), shown(low), shown(high))
            }
            (Some(value), None) => format!("{} (too few for an interval)", shown(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use base::bootstrap::{Plan, mean_interval};

    #[test]
    fn a_figure_without_ends_says_so_and_reads_back() {
        let one = Figure::of(mean_interval(&[1.5], Plan::independent(Seed::root(1))));
        assert_eq!(one.words(|value| format!("{value:.1}")), "1.5 (too few for an interval)");
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Figure>(&text).unwrap(), one);
    }
}
