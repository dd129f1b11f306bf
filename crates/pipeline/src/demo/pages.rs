//! The demo's findings as a page.

use report::{Cell, Page, Part, Section, Table};

use super::Demo;
use crate::Error;
use crate::study::account;
use crate::study::page::{side_section, verdict};

pub(super) fn demo(demo: &Demo) -> Result<Page, Error> {
    let mut sections = vec![compare(demo)];
    for (half, name) in [(&demo.planted, "planted edge"), (&demo.none, "no edge")] {
        for side in &half.study.sides {
            sections.push(side_section(&half.history, side, name, &half.provenance)?);
        }
        sections.push(account::section(&half.study.account, name, &half.provenance));
    }
    sections.push(limits(demo));
    Ok(Page {
        title: "Breakout book: planted edge beside none".to_owned(),
        subtitle: format!(
            "{} stocks × {} years, twice: the same scan, features, training and gates on a market \
             with a known edge and on a martingale.",
            demo.request.symbols, demo.request.years
        ),
        provenance: demo.planted.provenance.clone(),
        verdicts: vec![
            verdict(&demo.planted.study, "Market with a planted edge"),
            verdict(&demo.none.study, "Market with no edge"),
        ],
        sections,
    })
}

fn compare(demo: &Demo) -> Section {
    let mut table = Table::new([
        "market",
        "side",
        "trials",
        "features kept",
        "signals trained on",
        "held out",
        "AUC",
        "scanner only, net R",
        "net EV above 0, net R",
        "trades of these",
    ]);
    for (half, name) in [(&demo.planted, "planted edge"), (&demo.none, "no edge")] {
        for side in &half.study.sides {
            let auc = side.tuned.held_out.result.scorecard.figures.get("auc");
            table.rows.push(vec![
                Cell::text(name),
                Cell::text(side.side.to_string()),
                Cell::Count(side.tuned.cross.trials as u64),
                Cell::Count(side.tuned.classifier.card().features.len() as u64),
                Cell::Count(side.tuned.cross.rows as u64),
                Cell::Count(side.tuned.held_out.result.rows.len() as u64),
                auc.map_or(Cell::Missing, |auc| Cell::estimate(*auc, 3)),
                Cell::estimate(side.gates[0].net_r, 2),
                side.bet_gate().map_or(Cell::Missing, |line| Cell::estimate(line.net_r, 2)),
                Cell::Count(side.bet_gate().map_or(0, |line| line.trades as u64)),
            ]);
        }
    }
    let text = "Everything below was measured on the latest quarter of the signals, which no \
                model had seen and which was opened once. Intervals are 95 %, from a bootstrap \
                that draws trades of one quarter together. Net is after half-spread, slippage and \
                commission on both fills.";
    let title = "Both markets, side by side".to_owned();
    let provenance = demo.planted.provenance.clone();
    let versions = Part::Text(format!(
        "Planted: {}. None: {}.",
        demo.planted.provenance.data_version, demo.none.provenance.data_version
    ));
    Section {
        title: "Comparison".to_owned(),
        parts: vec![
            Part::Text(text.to_owned()),
            Part::Table { title, table, provenance },
            versions,
        ],
    }
}

fn limits(demo: &Demo) -> Section {
    let costs = &demo.request.config.costs;
    let items = vec![
        "The markets are synthetic: they have fat tails, volatility clusters, sectors and regimes, \
         but no market ever traded like this."
            .to_owned(),
        format!(
            "The planted edge: after a breakout the price drifts for 15 sessions by {} daily \
             volatilities a session where the base was quiet and the rally strong, and the other \
             way where neither holds.",
            demo.request.strength
        ),
        format!(
            "Costs on each fill: {} bps half-spread, {} bps slippage, {} USD a share.",
            costs.half_spread_bps, costs.slippage_bps, costs.commission_per_share
        ),
        "Results are in R of the planned levels, entered at the close of the breakout bar; a real \
         order is filled later. Trades overlap and share no cash here."
            .to_owned(),
        "Where one daily bar holds both stop and target, the stop is taken; the tables count how \
         often."
            .to_owned(),
    ];
    Section { title: "What these numbers do not show".to_owned(), parts: vec![Part::List(items)] }
}
