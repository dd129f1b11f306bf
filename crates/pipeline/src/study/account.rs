//! The held-out signals of both sides with one account, and what it looks like on a page.

use base::Day;
use books::breakout::gates::Gate;
use desk::performance::DayEquity;
use market::Cash;
use report::chart::{Heading, equity, heatmap};
use report::{Cell, Part, Provenance, Section, Table};

use super::{SideStudy, StudyRequest};
use crate::backtest::{self, Backtest, BacktestRequest, ScoredSignal};
use crate::history::History;
use crate::{Error, Progress};

/// Money at the start.
const CAPITAL: i64 = 100_000;

/// Runs the book over the held-out part: signals and confidences that no model was trained on.
pub fn run(
    history: &dyn History,
    sides: &[SideStudy],
    request: &StudyRequest,
    progress: &dyn Progress,
) -> Result<Backtest, Error> {
    let signals: Vec<ScoredSignal> =
        sides.iter().flat_map(|side| side.held_out.iter().cloned()).collect();
    let first = signals.iter().map(|signal| signal.candidate.setup.day).min();
    let request = BacktestRequest {
        config: request.config.clone(),
        cash: Cash::from_raw(CAPITAL * Cash::SCALE),
        days: (first.unwrap_or(Day::MIN), Day::from_number(i32::MAX)),
        seed: request.root().child("account"),
    };
    backtest::run(history, &signals, &request, progress)
}

/// The account as a section.
pub fn section(found: &Backtest, market: &str, provenance: &Provenance) -> Section {
    let text = "The same held-out signals through the engine: orders after the close, fills at \
                the next open with half-spread, slippage, commission and fees, sizes by expected \
                value and stop distance, limits, one account of 100,000 USD. Prices are adjusted \
                forward.";
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let parts = vec![
        Part::Text(text.to_owned()),
        table("Key figures", figures(found)),
        Part::Beside(vec![curve(found, provenance), months(found, provenance)]),
        table("Intents refused, by reason", counts("reason", &found.refused)),
        table("Fills, by the rule that allowed them", counts("rule", &found.fills_by_rule)),
        table("What the exchange counted", exchange(found)),
        table("Last trades, with the bar behind each fill", trades(found)),
    ];
    Section { title: format!("{market}: the account"), parts }
}

fn figures(found: &Backtest) -> Table {
    let summary = &found.summary;
    let mut table = Table::new([
        "trades",
        "win rate",
        "expectancy before fees, R",
        "expectancy net, R",
        "net, USD",
        "fees, USD",
        "Sharpe",
        "deepest drawdown",
        "total return",
    ]);
    let percent = |value: f64| Cell::Exact(format!("{:.1} %", 100.0 * value));
    let estimate = |interval, digits| match summary.trades {
        0 => Cell::Missing,
        _ => Cell::estimate(interval, digits),
    };
    table.rows.push(vec![
        Cell::Count(summary.trades as u64),
        if summary.trades == 0 { Cell::Missing } else { Cell::share(summary.win_rate) },
        estimate(summary.expectancy_gross_r, 2),
        estimate(summary.expectancy_net_r, 2),
        Cell::Exact(format!("{:.2}", summary.net.to_f64())),
        Cell::Exact(format!("{:.2}", summary.fees.to_f64())),
        estimate(summary.sharpe, 2),
        percent(summary.max_drawdown),
        percent(summary.total_return),
    ]);
    table
}

fn counts(head: &str, all: &std::collections::BTreeMap<String, usize>) -> Table {
    let mut table = Table::new([head, "count"]);
    for (name, count) in all {
        table.rows.push(vec![Cell::text(name.as_str()), Cell::Count(*count as u64)]);
    }
    table
}

fn exchange(found: &Backtest) -> Table {
    let stats = &found.exchange;
    let mut table = Table::new([
        "bars",
        "fills",
        "partial fills",
        "bars with stop and target: stop taken",
        "stops filled at a gap",
        "bars without trade",
    ]);
    let all = [
        stats.bars,
        stats.fills,
        stats.partial_fills,
        stats.stop_before_target,
        stats.stop_gaps,
        stats.empty_bars,
    ];
    table.rows.push(all.into_iter().map(Cell::Count).collect());
    table
}

/// Trades shown.
const SHOWN: usize = 12;

fn trades(found: &Backtest) -> Table {
    let mut table = Table::new([
        "trade",
        "side",
        "entry",
        "exit",
        "net, R",
        "why",
        "entry bar",
        "bar known",
        "rule",
    ]);
    for trade in found.trades.iter().rev().take(SHOWN) {
        let closed = &trade.closed;
        let evidence = trade.fills.first().and_then(|fill| fill.fill.evidence);
        let told = |text: Option<String>| text.map_or(Cell::Missing, Cell::text);
        table.rows.push(vec![
            Cell::text(closed.intent.clone()),
            Cell::text(closed.side.to_string()),
            Cell::Exact(closed.entry.to_string()),
            Cell::Exact(closed.exit.to_string()),
            trade.net_r().map_or(Cell::Missing, |r| Cell::Exact(report::table::signed(r, 2))),
            Cell::text(format!("{:?}", closed.reason)),
            told(evidence.map(|e| e.bar_start.to_string())),
            told(evidence.map(|e| e.bar_known.to_string())),
            told(evidence.map(|e| format!("{:?}", e.rule))),
        ]);
    }
    table
}

fn curve(found: &Backtest, provenance: &Provenance) -> Part {
    let point = |day: &DayEquity| (day.day, day.equity.to_f64());
    let points: Vec<(Day, f64)> = found.curve.iter().map(point).collect();
    let curve = equity::Curve { name: "equity, USD".to_owned(), points };
    let caption = "Cash and positions at each close, after costs; below, the drawdown in percent.";
    let heading = Heading {
        title: "Equity".to_owned(),
        caption: caption.to_owned(),
        provenance: provenance.clone(),
    };
    Part::Chart(equity::chart(heading, &[curve]))
}

fn months(found: &Backtest, provenance: &Provenance) -> Part {
    let months = found.months.iter().map(|m| ((m.year, m.month), 100.0 * m.fraction)).collect();
    let heading = Heading {
        title: "Months".to_owned(),
        caption: "Return of the account by month, percent, after costs.".to_owned(),
        provenance: provenance.clone(),
    };
    Part::Chart(heatmap::chart(heading, &months))
}

/// The opposing book's results as a table.
pub fn fades_table(side: &SideStudy) -> Table {
    let mut table = Table::new([
        "signals watched",
        "fades",
        "win rate",
        "expectancy gross, R",
        "expectancy net, R",
        "decided conservatively",
    ]);
    let line = &side.fades;
    let estimate = |interval| match line.trades {
        0 => Cell::Missing,
        _ => Cell::estimate(interval, 2),
    };
    table.rows.push(vec![
        Cell::Count(line.watched as u64),
        Cell::Count(line.trades as u64),
        if line.trades == 0 { Cell::Missing } else { Cell::share(line.win_rate) },
        estimate(line.gross_r),
        estimate(line.net_r),
        Cell::Count(line.conservative as u64),
    ]);
    table
}

/// Words for a gate.
pub fn gate_name(gate: Gate) -> String {
    match gate {
        Gate::ScannerOnly => "scanner only".to_owned(),
        Gate::Confidence(least) => format!("confidence {least:.2}"),
        Gate::PositiveNetEv => "net EV above 0".to_owned(),
    }
}
