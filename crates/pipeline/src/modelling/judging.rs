//! Judging a kept model: on the held-out rows, once and on record, or on rows of any other origin.

use base::{Seed, Ts};
use learn::calibrate::Reliability;
use learn::score::{Scored, Sheet};
use learn::split::{Opening, hold_out};
use learn::{Model as _, Samples};
use serde::{Deserialize, Serialize};
use store::Store;

use super::{Kept, Labelled, blocks};
use crate::Error;
use crate::vault::StoreVault;

/// Buckets of the reliability curve.
const BUCKETS: usize = 10;

/// What a model scores on some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Figures with intervals, beside blind guessing.
    pub sheet: Sheet,
    /// First instant of a row, and the last one at which a target was known.
    pub period: (Ts, Ts),
    /// Whether probabilities came true, where the model gives them.
    pub reliability: Option<Reliability>,
    /// How often other experiments opened the same held-out rows before; absent for other rows.
    pub openings_by_others: Option<usize>,
    /// True when the result was on record and the held-out rows stayed locked.
    pub from_record: bool,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// Who opens held-out rows, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub by: String,
    /// When, told by the caller.
    pub at: Ts,
}

/// Judges a model on rows that are not its own.
pub fn evaluate(kept: &Kept, labelled: &Labelled) -> Result<Judged, Error> {
    let mut judged = judge(kept, &labelled.samples, labelled.is_timed())?;
    judged.notes.clone_from(&labelled.notes);
    let Some(card) = kept.card() else {
        let told = "it was trained elsewhere: nothing says which rows it learned from";
        judged.notes.push(told.to_owned());
        return Ok(judged);
    };
    let starts = labelled.samples.spans().iter().map(|span| span.starts);
    let learnt = starts.filter(|at| *at <= card.period.1).count();
    let same = labelled.samples.digest() == card.data;
    if same || (learnt > 0 && labelled.is_timed()) {
        let rows = labelled.samples.len();
        judged.notes.push(format!(
            "{learnt} of {rows} rows lie in the time that the model learned from; what it scores \
             there flatters it. `evaluate NAME` without rows opens the held-out ones"
        ));
    }
    Ok(judged)
}

/// Judges a model on its held-out rows. A second time gives what is on record.
pub fn open_held_out(
    kept: &Kept,
    labelled: &Labelled,
    asker: Asker,
    store: &Store,
) -> Result<Judged, Error> {
    let Some(card) = kept.card() else {
        return Err(Error::FindHeldOut { name: kept.name.clone() });
    };
    if labelled.samples.digest() != card.data {
        return Err(Error::ChangeRows { name: kept.name.clone() });
    }
    if card.held_out_rows == 0 {
        return Err(Error::FindHeldOut { name: kept.name.clone() });
    }
    let (_, held_out) = hold_out(&labelled.samples, card.held_out_share, card.embargo)?;
    let opening = Opening {
        experiment: format!("model/{}", kept.name),
        by: asker.by,
        at: asker.at,
        subject: kept.digest.clone(),
    };
    let mut log = StoreVault { store, seed: card.learner.seed.number() };
    let timed = labelled.is_timed();
    let opened = held_out.open(opening, &mut log, |samples| {
        judge(kept, samples, timed).map_err(|fault| match fault {
            Error::Learn(fault) => fault,
            other => learn::Error::Measure { what: other.to_string() },
        })
    })?;
    let (mut judged, others) = (opened.result, opened.openings_by_others);
    judged.openings_by_others = Some(others);
    judged.from_record = opened.from_record;
    if others > 0 {
        judged.notes.push(format!(
            "other experiments have opened these rows {others} times; each look makes luck likelier"
        ));
    }
    Ok(judged)
}

fn judge(kept: &Kept, samples: &Samples, timed: bool) -> Result<Judged, Error> {
    let forecasts = kept.model.predict(samples.panel())?;
    let reading = kept.reading();
    let scored = Scored { forecasts: &forecasts, targets: samples.targets(), reading: &reading };
    let plan = blocks(samples, timed, Seed::root(0).child("judged"));
    let reliability = match samples.targets() {
        learn::Targets::Wins(wins) => {
            let probs = kept.model.predict_proba(samples.panel())?;
            Some(Reliability::measure(&probs, wins, BUCKETS)?)
        }
        _ => None,
    };
    Ok(Judged {
        sheet: scored.sheet(plan)?,
        period: samples.period(),
        reliability,
        openings_by_others: None,
        from_record: false,
        notes: Vec::new(),
    })
}
