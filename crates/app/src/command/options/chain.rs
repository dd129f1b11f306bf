//! `trimtab options chain`.

use std::fmt::Write as _;
use std::path::Path;

use base::Day;
use pipeline::options::chain::{Expiry, Look, Question, look};
use pipeline::options::chain_page::{contents, largest, of_model, page};
use pipeline::options::fit::Model;
use pipeline::options::recorded::Hints;
use pipeline::options::words;
use report::Origin;
use serde::Serialize;
use tape::options::session_close;

use super::{carry, provenance, recorded, write};
use crate::cli::options::ChainArgs;
use crate::command::depth::span;
use crate::command::execute::moment;
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

/// Contradictions shown on the terminal.
const MOST_FAULTS: usize = 8;

/// What it answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    look: Look,
}

pub(super) fn run(args: &ChainArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let day: Option<Day> = args.at.as_deref().and_then(|text| text.parse().ok());
    let at = match (&args.at, day) {
        (Some(text), None) => Some(moment("--at", text, None)?),
        _ => None,
    };
    // A snapshot of a day is taken to be of the close.
    let close = |day: Day| session_close(day).unwrap_or(day.start());
    let stood = at.or(day.map(close));
    let hints = Hints { at: stood, expiry: args.expiry, ..Hints::default() };
    let (file, digest) = recorded(&args.file, &args.recorded, hints)?;
    let question = Question {
        at,
        day: if at.is_none() { day } else { None },
        spot: args.spot,
        carry: carry(&args.recorded.carry)?,
        oldest: span("--oldest-min", 60_000.0 * args.recorded.oldest_min)?,
        least_days: args.least_days,
    };
    let found = look(&file, &question)?;
    let data = format!("{}, {} rows, {digest}", file.name, file.counts.rows);
    let page = page(&found, &provenance(data, Origin::Recorded, None));
    let report = write(&page, home, &format!("chain-{}-{}", found.symbol, found.at.utc_day()))?;
    let text = told(&found, &report);
    terminal.answer(&Answer { report, look: found }, text)
}

fn told(found: &Look, report: &str) -> String {
    let mut text = format!("{} · {} · {}", found.name, found.symbol, found.form);
    for line in contents(found) {
        let _ = write!(text, "\n  {line}");
    }
    for (reason, count) in &found.refused {
        let _ = write!(text, "\n  refused {count}: {}", words::refusal(*reason));
    }
    let _ = write!(text, "\n{}", table(found));
    text.push_str("\nresiduals and half spreads in hundredths of volatility; forwards at 95 %");
    let _ = write!(
        text,
        "\n{} contradictions of quotes at bid and ask, {} between middles",
        found.faults.len(),
        found.faults_at_mid
    );
    for fault in largest(found).into_iter().take(MOST_FAULTS) {
        let days: Vec<String> = fault.expiries.iter().map(ToString::to_string).collect();
        let strikes: Vec<String> = fault.strikes.iter().map(|it| format!("{it:.2}")).collect();
        let _ = write!(
            text,
            "\n  {:.4} by {} at {}: {}",
            fault.size,
            days.join(", "),
            strikes.join(", "),
            fault.what
        );
    }
    for (model, fault) in &found.surface_faults {
        let _ = write!(text, "\n  {model:?} surface: {}", words::fault(fault));
    }
    if found.surface_faults.is_empty() && found.expiries.iter().any(|it| !it.fits.is_empty()) {
        text.push_str("\nno butterfly or calendar arbitrage was found in the fitted surfaces");
    }
    let _ = write!(text, "\n{report}");
    text
}

fn table(found: &Look) -> comfy_table::Table {
    let mut table = headed([
        "expiry",
        "days",
        "quotes",
        "refused",
        "forward",
        "strikes",
        "half spread",
        "SVI",
        "misses",
        "inside",
        "SSVI",
        "misses",
        "inside",
    ]);
    for expiry in &found.expiries {
        let refused: u64 = expiry.refused.values().sum();
        let mut row = vec![
            expiry.day.to_string(),
            format!("{:.1}", 365.25 * expiry.years),
            expiry.quotes.to_string(),
            refused.to_string(),
            forward(expiry),
            expiry.marks.len().to_string(),
            expiry.half_spread().map_or("n/a".to_owned(), |half| format!("{:.2}", 100.0 * half)),
        ];
        for model in [Model::Svi, Model::Ssvi] {
            row.extend(fitted(expiry, model));
        }
        table.add_row(row);
    }
    table
}

fn forward(expiry: &Expiry) -> String {
    match expiry.forward {
        None => "n/a".to_owned(),
        Some(it) => match it.error {
            Some(error) => format!("{:.2} ± {:.2}", it.value, 1.96 * error),
            None => format!("{:.2}", it.value),
        },
    }
}

fn fitted(expiry: &Expiry, model: Model) -> [String; 3] {
    let Some(fit) = of_model(expiry, model) else { return ["n/a", "", ""].map(str::to_owned) };
    let spreads = expiry.half_spread().is_some();
    let inside = format!("{:.0} %", 100.0 * fit.error.inside);
    [
        format!("{:.2} %", 100.0 * fit.at_money()),
        format!("{:.2}", fit.error.rmse_points),
        if spreads { inside } else { "n/a".to_owned() },
    ]
}
