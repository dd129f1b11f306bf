//! Columns cut into at most 255 bins, so that a split search walks bins instead of rows.
//!
//! A cut is a 32-bit float because XGBoost's model format compares in 32 bits: `x < cut` goes
//! left. Two layouts are kept. Histograms read four columns of a row side by side, so that the
//! sums of those columns (8 KiB) stay in the first-level cache while all rows pass, even where
//! another process shares it; rows are moved to children column by column.

use rayon::prelude::*;

use super::cuts::{Ruler, quantile_cuts};
use crate::Error;

/// The bin of a missing value; values take 0..=254.
pub(super) const MISSING_BIN: u8 = 255;

/// Columns that lie side by side.
pub(super) const LANES: usize = 4;

/// How the values of a column are put into bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cutting {
    /// By size. Bin `i` holds values below cut `i`, which ascend; the last bin has no upper cut.
    Numbers(Vec<f32>),
    /// By code: bin `i` holds category `i`, of this many.
    Categories(usize),
}

/// A table of bins with the cuts that made it.
#[derive(Debug)]
pub(super) struct Binned {
    rows: usize,
    cuttings: Vec<Cutting>,
    by_column: Vec<Vec<u8>>,
    by_four: Vec<Vec<[u8; LANES]>>,
}

/// A column to be binned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) values: &'a [f64],
    pub(super) categorical: bool,
}

impl Binned {
    /// Cuts each column at its quantiles and looks up the bin of each value. `rows` picks rows of
    /// the columns.
    pub(super) fn new(
        columns: &[Source<'_>],
        rows: &[usize],
        max_bins: u32,
    ) -> Result<Binned, BadCell> {
        let of_column = |(column, source): (usize, &Source<'_>)| {
            let named = |(row, fault)| BadCell { column, row, fault };
            match source.categorical {
                true => categories(source.values, rows),
                false => numbers(source.values, rows, max_bins as usize),
            }
            .map_err(named)
        };
        let done = columns.par_iter().enumerate().map(of_column).collect::<Result<Vec<_>, _>>()?;
        let (cuttings, by_column): (_, Vec<Vec<u8>>) = done.into_iter().unzip();
        let by_four = by_column.par_chunks(LANES).map(side_by_side).collect();
        Ok(Binned { rows: rows.len(), cuttings, by_column, by_four })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn width(&self) -> usize {
        self.cuttings.len()
    }

    /// All bins of one column, row after row.
    pub(super) fn column(&self, column: usize) -> &[u8] {
        &self.by_column[column]
    }

    /// Bins of four columns from `LANES * group` on, row after row.
    pub(super) fn four(&self, group: usize) -> &[[u8; LANES]] {
        &self.by_four[group]
    }

    /// How the values of a column were put into bins.
    pub(super) fn cutting(&self, column: usize) -> &Cutting {
        &self.cuttings[column]
    }
}

/// Why a cell can't be put into a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Infinite,
    NoCategory,
}

/// A cell that can't be put into a bin.
#[derive(Debug, PartialEq)]
pub(super) struct BadCell {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) fault: Fault,
}

impl BadCell {
    pub(super) fn named(&self, names: &[String]) -> Error {
        let (name, row) = (&names[self.column], self.row);
        let what = match self.fault {
            Fault::Infinite => format!(
                "column {name:?} is infinite in row {row}; use NaN for a value that is not \
                 available"
            ),
            Fault::NoCategory => format!(
                "categorical column {name:?} holds no category code in row {row}; codes are \
                 whole numbers in 0..=254, NaN for none"
            ),
        };
        Error::CheckSamples { what }
    }
}

fn numbers(
    values: &[f64],
    rows: &[usize],
    max_bins: usize,
) -> Result<(Cutting, Vec<u8>), (usize, Fault)> {
    let picked = narrow(values, rows).map_err(|row| (row, Fault::Infinite))?;
    let cuts = quantile_cuts(&picked, max_bins);
    let ruler = Ruler::new(&cuts);
    let bins = picked.iter().map(|&value| ruler.bin(value)).collect();
    Ok((Cutting::Numbers(cuts), bins))
}

fn categories(values: &[f64], rows: &[usize]) -> Result<(Cutting, Vec<u8>), (usize, Fault)> {
    let bin = |&row: &usize| match values[row] {
        value if value.is_nan() => Ok(MISSING_BIN),
        value if value >= 0.0 && value < f64::from(MISSING_BIN) && value.fract() == 0.0 => {
            Ok(value as u8)
        }
        _ => Err((row, Fault::NoCategory)),
    };
    let bins = rows.iter().map(bin).collect::<Result<Vec<u8>, _>>()?;
    let largest = bins.iter().filter(|&&bin| bin != MISSING_BIN).max();
    Ok((Cutting::Categories(largest.map_or(1, |&bin| usize::from(bin) + 1)), bins))
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

/// Rows of at most four columns.
fn side_by_side(group: &[Vec<u8>]) -> Vec<[u8; LANES]> {
    let mut rows = vec![[0; LANES]; group.first().map_or(0, Vec::len)];
    for (lane, bins) in group.iter().enumerate() {
        for (row, &bin) in rows.iter_mut().zip(bins) {
            row[lane] = bin;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binned(column: &[f64], categorical: bool) -> Result<Binned, BadCell> {
        let rows: Vec<usize> = (0..column.len()).collect();
        Binned::new(&[Source { values: column, categorical }], &rows, 255)
    }

    #[test]
    fn few_distinct_values_get_a_bin_each() {
        let binned = binned(&[3.0, 1.0, 2.0, 1.0, f64::NAN], false).unwrap();
        assert_eq!(binned.column(0), [2, 0, 1, 0, MISSING_BIN]);
        assert_eq!(*binned.cutting(0), Cutting::Numbers(vec![1.5, 2.5]));
    }

    #[test]
    fn a_category_is_its_own_bin() {
        let binned = binned(&[3.0, 0.0, f64::NAN], true).unwrap();
        assert_eq!(binned.column(0), [3, 0, MISSING_BIN]);
        assert_eq!(*binned.cutting(0), Cutting::Categories(4));
    }

    #[test]
    fn a_cell_without_a_bin_is_found() {
        for (cell, categorical, fault) in [
            (f64::INFINITY, false, Fault::Infinite),
            (f64::INFINITY, true, Fault::NoCategory),
            (0.5, true, Fault::NoCategory),
            (-1.0, true, Fault::NoCategory),
            (255.0, true, Fault::NoCategory),
        ] {
            let found = binned(&[0.0, cell], categorical).unwrap_err();
            assert_eq!(found, BadCell { column: 0, row: 1, fault });
        }
    }

    #[test]
    fn both_layouts_hold_the_same_bins() {
        let columns: Vec<Vec<f64>> = (0..13)
            .map(|c| (0..21).map(|row| f64::from((row * 7 + c * 5) % 11)).collect())
            .collect();
        let sources: Vec<Source<'_>> =
            columns.iter().map(|values| Source { values, categorical: true }).collect();
        let rows: Vec<usize> = (0..21).collect();
        let binned = Binned::new(&sources, &rows, 255).unwrap();
        for column in 0..13 {
            let found: Vec<u8> =
                binned.four(column / LANES).iter().map(|row| row[column % LANES]).collect();
            assert_eq!(found, binned.column(column));
        }
    }
}
