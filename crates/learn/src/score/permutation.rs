//! Permutation importance (Breiman 2001): what is lost when one column is shuffled.

use base::bootstrap::{Plan, mean_interval};
use base::{Interval, Panel, Seed};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::figures::roc_auc;
use crate::trees::Flow;
use crate::{Error, Model, Reading, Samples};

/// How much a column mattered to the ranking of some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PermutationLine {
    /// The column.
    pub feature: String,
    /// Mean fall of the AUC over the shuffles, with the interval over shuffles.
    pub auc_fall: Interval,
}

/// Shuffles each column of the model `repeats` times and measures the fall of the AUC.
pub fn permutation(
    model: &impl Model,
    samples: &Samples,
    repeats: u64,
    seed: Seed,
) -> Result<Vec<PermutationLine>, Error> {
    // The rise of what the AUC lacks is the fall of the AUC.
    let lack = |panel: &Panel| Ok(-roc_auc(&model.predict_proba(panel)?, samples.labels()));
    let lines = by_shuffling((model.features(), samples), repeats, seed, (&lack, &|| Flow::Go))?;
    let line = |(feature, auc_fall)| PermutationLine { feature, auc_fall };
    Ok(lines.into_iter().map(line).collect())
}

/// How much a column mattered to the loss of a model of any kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossRise {
    /// The column.
    pub feature: String,
    /// Mean rise of the loss over the shuffles, with the interval over shuffles.
    pub rise: Interval,
}

/// Shuffles each column of the model `repeats` times and measures the rise of the loss that is
/// tuned for ([`super::Scored::loss`]); the largest first. `after` is called after each shuffle,
/// and may stop the work with [`Error::Stopped`].
pub fn loss_rises(
    model: &impl Model,
    samples: &Samples,
    (reading, repeats): (&Reading, u64),
    seed: Seed,
    after: &dyn Fn() -> Flow,
) -> Result<Vec<LossRise>, Error> {
    let loss = |panel: &Panel| {
        let (forecasts, targets) = (&model.predict(panel)?, samples.targets());
        super::Scored { forecasts, targets, reading }.loss()
    };
    let lines = by_shuffling((model.features(), samples), repeats, seed, (&loss, after))?;
    let line = |(feature, rise)| LossRise { feature, rise };
    let mut lines: Vec<LossRise> = lines.into_iter().map(line).collect();
    lines.sort_by(|a, b| b.rise.value.total_cmp(&a.rise.value));
    Ok(lines)
}

/// The loss of a model on a panel.
type Loss<'a> = &'a dyn Fn(&Panel) -> Result<f64, Error>;

/// The mean rise of a loss when a column is shuffled, with its interval over shuffles, column by
/// column.
fn by_shuffling(
    (features, samples): (&[String], &Samples),
    repeats: u64,
    seed: Seed,
    (loss, after): (Loss<'_>, &dyn Fn() -> Flow),
) -> Result<Vec<(String, Interval)>, Error> {
    let panel = samples.panel().select(features);
    let panel = panel.map_err(|source| Error::MatchColumns { source })?;
    let whole = loss(&panel)?;
    let mut lines = Vec::with_capacity(panel.names().len());
    for (column, feature) in panel.names().iter().enumerate() {
        let seed = seed.child(feature);
        let rise = |repeat| {
            let rise = loss(&shuffled(&panel, column, seed.index(repeat))?)? - whole;
            match after() {
                Flow::Go => Ok(rise),
                Flow::Stop => {
                    let total = panel.names().len() * repeats as usize;
                    let done = column * repeats as usize + repeat as usize + 1;
                    Err(Error::Stopped { done, total, unit: "shuffles" })
                }
            }
        };
        let rises: Vec<f64> = (0..repeats).map(rise).collect::<Result<_, Error>>()?;
        let plan = Plan::independent(seed.child("interval"));
        lines.push((feature.clone(), mean_interval(&rises, plan)));
    }
    Ok(lines)
}

fn shuffled(panel: &Panel, column: usize, seed: Seed) -> Result<Panel, Error> {
    let mut rng = seed.rng();
    let mut order: Vec<usize> = (0..panel.len()).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, (rng.next_u64() % (at as u64 + 1)) as usize);
    }
    let mut made = Panel::new(panel.names().iter().cloned());
    for (row, &key) in panel.keys().iter().enumerate() {
        let mut values = panel.row(row);
        values[column] = panel.columns()[column][order[row]];
        made.push(key, &values).map_err(|source| Error::MatchColumns { source })?;
    }
    Ok(made)
}
