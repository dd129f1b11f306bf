//! Columns cut into at most 255 bins, so that a split search walks bins instead of rows.
//!
//! A cut is a 32-bit float because XGBoost's model format compares in 32 bits: `x < cut` goes
//! left. Two layouts are kept. Histograms read eight columns of a row as one 64-bit word, so that
//! the sums of those columns stay in the first-level cache while all rows pass; rows are moved to
//! children column by column.

use crate::Error;

/// The bin of a missing value; values take 0..=254.
pub(super) const MISSING_BIN: u8 = 255;

/// Columns in a word.
pub(super) const LANES: usize = 8;

/// A table of bins with the cuts that made it.
#[derive(Debug)]
pub(super) struct Binned {
    rows: usize,
    cuts: Vec<Vec<f32>>,
    words: Vec<Vec<u64>>,
    by_column: Vec<Vec<u8>>,
}

impl Binned {
    /// Cuts each column at its quantiles and looks up the bin of each value. `rows` picks rows of
    /// the columns.
    pub(super) fn new(
        columns: &[&[f64]],
        rows: &[usize],
        max_bins: u32,
    ) -> Result<Binned, Infinite> {
        let width = columns.len();
        let mut cuts = Vec::with_capacity(width);
        let mut by_column = Vec::with_capacity(width);
        for (column, values) in columns.iter().enumerate() {
            let picked = narrow(values, rows).map_err(|row| Infinite { column, row })?;
            let edges = quantile_cuts(&picked, max_bins as usize);
            by_column.push(picked.iter().map(|&value| bin_of(&edges, value)).collect());
            cuts.push(edges);
        }
        let words = by_column.chunks(LANES).map(|columns| pack(columns, rows.len())).collect();
        Ok(Binned { rows: rows.len(), cuts, words, by_column })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn width(&self) -> usize {
        self.cuts.len()
    }

    /// Bins of eight columns from `LANES * group` on, row after row; the first in the low byte.
    pub(super) fn words(&self, group: usize) -> &[u64] {
        &self.words[group]
    }

    /// All bins of one column, row after row.
    pub(super) fn column(&self, column: usize) -> &[u8] {
        &self.by_column[column]
    }

    /// The cuts of a column, ascending. Bin `i` holds values below cut `i`; the last bin has no
    /// upper cut.
    pub(super) fn cuts(&self, column: usize) -> &[f32] {
        &self.cuts[column]
    }
}

/// Where an infinite value was met.
#[derive(Debug, PartialEq)]
pub(super) struct Infinite {
    pub(super) column: usize,
    pub(super) row: usize,
}

impl Infinite {
    pub(super) fn named(&self, names: &[String]) -> Error {
        Error::CheckSamples {
            what: format!(
                "column {:?} is infinite in row {}; use NaN for a value that is not available",
                names[self.column], self.row
            ),
        }
    }
}

/// 32-bit copies of the picked rows; the error is the first row that is infinite.
fn narrow(values: &[f64], rows: &[usize]) -> Result<Vec<f32>, usize> {
    rows.iter()
        .map(|&row| if values[row].is_infinite() { Err(row) } else { Ok(to_f32(values[row])) })
        .collect()
}

/// The nearest 32-bit float, kept finite.
#[inline]
pub(super) fn to_f32(value: f64) -> f32 {
    let narrow = value as f32;
    if narrow.is_infinite() { f32::MAX.copysign(narrow) } else { narrow }
}

/// The bin of a value: the number of cuts at or below it.
#[inline]
fn bin_of(cuts: &[f32], value: f32) -> u8 {
    if value.is_nan() {
        return MISSING_BIN;
    }
    cuts.partition_point(|&cut| cut <= value) as u8
}

/// Cuts that share the values evenly among at most `max_bins` bins. A value that fills a bin on
/// its own gets its own bin, and the rest is shared among the bins left.
fn quantile_cuts(values: &[f32], max_bins: usize) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let distinct = 1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let mut cuts: Vec<f32> = Vec::with_capacity(distinct.min(max_bins) - 1);
    let (mut closed, mut bins_left) = (0, max_bins);
    for at in 1..sorted.len() {
        if sorted[at] == sorted[at - 1] {
            continue;
        }
        let filled = (at - closed) * bins_left >= sorted.len() - closed;
        if (distinct <= max_bins || filled) && bins_left > 1 {
            cuts.push(between(sorted[at - 1], sorted[at]));
            closed = at;
            bins_left -= 1;
        }
    }
    cuts
}

/// A number above `low` and at most `high`, in the middle where floats allow.
fn between(low: f32, high: f32) -> f32 {
    let middle = ((f64::from(low) + f64::from(high)) / 2.0) as f32;
    if middle > low && middle <= high { middle } else { high }
}

/// One word a row from at most eight columns.
fn pack(columns: &[Vec<u8>], rows: usize) -> Vec<u64> {
    let mut words = vec![0; rows];
    for (lane, bins) in columns.iter().enumerate() {
        for (word, &bin) in words.iter_mut().zip(bins) {
            *word |= u64::from(bin) << (8 * lane);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_distinct_values_get_a_bin_each() {
        let column = [3.0, 1.0, 2.0, 1.0, f64::NAN];
        let binned = Binned::new(&[&column], &[0, 1, 2, 3, 4], 255).unwrap();
        assert_eq!(binned.column(0), [2, 0, 1, 0, MISSING_BIN]);
        assert_eq!(binned.cuts(0), [1.5, 2.5]);
    }

    #[test]
    fn an_infinite_value_is_found() {
        let column = [0.0, f64::INFINITY];
        let found = Binned::new(&[&column], &[0, 1], 255).unwrap_err();
        assert_eq!(found, Infinite { column: 0, row: 1 });
    }

    #[test]
    fn a_column_of_missing_values_has_no_cut() {
        assert!(quantile_cuts(&[f32::NAN, f32::NAN], 16).is_empty());
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_values(
            values in prop::collection::vec(-1e3f32..1e3, 2..400), max_bins in 2usize..40,
        ) {
            let cuts = quantile_cuts(&values, max_bins);
            prop_assert!(cuts.len() < max_bins);
            prop_assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
            for pair in values.windows(2) {
                let (a, b) = (bin_of(&cuts, pair[0]), bin_of(&cuts, pair[1]));
                prop_assert!(!(pair[0] < pair[1] && a > b));
            }
        }

        #[test]
        fn distinct_values_share_the_bins_evenly(count in 300usize..2000) {
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let cuts = quantile_cuts(&values, 64);
            let mut sizes = [0usize; 64];
            for &value in &values {
                sizes[usize::from(bin_of(&cuts, value))] += 1;
            }
            let largest = sizes.iter().max().unwrap();
            prop_assert!(*largest <= count / 64 + 2, "{largest} of {count}");
        }
    }
}
