//! Search for settings of any family by walking forward, then training with the best of them.

use std::collections::BTreeMap;

use base::stats::mean;
use base::{Digest, Seed};
use learn::Model as _;
use learn::family::{Family, FamilyEnded, FamilyLearner, FamilyWatch};
use learn::score::Scored;
use learn::search::{self, Method, Outcome as Tried, Pruning, Run, Space, Study, Trial};
use learn::split::{Pair, WalkWindow, hold_out, walk_forward};
use learn::trees::Flow;
use serde_json::json;

use super::fitting::{Job, Outcome, Ports, train};
use super::{Labelled, unless_stopped};
use crate::Error;
use crate::trials::{Enrolment, Shared, StoreTrials};

/// The step that a trial reports after its first fit of walking forward; each fit is one more.
/// Rules that give trials up count steps from 1.
pub const FIRST_STEP: u32 = 1;

/// How settings are searched.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Settings by path, and what each may be.
    pub space: Space,
    /// How.
    pub method: Method,
    /// Trials in all.
    pub trials: usize,
    /// Trials proposed together.
    pub batch: usize,
    /// When trials are given up.
    pub pruning: Option<Pruning>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// All trials, in order.
    pub trials: Vec<Trial>,
    /// The best of them.
    pub best: Trial,
    /// The model trained with its settings.
    pub outcome: Outcome,
}

/// Searches, then trains. A stopped search goes on when it is run again; several processes may
/// share one.
pub fn tune(
    labelled: &Labelled,
    (job, search): (&Job, &Search),
    shared: Option<Shared<'_>>,
    ports: &Ports<'_>,
) -> Result<Found, Error> {
    let (development, _) = hold_out(&labelled.samples, job.held_out_share, job.embargo)?;
    let (development, _) = development.available()?;
    let folds = job.folds.max(1);
    let pairs = walk_forward(&development, folds, WalkWindow::Expanding, job.embargo)?;
    let spec = json!({
        "learner": job.learner, "space": search.space, "method": search.method,
        "batch": search.batch, "pruning": search.pruning, "folds": folds, "first_step": FIRST_STEP,
        "data": labelled.samples.digest().to_string(), "held_out_share": job.held_out_share,
        "embargo_seconds": job.embargo.seconds(),
    });
    let print = Digest::of(spec.to_string().as_bytes());
    let study = Study {
        name: format!("tune/{}/{}", job.name, print.short()),
        space: search.space.clone(),
        method: search.method,
        trials: search.trials,
        batch: search.batch,
        pruning: search.pruning,
        seed: job.learner.seed.child("search"),
    };
    let enrolment = Enrolment {
        at: job.at,
        data_version: labelled.samples.digest().to_string(),
        seed: job.learner.seed.number(),
        spec,
    };
    let mut log = match shared {
        Some(shared) => StoreTrials::shared(ports.store, enrolment, shared),
        None => StoreTrials::alone(ports.store, enrolment),
    };
    let told = Told { progress: ports.progress };
    ports.progress.begin("searching", search.trials as u64);
    let mut outside = search::Ports { log: &mut log, progress: &told, stop: ports.progress.stop() };
    let judge = |run: &mut Run<'_>| attempt(&job.learner.family, &pairs, run);
    let trials = study.run(&judge, &mut outside);
    ports.progress.end();
    let trials = trials.map_err(unless_stopped)?;
    let Some(best) = search::best(&trials).cloned() else {
        return Err(learn::Error::Search { study: study.name }.into());
    };
    let family = job.learner.family.with_params(&best.params)?;
    let learner = FamilyLearner { family, seed: job.learner.seed };
    let ran = Some((study.name, trials.len()));
    let job = Job { learner, search: ran, ..job.clone() };
    let outcome = train(labelled, &job, ports)?;
    Ok(Found { trials, best, outcome })
}

/// One trial: step after step of walking forward, given up when the mean loss so far is poor.
fn attempt(family: &Family, pairs: &[Pair<'_>], run: &mut Run<'_>) -> Result<Tried, learn::Error> {
    let family = family.with_params(run.params)?;
    // Settings that no model can be built with are a failed trial, not a failed search.
    if family.check().is_err() {
        return Ok(Tried::Failed);
    }
    let reading = family.reading();
    let total = pairs.len();
    let stopped = |done| Err(learn::Error::Stopped { done, total, unit: "steps of a trial" });
    let mut losses = Vec::with_capacity(total);
    for (number, pair) in pairs.iter().enumerate() {
        if run.is_stopping() {
            return stopped(number);
        }
        let seed: Seed = run.seed.index(number as u64);
        let learner = FamilyLearner { family: family.clone(), seed };
        // A fit may outlast a claim, and the patience of whoever wants it to stop.
        let watch = FamilyWatch { after_step: &mut |_| run.go_on(), resume: None };
        let model = match learner.fit_watched(&pair.train, watch) {
            Ok(FamilyEnded::Fitted(model)) => *model,
            Ok(FamilyEnded::Stopped(_)) => return stopped(number),
            Err(learn::Error::BuildNetwork { .. }) => return Ok(Tried::Failed),
            Err(fault) => return Err(fault),
        };
        let judged = pair.valid.samples().take(pair.valid.rows());
        let forecasts = &match model.predict(judged.panel()) {
            Err(learn::Error::Forecast { .. }) => return Ok(Tried::Failed),
            said => said?,
        };
        let targets = judged.targets();
        losses.push(Scored { forecasts, targets, reading: &reading }.loss()?);
        let last = number + 1 == total;
        let step = FIRST_STEP + number as u32;
        if run.report(step, mean(&losses)) == Flow::Stop && !last {
            return Ok(Tried::Pruned);
        }
    }
    Ok(Tried::Value(mean(&losses)))
}

/// Passes the progress of a search on.
struct Told<'a> {
    progress: &'a dyn crate::Progress,
}

impl search::Progress for Told<'_> {
    fn step(&self, _done: usize, _total: usize, note: &str) {
        self.progress.step();
        self.progress.note(note);
    }
}

/// Settings of a trial as text, for people.
pub fn settings_of(trial: &Trial) -> BTreeMap<String, String> {
    let text = |value: &search::Value| match value {
        search::Value::Float(number) => format!("{number:.6}"),
        search::Value::Int(number) => number.to_string(),
        search::Value::Choice(name) => name.clone(),
    };
    trial.params.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}
