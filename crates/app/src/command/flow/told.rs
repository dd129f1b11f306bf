//! What `trimtab flow` tells people.

use std::fmt::Write as _;

use base::Interval;
use pipeline::flow::{Fitted, FlowFile, HawkesFound, Judged, Made, Outcome};
use sim::flow::hawkes::{Residual, Stability};
use sim::flow::{FlowEdge, FlowKind, Verdict};

use crate::terminal::headed;

/// Distances shown in the terminal.
const SHOWN: usize = 8;

/// Three digits that matter.
fn number(value: f64) -> String {
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = (2.0 - magnitude).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// A figure over its interval.
fn shown(figure: Interval) -> String {
    match figure.value.is_finite() {
        true => format!("{}\n{}", number(figure.value), figure.ends(number)),
        false => "n/a".to_owned(),
    }
}

fn in_line(figure: Interval) -> String {
    format!("{} ({} at 95 %)", number(figure.value), figure.ends(number))
}

pub(super) fn fitted(file: &FlowFile, fit: &Fitted) -> String {
    let source = &file.source;
    let mut text = format!(
        "{} events within {} ticks in {:.0} s from {}",
        source.events, source.nearest_ticks, source.seconds, source.from
    );
    let _ = write!(
        text,
        "\n\nzero intelligence\n  market orders each way  {} a second",
        in_line(fit.zero_intervals.market_rate)
    );
    let mut table = headed(["ticks", "limit orders a second", "cancelled a second, of what rests"]);
    let rates = fit.zero_intervals.limit_rates.iter().zip(&fit.zero_intervals.cancel_rates);
    for (at, (limit, cancel)) in rates.enumerate().take(SHOWN) {
        table.add_row([(at + 1).to_string(), shown(*limit), shown(*cancel)]);
    }
    let _ = write!(text, "\n{table}");
    if fit.zero.limit_rates.len() > SHOWN {
        let _ = write!(text, "\n  and so on to {} ticks", fit.zero.limit_rates.len());
    }
    match (&fit.hawkes, &fit.hawkes_fault) {
        (Some(found), _) => text.push_str(&hawkes(found, fit.same_moment)),
        (None, Some(fault)) => {
            let _ = write!(text, "\n\nHawkes: none, since {fault}");
        }
        (None, None) => {}
    }
    let _ = write!(text, "\n\ngoodness of fit\n{}", goodness(fit));
    text.push_str(
        "\nwaits on the clock of the process against the exponential law: distance of Kolmogorov \
         and Smirnov, and its chance were the process right",
    );
    text
}

fn hawkes(found: &HawkesFound, same_moment: f64) -> String {
    let mut text = String::from("\n\nHawkes");
    let model = &found.fit.model;
    let ratio = match (found.fit.ratio, found.fit.stability) {
        (Some(ratio), _) => in_line(ratio),
        (None, Stability::Held { wanted }) => format!(
            "held at {:.3}; the recording asked for {wanted:.3}, which never comes to rest",
            model.branching_ratio()
        ),
        (None, Stability::Free) => "n/a".to_owned(),
    };
    let _ = write!(text, "\n  branching ratio         {ratio}");
    let thirds: Vec<String> = found
        .ratio_by_third
        .iter()
        .map(|third| third.map_or("n/a".to_owned(), |it| it.ends(number)))
        .collect();
    let _ = write!(text, "\n  each third alone        {}", thirds.join(", "));
    let lives: Vec<String> = (model.parameters().decays.iter())
        .map(|decay| format!("{} s", number(std::f64::consts::LN_2 / decay)))
        .collect();
    let _ = write!(text, "\n  kernels' half-lives     {} (sought, no interval)", lives.join(", "));
    if let Some(it) = &found.held_out {
        let _ = write!(
            text,
            "\n  last third, held out    {} nats an event over the third's own rates, {} events",
            in_line(it.gain_nats),
            it.events
        );
    }
    let _ = write!(
        text,
        "\n  of the events           {:.0} % share their moment with the one before, which is easy to \
         foretell",
        100.0 * same_moment
    );
    let mut table = headed(["kind", "base a second", "children of its own kind, by kernel"]);
    let (kinds, kernels) = (model.kinds(), model.kernels());
    for kind in FlowKind::ALL {
        let at = kind.index();
        let own = &found.fit.branching[(at * kinds + at) * kernels..][..kernels];
        let own: Vec<String> =
            own.iter().map(|it| it.map_or("0, at its bound".to_owned(), in_line)).collect();
        let base = found.fit.base[at].map_or("0, at its bound".to_owned(), shown);
        table.add_row([kind.name().to_owned(), base, own.join("\n")]);
    }
    let _ = write!(text, "\n{table}");
    text
}

fn goodness(fit: &Fitted) -> comfy_table::Table {
    let mut table = headed(["kind", "events", "zero intelligence", "Hawkes"]);
    let told = |residual: Option<&Residual>| {
        residual.map_or("n/a".to_owned(), |it| {
            let chance = match it.p_value < 1e-4 {
                true => "below 0.0001".to_owned(),
                false => format!("{:.4}", it.p_value),
            };
            format!("{:.4}, chance {chance}", it.statistic)
        })
    };
    for kind in FlowKind::ALL {
        let at = kind.index();
        let hawkes = fit.hawkes.as_ref().and_then(|found| found.residuals.get(at));
        table.add_row([
            kind.name().to_owned(),
            fit.counts[at].to_string(),
            told(fit.zero_residuals.get(at)),
            told(hawkes),
        ]);
    }
    table
}

pub(super) fn facts(found: &Outcome) -> String {
    let mut names = vec!["fact".to_owned(), "recorded".to_owned()];
    names.extend(found.judged.iter().map(|judged| judged.choice.name().to_owned()));
    let mut table = headed(names);
    for (at, fact) in found.recorded.iter().enumerate() {
        let name = match fact.unit.is_empty() {
            true => fact.name.clone(),
            false => format!("{}\n{}", fact.name, fact.unit),
        };
        let mut row = vec![name, shown(fact.figure)];
        row.extend(found.judged.iter().map(|judged| simulated(judged, at)));
        table.add_row(row);
    }
    let mut text = format!(
        "{} events within {} ticks in {:.0} s from {}\n{table}",
        found.events, found.nearest_ticks, found.seconds, found.from
    );
    for judged in &found.judged {
        let count = |verdict| judged.count(verdict);
        let _ = write!(
            text,
            "\n{}: {} of {} facts agree, {} differ, {} unclear, {} not measured; {:.0} s simulated",
            judged.choice.name(),
            count(Verdict::Agrees),
            judged.facts.len(),
            count(Verdict::Differs),
            count(Verdict::Unclear),
            count(Verdict::NotMeasured),
            judged.seconds
        );
    }
    if found.fitted_here {
        text.push_str("\nthe flows were fitted to this very recording, which flatters them");
    }
    text.push_str("\n95 % below each figure; one recording says nothing about another day");
    text
}

fn simulated(judged: &Judged, at: usize) -> String {
    let Some(fact) = judged.facts.get(at) else { return String::new() };
    let figure = shown(fact.simulated);
    match fact.verdict {
        Verdict::Agrees | Verdict::NotMeasured => figure,
        Verdict::Differs => format!("{figure}\nDIFFERS"),
        Verdict::Unclear => format!("{figure}\nunclear"),
    }
}

pub(super) fn made(made: &Made, digest: &str) -> String {
    let mut text = format!(
        "SYNTHETIC · seed {} · {:.0} s from {} · {} messages, {} trades, {} lots traded",
        made.seed, made.seconds, made.from, made.messages, made.trades, made.traded_lots
    );
    let _ = write!(text, "\n  tick {} · lot {}", made.tick, made.lot);
    if made.unit != made.lot {
        let _ = write!(text, " · one written unit stands for {}", made.unit);
    }
    text.push_str(match (made.has_fair_price, made.edge) {
        (false, _) => "\n  no fair price: the book goes where the flow takes it",
        (true, FlowEdge::None) => "\n  the fair price is a martingale: nobody can foresee it",
        (true, FlowEdge::Imbalance { .. }) => "\n  an edge is planted:",
    });
    if let FlowEdge::Imbalance { ticks, interval_seconds } = made.edge {
        let _ = write!(
            text,
            " over {interval_seconds} s the fair price drifts by {ticks} ticks × the imbalance of \
             market orders of the {interval_seconds} s before"
        );
    }
    let _ = write!(text, "\n  sha-256 {digest}");
    text
}
