//! `trimtab agents evaluate`: kept agents on bars they have not seen.

use std::path::Path;

use pipeline::agents::{Judged, evaluate, keeping, open_held_out};
use pipeline::modelling::judging::Asker;
use serde::Serialize;
use store::{Clock as _, MachineClock};

use super::{show, wanted};
use crate::cli::agents::AgentsEvaluateArgs;
use crate::command::data::lake;
use crate::failure::Failure;
use crate::state;
use crate::terminal::{Bar, Terminal};

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    version: &'a str,
    held_out: bool,
    symbol: &'a str,
    data: &'a str,
    synthetic: bool,
    costs: Option<books::intraday::Costs>,
    #[serde(flatten)]
    judged: &'a Judged,
}

pub(super) fn run(
    args: &AgentsEvaluateArgs,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let store = state::open(home, url)?;
    let kept = keeping::find(&store, &args.kept.name, args.kept.version.as_deref())?;
    let named = wanted(&args.tape)?;
    let held_out = named.is_none();
    let tape = named.as_ref().unwrap_or(&kept.card.wanted).read(&lake(home))?;
    let bar = Bar::new(terminal);
    let judged = match held_out {
        false => evaluate(&kept, &tape, &bar)?,
        true => {
            let by = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
            let asker = Asker { by, at: MachineClock.now() };
            open_held_out(&kept, &tape, asker, (&store, &bar))?
        }
    };
    let synthetic = tape.origin == lake::Origin::Synthetic;
    let answer = Answer {
        name: &kept.name,
        version: &kept.version,
        held_out,
        symbol: &tape.symbol,
        data: &tape.version,
        synthetic,
        costs: kept.card.market.costs,
        judged: &judged,
    };
    let record = if judged.from_record { ", from the record: they open once" } else { "" };
    let text = format!(
        "{}{}\n{} version {} on {} {}bars of {}{}, {} to {}, of {}{record}\n{}\n{}",
        show::notes(&judged.notes),
        show::heading(&kept.card),
        kept.name,
        kept.version,
        judged.part.bars,
        if held_out { "held-out " } else { "" },
        tape.symbol,
        if synthetic { " (SYNTHETIC)" } else { "" },
        judged.part.from,
        judged.part.to,
        tape.version,
        show::judged(&judged),
        show::verdict(&judged),
    );
    terminal.answer(&answer, text)
}
