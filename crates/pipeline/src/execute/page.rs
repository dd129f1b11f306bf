//! What working parent orders cost, as a page.

use desk::execution::Progress;
use desk::tca::{MarkOut, Step, Summary};
use report::chart::execution::{CostBar, FillDot};
use report::chart::lines::{self, Across, Axes, Line, Stroke, at};
use report::chart::{Chart, Heading};
use report::page::execution::{ExecutionReport, OrderPicture};
use report::table::signed;
use report::{Cell, Page, Part, Provenance, Section, Table};

use super::assumed::assumptions;
use super::outcome::{Outcome, Run, Worked};

/// Beyond this part of the volume a recording that does not react flatters.
const MUCH: f64 = 0.1;

/// The page; `title` names the recording.
pub fn page(found: &Outcome, title: &str, provenance: &Provenance) -> Page {
    let report = ExecutionReport {
        title: title.to_owned(),
        provenance: provenance.clone(),
        costs_bps: found.runs.first().map(|run| costs(&run.summary)).unwrap_or_default(),
        orders: found.runs.first().map_or(0, |run| run.summary.orders),
        vwap_bps: found.runs.first().map_or(NOTHING, |run| run.summary.vwap_bps),
        drawn: drawn(found),
    };
    let mut page = report.page();
    let name = found.runs.first().map_or("", |run| run.name);
    if let Some(all) = page.sections.first_mut() {
        all.title = format!("All orders, {name}");
        all.parts.insert(0, Part::Text(READING.to_owned()));
    }
    if let Some(verdict) = page.verdicts.first_mut() {
        verdict.title = format!("Cost of trading by {name}");
        verdict.reason.push(' ');
        verdict.reason.push_str(&caution(found));
    }
    let mut sections = vec![side_by_side(found, provenance)];
    sections.append(&mut page.sections);
    sections.extend(found.runs.iter().map(|run| each(run, provenance)));
    sections.push(assumptions(found));
    Page { sections, ..page }
}

/// How the parts are to be read.
const READING: &str = "Spread is what was paid beyond the middle known just before each fill: half \
    the spread, the walk through the book, and the hole that earlier children left. Market moved \
    is the way of the recorded middle from arrival to the fills: the recording does not react, so \
    it is the market's drift and none of it is our impact. Opportunity is what was not done, at \
    the middle at the end.";

const NOTHING: base::Interval =
    base::Interval { value: f64::NAN, low: f64::NAN, high: f64::NAN, level: 0.95 };

/// The parts by the names that are true of a recording.
pub fn costs(summary: &Summary) -> Vec<(String, base::Interval)> {
    let named = |(name, bps): &(String, base::Interval)| (true_name(name).to_owned(), *bps);
    summary.costs_bps.iter().map(named).collect()
}

/// A market that does not react has no impact of ours in it.
fn true_name(name: &str) -> &str {
    match name {
        "impact" => "market moved",
        "permanent impact" => "moved and stayed",
        "temporary impact" => "moved and came back",
        _ => name,
    }
}

/// What a reader shall not take from the figures.
pub fn caution(found: &Outcome) -> String {
    let most = found.runs.iter().filter_map(|run| run.most_participation).fold(0.0, f64::max);
    let one = "One recording says nothing about another day.";
    match most > MUCH {
        true => format!(
            "The largest order was {:.0} % of the volume of others: so much would have moved the \
             market, which a recording does not show. {one}",
            100.0 * most
        ),
        false => one.to_owned(),
    }
}

fn side_by_side(found: &Outcome, provenance: &Provenance) -> Section {
    let mut table = Table::new([
        "pace",
        "orders",
        "done",
        "total, bp",
        "more than first, bp",
        "spread, bp",
        "market moved, bp",
        "fees, bp",
        "opportunity, bp",
        "worse than VWAP, bp",
        "of it rested",
        "most of others' volume",
    ]);
    table.rows = found.runs.iter().map(row).collect();
    let mut parts = vec![Part::Table {
        title: "Cost in basis points of the paper value".to_owned(),
        table,
        provenance: provenance.clone(),
    }];
    if found.runs.len() > 1 {
        parts.push(Part::Text(
            "More than first: each order's cost less that of the first pace over the same stretch, \
             on average. The market's drift is the same for both, so this interval is the narrower \
             one to compare paces by."
                .to_owned(),
        ));
    }
    parts.extend(way(found, provenance).map(Part::Chart));
    Section { title: "Paces".to_owned(), parts }
}

fn row(run: &Run) -> Vec<Cell> {
    let costs = costs(&run.summary);
    let part = |name: &str| {
        let found = costs.iter().find(|(cost, _)| cost == name);
        found.map_or(Cell::Missing, |(_, bps)| Cell::estimate(*bps, 2))
    };
    vec![
        Cell::text(run.name),
        Cell::Count(run.summary.orders as u64),
        Cell::Exact(percent(run.summary.done)),
        part("total"),
        run.more_than_first_bps.map_or(Cell::Missing, |more| Cell::estimate(more, 2)),
        part("spread"),
        part("market moved"),
        part("fees"),
        part("opportunity"),
        Cell::estimate(run.summary.vwap_bps, 2),
        share(run.rested),
        share(run.most_participation),
    ]
}

pub(super) fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

fn share(part: Option<f64>) -> Cell {
    part.map_or(Cell::Missing, |part| Cell::Exact(percent(part)))
}

