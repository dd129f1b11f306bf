//! Two accounts side by side, as a page.

use std::collections::{BTreeMap, BTreeSet};

use base::clustered::clustered_mean;
use market::Cash;
use report::chart::Heading;
use report::chart::lines::{self, Across, Axes, Line, Stroke};
use report::page::{Outcome, Verdict};
use report::provenance::Origin;
use report::table::counted;
use report::{Cell, Page, Part, Provenance, Section, Table};

use super::parity::{Both, Deeds, Kind, Parity};

/// Level of the intervals.
const LEVEL: f64 = 0.95;

impl Parity {
    /// The page; `names` say what the two are, this one first.
    pub fn page(&self, both: [&Deeds; 2], names: [&str; 2], code_revision: &str) -> Page {
        let provenance = provenance(both, code_revision);
        let sections =
            vec![self.kinds(&provenance), self.prices(&provenance), self.all(&provenance)];
        Page {
            title: format!("Parity: {} beside {}", names[0], names[1]),
            subtitle: "Two accounts that were to do the same. A cost is what was paid here beyond \
                       there; positive is worse here."
                .to_owned(),
            provenance,
            verdicts: vec![self.decisions(), self.execution()],
            sections,
        }
    }

    fn decisions(&self) -> Verdict {
        let apart = |it: &&super::parity::Difference| matches!(it.kind, Kind::Signal | Kind::Order);
        let found = self.differences.iter().filter(apart).count();
        let reason = format!(
            "{} and {} in either; {} of what was wanted or sent.",
            counted(self.intents, "intent"),
            counted(self.orders, "order"),
            counted(found, "difference")
        );
        let outcome = if found == 0 { Outcome::Passed } else { Outcome::Refused };
        Verdict { outcome, title: "The same was wanted and sent".to_owned(), reason }
    }

    fn execution(&self) -> Verdict {
        let apart =
            |it: &&super::parity::Difference| matches!(it.kind, Kind::MissedFill | Kind::Session);
        let missed = self.differences.iter().filter(apart).count();
        let reason = format!(
            "{} filled in both in the same session, {} did not; prices and fees cost {} here \
             beyond there: one run, so no interval.",
            counted(self.same_fills, "order"),
            missed,
            money(self.cost)
        );
        let outcome = if missed == 0 { Outcome::Passed } else { Outcome::Refused };
        Verdict { outcome, title: "The same was filled".to_owned(), reason }
    }

    fn kinds(&self, provenance: &Provenance) -> Section {
        let mut counts: BTreeMap<Kind, (u64, Cash)> = BTreeMap::new();
        for difference in &self.differences {
            let entry = counts.entry(difference.kind).or_default();
            *entry = (entry.0 + 1, entry.1 + difference.cost);
        }
        let mut table = Table::new(["kind", "what it is", "how many", "cost here"]);
        for kind in Kind::ALL {
            let (count, cost) = counts.get(&kind).copied().unwrap_or_default();
            table.rows.push(vec![
                Cell::text(kind.word()),
                Cell::text(kind.meaning()),
                Cell::Count(count),
                cell(cost),
            ]);
        }
        section("Differences by kind", "Differences", table, provenance)
    }

    fn prices(&self, provenance: &Provenance) -> Section {
        let title = "Prices of what both filled".to_owned();
        if self.fills.is_empty() {
            let text = "Nothing filled in both.".to_owned();
            return Section { title, parts: vec![Part::Text(text)] };
        }
        let bps = self.fills.iter().map(|fill| (fill.at.utc_day(), fill.worse_bps));
        let mean = clustered_mean(bps, LEVEL);
        let mut table = Table::new(["figure", "basis points"]);
        table.rows.push(vec![Cell::text("worse here, mean of orders"), Cell::estimate(mean, 2)]);
        let points = self.fills.iter().map(|fill| (lines::at(fill.at), fill.worse_bps));
        let mut points: Vec<(f64, f64)> = points.collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let line = Line { name: "an order".to_owned(), points, stroke: Stroke::Points };
        let heading = Heading {
            title: "How much worse each order filled here".to_owned(),
            caption:
                "Basis points of the value there; the interval above takes the orders of a day \
                      as one."
                    .to_owned(),
            provenance: provenance.clone(),
        };
        let axes = Axes {
            across: Across::Time,
            bottom: "filled here".to_owned(),
            side: "worse here, bp".to_owned(),
        };
        let table = Part::Table {
            title: "Mean over orders".to_owned(),
            table,
            provenance: provenance.clone(),
        };
        Section { title, parts: vec![table, Part::Chart(lines::chart(heading, &axes, &[line]))] }
    }

