//! Stylised facts side by side, as a page.

use base::Interval;
use report::page::Outcome as Word;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict as Box};
use sim::flow::{Fact, Verdict};

use super::crowd::FlowChoice;
use super::curves::curves;
use super::facts::{Judged, Outcome};

/// The page; `title` names the recording.
pub fn facts_page(found: &Outcome, title: &str, provenance: &Provenance) -> Page {
    let beside = match found.judged.is_empty() {
        true => provenance.data_version.clone(),
        false => format!("{}, beside it SYNTHETIC flows", provenance.data_version),
    };
    let seed = Some(found.seed);
    let provenance = &Provenance { data_version: beside, seed, ..provenance.clone() };
    let pictures = curves(found, provenance);
    let mut sections = vec![
        Section { title: "Pictures".to_owned(), parts: pictures },
        Section { title: "Side by side".to_owned(), parts: vec![table(found, provenance)] },
    ];
    sections.extend(found.judged.iter().map(failures));
    sections.push(assumptions(found));
    Page {
        title: format!("Order flow of {title}"),
        subtitle: "Stylised facts of a recording, and of simulated flows beside them.".to_owned(),
        provenance: provenance.clone(),
        verdicts: found.judged.iter().map(|judged| verdict(found, judged)).collect(),
        sections,
    }
}

/// Facts outside their bands, by name.
pub(super) fn outside(judged: &Judged) -> Vec<&Fact> {
    judged.facts.iter().filter(|fact| fact.verdict == Verdict::Differs).collect()
}

fn verdict(found: &Outcome, judged: &Judged) -> Box {
    let (agree, differ) = (judged.count(Verdict::Agrees), judged.count(Verdict::Differs));
    let (unclear, silent) = (judged.count(Verdict::Unclear), judged.count(Verdict::NotMeasured));
    let name = judged.choice.name();
    let worst: Vec<&str> = outside(judged).iter().take(4).map(|fact| fact.name.as_str()).collect();
    let (outcome, title) = match differ {
        0 if agree > unclear => (Word::Passed, format!("{name}: no fact outside its band")),
        0 => (Word::Noted, format!("{name}: too little data to judge by")),
        _ => (Word::Refused, format!("{name}: {differ} facts outside their bands")),
    };
    let named = match worst.is_empty() {
        true => String::new(),
        false => format!(" Among those outside: {}.", worst.join("; ")),
    };
    let judged_by = match found.fitted_here {
        true => "the recording that it was fitted to, which flatters it",
        false => "a recording that it was not fitted to",
    };
    Box {
        outcome,
        title,
        reason: format!(
            "{agree} of {} facts agree, {differ} differ, {unclear} are unclear, {silent} were not \
             measured; {:.0} s simulated, judged by {judged_by}.{named}",
            judged.facts.len(),
            judged.seconds
        ),
    }
}

/// An estimate with as many decimals as matter.
pub(super) fn cell(figure: Interval) -> Cell {
    Cell::estimate(figure, decimals(figure.value))
}

/// Decimals that show three digits that matter.
pub(super) fn decimals(value: f64) -> usize {
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    (2.0 - magnitude).clamp(0.0, 6.0) as usize
}

fn table(found: &Outcome, provenance: &Provenance) -> Part {
    let mut columns = vec!["fact".to_owned(), "in".to_owned(), "recorded".to_owned()];
    if !found.judged.is_empty() {
        columns.push("band".to_owned());
    }
    for judged in &found.judged {
        columns.extend([judged.choice.name().to_owned(), "verdict".to_owned()]);
    }
    let mut table = Table::new(columns);
    for (at, measured) in found.recorded.iter().enumerate() {
        let mut row =
            vec![Cell::text(&measured.name), Cell::text(&measured.unit), cell(measured.figure)];
        for (place, judged) in found.judged.iter().enumerate() {
            // Facts of a comparison begin with those of the recording, in their order.
            let Some(fact) = judged.facts.get(at) else { continue };
            if place == 0 {
                row.push(band(fact));
            }
            row.extend([cell(fact.simulated), Cell::text(fact.verdict.to_string())]);
        }
        table.rows.push(row);
    }
    Part::Table {
        title: "Facts with 95 % intervals".to_owned(),
        table,
        provenance: provenance.clone(),
    }
}