/// How far the first order of each pace was, by when.
fn way(found: &Outcome, provenance: &Provenance) -> Option<Chart> {
    let lines: Vec<Line> = found
        .runs
        .iter()
        .filter_map(|run| {
            let order = run.orders.first()?;
            let series = order.series(&found.seen);
            let points = series.filled.iter().map(|step| (at(step.at), step.qty)).collect();
            Some(Line { name: run.name.to_owned(), points, stroke: Stroke::Stepped })
        })
        .collect();
    let heading = Heading {
        title: "First order, done by when".to_owned(),
        caption: "Units done, of each pace over the same stretch.".to_owned(),
        provenance: provenance.clone(),
    };
    let (across, bottom) = (Across::Time, "UTC".to_owned());
    let axes = Axes { across, bottom, side: "units".to_owned() };
    (lines.len() > 1).then(|| lines::chart(heading, &axes, &lines))
}

/// Of one pace the first order and the dearest, of several the first of each.
fn drawn(found: &Outcome) -> Vec<OrderPicture> {
    let mut orders: Vec<(&Run, &Worked)> =
        found.runs.iter().filter_map(|run| Some((run, run.orders.first()?))).collect();
    if let [(run, first)] = orders[..] {
        let by_cost = |a: &&Worked, b: &&Worked| a.total_bps().total_cmp(&b.total_bps());
        orders.extend(
            run.orders.iter().max_by(by_cost).filter(|it| *it != first).map(|it| (run, it)),
        );
    }
    orders.into_iter().map(|(run, order)| picture(found, run, order)).collect()
}

fn picture(found: &Outcome, run: &Run, order: &Worked) -> OrderPicture {
    let series = order.series(&found.seen);
    let steps = |steps: &[Step]| steps.iter().map(|step| (step.at, step.qty)).collect();
    let analysis = &order.analysis;
    let mut amounts: Vec<String> =
        analysis.shortfall.parts().iter().map(|(_, amount)| amount.to_string()).collect();
    amounts.push(analysis.shortfall.total.to_string());
    let benchmark = |name: &str, found: Option<desk::tca::Benchmark>| {
        found.map(|it| (name.to_owned(), it.price, it.worse_bps))
    };
    let mut benchmarks = vec![
        ("decision".to_owned(), analysis.decision.to_f64(), None),
        ("arrival".to_owned(), analysis.arrival.to_f64(), None),
    ];
    benchmarks.extend(benchmark("VWAP", analysis.vwap));
    benchmarks.extend(benchmark("TWAP of the middle", analysis.twap));
    let mark_out = |it: &MarkOut| (format!("{:.0} s", it.after.seconds()), it.favour_bps);
    OrderPicture {
        name: format!("Order {} by {}", order.slot.number, run.name),
        summary: sentence(run, order),
        middles: series.prices,
        fills: series
            .fills
            .iter()
            .map(|it| FillDot { at: it.at, price: it.price.to_f64(), qty: it.qty.to_f64() })
            .collect(),
        scheduled: steps(&series.scheduled),
        done: steps(&series.filled),
        costs: series
            .waterfall
            .into_iter()
            .map(|(name, size, base)| CostBar { name: true_name(&name).to_owned(), size, base })
            .collect(),
        amounts,
        benchmarks,
        mark_outs: analysis.mark_outs.iter().map(mark_out).collect(),
    }
}

fn sentence(run: &Run, order: &Worked) -> String {
    let rested = order.rested.map_or("none".to_owned(), percent);
    format!(
        "To {} {} by {} from {} to {}: {} done with {} children, {rested} of it resting; {}.",
        order.verb(),
        order.done.qty,
        run.name,
        order.slot.start,
        order.slot.end,
        order.analysis.filled,
        order.children,
        ending(order)
    )
}

/// How it ended, in words.
fn ending(order: &Worked) -> String {
    match &order.progress {
        Progress::Filled => "all done".to_owned(),
        Progress::Ended => "its time was over".to_owned(),
        Progress::Working => "still at work".to_owned(),
        Progress::Stopped { reason } => format!("it stopped itself: {reason}"),
    }
}

fn each(run: &Run, provenance: &Provenance) -> Section {
    let mut table = Table::new([
        "order",
        "start",
        "side",
        "end",
        "done",
        "children",
        "refused",
        "rested",
        "of others' volume",
        "mean price",
        "total, bp",
        "worse than VWAP, bp",
    ]);
    let bps = |bps: Option<f64>| bps.map_or(Cell::Missing, |bps| Cell::Exact(signed(bps, 2)));
    for order in &run.orders {
        let analysis = &order.analysis;
        let mean = analysis.average.map_or(Cell::Missing, |it| Cell::Exact(format!("{it:.4}")));
        table.rows.push(vec![
            Cell::Count(u64::from(order.slot.number)),
            Cell::text(order.slot.start.to_string()),
            Cell::text(order.verb()),
            Cell::text(ending(order)),
            Cell::Exact(analysis.filled.to_string()),
            Cell::Count(order.children as u64),
            Cell::Count(order.refused.values().sum()),
            share(order.rested),
            share(analysis.participation),
            mean,
            bps(Some(order.total_bps())),
            bps(analysis.vwap.and_then(|vwap| vwap.worse_bps)),
        ]);
    }
    let title = "One row an order; a single order has no interval".to_owned();
    let mut parts = vec![Part::Table { title, table, provenance: provenance.clone() }];
    let mut rules = Table::new(["a fill was allowed because", "fills"]);
    for (rule, count) in &run.fills_by_rule {
        rules.rows.push(vec![Cell::text(format!("{rule:?}")), Cell::Count(*count)]);
    }
    let title = "Fills by the rule that allowed them".to_owned();
    parts.push(Part::Table { title, table: rules, provenance: provenance.clone() });
    for slot in &run.left_out {
        parts.push(Part::Text(format!(
            "Order {} was left out: no whole book was known at its start {}.",
            slot.number, slot.start
        )));
    }
    Section { title: format!("Each order by {}", run.name), parts }
}
