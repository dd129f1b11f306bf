//! Trees laid out for many rows: every level full, so that a row goes down without a branch.
//!
//! Node `i` has its children at `2i + 1` and `2i + 2`; a leaf above the last level is followed by
//! dummies that send every row left. A missing value is looked up in a second copy of the row,
//! where it is -∞ for nodes that send it left and +∞ for the others, so that a node is one
//! comparison.

use super::tree::{Branch, Kind, Rows, Test, Tree};

/// Trees deeper than this stay as they are: a full tree would not fit the cache.
const DEEPEST: usize = 9;

/// Rows that go down a tree together, so that their steps overlap.
const TOGETHER: usize = 8;

/// A tree of full levels.
#[derive(Debug)]
struct FlatTree {
    depth: usize,
    nodes: Vec<FlatNode>,
    values: Vec<f32>,
}

#[derive(Debug, Clone, Copy)]
struct FlatNode {
    below: f32,
    /// Place in the doubled row: twice the column, one more where missing values go right.
    place: u32,
}

/// One tree in the layout that suits it.
#[derive(Debug)]
enum Layout<'a> {
    Flat(FlatTree),
    /// Too deep, or it asks for categories.
    AsIs(&'a Tree),
}

/// Trees that predict rows in blocks.
#[derive(Debug)]
pub(super) struct FlatForest<'a> {
    trees: Vec<Layout<'a>>,
}

impl<'a> FlatForest<'a> {
    pub(super) fn new(trees: &'a [Tree]) -> FlatForest<'a> {
        let lay = |tree| FlatTree::new(tree).map_or(Layout::AsIs(tree), Layout::Flat);
        FlatForest { trees: trees.iter().map(lay).collect() }
    }

    /// Adds leaf values to the margins of some rows; row-major, `outputs` margins a row, which
    /// trees take in turn.
    pub(super) fn add(&self, rows: &Rows, outputs: usize, margins: &mut [f32]) {
        let doubled = doubled(rows);
        for (at, tree) in self.trees.iter().enumerate() {
            let output = at % outputs;
            match tree {
                Layout::Flat(tree) => tree.add(&doubled, (output, outputs), margins),
                Layout::AsIs(tree) => {
                    for (row, margins) in margins.chunks_exact_mut(outputs).enumerate() {
                        margins[output] += tree.value(rows.row(row));
                    }
                }
            }
        }
    }
}

/// Rows with each value twice: a missing one as -∞, then as +∞.
struct Doubled {
    width: usize,
    values: Vec<f32>,
}

fn doubled(rows: &Rows) -> Doubled {
    let mut values = Vec::new();
    for row in 0..rows.len() {
        for &value in rows.row(row) {
            let missing = value.is_nan();
            values.push(if missing { f32::NEG_INFINITY } else { value });
            values.push(if missing { f32::INFINITY } else { value });
        }
    }
    Doubled { width: if rows.len() == 0 { 0 } else { values.len() / rows.len() }, values }
}

impl FlatTree {
    /// None when it is too deep or asks for categories.
    fn new(tree: &Tree) -> Option<FlatTree> {
        let depth = tree.depth();
        if depth > DEEPEST || !tree.sets.is_empty() {
            return None;
        }
        let dummy = FlatNode { below: f32::INFINITY, place: 0 };
        let mut flat =
            FlatTree { depth, nodes: vec![dummy; (1 << depth) - 1], values: vec![0.0; 1 << depth] };
        flat.place(tree, 0, 0)?;
        Some(flat)
    }

    fn place(&mut self, tree: &Tree, node: usize, at: usize) -> Option<()> {
        match tree.nodes[node].kind {
            Kind::Leaf { value } => {
                // Down the left side to the last level.
                let mut at = at;
                while at < self.nodes.len() {
                    at = 2 * at + 1;
                }
                self.values[at - self.nodes.len()] = value;
            }
            Kind::Branch(Branch { column, test, missing_left, left, right, .. }) => {
                let Test::Below(below) = test else { return None };
                self.nodes[at] = FlatNode { below, place: 2 * column + u32::from(!missing_left) };
                self.place(tree, left as usize, 2 * at + 1)?;
                self.place(tree, right as usize, 2 * at + 2)?;
            }
        }
        Some(())
    }

