//! `trimtab evaluate`: a kept model on rows it has not seen.

use std::path::Path;

use pipeline::modelling::judging::Asker;
use pipeline::modelling::{Judged, evaluate, open_held_out};
use serde::Serialize;
use store::{Clock as _, MachineClock};

use super::{Asked, chances, show};
use crate::cli::modelling::EvaluateArgs;
use crate::failure::Failure;
use crate::terminal::{Bar, Terminal};

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
    place: (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let Asked { store, kept, rows, own: held_out } =
        Asked::open("evaluate", (&args.kept, &args.rows), place)?;
    let bar = Bar::new(terminal);
    let judged = match held_out {
        false => evaluate(&kept, &rows, &bar)?,
        true => {
            let by = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
            let asker = Asker { by, at: MachineClock.now() };
            open_held_out(&kept, &rows, asker, (&store, &bar))?
        }
    };
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
        chances::judged(&judged, args.stakes),
    );
    terminal.answer(&answer, text)
}
