//! One tree: nodes in the order they were opened, the root first.

/// Category codes lie below this, as in XGBoost.
pub(super) const CATEGORY_LIMIT: f32 = 16_777_216.0;

/// What a branch asks of a value that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Test {
    /// Values below go left.
    Below(f32),
    /// Categories of this set of the tree go right, all others left.
    NotIn(u32),
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Adds this to the margin.
    Leaf {
        /// The weight, learning rate included.
        value: f32,
    },
    /// Sends a row to one of two children.
    Branch(Branch),
}

/// A node with children.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Branch {
    /// Column asked.
    pub(super) column: u32,
    /// What is asked.
    pub(super) test: Test,
    /// Where missing values go.
    pub(super) missing_left: bool,
    /// Node for the left.
    pub(super) left: u32,
    /// Node for the right.
    pub(super) right: u32,
    /// Loss taken away by the split, twice.
    pub(super) gain: f32,
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
    /// Sets of categories, each ascending.
    pub(super) sets: Vec<Vec<u32>>,
}

impl Tree {
    /// The leaf value for one row of 32-bit values, NaN for missing.
    #[inline]
    pub(super) fn value(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        loop {
            match &self.nodes[at].kind {
                Kind::Leaf { value } => return *value,
                Kind::Branch(branch) => {
                    let left = self.goes_left(branch, row[branch.column as usize]);
                    at = if left { branch.left } else { branch.right } as usize;
                }
            }
        }
    }

    /// Which way a value goes. A code that is no category goes left.
    #[inline]
    pub(super) fn goes_left(&self, branch: &Branch, value: f32) -> bool {
        if value.is_nan() {
            return branch.missing_left;
        }
        match branch.test {
            Test::Below(cut) => value < cut,
            Test::NotIn(set) => {
                let known = (0.0..CATEGORY_LIMIT).contains(&value);
                !(known && self.sets[set as usize].binary_search(&(value as u32)).is_ok())
            }
        }
    }

    /// Most branches between the root and a leaf. Children come after their parent.
    pub(super) fn depth(&self) -> usize {
        let mut depths = vec![0; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            if let Kind::Branch(branch) = node.kind {
                depths[branch.left as usize] = depths[at] + 1;
                depths[branch.right as usize] = depths[at] + 1;
            }
        }
        depths.into_iter().max().unwrap_or(0)
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

    fn stump(test: Test, sets: Vec<Vec<u32>>) -> Tree {
        let leaf = |value| Node { kind: Kind::Leaf { value }, weight: value, cover: 1.0 };
        let (missing_left, gain) = (true, 1.0);
        let branch = Branch { column: 0, test, missing_left, left: 1, right: 2, gain };
        let root = Node { kind: Kind::Branch(branch), weight: 0.0, cover: 2.0 };
        Tree { nodes: vec![root, leaf(-1.0), leaf(1.0)], sets }
    }

    #[test]
    fn a_value_equal_to_the_condition_goes_right() {
        let tree = stump(Test::Below(2.0), Vec::new());
        let found: Vec<f32> = [1.9, 2.0, 2.1, f32::NAN].iter().map(|&v| tree.value(&[v])).collect();
        assert_eq!(found, [-1.0, 1.0, 1.0, -1.0]);
    }

    #[test]
    fn categories_of_the_set_go_right_and_what_is_none_goes_left() {
        let tree = stump(Test::NotIn(0), vec![vec![1, 3]]);
        let asked = [0.0, 1.0, 2.0, 3.0, 9.0, -1.0, 3e9, f32::NAN];
        let found: Vec<f32> = asked.iter().map(|&v| tree.value(&[v])).collect();
        assert_eq!(found, [-1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0, -1.0]);
        assert_eq!(tree.depth(), 1);
    }
}
