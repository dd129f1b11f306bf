//! `trimtab train`: rows into a kept model.

use std::path::Path;

use learn::Model as _;
use learn::score::Sheet;
use pipeline::modelling::{Kept, Outcome, Ports, train};
use serde::Serialize;

use super::shelf::FileShelf;
use super::{Due, job, show, write_file};
use crate::cli::modelling::{LearnArgs, TrainArgs};
use crate::command::data::lake;
use crate::failure::Failure;
use crate::state;
use crate::terminal::{Bar, Terminal};

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
    pub(super) notes: Vec<String>,
}

pub(crate) fn run(
    args: &TrainArgs,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let (labelled, job) = job((&args.rows, &args.learn), &lake(home))?;
    let (store, shelf) = (state::open(home, url)?, FileShelf::open(home)?);
    let (bar, due) = (Bar::new(terminal), Due::new());
    let is_due = || due.is_due();
    let ports = Ports { store: &store, shelf: &shelf, progress: &bar, is_due: &is_due };
    let outcome = train(&labelled, &job, &ports)?;
    give(&outcome, &args.learn, terminal)
}

/// Writes the model where it was asked for, and answers.
fn give(outcome: &Outcome, args: &LearnArgs, terminal: Terminal) -> Result<(), Failure> {
    if let Some(path) = &args.out {
        write_file(path, &outcome.kept.model.to_bytes()?)?;
    }
    let answer = answer(outcome);
    terminal.answer(&answer, text(outcome))
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
        notes: notes.clone(),
    }
}

pub(super) fn text(outcome: &Outcome) -> String {
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
    text.push_str(&kept_as(kept));
    text
}

fn kept_as(kept: &Kept) -> String {
    format!("kept as {} version {}", kept.name, kept.version)
}
