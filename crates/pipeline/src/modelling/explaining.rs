//! What a model looks at: the rise of its loss when a column is shuffled, for any model; exact
//! Shapley values for trees; slopes for a logistic regression.

use base::bootstrap::mean_interval;
use base::{Interval, Seed};
use learn::family::Trained;
use learn::score::{LossRise, loss_rises, main_figure};
use learn::trees::{Flow, Importance, TreeModel};
use learn::{Model as _, Samples};
use serde::Serialize;

use super::{Kept, Labelled, blocks, flow, unless_stopped};
use crate::{Error, Progress};

/// Rows that are explained between two looks at whether somebody wants it to stop.
const TOGETHER: usize = 256;

/// What a model looks at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// Rows it was asked about.
    pub rows: usize,
    /// The loss whose rise is told.
    pub loss: String,
    /// Rise of the loss when a column is shuffled, the largest first, with the interval over
    /// shuffles.
    pub rises: Vec<LossRise>,
    /// Mean |Shapley value| of each column over rows, where the model is made of trees; one list a
    /// class.
    pub contributions: Vec<Vec<Contribution>>,
    /// What splits of each column gained in training, where the model is made of trees, the largest
    /// sum first. It is counted on the rows learned from and favours columns of many values.
    pub gains: Vec<Importance>,
    /// Slopes by column, in log odds for a deviation, where the model is logistic.
    pub slopes: Vec<(String, f64)>,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// How much a column moved margins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// The column.
    pub feature: String,
    /// Mean over rows of |contribution|, in units of the margin, with its interval over rows.
    pub mean_absolute: Interval,
}

/// Explains a model on some rows, shuffling each column so many times. A stopped work ends with
/// [`Error::Stopped`].
pub fn explain(
    kept: &Kept,
    labelled: &Labelled,
    shuffles: u64,
    progress: &dyn Progress,
) -> Result<Explained, Error> {
    let samples = &labelled.samples;
    let reading = kept.reading();
    let seed = Seed::root(0).child("explain");
    progress.begin("shuffling columns", kept.model.features().len() as u64 * shuffles);
    let after = || {
        progress.step();
        flow(progress)
    };
    let rises = loss_rises(&kept.model, samples, (&reading, shuffles), seed, &after);
    progress.end();
    let rises = rises.map_err(unless_stopped)?;
    let (contributions, mut gains) = match kept.model.own() {
        Some(Trained::Trees(trees)) => {
            (contributions(trees, (samples, labelled.is_timed()), progress)?, trees.importances())
        }
        _ => (Vec::new(), Vec::new()),
    };
    gains.sort_by(|a, b| b.total_gain.total_cmp(&a.total_gain));
    let slopes = match kept.model.own() {
        Some(Trained::Logistic(model)) => {
            let named = model.slopes().into_iter();
            named.map(|(name, slope)| (name.to_owned(), slope)).collect()
        }
        _ => Vec::new(),
    };
    let loss = main_figure(samples.targets(), &reading).to_owned();
    let notes = labelled.notes.clone();
    Ok(Explained { rows: samples.len(), loss, rises, contributions, gains, slopes, notes })
}

fn contributions(
    trees: &TreeModel,
    (samples, timed): (&Samples, bool),
    progress: &dyn Progress,
) -> Result<Vec<Vec<Contribution>>, Error> {
    let plan = blocks(samples, timed, Seed::root(0).child("contributions"));
    let classes = trees.objective().outputs();
    let rows: Vec<usize> = (0..samples.len()).collect();
    progress.begin("Shapley values", (classes * rows.len().div_ceil(TOGETHER)) as u64);
    let of_class = |class: usize| -> Result<Vec<Contribution>, Error> {
        let names = trees.features();
        let mut sizes: Vec<Vec<f64>> = vec![Vec::with_capacity(rows.len()); names.len()];
        for part in rows.chunks(TOGETHER) {
            if flow(progress) == Flow::Stop {
                return Err(Error::Stopped);
            }
            let found = trees.explain_class(&samples.panel().take(part), class)?;
            for row in &found.rows {
                sizes.iter_mut().zip(row).for_each(|(sizes, moved)| sizes.push(moved.abs()));
            }
            progress.step();
        }
        let line = |(sizes, feature): (Vec<f64>, &String)| Contribution {
            feature: feature.clone(),
            mean_absolute: mean_interval(&sizes, plan),
        };
        let mut lines: Vec<_> = sizes.into_iter().zip(names).map(line).collect();
        lines.sort_by(|a, b| b.mean_absolute.value.total_cmp(&a.mean_absolute.value));
        Ok(lines)
    };
    let found = (0..classes).map(of_class).collect();
    progress.end();
    found
}
