//! Training: epochs of shuffled batches, watched on the last rows.

use std::cmp::Ordering;
use std::ops::Range;

use nets::optim::{Stopping, Verdict};
use nets::real::{plain, taken};
use nets::training::{Batch, Regime, Training};
use nets::{Brief, Real};

use super::checkpoint::{Checkpoint, State};
use super::groups;
use super::model::NetworkModel;
use super::shape::{self, Meaning};
use super::{NetworkLearner, Precision};
use crate::scaling::Scaling;
use crate::split::{Fold, Train};
use crate::trees::Flow;
use crate::{Error, Learner, Targets, resuming, watched};

/// What a watcher sees after an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Epochs done.
    pub done: u32,
    /// Epochs in all, unless training ends early.
    pub total: u32,
    /// Mean loss over the epoch's batches, with draws.
    pub train_loss: f64,
    /// Mean loss on the watched rows, without draws; `None` where none are watched.
    pub watched_loss: Option<f64>,
    /// Mean length of the gradient before clipping.
    pub gradient: f64,
}

/// Watches training.
pub struct Watch<'w> {
    /// Called after each epoch; to stop here leaves a checkpoint.
    pub after_epoch: &'w mut dyn FnMut(Epoch) -> Flow,
    /// Where an earlier training ended.
    pub resume: Option<&'w Checkpoint>,
}

/// How training ended.
pub type Ended = crate::Ended<NetworkModel, Checkpoint>;

impl Learner for NetworkLearner {
    type Fitted = NetworkModel;

    fn fit(&self, train: &Fold<'_, Train>) -> Result<NetworkModel, Error> {
        let watch = Watch { after_epoch: &mut |_| Flow::Go, resume: None };
        match self.fit_watched(train, watch)? {
            Ended::Fitted(model) => Ok(*model),
            Ended::Stopped(_) => unreachable!("nobody asked to stop"),
        }
    }
}

impl NetworkLearner {
    /// Trains while a watcher looks on.
    pub fn fit_watched(&self, train: &Fold<'_, Train>, watch: Watch<'_>) -> Result<Ended, Error> {
        self.params.check()?;
        match self.params.precision {
            Precision::Whole => self.fit_in::<f32>(train, watch),
            Precision::Mixed => self.fit_in::<Brief>(train, watch),
        }
    }

    fn fit_in<R: Real>(&self, train: &Fold<'_, Train>, watch: Watch<'_>) -> Result<Ended, Error> {
        let mut work = Work::<R>::new(self, train)?;
        let mut state = match watch.resume {
            Some(checkpoint) => work.resume(checkpoint)?,
            None => State::new(Stopping::new(self.params.patience.max(1), 0.0)),
        };
        while state.epochs < self.params.epochs && !state.tired {
            let epoch = work.epoch(&mut state)?;
            let last = state.epochs == self.params.epochs || state.tired;
            if (watch.after_epoch)(epoch) == Flow::Stop && !last {
                return Ok(Ended::Stopped(work.checkpoint(&state)?));
            }
        }
        Ok(Ended::Fitted(Box::new(work.finish(state)?)))
    }
}

/// Training under way.
struct Work<'a, R> {
    learner: &'a NetworkLearner,
    training: Training<R>,
    scaling: Scaling,
    meaning: Meaning,
    design: nets::net::Design,
    learned: Rows<R>,
    watched: Rows<R>,
    /// What is shuffled: rows, or groups of rows that are put in order.
    units: Vec<Range<usize>>,
    /// Rows of the largest batch.
    batch_rows: usize,
    /// What is done otherwise than the settings say.
    notes: Vec<String>,
    /// Digest of rows and settings, so that a checkpoint resumes nothing else.
    problem: String,
}

/// Rows as the network reads them.
struct Rows<R> {
    x: Vec<R>,
    target: Vec<R>,
    weights: Vec<R>,
    count: usize,
}

