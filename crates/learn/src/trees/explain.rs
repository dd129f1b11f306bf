//! What each column did to a margin: exact Shapley values of trees.
//!
//! Path-dependent TreeSHAP, Lundberg, Erion and Lee 2018 ("Consistent Individualized Feature
//! Attribution for Tree Ensembles", algorithm 2; Lundberg et al. 2020). A column that is left out
//! sends a row down both branches, in the proportion of the training rows that went there.
//! Numbers are those of XGBoost's `pred_contribs`.

use base::Panel;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::forest::TreeModel;
use super::tree::{Branch, Kind, Rows, Tree};
use crate::Error;

/// Rows handed to a thread at once.
const ROW_BLOCK: usize = 64;

/// Contributions of each column to one margin (log odds, number or score) of some rows.
///
/// For each row, `base` and the row's contributions add up to [`TreeModel::margins`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The columns, in the order of the model.
    pub features: Vec<String>,
    /// The margin where nothing is known: its mean over the training rows.
    pub base: f64,
    /// One entry a row: one contribution a column.
    pub rows: Vec<Vec<f64>>,
}

/// How much a column moved margins on the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanContribution {
    /// The column.
    pub feature: String,
    /// Mean over rows of |contribution|, in log odds.
    pub mean_absolute: f64,
    /// Mean over rows of the contribution with its sign.
    pub mean: f64,
}

impl Explanation {
    /// Mean |contribution| of each column, the largest first; equal ones keep the model's order.
    pub fn table(&self) -> Vec<MeanContribution> {
        let count = self.rows.len().max(1) as f64;
        let line = |(column, feature): (usize, &String)| {
            let of_column = || self.rows.iter().map(move |row| row[column]);
            MeanContribution {
                feature: feature.clone(),
                mean_absolute: of_column().map(f64::abs).sum::<f64>() / count,
                mean: of_column().sum::<f64>() / count,
            }
        };
        let mut table: Vec<_> = self.features.iter().enumerate().map(line).collect();
        table.sort_by(|a, b| b.mean_absolute.total_cmp(&a.mean_absolute));
        table
    }
}

impl TreeModel {
    /// What each column did to the margin of each row. The cost of a row is about leaves × depth²
    /// a tree. A model of classes has a margin a class: see [`TreeModel::explain_class`].
    pub fn explain(&self, panel: &Panel) -> Result<Explanation, Error> {
        match self.objective.outputs() {
            1 => self.explain_class(panel, 0),
            classes => Err(Error::Measure {
                what: format!("these trees tell {classes} classes apart; say which to explain"),
            }),
        }
    }

    /// What each column did to the margin of one class of each row.
    pub fn explain_class(&self, panel: &Panel, class: usize) -> Result<Explanation, Error> {
        let columns = self.columns(panel)?;
        let outputs = self.objective.outputs();
        let Some(base) = self.bases().nth(class) else {
            let what = format!("there is no class {class} among {outputs}");
            return Err(Error::Measure { what });
        };
        let trees: Vec<&Tree> = self.trees.iter().skip(class).step_by(outputs).collect();
        // A way has a step for the root and at most one for each column.
        let inverse: Vec<f64> = (0..self.features.len() + 3).map(|n| 1.0 / n as f64).collect();
        let blocks: Vec<usize> = (0..panel.len()).step_by(ROW_BLOCK).collect();
        let of_block = |&start: &usize| {
            let rows = Rows::gather(&columns, start..panel.len().min(start + ROW_BLOCK));
            let mut path = Vec::new();
            let of_row = |row| contributions(&trees, rows.row(row), &inverse, &mut path);
            (0..rows.len()).map(of_row).collect::<Vec<_>>()
        };
        let rows: Vec<Vec<f64>> = blocks.par_iter().flat_map_iter(of_block).collect();
        let means: f64 = trees.iter().map(|tree| mean(tree, 0)).sum();
        let base = f64::from(base) + means;
        Ok(Explanation { features: self.features.clone(), base, rows })
    }
}

fn contributions(trees: &[&Tree], row: &[f32], inverse: &[f64], path: &mut Vec<Step>) -> Vec<f64> {
    let mut found = vec![0.0; row.len()];
    for tree in trees {
        path.clear();
        let root = Step { column: None, absent: 1.0, present: 1.0, weight: 0.0 };
        let mut walk = Walk { tree, row, inverse, path, found: &mut found };
        walk.descend(Visit { node: 0, from: 0 }, root);
    }
    found
}

