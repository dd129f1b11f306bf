//! A trial under way.

use std::sync::atomic::{AtomicBool, Ordering};

use base::Seed;

use super::pruning::{Pruning, Standing};
use super::space::Params;
use super::trial::{State, Trial};
use crate::Error;
use crate::trees::Flow;

/// How an objective ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The loss.
    Value(f64),
    /// Several losses, each to be made small; the same number in every trial.
    Values(Vec<f64>),
    /// It was told to give up.
    Pruned,
    /// These settings can't be tried; the search goes on and stays away from them.
    Failed,
}

/// The losses of some settings.
pub type Objective<'o> = dyn Fn(&mut Run<'_>) -> Result<Outcome, Error> + Sync + 'o;

/// A trial under way, as its objective sees it.
pub struct Run<'a> {
    /// Its number, from 0.
    pub number: usize,
    /// Settings to try.
    pub params: &'a Params,
    /// Seed for every draw of the trial.
    pub seed: Seed,
    intermediate: Vec<(u32, f64)>,
    watch: &'a Watch<'a>,
}

/// What all trials of a batch look at.
pub(super) struct Watch<'a> {
    /// Trials of earlier batches.
    pub(super) earlier: &'a [Trial],
    pub(super) pruning: Option<Pruning>,
    pub(super) stop: &'a AtomicBool,
    /// Says that a trial is under way.
    pub(super) alive: &'a (dyn Fn(usize) + Sync),
}

impl<'a> Run<'a> {
    pub(super) fn new(number: usize, params: &'a Params, seed: Seed, watch: &'a Watch<'a>) -> Self {
        Run { number, params, seed, intermediate: Vec::new(), watch }
    }

    /// Reports the loss so far, at steps that grow; on [`Flow::Stop`] the objective should return
    /// [`Outcome::Pruned`]. A loss that is no number is not kept; where trials are pruned at all
    /// it is reason to stop.
    pub fn report(&mut self, step: u32, loss: f64) -> Flow {
        (self.watch.alive)(self.number);
        if loss.is_finite() {
            self.intermediate.push((step, loss));
        }
        let Some(pruning) = self.watch.pruning else { return Flow::Go };
        let standing = Standing { number: self.number, reports: &self.intermediate };
        let hopeless = !loss.is_finite() || pruning.gives_up(standing, self.watch.earlier);
        if hopeless { Flow::Stop } else { Flow::Go }
    }

    /// Says within a long step that the trial is under way, so that no other process takes it over;
    /// [`Flow::Stop`] when the whole study was asked to stop.
    pub fn go_on(&self) -> Flow {
        (self.watch.alive)(self.number);
        if self.is_stopping() { Flow::Stop } else { Flow::Go }
    }

    /// True when the whole study was asked to stop; the objective may end with
    /// [`Error::Stopped`].
    pub fn is_stopping(&self) -> bool {
        self.watch.stop.load(Ordering::Relaxed)
    }

    /// The record of the trial. Losses that are no numbers are a failure.
    pub(super) fn ended(self, outcome: Outcome) -> Trial {
        let losses = match outcome {
            Outcome::Value(value) => Ok(vec![value]),
            Outcome::Values(values) => Ok(values),
            Outcome::Pruned => Err(State::Pruned),
            Outcome::Failed => Err(State::Failed),
        };
        let sound = |losses: &Vec<f64>| losses.iter().all(|loss| loss.is_finite());
        let (state, losses) = match losses {
            Ok(losses) if !losses.is_empty() && sound(&losses) => (State::Complete, losses),
            Ok(_) => (State::Failed, Vec::new()),
            Err(state) => (state, Vec::new()),
        };
        Trial {
            number: self.number,
            params: self.params.clone(),
            state,
            value: losses.first().copied(),
            further: losses.into_iter().skip(1).collect(),
            intermediate: self.intermediate,
            seed: self.seed.number(),
        }
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("number", &self.number)
            .field("params", self.params)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
