//! `trimtab demo`: two synthetic markets, one report.

use std::path::Path;

use books::breakout::BreakoutConfig;
use pipeline::demo::{self, DemoRequest};
use serde::Serialize;
use store::{Clock as _, MachineClock, Store};

use crate::cli::DemoArgs;
use crate::failure::Failure;
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
    let reports = home.join("reports");
    std::fs::create_dir_all(&reports).map_err(|error| {
        Failure::new(format!("make folder {}: {error}", reports.display()))
            .advise("choose a folder that can be written to with --home")
    })?;
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
    let demo = demo::run(request, &store, &Bar::new(terminal))?;
    let path = reports.join("demo.html");
    write_whole(&path, &demo.page()?.html())?;
    let shown = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let found = |half: &demo::Half| half.study.sides.iter().any(|side| side.has_edge());
    let answer = Answer {
        report: shown.clone(),
        edge_found_where_planted: found(&demo.planted),
        edge_found_where_none: found(&demo.none),
    };
    let word = |found: bool| if found { "found" } else { "not found" };
    let text = format!(
        "SYNTHETIC markets\nplanted edge: {}\nno edge: {}\n{shown}",
        word(answer.edge_found_where_planted),
        word(answer.edge_found_where_none)
    );
    terminal.answer(&answer, text)
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

/// Writes beside the old file and renames, so that a reader never sees half a report.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let part = path.with_extension("part");
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        Failure::new(format!("write {}: {error}", path.display()))
            .advise("free some space, or choose another folder with --home")
    })
}
