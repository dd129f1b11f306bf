//! The rows of a tree in the order of its nodes.

use std::ops::Range;

/// Rows of a tree, kept so that the rows of a node lie side by side.
#[derive(Debug, Default)]
pub(super) struct RowOrder {
    rows: Vec<u32>,
    spare: Vec<u32>,
}

impl RowOrder {
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Makes room for this many rows.
    pub(super) fn resize(&mut self, count: usize) {
        self.rows.resize(count, 0);
        self.spare.resize(count, 0);
    }

    /// Deals the rows below `count` to itself where `draw` says so, asked in their order, else to
    /// the other; both have room for all.
    pub(super) fn deal(
        &mut self,
        other: &mut RowOrder,
        count: u32,
        draw: &mut impl FnMut() -> bool,
    ) {
        // Both places are written and one is kept: a branch here would be guessed wrong often.
        let (mut taken, mut left) = (0, 0);
        for row in 0..count {
            let drawn = draw();
            self.rows[taken] = row;
            other.rows[left] = row;
            taken += usize::from(drawn);
            left += usize::from(!drawn);
        }
        self.rows.truncate(taken);
        other.rows.truncate(left);
    }

    /// The rows of these parts, which ascend, with as much spare room.
    pub(super) fn parts(&mut self, parts: impl Iterator<Item = Range<usize>>) -> Vec<Part<'_>> {
        let (mut rows, mut spare) = (&mut self.rows[..], &mut self.spare[..]);
        let mut taken = 0;
        let mut found = Vec::new();
        for part in parts {
            let (_, rest) = rows.split_at_mut(part.start - taken);
            let (mine, rest) = rest.split_at_mut(part.len());
            let (mine_spare, rest_spare) = spare.split_at_mut(part.len());
            found.push(Part { rows: mine, spare: mine_spare });
            (rows, spare, taken) = (rest, rest_spare, part.end);
        }
        found
    }
}

/// The rows of one node.
pub(super) struct Part<'a> {
    rows: &'a mut [u32],
    spare: &'a mut [u32],
}

impl Part<'_> {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Moves the rows so that those going left come first, keeping their order. Answers how many
    /// those are.
    pub(super) fn divide(self, bins: &[u8], goes_left: &[bool; 256]) -> usize {
        let (mut lefts, mut rights) = (0, 0);
        for at in 0..self.rows.len() {
            let row = self.rows[at];
            let left = goes_left[usize::from(bins[row as usize])];
            self.rows[lefts] = row;
            self.spare[rights] = row;
            lefts += usize::from(left);
            rights += usize::from(!left);
        }
        self.rows[lefts..].copy_from_slice(&self.spare[..rights]);
        lefts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_node_are_parted_and_keep_their_order() {
        let (mut order, mut other) = (RowOrder::default(), RowOrder::default());
        order.resize(10);
        other.resize(10);
        let mut asked = 0;
        order.deal(&mut other, 10, &mut || {
            asked += 1;
            asked != 4
        });
        assert_eq!((order.rows(), other.rows()), (&[0, 1, 2, 4, 5, 6, 7, 8, 9][..], &[3][..]));
        let bins: Vec<u8> = (0..10).collect();
        let goes_left: [bool; 256] = std::array::from_fn(|bin| bin % 2 == 1);
        let parts = order.parts([1..4, 5..9].into_iter());
        let lefts: Vec<usize> =
            parts.into_iter().map(|part| part.divide(&bins, &goes_left)).collect();
        assert_eq!(lefts, [1, 2]);
        assert_eq!(order.rows(), [0, 1, 2, 4, 5, 7, 9, 6, 8]);
    }
}
