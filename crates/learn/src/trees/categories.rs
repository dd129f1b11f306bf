//! Splits of a column of categories.
//!
//! Few categories: one against the others. Many: categories in the order of the weight each would
//! have as a leaf, cut anywhere; for a convex loss the best of all partitions is among these
//! (Fisher 1958, "On grouping for maximum homogeneity"; LightGBM and XGBoost do the same).
//! Categories of the set go right; those never seen, which are in no set, left.

use super::bins::MISSING_BIN;
use super::histogram::ColumnSums;
use super::splitting::{BinSet, Offer, Search, Side};

impl Search<'_> {
    /// All splits of a column of this many categories.
    pub(super) fn categories(&mut self, sums: &ColumnSums, (column, count): (usize, usize)) {
        let here: Vec<usize> = (0..count).filter(|&bin| sums[bin] != 0).collect();
        if count < self.judge.params.max_cat_to_onehot as usize {
            for bin in here {
                let mut set = BinSet::default();
                insert(&mut set, bin);
                self.both_ways(sums, column, (set, sums[bin]));
            }
        } else {
            self.partitions(sums, column, here);
        }
    }

    fn partitions(&mut self, sums: &ColumnSums, column: usize, mut here: Vec<usize>) {
        let judge = self.judge;
        let weight = |bin: &usize| judge.params.weight(judge.gradients.unpack(sums[*bin]));
        here.sort_by(|a, b| weight(a).total_cmp(&weight(b)).then(a.cmp(b)));
        let most = judge.params.max_cat_threshold as usize;
        // The set grows from the high end, then from the low one, so that it stays small.
        for backwards in [true, false] {
            let (mut set, mut right) = (BinSet::default(), 0);
            for step in 0..here.len().min(most) {
                let bin = here[if backwards { here.len() - 1 - step } else { step }];
                insert(&mut set, bin);
                right += sums[bin];
                self.both_ways(sums, column, (set, right));
            }
        }
    }

    /// Offers a set with the missing values left, then right.
    fn both_ways(&mut self, sums: &ColumnSums, column: usize, (set, right): (BinSet, i64)) {
        let (side, missing) = (Side::NotIn(set), sums[usize::from(MISSING_BIN)]);
        let left = self.total - right;
        self.offer(Offer { column, side, missing_left: true, left });
        if missing != 0 {
            self.offer(Offer { column, side, missing_left: false, left: left - missing });
        }
    }
}

fn insert(set: &mut BinSet, bin: usize) {
    set[bin / 64] |= 1 << (bin % 64);
}

/// The bins of a set, ascending.
pub(super) fn members(set: &BinSet) -> Vec<u32> {
    (0..256).filter(|&bin| super::splitting::holds(set, bin)).map(|bin| bin as u32).collect()
}
