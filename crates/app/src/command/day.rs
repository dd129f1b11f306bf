//! `trimtab day`: the ten steps of a session.

use std::path::Path;

use base::Day;
use market::Cash;
use pipeline::day::{Brake, DayRequest, Scoring, Sending, walk};
use pipeline::lake_history::Parts;
use serde::Serialize;

use super::data::lake;
use super::demo::{read_config, write_whole};
use super::kill::is_pulled;
use crate::cli::{DayArgs, ModeArg};
use crate::failure::Failure;
use crate::state;
use crate::terminal::{Bar, Terminal};

/// What the day answers to programs.
#[derive(Serialize)]
struct Answer {
    session: Day,
    steps: Vec<(String, String)>,
    waiting: Vec<String>,
    report: Option<String>,
}

pub(crate) fn run(
    args: &DayArgs,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let store = state::open(home, url)?;
    let brake = if is_pulled(home, &store)? { Brake::Pulled } else { Brake::Released };
    let cash: Cash = args.cash.parse().map_err(|error| {
        Failure::new(format!("read --cash {}: {error}", args.cash)).advise("write 100000.00")
    })?;
    let request = DayRequest {
        session: args.session,
        parts: Parts {
            stocks: args.stocks.clone(),
            funds: args.funds.clone(),
            volatility: args.volatility.clone(),
            finer: args.finer.clone(),
            days: (Day::MIN, Day::from_number(i32::MAX)),
        },
        config: read_config(args.book_config.as_deref())?,
        sending: match (args.mode, args.unattended) {
            (ModeArg::DryRun, _) => Sending::DryRun,
            (ModeArg::Paper, false) => Sending::Approved,
            (ModeArg::Paper, true) => Sending::Unattended,
        },
        scoring: if args.scanner_only { Scoring::ScannerOnly } else { Scoring::Model },
        brake,
        cash,
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let outcome = walk(&store, &lake(home), &request, &Bar::new(terminal))?;
    let mut text = String::new();
    for step in &outcome.steps {
        text.push_str(&format!("{:<10} {}\n", step.name, word(step)));
    }
    if brake == Brake::Pulled {
        text.push_str("the kill switch is on: nothing was sent; `trimtab kill off` releases it\n");
    }
    for intent in &outcome.waiting {
        text.push_str(&format!("waits for approval: {intent}\n"));
    }
    if !outcome.waiting.is_empty() {
        text.push_str("`trimtab orders approve ID` or `--all`, then the same command again\n");
    }
    let report = match &outcome.page {
        Some(page) => {
            let reports = home.join("reports");
            std::fs::create_dir_all(&reports).map_err(|error| {
                Failure::new(format!("make folder {}: {error}", reports.display()))
            })?;
            let path = reports.join(format!("day-{}.html", args.session));
            write_whole(&path, &page.html())?;
            Some(std::path::absolute(&path).unwrap_or(path).display().to_string())
        }
        None => None,
    };
    text.push_str(report.as_deref().unwrap_or_default());
    let answer = Answer {
        session: args.session,
        steps: outcome.steps.iter().map(|step| (step.name.clone(), word(step))).collect(),
        waiting: outcome.waiting,
        report,
    };
    terminal.answer(&answer, text.trim_end())
}

fn word(step: &store::StepRecord) -> String {
    format!("{:?}", step.state).to_lowercase()
}
