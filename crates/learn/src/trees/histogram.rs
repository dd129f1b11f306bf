//! Sums of quantised derivatives by column and bin.

use super::bins::{Binned, LANES};

/// Bins of one column. 256 slots, so that a `u8` indexes it without a bounds check.
pub(super) type ColumnSums = [i64; 256];

/// Updates below which a second thread costs more than it brings.
const PARALLEL_UPDATES: usize = 1 << 18;

/// Rows that pass over all columns before the next ones do: their derivatives stay in the
/// second-level cache, the sums of four columns in the first.
const ROW_BLOCK: usize = 8192;

/// Sums by column and bin for the rows of one node.
#[derive(Debug, Default, Clone)]
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
    /// Clears and fills from these rows, shared out among `threads`. Integer sums: the same for
    /// any number.
    pub(super) fn fill(&mut self, source: Source<'_>, rows: &[u32], threads: usize) {
        let width = source.columns.len();
        self.sums.resize(width, [0; 256]);
        if threads > 1 && rows.len() * width >= PARALLEL_UPDATES {
            let (some, others) = rows.split_at(rows.len() / threads);
            let mut aside = Histogram::default();
            rayon::join(|| self.fill(source, some, 1), || aside.fill(source, others, threads - 1));
            self.add(&aside);
        } else {
            self.sums.iter_mut().for_each(|column| column.fill(0));
            accumulate(&mut self.sums, source, rows);
        }
    }

    /// True when it has memory worth keeping.
    pub(super) fn is_there(&self) -> bool {
        !self.sums.is_empty()
    }

    fn add(&mut self, other: &Histogram) {
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += b;
            }
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

/// Adds the rows to the sums of the columns, four neighbours at a time.
fn accumulate(sums: &mut [ColumnSums], source: Source<'_>, rows: &[u32]) {
    for rows in rows.chunks(ROW_BLOCK) {
        let mut rest = &mut *sums;
        for columns in source.columns.chunk_by(|a, b| a / LANES == b / LANES) {
            let (mine, others) = rest.split_at_mut(columns.len());
            rest = others;
            let mut lanes = [0; LANES];
            for (lane, column) in lanes.iter_mut().zip(columns) {
                *lane = column % LANES;
            }
            let bins = source.binned.four(columns[0] / LANES);
            let pass = Pass { bins, packed: source.packed, rows, lanes };
            match mine.len() {
                1 => pass.add::<1>(mine),
                2 => pass.add::<2>(mine),
                3 => pass.add::<3>(mine),
                _ => pass.add::<4>(mine),
            }
        }
    }
}

/// One pass of some rows over columns that lie side by side.
struct Pass<'a> {
    bins: &'a [[u8; LANES]],
    packed: &'a [i64],
    rows: &'a [u32],
    /// Which of the four each column drawn is.
    lanes: [usize; LANES],
}

impl Pass<'_> {
    /// The number of columns is known to the compiler, so that the inner loop is unrolled.
    fn add<const COLUMNS: usize>(&self, sums: &mut [ColumnSums]) {
        let Some(sums) = sums.first_chunk_mut::<COLUMNS>() else { return };
        let lanes = self.lanes.map(|lane| lane % LANES);
        for &row in self.rows {
            let (bins, pair) = (&self.bins[row as usize], self.packed[row as usize]);
            for (column, lane) in sums.iter_mut().zip(lanes) {
                column[usize::from(bins[lane])] += pair;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bins::{self, Binned};
    use super::*;

    fn binned(columns: usize, rows: usize) -> Binned {
        let values: Vec<f64> = (0..rows).map(|i| (i * 7 % 13) as f64).collect();
        let source = bins::Source { values: &values, categorical: false };
        let all: Vec<usize> = (0..rows).collect();
        Binned::new(&vec![source; columns], &all, 8).unwrap()
    }

    #[test]
    fn parent_minus_child_is_the_sibling() {
        let binned = binned(2, 50);
        let packed: Vec<i64> = (0..50).map(|i| ((i - 25) << 32) + i).collect();
        let source = Source { binned: &binned, columns: &[0, 1], packed: &packed };
        let all: Vec<u32> = (0..50).collect();
        let (left, right): (Vec<u32>, Vec<u32>) = all.iter().partition(|&&row| row % 3 == 0);
        let (mut parent, mut child, mut sibling) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        parent.fill(source, &all, 1);
        child.fill(source, &left, 1);
        sibling.fill(source, &right, 1);
        parent.subtract(&child);
        assert_eq!(parent.columns(), sibling.columns());
    }

    #[test]
    fn the_thread_count_changes_no_sum() {
        let binned = binned(11, 40_000);
        let packed: Vec<i64> = (0..40_000).map(|i| ((i % 91 - 45) << 32) + i % 7).collect();
        let columns = [0, 1, 2, 3, 5, 6, 7, 9, 10];
        let source = Source { binned: &binned, columns: &columns, packed: &packed };
        let rows: Vec<u32> = (0..40_000).filter(|row| row % 5 != 0).collect();
        let (mut one, mut three) = (Histogram::default(), Histogram::default());
        one.fill(source, &rows, 1);
        three.fill(source, &rows, 3);
        assert_eq!(one.columns(), three.columns());
        let whole: i64 = rows.iter().map(|&row| packed[row as usize]).sum();
        assert!(one.columns().iter().all(|column| column.iter().sum::<i64>() == whole));
    }
}
