//! What trading cost: one parent order, and many.

use base::{Interval, Ts};
use serde::{Deserialize, Serialize};

use super::{Outcome, Page, Part, Section, Verdict};
use crate::chart::Heading;
use crate::chart::execution::{CostBar, FillDot, price_path, progress, waterfall};
use crate::provenance::Provenance;
use crate::table::{Cell, Table, counted, signed};

/// Many orders, and one of them drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionReport {
    /// What was traded, for the page's title.
    pub title: String,
    /// What the numbers rest on.
    pub provenance: Provenance,
    /// Costs of all orders in basis points of their paper value, by name; the last is the total.
    pub costs_bps: Vec<(String, Interval)>,
    /// How many orders those are.
    pub orders: usize,
    /// Against the market's mean by volume, in basis points.
    pub vwap_bps: Interval,
    /// The orders that are drawn.
    pub drawn: Vec<OrderPicture>,
}

/// One parent order as plain numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderPicture {
    /// Its name.
    pub name: String,
    /// One sentence: side, size, pace, what was done.
    pub summary: String,
    /// Middles of the quotes by time.
    pub middles: Vec<(Ts, f64)>,
    /// Its fills.
    pub fills: Vec<FillDot>,
    /// Quantity that the schedule wanted by when.
    pub scheduled: Vec<(Ts, f64)>,
    /// Quantity that was done by when.
    pub done: Vec<(Ts, f64)>,
    /// Its costs in basis points of the paper value; the last is the total.
    pub costs: Vec<CostBar>,
    /// The same as amounts of money, as they shall be shown.
    pub amounts: Vec<String>,
    /// Name, the market's price, and how much worse ours was in basis points.
    pub benchmarks: Vec<(String, f64, Option<f64>)>,
    /// Horizon in words, and how far the price then lay in our favour, in basis points.
    pub mark_outs: Vec<(String, Option<f64>)>,
}

impl ExecutionReport {
    /// The page.
    pub fn page(&self) -> Page {
        let mut sections = vec![self.together()];
        sections.extend(self.drawn.iter().map(|order| self.section(order)));
        Page {
            title: format!("What trading cost: {}", self.title),
            subtitle: "Implementation shortfall against the price at the decision; positive \
                       costs money."
                .to_owned(),
            provenance: self.provenance.clone(),
            verdicts: vec![self.verdict()],
            sections,
        }
    }

    fn verdict(&self) -> Verdict {
        let total = self.costs_bps.last().map(|(_, interval)| *interval);
        let shown = |bps: f64| signed(bps, 2);
        let reason = match total {
            Some(total) => format!(
                "Working {} cost {} bp of the paper value, interval {}.",
                counted(self.orders, "order"),
                shown(total.value),
                total.ends(shown)
            ),
            None => "No order was analysed.".to_owned(),
        };
        Verdict { outcome: Outcome::Noted, title: "Cost of trading".to_owned(), reason }
    }

    fn together(&self) -> Section {
        let mut table = Table::new(["part", "basis points"]);
        for (name, interval) in &self.costs_bps {
            table.rows.push(vec![Cell::text(name), Cell::estimate(*interval, 2)]);
        }
        table.rows.push(vec![Cell::text("worse than VWAP"), Cell::estimate(self.vwap_bps, 2)]);
        let title = "Parts of the cost, all orders".to_owned();
        Section {
            title: "All orders".to_owned(),
            parts: vec![Part::Table { title, table, provenance: self.provenance.clone() }],
        }
    }

