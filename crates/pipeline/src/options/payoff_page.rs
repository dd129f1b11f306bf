//! A strategy as a page.

use pricing::strategy::{Extreme, Instrument, Leg};
use report::chart::Heading;
use report::chart::lines::{self, Across, Axes, Line, Stroke};
use report::page::Outcome as Word;
use report::table::signed;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};

use super::payoff::{Picture, Prices};
use super::words::right;

/// The page.
pub fn page(found: &Picture, provenance: &Provenance) -> Page {
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let picture = Section {
        title: "Pay-off".to_owned(),
        parts: vec![
            Part::Chart(drawn(found, provenance)),
            table("What can happen", outcomes(found)),
        ],
    };
    let held = Section {
        title: "What is held".to_owned(),
        parts: vec![
            table("Legs", legs(found)),
            Part::Beside(vec![
                table("Sensitivities now, in money", greeks(found)),
                table("Margin, in money", margin(found)),
            ]),
        ],
    };
    Page {
        title: format!("Pay-off of a {}", found.name),
        subtitle: "What it brings over prices of the underlying, what can go wrong, what must be \
                   put up."
            .to_owned(),
        provenance: provenance.clone(),
        verdicts: vec![verdict(found)],
        sections: vec![picture, held, assumed(found)],
    }
}

/// A most or a worst in words.
pub fn extreme(extreme: Extreme) -> String {
    match extreme {
        Extreme::Bounded(profit) => signed(profit, 2),
        Extreme::Unbounded => "without end as the price rises".to_owned(),
    }
}

/// Breakevens in words.
pub fn breakevens(found: &Picture) -> String {
    match found.breakevens.is_empty() {
        true => "none".to_owned(),
        false => {
            let prices: Vec<String> =
                found.breakevens.iter().map(|it| format!("{it:.2}")).collect();
            prices.join(", ")
        }
    }
}

