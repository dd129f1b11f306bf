//! One model a side: boosted trees, calibrated, judged once on held-out time (BRK-13 … 16).

use base::{Panel, Prob, RowKey, Seed, Span, Ts};
use learn::calibrate::{Calibration, Reliability};
use learn::score::Scorecard;
use learn::split::{HeldOut, Opening, VaultLog, everything, hold_out, k_fold};
use learn::trees::{TreeLearner, TreeModel};
use learn::{LabelSpan, Learner as _, Model as _, Samples};
use market::Side;
use serde::{Deserialize, Serialize};

use super::candidates::Candidate;
use super::config::BreakoutConfig;
use features::label::Outcome;

use crate::Error;

/// A trained model of one side.
#[derive(Debug, Clone)]
pub struct SideModel {
    /// Which side.
    pub side: Side,
    /// The trees.
    pub trees: TreeModel,
    /// From the trees' score to a confidence; fitted on out-of-fold predictions only.
    pub calibration: Calibration,
    /// Columns that had no value at all and were left out.
    pub unavailable: Vec<String>,
}

/// What the held-out part showed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldOutResult {
    /// Confidence of each held-out row, in order of time.
    pub confidences: Vec<Prob>,
    /// Instrument of each row and the day its signal was known.
    pub keys: Vec<RowKey>,
    /// Accuracy, AUC, precision, recall, F1, Brier, with intervals.
    pub scores: Scorecard,
    /// Predicted against observed.
    pub reliability: Reliability,
}

/// A side's model with the record of how it was judged.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model.
    pub model: SideModel,
    /// Signals it was trained on.
    pub train_rows: usize,
    /// Signals held out.
    pub held_out_rows: usize,
    /// What they showed.
    pub held_out: HeldOutResult,
    /// How often other experiments opened the same rows before.
    pub openings_by_others: usize,
}

/// What a training run is called and who runs it, when.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name; one experiment opens the held-out part once.
    pub name: String,
    /// Who runs it.
    pub by: String,
    /// When, told by the caller.
    pub at: Ts,
    /// Seed of every draw.
    pub seed: Seed,
}

/// Labelled rows of one side, ordered by time and instrument.
pub fn samples(side: Side, candidates: &[Candidate]) -> Result<Samples, Error> {
    let names: &[&str] = match side {
        Side::Long => &features::breakout::LONG,
        Side::Short => &features::breakout::SHORT,
    };
    let mut decided: Vec<&Candidate> =
        candidates.iter().filter(|c| c.setup.side == side && c.label.is_some()).collect();
    decided.sort_by_key(|c| (c.setup.day, c.instrument));
    let mut panel = Panel::new(names.iter().copied());
    let (mut labels, mut spans) = (Vec::new(), Vec::new());
    for candidate in decided {
        let Some(label) = candidate.label else { continue };
        let starts = known(candidate);
        panel.push(RowKey { at: starts, id: candidate.instrument.0 }, &candidate.row)?;
        labels.push(label.outcome == Outcome::Win);
        spans.push(LabelSpan { starts, ends: label.known });
    }
    Samples::new(panel, labels, spans).map_err(|source| Error::Train { side, source })
}

/// When a signal was known: at the end of its day.
pub fn known(candidate: &Candidate) -> Ts {
    candidate.setup.day.plus(1).start()
}

/// Trains one side and judges it once.
pub fn train(
    side: Side,
    candidates: &[Candidate],
    config: &BreakoutConfig,
    experiment: &Experiment,
    vault: &mut dyn VaultLog,
) -> Result<Trained, Error> {
    let samples = samples(side, candidates)?;
    let wanted = config.train.min_signals;
    if samples.len() < wanted {
        return Err(Error::CountSignals { side, found: samples.len(), wanted });
    }
    let fault = |source| Error::Train { side, source };
    let seed = experiment.seed.child(&side.to_string());
    let unavailable = samples.unavailable();
    let available: Vec<&String> =
        samples.panel().names().iter().filter(|name| !unavailable.contains(name)).collect();
    let samples = samples.select(&available).map_err(fault)?;
    let embargo = Span::from_days(config.train.embargo_days);
    let (develop, held_out) =
        hold_out(&samples, config.train.held_out_share, embargo).map_err(fault)?;
    let model = fit(side, &develop, config, seed).map_err(fault)?;
    let model = SideModel { unavailable, ..model };
    let held_out_rows = held_out.len();
    let opened = judge(&model, held_out, experiment, vault).map_err(fault)?;
    Ok(Trained {
        model,
        train_rows: develop.len(),
        held_out_rows,
        held_out: opened.result,
        openings_by_others: opened.openings_by_others,
    })
}

/// Fits trees on all rows, and the calibration on predictions for rows the trees had not seen.
fn fit(
    side: Side,
    develop: &Samples,
    config: &BreakoutConfig,
    seed: Seed,
) -> Result<SideModel, learn::Error> {
    let mut params = config.train.trees.clone();
    params.scale_pos_weight = develop.losses_per_win().unwrap_or(1.0);
    let embargo = Span::from_days(config.train.embargo_days);
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for (index, pair) in k_fold(develop, config.train.folds, embargo)?.iter().enumerate() {
        let learner =
            TreeLearner { params: params.clone(), seed: seed.child("fold").index(index as u64) };
        let model = learner.fit(&pair.train)?;
        scores.extend(model.predict_proba(&pair.valid.panel())?);
        labels.extend(pair.valid.labels());
    }
    let calibration = Calibration::choose(&scores, &labels)?;
    let learner = TreeLearner { params, seed: seed.child("all") };
    let trees = learner.fit(&everything(develop))?;
    Ok(SideModel { side, trees, calibration, unavailable: Vec::new() })
}

fn judge(
    model: &SideModel,
    held_out: HeldOut,
    experiment: &Experiment,
    vault: &mut dyn VaultLog,
) -> Result<learn::split::Opened<HeldOutResult>, learn::Error> {
    let opening = Opening {
        experiment: format!("{}/{}", experiment.name, model.side),
        by: experiment.by.clone(),
        at: experiment.at,
        subject: model.trees.to_artifact()?.digest,
    };
    let seed = experiment.seed.child("intervals");
    held_out.open(opening, vault, |rows| {
        let confidences = model.confidences(rows.panel())?;
        let scores = Scorecard::measure(&confidences, rows.labels(), Prob::HALF, seed)?;
        let reliability = Reliability::measure(&confidences, rows.labels(), 10)?;
        let keys = rows.panel().keys().to_vec();
        Ok(HeldOutResult { confidences, keys, scores, reliability })
    })
}

impl SideModel {
    /// The calibrated probability of a win, one a row.
    pub fn confidences(&self, panel: &Panel) -> Result<Vec<Prob>, learn::Error> {
        let scores = self.trees.predict_proba(panel)?;
        Ok(scores.into_iter().map(|score| self.calibration.apply(score)).collect())
    }
}
