//! Grows one tree level by level, as XGBoost's `hist` does with `grow_policy=depthwise`.
//!
//! The nodes of a level are independent, so threads take one each; near the root, where nodes are
//! few and large, a histogram is shared out instead.

use std::ops::Range;

use rayon::prelude::*;

use super::bins::Cutting;
use super::categories::members;
use super::histogram::{Histogram, Source};
use super::row_order::{Part, RowOrder};
use super::splitting::{Bounds, Judge, Side, Split};
use super::tree::{Branch, Kind, Node, Test, Tree};

/// Rows of a level below which a second thread costs more than it brings.
const PARALLEL_ROWS: usize = 1 << 14;

/// A leaf and the rows that fell into it.
#[derive(Debug)]
pub(super) struct LeafRows {
    node: usize,
    bounds: Bounds,
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
    bounds: Bounds,
    histogram: Histogram,
    split: Option<Split>,
}

/// A node that becomes a branch.
struct Parting {
    open: Open,
    split: Split,
}

/// What leaf values are when they are not the weights of the second-order step: a function of the
/// rows of the leaf, before the learning rate.
pub(super) type LeafRule<'a> = &'a (dyn Fn(&[u32]) -> f64 + Sync);

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
        self.drawn.resize(count as usize);
        self.left_out.resize(count as usize);
        self.drawn.deal(&mut self.left_out, count, &mut draw);
    }

    /// Grows a tree over the rows drawn, and says where all rows ended.
    pub(super) fn grow(
        &mut self,
        judge: Judge<'_>,
        rule: Option<LeafRule<'_>>,
    ) -> (Tree, Vec<LeafRows>) {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        let mut level = vec![self.root(judge, &mut tree)];
        for depth in 1..=judge.params.max_depth {
            let mut parting = Vec::with_capacity(level.len());
            for mut open in level {
                match open.split.take() {
                    Some(split) => parting.push(Parting { open, split }),
                    None => leaves.push(self.close(open)),
                }
            }
            let borders = self.divide(judge, &parting);
            let pairs = parting.into_iter().zip(borders);
            let mut pairs: Vec<(Open, Open)> =
                pairs.map(|(parting, borders)| part(judge, parting, borders, &mut tree)).collect();
            if depth < judge.params.max_depth {
                self.judge_children(judge, &mut pairs);
            }
            level = pairs.into_iter().flat_map(|(left, right)| [left, right]).collect();
        }
        leaves.extend(level.into_iter().map(|open| self.close(open)));
        self.settle(judge, rule, &mut leaves);
        for leaf in &leaves {
            let node = &mut tree.nodes[leaf.node];
            node.kind = Kind::Leaf { value: leaf.value };
            // XGBoost keeps a leaf's weight with the learning rate in it.
            node.weight = leaf.value;
        }
        (tree, leaves)
    }

    fn root(&mut self, judge: Judge<'_>, tree: &mut Tree) -> Open {
        let mut histogram = self.free.pop().unwrap_or_default();
        histogram.fill(source(judge), self.drawn.rows(), rayon::current_num_threads());
        // Every row is in one bin of each column.
        let total = histogram.columns().first().map_or(0, |column| column.iter().sum());
        tree.nodes.push(unsettled(judge, total, Bounds::NONE));
        Open {
            node: 0,
            drawn: 0..self.drawn.rows().len(),
            left_out: 0..self.left_out.rows().len(),
            total,
            bounds: Bounds::NONE,
            split: judge.best(&histogram, total, Bounds::NONE),
            histogram,
        }
    }

    /// Moves the rows of nodes to their children; answers how many of the rows drawn and of those
    /// left out go left.
    fn divide(&mut self, judge: Judge<'_>, parting: &[Parting]) -> Vec<(usize, usize)> {
        let rows: usize = parting.iter().map(|p| p.open.drawn.len() + p.open.left_out.len()).sum();
        let drawn = self.drawn.parts(parting.iter().map(|p| p.open.drawn.clone()));
        let left_out = self.left_out.parts(parting.iter().map(|p| p.open.left_out.clone()));
        let of_node = |((parting, drawn), left_out): ((&Parting, Part<'_>), Part<'_>)| {
            let lefts = parting.split.lefts();
            let bins = judge.binned.column(parting.split.column);
            let divide = |part: Part<'_>| part.divide(bins, &lefts);
            match drawn.len() + left_out.len() >= PARALLEL_ROWS {
                true => rayon::join(|| divide(drawn), || divide(left_out)),
                false => (divide(drawn), divide(left_out)),
            }
        };
        if rows < PARALLEL_ROWS {
            return parting.iter().zip(drawn).zip(left_out).map(of_node).collect();
        }
        parting.par_iter().zip(drawn).zip(left_out).map(of_node).collect()
    }

    /// Gives the children their histograms and splits.
    fn judge_children(&mut self, judge: Judge<'_>, pairs: &mut [(Open, Open)]) {
        let threads = rayon::current_num_threads();
        let rows: usize = pairs.iter().map(|(a, b)| a.drawn.len().min(b.drawn.len())).sum();
        let mut work: Vec<(&mut (Open, Open), Histogram)> =
            pairs.iter_mut().map(|pair| (pair, self.free.pop().unwrap_or_default())).collect();
        // A level of as many nodes as threads or more keeps them busy without sharing a node.
        let shares = if work.len() >= 2 * threads { 1 } else { threads };
        let drawn = self.drawn.rows();
        let of_pair = |(pair, spare): &mut (&mut (Open, Open), Histogram)| {
            judge_pair(judge, (pair, spare), (drawn, shares));
        };
        match threads > 1 && rows >= PARALLEL_ROWS {
            true => work.par_iter_mut().for_each(of_pair),
            false => work.iter_mut().for_each(of_pair),
        }
        self.free.extend(work.into_iter().map(|(_, spare)| spare).filter(Histogram::is_there));
    }

    fn close(&mut self, open: Open) -> LeafRows {
        let Open { node, drawn, left_out, bounds, histogram, .. } = open;
        if histogram.is_there() {
            self.free.push(histogram);
        }
        LeafRows { node, bounds, value: 0.0, drawn, left_out }
    }

    /// Values of leaves, from the exact derivatives.
    fn settle(&self, judge: Judge<'_>, rule: Option<LeafRule<'_>>, leaves: &mut [LeafRows]) {
        let of_leaf = |leaf: &mut LeafRows| {
            let rows = &self.drawn.rows()[leaf.drawn.clone()];
            let weight = match rule {
                Some(rule) if !rows.is_empty() => rule(rows),
                _ => judge.weight(judge.gradients.exact_sums(rows), leaf.bounds),
            };
            leaf.value = (weight * judge.params.learning_rate) as f32;
        };
        match self.drawn.rows().len() >= PARALLEL_ROWS {
            true => leaves.par_iter_mut().for_each(of_leaf),
            false => leaves.iter_mut().for_each(of_leaf),
        }
    }
}

