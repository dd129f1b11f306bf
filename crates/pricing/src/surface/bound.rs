//! The smile nearest to quotes among those without arbitrage.
//!
//! The search runs over the slopes of both wings, the turn and its roundness; the level follows.
//! Slopes are held between those of the slice before and 2, so no wing can fall behind. A higher
//! level heals the rest: with it total variance leaves the slice before, and Durrleman's function
//! tends to `1 + w″/2 > 0`. So every point of the search has a smile without arbitrage, and no
//! penalty is needed.

use super::RawSvi;
use super::descent::{Patience, nelder_mead};
use super::fault::{REACH, both, seen};
use super::quasi_explicit::{Target, coarse, miss, nearest, span};

/// What a slice must keep clear of, so that a finer grid finds nothing either.
const CLEAR_OF_BUTTERFLY: f64 = 1e-4;
/// The same for the slice before, as a share of its total variance.
const CLEAR_OF_CALENDAR: f64 = 2e-5;
/// Starts followed to their ends.
const DESCENTS: usize = 3;
/// Steepest wing.
const STEEPEST: f64 = 1.9999;

/// The nearest smile without arbitrage that was found; `below` is the slice before, `above` are
/// the quotes of later expiries. To lie above those counts like a miss of them: without that the
/// wings of a narrow strip of quotes would run away and drag all later slices along.
pub(super) fn bound_smile(targets: &[Target], below: Option<&RawSvi>, above: &[Target]) -> RawSvi {
    let free = nearest(targets);
    if clean(&free, below) && excess(&free, above) == 0.0 {
        return free;
    }
    let least = targets.iter().map(|t| t.total_variance).fold(f64::INFINITY, f64::min);
    let floor = below.map_or((0.0, 0.0), RawSvi::wing_slopes);
    let search = Search { targets, below, floor, span: span(targets), least: 1e-4 * least };
    let height = |x: &[f64; 4]| {
        let smile = search.smile(x);
        miss(&smile, targets) + excess(&smile, above)
    };
    let mut starts: Vec<[f64; 4]> = coarse(targets).iter().map(|s| search.numbers(s)).collect();
    starts.extend([Some(&free), below].into_iter().flatten().map(|smile| search.numbers(smile)));
    starts.sort_by(|x, y| height(x).total_cmp(&height(y)));
    let patience = Patience { evaluations: 250, tolerance: 1e-9 };
    let ends = starts.into_iter().take(DESCENTS).map(|start| {
        [1.0, 0.5, 0.25].iter().fold((start, f64::INFINITY), |(from, _), share| {
            let steps = [0.5, 0.5, 0.3 * from[3].exp(), 0.4].map(|step| share * step);
            nelder_mead(height, from, steps, patience)
        })
    });
    let best = ends.min_by(|x, y| x.1.total_cmp(&y.1));
    best.map_or(free, |end| search.settled(search.smile(&end.0)))
}

/// Weighted squared height of a smile above later quotes.
fn excess(smile: &RawSvi, above: &[Target]) -> f64 {
    let over = |t: &Target| (smile.total_variance(t.k) - t.total_variance).max(0.0);
    above.iter().map(|t| t.weight * over(t).powi(2)).sum()
}

/// Whether a smile keeps clear of everything.
fn clean(smile: &RawSvi, below: Option<&RawSvi>) -> bool {
    let (left, right) = smile.wing_slopes();
    let floor = below.map_or((0.0, 0.0), RawSvi::wing_slopes);
    smile.checked().is_ok()
        && left.max(right) <= 2.0
        && left >= floor.0
        && right >= floor.1
        && least_g(smile) >= CLEAR_OF_BUTTERFLY
        && rise(smile, below) <= 0.0
}

fn lowest(seen: Vec<(f64, f64)>) -> f64 {
    seen.into_iter().map(|point| point.1).fold(f64::INFINITY, f64::min)
}

