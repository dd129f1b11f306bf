//! `trimtab depth`: recorded order books.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use base::{Digest, Span};
use market::Qty;
use market::depth::{Grid, Ladder, Lots, Orders, Top};
use pipeline::depth::{Look, Maker, Outcome, Recorded, Shows, page, read, replay, words};
use report::{Origin, Provenance};
use serde::Serialize;
use sim::replay::{Contract, Fees, Impact, Latency, QueueModel, Rules, Weight};
use tape::recording::{Bytestream, File, Hints};

use crate::cli::depth::{DepthCommand, FileArgs, QueueArg, ReplayArgs, VenueArgs};
use crate::failure::Failure;
use crate::files;
use crate::terminal::Terminal;

pub(crate) fn run(command: &DepthCommand, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    match command {
        DepthCommand::Look { file } => {
            let look = recorded(file)?.look();
            terminal.answer(&look, looked(&look))
        }
        DepthCommand::Replay(args) => replayed(args, home, terminal),
    }
}

/// A file on disk that is read from its beginning more than once.
struct OnDisk<'a> {
    path: &'a Path,
    name: String,
}

impl File for OnDisk<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> io::Result<Bytestream<'_>> {
        Ok(Box::new(std::fs::File::open(self.path)?))
    }
}

pub(super) fn recorded(args: &FileArgs) -> Result<Recorded, Failure> {
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !args.file.is_file() {
        return Err(Failure::new(format!("read {}: there is no such file", args.file.display()))
            .advise("check the path"));
    }
    let grid = match (&args.tick, &args.lot) {
        (Some(tick), Some(lot)) => Some(Grid::new(tick.parse()?, lot.parse()?)?),
        _ => None,
    };
    let (symbol, day) = (args.symbol.clone(), args.day);
    let after_update = args.after_update;
    let hints = Hints { grid, symbol, day, after_update, ..Hints::default() };
    Ok(read(&OnDisk { path: &args.file, name }, &hints)?)
}

fn looked(look: &Look) -> String {
    let mut text = String::new();
    if look.synthetic {
        text.push_str("SYNTHETIC: made by a program, no market ever traded like this\n");
    }
    let inferred = if look.grid_inferred { ", inferred from the file" } else { "" };
    let _ = write!(
        text,
        "{} · {:?} · tick {} · lot {}{inferred}",
        look.format, look.shows, look.tick, look.lot
    );
    if let (Some(first), Some(last)) = (look.first, look.last) {
        let _ = write!(text, "\n  from {first} to {last}, {:.0} s", (last - first).seconds());
    }
    let _ = write!(text, "\n  messages      {}", counted(look.changes.iter()));
    if !look.skipped.is_empty() {
        let _ = write!(text, "\n  left out      {}", counted(look.skipped.iter()));
    }
    let _ = write!(text, "\n  lots traded   {}", look.traded_lots);
    let _ = write!(text, "\n  spread        {:.3} ticks on average;", look.mean_spread_ticks);
    for (at, share) in look.spread_ticks.iter().enumerate().filter(|(_, share)| **share > 5e-4) {
        let more = if at + 1 == look.spread_ticks.len() { " or more" } else { "" };
        let _ = write!(text, " {}{more}: {:.1} %", at + 1, 100.0 * share);
    }
    let depth: Vec<String> = look.mean_depth_lots.iter().map(|lots| format!("{lots:.1}")).collect();
    let _ = write!(text, "\n  mean depth    {} lots, from the best price", depth.join(" "));
    let [median, late] = look.delay_ms;
    let _ =
        write!(text, "\n  delay         {median:.3} ms; 99 % within {late:.3} ms, by both clocks");
    for (fault, times) in &look.faults {
        let _ = write!(text, "\n  {times} times: {fault}");
    }
    text
}

