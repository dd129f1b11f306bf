//! `trimtab knockout life`: certificates held by a rule on bars of an index.

use std::fmt::Write as _;
use std::path::Path;

use base::{Interval, Ts};
use lake::Adjusted;
use lake::ingest::{self, Request};
use pipeline::knockout::life::{Bars, Life, Pick, Settings, SideRule, live, page};
use pipeline::knockout::{Cases, Gaps, Offer, View};
use report::{Origin, Provenance};
use serde::Serialize;
use sim::knockout::{Hours, IssuerRules, Unwind, Watch};

use super::{keep, kind, weighed};
use crate::cli::knockout::{BarsArgs, HoursArg, LifeArgs, SidesArg, UnwindArg, WatchArg};
use crate::command::data::{calendar, named, stamp};
use crate::command::depth::span;
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

/// Deviations away where nothing else is said.
const USUAL_SIGMAS: f64 = 1.5;
/// Distances weighed where none are given.
const USUAL_DISTANCES: [f64; 8] = [0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2];
/// Part of the variance of a made index that falls into its nights.
const MADE_NIGHTS: f64 = 0.3;

/// What it answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    outcome: Life,
}

pub(super) fn run(args: &LifeArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let kind = kind(&args.offer, args.buffer_percent)?;
    // The spread, where it is left out, is told by the level: the bars come first.
    let mut rules = rules(args, &kind.on(1.0)?)?;
    let (bars, provenance) = bars(args, &mut rules)?;
    let level = bars.prints.first().map_or(1.0, |print| print.bar().open.to_f64());
    let offer = kind.on(level)?;
    rules.spread.points = offer.spread_points;
    rules.check()?;
    let found = live(bars, settings(args, offer, rules)?)?;
    let page = page::page(&found, &provenance);
    let name = format!("knockout-life-{}.html", found.bars.symbol.to_ascii_lowercase());
    let report = keep(&page, home, &name)?;
    let text = told(&found, &report);
    terminal.answer(&Answer { report, outcome: found }, text)
}

fn rules(args: &LifeArgs, offer: &Offer) -> Result<IssuerRules, Failure> {
    Ok(IssuerRules {
        index_hours: match args.bars.index_hours {
            HoursArg::Xetra => Hours::dax(),
            HoursArg::NewYork => Hours::new_york(),
        },
        watch: match args.watch {
            WatchArg::Index => Watch::IndexHours,
            WatchArg::Issuer => Watch::IssuerHours,
            WatchArg::Always => Watch::Always,
        },
        unwind: match args.unwind {
            UnwindArg::Worst => Unwind::WorstOfCandle,
            UnwindArg::Barrier => Unwind::AtBarrier,
        },
        latency: span("--latency-ms", args.latency_ms)?,
        order_fee: args.fee.parse()?,
        ..offer.rules()
    })
}

fn bars(args: &LifeArgs, rules: &mut IssuerRules) -> Result<(Bars, Provenance), Failure> {
    let code_revision = concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned();
    let Some(path) = &args.bars.file else {
        let gaps = Gaps { night_share: MADE_NIGHTS, jump_chance: 0.0, jump_deviation: 0.0 };
        let volatility = args.made_volatility / 100.0;
        let view = View { cases: Cases::Drift(0.0), volatility, sessions: 5, gaps };
        let sessions = args.bars.made_sessions.unwrap_or_default();
        let bars = Bars::made(sessions, &view, args.seed, rules)?;
        let (seed, origin) = (Some(args.seed), Origin::Synthetic);
        let data_version = format!("{sessions} made sessions at {} %", args.made_volatility);
        return Ok((bars, Provenance { data_version, origin, seed, code_revision }));
    };
    let passing = ingest::bars(&request(path, &args.bars)?)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let digest = passing.source.sha256.clone();
    let bars = Bars::of(passing, args.bars.symbol.as_deref(), rules)?;
    let data_version = format!("{name}, {}, {} bars, {digest}", bars.symbol, bars.prints.len());
    let (seed, origin) = (Some(args.seed), Origin::Recorded);
    Ok((bars, Provenance { data_version, origin, seed, code_revision }))
}