/// Looked at somewhat beyond the reach: a valley whose bottom lies just before its end shows only
/// with the slope behind it.
fn least_g(smile: &RawSvi) -> f64 {
    lowest(seen(smile.places(1.1 * REACH), |k| smile.durrleman(k)))
}

/// By how much a smile must rise to lie clear of the slice before; below 0 if it does.
fn rise(smile: &RawSvi, below: Option<&RawSvi>) -> f64 {
    let Some(below) = below else { return f64::NEG_INFINITY };
    let floor = |k: f64| (1.0 + CLEAR_OF_CALENDAR) * below.total_variance(k);
    -lowest(seen(both(below, smile).into_iter(), |k| smile.total_variance(k) - floor(k)))
}

struct Search<'a> {
    targets: &'a [Target],
    below: Option<&'a RawSvi>,
    /// Slopes of the wings of the slice before.
    floor: (f64, f64),
    /// Where the targets begin and how wide they lie: turn and roundness stay in proportion.
    span: (f64, f64),
    /// Total variance under which no smile may go.
    least: f64,
}

impl Search<'_> {
    /// Where a smile lies in the search: both slopes on the way from their floor to the steepest
    /// (as the logarithm of odds), the turn, the logarithm of the roundness.
    fn numbers(&self, smile: &RawSvi) -> [f64; 4] {
        let odds = |slope: f64, floor: f64| {
            let share = ((slope - floor) / (STEEPEST - floor)).clamp(1e-4, 0.99);
            (share / (1.0 - share)).ln()
        };
        let (left, right) = smile.wing_slopes();
        [odds(left, self.floor.0), odds(right, self.floor.1), smile.m, smile.sigma.ln()]
    }

    /// The smile of these numbers at the best level that holds no arbitrage.
    fn smile(&self, x: &[f64; 4]) -> RawSvi {
        let slope = |odds: f64, floor: f64| {
            let share = (1.0 / (1.0 + (-odds).exp())).clamp(1e-9, 1.0);
            floor + share * (STEEPEST - floor)
        };
        let (left, right) = (slope(x[0], self.floor.0), slope(x[1], self.floor.1));
        let b = 0.5 * (left + right);
        let (low, range) = self.span;
        let m = x[2].clamp(low - 3.0 * range, low + 4.0 * range);
        let sigma = x[3].exp().clamp(0.002 * range, 20.0 * range);
        let shape = RawSvi { a: 0.0, b, rho: 0.5 * (right - left) / b, m, sigma };
        self.levelled(shape)
    }

    /// Raised to where the miss is smallest, or as far above it as arbitrage asks.
    fn levelled(&self, shape: RawSvi) -> RawSvi {
        let total: f64 = self.targets.iter().map(|t| t.weight).sum();
        let gap = |t: &Target| t.weight * (t.total_variance - shape.total_variance(t.k));
        let best = self.targets.iter().map(gap).sum::<f64>() / total;
        let positive = self.least - shape.least_total_variance();
        let level = best.max(positive).max(rise(&shape, self.below));
        if least_g(&shape.lifted(level)) >= CLEAR_OF_BUTTERFLY {
            return shape.lifted(level);
        }
        let (mut low, mut step) = (level, self.least.max(0.01 * level.abs()));
        while least_g(&shape.lifted(low + step)) < CLEAR_OF_BUTTERFLY && step < 1e6 {
            low += step;
            step *= 2.0;
        }
        for _ in 0..20 {
            step *= 0.5;
            if least_g(&shape.lifted(low + step)) < CLEAR_OF_BUTTERFLY {
                low += step;
            }
        }
        shape.lifted(low + step)
    }

    /// Raised a little further until no check finds anything.
    fn settled(&self, smile: RawSvi) -> RawSvi {
        let step = CLEAR_OF_CALENDAR * smile.total_variance(0.0).abs().max(self.least);
        let rises = (0..40).map(|i| if i == 0 { 0.0 } else { step * f64::from(i).exp2() });
        rises.map(|rise| smile.lifted(rise)).find(|s| clean(s, self.below)).unwrap_or(smile)
    }
}
