//! All splits of a column of numbers in one sweep, without a branch, so that the compiler can
//! use vector instructions.

use super::bins::MISSING_BIN;
use super::histogram::ColumnSums;
use super::splitting::shrink;

/// Bins judged together.
const LANES: usize = 8;

/// What the score of a split depends on beside its left side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Value of one level of a gradient.
    pub(super) gradient_unit: f64,
    /// Value of one level of a hessian.
    pub(super) hessian_unit: f64,
    pub(super) alpha: f64,
    pub(super) lambda: f64,
    /// Least sum of hessians on each side.
    pub(super) least_hessian: f64,
    /// Packed sums of both sides.
    pub(super) total: i64,
}

/// The best split of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Scores of both sides together.
    pub(super) score: f64,
    /// Bins up to this one go left.
    pub(super) bin: u8,
    /// Packed sums of the left side.
    pub(super) left: i64,
}

/// The best split of bins `0..=last`, if it beats a score; the left side begins with the packed
/// sums `begin`. Among equals the first bin wins.
pub(super) fn best(
    terms: &Terms,
    (sums, last, begin): (&ColumnSums, usize, i64),
    floor: f64,
) -> Option<Found> {
    let mut lefts = [0i64; 256];
    let mut running = begin;
    let blocks = last / LANES + 1;
    for (left, sum) in lefts[..blocks * LANES].iter_mut().zip(sums) {
        running += sum;
        *left = running;
    }
    // The last slot holds missing values, which are no bin of the sweep.
    lefts[usize::from(MISSING_BIN)] = lefts[usize::from(MISSING_BIN) - 1];
    let mut scores = [0.0f64; 256];
    let mut largest = [f64::NEG_INFINITY; LANES];
    let (lefts_of, scores_of) = (lefts.as_chunks::<LANES>().0, scores.as_chunks_mut::<LANES>().0);
    for (lefts, scores) in lefts_of.iter().zip(scores_of).take(blocks) {
        *scores = terms.scores(lefts);
        for (largest, score) in largest.iter_mut().zip(scores) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    let score = largest.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if score > floor {
        let bin = scores[..blocks * LANES].iter().position(|&other| other == score)?;
        return Some(Found { score, bin: bin.min(last) as u8, left: lefts[bin] });
    }
    None
}

impl Terms {
    /// Scores of splits by the sums of their left sides; -∞ where a side is too light.
    #[inline]
    fn scores(&self, lefts: &[i64; LANES]) -> [f64; LANES] {
        let mut scores = [0.0; LANES];
        for (score, &left) in scores.iter_mut().zip(lefts) {
            let right = self.total - left;
            let gradient =
                |sum: i64| shrink(f64::from((sum >> 32) as i32) * self.gradient_unit, self.alpha);
            // A sum of hessians stays below 2^31.
            let hessian = |sum: i64| f64::from(sum as i32) * self.hessian_unit;
            let (left_hessian, right_hessian) = (hessian(left), hessian(right));
            let (a, b) = (left_hessian + self.lambda, right_hessian + self.lambda);
            let (left_gradient, right_gradient) = (gradient(left), gradient(right));
            // Both fractions over one denominator: one division instead of two.
            let sum =
                (left_gradient * left_gradient * b + right_gradient * right_gradient * a) / (a * b);
            let least = if left_hessian < right_hessian { left_hessian } else { right_hessian };
            let heavy = (least >= self.least_hessian) & (least > 0.0);
            *score = if heavy { sum } else { f64::NEG_INFINITY };
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by the definition, one bin after the other.
    fn slow(terms: &Terms, (sums, last, begin): (&ColumnSums, usize, i64)) -> Option<(f64, usize)> {
        let score = |sum: i64| {
            let gradient = shrink((sum >> 32) as f64 * terms.gradient_unit, terms.alpha);
            let hessian = (sum & 0xffff_ffff) as f64 * terms.hessian_unit;
            (gradient * gradient / (hessian + terms.lambda), hessian)
        };
        let (mut found, mut left): (Option<(f64, usize)>, i64) = (None, begin);
        for (bin, sum) in sums[..=last].iter().enumerate() {
            left += sum;
            let ((a, ha), (b, hb)) = (score(left), score(terms.total - left));
            let least = ha.min(hb);
            let better = found.is_none_or(|(score, _)| a + b > score);
            if least >= terms.least_hessian && least > 0.0 && better {
                found = Some((a + b, bin));
            }
        }
        found
    }

    proptest! {
        #[test]
        fn the_sweep_finds_what_a_walk_finds(
            cells in prop::collection::vec((-1000i64..1000, 0i64..500), 1..255),
            missing in (-1000i64..1000, 0i64..500), alpha in 0.0f64..2.0, least in 0.0f64..3.0,
        ) {
            let pack = |(gradient, hessian): (i64, i64)| (gradient << 32) + hessian;
            let mut sums = [0; 256];
            for (sum, cell) in sums.iter_mut().zip(&cells) {
                *sum = pack(*cell);
            }
            sums[255] = pack(missing);
            let terms = Terms {
                gradient_unit: 1e-2, hessian_unit: 2e-2, alpha, lambda: 1.0,
                least_hessian: least, total: sums.iter().sum(),
            };
            for begin in [0, sums[255]] {
                let bins = (&sums, cells.len() - 1, begin);
                let found = best(&terms, bins, f64::NEG_INFINITY);
                let wanted = slow(&terms, bins);
                prop_assert_eq!(found.is_some(), wanted.is_some());
                if let (Some(found), Some((score, _))) = (found, wanted) {
                    let room = 1e-9 * score.abs().max(1.0);
                    prop_assert!((found.score - score).abs() < room, "{} {score}", found.score);
                    prop_assert!(usize::from(found.bin) < cells.len());
                }
            }
        }
    }
}