impl<'a, R: Real> Work<'a, R> {
    fn new(learner: &'a NetworkLearner, train: &Fold<'_, Train>) -> Result<Work<'a, R>, Error> {
        let params = &learner.params;
        let samples = train.samples();
        let (mut learned, mut watched) = watched::cut("network", train, params.watched_share)?;
        check_targets(samples.targets(), train.rows())?;
        let units = groups::gather(samples.targets(), &mut learned);
        groups::gather(samples.targets(), &mut watched);
        groups::check(samples.targets(), &learned, &units)?;
        let scaling = Scaling::of(samples.panel(), &learned, params.missing)?;
        let (design, meaning) = shape::fit(&params.design, scaling.width(), samples.targets())?;
        let network = design.build::<R>().map_err(|source| Error::BuildNetwork { source })?;
        let targets = network.loss.targets();
        let gather = |rows: &[usize]| -> Result<Rows<R>, Error> {
            let x = scaling.apply(samples.panel(), rows)?;
            let target = targets_of(samples.targets(), rows, (&x, targets))?;
            let weight = |row: &usize| R::of(samples.weights()[*row]);
            let weights = rows.iter().map(weight).collect();
            Ok(Rows { x: taken(&x), target: taken(&target), weights, count: rows.len() })
        };
        let (learned, watched) = (gather(&learned)?, gather(&watched)?);
        let largest = units.iter().map(Range::len).max().unwrap_or(1);
        let batch_rows = params.batch.min(learned.count).max(largest);
        let notes = note_of_batch(params.batch, batch_rows).into_iter().collect();
        // A shard must not cut a group.
        let shard_rows = if largest > 1 { batch_rows } else { params.shard_rows.min(batch_rows) };
        let regime = Regime {
            optimiser: params.optimiser,
            clip: params.clip,
            shard_rows,
            batch_rows,
            seed: learner.seed.child("network"),
        };
        let problem = resuming::problem(learner, train)?;
        let training = Training::new(network, regime);
        Ok(Work {
            learner,
            training,
            scaling,
            meaning,
            design,
            learned,
            watched,
            units,
            batch_rows,
            notes,
            problem,
        })
    }

    /// One pass over the rows in an order of its own.
    fn epoch(&mut self, state: &mut State) -> Result<Epoch, Error> {
        let params = &self.learner.params;
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        self.learner.seed.child("order").index(u64::from(state.epochs)).shuffle(&mut order);
        let batches = groups::batches(&self.units, &order, self.batch_rows);
        let all = batches.len() as u64 * u64::from(params.epochs);
        let (mut loss, mut gradient) = (0.0, 0.0);
        let mut rows = Rows { x: Vec::new(), target: Vec::new(), weights: Vec::new(), count: 0 };
        for chunk in &batches {
            self.learned.pick(chunk, &mut rows);
            let rate = params.schedule.at(self.training.descent().steps(), all);
            let batch = Batch { x: &rows.x, target: &rows.target, weights: Some(&rows.weights) };
            let found = self.training.step(batch, rate);
            let found = found.map_err(|source| Error::BuildNetwork { source })?;
            loss += found.loss * chunk.len() as f64;
            gradient += found.gradient * chunk.len() as f64;
        }
        let share = 1.0 / self.learned.count as f64;
        state.epochs += 1;
        let watched_loss = (self.watched.count > 0).then(|| {
            let Rows { x, target, weights, .. } = &self.watched;
            self.training.loss(Batch { x, target, weights: Some(weights) })
        });
        if let Some(loss) = watched_loss {
            match state.stopping.judge(loss) {
                Verdict::Best => {
                    state.best = plain(self.training.weights());
                    state.best_epoch = state.epochs;
                }
                Verdict::Go => {}
                Verdict::Stop => state.tired = true,
            }
        }
        let (train_loss, gradient) = (loss * share, gradient * share);
        let (done, total) = (state.epochs, params.epochs);
        Ok(Epoch { done, total, train_loss, watched_loss, gradient })
    }

    fn checkpoint(&self, state: &State) -> Result<Checkpoint, Error> {
        Checkpoint::of(&self.training, state, &self.problem)
    }

    fn resume(&mut self, checkpoint: &Checkpoint) -> Result<State, Error> {
        checkpoint.restore(&mut self.training, &self.problem)
    }

    /// The model, unless its weights or what it says of the rows it learned from ran away: the
    /// loss of a step is looked at before the step, so that the last one is seen here alone.
    fn finish(self, state: State) -> Result<NetworkModel, Error> {
        let weights = match state.best.is_empty() {
            true => plain(self.training.weights()),
            false => state.best,
        };
        let watched_loss = state.stopping.best();
        let steps = self.training.descent().steps();
        let exploded = |what, value: &f32| {
            let source = nets::Error::exploded(what, f64::from(*value), steps);
            Err(Error::BuildNetwork { source })
        };
        if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
            return exploded("a weight", weight);
        }
        let network = self.design.build().map_err(|source| Error::BuildNetwork { source })?;
        let learned = (network, weights);
        let best_epoch = if state.best_epoch > 0 { state.best_epoch } else { state.epochs };
        let model = NetworkModel::new(self.design, learned, self.scaling, self.meaning)
            .with_record(state.epochs, best_epoch, watched_loss)
            .with_notes(self.notes);
        let said = model.outputs(&plain(&self.learned.x));
        match said.values().iter().find(|value| !value.is_finite()) {
            Some(output) => exploded("an output", output),
            None => Ok(model),
        }
    }
}

