//! Steps 1 to 4: what is there, what was found in it, what the models think of that.

use base::{Panel, RowKey};
use books::breakout::{Candidate, find};
use features::Setup;
use learn::Model as _;
use market::{InstrumentId, Side};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Score, Signal, Tx};

use crate::day::desk::Numbers;
use crate::day::{BOOK, LAST_DAY, Scoring, Sending, Walk};
use crate::history::History as _;
use crate::lake_history::LakeHistory;
use crate::{Error, models};

/// What the first step found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Downloaded {
    pub(crate) data_version: String,
    /// Recorded or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<report::provenance::Origin>,
    pub(crate) stocks: usize,
    pub(crate) with_last_bar: usize,
}

/// A setup of the last session, with its features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) symbol: String,
    pub(crate) setup: Setup,
    /// Values of the side's features; absent where there is none.
    pub(crate) row: Vec<Option<f64>>,
}

impl Found {
    pub(crate) fn id(&self) -> String {
        format!("{}/{}/{}", self.setup.day, self.symbol, self.setup.side)
    }
}

/// 1. The data are there up to the last session; their version is on record.
pub(crate) fn download(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<(Downloaded, Vec<String>), Error> {
        let history = walk.history()?;
        let count = history.count();
        let current: Vec<bool> = (0..count)
            .into_par_iter()
            .map(|place| {
                let stock = history.stock(place)?;
                Ok(stock.candles.last().is_some_and(|last| last.day == walk.previous.day))
            })
            .collect::<Result<_, Error>>()?;
        let with_last_bar = current.iter().filter(|is| **is).count();
        if with_last_bar == 0 {
            return Err(Error::FindBars { stocks: count, previous: walk.previous.day });
        }
        let symbols = (0..count).map(|at| history.symbol(InstrumentId(at as u32)).to_owned());
        let (data_version, origin) = (history.data_version(), Some(history.origin()));
        let found = Downloaded { data_version, origin, stocks: count, with_last_bar };
        Ok((found, symbols.collect()))
    };
    let keep = |tx: &Tx<'_>, (found, symbols): (Downloaded, Vec<String>)| {
        Numbers::extend(tx, symbols.iter().map(String::as_str))?;
        if walk.request.sending != Sending::DryRun {
            tx.set(LAST_DAY, walk.request.session.to_string().into())?;
        }
        Ok::<Downloaded, Error>(found)
    };
    walk.store.prepared_step(&walk.key("download"), &walk.inputs(), look, keep)?;
    Ok(())
}

/// 2. Features of every setup of the last session, by the same calculators as in training.
pub(crate) fn features(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<Vec<Found>, Error> {
        let history = walk.history()?;
        walk.progress.begin("features", history.count() as u64);
        let found: Vec<Vec<Found>> = (0..history.count())
            .into_par_iter()
            .map(|place| {
                let found = last_setups(walk, history, place);
                walk.progress.step();
                found
            })
            .collect::<Result<_, Error>>()?;
        walk.progress.end();
        Ok(found.into_iter().flatten().collect())
    };
    walk.store.prepared_step(&walk.key("features"), &walk.inputs(), look, |_, found| {
        Ok::<Vec<Found>, Error>(found)
    })?;
    Ok(())
}

fn last_setups(walk: &Walk<'_>, history: &LakeHistory, place: usize) -> Result<Vec<Found>, Error> {
    let stock = history.stock(place)?;
    let found = find(&stock, history.context(), &walk.request.config)?;
    let last = found.into_iter().filter(|candidate| candidate.setup.day == walk.previous.day);
    let kept = last.map(|Candidate { setup, row, .. }| Found {
        symbol: history.symbol(stock.instrument).to_owned(),
        setup,
        row: row.into_iter().map(|value| value.is_finite().then_some(value)).collect(),
    });
    Ok(kept.collect())
}

pub(crate) fn found(walk: &Walk<'_>) -> Result<Vec<Found>, Error> {
    let record = walk.store.read(|tx| tx.step_record(&walk.key("features")))?;
    let output = record.map(|record| record.output).unwrap_or_default();
    if output.is_null() {
        return Ok(Vec::new());
    }
    serde_json::from_value(output).map_err(Error::ReadAccount)
}

/// 3. The setups become signals.
pub(crate) fn scan(walk: &Walk<'_>) -> Result<(), Error> {
    let found = found(walk)?;
    walk.store.step(&walk.key("scan"), &walk.inputs(), |tx| {
        let signal = |one: &Found| -> Result<Signal, Error> {
            Ok(Signal {
                id: one.id(),
                day: walk.previous.day,
                book: BOOK.to_owned(),
                symbol: one.symbol.clone(),
                payload: serde_json::to_value(&one.setup).map_err(Error::ReadAccount)?,
            })
        };
        let signals = found.iter().map(signal).collect::<Result<Vec<_>, Error>>()?;
        tx.set_signals_of_day(walk.previous.day, BOOK, &signals)?;
        Ok::<usize, Error>(found.len())
    })?;
    Ok(())
}

/// 4. The newest model of each side says what it thinks of them.
pub(crate) fn score(walk: &Walk<'_>) -> Result<(), Error> {
    let found = found(walk)?;
    let look = || -> Result<Vec<Score>, Error> {
        let mut scores = Vec::new();
        for side in [Side::Long, Side::Short] {
            let of_side: Vec<&Found> = found.iter().filter(|f| f.setup.side == side).collect();
            let model = models::newest(walk.store, side)?;
            let Some(model) = model.filter(|_| walk.request.scoring == Scoring::Model) else {
                if walk.request.scoring == Scoring::Model && !of_side.is_empty() {
                    return Err(Error::FindModel { side });
                }
                continue;
            };
            if of_side.is_empty() {
                continue;
            }
            let panel = panel(side, &of_side)?.select(model.classifier.features());
            let confidences =
                model.classifier.predict_proba(&panel.map_err(books::Error::from)?)?;
            scores.extend(of_side.iter().zip(confidences).map(|(one, confidence)| Score {
                signal: one.id(),
                model: models::name(side),
                model_version: model.version.clone(),
                score: confidence.get(),
                payload: json!({"study_found_an_edge": model.has_edge}),
            }));
        }
        Ok(scores)
    };
    walk.store.prepared_step(&walk.key("score"), &walk.inputs(), look, |tx, scores| {
        for score in &scores {
            tx.put_score(score)?;
        }
        Ok::<usize, Error>(scores.len())
    })?;
    Ok(())
}

fn panel(side: Side, found: &[&Found]) -> Result<Panel, Error> {
    let names: &[&str] = match side {
        Side::Long => &features::breakout::LONG,
        Side::Short => &features::breakout::SHORT,
    };
    let mut panel = Panel::new(names.iter().copied());
    for (number, one) in found.iter().enumerate() {
        let row: Vec<f64> = one.row.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let key = RowKey { at: one.setup.day.plus(1).start(), id: number as u32 };
        panel.push(key, &row).map_err(books::Error::from)?;
    }
    Ok(panel)
}
