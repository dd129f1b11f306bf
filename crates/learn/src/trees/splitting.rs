//! The best split of a node, read off its histogram.
//!
//! Gain and leaf weight follow Chen and Guestrin 2016 (XGBoost), equations 5–7, with the L1
//! penalty of the released library: `T(G)² / (H + λ)`, where `T` shrinks `G` toward 0 by `α`.
//! Where columns are constrained, weights are kept inside the bounds of the node and a split whose
//! weights go the wrong way is refused.

use super::bins::{Binned, Cutting, MISSING_BIN};
use super::gradients::{Gradients, Sums};
use super::histogram::{ColumnSums, Histogram};
use super::params::{Direction, TreeParams};
use super::scanning;

/// Gains at or below this are rounding noise (`kRtEps` of XGBoost).
const LEAST_GAIN: f64 = 1e-6;

/// A set of bins.
pub(super) type BinSet = [u64; 4];

/// Which bins of values go left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Side {
    /// Those up to and including this one.
    UpTo(u8),
    /// All but these.
    NotIn(BinSet),
}

/// A way to split a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) gain: f64,
    /// Position in the table, not among the columns drawn.
    pub(super) column: usize,
    /// What goes left.
    pub(super) side: Side,
    /// Where missing values go.
    pub(super) missing_left: bool,
    /// Packed sums of the left side.
    pub(super) left: i64,
}

impl Split {
    /// For each bin, whether it goes left.
    pub(super) fn lefts(&self) -> [bool; 256] {
        let mut lefts = [false; 256];
        for (bin, left) in lefts.iter_mut().enumerate() {
            *left = match self.side {
                Side::UpTo(last) => bin <= usize::from(last),
                Side::NotIn(set) => !holds(&set, bin),
            };
        }
        lefts[usize::from(MISSING_BIN)] = self.missing_left;
        lefts
    }
}

/// True when a bin is in a set.
pub(super) fn holds(set: &BinSet, bin: usize) -> bool {
    set[bin / 64] >> (bin % 64) & 1 == 1
}

/// Where the weight of a node must lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    pub(super) const NONE: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY };

    fn clamp(self, weight: f64) -> f64 {
        weight.max(self.low).min(self.high)
    }
}

/// What a split search needs beside the histogram.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) params: &'a TreeParams,
    pub(super) gradients: &'a Gradients,
    pub(super) binned: &'a Binned,
    /// Columns drawn for this tree, in the order of the histogram.
    pub(super) columns: &'a [usize],
    /// The constraint of each column of the table; empty when there is none.
    pub(super) directions: &'a [Option<Direction>],
}

impl TreeParams {
    /// The weight of a leaf before the learning rate.
    pub(super) fn weight(&self, sums: Sums) -> f64 {
        if sums.hessian <= 0.0 {
            return 0.0;
        }
        // Adding 0 turns the -0 of a shrunk gradient into 0.
        0.0 - shrink(sums.gradient, self.reg_alpha) / (sums.hessian + self.reg_lambda)
    }

    /// Twice the loss a leaf of its own takes away.
    #[inline]
    fn score(&self, sums: Sums) -> f64 {
        let gradient = shrink(sums.gradient, self.reg_alpha);
        gradient * gradient / (sums.hessian + self.reg_lambda)
    }

    /// The same when its weight is this one.
    fn score_at(&self, sums: Sums, weight: f64) -> f64 {
        let curved = (sums.hessian + self.reg_lambda) * weight * weight;
        -(2.0 * sums.gradient * weight + curved + 2.0 * self.reg_alpha * weight.abs())
    }
}

#[inline]
pub(super) fn shrink(gradient: f64, alpha: f64) -> f64 {
    // Comparisons, because `max` and `min` care for NaN and cost twice as much.
    let capped = if gradient < -alpha { -alpha } else { gradient };
    gradient - if capped > alpha { alpha } else { capped }
}

