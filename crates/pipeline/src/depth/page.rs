//! What came of a replay, as a page.

use report::chart::lines::{self, Across, Axes, Line, Stroke, at};
use report::chart::{Chart, Heading};
use report::page::Outcome as Word;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};

use super::replay::{Mark, Outcome};
use super::words::{contract, currency, healing, queue, rule as rule_words, travel};

/// Points of a line that a screen can show.
const MOST_POINTS: usize = 1_500;

/// The page.
pub fn page(found: &Outcome, title: &str, provenance: &Provenance) -> Page {
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let account = Section {
        title: "The account".to_owned(),
        parts: vec![
            table("Key figures", figures(found)),
            Part::Chart(equity(found, provenance)),
            Part::Beside(vec![
                Part::Chart(position(found, provenance)),
                Part::Chart(middle(found, provenance)),
            ]),
        ],
    };
    let fills = Section {
        title: "Fills".to_owned(),
        parts: vec![
            table("By the rule that allowed them", rules(found)),
            Part::Text(
                "A mark-out is the move of the middle from the price of a fill in our favour, in \
                 ticks. Below zero after a few seconds: those who traded with us knew more."
                    .to_owned(),
            ),
            table("Mark-outs", mark_outs(found)),
        ],
    };
    Page {
        title: title.to_owned(),
        subtitle: "A market maker at the touch in a recorded order book. It forecasts nothing."
            .to_owned(),
        provenance: provenance.clone(),
        verdicts: vec![verdict(found)],
        sections: vec![account, fills, assumptions(found)],
    }
}

fn verdict(found: &Outcome) -> Verdict {
    let profit = found.profit_a_stretch;
    let ends = profit.ends(|value| format!("{value:.4}"));
    let outcome = if profit.low > 0.0 { Word::Passed } else { Word::Noted };
    Verdict {
        outcome,
        title: match outcome {
            Word::Passed => "Earns more than it loses on this recording".to_owned(),
            _ if profit.high < 0.0 => "Loses on this recording".to_owned(),
            _ => "Not told apart from zero".to_owned(),
        },
        reason: format!(
            "{} after fees, {}, in {:.0} s; mean profit of thirty seconds {:.4} ({} at 95 %, {} \
             stretches). One recording of minutes says nothing about another day.",
            found.profit,
            currency(found.rules.contract),
            found.seconds,
            profit.value,
            ends,
            found.stretches
        ),
    }
}

fn figures(found: &Outcome) -> Table {
    let mut table = Table::new([
        "messages",
        "fills",
        "of these resting",
        "lots traded",
        "lots held at the end",
        "fees",
        "profit after fees",
        "profit of 30 s",
    ]);
    table.rows.push(vec![
        Cell::Count(found.messages),
        Cell::Count(found.fills),
        Cell::Count(found.maker_fills),
        Cell::Count(found.volume.unsigned_abs()),
        Cell::Exact(found.position.to_string()),
        Cell::Exact(found.fees.to_string()),
        Cell::Exact(found.profit.to_string()),
        Cell::estimate(found.profit_a_stretch, 4),
    ]);
    table
}

fn rules(found: &Outcome) -> Table {
    let mut table = Table::new(["rule", "fills"]);
    for (rule, count) in &found.fills_by_rule {
        table.rows.push(vec![Cell::text(rule_words(*rule)), Cell::Count(*count)]);
    }
    table
}

fn mark_outs(found: &Outcome) -> Table {
    let mut table = Table::new(["after, s", "fills", "ticks in our favour"]);
    for mark in &found.mark_outs {
        table.rows.push(vec![
            Cell::Exact(format!("{:.0}", mark.after.seconds())),
            Cell::Count(mark.fills),
            Cell::estimate(mark.ticks, 3),
        ]);
    }
    table
}

fn assumptions(found: &Outcome) -> Section {
    let rules = &found.rules;
    let mut lines = vec![
        format!(
            "An order travels {}, an answer {}.",
            travel(&rules.to_venue),
            travel(&rules.to_us)
        ),
        format!("Place in the queue: {}.", queue(rules.queue)),
        format!("Orders have no more than the recording shows; {}.", healing(rules.impact)),
        format!(
            "Fees: {} bp resting, {} bp taking, {} a unit.",
            rules.fees.maker_bps, rules.fees.taker_bps, rules.fees.per_unit
        ),
        contract(rules.contract),
        format!(
            "Quotes: {} orders a side of {} lots, up to {} lots held, looked at every {:.3} s.",
            found.maker.levels,
            found.maker.size,
            found.maker.most,
            found.maker.every.seconds()
        ),
        "The recording does not react to our orders beyond the footprint.".to_owned(),
        "Open positions are marked at the price that would close them.".to_owned(),
    ];
    for (fault, times) in &found.faults {
        lines.push(format!("Of the recording, {times} times: {fault}."));
    }
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}

fn heading(title: &str, caption: &str, provenance: &Provenance) -> Heading {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Heading { title, caption, provenance: provenance.clone() }
}

fn over_time(side: &str) -> Axes {
    Axes { across: Across::Time, bottom: "UTC".to_owned(), side: side.to_owned() }
}

fn line(name: &str, course: &[Mark], value: impl Fn(&Mark) -> f64) -> Line {
    let step = course.len().div_ceil(MOST_POINTS).max(1);
    let shown = course.iter().step_by(step).chain(course.last());
    let points: Vec<(f64, f64)> = shown.map(|mark| (at(mark.at), value(mark))).collect();
    Line { name: name.to_owned(), points, stroke: Stroke::Stepped }
}

fn equity(found: &Outcome, provenance: &Provenance) -> Chart {
    let caption = "Cash after fees and the position at the price that would close it.";
    let line = line("equity", &found.course, |mark| mark.equity.to_f64());
    let heading = heading("Equity", caption, provenance);
    lines::chart(heading, &over_time(currency(found.rules.contract)), &[line])
}

fn position(found: &Outcome, provenance: &Provenance) -> Chart {
    let line = line("position", &found.course, |mark| mark.position as f64);
    let heading = heading("Position", "Lots held; below zero is short.", provenance);
    lines::chart(heading, &over_time("lots"), &[line])
}

fn middle(found: &Outcome, provenance: &Provenance) -> Chart {
    let line = line("middle", &found.course, |mark| mark.middle);
    let heading = heading("Middle of the book", "As we heard it.", provenance);
    lines::chart(heading, &over_time("price"), &[line])
}
