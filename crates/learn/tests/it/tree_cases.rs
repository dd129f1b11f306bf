//! One case for each objective and constraint, the same as in `proving/peers/trees_golden.py`.

use std::collections::{BTreeMap, BTreeSet};

use base::Panel;
use learn::trees::{Direction, Objective, TreeParams};
use learn::{Samples, Targets};

use crate::data;

/// What a case is trained on and with.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) params: TreeParams,
    target: fn(&Panel, &[f64]) -> Targets,
    /// Whether columns 9 and 10 are categories.
    pub(crate) coded: bool,
}

impl Case {
    pub(crate) fn samples(&self, start: u64, count: u64) -> Samples {
        match self.coded {
            true => data::coded(start, count, &self.target),
            false => data::samples_of(start, count, &self.target),
        }
    }
}

fn numbers(_: &Panel, scores: &[f64]) -> Targets {
    Targets::Numbers(scores.to_vec())
}

fn wins(_: &Panel, scores: &[f64]) -> Targets {
    Targets::Wins(scores.iter().map(|&score| score > 1.0).collect())
}

fn classes(_: &Panel, scores: &[f64]) -> Targets {
    let class = |&score: &f64| u32::from(score > 0.3) + u32::from(score > 1.2);
    Targets::Classes { classes: scores.iter().map(class).collect(), count: 3 }
}

/// Twenty rows a group.
fn ranks(_: &Panel, scores: &[f64]) -> Targets {
    Targets::Ranks {
        relevance: scores.iter().map(|score| (score * 1.5).floor().clamp(0.0, 4.0)).collect(),
        groups: (0..scores.len() as i64).map(|row| row / 20).collect(),
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let case = |name, objective, target| {
        let params = TreeParams {
            objective,
            n_estimators: 5,
            max_depth: 3,
            learning_rate: 0.3,
            ..TreeParams::default()
        };
        Case { name, params, target, coded: false }
    };
    let mut cases = vec![
        case("logistic", Objective::Logistic, wins as fn(&Panel, &[f64]) -> Targets),
        case("squared", Objective::SquaredError, numbers),
        case("quantile", Objective::Quantile { alpha: 0.8 }, numbers),
        case("pairwise", Objective::RankPairwise, ranks),
        case("ndcg", Objective::RankNdcg, ranks),
        case("softprob", Objective::Softmax { classes: 3 }, classes),
        case("partitions", Objective::SquaredError, numbers),
        case("one_hot", Objective::Logistic, wins),
        case("monotone", Objective::Logistic, wins),
    ];
    for case in &mut cases {
        case.coded = matches!(case.name, "partitions" | "one_hot");
        if case.coded {
            case.params.categorical = BTreeSet::from(["f9".to_owned(), "f10".to_owned()]);
        }
        match case.name {
            "one_hot" => case.params.max_cat_to_onehot = 50,
            "monotone" => {
                case.params.monotone = BTreeMap::from([
                    ("f0".to_owned(), Direction::Rising),
                    ("f2".to_owned(), Direction::Falling),
                ]);
            }
            _ => {}
        }
    }
    cases
}
