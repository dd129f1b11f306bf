//! Sums of quantised derivatives by column and bin.

use rayon::prelude::*;

use super::bins::{Binned, LANES};

/// Bins of one column. 256 slots, so that a `u8` indexes it without a bounds check.
pub(super) type ColumnSums = [i64; 256];

/// Updates below which threads cost more than they bring.
const PARALLEL_UPDATES: usize = 1 << 20;

/// Sums by column and bin for the rows of one node.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    sums: Vec<ColumnSums>,
}

/// What a histogram is filled from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) binned: &'a Binned,
    /// Columns drawn for this tree, ascending.
    pub(super) columns: &'a [usize],
    /// Quantised derivatives by row.
    pub(super) packed: &'a [i64],
}

impl Histogram {
    /// Clears and fills from these rows. Integer sums: the same for any number of threads.
    pub(super) fn fill(&mut self, source: Source<'_>, rows: &[u32]) {
        self.sums.resize(source.columns.len(), [0; 256]);
        self.sums.iter_mut().for_each(|column| column.fill(0));
        let threads = rayon::current_num_threads();
        if threads > 1 && rows.len() * source.columns.len() >= PARALLEL_UPDATES {
            let block = source.columns.len().div_ceil(threads);
            let parts = self.sums.par_chunks_mut(block).zip(source.columns.par_chunks(block));
            parts.for_each(|(sums, columns)| accumulate(sums, Source { columns, ..source }, rows));
        } else {
            accumulate(&mut self.sums, source, rows);
        }
    }

    /// Takes a child's sums away, leaving those of its sibling.
    pub(super) fn subtract(&mut self, child: &Histogram) {
        for (mine, theirs) in self.sums.iter_mut().zip(&child.sums) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a -= b;
            }
        }
    }

    /// The sums of each column drawn.
    pub(super) fn columns(&self) -> &[ColumnSums] {
        &self.sums
    }
}

/// Adds the rows to the sums of the columns, eight neighbours at a time.
fn accumulate(sums: &mut [ColumnSums], source: Source<'_>, rows: &[u32]) {
    let mut rest = sums;
    for columns in source.columns.chunk_by(|a, b| a / LANES == b / LANES) {
        let (mine, others) = rest.split_at_mut(columns.len());
        rest = others;
        let words = source.binned.words(columns[0] / LANES);
        let mut lanes = [0; LANES];
        for (lane, column) in lanes.iter_mut().zip(columns) {
            *lane = 8 * (column % LANES) as u32;
        }
        let pass = Pass { words, packed: source.packed, rows, lanes };
        match mine.len() {
            1 => pass.add::<1>(mine),
            2 => pass.add::<2>(mine),
            3 => pass.add::<3>(mine),
            4 => pass.add::<4>(mine),
            5 => pass.add::<5>(mine),
            6 => pass.add::<6>(mine),
            7 => pass.add::<7>(mine),
            _ => pass.add::<8>(mine),
        }
    }
}

/// One pass of the rows over a word of columns.
struct Pass<'a> {
    words: &'a [u64],
    packed: &'a [i64],
    rows: &'a [u32],
    /// Where in the word each column drawn begins, in bits.
    lanes: [u32; LANES],
}

impl Pass<'_> {
    /// The number of columns is known to the compiler, so that the inner loop is unrolled.
    fn add<const COLUMNS: usize>(&self, sums: &mut [ColumnSums]) {
        let Some(sums) = sums.first_chunk_mut::<COLUMNS>() else { return };
        for &row in self.rows {
            let (word, pair) = (self.words[row as usize], self.packed[row as usize]);
            for (column, lane) in sums.iter_mut().zip(self.lanes) {
                column[usize::from((word >> lane) as u8)] += pair;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_minus_child_is_the_sibling() {
        let column: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 13)).collect();
        let rows: Vec<usize> = (0..50).collect();
        let binned = Binned::new(&[&column, &column], &rows, 8).unwrap();
        let packed: Vec<i64> = (0..50).map(|i| ((i - 25) << 32) + i).collect();
        let source = Source { binned: &binned, columns: &[0, 1], packed: &packed };
        let all: Vec<u32> = (0..50).collect();
        let (left, right): (Vec<u32>, Vec<u32>) = all.iter().partition(|&&row| row % 3 == 0);
        let (mut parent, mut child, mut sibling) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        parent.fill(source, &all);
        child.fill(source, &left);
        sibling.fill(source, &right);
        parent.subtract(&child);
        assert_eq!(parent.columns(), sibling.columns());
    }
}
