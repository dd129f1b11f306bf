//! What was fitted, as a page.

use base::Interval;
use report::chart::bands::{self, Estimates};
use report::chart::lines::{self, Across, Axes, Line, Stroke};
use report::chart::{Chart, Heading};
use report::page::Outcome as Word;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};
use sim::flow::hawkes::{Residual, Stability};
use sim::flow::{FlowKind, Hawkes};

use super::file::FlowFile;
use super::fit::{Fitted, HawkesFound};
use super::page::{cell, decimals};

/// Below this chance a residual refutes.
const REFUTES: f64 = 0.01;
/// Rows of the table of kernels.
const MOST_ROWS: usize = 24;

/// The page.
pub fn fit_page(file: &FlowFile, fitted: &Fitted, provenance: &Provenance) -> Page {
    let mut sections = vec![zero(file, fitted, provenance)];
    match (&fitted.hawkes, &fitted.hawkes_fault) {
        (Some(found), _) => sections.push(hawkes(found, provenance)),
        (None, fault) => sections.push(Section {
            title: "Hawkes".to_owned(),
            parts: vec![Part::Text(format!(
                "None was fitted: {}.",
                fault.as_deref().unwrap_or("nothing was seen")
            ))],
        }),
    }
    sections.push(goodness(fitted, provenance));
    sections.push(assumptions(file, fitted));
    Page {
        title: format!("Flow fitted to {}", file.source.name),
        subtitle: "A zero-intelligence and a Hawkes flow of orders, with what refutes them."
            .to_owned(),
        provenance: provenance.clone(),
        verdicts: verdicts(fitted),
        sections,
    }
}

/// Kinds whose waits refute a process.
fn refuted(residuals: &[Residual]) -> usize {
    residuals.iter().filter(|residual| residual.p_value < REFUTES).count()
}

fn verdicts(fitted: &Fitted) -> Vec<Verdict> {
    let of = |name: &str, residuals: &[Residual], more: String| {
        let bad = refuted(residuals);
        let outcome = if bad == 0 { Word::Passed } else { Word::Refused };
        Verdict {
            outcome,
            title: match bad {
                0 => format!("{name}: its waits are not refuted"),
                _ => format!("{name}: refuted by the waits of {bad} of {} kinds", residuals.len()),
            },
            reason: format!(
                "On the clock of a right process all waits are exponential of mean one; the \
                 distance of Kolmogorov and Smirnov says with which chance.{more}"
            ),
        }
    };
    let mut all = vec![of("Zero intelligence", &fitted.zero_residuals, String::new())];
    if let Some(found) = &fitted.hawkes {
        let gain = found.held_out.as_ref().map_or(String::new(), |it| {
            let ends = it.gain_nats.ends(|value| format!("{value:.3}"));
            format!(
                " On the last third, which it was not fitted to, it foretells {} events by {:.3} \
                 nats each ({ends} at 95 %) better than the constant rates of that third, \
                 known with hindsight.",
                it.events, it.gain_nats.value
            )
        });
        all.push(of("Hawkes", &found.residuals, gain));
    }
    all
}

fn heading(title: &str, caption: &str, provenance: &Provenance) -> Heading {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Heading { title, caption, provenance: provenance.clone() }
}

fn by_distance(title: &str, caption: &str, rates: &[Interval], provenance: &Provenance) -> Chart {
    let points = rates.iter().enumerate().map(|(at, rate)| (at as f64 + 1.0, *rate)).collect();
    let axes = Axes {
        across: Across::Numbers,
        bottom: "ticks from the other side's best price".to_owned(),
        side: "a second".to_owned(),
    };
    let all = [Estimates { name: "recorded".to_owned(), points }];
    bands::chart(heading(title, caption, provenance), &axes, &[], &all)
}

fn zero(file: &FlowFile, fitted: &Fitted, provenance: &Provenance) -> Section {
    let found = &fitted.zero_intervals;
    let mut table =
        Table::new(["market orders a second, each way", "lots, mean", "limit order, lots, mean"]);
    table.rows.push(vec![
        cell(found.market_rate),
        Cell::Exact(format!("{:.1}", file.sizes.market.mean())),
        Cell::Exact(format!("{:.1}", file.sizes.limit.mean())),
    ]);
    let strokes = "Upright strokes are 95 % intervals.";
    let limits = format!("Limit orders a second on each side, by distance. {strokes}");
    let cancels = format!("Part of what rests that is taken back in a second. {strokes}");
    let charts = [
        by_distance("Limit orders", &limits, &found.limit_rates, provenance),
        by_distance("Cancellations", &cancels, &found.cancel_rates, provenance),
    ];
    Section {
        title: "Zero intelligence".to_owned(),
        parts: vec![
            Part::Table {
                title: "Rates and mean sizes; sizes are drawn from quantiles of those seen"
                    .to_owned(),
                table,
                provenance: provenance.clone(),
            },
            Part::Beside(charts.map(Part::Chart).to_vec()),
        ],
    }
}

