//! The job a book calls: from labelled rows to a tuned, pruned, calibrated classifier that is
//! scored once on rows no one saw.
//!
//! In order: columns without a value are left out and named; the latest share of rows is locked;
//! settings are searched on purged folds of the rest, features are eliminated and settings are
//! searched again; the calibration is fitted on out-of-fold scores; the final trees are fitted on
//! all development rows; the locked rows are scored, once, on record.

mod cross;
mod settings;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use base::{Digest, Prob, RowKey, Seed, Span, Ts};
use serde::{Deserialize, Serialize};

pub use settings::{Aim, tree_params, tree_space};

use crate::calibrate::{Calibration, Reliability};
use crate::eliminate::{EliminationPlan, EliminationStep, Judgement, choose};
use crate::score::{PermutationLine, Scorecard, ThresholdLine, permutation, sweep};
use crate::search::{self, Method, Ports, Progress, Pruning, Space, Study, TrialLog};
use crate::split::{HeldOut, Opened, Opening, VaultLog, everything, hold_out, k_fold};
use crate::trees::{Importance, MeanContribution, TreeLearner};
use crate::{Classifier, Error, Learner as _, Model as _, ModelCard, Samples};
use cross::Cross;

/// Buckets of the reliability curve.
const BUCKETS: usize = 10;
/// Shuffles of each column for permutation importances.
const SHUFFLES: u64 = 10;

/// How settings are searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchPlan {
    /// Settings and their domains; see [`tree_space`].
    pub space: Space,
    /// How.
    pub method: Method,
    /// Trials with all features.
    pub trials: usize,
    /// Trials after each elimination.
    pub trials_again: usize,
    /// Trials proposed together.
    pub batch: usize,
    /// When trials are given up.
    pub pruning: Option<Pruning>,
}

/// The whole job. The same job on the same samples gives the same classifier, bit for bit,
/// interrupted or not, whatever the number of threads.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneJob {
    /// Name; one experiment opens its held-out part once, so a name that carries the data
    /// version is wise.
    pub experiment: String,
    /// What is made small.
    pub aim: Aim,
    /// How settings are searched.
    pub search: SearchPlan,
    /// How features are eliminated; `None` keeps them all.
    pub elimination: Option<EliminationPlan>,
    /// Blocks of the purged K-fold.
    pub folds: usize,
    /// Time kept empty after validation rows and before the held-out part.
    pub embargo: Span,
    /// Share of rows held out, the latest ones.
    pub held_out_share: f64,
    /// Root of all randomness.
    pub seed: Seed,
    /// Threads; no part of the result.
    pub threads: usize,
    /// For the card and the log.
    pub provenance: Provenance,
}

/// Where the job comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Version of the data.
    pub data_version: String,
    /// Revision of the code.
    pub code_revision: String,
    /// Who opens the held-out part.
    pub opened_by: String,
    /// When, told by the caller.
    pub opened_at: Ts,
}

/// What the job needs from outside.
pub struct TunePorts<'a> {
    /// Where trials are kept.
    pub trials: &'a mut dyn TrialLog,
    /// Where openings are kept.
    pub vault: &'a mut dyn VaultLog,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
    /// Set to stop; what was done is on record and the next run goes on from there.
    pub stop: &'a AtomicBool,
}

/// A row with its score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredRow {
    /// Which row.
    pub key: RowKey,
    /// What was foretold.
    pub score: Prob,
    /// What came.
    pub won: bool,
}

/// What cross-validation found on the development rows.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossRecord {
    /// Development rows after purging.
    pub rows: usize,
    /// Columns left out because they had no value.
    pub unavailable: Vec<String>,
    /// Each step of the elimination, all features first.
    pub steps: Vec<EliminationStep>,
    /// Position of the step taken.
    pub chosen: usize,
    /// Trials run for this job: the count that a Sharpe ratio is deflated by.
    pub trials: usize,
    /// Scores before calibration of rows their trees had not seen, in order of time.
    pub out_of_fold: Vec<ScoredRow>,
    /// Gain, weight and cover in the final trees.
    pub importances: Vec<Importance>,
}

