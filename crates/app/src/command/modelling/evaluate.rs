//! `trimtab evaluate`: a kept model on rows it has not seen.

use std::path::Path;

use pipeline::modelling::judging::Asker;
use pipeline::modelling::{Judged, Labelled, evaluate, keeping, open_held_out};
use serde::Serialize;
use store::{Clock as _, MachineClock};

use super::{roles, show, source};
use crate::cli::modelling::EvaluateArgs;
use crate::command::data::lake;
use crate::failure::Failure;
use crate::state;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    version: &'a str,
    held_out: bool,
    #[serde(flatten)]
    judged: &'a Judged,
}

pub(crate) fn run(
    args: &EvaluateArgs,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let (store, lake) = (state::open(home, url)?, lake(home));
    let kept = keeping::find(&store, &args.kept.name, args.kept.version.as_deref())?;
    let told = source(&args.rows);
    let rows = told.clone().or_else(|| kept.card().map(|card| card.source.clone()));
    let Some(rows) = rows else {
        return Err(Failure::new(format!("evaluate {}: it has no rows of its own", kept.name))
            .advise("name a CSV or Parquet file with --target, or ask the lake with --sql"));
    };
    let roles = roles(&args.rows, kept.roles());
    if roles.target.is_empty() {
        return Err(Failure::new("evaluate: no column is named as the target")
            .advise("say which column is foretold with --target"));
    }
    let labelled = Labelled::of(&rows.read(&lake)?, &roles, kept.texts())?;
    let judged = match told {
        Some(_) => evaluate(&kept, &labelled)?,
        None => {
            let by = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
            let asker = Asker { by, at: MachineClock.now() };
            open_held_out(&kept, &labelled, asker, &store)?
        }
    };
    let held_out = told.is_none();
    let (name, version) = (kept.name.as_str(), kept.version.as_str());
    let answer = Answer { name, version, held_out, judged: &judged };
    let what = if held_out { "held-out rows" } else { "rows" };
    let record = if judged.from_record { ", from the record: they open once" } else { "" };
    let text = format!(
        "{}{name} version {version} on {} {what}, {}{record}\n{}{}",
        show::notes(&judged.notes),
        judged.sheet.rows,
        show::period(judged.period),
        show::sheet(&judged.sheet),
        reliability(&judged),
    );
    terminal.answer(&answer, text)
}

/// Whether probabilities came true.
fn reliability(judged: &Judged) -> String {
    let Some(found) = &judged.reliability else { return String::new() };
    format!("\nexpected calibration error {:.4}", found.expected_error)
}
