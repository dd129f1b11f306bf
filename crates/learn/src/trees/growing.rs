//! Grows one tree level by level, as XGBoost's `hist` does with `grow_policy=depthwise`.

use std::ops::Range;

use super::bins::MISSING_BIN;
use super::gradients::Gradients;
use super::histogram::{Histogram, Source};
use super::splitting::{Judge, Split};
use super::tree::{Kind, Node, Tree};

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

    /// Moves the rows of a node so that those going left come first, keeping their order.
    /// Answers where the right side begins.
    fn divide(&mut self, part: Range<usize>, bins: &[u8], split: &Split) -> usize {
        let rows = &mut self.rows[part.clone()];
        let spare = &mut self.spare[..rows.len()];
        let (mut lefts, mut rights) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let left = goes_left(bins[row as usize], split);
            rows[lefts] = row;
            spare[rights] = row;
            lefts += usize::from(left);
            rights += usize::from(!left);
        }
        rows[lefts..].copy_from_slice(&spare[..rights]);
        part.start + lefts
    }
}

#[inline]
fn goes_left(bin: u8, split: &Split) -> bool {
    if bin == MISSING_BIN { split.missing_left } else { bin <= split.last_left_bin }
}

/// A leaf and the rows that fell into it.
#[derive(Debug)]
pub(super) struct LeafRows {
    pub(super) value: f32,
    /// Among the rows drawn for the tree.
    pub(super) drawn: Range<usize>,
    /// Among the rows left out.
    pub(super) left_out: Range<usize>,
}

/// A node whose fate is not settled.
struct Open {
    node: usize,
    drawn: Range<usize>,
    left_out: Range<usize>,
    total: i64,
    histogram: Histogram,
    split: Option<Split>,
}

/// Grows trees; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Grower {
    pub(super) drawn: RowOrder,
    pub(super) left_out: RowOrder,
    free: Vec<Histogram>,
}

impl Grower {
    /// Takes all rows below `count`.
    pub(super) fn take_all(&mut self, count: u32) {
        self.take(count, || true);
    }

    /// Takes the rows below `count` for which `draw` says so, asked in their order, and leaves
    /// the others out.
    pub(super) fn take(&mut self, count: u32, mut draw: impl FnMut() -> bool) {
        for order in [&mut self.drawn, &mut self.left_out] {
            order.rows.resize(count as usize, 0);
            order.spare.resize(count as usize, 0);
        }
        // Both places are written and one is kept: a branch here would be guessed wrong often.
        let (mut taken, mut left) = (0, 0);
        for row in 0..count {
            let drawn = draw();
            self.drawn.rows[taken] = row;
            self.left_out.rows[left] = row;
            taken += usize::from(drawn);
            left += usize::from(!drawn);
        }
        self.drawn.rows.truncate(taken);
        self.left_out.rows.truncate(left);
    }

    /// Grows a tree over the rows drawn, and says where all rows ended.
    pub(super) fn grow(&mut self, judge: Judge<'_>) -> (Tree, Vec<LeafRows>) {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        let mut level = vec![self.root(judge, &mut tree)];
        for depth in 1..=judge.params.max_depth {
            let deepest = depth == judge.params.max_depth;
            let mut next = Vec::with_capacity(2 * level.len());
            for open in level {
                match open.split {
                    Some(split) => {
                        let pair = self.part(judge, open, split, &mut tree);
                        next.extend(self.open_children(judge, pair, deepest));
                    }
                    None => leaves.push(self.close(judge, open, &mut tree)),
                }
            }
            level = next;
        }
        leaves.extend(level.into_iter().map(|open| self.close(judge, open, &mut tree)));
        (tree, leaves)
    }

    fn root(&mut self, judge: Judge<'_>, tree: &mut Tree) -> Open {
        let packed = judge.gradients.packed();
        let total = self.drawn.rows.iter().map(|&row| packed[row as usize]).sum();
        let mut histogram = self.free.pop().unwrap_or_default();
        histogram.fill(source(judge), &self.drawn.rows);
        tree.nodes.push(unsettled(judge, total));
        Open {
            node: 0,
            drawn: 0..self.drawn.rows.len(),
            left_out: 0..self.left_out.rows.len(),
            total,
            split: judge.best(&histogram, total),
            histogram,
        }
    }