/// What the held-out rows said, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOutReport {
    /// First and last instant of the rows.
    pub period: (Ts, Ts),
    /// Figures at the threshold 0.5, with intervals.
    pub scorecard: Scorecard,
    /// Reliability in ten buckets.
    pub reliability: Reliability,
    /// What each threshold would have called.
    pub thresholds: Vec<ThresholdLine>,
    /// Permutation importances.
    pub permutation: Vec<PermutationLine>,
    /// Mean |Shapley value| of each column, the largest first; absent from records of earlier days.
    #[serde(default)]
    pub contributions: Vec<MeanContribution>,
    /// Each row with its calibrated probability, in order of time.
    pub rows: Vec<ScoredRow>,
}

/// What the job gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// For use.
    pub classifier: Classifier,
    /// How it came about.
    pub cross: CrossRecord,
    /// How it did on rows no one had seen.
    pub held_out: Opened<HeldOutReport>,
}

/// Runs the job; a stopped one ends with [`Error::Stopped`] and goes on when it is run again.
pub fn tune(samples: &Samples, job: &TuneJob, ports: TunePorts<'_>) -> Result<Tuned, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.threads.max(1)).build();
    let pool = pool.map_err(|source| Error::UseLog {
        what: format!("start {} threads", job.threads),
        source: Box::new(source),
    })?;
    let TunePorts { trials, vault, progress, stop } = ports;
    let (classifier, cross, held_out) = pool.install(|| {
        let (available, unavailable) = samples.available()?;
        let (development, held_out) = hold_out(&available, job.held_out_share, job.embargo)?;
        let mut ports = Ports { log: trials, progress, stop };
        let (classifier, mut cross) = develop(&development, job, &mut ports)?;
        cross.unavailable.extend(unavailable);
        cross.unavailable.sort();
        let classifier = carded(classifier, job, &cross);
        Ok::<_, Error>((classifier, cross, held_out))
    })?;
    let held_out = pool.install(|| score_held_out(&classifier, held_out, job, vault))?;
    Ok(Tuned { classifier, cross, held_out })
}

/// Trees, their calibration and the settings they were fitted with.
struct Developed {
    learner: TreeLearner,
    trees: crate::trees::TreeModel,
    calibration: Calibration,
}

fn develop(
    development: &Samples,
    job: &TuneJob,
    ports: &mut Ports<'_>,
) -> Result<(Developed, CrossRecord), Error> {
    // A column can be empty in the development part alone; then nothing can be learnt from it.
    let late = development.unavailable();
    let names = development.panel().names().iter();
    let candidates: Vec<String> = names.filter(|name| !late.contains(name)).cloned().collect();
    let (steps, trials) = eliminate(development, job, (candidates, ports))?;
    let Some(chosen) = choose(&steps) else {
        return Err(Error::Search { study: job.experiment.clone() });
    };
    let step = &steps[chosen];
    let narrow = development.select(&step.features)?;
    let cross = Cross { pairs: k_fold(&narrow, job.folds, job.embargo)?, aim: job.aim };
    let seed = job.seed.child("fit");
    let out_of_fold = cross.out_of_fold(&step.judgement.params, seed)?;
    let (scores, labels): (Vec<Prob>, Vec<bool>) =
        out_of_fold.iter().map(|row| (row.score, row.won)).unzip();
    let calibration = Calibration::choose(&scores, &labels)?;
    let all = everything(&narrow);
    let learner = TreeLearner { params: tree_params(&step.judgement.params, &all)?, seed };
    let trees = learner.fit(&all)?;
    let record = CrossRecord {
        rows: development.len(),
        unavailable: late,
        chosen,
        trials,
        out_of_fold,
        importances: trees.importances(),
        steps,
    };
    Ok((Developed { learner, trees, calibration }, record))
}

