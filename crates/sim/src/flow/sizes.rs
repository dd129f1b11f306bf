//! How large orders are, and how large ones are cut into many.

use base::seed::Rng;
use base::stats;
use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::hawkes::uniform;
use crate::{Error, check_range};

/// A law of sizes, in lots; never below one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeLaw {
    /// Always the same.
    Fixed(i64),
    /// Each of these with one chance; those of [`SizeLaw::of`] are quantiles of what was seen.
    Empirical(Vec<i64>),
    /// The logarithm is normal.
    Lognormal {
        /// Mean of the logarithm.
        mean_log: f64,
        /// Its standard deviation.
        deviation: f64,
    },
}

/// Quantiles that are kept of a law.
const QUANTILES: usize = 512;
/// Largest size that a law may give.
const LARGEST: f64 = 1e12;

impl SizeLaw {
    /// The law of these sizes, by their quantiles; `None` where there are none.
    pub fn of(sizes: impl Iterator<Item = i64>) -> Option<SizeLaw> {
        let mut sorted: Vec<i64> = sizes.filter(|size| *size > 0).collect();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        if sorted.len() <= QUANTILES {
            return Some(SizeLaw::Empirical(sorted));
        }
        let place = |k: usize| ((k as f64 + 0.5) / QUANTILES as f64 * last as f64).round();
        Some(SizeLaw::Empirical((0..QUANTILES).map(|k| sorted[place(k) as usize]).collect()))
    }

    /// Refuses a law that gives none, or too large ones.
    pub fn check(&self) -> Result<(), Error> {
        let lots = |size: i64| check_range("flow.size", size as f64, (1.0, LARGEST), "in 1..=1e12");
        match self {
            SizeLaw::Fixed(size) => lots(*size),
            SizeLaw::Empirical(sizes) => {
                check_range("flow.sizes", sizes.len() as f64, (1.0, 1e7), "of 1..=1e7 values")?;
                sizes.iter().try_for_each(|size| lots(*size))
            }
            SizeLaw::Lognormal { mean_log, deviation } => {
                check_range("flow.size.mean_log", *mean_log, (0.0, 25.0), "in 0..=25")?;
                check_range("flow.size.deviation", *deviation, (0.0, 5.0), "in 0..=5")
            }
        }
    }

    /// The largest size that is drawn, in lots; of a lognormal law the one at eight deviations,
    /// beyond which less than one draw in 10¹⁵ falls.
    pub fn largest(&self) -> i64 {
        match self {
            SizeLaw::Fixed(size) => *size,
            SizeLaw::Empirical(sizes) => sizes.iter().copied().max().unwrap_or(0),
            SizeLaw::Lognormal { mean_log, deviation } => {
                libm::exp(mean_log + 8.0 * deviation).min(LARGEST).ceil() as i64
            }
        }
    }

    /// The same law counted in lots that are `by` times as large, rounded; never below one.
    #[must_use]
    pub fn coarser(&self, by: i64) -> SizeLaw {
        let lots = |size: i64| ((size as f64 / by as f64).round() as i64).max(1);
        match self {
            SizeLaw::Fixed(size) => SizeLaw::Fixed(lots(*size)),
            SizeLaw::Empirical(sizes) => {
                SizeLaw::Empirical(sizes.iter().map(|size| lots(*size)).collect())
            }
            SizeLaw::Lognormal { mean_log, deviation } => SizeLaw::Lognormal {
                mean_log: (mean_log - libm::log(by as f64)).max(0.0),
                deviation: *deviation,
            },
        }
    }

    /// Draws a size.
    pub(crate) fn draw(&self, rng: &mut Rng) -> i64 {
        match self {
            SizeLaw::Fixed(size) => *size,
            SizeLaw::Empirical(sizes) => {
                let place = (uniform(rng) * sizes.len() as f64) as usize;
                sizes[place.min(sizes.len() - 1)]
            }
            SizeLaw::Lognormal { mean_log, deviation } => {
                let normal: f64 = StandardNormal.sample(rng);
                libm::exp(mean_log + deviation * normal).clamp(1.0, LARGEST).round() as i64
            }
        }
    }

    /// The mean of an empirical or fixed law; of a lognormal one, before rounding.
    pub fn mean(&self) -> f64 {
        match self {
            SizeLaw::Fixed(size) => *size as f64,
            SizeLaw::Empirical(sizes) => {
                stats::mean(&sizes.iter().map(|size| *size as f64).collect::<Vec<_>>())
            }
            SizeLaw::Lognormal { mean_log, deviation } => {
                libm::exp(mean_log + deviation * deviation / 2.0)
            }
        }
    }
}

/// Large orders that are cut up and sent bit by bit: where the signs of market orders get their
/// long memory from (Lillo, Mike and Farmer 2005, Phys. Rev. E 71, 066122). With lengths of a
/// Pareto law P(L > l) ~ l^−tail the autocorrelation of signs falls as lag^−(tail − 1), reached at
/// lags beyond the number of orders that are worked at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Splitting {
    /// Large orders worked at a time.
    pub active: usize,
    /// Exponent of the tail of their lengths; above 1.
    pub tail: f64,
}

/// What is left of the large orders that are being worked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parents {
    /// Pieces left: bought where positive, sold where negative.
    left: Vec<i64>,
}

/// Longest large order, in pieces.
const LONGEST: f64 = 1e9;

