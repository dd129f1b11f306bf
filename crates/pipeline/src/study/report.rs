//! A whole study as a page.

use market::Side;
use report::{Cell, Origin, Page, Part, Provenance, Section, Table};

use super::page::{side_section, verdict};
use super::{SideStudy, Study, StudyRequest};
use crate::Error;
use crate::history::History;

/// Figures of the system the book was learnt from, measured on its own trades, before costs: a
/// comparison, not a target.
struct Reference {
    side: Side,
    accuracy: f64,
    auc: f64,
    scanner_wins: f64,
    scanner_r: f64,
    gate_wins: f64,
    gate_r: f64,
    gate_trades: u64,
}

const REFERENCES: [Reference; 2] = [
    Reference {
        side: Side::Long,
        accuracy: 0.629,
        auc: 0.65,
        scanner_wins: 0.481,
        scanner_r: -0.04,
        gate_wins: 0.616,
        gate_r: 0.12,
        gate_trades: 331,
    },
    Reference {
        side: Side::Short,
        accuracy: 0.657,
        auc: 0.71,
        scanner_wins: 0.404,
        scanner_r: -0.12,
        gate_wins: 0.561,
        gate_r: 0.14,
        gate_trades: 244,
    },
];

/// The page of a study.
pub fn page(
    history: &dyn History,
    study: &Study,
    request: &StudyRequest,
    name: &str,
) -> Result<Page, Error> {
    let provenance = Provenance {
        data_version: request.data_version.clone(),
        origin: history.origin(),
        seed: Some(request.seed),
        code_revision: request.code_revision.clone(),
    };
    let mut sections = vec![against_reference(study, &provenance)];
    for side in &study.sides {
        sections.push(side_section(history, side, name, &provenance)?);
    }
    sections.push(super::account::section(&study.account, name, &provenance));
    sections.push(limits(study, request, history.origin()));
    Ok(Page {
        title: format!("Breakout book on {name}"),
        subtitle: format!("{} stocks, {} signals of both sides.", history.count(), study.signals),
        provenance,
        verdicts: vec![verdict(study, name)],
        sections,
    })
}

fn against_reference(study: &Study, provenance: &Provenance) -> Section {
    let mut table = Table::new(["figure", "side", "here, held out", "reference, before costs"]);
    for (side, told) in study.sides.iter().zip(&REFERENCES) {
        debug_assert_eq!(side.side, told.side);
        for (name, here, there) in rows(side, told) {
            table.rows.push(vec![
                Cell::text(name),
                Cell::text(side.side.to_string()),
                here,
                Cell::Exact(there),
            ]);
        }
    }
    let text = "The reference figures come from another system's own trades, on other stocks and \
                other years, before costs and without intervals. They are here to be compared \
                with, not to be reached.";
    let title = "Held out, beside the reference".to_owned();
    let provenance = provenance.clone();
    let parts = vec![Part::Text(text.to_owned()), Part::Table { title, table, provenance }];
    Section { title: "Against the reference".to_owned(), parts }
}

fn rows(side: &SideStudy, told: &Reference) -> Vec<(&'static str, Cell, String)> {
    let figures = &side.tuned.held_out.result.scorecard.figures;
    let figure = |name: &str| figures.get(name).map_or(Cell::Missing, |f| Cell::estimate(*f, 3));
    let scanner = &side.gates[0];
    let half = &side.gates[1];
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    let signed = |value: f64| report::table::signed(value, 2);
    vec![
        ("accuracy", figure("accuracy"), percent(told.accuracy)),
        ("ROC-AUC", figure("auc"), format!("{:.2}", told.auc)),
        ("win rate, scanner only", Cell::share(scanner.win_rate), percent(told.scanner_wins)),
        ("gross R, scanner only", Cell::estimate(scanner.gross_r, 2), signed(told.scanner_r)),
        ("net R, scanner only", Cell::estimate(scanner.net_r, 2), "not told".to_owned()),
        ("win rate, confidence 0.50", Cell::share(half.win_rate), percent(told.gate_wins)),
        ("gross R, confidence 0.50", Cell::estimate(half.gross_r, 2), signed(told.gate_r)),
        ("trades, confidence 0.50", Cell::Count(half.trades as u64), told.gate_trades.to_string()),
    ]
}

fn limits(study: &Study, request: &StudyRequest, origin: Origin) -> Section {
    let costs = &request.config.costs;
    let mut items = vec![
        format!(
            "Costs on each fill: {} bps half-spread, {} bps slippage, {} USD a share. Borrowing \
             for shorts is not in R.",
            costs.half_spread_bps, costs.slippage_bps, costs.commission_per_share
        ),
        "Results are in R of the planned levels, entered at the close of the breakout bar; a real \
         order is filled later. Trades overlap and share no cash here."
            .to_owned(),
        "Where one bar holds both stop and target and no finer bars decide it, the stop is taken; \
         the tables count how often."
            .to_owned(),
    ];
    if origin == Origin::Recorded {
        items.push(
            "Which companies are missing: a dataset of those still listed today leaves out the \
             ones that failed, which flatters longs and hurts shorts."
                .to_owned(),
        );
    }
    for side in &study.sides {
        let missing = &side.tuned.classifier.card().unavailable;
        if !missing.is_empty() {
            items.push(format!(
                "{}: {} features have no data here and were left out of training, not filled with \
                 zeros: {}.",
                side.side,
                missing.len(),
                missing.join(", ")
            ));
        }
    }
    Section { title: "What these numbers do not show".to_owned(), parts: vec![Part::List(items)] }
}