fn hawkes(found: &HawkesFound, provenance: &Provenance) -> Section {
    let model = &found.fit.model;
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let ratio = match (&found.fit.ratio, found.fit.stability) {
        (Some(ratio), _) => cell(*ratio),
        (None, Stability::Held { wanted }) => {
            Cell::Exact(format!("held at {:.3}; {wanted:.3} was asked", model.branching_ratio()))
        }
        (None, Stability::Free) => Cell::Missing,
    };
    let mut whole = Table::new(["branching ratio", "first third", "second", "last"]);
    let thirds = found.ratio_by_third.iter().map(|it| it.map_or(Cell::Missing, cell));
    whole.rows.push([ratio].into_iter().chain(thirds).collect());
    let mut decays = Table::new(["kernel", "decay, 1/s", "half-life, s", "children of all kinds"]);
    for (at, decay) in model.parameters().decays.iter().enumerate() {
        decays.rows.push(vec![
            Cell::Count(at as u64 + 1),
            Cell::Exact(digits(*decay)),
            Cell::Exact(digits(std::f64::consts::LN_2 / decay)),
            Cell::Exact(format!("{:.3}", mean_children(model, at))),
        ]);
    }
    Section {
        title: "Hawkes".to_owned(),
        parts: vec![
            table("Part of events that others brought forth; thirds fitted alone", whole),
            table("Decays were sought, and have no intervals", decays),
            table("Base rates, a second", bases(found)),
            table("Direct children of one event, the largest kernels first", kernels(found)),
            Part::Chart(excitement(model, provenance)),
        ],
    }
}

/// A number with three digits that matter.
fn digits(value: f64) -> String {
    format!("{value:.*}", decimals(value))
}

/// Children of all kinds through one kernel of one event, mean over the kinds by their rates.
fn mean_children(model: &Hawkes, kernel: usize) -> f64 {
    let (rates, kinds, kernels) = (model.mean_rates(), model.kinds(), model.kernels());
    let branching = &model.parameters().branching;
    let of = |from: usize| {
        (0..kinds).map(|to| branching[(from * kinds + to) * kernels + kernel]).sum::<f64>()
    };
    let all: f64 = (0..kinds).map(|from| rates[from] * of(from)).sum();
    all / rates.iter().sum::<f64>()
}

fn bases(found: &HawkesFound) -> Table {
    let mut table = Table::new(["kind", "base, a second", "in the long run, a second"]);
    let rates = found.fit.model.mean_rates();
    for kind in FlowKind::ALL {
        let base = found.fit.base[kind.index()];
        table.rows.push(vec![
            Cell::text(kind.name()),
            base.map_or_else(|| Cell::text("at its bound"), cell),
            Cell::Exact(format!("{:.3}", rates[kind.index()])),
        ]);
    }
    table
}

fn kernels(found: &HawkesFound) -> Table {
    let mut table = Table::new(["from", "to", "kernel", "children"]);
    let kernels = found.fit.model.kernels();
    let mut all: Vec<(usize, Interval)> = found
        .fit
        .branching
        .iter()
        .enumerate()
        .filter_map(|(place, interval)| interval.map(|interval| (place, interval)))
        .collect();
    all.sort_by(|a, b| b.1.value.total_cmp(&a.1.value).then(a.0.cmp(&b.0)));
    for (place, interval) in all.into_iter().take(MOST_ROWS) {
        let pair = place / kernels;
        let name = |kind: usize| Cell::text(FlowKind::ALL[kind].name());
        table.rows.push(vec![
            name(pair / FlowKind::ALL.len()),
            name(pair % FlowKind::ALL.len()),
            Cell::Count((place % kernels) as u64 + 1),
            cell(interval),
        ]);
    }
    table
}

/// What one event of a kind brings forth of its own kind, by the time since.
fn excitement(model: &Hawkes, provenance: &Provenance) -> Chart {
    let decays = &model.parameters().decays;
    let slowest = decays.iter().copied().fold(f64::INFINITY, f64::min);
    let times: Vec<f64> = (0..=120)
        .map(|at| 10f64.powf(-4.0 + at as f64 / 120.0 * (5.0 - slowest.log10())))
        .collect();
    let line = |kind: FlowKind| {
        let first = (kind.index() * model.kinds() + kind.index()) * model.kernels();
        let children = &model.parameters().branching[first..first + model.kernels()];
        let left = |time: f64| {
            let kernels = children.iter().zip(decays);
            kernels.map(|(alpha, decay)| alpha * (1.0 - (-decay * time).exp())).sum::<f64>()
        };
        Line {
            name: kind.name().to_owned(),
            points: times.iter().map(|time| (*time, left(*time))).collect(),
            stroke: Stroke::Straight,
        }
    };
    let axes = Axes {
        across: Across::Logarithm,
        bottom: "seconds since the event".to_owned(),
        side: "direct children so far".to_owned(),
    };
    let caption = "Events of its own kind that one event brings forth directly, by the time since; \
                   point estimates, their intervals are in the table.";
    let kinds =
        [FlowKind::MarketBuy, FlowKind::MarketSell, FlowKind::LimitBuy, FlowKind::CancelBuy];
    lines::chart(heading("Kernels", caption, provenance), &axes, &kinds.map(line))
}