impl Splitting {
    /// Refuses what is no law.
    pub fn check(&self) -> Result<(), Error> {
        check_range("splitting.active", self.active as f64, (1.0, 1e5), "in 1..=100000")?;
        check_range("splitting.tail", self.tail, (1.01, 20.0), "in 1.01..=20")
    }

    /// The next piece's sign: +1 bought, −1 sold.
    pub(crate) fn sign(&self, parents: &mut Parents, rng: &mut Rng) -> i64 {
        parents.left.resize(self.active, 0);
        let at = (uniform(rng) * self.active as f64) as usize;
        let left = &mut parents.left[at.min(self.active - 1)];
        if *left == 0 {
            let pieces = libm::pow(uniform(rng), -1.0 / self.tail).min(LONGEST) as i64;
            *left = if rng.next_u64() >> 63 == 0 { pieces } else { -pieces };
        }
        let sign = left.signum();
        *left -= sign;
        sign
    }
}

#[cfg(test)]
mod tests {
    use base::Seed;

    use super::*;

    #[test]
    fn quantiles_keep_the_mean_and_the_tail() {
        let law = SizeLaw::of((1..=100_000).map(|k| k / 100 + 1)).unwrap();
        assert!((law.mean() / 501.0 - 1.0).abs() < 0.01, "{}", law.mean());
        assert_eq!(SizeLaw::of(std::iter::empty()), None);
        assert_eq!(SizeLaw::of([0, -3].into_iter()), None);
    }

    #[test]
    fn a_law_that_gives_nothing_is_refused() {
        let laws = [
            SizeLaw::Fixed(0),
            SizeLaw::Empirical(vec![]),
            SizeLaw::Empirical(vec![3, -1]),
            SizeLaw::Lognormal { mean_log: f64::NAN, deviation: 1.0 },
        ];
        for law in laws {
            assert!(law.check().is_err(), "{law:?}");
        }
    }

    #[test]
    fn a_law_in_larger_lots_keeps_its_shape_and_gives_no_nothing() {
        let laws = [
            (SizeLaw::Fixed(250), SizeLaw::Fixed(25)),
            (SizeLaw::Empirical(vec![3, 40, 1_009]), SizeLaw::Empirical(vec![1, 4, 101])),
        ];
        for (fine, coarse) in laws {
            assert_eq!(fine.coarser(10), coarse);
            assert_eq!(fine.coarser(1), fine);
        }
        let fine = SizeLaw::Lognormal { mean_log: 12.0, deviation: 0.5 };
        assert!((fine.mean() / fine.coarser(1_000).mean() / 1_000.0 - 1.0).abs() < 1e-12);
        assert!(fine.coarser(1_000_000_000).check().is_ok());
    }

    #[test]
    fn no_draw_is_larger_than_the_largest() {
        let laws = [
            SizeLaw::Fixed(7),
            SizeLaw::Empirical(vec![2, 90, 4]),
            SizeLaw::Lognormal { mean_log: 3.0, deviation: 1.0 },
        ];
        let mut rng = Seed::root(2).rng();
        for law in laws {
            let most = (0..20_000).map(|_| law.draw(&mut rng)).max().unwrap();
            assert!(most <= law.largest(), "{law:?}: {most}");
        }
        assert_eq!(SizeLaw::Empirical(vec![2, 90, 4]).largest(), 90);
    }

    #[test]
    fn a_lognormal_law_has_its_mean() {
        let (law, mut rng) =
            (SizeLaw::Lognormal { mean_log: 4.0, deviation: 0.5 }, Seed::root(1).rng());
        let sizes: Vec<f64> = (0..40_000).map(|_| law.draw(&mut rng) as f64).collect();
        assert!((stats::mean(&sizes) / law.mean() - 1.0).abs() < 0.01);
    }

    #[test]
    fn cut_up_orders_give_signs_a_memory_that_falls_as_theory_says() {
        // One order at a time: the autocorrelation at lag l is the chance that the same order is
        // still worked, Σ_{m > l} P(L ≥ m) ÷ E L with P(L ≥ m) = m^−tail.
        let splitting = Splitting { active: 1, tail: 2.5 };
        let (mut parents, mut rng) = (Parents::default(), Seed::root(5).rng());
        let signs: Vec<f64> =
            (0..400_000).map(|_| splitting.sign(&mut parents, &mut rng) as f64).collect();
        let beyond = |lag: i32| (lag + 1..10_000).map(|m| f64::from(m).powf(-2.5)).sum::<f64>();
        for lag in [1, 2, 4, 8, 16] {
            let wanted = beyond(lag) / beyond(0);
            let found = stats::autocorrelation(&signs, lag as usize);
            assert!((found - wanted).abs() < 0.02, "lag {lag}: {found} {wanted}");
        }
        assert!(stats::mean(&signs).abs() < 0.03);
    }

    #[test]
    fn short_orders_leave_little_memory() {
        let splitting = Splitting { active: 20, tail: 15.0 };
        let (mut parents, mut rng) = (Parents::default(), Seed::root(6).rng());
        let signs: Vec<f64> =
            (0..50_000).map(|_| splitting.sign(&mut parents, &mut rng) as f64).collect();
        assert!(stats::autocorrelation(&signs, 1).abs() < 4.0 / 50_000f64.sqrt());
    }
}
