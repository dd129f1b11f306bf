//! `trimtab options`: contracts, strategies, recorded chains, plans over recorded quotes.

mod backtest;
mod chain;
mod payoff;
mod price;

use std::path::Path;

use base::{Day, Digest};
use market::ExerciseStyle;
use pipeline::options::recorded::{self, Hints, Recorded};
use pipeline::options::spot::Carry;
use pricing::Right;
use pricing::margin::Class;
use report::{Origin, Page, Provenance};

use crate::cli::options::{CarryArgs, ClassArg, OptionsCommand, RecordedArgs, RightArg, StyleArg};
use crate::failure::Failure;
use crate::files;
use crate::terminal::Terminal;

pub(crate) fn run(
    command: &OptionsCommand,
    home: &Path,
    terminal: Terminal,
) -> Result<(), Failure> {
    match command {
        OptionsCommand::Price(args) => price::run(args, terminal),
        OptionsCommand::Payoff(args) => payoff::run(args, home, terminal),
        OptionsCommand::Chain(args) => chain::run(args, home, terminal),
        OptionsCommand::Backtest(args) => backtest::run(args, home, terminal),
    }
}

const fn right(right: RightArg) -> Right {
    match right {
        RightArg::Call => Right::Call,
        RightArg::Put => Right::Put,
    }
}

const fn class(class: ClassArg) -> Class {
    match class {
        ClassArg::Equity => Class::Equity,
        ClassArg::NarrowIndex => Class::NarrowIndex,
        ClassArg::BroadIndex => Class::BroadIndex,
    }
}

/// Interest and payments.
fn carry(args: &CarryArgs) -> Result<Carry, Failure> {
    for (option, value) in [("--rate", args.rate), ("--yield", args.yield_rate)] {
        if !(-1.0..=1.0).contains(&value) {
            return Err(Failure::new(format!("read {option}: {value} is not in -1..=1"))
                .advise("write 4 % as 0.04"));
        }
    }
    let dividends = args.dividend.iter().map(|text| dividend(text)).collect::<Result<_, _>>()?;
    Ok(Carry { rate: args.rate, yield_rate: args.yield_rate, dividends })
}

fn dividend(text: &str) -> Result<(Day, f64), Failure> {
    let wrong = || {
        Failure::new(format!("read --dividend {text:?}: it is no payment above 0"))
            .advise("write ex-day and cash as 2024-03-01=0.5")
    };
    let (day, cash) = text.split_once('=').ok_or_else(wrong)?;
    let cash = cash.parse::<f64>().ok().filter(|cash| *cash > 0.0 && cash.is_finite());
    Ok((day.parse().map_err(|_| wrong())?, cash.ok_or_else(wrong)?))
}

/// Reads a file; `hints` are completed by what the command line says of all files.
fn recorded(path: &Path, args: &RecordedArgs, hints: Hints) -> Result<(Recorded, Digest), Failure> {
    let bytes = files::read(path)?;
    let digest = Digest::of(&bytes);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let style = args.style.map(|style| match style {
        StyleArg::American => ExerciseStyle::American,
        StyleArg::European => ExerciseStyle::European,
    });
    let hints = Hints { symbol: args.symbol.clone(), style, ..hints };
    Ok((recorded::read(&name, bytes, &hints)?, digest))
}

fn provenance(data_version: String, origin: Origin, seed: Option<u64>) -> Provenance {
    let code_revision = concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned();
    Provenance { data_version, origin, seed, code_revision }
}

/// Writes a page among the reports; where it lies.
fn write(page: &Page, home: &Path, name: &str) -> Result<String, Failure> {
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let path = reports.join(format!("{name}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    Ok(std::path::absolute(&path).unwrap_or(path).display().to_string())
}
