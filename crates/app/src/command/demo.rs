//! `trimtab demo`: two synthetic markets, one report.

use std::path::Path;

use base::Span;
use books::breakout::BreakoutConfig;
use market::{Calendar, Cash};
use pipeline::day::{Course, DayRequest, Ports, Released, Scoring, Sending, walk};
use pipeline::demo::{self, Demo, DemoRequest};
use pipeline::lake_history::Parts;
use serde::Serialize;
use store::{Clock as _, MachineClock, Store};

use super::data::lake;
use crate::cli::DemoArgs;
use crate::failure::Failure;
use crate::files;
use crate::state;
use crate::terminal::{Bar, Terminal};

/// What the demo answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    edge_found_where_planted: bool,
    edge_found_where_none: bool,
}

pub(crate) fn run(args: &DemoArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let config = read_config(args.book_config.as_deref())?;
    // A home of its own: the demo's account must not meet a real one.
    let home = &home.join("demo");
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let store = Store::open_file(&home.join("state.db"))?;
    let request = DemoRequest {
        symbols: args.symbols,
        years: args.years,
        seed: args.seed,
        strength: args.strength,
        config,
        by: std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
        at: MachineClock.now(),
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let bar = Bar::new(terminal);
    let place = demo::Place { lake: &lake(home), store: &store };
    let demo = demo::run(request, place, &bar)?;
    let path = reports.join("demo.html");
    files::write(&path, demo.page()?.html().as_bytes(), "--home")?;
    let shown = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let day = walk_a_day(&demo, home, &bar)?;
    let found = |half: &demo::Half| half.study.sides.iter().any(|side| side.has_edge());
    let answer = Answer {
        report: shown.clone(),
        edge_found_where_planted: found(&demo.planted),
        edge_found_where_none: found(&demo.none),
    };
    let word = |found: bool| if found { "found" } else { "not found" };
    let text = format!(
        "SYNTHETIC markets\nplanted edge: {}\nno edge: {}\na day with the simulated broker: {day}\n{shown}",
        word(answer.edge_found_where_planted),
        word(answer.edge_found_where_none)
    );
    terminal.answer(&answer, text)
}

/// Walks the session after the planted market's last good signal, with the models just trained
/// and the simulated broker. Says where its report is.
fn walk_a_day(demo: &Demo, home: &Path, bar: &Bar) -> Result<String, Failure> {
    let sides = &demo.planted.study.sides;
    let good = sides.iter().flat_map(|side| side.passed.iter().map(|(day, _)| *day)).max();
    let Some(last) = good else { return Ok("no signal to trade".to_owned()) };
    let session = Calendar::of("XNYS")?.next(last)?.day;
    let dataset = &demo.planted.dataset;
    // One account a market: the days of one account are walked in order.
    let store = &state::open(&home.join(dataset), None)?;
    let at = demo.request.at;
    for side in sides {
        pipeline::models::enrol(store, side, at)?;
    }
    let mut config = demo.request.config.clone();
    // Expected value alone decides here, as in the report's verdict.
    config.size.gate = 0.0;
    let request = DayRequest {
        session,
        parts: Parts::of(dataset),
        config,
        sending: Sending::Unattended,
        scoring: Scoring::Model,
        course: Course::default(),
        approve_within: Span::from_days(1),
        cash: Cash::from_raw(100_000 * Cash::SCALE),
        live: None,
        code_revision: demo.request.code_revision.clone(),
    };
    let ports = Ports { store, lake: &lake(home), brake: &Released, progress: bar, outside: None };
    let outcome = walk(ports, &request)?;
    let Some(page) = outcome.page else { return Ok("waits for approval".to_owned()) };
    let path = home.join("reports").join(format!("demo-day-{session}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    Ok(std::path::absolute(&path).unwrap_or(path).display().to_string())
}

/// The numbers of the book: from a file, or those built in.
pub(super) fn read_config(path: Option<&Path>) -> Result<BreakoutConfig, Failure> {
    let Some(path) = path else { return Ok(BreakoutConfig::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("read {}: {error}", path.display()))
            .advise("name a readable TOML file with --book-config")
    })?;
    Ok(BreakoutConfig::read(&text, &path.display().to_string())?)
}
