//! `trimtab day`: the ten steps of a session.

use std::path::Path;

use base::{Day, Span};
use desk::live::Live;
use market::Cash;
use pipeline::day::{Course, DayOutcome, DayRequest, Pause, Ports, Scoring, Sending, Step, walk};
use serde::Serialize;

use super::broker;
use super::data::{lake, parts};
use super::demo::read_config;
use super::kill::Switch;
use super::live;
use crate::cli::{DayArgs, ModeArg};
use crate::failure::Failure;
use crate::files;
use crate::state;
use crate::terminal::{Bar, Terminal};

/// What the day answers to programs.
#[derive(Serialize)]
struct Answer {
    session: Day,
    steps: Vec<(String, String)>,
    waiting: Vec<String>,
    halted: bool,
    report: Option<String>,
}

pub(crate) fn run(
    args: &DayArgs,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let store = state::open(home, url)?;
    let brake = Switch { home, store: &store };
    let live = match (args.mode, &args.live_terms) {
        (ModeArg::Live, Some(terms)) => Some(live::check(terms, home, args.session)?),
        _ => None,
    };
    let account = broker::outside(&args.broker, live.as_ref())?;
    let mut request = request(args, live)?;
    if let Some(account) = &account {
        tracing::info!(session = %args.session, mode = ?args.mode, "the day begins");
        request.cash = first_cash(&store, account.cash)?;
    }
    let outside = account.as_ref().map(|account| &*account.outside);
    let bar = Bar::new(terminal);
    let ports = Ports { store: &store, lake: &lake(home), brake: &brake, progress: &bar, outside };
    let outcome = walk(ports, &request)?;
    for step in &outcome.steps {
        tracing::info!(step = step.name, state = word(step), "the day stands");
    }
    let halted = brake.is_on()?;
    let report = write_report(&outcome, home, args.session)?;
    let text = tell(&outcome, halted, report.as_deref());
    let waiting = match &outcome.pause {
        Some(Pause::Person(waiting)) => waiting.iter().map(|w| w.intent.clone()).collect(),
        _ => Vec::new(),
    };
    let answer = Answer {
        session: args.session,
        steps: outcome.steps.iter().map(|step| (step.name.clone(), word(step))).collect(),
        waiting,
        halted,
        report,
    };
    terminal.answer(&answer, text.trim_end())
}

/// What an account outside had when this home first met it: the ledger begins with that.
fn first_cash(store: &store::Store, now: Cash) -> Result<Cash, Failure> {
    let known = store.read(|tx| tx.get(FIRST_CASH))?;
    if let Some(cash) = known.and_then(|note| note.body.as_str()?.parse().ok()) {
        return Ok(cash);
    }
    store.transaction("day.cash", |tx| tx.set(FIRST_CASH, now.to_string().into()).map(drop))?;
    Ok(now)
}

/// Name of the note that holds it.
const FIRST_CASH: &str = "day/first-cash";

fn request(args: &DayArgs, live: Option<Live>) -> Result<DayRequest, Failure> {
    let cash: Cash = args.cash.parse().map_err(|error| {
        Failure::new(format!("read --cash {}: {error}", args.cash)).advise("write 100000.00")
    })?;
    let step = |text: &String| text.parse::<Step>();
    Ok(DayRequest {
        session: args.session,
        parts: parts(&args.datasets),
        config: read_config(args.book_config.as_deref())?,
        sending: match (args.mode, args.unattended) {
            (ModeArg::DryRun, _) => Sending::DryRun,
            (ModeArg::Paper | ModeArg::Live, false) => Sending::Approved,
            (ModeArg::Paper | ModeArg::Live, true) => Sending::Unattended,
        },
        scoring: if args.scanner_only { Scoring::ScannerOnly } else { Scoring::Model },
        course: Course {
            from: args.from.as_ref().map(step).transpose()?,
            only: args.only.as_ref().map(step).transpose()?,
            skip: args.skip.iter().map(step).collect::<Result<_, _>>()?,
        },
        approve_within: Span::from_hours(i64::from(args.approve_within_hours)),
        cash,
        live,
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

fn write_report(outcome: &DayOutcome, home: &Path, day: Day) -> Result<Option<String>, Failure> {
    let Some(page) = &outcome.page else { return Ok(None) };
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let path = reports.join(format!("day-{day}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    Ok(Some(std::path::absolute(&path).unwrap_or(path).display().to_string()))
}

fn tell(outcome: &DayOutcome, halted: bool, report: Option<&str>) -> String {
    let mut text = String::new();
    for step in &outcome.steps {
        text.push_str(&format!("{:<10} {}\n", step.name, word(step)));
    }
    if halted {
        text.push_str("the kill switch is on: nothing was sent; `trimtab kill off` releases it\n");
    }
    match &outcome.pause {
        Some(Pause::Person(waiting)) => {
            for one in waiting {
                let (intent, until) = (&one.intent, one.until);
                text.push_str(&format!("waits for approval: {intent} (until {until})\n"));
            }
            text.push_str("`trimtab orders approve ID` or `--all`, then the same command again\n");
        }
        Some(Pause::Bars) => text.push_str(
            "waits for the session's bars: take them in after the close, then the same command \
             again\n",
        ),
        None => {}
    }
    text.push_str(report.unwrap_or_default());
    text
}

fn word(step: &store::StepRecord) -> String {
    format!("{:?}", step.state).to_lowercase()
}
