//! Training: walk forward to know how good it is, then learn from all that is not held out.
//!
//! The work is a row of fits. Each leaves its model on a shelf under the key of the whole job, and
//! the one under way leaves a checkpoint, when it is asked to stop and every so often. The same
//! job run again finds them and goes on; another job finds nothing.

use std::io;

use base::{Digest, Seed, Span, Ts};
use learn::calibrate::{Calibration, Curve};
use learn::family::{Calibrated, FamilyEnded, FamilyLearner, FamilyWatch, Step, Trained};
use learn::score::{Scored, Sheet};
use learn::split::{Fold, Train, WalkWindow, everything, hold_out, walk_forward};
use learn::trees::Flow;
use learn::{Forecasts, Model as _, Samples, Targets};
use store::Store;

use super::chances::{Chances, mend};
use super::keeping::{self, AnyModel, Card, Kept, Origin};
use super::{Labelled, Source, blocks};
use crate::{Error, Progress};

/// What is trained, on what, how.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Name of the model.
    pub name: String,
    /// Family, settings, seed.
    pub learner: FamilyLearner,
    /// Where the rows came from, for the record.
    pub source: Source,
    /// Steps of walking forward; 0 tells nothing of how good the model is.
    pub folds: usize,
    /// Share of rows held out, the latest ones.
    pub held_out_share: f64,
    /// Time kept empty between learning and judging.
    pub embargo: Span,
    /// The curve that makes chances come true, fitted on forecasts of walking forward; none where
    /// they are taken as they are.
    pub calibrate: Option<Curve>,
    /// The search that chose the settings, and how many trials it ran.
    pub search: Option<(String, usize)>,
    /// Revision of the code, for the record.
    pub code_revision: String,
    /// When, told by the caller.
    pub at: Ts,
}

/// Keeps the parts of a job under way where a killed process leaves them.
pub trait Shelf: Sync {
    /// What lies there; nothing where nothing does.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// True where something lies there.
    fn has(&self, name: &str) -> bool;

    /// Puts it there, whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Takes it away; it need not be there.
    fn remove(&self, name: &str);
}

/// What training needs from outside.
pub struct Ports<'a> {
    /// Where models are kept.
    pub store: &'a Store,
    /// Where checkpoints are kept until the job is done.
    pub shelf: &'a dyn Shelf,
    /// Who is told, and may ask to stop.
    pub progress: &'a dyn Progress,
    /// True when so much time has passed that a checkpoint should be written.
    pub is_due: &'a (dyn Fn() -> bool + Sync),
}

/// A trained model and what walking forward found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The model, kept.
    pub kept: Kept,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// Trains, or goes on training. A stopped one ends with [`Error::Stopped`].
pub fn train(labelled: &Labelled, job: &Job, ports: &Ports<'_>) -> Result<Outcome, Error> {
    job.learner.family.check()?;
    check_calibration(labelled, job)?;
    let (development, held_out) = hold_out(&labelled.samples, job.held_out_share, job.embargo)?;
    let work = Work::open(labelled, job, ports)?;
    let mut notes = labelled.notes.clone();
    // Nothing can be learnt from a column that has no value before the held-out rows.
    let (development, blank) = development.available()?;
    if !blank.is_empty() {
        notes.push(format!("left out, for they have no value: {}", blank.join(", ")));
    }
    let news = work.news();
    let walk = work.walk(&development, labelled.is_timed())?;
    let fit = Fit { number: job.folds, label: "learning from all" };
    let model = work.fit(&everything(&development), fit)?;
    let mended = model.notes();
    let on_the_way = walk.notes.into_iter().filter(|(_, note)| !mended.contains(note));
    notes.extend(on_the_way.map(|(label, note)| format!("{label}: {note}")));
    notes.extend(mended);
    let card = Card {
        learner: job.learner.clone(),
        source: job.source.clone(),
        roles: labelled.roles.clone(),
        data: labelled.samples.digest(),
        rows: development.len(),
        period: development.period(),
        held_out_share: job.held_out_share,
        held_out_rows: held_out.len(),
        embargo: job.embargo,
        folds: job.folds,
        walked: walk.sheet,
        chances: walk.chances,
        search: job.search.clone(),
        notes: notes.clone(),
        code_revision: job.code_revision.clone(),
        created: job.at,
    };
    let model = match walk.calibration {
        None | Some(Calibration::None) => model,
        Some(curve) => Trained::Calibrated(Box::new(Calibrated::new(model, curve)?)),
    };
    let (origin, model) = (Origin::Trained(Box::new(card)), AnyModel::Own(model));
    let kept = keeping::keep(ports.store, &job.name, origin, model, job.at)?;
    work.close();
    notes.extend(news);
    Ok(Outcome { kept, notes })
}