/// What a leg is, in words.
pub fn leg_words(leg: &Leg) -> String {
    match leg.instrument {
        Instrument::Cash => "cash".to_owned(),
        Instrument::Underlying => "underlying".to_owned(),
        Instrument::Option { right: which, strike, years } => {
            format!("{} {strike} in {:.1} days", right(which), 365.25 * years)
        }
    }
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

fn verdict(found: &Picture) -> Verdict {
    let stated = found.question.volatility;
    let chance = found.chances.iter().find(|chance| chance.volatility == stated);
    let reason = format!(
        "Chance of a profit {} at a volatility of {}, and {} to {} at a fifth less and more. It \
         follows from the assumption of a lognormal price that drifts at the rate; no data stand \
         behind it, and fees are not in it.",
        chance.map_or("n/a".to_owned(), |it| percent(it.of_profit)),
        percent(stated),
        percent(found.chances.iter().map(|it| it.of_profit).fold(1.0, f64::min)),
        percent(found.chances.iter().map(|it| it.of_profit).fold(0.0, f64::max)),
    );
    let title = format!(
        "Most {}, worst {}, breakeven at {}",
        extreme(found.max_profit),
        extreme(found.max_loss),
        breakevens(found)
    );
    Verdict { outcome: Word::Noted, title, reason }
}

fn drawn(found: &Picture, provenance: &Provenance) -> report::Chart {
    let line = |name: &str, points: &[(f64, f64)]| Line {
        name: name.to_owned(),
        points: points.to_vec(),
        stroke: Stroke::Straight,
    };
    let zero: Vec<(f64, f64)> = found.breakevens.iter().map(|spot| (*spot, 0.0)).collect();
    let lines = [
        line("at the first expiry", &found.at_expiry),
        line("halfway", &found.halfway),
        line("now", &found.now),
        Line { name: "breakeven".to_owned(), points: zero, stroke: Stroke::Points },
    ];
    let heading = Heading {
        title: "Profit over the price of the underlying".to_owned(),
        caption: format!(
            "In money for all contracts, fees apart; the price is {} now. Before expiry at the \
             stated volatility.",
            found.question.spot
        ),
        provenance: provenance.clone(),
    };
    let (bottom, side) = ("price of the underlying".to_owned(), "profit".to_owned());
    lines::chart(heading, &Axes { across: Across::Numbers, bottom, side }, &lines)
}

fn outcomes(found: &Picture) -> Table {
    let mut table = Table::new(["what", "how much"]);
    let mut row = |what: &str, how: String| {
        table.rows.push(vec![Cell::text(what), Cell::Exact(how)]);
    };
    let paid = if found.cost < 0.0 { "credit taken in" } else { "cost" };
    row(paid, signed(found.cost.abs(), 2));
    row("worth now at the stated volatility", signed(found.worth, 2));
    row("most that can be earned", extreme(found.max_profit));
    row("most that can be lost", extreme(found.max_loss));
    row("breakevens", breakevens(found));
    for chance in &found.chances {
        let what = format!("chance of a profit at a volatility of {}", percent(chance.volatility));
        row(&what, percent(chance.of_profit));
    }
    table
}

fn legs(found: &Picture) -> Table {
    let mut table = Table::new(["leg", "contracts", "units each", "price", "amount"]);
    for leg in &found.legs {
        table.rows.push(vec![
            Cell::text(leg_words(leg)),
            Cell::Exact(signed(leg.quantity, 0)),
            Cell::Exact(leg.multiplier.to_string()),
            Cell::Exact(format!("{:.4}", leg.price)),
            Cell::Exact(signed(leg.units() * leg.price, 2)),
        ]);
    }
    table
}

fn greeks(found: &Picture) -> Table {
    let greeks = &found.greeks;
    let mut table = Table::new(["of", "to", "how much"]);
    let rows = [
        ("value", "1 of the price", greeks.delta),
        ("delta", "1 of the price", greeks.gamma),
        ("value", "1 point of volatility", greeks.vega / 100.0),
        ("value", "1 day", greeks.theta / 365.0),
        ("value", "1 point of the rate", greeks.rho / 100.0),
        ("delta", "1 point of volatility", greeks.vanna / 100.0),
        ("vega of a point", "1 point of volatility", greeks.volga / 1e4),
        ("delta", "1 day", greeks.charm / 365.0),
    ];
    for (of, to, how) in rows {
        table.rows.push(vec![Cell::text(of), Cell::text(to), Cell::Exact(signed(how, 4))]);
    }
    table
}

fn margin(found: &Picture) -> Table {
    let mut table = Table::new(["by", "asked for", "of it brought by what was sold", "to pay in"]);
    let asked = &found.margin;
    for (by, it) in [("rules, to open", &asked.initial), ("rules, to hold", &asked.maintenance)] {
        table.rows.push(vec![
            Cell::text(by),
            Cell::Exact(signed(it.required, 2)),
            Cell::Exact(signed(it.received, 2)),
            Cell::Exact(signed(it.deposit(), 2)),
        ]);
    }
    table.rows.push(vec![
        Cell::text("largest loss over a range of prices"),
        Cell::Exact(signed(asked.scan.required, 2)),
        Cell::Missing,
        Cell::Missing,
    ]);
    table
}

fn assumed(found: &Picture) -> Section {
    let question = &found.question;
    let mut lines = vec![
        match found.prices {
            Prices::Given => "Prices of the legs were given.".to_owned(),
            Prices::Model => "Prices of legs that were not given are those of the formula of \
                              Black, Scholes and Merton at the stated volatility: nobody quotes \
                              them, and the spread is not in them."
                .to_owned(),
        },
        format!(
            "Interest {} and yield {} a year, volatility {} for all strikes and times: no smile.",
            percent(question.rate),
            percent(question.yield_rate),
            percent(question.volatility)
        ),
        "Options are held to the first expiry; early exercise and assignment are left out.".into(),
        "Interest on cost and credit, fees and taxes are left out.".to_owned(),
        "Margin by rules is that of Cboe Rule 10.3 and FINRA Rule 4210; the range of prices is \
         that of portfolio margin. A broker may ask for more."
            .to_owned(),
    ];
    if !found.exact {
        lines.push(
            "Options of several expiries: profits at the first one rest on the stated volatility \
             for what is left, and the most and the worst are those of the prices drawn."
                .to_owned(),
        );
    }
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}