fn counted<'a>(counts: impl Iterator<Item = (&'a &'static str, &'a u64)>) -> String {
    let counts: Vec<String> = counts.map(|(word, count)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// What a replay answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    outcome: Outcome,
}

fn replayed(args: &ReplayArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let recorded = recorded(&args.file)?;
    let (shows, origin, tape) = (recorded.shows, recorded.origin(), recorded.tape());
    let rules = Rules { contract: contract(args)?, ..rules(&args.venue)? };
    let maker = maker(args)?;
    let found = match shows {
        Shows::Top => replay::<Top>(&tape, rules, maker),
        Shows::Levels => replay::<Ladder>(&tape, rules, maker),
        Shows::Orders => replay::<Orders>(&tape, rules, maker),
    }?;
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let name = args.file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let page = page::page(
        &found,
        &format!("Replay of {name}"),
        &provenance(&name, &args.file.file, origin, tape.messages().len())?,
    );
    let path = reports.join(format!("replay-{name}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    let report = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let text = told(&found, &report);
    terminal.answer(&Answer { report, outcome: found }, text)
}

pub(super) fn rules(args: &VenueArgs) -> Result<Rules, Failure> {
    let (maker_bps, taker_bps, per_unit) = (args.maker_bps, args.taker_bps, args.per_unit);
    let latency = Latency::Constant { span: span("--latency-ms", args.latency_ms)? };
    let half_life = span("--half-life-ms", args.half_life_ms)?;
    Ok(Rules {
        queue: match args.queue {
            QueueArg::RiskAverse => QueueModel::RiskAverse,
            QueueArg::Share => QueueModel::Share { weight: Weight::Power { exponent: 2.0 } },
        },
        impact: Impact::Heals { half_life },
        ..Rules::careful(latency, Fees { maker_bps, taker_bps, per_unit })
    })
}

fn contract(args: &ReplayArgs) -> Result<Contract, Failure> {
    let size: Qty = args.multiplier.parse()?;
    let contract = match args.inverse {
        true => Contract::Inverse { face: size },
        false => Contract::Linear { multiplier: size },
    };
    contract.check().map_err(|error| {
        Failure::new(error.to_string()).advise("give --multiplier above zero, as the venue says")
    })?;
    Ok(contract)
}

fn maker(args: &ReplayArgs) -> Result<Maker, Failure> {
    let every = span("--every-ms", args.every_ms)?;
    if every == Span::ZERO || args.levels == 0 || args.size == 0 {
        return Err(Failure::new("quote nothing, or without a pause")
            .advise("give --every-ms, --levels and --size above zero"));
    }
    let (size, most) = (Lots(i64::from(args.size)), Lots(i64::from(args.most)));
    Ok(Maker { every, levels: i64::from(args.levels), size, most })
}

pub(super) fn span(option: &str, ms: f64) -> Result<Span, Failure> {
    match (0.0..=1e9).contains(&ms) {
        true => Ok(Span::from_nanos((ms * 1e6).round() as i64)),
        false => Err(Failure::new(format!("read {option}: {ms} is not in 0..=1e9"))),
    }
}

pub(super) fn provenance(
    name: &str,
    path: &Path,
    origin: Origin,
    messages: usize,
) -> Result<Provenance, Failure> {
    let digest = Digest::of(&files::read(path)?);
    Ok(Provenance {
        data_version: format!("{name}, {messages} messages, {digest}"),
        origin,
        seed: None,
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

fn told(found: &Outcome, report: &str) -> String {
    let profit = found.profit_a_stretch;
    let mut text = format!(
        "{} messages in {:.0} s · {} fills, {} of them resting · {} lots traded · {} held at the end",
        found.messages, found.seconds, found.fills, found.maker_fills, found.volume, found.position
    );
    let currency = words::currency(found.rules.contract);
    let _ = write!(text, "\n  profit after fees {}, fees {}; {currency}", found.profit, found.fees);
    let ends = profit.ends(|value| format!("{value:.4}"));
    let _ = write!(
        text,
        "\n  profit of 30 s    {:.4} ({ends} at 95 %, {} stretches)",
        profit.value, found.stretches
    );
    for mark in &found.mark_outs {
        let ends = mark.ticks.ends(|value| format!("{value:.2}"));
        let _ = write!(
            text,
            "\n  {:>3.0} s after fills {:+.2} ticks for us ({ends} at 95 %, {} fills)",
            mark.after.seconds(),
            mark.ticks.value,
            mark.fills
        );
    }
    for (fault, times) in &found.faults {
        let _ = write!(text, "\n  {times} times: {fault}");
    }
    let _ = write!(text, "\n{report}");
    text
}
