//! The best split of a node, read off its histogram.
//!
//! Gain and leaf weight follow Chen and Guestrin 2016 (XGBoost), equations 5–7, with the L1
//! penalty of the released library: `T(G)² / (H + λ)`, where `T` shrinks `G` toward 0 by `α`.

use super::bins::{Binned, MISSING_BIN};
use super::gradients::{Gradients, Sums};
use super::histogram::{ColumnSums, Histogram};
use super::params::TreeParams;

/// Gains at or below this are rounding noise (`kRtEps` of XGBoost).
const LEAST_GAIN: f64 = 1e-6;

/// A way to split a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) gain: f64,
    /// Position in the table, not among the columns drawn.
    pub(super) column: usize,
    /// Bins up to and including this one go left.
    pub(super) last_left_bin: u8,
    /// Where missing values go.
    pub(super) missing_left: bool,
    /// Packed sums of the left side.
    pub(super) left: i64,
}

/// What a split search needs beside the histogram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) params: &'a TreeParams,
    pub(super) gradients: &'a Gradients,
    pub(super) binned: &'a Binned,
    /// Columns drawn for this tree, in the order of the histogram.
    pub(super) columns: &'a [usize],
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
}

#[inline]
fn shrink(gradient: f64, alpha: f64) -> f64 {
    if gradient > alpha {
        gradient - alpha
    } else if gradient < -alpha {
        gradient + alpha
    } else {
        0.0
    }
}

impl Judge<'_> {
    /// The split of largest gain, or none worth making. Among equals the first wins.
    pub(super) fn best(&self, histogram: &Histogram, total: i64) -> Option<Split> {
        let sums = self.gradients.unpack(total);
        if sums.hessian < 2.0 * self.params.min_child_weight {
            return None;
        }
        let parent = self.params.score(sums);
        let floor = parent + self.params.gamma.max(LEAST_GAIN);
        let mut search = Search { judge: self, total, best: floor, split: None };
        for (sums, &column) in histogram.columns().iter().zip(self.columns) {
            search.column(sums, column);
        }
        search.split.map(|split| Split { gain: split.gain - parent, ..split })
    }
}

struct Search<'a> {
    judge: &'a Judge<'a>,
    total: i64,
    /// Score to beat.
    best: f64,
    split: Option<Split>,
}

impl Search<'_> {
    fn column(&mut self, sums: &ColumnSums, column: usize) {
        let last_bin = self.judge.binned.cuts(column).len();
        let missing = sums[usize::from(MISSING_BIN)];
        let mut left = 0;
        for (bin, &sum) in sums[..last_bin].iter().enumerate() {
            if sum == 0 {
                continue;
            }
            left += sum;
            self.offer(left, (column, bin, false));
            if missing != 0 {
                self.offer(left + missing, (column, bin, true));
            }
        }
        if missing != 0 {
            self.offer(self.total - missing, (column, last_bin, false));
        }
    }

    #[inline]
    fn offer(&mut self, left: i64, (column, bin, missing_left): (usize, usize, bool)) {
        let params = self.judge.params;
        let below = self.judge.gradients.unpack(left);
        let above = self.judge.gradients.unpack(self.total - left);
        if below.hessian.min(above.hessian) < params.min_child_weight {
            return;
        }
        let score = params.score(below) + params.score(above);
        // A side without a single derivative and no penalty is 0 / 0: never larger, so refused.
        if score > self.best && below.hessian > 0.0 && above.hessian > 0.0 {
            self.best = score;
            let last_left_bin = bin as u8;
            self.split = Some(Split { gain: score, column, last_left_bin, missing_left, left });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradients::Target;
    use super::super::histogram::Source;
    use super::*;

    /// The best split of eight rows whose label is decided by `column < 4`, with two missing.
    fn split_of(column: &[f64], positive: &[bool], params: &TreeParams) -> Option<Split> {
        let rows: Vec<usize> = (0..column.len()).collect();
        let binned = Binned::new(&[column], &rows, 255).unwrap();
        let targets: Vec<Target> =
            positive.iter().map(|&positive| Target { positive, weight: 1.0 }).collect();
        let drawn: Vec<u32> = (0..column.len() as u32).collect();
        let mut gradients = Gradients::default();
        gradients.differentiate(&vec![0.0; column.len()], &targets);
        gradients.quantise(&drawn);
        let mut histogram = Histogram::default();
        let packed = gradients.packed();
        histogram.fill(Source { binned: &binned, columns: &[0], packed }, &drawn);
        let judge = Judge { params, gradients: &gradients, binned: &binned, columns: &[0] };
        judge.best(&histogram, packed.iter().sum())
    }

    const COLUMN: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, f64::NAN, f64::NAN];
    const POSITIVE: [bool; 8] = [false, false, false, true, true, true, true, true];

    #[test]
    fn missing_values_go_to_the_side_they_resemble() {
        let params = TreeParams { min_child_weight: 0.0, ..TreeParams::default() };
        let split = split_of(&COLUMN, &POSITIVE, &params).unwrap();
        assert_eq!((split.last_left_bin, split.missing_left), (2, false));
        let flipped: Vec<bool> = POSITIVE.iter().enumerate().map(|(i, &p)| p && i < 6).collect();
        let split = split_of(&COLUMN, &flipped, &params).unwrap();
        assert_eq!((split.last_left_bin, split.missing_left), (2, true));
    }

    #[test]
    fn the_gain_is_the_one_of_the_formula() {
        let params = TreeParams { min_child_weight: 0.0, ..TreeParams::default() };
        let split = split_of(&COLUMN, &POSITIVE, &params).unwrap();
        // G = ±0.5 and H = 0.25 a row: left 3 rows of +0.5, right 5 rows of -0.5.
        let wanted = 1.5f64.powi(2) / 1.75 + 2.5f64.powi(2) / 2.25 - 1.0 / 3.0;
        assert!((split.gain - wanted).abs() < 1e-5, "{} {wanted}", split.gain);
    }

    #[test]
    fn a_split_below_gamma_or_child_weight_is_not_made() {
        let strict = TreeParams { gamma: 4.0, min_child_weight: 0.0, ..TreeParams::default() };
        assert_eq!(split_of(&COLUMN, &POSITIVE, &strict), None);
        let heavy = TreeParams { min_child_weight: 1.1, ..TreeParams::default() };
        assert_eq!(split_of(&COLUMN, &POSITIVE, &heavy), None);
    }
}
