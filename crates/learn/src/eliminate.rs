//! Recursive feature elimination: judge, drop the weakest by gain, judge again (Guyon et al.
//! 2002); then the fewest features within one standard error of the best (Breiman et al. 1984,
//! §3.4.3).

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::search::Params;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EliminationPlan {
    /// Share of the features dropped at each step; at least one is.
    pub drop_share: f64,
    /// Features never gone below.
    pub fewest: usize,
}

impl Default for EliminationPlan {
    fn default() -> EliminationPlan {
        EliminationPlan { drop_share: 0.15, fewest: 5 }
    }
}

/// What cross-validation says of a set of features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Best settings found.
    pub params: Params,
    /// Mean loss over folds; less is better.
    pub loss: f64,
    /// Standard error of the mean over folds.
    pub standard_error: f64,
    /// Gain of each feature, in the order given.
    pub gains: Vec<f64>,
}

/// One step of the elimination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EliminationStep {
    /// Features at this step.
    pub features: Vec<String>,
    /// What was found with them.
    pub judgement: Judgement,
    /// Features dropped after it, weakest first.
    pub dropped: Vec<String>,
}

impl EliminationPlan {
    /// Numbers of features at each step, from all down to the fewest.
    pub fn sizes(&self, features: usize) -> Vec<usize> {
        let (mut sizes, mut left) = (vec![features], features);
        while left > self.fewest.max(1) {
            let drop = ((left as f64 * self.drop_share) as usize).max(1);
            left = left.saturating_sub(drop).max(self.fewest.max(1));
            sizes.push(left);
        }
        sizes
    }

    /// Walks all steps. `judge` tunes and validates a set of features; it is asked once a step.
    pub fn walk(
        &self,
        features: Vec<String>,
        mut judge: impl FnMut(&[String]) -> Result<Judgement, Error>,
    ) -> Result<Vec<EliminationStep>, Error> {
        if !(0.0..1.0).contains(&self.drop_share) {
            return Err(Error::CheckParams {
                name: "drop_share".to_owned(),
                value: self.drop_share,
                rule: "must lie in 0..1",
            });
        }
        let sizes = self.sizes(features.len());
        let mut steps = Vec::with_capacity(sizes.len());
        let mut left = features;
        for next in sizes.iter().skip(1).map(|&size| Some(size)).chain([None]) {
            let judgement = judge(&left)?;
            let (kept, dropped) = match next {
                Some(size) => drop_weakest(&left, &judgement.gains, size),
                None => (Vec::new(), Vec::new()),
            };
            let features = std::mem::replace(&mut left, kept);
            steps.push(EliminationStep { features, judgement, dropped });
        }
        Ok(steps)
    }
}

/// Keeps the `size` strongest in their order; among equals the earlier is kept.
fn drop_weakest(features: &[String], gains: &[f64], size: usize) -> (Vec<String>, Vec<String>) {
    let mut ranked: Vec<usize> = (0..features.len()).collect();
    ranked.sort_by(|&a, &b| gains[a].total_cmp(&gains[b]).then(b.cmp(&a)));
    let (weak, strong) = ranked.split_at(features.len() - size);
    let mut kept = strong.to_vec();
    kept.sort_unstable();
    let named = |rows: &[usize]| rows.iter().map(|&at| features[at].clone()).collect();
    (named(&kept), named(weak))
}

/// The step with the fewest features whose loss is within one standard error of the best.
pub fn choose(steps: &[EliminationStep]) -> Option<usize> {
    let loss = |at: usize| steps[at].judgement.loss;
    let best = (0..steps.len()).min_by(|&a, &b| loss(a).total_cmp(&loss(b)))?;
    let limit = loss(best) + steps[best].judgement.standard_error.max(0.0);
    let within = (0..steps.len()).filter(|&at| at == best || loss(at) <= limit);
    within.min_by_key(|&at| steps[at].features.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only `f0`, `f1`, `f2` matter; each other feature costs a little.
    fn judge(features: &[String]) -> Result<Judgement, Error> {
        let useful = |name: &String| ["f0", "f1", "f2"].contains(&name.as_str());
        let found = features.iter().filter(|name| useful(name)).count() as f64;
        let noise = features.len() as f64 - found;
        Ok(Judgement {
            params: Params::new(),
            loss: 1.0 - 0.2 * found + 0.01 * noise,
            standard_error: 0.015,
            gains: features.iter().map(|n| if useful(n) { 5.0 } else { 1.0 }).collect(),
        })
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("f{at}")).collect()
    }

    #[test]
    fn noise_is_dropped_first_and_the_useful_set_is_chosen() {
        let plan = EliminationPlan { drop_share: 0.2, fewest: 1 };
        let steps = plan.walk(names(12), judge).unwrap();
        let sizes: Vec<usize> = steps.iter().map(|step| step.features.len()).collect();
        assert_eq!(sizes, plan.sizes(12));
        assert_eq!(sizes.last(), Some(&1));
        let chosen = &steps[choose(&steps).unwrap()];
        assert_eq!(chosen.features, ["f0", "f1", "f2"]);
    }

    #[test]
    fn fewer_features_win_within_one_standard_error() {
        let step = |count: usize, loss: f64| EliminationStep {
            features: names(count),
            judgement: Judgement {
                params: Params::new(),
                loss,
                standard_error: 0.05,
                gains: vec![1.0; count],
            },
            dropped: Vec::new(),
        };
        let steps = [step(9, 0.50), step(6, 0.54), step(3, 0.56)];
        assert_eq!(choose(&steps), Some(1));
        assert_eq!(choose(&[]), None);
    }
}