/// The mean of a tree's leaves by the shares of training rows.
fn mean(tree: &Tree, node: usize) -> f64 {
    match tree.nodes[node].kind {
        Kind::Leaf { value } => f64::from(value),
        Kind::Branch(Branch { left, right, .. }) => {
            let [to_left, to_right] = shares(tree, left, right);
            to_left * mean(tree, left as usize) + to_right * mean(tree, right as usize)
        }
    }
}

/// Shares of the training rows that went left and right; halves where a cover is not recorded.
fn shares(tree: &Tree, left: u32, right: u32) -> [f64; 2] {
    let cover = |node: u32| f64::from(tree.nodes[node as usize].cover);
    let (left, right) = (cover(left), cover(right));
    let total = left + right;
    if left > 0.0 && right > 0.0 { [left / total, right / total] } else { [0.5, 0.5] }
}

/// A column met on the way to a node.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The column; none for the root.
    column: Option<u32>,
    /// Share of rows that come this way when the column is absent.
    absent: f64,
    /// 1 where the row itself comes this way, else 0.
    present: f64,
    /// Sum, over the subsets of this many columns of the way, of their Shapley weights times the
    /// shares that flow.
    weight: f64,
}

/// A node to visit, and where the way to its parent begins in the stack of ways.
#[derive(Debug, Clone, Copy)]
struct Visit {
    node: usize,
    from: usize,
}

struct Walk<'w> {
    tree: &'w Tree,
    row: &'w [f32],
    /// 1/n at place n.
    inverse: &'w [f64],
    /// Ways to the nodes from the root to the current one, one after the other.
    path: &'w mut Vec<Step>,
    found: &'w mut [f64],
}

impl Walk<'_> {
    /// Visits a node with its parent's way and the step that leads to it.
    fn descend(&mut self, visit: Visit, step: Step) {
        let from = self.path.len();
        self.path.extend_from_within(visit.from..);
        self.extend(from, step);
        match self.tree.nodes[visit.node].kind {
            Kind::Leaf { value } => self.settle(from, f64::from(value)),
            Kind::Branch(branch) => {
                let Branch { column, left, right, .. } = branch;
                let goes_left = self.tree.goes_left(&branch, self.row[column as usize]);
                let [to_left, to_right] = shares(self.tree, left, right);
                let mut known = Step { column: None, absent: 1.0, present: 1.0, weight: 0.0 };
                if let Some(place) = self.place_of(from, column) {
                    // A column asked again counts once: its earlier step is taken out.
                    known = self.path[place];
                    self.unwind(from, place);
                }
                for (node, share, taken) in
                    [(left, to_left, goes_left), (right, to_right, !goes_left)]
                {
                    let step = Step {
                        column: Some(column),
                        absent: known.absent * share,
                        present: if taken { known.present } else { 0.0 },
                        weight: 0.0,
                    };
                    self.descend(Visit { node: node as usize, from }, step);
                }
            }
        }
        self.path.truncate(from);
    }

    fn place_of(&self, from: usize, column: u32) -> Option<usize> {
        (from..self.path.len()).find(|&place| self.path[place].column == Some(column))
    }

    /// Shares a leaf's value out among the columns of its way: each gets the value times
    /// (present − absent) times the sum of weights that [`Walk::unwind`] at its step would leave.
    fn settle(&mut self, from: usize, value: f64) {
        let way = &self.path[from..];
        let depth = way.len() - 1;
        // Where the row does not come that way, the sum is this one over `absent`, which cancels
        // (Yang 2022, "Fast TreeSHAP", algorithm 1).
        let absent: f64 = way[..depth]
            .iter()
            .enumerate()
            .map(|(at, s)| s.weight * self.inverse[depth - at])
            .sum();
        let share = value * (depth + 1) as f64;
        for step in way {
            let Some(column) = step.column else { continue };
            let weight = if step.present > 0.0 {
                weight_without(way, step.absent, self.inverse) * (1.0 - step.absent)
            } else {
                -absent
            };
            self.found[column as usize] += share * weight;
        }
    }

    /// Lengthens a way by a step (`EXTEND` of the paper).
    fn extend(&mut self, from: usize, step: Step) {
        let depth = self.path.len() - from;
        self.path.push(Step { weight: if depth == 0 { 1.0 } else { 0.0 }, ..step });
        let way = &mut self.path[from..];
        let (absent, present) = {
            let share = self.inverse[depth + 1];
            (step.absent * share, step.present * share)
        };
        for at in (0..depth).rev() {
            way[at + 1].weight += present * way[at].weight * (at + 1) as f64;
            way[at].weight *= absent * (depth - at) as f64;
        }
    }

    /// Takes the step at a place out of a way (`UNWIND`).
    fn unwind(&mut self, from: usize, place: usize) {
        let way = &mut self.path[from..];
        let Step { absent, present, .. } = way[place - from];
        let depth = way.len() - 1;
        let (size, share) = ((depth + 1) as f64, self.inverse[depth + 1]);
        let mut next = way[depth].weight;
        for at in (0..depth).rev() {
            if present > 0.0 {
                let before = way[at].weight;
                way[at].weight = next * size * self.inverse[at + 1];
                next = before - way[at].weight * absent * (depth - at) as f64 * share;
            } else {
                way[at].weight *= size * self.inverse[depth - at] / absent;
            }
        }
        // The step leaves; the weights stay where they are.
        for at in place - from..depth {
            let Step { column, absent, present, .. } = way[at + 1];
            way[at] = Step { column, absent, present, weight: way[at].weight };
        }
        self.path.pop();
    }
}