/// Searches settings for ever fewer features. Answers the steps and the number of trials.
fn eliminate(
    development: &Samples,
    job: &TuneJob,
    (candidates, ports): (Vec<String>, &mut Ports<'_>),
) -> Result<(Vec<EliminationStep>, usize), Error> {
    let all = candidates.len();
    if all == 0 {
        let what = "no column has a value in the development rows".to_owned();
        return Err(Error::CheckSamples { what });
    }
    let plan = job.elimination.unwrap_or(EliminationPlan { drop_share: 0.0, fewest: all });
    let steps_to_come = plan.sizes(all).len();
    let total = job.search.trials + (steps_to_come - 1) * job.search.trials_again;
    let fingerprint = fingerprint(development, job)?;
    let mut done = 0;
    let steps = plan.walk(candidates, |features| {
        let trials = if done == 0 { job.search.trials } else { job.search.trials_again };
        let name = format!("{}/{}/{}-features", job.experiment, fingerprint, features.len());
        let study = Study {
            seed: job.seed.child("search").index(features.len() as u64),
            name,
            space: job.search.space.clone(),
            method: job.search.method,
            trials,
            batch: job.search.batch,
            pruning: job.search.pruning,
        };
        let shifted = Shifted { inner: ports.progress, before: done, total };
        let mut ports = Ports { log: &mut *ports.log, progress: &shifted, stop: ports.stop };
        let (judgement, ran) = judge(&development.select(features)?, job, (&study, &mut ports))?;
        done += ran;
        Ok(judgement)
    })?;
    Ok((steps, done))
}

fn judge(
    samples: &Samples,
    job: &TuneJob,
    (study, ports): (&Study, &mut Ports<'_>),
) -> Result<(Judgement, usize), Error> {
    let cross = Cross { pairs: k_fold(samples, job.folds, job.embargo)?, aim: job.aim };
    let trials = study.run(&|run| cross.attempt(run), ports)?;
    let Some(best) = search::best(&trials) else {
        return Err(Error::Search { study: study.name.clone() });
    };
    Ok((cross.judge(best)?, trials.len()))
}

/// Names the data and the settings that trials depend on, so that none is taken over by
/// mistake.
fn fingerprint(development: &Samples, job: &TuneJob) -> Result<String, Error> {
    let settings = serde_json::to_string(&(&job.search, job.aim, job.folds, job.embargo, job.seed))
        .map_err(|source| Error::WriteJson { what: "search plan", source })?;
    let both = format!("{} {settings}", development.digest());
    Ok(Digest::of(both.as_bytes()).short().to_owned())
}

fn carded(developed: Developed, job: &TuneJob, cross: &CrossRecord) -> Classifier {
    let Developed { learner, trees, calibration } = developed;
    let judgement = &cross.steps[cross.chosen].judgement;
    let as_json = serde_json::to_value(&learner.params).ok();
    let params: BTreeMap<String, serde_json::Value> = as_json
        .as_ref()
        .and_then(|value| value.as_object())
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let metrics = [
        ("cross_validated_loss", judgement.loss),
        ("cross_validated_standard_error", judgement.standard_error),
        ("development_rows", cross.rows as f64),
        ("trials", cross.trials as f64),
    ];
    let card = ModelCard {
        data_version: job.provenance.data_version.clone(),
        seed: job.seed.number(),
        features: trees.features().to_vec(),
        unavailable: cross.unavailable.clone(),
        params,
        metrics: metrics.map(|(name, value)| (name.to_owned(), value)).into(),
        code_revision: job.provenance.code_revision.clone(),
    };
    Classifier::new(trees, calibration, card)
}

fn score_held_out(
    classifier: &Classifier,
    held_out: HeldOut,
    job: &TuneJob,
    log: &mut dyn VaultLog,
) -> Result<Opened<HeldOutReport>, Error> {
    let period = held_out.period();
    let opening = Opening {
        experiment: job.experiment.clone(),
        by: job.provenance.opened_by.clone(),
        at: job.provenance.opened_at,
        subject: classifier.to_artifact()?.digest,
    };
    held_out.open(opening, log, |samples| {
        let seed = job.seed.child("held-out");
        let scores = classifier.predict_proba(samples.panel())?;
        let labels = samples.labels();
        let steps: Vec<Prob> =
            (6..16).filter_map(|step| Prob::new(f64::from(step) / 20.0).ok()).collect();
        let rows = samples.panel().keys().iter().zip(&scores).zip(labels);
        Ok(HeldOutReport {
            period,
            scorecard: Scorecard::measure(&scores, labels, Prob::HALF, seed)?,
            reliability: Reliability::measure(&scores, labels, BUCKETS)?,
            thresholds: sweep(&scores, labels, &steps)?,
            permutation: permutation(classifier, samples, SHUFFLES, seed.child("shuffle"))?,
            contributions: classifier.trees().explain(samples.panel())?.table(),
            rows: rows.map(|((&key, &score), &won)| ScoredRow { key, score, won }).collect(),
        })
    })
}

/// Counts the trials of one study among those of the whole job.
struct Shifted<'a> {
    inner: &'a dyn Progress,
    before: usize,
    total: usize,
}

impl Progress for Shifted<'_> {
    fn step(&self, done: usize, _total: usize, note: &str) {
        self.inner.step(self.before + done, self.total, note);
    }
}
