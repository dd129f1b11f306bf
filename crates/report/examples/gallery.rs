//! Writes a page with every chart on made-up numbers, to look at: `gallery OUT.html`.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

use std::collections::BTreeMap;

use base::{Day, Interval, Seed};
use rand::RngExt as _;
use report::chart::candles::{Bar, Box, Drawing, Level, Mark, Role};
use report::chart::{Heading, bars, candles, equity, heatmap, reliability};
use report::page::{Outcome, Verdict};
use report::{Cell, Origin, Page, Part, Provenance, Section, Table};

fn provenance() -> Provenance {
    Provenance {
        data_version: "bars_daily@12 9f86d081884c".into(),
        origin: Origin::Synthetic,
        seed: Some(7),
        code_revision: "gallery".into(),
    }
}

fn heading(title: &str, caption: &str) -> Heading {
    Heading { title: title.into(), caption: caption.into(), provenance: provenance() }
}

fn walk() -> Vec<Bar> {
    let mut rng = Seed::root(3).rng();
    let mut close: f64 = 50.0;
    let mut bars = Vec::new();
    for n in 0..90 {
        let open = close;
        let drift = if (10..22).contains(&n) { 0.9 } else { 0.0 };
        close += drift + 1.2 * (rng.random::<f64>() - 0.5);
        let (high, low) = (open.max(close) + 0.4, open.min(close) - 0.4);
        let volume = 1e6 * (0.5 + rng.random::<f64>());
        bars.push(Bar { day: Day::from_number(19_000 + n), open, high, low, close, volume });
    }
    bars
}

fn trade() -> Part {
    let bars = walk();
    let day = |n: usize| bars[n].day;
    let level = |name: &str, price, role| Level { name: name.into(), price, role };
    let (entry, stop) = (bars[45].close, bars[45].close - 2.0);
    let mark = |name: &str, n: usize, role| Mark {
        name: name.into(),
        day: bars[n].day,
        price: bars[n].low,
        role,
    };
    let drawing = Drawing {
        boxes: vec![
            Box { name: "rally".into(), from: day(10), to: day(22), low: 49.0, high: 61.0 },
            Box { name: "base".into(), from: day(22), to: day(44), low: 58.0, high: 62.0 },
        ],
        levels: vec![
            level("entry", entry, Role::Entry),
            level("stop", stop, Role::Stop),
            level("50 %", entry + 3.0, Role::Target),
        ],
        trailed_stop: vec![(day(45), stop), (day(52), stop + 1.0)],
        marks: vec![mark("entry", 46, Role::Entry), mark("stop touched", 60, Role::Exit)],
        bars,
    };
    let heading = heading("AAA long, −0.6 R", "Stop touched after 14 sessions; prices in USD.");
    Part::Chart(candles::chart(heading, &drawing))
}

fn page() -> Page {
    let mut rng = Seed::root(5).rng();
    let rs: Vec<f64> = (0..400).map(|_| 3.0 * rng.random::<f64>() - 1.3).collect();
    let mut equity_points = Vec::new();
    let mut value = 100_000.0;
    for (n, r) in rs.iter().enumerate() {
        value *= 1.0 + 0.005 * r;
        equity_points.push((Day::from_number(18_000 + 3 * n as i32), value));
    }
    let months: BTreeMap<(i32, u32), f64> =
        (0..40).map(|n| ((2020 + n / 12, 1 + (n % 12) as u32), rs[n as usize])).collect();
    let bucket = |n: u32| {
        let predicted = 0.05 + 0.1 * f64::from(n);
        let value = (predicted * 0.8 + 0.1).min(1.0);
        let observed = Interval { value, low: value - 0.08, high: value + 0.08, level: 0.95 };
        reliability::Bucket { predicted, observed, count: u64::from(30 + 10 * n) }
    };
    let buckets: Vec<_> = (0..9).map(bucket).collect();
    let gains: Vec<(String, f64)> =
        (0..14).map(|n| (format!("feature_{n}"), 1.0 / f64::from(n + 1))).collect();
    let mut table = Table::new(["gate", "trades", "win rate", "expectancy, R"]);
    let interval = |value| Interval { value, low: value - 0.06, high: value + 0.06, level: 0.95 };
    for (gate, trades) in [("scanner only", 2103), ("0.50", 801), ("0.55", 342)] {
        table.rows.push(vec![
            Cell::text(gate),
            Cell::Count(trades),
            Cell::share(interval(0.52)),
            Cell::estimate(interval(0.11), 2),
        ]);
    }
    let curve = equity::Curve { name: "net".into(), points: equity_points };
    let charts = vec![
        Part::Chart(reliability::chart(
            heading("Reliability", "Share of wins by prediction."),
            &buckets,
        )),
        Part::Chart(bars::ranked(heading("Gain", "Share of the trees' gain."), &gains)),
        Part::Chart(bars::histogram(heading("R", "Trades by result in R."), &rs, 0.25)),
        Part::Chart(heatmap::chart(heading("Months", "Sum of R by month."), &months)),
    ];
    let title = "Scanner and gates".to_owned();
    Page {
        title: "Gallery".into(),
        subtitle: "Every chart on made-up numbers".into(),
        provenance: provenance(),
        verdicts: vec![
            Verdict {
                outcome: Outcome::Passed,
                title: "Edge found".into(),
                reason: "Expectancy 0.11 R [0.05, 0.17] over 801 held-out trades.".into(),
            },
            Verdict {
                outcome: Outcome::Refused,
                title: "No edge".into(),
                reason: "Expectancy −0.01 R [−0.07, 0.05] over 790 held-out trades.".into(),
            },
        ],
        sections: vec![
            Section {
                title: "Results".into(),
                parts: vec![
                    Part::Table { title, table, provenance: provenance() },
                    Part::Chart(equity::chart(heading("Equity", "Account in USD."), &[curve])),
                ],
            },
            Section { title: "Model".into(), parts: vec![Part::Beside(charts)] },
            Section { title: "Trades".into(), parts: vec![trade()] },
        ],
    }
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: gallery OUT.html");
        std::process::exit(2);
    };
    if let Err(error) = std::fs::write(&path, page().html()) {
        eprintln!("write {path}: {error}");
        std::process::exit(1);
    }
}
