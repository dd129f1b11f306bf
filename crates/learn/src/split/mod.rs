//! Who may see which rows.
//!
//! A [`Fold`] is rows of some samples with a purpose in its type: models are fitted on
//! `Fold<Train>` and judged on `Fold<Valid>`; no other room can make one, and the functions here
//! only hand out pairs that share no instant. The [`HeldOut`] part owns its rows and gives them
//! out once.

mod folds;
mod held_out;
mod purge;

use std::marker::PhantomData;

use base::Panel;

pub use folds::{CombinatorialPlan, Pair, WalkWindow, combinatorial, k_fold, walk_forward};
pub use held_out::{HeldOut, Opened, Opening, OpeningRecord, VaultLog, VaultMemory};
pub use held_out::{hold_out, open_once};

use crate::samples::Samples;

/// Purpose of rows that a model may learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Train {}

/// Purpose of rows that a model is judged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Valid {}

/// Rows of some samples, for one purpose.
#[derive(Debug, Clone)]
pub struct Fold<'a, Purpose> {
    samples: &'a Samples,
    rows: Vec<usize>,
    purpose: PhantomData<Purpose>,
}

impl<'a, Purpose> Fold<'a, Purpose> {
    fn new(samples: &'a Samples, rows: Vec<usize>) -> Fold<'a, Purpose> {
        Fold { samples, rows, purpose: PhantomData }
    }

    /// The samples the rows belong to.
    pub fn samples(&self) -> &'a Samples {
        self.samples
    }

    /// Which rows of the samples, in order of time.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The features of the rows.
    pub fn panel(&self) -> Panel {
        self.samples.panel().take(&self.rows)
    }

    /// The labels of the rows.
    pub fn labels(&self) -> Vec<bool> {
        self.rows.iter().map(|&row| self.samples.labels()[row]).collect()
    }

    /// The weights of the rows.
    pub fn weights(&self) -> Vec<f64> {
        self.rows.iter().map(|&row| self.samples.weights()[row]).collect()
    }

    /// The same rows of other samples that share rows but not columns. Refused when lengths
    /// differ.
    pub fn over<'b>(&self, samples: &'b Samples) -> Result<Fold<'b, Purpose>, crate::Error> {
        if samples.spans() != self.samples.spans() {
            let what = "the other samples do not have the same rows".to_owned();
            return Err(crate::Error::SplitSamples { what });
        }
        Ok(Fold::new(samples, self.rows.clone()))
    }
}

impl<'a> Fold<'a, Train> {
    /// The fold with some of its rows alone, and others of them to judge training by.
    pub(crate) fn parted(
        &self,
        (learned, watched): (Vec<usize>, Vec<usize>),
    ) -> (Fold<'a, Train>, Fold<'a, Valid>) {
        (Fold::new(self.samples, learned), Fold::new(self.samples, watched))
    }
}

/// All rows for training: what a model for use is fitted on once its settings are chosen.
pub fn everything(samples: &Samples) -> Fold<'_, Train> {
    Fold::new(samples, purge::by_time(samples))
}
