//! Judging a kept model: on the held-out rows, once and on record, or on rows of any other origin.

use base::bootstrap::Plan;
use base::{Prob, Seed, Ts};
use learn::calibrate::Reliability;
use learn::score::{Scored, Sheet, ThresholdLine};
use learn::split::{Opening, hold_out};
use learn::trees::Flow;
use learn::{Forecasts, Model as _, Samples, Targets};
use serde::{Deserialize, Serialize};
use store::Store;

use super::chances::{BUCKETS, swept};
use super::disagreement::{self, Disagreement};
use super::{Kept, Labelled, blocks, flow, unless_stopped};
use crate::vault::StoreVault;
use crate::{Error, Progress};

/// Rows that are forecast between two looks at whether somebody wants it to stop.
const TOGETHER: usize = 4096;

/// What a model scores on some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Figures with intervals, beside blind guessing.
    pub sheet: Sheet,
    /// First instant of a row, and the last one at which a target was known.
    pub period: (Ts, Ts),
    /// Whether probabilities came true, where the model gives them.
    pub reliability: Option<Reliability>,
    /// What each threshold would have called, where the model gives chances of a win.
    #[serde(default)]
    pub sweep: Option<Vec<ThresholdLine>>,
    /// How much members disagree, where the model is an average.
    #[serde(default)]
    pub disagreement: Option<Disagreement>,
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

/// Judges a model on rows that are not its own. A stopped work ends with [`Error::Stopped`].
pub fn evaluate(
    kept: &Kept,
    labelled: &Labelled,
    progress: &dyn Progress,
) -> Result<Judged, Error> {
    let rows = (&labelled.samples, labelled.is_timed());
    let mut judged = judge(kept, rows, progress).map_err(unless_stopped)?;
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

/// Judges a model on its held-out rows. A second time gives what is on record; where the first was
/// stopped, it is done.
pub fn open_held_out(
    kept: &Kept,
    labelled: &Labelled,
    asker: Asker,
    (store, progress): (&Store, &dyn Progress),
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
    let judging = |samples: &Samples| judge(kept, (samples, timed), progress);
    let opened = held_out.open(opening, &mut log, judging).map_err(unless_stopped)?;
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

fn judge(
    kept: &Kept,
    (samples, timed): (&Samples, bool),
    progress: &dyn Progress,
) -> Result<Judged, learn::Error> {
    let rows: Vec<usize> = (0..samples.len()).collect();
    let parts: Vec<&[usize]> = rows.chunks(TOGETHER).collect();
    progress.begin("forecasting", parts.len() as u64);
    let said = forecast(kept, samples, (&parts, progress));
    progress.end();
    let Said { forecasts, probs, apart } = said?;
    let reading = kept.reading();
    let scored = Scored { forecasts: &forecasts, targets: samples.targets(), reading: &reading };
    let plan = blocks(samples, timed, Seed::root(0).child("judged"));
    let (reliability, sweep) = match samples.targets() {
        Targets::Wins(wins) => {
            (Some(Reliability::measure(&probs, wins, BUCKETS)?), Some(swept(&probs, wins)?))
        }
        _ => (None, None),
    };
    let apart_plan = Plan { seed: plan.seed.child("disagreement"), ..plan };
    let disagreement = apart
        .and_then(|apart| disagreement::of(&apart, (&forecasts, samples.targets()), apart_plan));
    // Each figure is taken of all rows, then of each draw.
    progress.begin("drawing intervals", (scored.count()? * (1 + plan.draws)) as u64);
    let go_on = || {
        progress.step();
        flow(progress)
    };
    let sheet = scored.sheet_while(plan, &go_on);
    progress.end();
    Ok(Judged {
        sheet: sheet?,
        period: samples.period(),
        reliability,
        sweep,
        disagreement,
        openings_by_others: None,
        from_record: false,
        notes: Vec::new(),
    })
}

/// What a model says of some rows.
struct Said {
    forecasts: Forecasts,
    /// Probabilities, where the targets are wins.
    probs: Vec<Prob>,
    /// How much members disagree, where the model is an average.
    apart: Option<Vec<f64>>,
}

/// What the model says of these parts of the rows, one after the other.
fn forecast(
    kept: &Kept,
    samples: &Samples,
    (parts, progress): (&[&[usize]], &dyn Progress),
) -> Result<Said, learn::Error> {
    let (mut outputs, mut values, mut probs) = (1, Vec::new(), Vec::new());
    let mut apart: Option<Vec<f64>> = None;
    for (done, part) in parts.iter().enumerate() {
        if flow(progress) == Flow::Stop {
            let total = parts.len();
            return Err(learn::Error::Stopped { done, total, unit: "parts of the rows" });
        }
        let panel = samples.panel().take(part);
        let said = kept.model.predict(&panel)?;
        outputs = said.outputs();
        values.extend_from_slice(said.values());
        if matches!(samples.targets(), Targets::Wins(_)) {
            probs.extend(kept.model.predict_proba(&panel)?);
        }
        let disagreed = kept.model.own().map(|model| model.disagreement(&panel)).transpose()?;
        if let Some(part) = disagreed.flatten() {
            apart.get_or_insert_default().extend(part);
        }
        progress.step();
    }
    Ok(Said { forecasts: Forecasts::new(outputs, values), probs, apart })
}
