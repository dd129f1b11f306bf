//! What a model looks at: the rise of its loss when a column is shuffled, for any model; exact
//! Shapley values for trees; slopes for a logistic regression.

use base::bootstrap::mean_interval;
use base::{Interval, Seed};
use learn::Samples;
use learn::family::Trained;
use learn::score::{LossRise, loss_rises, main_figure};
use learn::trees::TreeModel;
use serde::Serialize;

use super::keeping::AnyModel;
use super::{Kept, Labelled, blocks};
use crate::Error;

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

/// Explains a model on some rows, shuffling each column so many times.
pub fn explain(kept: &Kept, labelled: &Labelled, shuffles: u64) -> Result<Explained, Error> {
    let samples = &labelled.samples;
    let reading = kept.reading();
    let seed = Seed::root(0).child("explain");
    let rises = loss_rises(&kept.model, samples, (&reading, shuffles), seed)?;
    let contributions = match &kept.model {
        AnyModel::Own(Trained::Trees(trees)) => contributions(trees, samples, labelled.is_timed())?,
        _ => Vec::new(),
    };
    let slopes = match &kept.model {
        AnyModel::Own(Trained::Logistic(model)) => {
            let named = model.slopes().into_iter();
            named.map(|(name, slope)| (name.to_owned(), slope)).collect()
        }
        _ => Vec::new(),
    };
    let loss = main_figure(samples.targets(), &reading).to_owned();
    let notes = labelled.notes.clone();
    Ok(Explained { rows: samples.len(), loss, rises, contributions, slopes, notes })
}

fn contributions(
    trees: &TreeModel,
    samples: &Samples,
    timed: bool,
) -> Result<Vec<Vec<Contribution>>, Error> {
    let plan = blocks(samples, timed, Seed::root(0).child("contributions"));
    let of_class = |class: usize| -> Result<Vec<Contribution>, Error> {
        let found = trees.explain_class(samples.panel(), class)?;
        let line = |(column, feature): (usize, &String)| {
            let sizes: Vec<f64> = found.rows.iter().map(|row| row[column].abs()).collect();
            let mean_absolute = mean_interval(&sizes, plan);
            Contribution { feature: feature.clone(), mean_absolute }
        };
        let mut lines: Vec<_> = found.features.iter().enumerate().map(line).collect();
        lines.sort_by(|a, b| b.mean_absolute.value.total_cmp(&a.mean_absolute.value));
        Ok(lines)
    };
    (0..trees.objective().outputs()).map(of_class).collect()
}