/// Refuses a calibration for which there is nothing to fit it on.
fn check_calibration(labelled: &Labelled, job: &Job) -> Result<(), Error> {
    let refuse = |what: &str| Err(learn::Error::Measure { what: what.to_owned() }.into());
    match (job.calibrate, labelled.samples.targets()) {
        (None, _) => Ok(()),
        (Some(_), _) if job.folds == 0 => {
            refuse("a curve is fitted on forecasts of walking forward; ask for --folds 1 or more")
        }
        (Some(_), Targets::Wins(_)) => Ok(()),
        (Some(_), _) => refuse("only chances of a win can be calibrated; the target is another"),
    }
}

/// What walking forward found.
#[derive(Default)]
struct Walked {
    sheet: Option<Sheet>,
    chances: Option<Chances>,
    calibration: Option<Calibration>,
    /// Notes, with the steps they are of.
    notes: Vec<(String, String)>,
}

/// One of the fits of a job.
#[derive(Debug, Clone, Copy)]
struct Fit<'a> {
    number: usize,
    label: &'a str,
}

/// A job under way.
struct Work<'a> {
    job: &'a Job,
    ports: &'a Ports<'a>,
    key: String,
}

impl<'a> Work<'a> {
    fn open(labelled: &Labelled, job: &'a Job, ports: &'a Ports<'a>) -> Result<Work<'a>, Error> {
        let shape = (job.folds, job.held_out_share, job.embargo);
        let all = (&job.learner, labelled.samples.digest(), shape);
        let text = serde_json::to_vec(&all).map_err(Error::WriteCard)?;
        Ok(Work { job, ports, key: Digest::of(&text).short().to_owned() })
    }

    /// What an earlier run of the same job left.
    fn news(&self) -> Option<String> {
        let shelf = self.ports.shelf;
        let done = (0..=self.job.folds).filter(|fit| shelf.has(&self.model(*fit))).count();
        let begun = (0..=self.job.folds).any(|fit| shelf.has(&self.checkpoint(fit)));
        let word = if begun { ", and one was under way" } else { "" };
        (done > 0 || begun).then(|| {
            let all = self.job.folds + 1;
            format!("going on from an earlier run: {done} of {all} fits were done{word}")
        })
    }

    fn model(&self, fit: usize) -> String {
        format!("{}-fit-{fit}.model", self.key)
    }

    fn checkpoint(&self, fit: usize) -> String {
        format!("{}-fit-{fit}.checkpoint", self.key)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let read = self.ports.shelf.read(name);
        read.map_err(|source| Error::ReadShelf { name: name.to_owned(), source })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.ports.shelf.write(name, bytes).map_err(|source| Error::shelve(name, source))
    }

    /// What forecasts of each block of time score, by a model of what came before it, calibrated
    /// where that is asked for; and what was mended to train those models, by step.
    fn walk(&self, development: &Samples, timed: bool) -> Result<Walked, Error> {
        let mut found = Walked::default();
        if self.job.folds == 0 {
            return Ok(found);
        }
        let window = WalkWindow::Expanding;
        let pairs = walk_forward(development, self.job.folds, window, self.job.embargo)?;
        let (mut rows, mut values, mut outputs) = (Vec::new(), Vec::new(), 1);
        let mut probs = Vec::new();
        for (number, pair) in pairs.iter().enumerate() {
            let label = format!("step {} of {}", number + 1, pairs.len());
            let model = self.fit(&pair.train, Fit { number, label: &label })?;
            found.notes.extend(model.notes().into_iter().map(|note| (label.clone(), note)));
            let panel = pair.valid.panel();
            let forecasts = model.predict(&panel)?;
            if matches!(development.targets(), Targets::Wins(_)) {
                probs.extend(model.predict_proba(&panel)?);
            }
            outputs = forecasts.outputs();
            values.extend_from_slice(forecasts.values());
            rows.extend_from_slice(pair.valid.rows());
        }
        let judged = development.take(&rows);
        let plan = blocks(&judged, timed, Seed::root(0).child("walked"));
        if let Targets::Wins(wins) = judged.targets() {
            let (curve, mended, chances) = mend((&probs, wins), self.job.calibrate, plan)?;
            if curve.is_some() {
                (outputs, values) = (1, mended.iter().map(|prob| prob.get() as f32).collect());
            }
            (found.calibration, found.chances) = (curve, Some(chances));
        }
        let forecasts = Forecasts::new(outputs, values);
        let reading = self.job.learner.family.reading();
        let scored = Scored { forecasts: &forecasts, targets: judged.targets(), reading: &reading };
        found.sheet = Some(scored.sheet(plan)?);
        Ok(found)
    }

    /// One fit, from the start or from where it was left.
    fn fit(&self, train: &Fold<'_, Train>, fit: Fit<'_>) -> Result<Trained, Error> {
        let (done, file) = (self.model(fit.number), self.checkpoint(fit.number));
        if let Some(bytes) = self.read(&done)? {
            return Ok(Trained::from_bytes(&bytes)?);
        }
        let mut checkpoint = self.read(&file)?;
        let mut begun = false;
        loop {
            match self.sitting(train, (fit.label, &mut begun), checkpoint.as_deref())? {
                FamilyEnded::Fitted(model) => {
                    self.ports.progress.end();
                    self.write(&done, &model.to_bytes()?)?;
                    self.ports.shelf.remove(&file);
                    return Ok(*model);
                }
                FamilyEnded::Stopped(bytes) => {
                    self.write(&file, &bytes)?;
                    if self.is_stopping() {
                        self.ports.progress.end();
                        return Err(Error::Stopped);
                    }
                    checkpoint = Some(bytes);
                }
            }
        }
    }

    /// Trains until it is done, a checkpoint is due, or somebody wants it to stop.
    fn sitting(
        &self,
        train: &Fold<'_, Train>,
        (label, begun): (&str, &mut bool),
        resume: Option<&[u8]>,
    ) -> Result<FamilyEnded, Error> {
        let progress = self.ports.progress;
        let mut after_step = |step: Step| {
            if !std::mem::replace(begun, true) {
                progress.begin(label, u64::from(step.total));
                // What an earlier sitting did.
                (1..step.done).for_each(|_| progress.step());
            }
            progress.step();
            progress.note(&words(step));
            match self.is_stopping() || (self.ports.is_due)() {
                true => Flow::Stop,
                false => Flow::Go,
            }
        };
        let watch = FamilyWatch { after_step: &mut after_step, resume };
        let ended = self.job.learner.fit_watched(train, watch);
        ended.map_err(|fault| match fault {
            learn::Error::ReadCheckpoint { .. } | learn::Error::ReadNetwork { .. } => {
                Error::ReadCheckpoint { key: self.key.clone(), source: Box::new(fault) }
            }
            fault => fault.into(),
        })
    }

    fn is_stopping(&self) -> bool {
        self.ports.progress.stop().load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The job is done and its model kept: nothing is left to go on from.
    fn close(self) {
        for fit in 0..=self.job.folds {
            self.ports.shelf.remove(&self.model(fit));
            self.ports.shelf.remove(&self.checkpoint(fit));
        }
    }
}

/// The loss so far.
fn words(step: Step) -> String {
    match step.watched_loss {
        Some(watched) => format!("loss {:.5}, watched {watched:.5}", step.train_loss),
        None => format!("loss {:.5}", step.train_loss),
    }
}
