//! What agents did, for people: each figure with its interval, its costs and its data.

use std::fmt::Write as _;

use books::intraday::{Costs, Fee};
use pipeline::agents::{Card, Eyes, Figure, Judged, Likeness, School};

use crate::terminal::headed;

/// What the reader must know, a line each.
pub(super) fn notes<'a>(notes: impl IntoIterator<Item = &'a String>) -> String {
    notes.into_iter().fold(String::new(), |mut text, note| {
        let _ = writeln!(text, "note: {note}");
        text
    })
}

/// Who they are and what they learned from.
pub(super) fn heading(card: &Card) -> String {
    let label = if card.synthetic { " (SYNTHETIC)" } else { "" };
    let length = card.minutes.map_or("daily".to_owned(), |minutes| format!("{minutes}-minute"));
    let eyes = match card.eyes {
        Eyes::Window => "a window at once",
        Eyes::Sequence => "bar by bar, recurrent",
    };
    let schools: Vec<&str> = card.schools.iter().map(|school| school.name()).collect();
    format!(
        "{} {} agents by {}, {eyes}, {} steps each in {} environments, seed {}\n\
         learned from {} {length} bars of {}{label}, {} to {}, of {}\ncosts: {}",
        card.members,
        schools.join(" and "),
        card.algorithm.name(),
        card.steps,
        card.environments,
        card.seed,
        card.learned.bars,
        card.symbol,
        card.learned.from,
        card.learned.to,
        card.data_version,
        costs(card.market.costs),
    )
}

fn costs(costs: Option<Costs>) -> String {
    let Some(costs) = costs else { return "none".to_owned() };
    let fee = match costs.fee {
        Fee::OfValuePct(percent) => format!("{percent} % of the value"),
        Fee::PerShare(rate) => format!("{rate} a share"),
    };
    format!(
        "half spread {} bp, fee {fee}, slippage {} ÷ √volume; orders fill at the next open",
        costs.half_spread_bps, costs.impact
    )
}

/// What they did.
pub(super) fn judged(judged: &Judged) -> String {
    let mut table = headed([
        "who",
        "net, bp (over time)",
        "net, bp (over seeds)",
        "before costs, bp",
        "costs, bp",
        "turnover a bar",
    ]);
    for line in &judged.lines {
        let seeds = line.net_bps_over_seeds.as_ref().map_or_else(String::new, bps);
        table.add_row([
            line.who.clone(),
            bps(&line.net_bps),
            seeds,
            bps(&line.gross_bps),
            bps(&line.paid_bps),
            parts(&line.turnover),
        ]);
    }
    let mut text = format!(
        "{table}\nof {} episodes of {} bars, 95 % intervals in brackets; a position is −1, 0 or 1",
        judged.episodes, judged.episode
    );
    if let Some(found) = &judged.contrast {
        let _ = write!(
            text,
            "\naware less naive: {} bp an episode after costs, {} before; turnover {} times",
            bps(&found.net_bps),
            bps(&found.gross_bps),
            parts(&found.turnover_ratio)
        );
    }
    for (school, found) in &judged.likeness {
        let _ = write!(text, "\n{}", likeness(*school, found));
    }
    text
}

fn likeness(school: School, found: &Likeness) -> String {
    let worth = found.worth_of.map_or_else(String::new, |worth| {
        format!("; {} move like {worth:.1} that are independent", found.members)
    });
    format!(
        "{}: {} of votes agree; positions correlate {}, values {}{worth}",
        school.name(),
        found.agreement.words(|value| format!("{:.1} %", 100.0 * value)),
        parts(&found.positions),
        parts(&found.values),
    )
}

/// What the interval over time allows to be said of agents, the votes where there are some.
pub(super) fn verdict(judged: &Judged) -> String {
    let ours = |who: &str| who.starts_with("naive") || who.starts_with("aware");
    let voted = judged.lines.iter().any(|line| line.who.ends_with("vote"));
    let told = judged.lines.iter().filter(|line| ours(&line.who));
    let told = told.filter(|line| !voted || line.who.ends_with("vote"));
    let words = told.map(|line| {
        let word = match line.net_bps.interval {
            Some((low, _)) if low > 0.0 => "earns after costs",
            Some((_, high)) if high < 0.0 => "loses after costs",
            Some(_) => "shows no edge after costs",
            None => "can't be told from so few episodes",
        };
        format!("{} {word}", line.who)
    });
    words.collect::<Vec<_>>().join("; ")
}

fn bps(figure: &Figure) -> String {
    figure.words(|value| match value.abs() >= 10.0 {
        true => format!("{value:+.1}"),
        false => format!("{value:+.2}"),
    })
}

fn parts(figure: &Figure) -> String {
    figure.words(|value| format!("{value:.3}"))
}