    fn section(&self, order: &OrderPicture) -> Section {
        let heading = |title: &str, caption: &str| Heading {
            title: title.to_owned(),
            caption: caption.to_owned(),
            provenance: self.provenance.clone(),
        };
        let path = heading("Price and fills", "Middle of the quotes; a dot is a fill of ours.");
        let way = heading("Scheduled and done", "Units that were wanted and done, by time.");
        let costs = heading("Cost by part", "Basis points of the paper value, adding up.");
        let tables = vec![self.cost_table(order), self.benchmark_table(order)];
        Section {
            title: order.name.clone(),
            parts: vec![
                Part::Text(order.summary.clone()),
                Part::Chart(price_path(path, &order.middles, &order.fills)),
                Part::Beside(vec![
                    Part::Chart(progress(way, &order.scheduled, &order.done)),
                    Part::Chart(waterfall(costs, &order.costs)),
                ]),
                Part::Beside(tables),
            ],
        }
    }

    fn cost_table(&self, order: &OrderPicture) -> Part {
        let mut table = Table::new(["part", "amount", "basis points"]);
        for (bar, amount) in order.costs.iter().zip(&order.amounts) {
            let bps = Cell::Exact(signed(bar.size, 2));
            let amount = Cell::Exact(amount.replace('-', "\u{2212}"));
            table.rows.push(vec![Cell::text(&bar.name), amount, bps]);
        }
        Part::Table { title: "Cost".to_owned(), table, provenance: self.provenance.clone() }
    }

    fn benchmark_table(&self, order: &OrderPicture) -> Part {
        let bps =
            |value: Option<f64>| value.map_or(Cell::Missing, |value| Cell::Exact(signed(value, 2)));
        let mut table = Table::new(["against", "price", "worse, bp", "in favour, bp"]);
        for (name, price, worse) in &order.benchmarks {
            let price = Cell::Exact(format!("{price:.4}"));
            table.rows.push(vec![Cell::text(name), price, bps(*worse), Cell::Missing]);
        }
        for (after, favour) in &order.mark_outs {
            let name = Cell::text(format!("middle {after} after"));
            table.rows.push(vec![name, Cell::Missing, Cell::Missing, bps(*favour)]);
        }
        let title = "Benchmarks and mark-outs".to_owned();
        Part::Table { title, table, provenance: self.provenance.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::Origin;

    fn report() -> ExecutionReport {
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Recorded,
            seed: Some(1),
            code_revision: "c".into(),
        };
        let none = f64::NAN;
        let thin = Interval { value: 1.5, low: none, high: none, level: 0.95 };
        let cost = |name: &str, size, base| CostBar { name: name.into(), size, base };
        let order = OrderPicture {
            name: "buy <IBM>".into(),
            summary: "Bought 20,000 by TWAP.".into(),
            middles: vec![(Ts::from_seconds(0), 182.5)],
            fills: vec![FillDot { at: Ts::from_seconds(1), price: 182.51, qty: 100.0 }],
            scheduled: vec![(Ts::from_seconds(0), 0.0)],
            done: vec![(Ts::from_seconds(1), 100.0)],
            costs: vec![cost("spread", 1.5, 0.0), cost("total", 1.5, 0.0)],
            amounts: vec!["270.00".into(), "-270.00".into()],
            benchmarks: vec![("VWAP".into(), 182.48, Some(-0.25))],
            mark_outs: vec![("60 s".into(), None)],
        };
        ExecutionReport {
            title: "IBM".into(),
            provenance,
            costs_bps: vec![("total".into(), thin)],
            orders: 1,
            vwap_bps: thin,
            drawn: vec![order],
        }
    }

    #[test]
    fn few_orders_say_so_and_names_are_escaped() {
        let html = report().page().html();
        assert!(html.contains("too few for an interval"));
        assert!(html.contains("buy &lt;IBM&gt;") && !html.contains("buy <IBM>"));
        assert!(html.contains(">\u{2212}270.00<") && html.contains("\u{2212}0.25"));
    }

    #[test]
    fn a_report_of_nothing_is_a_page_that_says_so() {
        let empty = ExecutionReport { costs_bps: Vec::new(), drawn: Vec::new(), ..report() };
        assert!(empty.page().html().contains("No order was analysed."));
    }
}