impl Judge<'_> {
    /// True when both sides of a split could weigh enough.
    pub(super) fn can_split(&self, total: i64) -> bool {
        self.gradients.unpack(total).hessian >= 2.0 * self.params.min_child_weight
    }

    /// The split of largest gain, or none worth making. Among equals the first wins.
    pub(super) fn best(&self, histogram: &Histogram, total: i64, bounds: Bounds) -> Option<Split> {
        if !self.can_split(total) {
            return None;
        }
        let sums = self.gradients.unpack(total);
        let parent = match self.directions {
            [] => self.params.score(sums),
            _ => self.params.score_at(sums, bounds.clamp(self.params.weight(sums))),
        };
        let floor = parent + self.params.gamma.max(LEAST_GAIN);
        let mut search = Search { judge: *self, total, bounds, best: floor, split: None };
        for (sums, &column) in histogram.columns().iter().zip(self.columns) {
            search.column(sums, column);
        }
        search.split.map(|split| Split { gain: split.gain - parent, ..split })
    }

    /// The weight of a node, inside its bounds.
    pub(super) fn weight(&self, sums: Sums, bounds: Bounds) -> f64 {
        bounds.clamp(self.params.weight(sums))
    }

    /// The bounds of both children (`SetChildBounds` of XGBoost): what lies on the higher side
    /// of a constrained column never falls below the middle of the two weights.
    pub(super) fn child_bounds(&self, split: &Split, total: i64, bounds: Bounds) -> [Bounds; 2] {
        let Some(Some(direction)) = self.directions.get(split.column) else {
            return [bounds; 2];
        };
        let left = self.weight(self.gradients.unpack(split.left), bounds);
        let right = self.weight(self.gradients.unpack(total - split.left), bounds);
        let middle = (left + right) / 2.0;
        let (below, above) = (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds });
        match direction {
            Direction::Rising => [below, above],
            Direction::Falling => [above, below],
        }
    }
}

/// The search over the columns of one node.
pub(super) struct Search<'a> {
    pub(super) judge: Judge<'a>,
    pub(super) total: i64,
    bounds: Bounds,
    /// Score to beat.
    best: f64,
    split: Option<Split>,
}

/// A split that may be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) column: usize,
    pub(super) side: Side,
    pub(super) missing_left: bool,
    /// Packed sums of the left side.
    pub(super) left: i64,
}