/// Turns an open node into a branch; its histogram stays with the right child until that one is
/// judged.
fn part(
    judge: Judge<'_>,
    Parting { open, split }: Parting,
    (drawn_left, left_out_left): (usize, usize),
    tree: &mut Tree,
) -> (Open, Open) {
    let left = tree.nodes.len();
    let test = match split.side {
        Side::UpTo(last) => Test::Below(match judge.binned.cutting(split.column) {
            // Past the last cut the left side holds every value and the right the missing ones.
            Cutting::Numbers(cuts) => cuts.get(usize::from(last)).copied().unwrap_or(f32::MAX),
            Cutting::Categories(_) => f32::MAX,
        }),
        Side::NotIn(set) => {
            tree.sets.push(members(&set));
            Test::NotIn(tree.sets.len() as u32 - 1)
        }
    };
    tree.nodes[open.node].kind = Kind::Branch(Branch {
        column: split.column as u32,
        test,
        missing_left: split.missing_left,
        left: left as u32,
        right: left as u32 + 1,
        gain: split.gain as f32,
    });
    let right_total = open.total - split.left;
    let [below, above] = judge.child_bounds(&split, open.total, open.bounds);
    tree.nodes.push(unsettled(judge, split.left, below));
    tree.nodes.push(unsettled(judge, right_total, above));
    let (drawn_at, left_out_at) =
        (open.drawn.start + drawn_left, open.left_out.start + left_out_left);
    let low = Open {
        node: left,
        drawn: open.drawn.start..drawn_at,
        left_out: open.left_out.start..left_out_at,
        total: split.left,
        bounds: below,
        histogram: Histogram::default(),
        split: None,
    };
    let high = Open {
        node: left + 1,
        drawn: drawn_at..open.drawn.end,
        left_out: left_out_at..open.left_out.end,
        total: right_total,
        bounds: above,
        histogram: open.histogram,
        split: None,
    };
    (low, high)
}

/// Gives both children of a node their histograms and splits; the larger one by subtraction.
fn judge_pair(
    judge: Judge<'_>,
    ((left, right), spare): (&mut (Open, Open), &mut Histogram),
    (rows, threads): (&[u32], usize),
) {
    if !judge.can_split(left.total) && !judge.can_split(right.total) {
        return;
    }
    let mut parent = std::mem::take(&mut right.histogram);
    let left_is_smaller = left.drawn.len() <= right.drawn.len();
    let (small, large) = if left_is_smaller { (left, right) } else { (right, left) };
    spare.fill(source(judge), &rows[small.drawn.clone()], threads);
    let best = |open: &Open, histogram: &Histogram| judge.best(histogram, open.total, open.bounds);
    if judge.can_split(large.total) {
        parent.subtract(spare);
        large.split = best(large, &parent);
    }
    small.split = best(small, spare);
    small.histogram = std::mem::take(spare);
    large.histogram = parent;
}

fn source<'a>(judge: Judge<'a>) -> Source<'a> {
    let packed = judge.gradients.packed();
    Source { binned: judge.binned, columns: judge.columns, packed }
}

fn unsettled(judge: Judge<'_>, total: i64, bounds: Bounds) -> Node {
    let sums = judge.gradients.unpack(total);
    Node {
        kind: Kind::Leaf { value: 0.0 },
        weight: judge.weight(sums, bounds) as f32,
        cover: sums.hessian as f32,
    }
}