fn request(path: &Path, args: &BarsArgs) -> Result<Request, Failure> {
    if !path.exists() {
        let failure = Failure::new(format!("read {}: there is no such file", path.display()));
        return Err(failure.advise("check the path"));
    }
    Ok(Request {
        path: path.to_owned(),
        dataset: String::new(),
        names: named(&args.map)?,
        adjusted: Adjusted::None,
        calendar: calendar(&args.calendar)?,
        stamp: stamp(args.stamp),
        at: Ts::MIN,
    })
}

fn settings(args: &LifeArgs, offer: Offer, rules: IssuerRules) -> Result<Settings, Failure> {
    let weighs = args.utility.utility.is_some() || args.utility.distances.is_some();
    let pick = match (args.distance_percent, weighs) {
        (Some(percent), _) => Pick::Distance(percent / 100.0),
        (None, true) => {
            let given = args.utility.distances.as_ref();
            let parts = given.map(|it| it.iter().map(|percent| percent / 100.0).collect());
            let distances = parts.unwrap_or_else(|| USUAL_DISTANCES.to_vec());
            Pick::Best { distances, weighed: weighed(&args.utility, args.stake_percent) }
        }
        (None, false) => Pick::Sigmas(args.sigmas.unwrap_or(USUAL_SIGMAS)),
    };
    Ok(Settings {
        offer,
        rules,
        side: match args.side {
            SidesArg::Long => SideRule::Long,
            SidesArg::Short => SideRule::Short,
            SidesArg::Alternate => SideRule::Alternate,
            SidesArg::Trend => SideRule::Trend { sessions: args.trend_sessions },
        },
        pick,
        hold: args.hold,
        stake: args.stake_percent / 100.0,
        cash: args.cash.parse()?,
        window: args.volatility_sessions,
        drift: args.drift_percent / 100.0,
        paths: args.paths,
        seed: args.seed,
    })
}

fn told(found: &Life, report: &str) -> String {
    let length = found.bars.minutes.map_or("session".to_owned(), |it| format!("{it}-minute"));
    let mut text = format!(
        "{} · {} {length} bars from {} to {}, {} sessions\n{}",
        found.bars.symbol,
        found.bars.prints.len(),
        found.from,
        found.to,
        found.sessions,
        page::rule(found)
    );
    let percent = |it: &Interval| {
        let ends = it.ends(|value| format!("{:+.2}", 100.0 * value));
        format!("{:+.2} % ({ends} at 95 %)", 100.0 * it.value)
    };
    let _ = write!(
        text,
        "\n  account       {} to {}; {} certificates, {} not filled, {} not affordable, \
         out in {} sessions",
        found.settings.cash,
        found.equity,
        found.trades.len(),
        found.missed,
        found.unaffordable,
        found.stayed_out
    );
    let _ = write!(text, "\n  one returned  {} of what was paid", percent(&found.return_of_one));
    let _ = write!(text, "\n  index brought {:+.2}", found.split.index);
    for ((name, mean), (_, sum)) in found.costs_of_one.iter().zip(found.split.parts()) {
        let _ = write!(text, "\n  cost: {name:<24} {sum:>10.2}; of one {}", percent(mean));
    }
    let verdict = page::calibrated(&found.calibration.rungs[0]);
    let _ = write!(text, "\n{}: {}\n{}", verdict.title, verdict.reason, rungs(found));
    let _ = write!(
        text,
        "\nhigh and low of a bar say whether a barrier was touched, not when; the median bar spans \
         {:.3} % of the index\n{report}",
        100.0 * found.median_range
    );
    text
}

fn rungs(found: &Life) -> comfy_table::Table {
    let mut table = headed(["certificates", "over", "died", "by paths", "closed form", "more, %"]);
    for rung in &found.calibration.rungs {
        let more = match rung.more.value.is_finite() {
            true => format!(
                "{:+.1} ({})",
                100.0 * rung.more.value,
                rung.more.ends(|value| format!("{:+.1}", 100.0 * value))
            ),
            false => "n/a".to_owned(),
        };
        table.add_row([
            rung.name.clone(),
            rung.count.to_string(),
            rung.died.to_string(),
            format!("{:.1}", rung.expected),
            format!("{:.1}", rung.expected_closed_form),
            more,
        ]);
    }
    table
}