impl Search<'_> {
    fn column(&mut self, sums: &ColumnSums, column: usize) {
        match self.judge.binned.cutting(column) {
            Cutting::Categories(count) => self.categories(sums, (column, *count)),
            Cutting::Numbers(cuts) if self.judge.directions.is_empty() => {
                self.scan(sums, (column, cuts.len()));
            }
            Cutting::Numbers(cuts) => self.walk(sums, (column, cuts.len())),
        }
    }

    /// All splits of a column of numbers at once; nothing is constrained.
    fn scan(&mut self, sums: &ColumnSums, (column, last_bin): (usize, usize)) {
        let missing = sums[usize::from(MISSING_BIN)];
        let terms = scanning::Terms {
            gradient_unit: self.judge.gradients.units().0,
            hessian_unit: self.judge.gradients.units().1,
            alpha: self.judge.params.reg_alpha,
            lambda: self.judge.params.reg_lambda,
            least_hessian: self.judge.params.min_child_weight,
            total: self.total,
        };
        for (missing_left, begin) in [(false, 0), (true, missing)] {
            if missing_left && missing == 0 {
                continue;
            }
            if let Some(found) = scanning::best(&terms, (sums, last_bin, begin), self.best) {
                self.best = found.score;
                let side = Side::UpTo(found.bin);
                let (gain, left) = (found.score, found.left);
                self.split = Some(Split { gain, column, side, missing_left, left });
            }
        }
    }

    /// All splits of a column of numbers, one after the other.
    fn walk(&mut self, sums: &ColumnSums, (column, last_bin): (usize, usize)) {
        let missing = sums[usize::from(MISSING_BIN)];
        let mut left = 0;
        for (bin, &sum) in sums[..=last_bin].iter().enumerate() {
            if sum == 0 && bin < last_bin {
                continue;
            }
            left += sum;
            let side = Side::UpTo(bin as u8);
            self.offer(Offer { column, side, missing_left: false, left });
            if missing != 0 && bin < last_bin {
                self.offer(Offer { column, side, missing_left: true, left: left + missing });
            }
        }
    }

    /// Keeps a split when it is better than those before.
    #[inline]
    pub(super) fn offer(&mut self, offer: Offer) {
        let judge = &self.judge;
        let below = judge.gradients.unpack(offer.left);
        let above = judge.gradients.unpack(self.total - offer.left);
        let least = below.hessian.min(above.hessian);
        // A side without a single derivative and no penalty is 0 / 0: never larger, so refused.
        if least < judge.params.min_child_weight || least <= 0.0 {
            return;
        }
        let score = match judge.directions.get(offer.column) {
            None => judge.params.score(below) + judge.params.score(above),
            Some(direction) => self.bounded_score(below, above, *direction),
        };
        if score > self.best {
            self.best = score;
            let Offer { column, side, missing_left, left } = offer;
            self.split = Some(Split { gain: score, column, side, missing_left, left });
        }
    }

    fn bounded_score(&self, below: Sums, above: Sums, direction: Option<Direction>) -> f64 {
        let (judge, params) = (&self.judge, self.judge.params);
        let (left, right) = (judge.weight(below, self.bounds), judge.weight(above, self.bounds));
        let allowed = match direction {
            None => true,
            Some(Direction::Rising) => left <= right,
            Some(Direction::Falling) => left >= right,
        };
        match allowed {
            true => params.score_at(below, left) + params.score_at(above, right),
            false => f64::NEG_INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Source;
    use super::super::{bins, gradients};
    use super::*;

    /// The best split of rows whose derivatives at margin 0 are those of the logistic loss.
    fn split_of(
        (column, categorical): (&[f64], bool),
        positive: &[bool],
        params: &TreeParams,
        directions: &[Option<Direction>],
    ) -> Option<Split> {
        let rows: Vec<usize> = (0..column.len()).collect();
        let source = bins::Source { values: column, categorical };
        let binned = Binned::new(&[source], &rows, 255).unwrap();
        let drawn = column.len() as u32;
        let exact = positive.iter().map(|&p| (if p { -0.5 } else { 0.5 }, 0.25)).collect();
        let gradients = gradients::of(exact);
        let mut histogram = Histogram::default();
        let packed = gradients.packed();
        let all: Vec<u32> = (0..drawn).collect();
        histogram.fill(Source { binned: &binned, columns: &[0], packed }, &all, 1);
        let judge =
            Judge { params, gradients: &gradients, binned: &binned, columns: &[0], directions };
        judge.best(&histogram, packed.iter().sum(), Bounds::NONE)
    }

    const COLUMN: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, f64::NAN, f64::NAN];
    const POSITIVE: [bool; 8] = [false, false, false, true, true, true, true, true];

    fn light() -> TreeParams {
        TreeParams { min_child_weight: 0.0, ..TreeParams::default() }
    }

    #[test]
    fn missing_values_go_to_the_side_they_resemble() {
        for directions in [&[][..], &[None]] {
            let split = split_of((&COLUMN, false), &POSITIVE, &light(), directions).unwrap();
            assert_eq!((split.side, split.missing_left), (Side::UpTo(2), false));
            let flipped: Vec<bool> = (0..8).map(|row| POSITIVE[row] && row < 6).collect();
            let split = split_of((&COLUMN, false), &flipped, &light(), directions).unwrap();
            assert_eq!((split.side, split.missing_left), (Side::UpTo(2), true));
        }
    }

    #[test]
    fn missing_values_alone_can_go_right() {
        let column = [1.0, 1.0, 1.0, 1.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN];
        let positive = [false, false, false, false, true, true, true, true];
        for directions in [&[][..], &[None]] {
            let split = split_of((&column, false), &positive, &light(), directions).unwrap();
            assert_eq!((split.side, split.missing_left), (Side::UpTo(0), false));
        }
    }

    #[test]
    fn the_gain_is_the_one_of_the_formula() {
        for directions in [&[][..], &[None]] {
            let split = split_of((&COLUMN, false), &POSITIVE, &light(), directions).unwrap();
            // G = ±0.5 and H = 0.25 a row: left 3 rows of +0.5, right 5 rows of -0.5.
            let wanted = 1.5f64.powi(2) / 1.75 + 2.5f64.powi(2) / 2.25 - 1.0 / 3.0;
            assert!((split.gain - wanted).abs() < 1e-5, "{} {wanted}", split.gain);
        }
    }

    #[test]
    fn a_split_below_gamma_or_child_weight_is_not_made() {
        let strict = TreeParams { gamma: 4.0, ..light() };
        assert_eq!(split_of((&COLUMN, false), &POSITIVE, &strict, &[]), None);
        let heavy = TreeParams { min_child_weight: 1.1, ..TreeParams::default() };
        assert_eq!(split_of((&COLUMN, false), &POSITIVE, &heavy, &[]), None);
    }

    #[test]
    fn a_split_against_the_constraint_is_not_made() {
        let rising = [Some(Direction::Rising)];
        let falling = [Some(Direction::Falling)];
        let split =
            |directions| split_of((&COLUMN[..6], false), &POSITIVE[..6], &light(), directions);
        assert_eq!(split(&rising).unwrap().side, Side::UpTo(2));
        assert_eq!(split(&falling), None);
    }

    #[test]
    fn one_category_goes_right_when_there_are_few() {
        let column = [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0];
        let positive: Vec<bool> = column.iter().map(|&c| c == 1.0).collect();
        let split = split_of((&column, true), &positive, &light(), &[]).unwrap();
        assert_eq!(split.side, Side::NotIn([0b010, 0, 0, 0]));
    }

    #[test]
    fn many_categories_are_parted_by_their_gradients() {
        let column: Vec<f64> = (0..32).map(|i| f64::from(i % 8)).collect();
        let positive: Vec<bool> = column.iter().map(|&c| [1.0, 4.0, 6.0].contains(&c)).collect();
        let split = split_of((&column, true), &positive, &light(), &[]).unwrap();
        let Side::NotIn(set) = split.side else { panic!("{split:?}") };
        assert!(set == [0b0101_0010, 0, 0, 0] || set == [0b1010_1101, 0, 0, 0], "{set:?}");
    }
}
