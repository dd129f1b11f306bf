//! One tree: nodes in the order they were opened, the root first.

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Adds this to the margin.
    Leaf {
        /// The weight, learning rate included.
        value: f32,
    },
    /// Sends a row to one of two children.
    Branch {
        /// Column asked.
        column: u32,
        /// Values below go left.
        below: f32,
        /// Where missing values go.
        missing_left: bool,
        /// Node for the left.
        left: u32,
        /// Node for the right.
        right: u32,
        /// Loss taken away by the split, twice.
        gain: f32,
    },
}

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// What it does.
    pub(super) kind: Kind,
    /// The weight it would have as a leaf, before the learning rate.
    pub(super) weight: f32,
    /// Sum of second derivatives of the training rows that reached it.
    pub(super) cover: f32,
}

/// A regression tree.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// The leaf value for one row of 32-bit values, NaN for missing.
    #[inline]
    pub(super) fn value(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        loop {
            match self.nodes[at].kind {
                Kind::Leaf { value } => return value,
                Kind::Branch { column, below, missing_left, left, right, .. } => {
                    let value = row[column as usize];
                    let go_left = value < below || (missing_left && value.is_nan());
                    at = if go_left { left } else { right } as usize;
                }
            }
        }
    }
}

/// Rows of 32-bit values, one row after the other.
#[derive(Debug)]
pub(super) struct Rows {
    width: usize,
    count: usize,
    values: Vec<f32>,
}

impl Rows {
    /// From columns of 64-bit values and the rows to take.
    pub(super) fn gather(columns: &[&[f64]], rows: impl ExactSizeIterator<Item = usize>) -> Rows {
        let count = rows.len();
        let mut values = Vec::with_capacity(count * columns.len());
        for row in rows {
            values.extend(columns.iter().map(|column| super::bins::to_f32(column[row])));
        }
        Rows { width: columns.len(), count, values }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Adds each row's leaf value to its margin.
    pub(super) fn add(&self, tree: &Tree, margins: &mut [f32]) {
        for (row, margin) in margins.iter_mut().enumerate() {
            *margin += tree.value(self.row(row));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_equal_to_the_condition_goes_right() {
        let leaf = |value| Node { kind: Kind::Leaf { value }, weight: value, cover: 1.0 };
        let branch = Kind::Branch {
            column: 0,
            below: 2.0,
            missing_left: true,
            left: 1,
            right: 2,
            gain: 1.0,
        };
        let root = Node { kind: branch, weight: 0.0, cover: 2.0 };
        let tree = Tree { nodes: vec![root, leaf(-1.0), leaf(1.0)] };
        let found: Vec<f32> = [1.9, 2.0, 2.1, f32::NAN].iter().map(|&v| tree.value(&[v])).collect();
        assert_eq!(found, [-1.0, 1.0, 1.0, -1.0]);
    }
}