    fn add(&self, rows: &Doubled, (output, outputs): (usize, usize), margins: &mut [f32]) {
        let width = rows.width;
        for (group, margins) in margins.chunks_mut(TOGETHER * outputs).enumerate() {
            let values = &rows.values[group * TOGETHER * width..];
            let mut at = [0usize; TOGETHER];
            if margins.len() == TOGETHER * outputs {
                for _ in 0..self.depth {
                    for (row, at) in at.iter_mut().enumerate() {
                        *at = self.step(*at, &values[row * width..]);
                    }
                }
            } else {
                for (row, at) in at.iter_mut().take(margins.len() / outputs).enumerate() {
                    for _ in 0..self.depth {
                        *at = self.step(*at, &values[row * width..]);
                    }
                }
            }
            for (margins, at) in margins.chunks_exact_mut(outputs).zip(at) {
                margins[output] += self.values[at - self.nodes.len()];
            }
        }
    }

    #[inline(always)]
    fn step(&self, at: usize, row: &[f32]) -> usize {
        let node = self.nodes[at];
        2 * at + 1 + usize::from(row[node.place as usize] >= node.below)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Node;
    use super::*;
    use proptest::prelude::*;

    /// A tree of which each draw makes one node: a leaf, or a branch while there is room below.
    fn grown(draws: &[(u32, f32, bool, bool)], levels: usize) -> Tree {
        let mut tree = Tree::default();
        let mut open = vec![(0usize, 0usize)];
        tree.nodes.push(Node { kind: Kind::Leaf { value: 0.0 }, weight: 0.0, cover: 1.0 });
        let mut draws = draws.iter().cycle().enumerate();
        while let Some((node, depth)) = open.pop() {
            let (at, &(column, number, missing_left, stop)) = draws.next().unwrap();
            if stop && at > 0 || depth == levels {
                tree.nodes[node].kind = Kind::Leaf { value: number };
                continue;
            }
            let left = tree.nodes.len();
            for child in [left, left + 1] {
                tree.nodes.push(tree.nodes[node]);
                open.push((child, depth + 1));
            }
            tree.nodes[node].kind = Kind::Branch(Branch {
                column,
                test: Test::Below(number),
                missing_left,
                left: left as u32,
                right: left as u32 + 1,
                gain: 1.0,
            });
        }
        tree
    }

    proptest! {
        #[test]
        fn a_flat_tree_gives_the_values_of_the_tree(
            draws in prop::collection::vec(
                (0u32..3, -2.0f32..2.0, any::<bool>(), prop::bool::weighted(0.3)), 1..60),
            levels in 0usize..6,
            cells in prop::collection::vec(
                prop_oneof![4 => -2.0f64..2.0, 1 => Just(f64::NAN)], 3 * 19),
        ) {
            let trees = [grown(&draws, levels), grown(&draws[draws.len() / 2..], levels)];
            let columns: Vec<&[f64]> = cells.chunks_exact(19).collect();
            let rows = Rows::gather(&columns, 0..19);
            for outputs in [1, 2] {
                let mut found = vec![0.5f32; 19 * outputs];
                FlatForest::new(&trees).add(&rows, outputs, &mut found);
                for row in 0..19 {
                    let values = [trees[0].value(rows.row(row)), trees[1].value(rows.row(row))];
                    let wanted = match outputs {
                        1 => vec![0.5 + values[0] + values[1]],
                        _ => vec![0.5 + values[0], 0.5 + values[1]],
                    };
                    prop_assert_eq!(&found[row * outputs..(row + 1) * outputs], &wanted[..]);
                }
            }
        }
    }
}