impl<R: Real> Rows<R> {
    fn pick(&self, rows: &[usize], to: &mut Rows<R>) {
        let (wide, high) = (self.x.len() / self.count, self.target.len() / self.count);
        to.x.clear();
        to.target.clear();
        to.weights.clear();
        for row in rows {
            to.x.extend_from_slice(&self.x[row * wide..(row + 1) * wide]);
            to.target.extend_from_slice(&self.target[row * high..(row + 1) * high]);
            to.weights.push(self.weights[*row]);
        }
    }
}

/// What is to be said of a batch that is not as large as it was asked to be.
fn note_of_batch(asked: usize, made: usize) -> Option<String> {
    match asked.cmp(&made) {
        Ordering::Equal => None,
        Ordering::Greater => Some(format!(
            "a batch of {asked} rows was asked for, and {made} are learned from: each step takes \
             them all"
        )),
        Ordering::Less => Some(format!(
            "a batch of {asked} rows was asked for, and the largest group has {made}: batches \
             grew to hold it"
        )),
    }
}

/// Refuses one class alone.
fn check_targets(targets: &Targets, rows: &[usize]) -> Result<(), Error> {
    let classes = matches!(targets, Targets::Wins(_) | Targets::Classes { .. });
    let first = rows.first().map(|row| targets.number(*row));
    if classes && rows.iter().all(|row| Some(targets.number(*row)) == first) {
        let what =
            format!("all {} training rows are of one class; nothing to tell apart", rows.len());
        return Err(Error::Fit { model: "network", what });
    }
    Ok(())
}

/// Targets as the loss reads them: those given, then the inputs where the loss asks for more.
fn targets_of(
    targets: &Targets,
    rows: &[usize],
    (x, width): (&[f32], usize),
) -> Result<Vec<f32>, Error> {
    let given = targets.width();
    let wide = x.len() / rows.len().max(1);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    if let Targets::Ranks { .. } = targets {
        return Ok(groups::targets(targets, rows));
    }
    if width != given && width != given + wide {
        let what = format!("the network asks for {width} targets a row; there are {given}");
        return Err(Error::Fit { model: "network", what });
    }
    let mut out = Vec::with_capacity(rows.len() * width);
    for (row, x) in rows.iter().zip(x.chunks_exact(wide)) {
        out.extend((0..given).map(|at| targets.value(*row, at) as f32));
        if width > given {
            out.extend_from_slice(x);
        }
    }
    Ok(out)
}