    /// Turns an open node into a branch; its histogram stays with the right child until that one
    /// is grown.
    fn part(
        &mut self,
        judge: Judge<'_>,
        open: Open,
        split: Split,
        tree: &mut Tree,
    ) -> (Open, Open) {
        let bins = judge.binned.column(split.column);
        let drawn_at = self.drawn.divide(open.drawn.clone(), bins, &split);
        let left_out_at = self.left_out.divide(open.left_out.clone(), bins, &split);
        let left = tree.nodes.len();
        let cuts = judge.binned.cuts(split.column);
        tree.nodes[open.node].kind = Kind::Branch {
            column: split.column as u32,
            // Past the last cut the left side holds every value and the right the missing ones.
            below: cuts.get(usize::from(split.last_left_bin)).copied().unwrap_or(f32::MAX),
            missing_left: split.missing_left,
            left: left as u32,
            right: left as u32 + 1,
            gain: split.gain as f32,
        };
        let right_total = open.total - split.left;
        tree.nodes.push(unsettled(judge, split.left));
        tree.nodes.push(unsettled(judge, right_total));
        let child = |node, drawn, left_out, total| Open {
            node,
            drawn,
            left_out,
            total,
            histogram: Histogram::default(),
            split: None,
        };
        let (low, low_out) = (open.drawn.start..drawn_at, open.left_out.start..left_out_at);
        let (high, high_out) = (drawn_at..open.drawn.end, left_out_at..open.left_out.end);
        let mut above = child(left + 1, high, high_out, right_total);
        above.histogram = open.histogram;
        (child(left, low, low_out, split.left), above)
    }

    /// Gives both children their histograms and splits; the larger one by subtraction.
    fn open_children(
        &mut self,
        judge: Judge<'_>,
        (mut left, mut right): (Open, Open),
        deepest: bool,
    ) -> [Open; 2] {
        let mut parent = std::mem::take(&mut right.histogram);
        if deepest {
            self.free.push(parent);
            return [left, right];
        }
        let left_is_smaller = left.drawn.len() <= right.drawn.len();
        let (small, large) =
            if left_is_smaller { (&mut left, &mut right) } else { (&mut right, &mut left) };
        let mut histogram = self.free.pop().unwrap_or_default();
        histogram.fill(source(judge), &self.drawn.rows[small.drawn.clone()]);
        parent.subtract(&histogram);
        small.split = judge.best(&histogram, small.total);
        large.split = judge.best(&parent, large.total);
        small.histogram = histogram;
        large.histogram = parent;
        [left, right]
    }

    /// Settles a node as a leaf; its value comes from the exact derivatives.
    fn close(&mut self, judge: Judge<'_>, open: Open, tree: &mut Tree) -> LeafRows {
        let sums = judge.gradients.exact_sums(&self.drawn.rows[open.drawn.clone()]);
        let value = (judge.params.weight(sums) * judge.params.learning_rate) as f32;
        let node = &mut tree.nodes[open.node];
        node.kind = Kind::Leaf { value };
        // XGBoost keeps a leaf's weight with the learning rate in it.
        node.weight = value;
        self.free.push(open.histogram);
        LeafRows { value, drawn: open.drawn, left_out: open.left_out }
    }
}

fn source<'a>(judge: Judge<'a>) -> Source<'a> {
    let packed = Gradients::packed(judge.gradients);
    Source { binned: judge.binned, columns: judge.columns, packed }
}

fn unsettled(judge: Judge<'_>, total: i64) -> Node {
    let sums = judge.gradients.unpack(total);
    Node {
        kind: Kind::Leaf { value: 0.0 },
        weight: judge.params.weight(sums) as f32,
        cover: sums.hessian as f32,
    }
}
