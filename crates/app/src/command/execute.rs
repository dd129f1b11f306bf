//! `trimtab execute`: parent orders worked through a recorded order book.

use std::fmt::Write as _;
use std::path::Path;

use base::{Day, Interval, Span, Ts};
use clap::ValueEnum as _;
use market::depth::{Grid, Ladder, Lots, Orders, Top};
use market::{Price, Qty};
use pipeline::depth::Shows;
use pipeline::execute::{
    Limit, Outcome, PaceChoice, Posture, Risk, Run, Settings, Sides, execute, page,
};
use serde::Serialize;
use sim::replay::Tape;

use super::depth::{provenance, recorded, rules, span};
use crate::cli::execute::{
    ChildrenArgs, ExecuteArgs, OrderArgs, PaceArg, PaceArgs, SideArg, StyleArg,
};
use crate::failure::Failure;
use crate::files;
use crate::terminal::{Terminal, headed};

/// What it answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    outcome: Outcome,
}

pub(crate) fn run(args: &ExecuteArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let recorded = recorded(&args.file)?;
    let (shows, tape) = (recorded.shows, recorded.tape());
    let settings = settings(args, &tape)?;
    let found = match shows {
        Shows::Top => execute::<Top>(&tape, settings),
        Shows::Levels => execute::<Ladder>(&tape, settings),
        Shows::Orders => execute::<Orders>(&tape, settings),
    }?;
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let name = args.file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let page = page::page(&found, &name, &provenance(&name, &args.file.file, &tape)?);
    let path = reports.join(format!("execute-{name}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    let report = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let text = told(&found, &report);
    terminal.answer(&Answer { report, outcome: found }, text)
}

fn settings(args: &ExecuteArgs, tape: &Tape) -> Result<Settings, Failure> {
    let (order, children, grid) = (&args.order, &args.children, tape.grid());
    let day = tape.messages().first().map(|message| message.known.utc_day());
    let largest = children.largest_child.as_deref();
    let seconds = |option, value: Option<f64>| value.map(|s| span(option, 1e3 * s)).transpose();
    Ok(Settings {
        side: match order.side {
            SideArg::Buy => Sides::Buy,
            SideArg::Sell => Sides::Sell,
            SideArg::Alternate => Sides::Alternate,
        },
        size: lots("--qty", &order.qty, grid)?,
        from: order.from.as_deref().map(|text| moment("--from", text, day)).transpose()?,
        to: order.to.as_deref().map(|text| moment("--to", text, day)).transpose()?,
        parents: order.parents,
        length: seconds("--over-s", order.over_s)?,
        paces: paces(&args.pace),
        posture: posture(children),
        patience: seconds("--patience-s", children.patience_s)?,
        slices: children.slices,
        largest_child: largest.map(|text| lots("--largest-child", text, grid)).transpose()?,
        limit: limit(order, grid)?,
        participation: order.participation,
        finish: seconds("--finish-s", children.finish_s)?,
        every: span("--every-ms", children.every_ms)?,
        reversion: seconds("--reversion-s", order.reversion_s)?,
        rules: rules(&args.venue)?,
    })
}

const fn posture(children: &ChildrenArgs) -> Posture {
    match children.style {
        StyleArg::Aggressive => Posture::Aggressive,
        StyleArg::PassiveFirst => Posture::PassiveFirst,
    }
}

/// Units as whole lots.
fn lots(option: &str, text: &str, grid: &Grid) -> Result<Lots, Failure> {
    let qty: Qty = text.parse()?;
    match grid.lots(qty).filter(|lots| *lots > Lots::ZERO) {
        Some(lots) => Ok(lots),
        None => Err(Failure::new(format!("read {option} {text}: it is not a number of lots"))
            .advise(format!("give a multiple of {}, the recording's lot", grid.lot()))),
    }
}

fn limit(order: &OrderArgs, grid: &Grid) -> Result<Limit, Failure> {
    match (&order.limit, order.limit_bps) {
        (None, None) => Ok(Limit::None),
        (None, Some(bps)) if (-1e4..=1e4).contains(&bps) => Ok(Limit::Bps(bps)),
        (None, Some(bps)) => {
            Err(Failure::new(format!("read --limit-bps: {bps} is not in -10000..=10000")))
        }
        (Some(text), _) => {
            let price: Price = text.parse()?;
            grid.ticks(price).map(Limit::At).ok_or_else(|| {
                Failure::new(format!("read --limit {text}: it is between two ticks"))
                    .advise(format!("give a multiple of {}, the recording's tick", grid.tick()))
            })
        }
    }
}

/// A moment as `2024-08-08T12:00:00`, or as `12:00:00` of a day; fractions and a `Z` may follow.
pub(super) fn moment(option: &str, text: &str, day: Option<Day>) -> Result<Ts, Failure> {
    let wrong = || {
        Failure::new(format!("read {option} {text:?}: it is no moment"))
            .advise("write it in UTC as 2024-08-08T12:00:00 or 12:00:00")
    };
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (Some(day.parse::<Day>()?), time),
        None => (day, text),
    };
    let mut parts = time.strip_suffix('Z').unwrap_or(time).splitn(3, ':');
    let mut whole = |below: i64| {
        let number = parts.next()?.parse::<i64>().ok()?;
        (0..below).contains(&number).then_some(number)
    };
    let (hour, minute) = (whole(24).ok_or_else(wrong)?, whole(60).ok_or_else(wrong)?);
    let second = parts.next().unwrap_or("0").parse::<f64>().ok();
    let second = second.filter(|second| (0.0..60.0).contains(second)).ok_or_else(wrong)?;
    let within = Span::from_minutes(60 * hour + minute).nanos() + (second * 1e9).round() as i64;
    Ok(day.ok_or_else(wrong)?.start() + Span::from_nanos(within))
}

fn paces(args: &PaceArgs) -> Vec<PaceChoice> {
    let choice = |pace: PaceArg| match pace {
        PaceArg::Twap => PaceChoice::Twap,
        PaceArg::Vwap => PaceChoice::Vwap { volumes: args.volumes.clone() },
        PaceArg::Pov => PaceChoice::Pov {
            rate: args.rate,
            catch_up: args.catch_up.unwrap_or((2.0 * args.rate).min((1.0 + args.rate) / 2.0)),
        },
        PaceArg::AlmgrenChriss => PaceChoice::AlmgrenChriss { risk: risk(args) },
    };
    match args.compare {
        true => PaceArg::value_variants().iter().copied().map(choice).collect(),
        false => vec![choice(args.pace)],
    }
}

fn risk(args: &PaceArgs) -> Risk {
    match (args.risk_aversion, args.volatility, args.temporary) {
        (Some(aversion), Some(volatility), Some(temporary)) => {
            Risk::Market { aversion, volatility, temporary }
        }
        _ => Risk::Urgency(args.urgency),
    }
}

fn told(found: &Outcome, report: &str) -> String {
    let mut text = format!(
        "{} of {} each, {:.1} s each · {} trades of {} units from {} to {}",
        match found.settings.parents {
            1 => "1 parent order".to_owned(),
            parents => format!("{parents} parent orders"),
        },
        found.qty,
        found.length.seconds(),
        found.market.trades,
        found.market.volume,
        found.market.from,
        found.market.to
    );
    let _ = write!(text, "\n{}", table(&found.runs));
    text.push_str("\ncost in basis points of the paper value, positive costs; 95 % below each");
    for run in found.runs.iter().filter(|run| !run.left_out.is_empty()) {
        let left_out = run.left_out.len();
        let _ = write!(text, "\n{left_out} of {} had no whole book at their start", run.name);
    }
    for (fault, times) in &found.faults {
        let _ = write!(text, "\n{times} times: {fault}");
    }
    let _ = write!(text, "\nthe recording reacts to nothing but the footprint of our children");
    let _ = write!(text, "\n{}\n{report}", page::caution(found));
    text
}

fn table(runs: &[Run]) -> comfy_table::Table {
    let mut names = vec!["pace", "orders", "done", "rested", "total", "spread", "moved", "fees"];
    names.extend(["missed", "over VWAP", "more than first"]);
    let mut table = headed(&names);
    for run in runs {
        let costs = page::costs(&run.summary);
        let part = |name: &str| {
            let found = costs.iter().find(|(cost, _)| cost == name);
            found.map_or(String::new(), |(_, bps)| shown(*bps))
        };
        let percent = |part: f64| format!("{:.1} %", 100.0 * part);
        table.add_row([
            run.name.to_owned(),
            run.summary.orders.to_string(),
            percent(run.summary.done),
            run.rested.map_or("n/a".to_owned(), percent),
            part("total"),
            part("spread"),
            part("market moved"),
            part("fees"),
            part("opportunity"),
            shown(run.summary.vwap_bps),
            run.more_than_first_bps.map_or("n/a".to_owned(), shown),
        ]);
    }
    table
}

/// A figure over its interval.
fn shown(bps: Interval) -> String {
    match bps.value.is_finite() {
        true => format!("{:+.2}\n{}", bps.value, bps.ends(|value| format!("{value:+.2}"))),
        false => "n/a".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_of_a_day_or_of_the_recording_s_first() {
        let day: Day = "2024-08-08".parse().unwrap();
        let read = |text| moment("--from", text, Some(day)).ok().map(|at| at.to_string());
        assert_eq!(read("12:05:30").unwrap(), "2024-08-08T12:05:30Z");
        assert_eq!(read("12:05").unwrap(), "2024-08-08T12:05:00Z");
        assert_eq!(read("2024-08-09T00:00:01.5Z").unwrap(), "2024-08-09T00:00:01.500000Z");
        for wrong in ["", "12", "24:00:00", "12:60", "12:00:60", "12:00:-1", "noon", "12:00:NaN"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
