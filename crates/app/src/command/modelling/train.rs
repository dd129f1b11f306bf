//! `trimtab train`: rows into a kept model.

use std::path::Path;

use learn::Model as _;
use learn::score::Sheet;
use pipeline::modelling::{Chances, Outcome, train};
use serde::Serialize;

use super::{Workshop, chances, job, show, write_out};
use crate::cli::modelling::{StakesArgs, TrainArgs};
use crate::command::data::lake;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// What training answers to programs.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) family: String,
    pub(super) data: String,
    pub(super) rows: usize,
    pub(super) held_out_rows: usize,
    pub(super) features: Vec<String>,
    pub(super) walked: Option<Sheet>,
    pub(super) chances: Option<Chances>,
    pub(super) notes: Vec<String>,
}

pub(crate) fn run(
    args: &TrainArgs,
    place: (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let (labelled, job) = job((&args.rows, &args.learn), &lake(place.0))?;
    let outcome = Workshop::open(place, terminal)?.with(|ports| train(&labelled, &job, ports))?;
    write_out(&outcome.kept, args.learn.out.as_deref())?;
    terminal.answer(&answer(&outcome), text(&outcome, args.stakes))
}

pub(super) fn answer(outcome: &Outcome) -> Answer {
    let Outcome { kept, notes } = outcome;
    let card = kept.card();
    Answer {
        name: kept.name.clone(),
        version: kept.version.clone(),
        digest: kept.digest.to_string(),
        family: card.map_or("onnx", |card| card.learner.family.name()).to_owned(),
        data: card.map(|card| card.data.to_string()).unwrap_or_default(),
        rows: card.map_or(0, |card| card.rows),
        held_out_rows: card.map_or(0, |card| card.held_out_rows),
        features: kept.model.features().to_vec(),
        walked: card.and_then(|card| card.walked.clone()),
        chances: card.and_then(|card| card.chances.clone()),
        notes: notes.clone(),
    }
}

pub(super) fn text(outcome: &Outcome, stakes: StakesArgs) -> String {
    let Outcome { kept, notes } = outcome;
    let mut text = show::notes(notes);
    let Some(card) = kept.card() else { return text };
    let many = kept.model.features().len();
    text.push_str(&format!(
        "{} learned from {} rows and {many} columns, {}; {} rows held out; data {}\n",
        card.learner.family.name(),
        card.rows,
        show::period(card.period),
        card.held_out_rows,
        card.data.short()
    ));
    match &card.walked {
        Some(sheet) => text.push_str(&format!(
            "walking forward in {} steps, {} rows judged:\n{}\n",
            card.folds,
            sheet.rows,
            show::sheet(sheet)
        )),
        None => text.push_str("nothing tells how good it is: it did not walk forward\n"),
    }
    if let Some(found) = &card.chances {
        text.push_str(&chances::walked(found, stakes));
    }
    text.push_str(&format!("kept as {} version {}", kept.name, kept.version));
    text
}
