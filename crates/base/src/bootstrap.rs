//! Bootstrap intervals: independent draws for trades, blocks for time series.

use std::collections::BTreeSet;

use rand::Rng as _;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::seed::Seed;
use crate::stats;
use crate::time::Day;

/// A figure with its interval; no figure is shown without one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure on the data as they are.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage, for example 0.95.
    pub level: f64,
}

impl Interval {
    /// Both ends in words, or that there are too few draws to tell them.
    pub fn ends(&self, shown: impl Fn(f64) -> String) -> String {
        if self.low.is_finite() && self.high.is_finite() {
            format!("{} to {}", shown(self.low), shown(self.high))
        } else {
            "too few for an interval".to_owned()
        }
    }
}

/// How a bootstrap draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Number of resamples.
    pub draws: usize,
    /// Mean length of a block; 1 draws rows independently. Longer blocks follow the stationary
    /// bootstrap (Politis and Romano 1994).
    pub mean_block: f64,
    /// Coverage of the interval.
    pub level: f64,
    /// Where the randomness comes from.
    pub seed: Seed,
}

impl Plan {
    /// 2,000 independent draws at 95 %.
    pub const fn independent(seed: Seed) -> Plan {
        Plan { draws: 2_000, mean_block: 1.0, level: 0.95, seed }
    }

    /// 2,000 draws of blocks at 95 %.
    pub const fn blocks(seed: Seed, mean_block: f64) -> Plan {
        Plan { draws: 2_000, mean_block, level: 0.95, seed }
    }

    /// 2,000 draws at 95 % of blocks as long as a calendar quarter has rows: trades of one quarter
    /// are held through the same weeks. The rows lie in the order of these days.
    pub fn quarters(seed: Seed, days: impl IntoIterator<Item = Day>) -> Plan {
        let mut quarters = BTreeSet::new();
        let mut rows = 0;
        for day in days {
            rows += 1;
            quarters.insert(day.quarter());
        }
        Plan::blocks(seed, f64::from(rows) / quarters.len().max(1) as f64)
    }
}

/// Percentile interval of a statistic over `count` rows. The statistic is given row indices.
///
/// All values are NaN when there are no rows. The ends are NaN when the rows make fewer than two
/// blocks: one draw drawn again and again agrees with itself, and tells nothing of the next.
pub fn interval(count: usize, plan: Plan, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let mut rows: Vec<usize> = (0..count).collect();
    let value = if count == 0 { f64::NAN } else { statistic(&rows) };
    if (count as f64) < 2.0 * plan.mean_block.max(1.0) {
        return Interval { value, low: f64::NAN, high: f64::NAN, level: plan.level };
    }
    let mut figures = Vec::with_capacity(plan.draws);
    for draw in 0..plan.draws {
        resample(&mut rows, plan, draw as u64);
        let figure = statistic(&rows);
        if figure.is_finite() {
            figures.push(figure);
        }
    }
    figures.sort_by(f64::total_cmp);
    let tail = (1.0 - plan.level) / 2.0;
    Interval {
        value,
        low: stats::quantile_of_sorted(&figures, tail),
        high: stats::quantile_of_sorted(&figures, 1.0 - tail),
        level: plan.level,
    }
}

/// Interval of the mean of some values.
pub fn mean_interval(values: &[f64], plan: Plan) -> Interval {
    interval(values.len(), plan, |rows| {
        rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64
    })
}

fn resample(rows: &mut [usize], plan: Plan, draw: u64) {
    let mut rng = plan.seed.index(draw).rng();
    let count = rows.len() as u64;
    let restart = 1.0 / plan.mean_block.max(1.0);
    let mut at = 0;
    for (index, row) in rows.iter_mut().enumerate() {
        let fresh = index == 0 || restart >= 1.0 || rng.random::<f64>() < restart;
        at = if fresh { rng.next_u64() % count } else { (at + 1) % count };
        *row = at as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_has_the_width_theory_gives() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let found = mean_interval(&values, Plan::independent(Seed::root(1)));
        let half = 1.96 * stats::std_dev(&values) / 20.0;
        assert!((found.high - found.low - 2.0 * half).abs() < 0.15 * half, "{found:?}");
        assert!((found.value - 9.5).abs() < 1e-12);
    }

    #[test]
    fn a_block_is_as_long_as_a_quarter_has_rows() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let days = ["2024-03-29", "2024-04-01", "2024-06-28", "2024-06-28", "2025-06-30"].map(day);
        let plan = Plan::quarters(Seed::root(1), days);
        assert!((plan.mean_block - 5.0 / 3.0).abs() < 1e-12, "{plan:?}");
    }

    #[test]
    fn one_seed_one_interval() {
        let values: Vec<f64> = (0..50).map(|at| f64::from(at * at % 17)).collect();
        let of = |seed| mean_interval(&values, Plan::blocks(Seed::root(seed), 2.0));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn no_rows_no_interval() {
        assert!(mean_interval(&[], Plan::independent(Seed::root(1))).low.is_nan());
    }

    #[test]
    fn one_row_or_one_block_has_a_value_and_no_ends() {
        let ends_of = |values: &[f64], block| {
            let found = mean_interval(values, Plan::blocks(Seed::root(1), block));
            assert!(found.value.is_finite());
            found.ends(|end| format!("{end:.1}"))
        };
        assert_eq!(ends_of(&[3.55], 1.0), "too few for an interval");
        assert_eq!(ends_of(&[1.0, 2.0, 3.0], 3.0), "too few for an interval");
        assert_eq!(ends_of(&[1.0, 1.0], 1.0), "1.0 to 1.0");
    }
}
