//! A study's findings as sections of a page.

use std::collections::BTreeMap;

use base::{Day, Interval};
use books::breakout::gates::GateLine;
use books::breakout::{Candidate, Stock};
use features::label::Label;
use market::Side;
use report::chart::candles::{Bar, Box as Area, Drawing, Level, Mark, Role};
use report::chart::{Heading, bars, candles, equity, heatmap, reliability};
use report::page::{Outcome, Verdict};
use report::{Cell, Part, Provenance, Section, Table};

use super::account::{fades_table, gate_name};
use super::{Example, FEWEST_TRADES, SideStudy, Study, VERDICT_LEVEL};
use crate::Error;
use crate::history::History;

/// Bars drawn before the rally and after the trade.
const MARGIN_BARS: usize = 12;

/// Whether the study found something to trade, by the rule of [`SideStudy::has_edge`].
pub fn verdict(study: &Study, market: &str) -> Verdict {
    let lines: Vec<String> = study
        .sides
        .iter()
        .map(|side| {
            let trades = side.passed.len();
            if trades >= FEWEST_TRADES {
                format!(
                    "{}: {} R net a trade over {trades} held-out trades with a positive expected \
                     value",
                    side.side,
                    shown(side.bet),
                )
            } else {
                format!(
                    "{}: {trades} held-out signals had a positive expected value, {FEWEST_TRADES} \
                     are needed to say anything",
                    side.side
                )
            }
        })
        .collect();
    let found = study.sides.iter().any(SideStudy::has_edge);
    let (outcome, title) = match found {
        true => (Outcome::Passed, format!("{market}: edge found")),
        false => (Outcome::Refused, format!("{market}: no edge found, nothing to trade")),
    };
    let level = VERDICT_LEVEL * 100.0;
    let reason = format!(
        "{}. Intervals: {level} %, since two sides are judged; trades of one quarter are one \
         cluster, since they rise and fall together.",
        lines.join("; ")
    );
    Verdict { outcome, title, reason }
}

fn shown(interval: Interval) -> String {
    let number = |value: f64| report::table::signed(value, 2);
    format!("{} [{}]", number(interval.value), interval.ends(number))
}

/// One side's gates, scores, charts and drawn trades. `market` opens the title.
pub fn side_section(
    history: &dyn History,
    side: &SideStudy,
    market: &str,
    provenance: &Provenance,
) -> Result<Section, Error> {
    let mut parts = vec![Part::Table {
        title: "Scanner only against each confidence gate, held out".to_owned(),
        table: gate_table(&side.gates),
        provenance: provenance.clone(),
    }];
    parts.push(Part::Table {
        title: format!(
            "Scores at 0.50, calibrated by {}",
            side.tuned.classifier.calibration().name()
        ),
        table: score_table(side),
        provenance: provenance.clone(),
    });
    parts.push(Part::Table {
        title: "Opposing book: held-out signals below confidence 0.50, faded".to_owned(),
        table: fades_table(side),
        provenance: provenance.clone(),
    });
    parts.push(Part::Table {
        title: "Mean absolute Shapley value of each feature, held out".to_owned(),
        table: shapley_table(side),
        provenance: provenance.clone(),
    });
    parts.push(Part::Beside(vec![
        reliability_chart(side, provenance),
        importance_chart(side, provenance),
        cumulative_chart(side, provenance),
        month_chart(side, provenance),
    ]));
    for example in &side.examples {
        parts.extend(trade(history, side.side, example, provenance)?);
    }
    Ok(Section { title: format!("{market}, {}", side.side), parts })
}

fn gate_table(gates: &[GateLine]) -> Table {
    let mut table = Table::new([
        "gate",
        "trades",
        "win rate",
        "expectancy gross, R",
        "expectancy net, R",
        "sum net, R",
        "decided conservatively",
    ]);
    for line in gates {
        let gate = gate_name(line.gate);
        let sum = if line.trades == 0 {
            Cell::Missing
        } else {
            Cell::Exact(report::table::signed(line.net_r_sum, 1))
        };
        table.rows.push(vec![
            Cell::text(gate),
            Cell::Count(line.trades as u64),
            Cell::share(line.win_rate),
            Cell::estimate(line.gross_r, 2),
            Cell::estimate(line.net_r, 2),
            sum,
            Cell::Count(line.conservative as u64),
        ]);
    }
    table
}

fn shapley_table(side: &SideStudy) -> Table {
    let mut table = Table::new(["feature", "mean absolute contribution, log-odds", "mean"]);
    for line in &side.tuned.held_out.result.contributions {
        table.rows.push(vec![
            Cell::text(line.feature.clone()),
            Cell::Exact(format!("{:.4}", line.mean_absolute)),
            Cell::Exact(report::table::signed(line.mean, 4)),
        ]);
    }
    table
}

fn score_table(side: &SideStudy) -> Table {
    let names = ["accuracy", "auc", "precision", "recall", "f1", "brier"];
    let mut table = Table::new(names);
    let figures = &side.tuned.held_out.result.scorecard.figures;
    let cell = |name: &&str| figures.get(*name).map_or(Cell::Missing, |f| Cell::estimate(*f, 3));
    table.rows.push(names.iter().map(cell).collect());
    table
}

fn heading(title: &str, caption: &str, provenance: &Provenance) -> Heading {
    Heading { title: title.to_owned(), caption: caption.to_owned(), provenance: provenance.clone() }
}