fn goodness(fitted: &Fitted, provenance: &Provenance) -> Section {
    let mut table = Table::new([
        "kind",
        "events",
        "zero intelligence: variance by mean²",
        "distance",
        "chance",
        "Hawkes: variance by mean²",
        "distance",
        "chance",
    ]);
    let chance = |p: f64| match p < 1e-4 {
        true => "below 0.0001".to_owned(),
        false => format!("{p:.4}"),
    };
    let cells = |residual: Option<&Residual>| match residual {
        Some(it) => [
            Cell::Exact(format!("{:.2}", it.dispersion)),
            Cell::Exact(format!("{:.4}", it.statistic)),
            Cell::Exact(chance(it.p_value)),
        ],
        None => [Cell::Missing, Cell::Missing, Cell::Missing],
    };
    for kind in FlowKind::ALL {
        let at = kind.index();
        let hawkes = fitted.hawkes.as_ref().and_then(|found| found.residuals.get(at));
        let mut row = vec![Cell::text(kind.name()), Cell::Count(fitted.counts[at])];
        row.extend(cells(fitted.zero_residuals.get(at)));
        row.extend(cells(hawkes));
        table.rows.push(row);
    }
    Section {
        title: "Goodness of fit".to_owned(),
        parts: vec![
            Part::Text(
                "Each kind's waits on the clock of the process are compared with the exponential \
                 law of mean one: variance by mean² is then one, more where events still cluster, \
                 less where they keep apart. The chance is that of a distance as large if the \
                 process were right. It is too large for a process fitted to the same events, so a \
                 small one refutes and a large one proves little. With many events every process \
                 is refuted; the distance says by how much it is wrong."
                    .to_owned(),
            ),
            Part::Table {
                title: "Waits on the clock of the process".to_owned(),
                table,
                provenance: provenance.clone(),
            },
        ],
    }
}

/// Whether a decay stopped at an end of what was sought.
fn found_bound(fitted: &Fitted, file: &FlowFile) -> bool {
    let decays = fitted.hawkes.iter().flat_map(|found| &found.fit.model.parameters().decays);
    let fastest = file.settings.fastest.min(0.1 / file.source.clock_seconds);
    let mut decays = decays.copied();
    decays.any(|decay| decay > 0.9 * fastest || decay < 1.1 * file.settings.slowest)
}

fn assumptions(file: &FlowFile, fitted: &Fitted) -> Section {
    let source = &file.source;
    let mut lines = vec![
        format!(
            "{} events within {} ticks of the other side's best price, {:.0} s from {}.",
            source.events, source.nearest_ticks, source.seconds, source.from
        ),
        format!(
            "Events of one moment are moved apart within {} s, the step of the recorder's clock.",
            source.clock_seconds
        ),
        format!(
            "Intervals of rates come from drawing {} stretches of time anew, those of kernels from \
             the curvature of the likelihood with the decays as given: these are too narrow where \
             the process is refuted.",
            file.settings.blocks
        ),
        format!(
            "{:.0} % of the events share their moment with the one before: that they follow at once \
             is easy to foretell, and a good part of what the Hawkes flow gains.",
            100.0 * fitted.same_moment
        ),
        "Decays were sought on the first two thirds where these hold all kinds, so that the last \
         third is new to the process that foretells it."
            .to_owned(),
        "Rates are taken to be the same at all times of the day.".to_owned(),
        "One recording says nothing about another day.".to_owned(),
    ];
    let crowd = &file.crowd;
    lines.push(format!(
        "A crowd of this recording: a fair price of {:.3} ticks a root second, a half spread of \
         {:.2} ticks, {}; by moments, without intervals.",
        crowd.ticks_per_root_second,
        crowd.half_spread_ticks,
        crowd.splitting.map_or("no cut orders".to_owned(), |it| format!(
            "{} large orders cut up at a time with a tail of {:.2}",
            it.active, it.tail
        ))
    ));
    if found_bound(fitted, file) {
        lines.push(
            "A decay lies at a bound of what was sought: the true one may lie beyond.".into(),
        );
    }
    if fitted.counts.iter().sum::<u64>() < 2_000 {
        lines.push("There are few events: take intervals of kernels as rough.".to_owned());
    }
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}