/// The sum of the weights that [`Walk::unwind`] would leave at a step by which the row comes,
/// over the number of steps.
fn weight_without(way: &[Step], absent: f64, inverse: &[f64]) -> f64 {
    let depth = way.len() - 1;
    let (mut next, mut total) = (way[depth].weight, 0.0);
    for at in (0..depth).rev() {
        let weight = next * inverse[at + 1];
        total += weight;
        next = way[at].weight - weight * absent * (depth - at) as f64;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::super::objective::Objective;
    use super::super::tree::{Node, Test};
    use super::*;
    use base::{RowKey, Ts};
    use proptest::prelude::*;

    const WIDTH: usize = 4;

    /// A tree of which each draw makes one node: column, threshold, cover, leaf value. Few columns
    /// and up to five levels, so that a way asks the same column again.
    fn tree(draws: &[(u32, f32, f32)], levels: u32) -> Tree {
        let branches = (1usize << levels) - 1;
        let count = 2 * branches + 1;
        let node = |at: usize| {
            let (column, value, cover) = draws[at % draws.len()];
            let kind = if at < branches {
                let (left, right) = (2 * at as u32 + 1, 2 * at as u32 + 2);
                let missing_left = cover > 3.0;
                // Some nodes ask for categories: halves are cut down to whole numbers.
                let test = if cover < 5.0 { Test::Below(value) } else { Test::NotIn(0) };
                Kind::Branch(Branch { column, test, missing_left, left, right, gain: 1.0 })
            } else {
                Kind::Leaf { value }
            };
            Node { kind, weight: 0.0, cover }
        };
        Tree { nodes: (0..count).map(node).collect(), sets: vec![vec![0, 1, 3]] }
    }

    fn model(trees: Vec<Tree>) -> TreeModel {
        let features = (0..WIDTH).map(|column| format!("f{column}")).collect();
        TreeModel {
            features,
            categorical: vec![false; WIDTH],
            objective: Objective::Logistic,
            base_scores: vec![0.4],
            scale_pos_weight: 1.0,
            trees,
        }
    }

    fn panel(rows: &[[f64; WIDTH]]) -> Panel {
        let mut panel = Panel::new((0..WIDTH).map(|column| format!("f{column}")));
        for (at, row) in rows.iter().enumerate() {
            panel.push(RowKey { at: Ts::from_seconds(at as i64), id: 0 }, row).unwrap();
        }
        panel
    }

    /// The value of a tree when only some columns are known, by the definition.
    fn known(tree: &Tree, node: usize, row: &[f64; WIDTH], columns: usize) -> f64 {
        match tree.nodes[node].kind {
            Kind::Leaf { value } => f64::from(value),
            Kind::Branch(branch) => {
                let Branch { column, left, right, .. } = branch;
                let sides = [left, right].map(|side| known(tree, side as usize, row, columns));
                if columns & (1 << column) == 0 {
                    let [a, b] = shares(tree, left, right);
                    return a * sides[0] + b * sides[1];
                }
                let value = row[column as usize] as f32;
                sides[usize::from(!tree.goes_left(&branch, value))]
            }
        }
    }

    /// Shapley's sum over all subsets of the other columns.
    fn shapley(tree: &Tree, row: &[f64; WIDTH], column: usize) -> f64 {
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        let others = (0..1usize << WIDTH).filter(|set| set & (1 << column) == 0);
        others
            .map(|set| {
                let size = set.count_ones();
                let weight =
                    factorial(size) * factorial(WIDTH as u32 - size - 1) / factorial(WIDTH as u32);
                weight * (known(tree, 0, row, set | 1 << column) - known(tree, 0, row, set))
            })
            .sum()
    }

    fn cell() -> impl Strategy<Value = f64> {
        prop_oneof![4 => (-4i32..4).prop_map(|n| f64::from(n) / 2.0), 1 => Just(f64::NAN)]
    }

    fn draws() -> impl Strategy<Value = Vec<(u32, f32, f32)>> {
        prop::collection::vec((0..WIDTH as u32, -2.0f32..2.0, 0.1f32..9.0), 1..70)
    }

    proptest! {
        #[test]
        fn contributions_are_the_shapley_values(
            draws in draws(), levels in 0u32..6, row in prop::array::uniform4(cell()),
        ) {
            let tree = tree(&draws, levels);
            let found = model(vec![tree.clone()]).explain(&panel(&[row])).unwrap();
            for column in 0..WIDTH {
                let wanted = shapley(&tree, &row, column);
                let ours = found.rows[0][column];
                prop_assert!((ours - wanted).abs() < 1e-9, "f{column}: {ours} {wanted}");
            }
        }

        #[test]
        fn base_and_contributions_add_up_to_the_margin(
            forest in prop::collection::vec(draws(), 1..8), levels in 0u32..6,
            rows in prop::collection::vec(prop::array::uniform4(cell()), 1..150),
        ) {
            let model = model(forest.iter().map(|draws| tree(draws, levels)).collect());
            let panel = panel(&rows);
            let found = model.explain(&panel).unwrap();
            for (row, margin) in found.rows.iter().zip(model.margins(&panel).unwrap()) {
                let sum = found.base + row.iter().sum::<f64>();
                prop_assert!((sum - f64::from(margin)).abs() < 1e-4, "{sum} {margin}");
            }
        }
    }

    #[test]
    fn each_class_has_contributions_of_its_own() {
        let trees = vec![tree(&[(1, 0.5, 2.0)], 2), tree(&[(2, -0.5, 2.0), (0, 1.0, 1.0)], 3)];
        let objective = Objective::Softmax { classes: 2 };
        let model = TreeModel { objective, base_scores: vec![0.1, 0.2], ..model(trees) };
        let panel = panel(&[[1.0; WIDTH]]);
        let margins = model.margins(&panel).unwrap();
        for (class, margin) in margins.iter().enumerate() {
            let found = model.explain_class(&panel, class).unwrap();
            let sum = found.base + found.rows[0].iter().sum::<f64>();
            assert!((sum - f64::from(*margin)).abs() < 1e-5, "{sum} {margin}");
        }
        assert!(model.explain(&panel).is_err() && model.explain_class(&panel, 2).is_err());
    }

    #[test]
    fn a_column_never_asked_contributes_nothing() {
        let found = model(vec![tree(&[(1, 0.5, 2.0)], 3)]).explain(&panel(&[[1.0; WIDTH]]));
        let row = &found.unwrap().rows[0];
        assert_eq!([row[0], row[2], row[3]], [0.0; 3]);
    }

    #[test]
    fn the_table_begins_with_the_largest() {
        let explanation = Explanation {
            features: vec!["a".to_owned(), "b".to_owned()],
            base: 0.0,
            rows: vec![vec![1.0, -2.0], vec![-1.0, -4.0]],
        };
        let table = explanation.table();
        let lines: Vec<_> = table
            .iter()
            .map(|line| (line.feature.as_str(), line.mean_absolute, line.mean))
            .collect();
        assert_eq!(lines, [("b", 3.0, -3.0), ("a", 1.0, 0.0)]);
    }
}
