//! `trimtab study`: the breakout book on data of the lake.

use std::path::Path;

use base::Day;
use pipeline::lake_history::{LakeHistory, Parts};
use pipeline::study::{self, StudyRequest};
use serde::Serialize;
use store::{Clock as _, MachineClock, Store};

use super::data::{lake, parts};
use super::demo::read_config;
use crate::cli::StudyArgs;
use crate::failure::Failure;
use crate::files;
use crate::terminal::{Bar, Terminal};

/// What the study answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    signals: usize,
    data_version: String,
    sides: Vec<Side>,
}

#[derive(Serialize)]
struct Side {
    side: String,
    model_version: String,
    edge_found: bool,
    gates: Vec<books::breakout::gates::GateLine>,
}

pub(crate) fn run(args: &StudyArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let config = read_config(args.book_config.as_deref())?;
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let now = MachineClock.now();
    let days = (args.from.unwrap_or(Day::MIN), args.to.unwrap_or(Day::from_number(i32::MAX)));
    let parts = Parts { days, ..parts(&args.datasets) };
    let known_by = args.known_by.map_or(now, |day| day.plus(1).start());
    let history = LakeHistory::open(&lake(home), &parts, known_by)?;
    let store = Store::open_file(&home.join("state.db"))?;
    let name = args.name.clone().unwrap_or_else(|| args.datasets.stocks.clone());
    let request = StudyRequest {
        name: format!("study/{name}/seed {}", args.seed),
        by: std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
        at: now,
        seed: args.seed,
        config,
        data_version: pipeline::history::History::data_version(&history),
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let study = study::run(&history, &request, &store, &Bar::new(terminal))?;
    let page = study::report::page(&history, &study, &request, &name)?;
    let path = reports.join(format!("study-{name}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    let report = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let mut sides = Vec::new();
    for side in &study.sides {
        sides.push(Side {
            side: side.side.to_string(),
            model_version: pipeline::models::enrol(&store, side, now)?,
            edge_found: side.has_edge(),
            gates: side.gates.clone(),
        });
    }
    let mut text = format!("{} signals in {}\n", study.signals, request.data_version);
    for side in &sides {
        let word = if side.edge_found { "edge found" } else { "no edge found" };
        text.push_str(&format!("{}: {word}; model {}\n", side.side, side.model_version));
    }
    text.push_str(&report);
    let answer =
        Answer { report, signals: study.signals, data_version: request.data_version, sides };
    terminal.answer(&answer, text)
}