fn reliability_chart(side: &SideStudy, provenance: &Provenance) -> Part {
    let buckets = side.tuned.held_out.result.reliability.buckets.iter().filter_map(|bucket| {
        let (low, high) = bucket.interval?;
        let observed = Interval { value: bucket.win_rate?, low, high, level: 0.95 };
        let count = bucket.count as u64;
        Some(reliability::Bucket { predicted: bucket.mean_probability?, observed, count })
    });
    let buckets: Vec<reliability::Bucket> = buckets.collect();
    let caption = "Share of wins against predicted confidence, with 95 % Wilson intervals; counts \
                   below.";
    Part::Chart(reliability::chart(heading("Reliability", caption, provenance), &buckets))
}

fn importance_chart(side: &SideStudy, provenance: &Provenance) -> Part {
    let mut gains: Vec<(String, f64)> = side
        .tuned
        .cross
        .importances
        .iter()
        .map(|importance| (importance.feature.clone(), importance.total_gain))
        .collect();
    let total: f64 = gains.iter().map(|(_, gain)| gain).sum();
    gains.iter_mut().for_each(|(_, gain)| *gain *= 100.0 / total.max(f64::MIN_POSITIVE));
    gains.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    gains.truncate(15);
    let caption = "Percent of the trees' total gain, the fifteen largest. Gain says what the \
                   model used, not what works.";
    Part::Chart(bars::ranked(heading("Importances", caption, provenance), &gains))
}

fn cumulative_chart(side: &SideStudy, provenance: &Provenance) -> Part {
    // One percent of 100 an R, not compounded: a shape to look at, not an account.
    let mut sum = 100.0;
    let mut points: Vec<(Day, f64)> = Vec::new();
    for (day, net_r) in &side.passed {
        sum += net_r;
        match points.last_mut() {
            Some(last) if last.0 == *day => last.1 = sum,
            _ => points.push((*day, sum)),
        }
    }
    let curve = equity::Curve { name: "net EV above 0".to_owned(), points };
    let caption = "100 plus the sum of net R of the held-out trades with a positive expected \
                   value, by day of the signal; below, its drawdown in percent.";
    Part::Chart(equity::chart(heading("Running sum", caption, provenance), &[curve]))
}

fn month_chart(side: &SideStudy, provenance: &Provenance) -> Part {
    let mut months: BTreeMap<(i32, u32), f64> = BTreeMap::new();
    for (day, net_r) in &side.passed {
        let (year, month, _) = day.ymd();
        *months.entry((year, month)).or_default() += net_r;
    }
    let caption = "Sum of net R by month of the signal, held-out trades with a positive \
                   expected value.";
    Part::Chart(heatmap::chart(heading("Months", caption, provenance), &months))
}

/// A trade as a trader would draw it; nothing for one that is still open.
fn trade(
    history: &dyn History,
    side: Side,
    example: &Example,
    provenance: &Provenance,
) -> Result<Option<Part>, Error> {
    let candidate = &example.candidate;
    let Some((place, label)) = history.place(candidate.instrument).zip(candidate.label) else {
        return Ok(None);
    };
    let stock = history.stock(place)?;
    let drawing = drawing(&stock, candidate, &label);
    let symbol = history.symbol(candidate.instrument);
    let title = format!(
        "{symbol} {side}, {} R net, confidence {:.2}",
        report::table::signed(example.net_r, 2),
        example.confidence.get()
    );
    let caption = format!(
        "{:?} after {} sessions, decided {:?}. Prices adjusted forward; entry is the close of the \
         breakout bar of {}.",
        label.outcome, label.bars_held, label.decided, candidate.setup.day
    );
    Ok(Some(Part::Chart(candles::chart(heading(&title, &caption, provenance), &drawing))))
}

fn drawing(stock: &Stock, candidate: &Candidate, label: &Label) -> Drawing {
    let setup = &candidate.setup;
    let first = candidate.bar.saturating_sub(setup.rally_start_ago + MARGIN_BARS);
    let exit = candidate.bar + label.bars_held;
    let last = (exit + MARGIN_BARS).min(stock.candles.len() - 1);
    let day = |ago: usize| stock.candles[candidate.bar - ago].day;
    let level = |name: &str, price: f64, role: Role| Level { name: name.to_owned(), price, role };
    Drawing {
        bars: stock.candles[first..=last]
            .iter()
            .map(|c| Bar {
                day: c.day,
                open: c.open,
                high: c.high,
                low: c.low,
                close: c.close,
                volume: c.volume,
            })
            .collect(),
        boxes: vec![
            Area {
                name: "rally".to_owned(),
                from: day(setup.rally_start_ago),
                to: day(setup.rally_end_ago),
                low: setup.rally_low,
                high: setup.rally_high,
            },
            Area {
                name: "base".to_owned(),
                from: day(setup.consol_start_ago),
                to: day(1),
                low: setup.consol_low,
                high: setup.consol_high,
            },
        ],
        levels: vec![
            level("entry", setup.entry, Role::Entry),
            level("stop", setup.stop, Role::Stop),
            level("booked", setup.booked_target, Role::Target),
            level("50 %", setup.targets[0], Role::Target),
            level("75 %", setup.targets[1], Role::Target),
            level("100 %", setup.targets[2], Role::Target),
        ],
        trailed_stop: vec![(setup.day, setup.stop)],
        marks: vec![
            Mark { name: "signal".into(), day: setup.day, price: setup.entry, role: Role::Entry },
            Mark {
                name: format!("{:?}", label.outcome).to_lowercase(),
                day: stock.candles[exit].day,
                price: label.exit_price,
                role: Role::Exit,
            },
        ],
    }
}
