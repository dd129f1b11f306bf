//! The day as a page.

use report::page::{Outcome, Verdict};
use report::{Cell, Page, Part, Provenance, Section, Table};

use super::{BOOK, Sending, Walk};
use crate::Error;
use crate::history::History as _;

pub(super) fn page(walk: &Walk<'_>) -> Result<Page, Error> {
    let history = walk.history()?;
    let provenance = Provenance {
        data_version: history.data_version(),
        origin: history.origin(),
        seed: None,
        code_revision: walk.request.code_revision.clone(),
    };
    let day = walk.request.session;
    let incidents = walk.store.read(|tx| tx.open_incidents())?;
    let outcome = if incidents.is_empty() { Outcome::Passed } else { Outcome::Refused };
    let reason = match incidents.first() {
        None => "the broker's account equals our ledger, to the cent and the share".to_owned(),
        Some(first) => format!("{} open incidents; the first: {}", incidents.len(), first.id),
    };
    let title = "Reconciled".to_owned();
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let sections = vec![
        Section { title: "Steps".to_owned(), parts: vec![table("Steps", steps(walk)?)] },
        Section {
            title: "Signals and intents".to_owned(),
            parts: vec![
                table("Signals of the last session", signals(walk)?),
                table("Intents", intents(walk)?),
            ],
        },
        Section {
            title: "Orders and fills".to_owned(),
            parts: vec![table("Fills, with the bar behind each", fills(walk)?)],
        },
        Section {
            title: "Account".to_owned(),
            parts: vec![table("Positions", positions(walk)?), table("Ledger", ledger(walk)?)],
        },
    ];
    let sending = match walk.request.sending {
        Sending::DryRun => "dry run: nothing was sent",
        Sending::Approved => "simulated broker, orders approved by a person",
        Sending::Unattended => "simulated broker, unattended",
    };
    Ok(Page {
        title: format!("Breakout book, {day}"),
        subtitle: format!("Decided on what was known before the open; {sending}."),
        provenance,
        verdicts: vec![Verdict { outcome, title, reason }],
        sections,
    })
}

fn steps(walk: &Walk<'_>) -> Result<Table, Error> {
    let mut table = Table::new(["step", "state"]);
    for step in walk.records()? {
        if step.name == "report" {
            continue;
        }
        table.rows.push(vec![Cell::text(step.name), Cell::text(format!("{:?}", step.state))]);
    }
    Ok(table)
}

fn signals(walk: &Walk<'_>) -> Result<Table, Error> {
    let day = walk.previous.day;
    let (signals, scores) = walk.store.read(|tx| -> Result<_, Error> {
        Ok((tx.signals_of_day(day, BOOK)?, tx.scores_of_day(day, BOOK)?))
    })?;
    let mut table = Table::new(["signal", "entry", "stop", "R:R", "confidence", "model"]);
    for signal in signals {
        let score = scores.iter().find(|score| score.signal == signal.id);
        let number = |name: &str| match signal.payload[name].as_f64() {
            Some(value) => Cell::Exact(format!("{value:.2}")),
            None => Cell::Missing,
        };
        table.rows.push(vec![
            Cell::text(signal.id.clone()),
            number("entry"),
            number("stop"),
            number("reward_to_risk"),
            score.map_or(Cell::Missing, |score| Cell::Exact(format!("{:.3}", score.score))),
            score.map_or(Cell::Missing, |score| Cell::text(score.model_version.clone())),
        ]);
    }
    Ok(table)
}

fn intents(walk: &Walk<'_>) -> Result<Table, Error> {
    let planned = walk.store.read(|tx| tx.step_record(&walk.key("plan")))?;
    let output = planned.map(|record| record.output).unwrap_or_default();
    let mut table = Table::new(["intent", "state", "why"]);
    for intent in walk.store.read(|tx| tx.intents_of_day(walk.request.session, BOOK))? {
        let why = intent.payload["why"].as_str().unwrap_or_default().to_owned();
        let state = format!("{:?}", intent.state).to_lowercase();
        table.rows.push(vec![Cell::text(intent.id), Cell::text(state), Cell::text(why)]);
    }
    for refused in output["refused"].as_array().into_iter().flatten() {
        let word = |at: usize| refused[at].as_str().unwrap_or_default().to_owned();
        table.rows.push(vec![Cell::text(word(0)), Cell::text("refused"), Cell::text(word(1))]);
    }
    for line in output["would_send"].as_array().into_iter().flatten() {
        let line = line.as_str().unwrap_or_default().to_owned();
        table.rows.push(vec![Cell::text(line), Cell::text("would be sent"), Cell::text("dry run")]);
    }
    Ok(table)
}

fn fills(walk: &Walk<'_>) -> Result<Table, Error> {
    let day = walk.request.session;
    let fills = walk.store.read(|tx| tx.fills_between(day.start(), day.plus(1).start()))?;
    let mut table = Table::new([
        "order",
        "symbol",
        "quantity",
        "price",
        "fee",
        "bar began",
        "bar known",
        "rule",
    ]);
    for fill in fills {
        let told = |text: Option<String>| text.map_or(Cell::Missing, Cell::text);
        table.rows.push(vec![
            Cell::text(fill.order_id.to_string()),
            Cell::text(fill.symbol.clone()),
            Cell::Exact(fill.qty.to_string()),
            Cell::Exact(fill.price.to_string()),
            Cell::Exact(fill.fee.to_string()),
            told(fill.evidence.map(|e| e.bar_start.to_string())),
            told(fill.evidence.map(|e| e.bar_known.to_string())),
            told(fill.evidence.map(|e| format!("{:?}", e.rule))),
        ]);
    }
    Ok(table)
}

fn positions(walk: &Walk<'_>) -> Result<Table, Error> {
    let mut table = Table::new(["symbol", "quantity", "average price"]);
    for position in walk.store.read(|tx| tx.open_positions(BOOK))? {
        table.rows.push(vec![
            Cell::text(position.symbol.clone()),
            Cell::Exact(position.qty.to_string()),
            Cell::Exact(position.average_price.to_string()),
        ]);
    }
    Ok(table)
}

fn ledger(walk: &Walk<'_>) -> Result<Table, Error> {
    let mut table = Table::new(["account", "currency", "balance"]);
    for ((account, currency), millionths) in walk.store.read(|tx| tx.balances())? {
        let cents = millionths as f64 / 1e6;
        table.rows.push(vec![
            Cell::text(account),
            Cell::text(format!("{currency:?}")),
            Cell::Exact(format!("{cents:.2}")),
        ]);
    }
    Ok(table)
}