fn band(fact: &Fact) -> Cell {
    let (low, high) = fact.band;
    let digits = decimals(fact.recorded.value);
    let shown = |end: f64| report::table::signed(end, digits);
    match low.is_finite() && high.is_finite() {
        true => Cell::Exact(format!("{} to {}", shown(low), shown(high))),
        false => Cell::Missing,
    }
}

/// Where a model is wrong, and why it must be.
fn failures(judged: &Judged) -> Section {
    let mut parts = vec![Part::Text(by_construction(judged.choice).to_owned())];
    let lines: Vec<String> = outside(judged)
        .iter()
        .map(|fact| {
            let digits = decimals(fact.recorded.value);
            let shown = |figure: &Interval| {
                let text = |value: f64| report::table::signed(value, digits);
                format!("{} ({})", text(figure.value), figure.ends(text))
            };
            format!(
                "{}: recorded {}, simulated {} {}",
                fact.name,
                shown(&fact.recorded),
                shown(&fact.simulated),
                fact.unit
            )
        })
        .collect();
    parts.push(match lines.is_empty() {
        true => Part::Text("No fact lies wholly outside its band.".to_owned()),
        false => Part::List(lines),
    });
    Section { title: format!("Where {} fails", judged.choice.name()), parts }
}

const fn by_construction(choice: FlowChoice) -> &'static str {
    match choice {
        FlowChoice::Zero => {
            "Constant rates can't burst, signs of market orders are drawn by coin, no hour differs \
             from another, and who cancels looks at nothing but the distance. Nobody knows what \
             the thing is worth, so the middle comes back to where orders are."
        }
        FlowChoice::Hawkes => {
            "Events bring forth events of all six kinds, whatever their size and wherever the book \
             stands. Base rates are constant over the day, and nobody knows what the thing is \
             worth."
        }
        FlowChoice::Crowd => {
            "The flow of orders around a fair price that moves as a random walk: makers draw back \
             and those who know it trade whenever it moves. These trades come on top of the fitted \
             flow, and its steps come at regular times, which no market does. The walk's size, the \
             half spread and the cutting of large orders were set by moments of the recording, not \
             by likelihood."
        }
    }
}

fn assumptions(found: &Outcome) -> Section {
    let how = &found.comparison;
    let mut lines = vec![
        format!(
            "Orders count up to {} ticks from the other side's best price; {} events in {:.0} s \
             from {}.",
            found.nearest_ticks, found.events, found.seconds, found.from
        ),
        "Intervals hold 95 % and come from drawing forty stretches of time anew.".to_owned(),
        format!(
            "A band is the recorded interval made wider at each end by {:.0} % of the figure. A \
             fact agrees where the whole simulated interval lies in the band, differs where it lies \
             wholly outside, and is unclear where it reaches over an end.",
            100.0 * how.tolerance
        ),
        "With so many facts some lie outside by chance alone; facts of one curve hang together."
            .to_owned(),
        "One recording says nothing about another day.".to_owned(),
    ];
    if let Some(every) = found.told_every_seconds {
        lines.push(format!(
            "The feed tells sizes every {every:.3} s, and simulated flows are told the same way: \
             growth of a level counts as a limit order, what shrinks and was not printed as a \
             cancellation, changes of one kind told at one moment as one. What comes and goes \
             between is seen in neither."
        ));
    }
    if let Some(name) = &found.fitted_to {
        let same = if found.fitted_here { "this recording" } else { name.as_str() };
        lines.push(format!(
            "The flows were fitted to {same}, and simulated from seed {}.",
            found.seed
        ));
    }
    for (fault, times) in &found.faults {
        lines.push(format!("Of the recording, {times} times: {fault}."));
    }
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}