    fn all(&self, provenance: &Provenance) -> Section {
        let mut table = Table::new(["kind", "what", "symbol", "here", "there", "cost here"]);
        for it in &self.differences {
            let words = [&it.name, &it.symbol, &it.here, &it.there].map(Cell::text);
            let kind = std::iter::once(Cell::text(it.kind.word()));
            table.rows.push(kind.chain(words).chain([cell(it.cost)]).collect());
        }
        section("Each difference", "Differences", table, provenance)
    }
}

fn section(title: &str, name: &str, table: Table, provenance: &Provenance) -> Section {
    let (name, provenance) = (name.to_owned(), provenance.clone());
    let parts = vec![Part::Table { title: name, table, provenance }];
    Section { title: title.to_owned(), parts }
}

fn money(cash: Cash) -> String {
    cash.to_string().replace('-', "\u{2212}")
}

fn cell(cost: Cash) -> Cell {
    if cost == Cash::ZERO { Cell::Missing } else { Cell::Exact(money(cost)) }
}

/// What the bars of both were; recorded only where all were.
fn provenance(both: [&Deeds; 2], code_revision: &str) -> Provenance {
    let data = both.iter().flat_map(|deeds| &deeds.data);
    let versions: BTreeSet<&str> = data.clone().map(|it| it.version.as_str()).collect();
    let origins: BTreeSet<Option<bool>> = data.map(|it| it.is_recorded).collect();
    let origin = match origins.iter().copied().collect::<Vec<_>>()[..] {
        [Some(true)] => Origin::Recorded,
        [] | [None] => Origin::Given,
        _ => Origin::Synthetic,
    };
    let data_version = versions.into_iter().collect::<Vec<_>>().join(", ");
    Provenance { data_version, origin, seed: None, code_revision: code_revision.to_owned() }
}

impl Both {
    /// An order that filled the same quantity at two prices; `None` where that is worth nothing.
    pub(super) fn of(at: base::Ts, [here, there]: [Cash; 2]) -> Option<Both> {
        let paid = there.to_f64().abs();
        (paid > 0.0).then(|| Both { at, worse_bps: (here - there).to_f64() / paid * 10_000.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parity::{Data, Sent, compare};
    use super::*;
    use market::{Price, Qty};

    fn deeds(prices: &[&str], recorded: bool) -> Deeds {
        let mut deeds = Deeds::default();
        deeds.data.insert(Data { version: "us@3".to_owned(), is_recorded: Some(recorded) });
        for (number, price) in prices.iter().enumerate() {
            let (qty, price): (Qty, Price) = (Qty::whole(10), price.parse().unwrap());
            let at = base::Ts::from_seconds(1_704_292_200 + number as i64 * 86_400);
            let sent = Sent {
                symbol: "<A>".to_owned(),
                qty,
                filled: qty,
                value: price.times(qty),
                fee: Cash::ZERO,
                at: Some(at),
            };
            deeds.orders.insert(format!("o{number}"), sent);
        }
        deeds
    }

    #[test]
    fn a_worse_price_is_told_with_its_interval_its_data_and_its_cost() {
        let (here, there) = (deeds(&["101", "102"], true), deeds(&["100", "100"], true));
        let page = compare(&here, &there).page([&here, &there], ["live", "simulated"], "c").html();
        // 100 and 200 bp: the mean of two days, and Student's t with one degree of freedom.
        assert!(page.contains("150.00<span class=\"interval\">\u{2212}485.31 to 785.31"), "{page}");
        assert!(page.contains(">30<") && page.contains("us@3") && page.contains("recorded"));
        assert!(page.contains("&lt;A&gt;") && !page.contains("<A>"));
    }

    #[test]
    fn made_data_on_one_side_make_the_page_synthetic() {
        let (here, there) = (deeds(&["101"], true), deeds(&["100"], false));
        let page = compare(&here, &there).page([&here, &there], ["a", "b"], "c");
        assert_eq!(page.provenance.origin, Origin::Synthetic);
        assert!(page.html().contains("too few for an interval"));
    }

    #[test]
    fn what_was_not_sent_there_is_refused() {
        let (here, there) = (deeds(&["101"], true), deeds(&[], true));
        let page = compare(&here, &there).page([&here, &there], ["a", "b"], "c");
        assert_eq!(page.verdicts[0].outcome, Outcome::Refused);
        assert!(page.html().contains("Nothing filled in both."));
    }
}
