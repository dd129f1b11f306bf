//! A recorded chain as a page.

use std::collections::BTreeMap;

use base::Interval;
use market::ExerciseStyle;
use report::chart::Heading;
use report::chart::lines::{self, Across, Axes, Line, Stroke};
use report::page::Outcome as Word;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};
use sim::options::Refusal;

use super::chain::{Expiry, Fault, Look, Mark, SpotFrom};
use super::fit::{Model, SliceFit};
use super::words;

/// Contradictions that are listed, the largest first.
const MOST_FAULTS: usize = 40;
/// Points of a fitted smile.
const POINTS: u32 = 80;

/// The page.
pub fn page(found: &Look, provenance: &Provenance) -> Page {
    let titled = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let inside = Section {
        title: "What is in it".to_owned(),
        parts: vec![
            Part::List(contents(found)),
            Part::Beside(vec![
                titled("Quotes refused", refused(&found.refused)),
                titled("Rows passed over while reading", passed(found)),
            ]),
        ],
    };
    let mut term = vec![Part::Text(READING.to_owned())];
    term.extend(term_structure(found, provenance).map(Part::Chart));
    term.push(titled("By expiry", by_expiry(found)));
    let smiles: Vec<Part> = found
        .expiries
        .iter()
        .filter(|expiry| !expiry.marks.is_empty())
        .map(|expiry| Part::Chart(smile(expiry, provenance)))
        .collect();
    let smiles = smiles.chunks(2).map(|two| Part::Beside(two.to_vec())).collect();
    Page {
        title: format!("Option chain of {}", found.symbol),
        subtitle: format!("{} at {}: {}.", found.name, found.at, found.form),
        provenance: provenance.clone(),
        verdicts: vec![verdict(found)],
        sections: vec![
            inside,
            Section { title: "Term structure".to_owned(), parts: term },
            Section { title: "Smiles".to_owned(), parts: smiles },
            Section { title: "Arbitrage".to_owned(), parts: arbitrage(found, provenance) },
            Section {
                title: "What was assumed".to_owned(),
                parts: vec![Part::List(assumed(found))],
            },
        ],
    }
}

/// How the fit is to be read.
const READING: &str = "Residuals are the fitted volatility less that of the middle, in hundredths \
    of volatility: root mean square and worst. Inside is the share of strikes at which the fit \
    lies between bid and ask; half the spread is what a residual may be and still mean nothing.";

/// Why last prices are not searched for contradictions.
const APART: &str = "Last prices are of different moments: none is held against another.";

fn verdict(found: &Look) -> Verdict {
    let refused: u64 = found.refused.values().sum();
    let fitted = found.expiries.iter().filter(|expiry| !expiry.fits.is_empty()).count();
    let surface = found.surface_faults.len();
    let title = format!(
        "{} of {} quotes refused, {} contradictions at bid and ask, {fitted} expiries fitted",
        refused,
        found.quotes,
        found.faults.len()
    );
    let clean = match surface {
        0 => "Both surfaces are free of butterfly and calendar arbitrage as far as they were \
              looked at."
            .to_owned(),
        count => format!("{count} arbitrages are left in the surfaces."),
    };
    if found.of_closes() {
        let used: usize = found.expiries.iter().map(|it| it.marks.len()).sum();
        let title = format!("{used} strikes with a last price, {fitted} expiries fitted");
        return Verdict { outcome: Word::Noted, title, reason: format!("{clean} {APART}") };
    }
    let reason = format!(
        "{clean} {} contradictions between middles, most of them smaller than the spread.",
        found.faults_at_mid
    );
    Verdict { outcome: Word::Noted, title, reason }
}

/// What is in the file, in sentences.
pub fn contents(found: &Look) -> Vec<String> {
    let (count, first, last) = found.moments;
    let ends = match (first, last) {
        (Some(first), Some(last)) => format!(", from {first} to {last}"),
        _ => String::new(),
    };
    let style = match found.style {
        ExerciseStyle::American => "American",
        ExerciseStyle::European => "European",
    };
    let spot = match found.spot_from {
        SpotFrom::Given => "as given".to_owned(),
        SpotFrom::Stated => "as the file states".to_owned(),
        SpotFrom::Implied(it) => format!(
            "implied by call and put {} {}: {:.4} bid, {:.4} asked",
            it.expiry, it.strike, it.bid, it.ask
        ),
    };
    let mut lines = vec![
        format!("{} moments{ends}; looked at {}.", count, found.at),
        format!("{} {style} contracts of {} expiries.", found.quotes, found.expiries.len()),
        format!("The underlying stands at {:.4}, {spot}.", found.spot),
    ];
    lines.extend(stated(found));
    lines
}

/// How far the file's own volatilities are from those of its prices, where it states any.
fn stated(found: &Look) -> Option<String> {
    let marks = found.expiries.iter().flat_map(|expiry| &expiry.marks);
    let gaps: Vec<f64> = marks.filter_map(Mark::stated_gap).map(|gap| 100.0 * gap).collect();
    (!gaps.is_empty()).then(|| {
        format!(
            "The file states volatilities. Those of its last prices differ from them by {:.1} \
             hundredths in the median of {} strikes; the stated ones are shown, not fitted.",
            base::stats::median(&gaps),
            gaps.len()
        )
    })
}

fn refused(counts: &BTreeMap<Refusal, u64>) -> Table {
    let mut table = Table::new(["reason", "quotes"]);
    for (reason, count) in counts {
        table.rows.push(vec![Cell::text(words::refusal(*reason)), Cell::Count(*count)]);
    }
    if counts.is_empty() {
        table.rows.push(vec![Cell::text("none"), Cell::Count(0)]);
    }
    table
}

fn passed(found: &Look) -> Table {
    let counts = &found.counts;
    let mut table = Table::new(["rows", "how many"]);
    let rows = [
        ("read", counts.read),
        ("of other underlyings", counts.other_names),
        ("without a contract that can be", counts.no_contract),
        ("with a price or size that can't be", counts.bad_numbers),
        ("with a time that no session has", counts.bad_times),
    ];
    table.rows.extend(rows.map(|(what, count)| vec![Cell::text(what), Cell::Count(count)]));
    table
}

/// What a model makes of an expiry.
pub fn of_model(expiry: &Expiry, model: Model) -> Option<&SliceFit> {
    expiry.fits.iter().find(|fit| fit.model == model)
}

fn by_expiry(found: &Look) -> Table {
    let mut table = Table::new([
        "expiry",
        "days left",
        "quotes",
        "refused",
        "forward",
        "strikes used",
        "half the spread",
        "stated off by",
        "SVI at the money",
        "SVI residual",
        "SVI worst",
        "SVI inside",
        "SSVI at the money",
        "SSVI residual",
        "SSVI worst",
        "SSVI inside",
        "note",
    ]);
    for expiry in &found.expiries {
        let mut row = vec![
            Cell::text(expiry.day.to_string()),
            Cell::Exact(format!("{:.1}", 365.25 * expiry.years)),
            Cell::Count(expiry.quotes),
            Cell::Count(expiry.refused.values().sum()),
            forward(expiry),
            Cell::Count(expiry.marks.len() as u64),
            expiry.half_spread().map_or(Cell::Missing, |half| points(100.0 * half)),
            expiry.stated_gap().map_or(Cell::Missing, |gap| points(100.0 * gap)),
        ];
        for model in [Model::Svi, Model::Ssvi] {
            row.extend(fitted(expiry, model));
        }
        row.push(Cell::text(expiry.left_out.unwrap_or_default()));
        table.rows.push(row);
    }
    table
}

fn points(points: f64) -> Cell {
    Cell::Exact(format!("{points:.3}"))
}

fn forward(expiry: &Expiry) -> Cell {
    match expiry.forward {
        None => Cell::Missing,
        Some(it) => {
            // Normal errors: 1.96 of them to each side.
            let away = it.error.map_or(f64::NAN, |error| 1.96 * error);
            let (low, high) = (it.value - away, it.value + away);
            match it.error {
                Some(_) => Cell::estimate(Interval { value: it.value, low, high, level: 0.95 }, 3),
                None => Cell::Exact(format!("{:.3}", it.value)),
            }
        }
    }
}

fn fitted(expiry: &Expiry, model: Model) -> Vec<Cell> {
    let Some(fit) = of_model(expiry, model) else { return vec![Cell::Missing; 4] };
    let spreads = expiry.marks.iter().any(|mark| mark.bid.is_some());
    let inside = format!("{:.0} %", 100.0 * fit.error.inside);
    vec![
        Cell::Exact(format!("{:.2} %", 100.0 * fit.at_money())),
        points(fit.error.rmse_points),
        points(fit.error.worst_points),
        if spreads { Cell::Exact(inside) } else { Cell::Missing },
    ]
}

fn line(name: &str, points: Vec<(f64, f64)>, stroke: Stroke) -> Line {
    Line { name: name.to_owned(), points, stroke }
}

fn heading(title: String, caption: &str, provenance: &Provenance) -> Heading {
    Heading { title, caption: caption.to_owned(), provenance: provenance.clone() }
}

/// Volatility at the forward over days to expiry, where there are two expiries or more.
fn term_structure(found: &Look, provenance: &Provenance) -> Option<report::Chart> {
    let fitted: Vec<&Expiry> = found.expiries.iter().filter(|it| !it.fits.is_empty()).collect();
    let days = |expiry: &Expiry| 365.25 * expiry.years;
    let model = |model| {
        let at =
            |expiry: &&Expiry| Some((days(expiry), 100.0 * of_model(expiry, model)?.at_money()));
        fitted.iter().filter_map(at).collect::<Vec<_>>()
    };
    let side = |side: fn(&Mark) -> Option<f64>| {
        let at = |expiry: &&Expiry| {
            let forward = expiry.forward?.value;
            let away = |mark: &&Mark| (mark.strike - forward).abs();
            let near = expiry.marks.iter().min_by(|a, b| away(a).total_cmp(&away(b)))?;
            Some((days(expiry), 100.0 * side(near)?))
        };
        fitted.iter().filter_map(at).collect::<Vec<_>>()
    };
    let lines = [
        line("bid nearest the forward", side(|mark| mark.bid), Stroke::Points),
        line("ask nearest the forward", side(|mark| mark.ask), Stroke::Points),
        line("SVI", model(Model::Svi), Stroke::Straight),
        line("SSVI", model(Model::Ssvi), Stroke::Straight),
    ];
    let caption = "Implied volatility at the forward, percent a year, by days to expiry.";
    let heading = heading("Volatility at the money".to_owned(), caption, provenance);
    let (bottom, side) = ("days to expiry".to_owned(), "volatility, %".to_owned());
    let axes = Axes { across: Across::Numbers, bottom, side };
    (fitted.len() > 1).then(|| lines::chart(heading, &axes, &lines))
}

fn smile(expiry: &Expiry, provenance: &Provenance) -> report::Chart {
    let marks = |side: fn(&Mark) -> Option<f64>| {
        let at = |mark: &Mark| Some((mark.strike, 100.0 * side(mark)?));
        expiry.marks.iter().filter_map(at).collect::<Vec<_>>()
    };
    let strikes = || expiry.marks.iter().map(|mark| mark.strike);
    let (low, high) = (strikes().fold(f64::INFINITY, f64::min), strikes().fold(0.0_f64, f64::max));
    let mut lines = match expiry.marks.iter().any(|mark| mark.bid.is_some()) {
        true => vec![
            line("bid", marks(|mark| mark.bid), Stroke::Points),
            line("ask", marks(|mark| mark.ask), Stroke::Points),
        ],
        false => vec![
            line("last price", marks(|mark| Some(mark.mid)), Stroke::Points),
            line("stated, not fitted", marks(|mark| mark.stated), Stroke::Points),
        ],
    };
    for fit in &expiry.fits {
        let name = if fit.model == Model::Svi { "SVI" } else { "SSVI" };
        let step = (high - low) / f64::from(POINTS);
        let at = |index: u32| low + step * f64::from(index);
        let curve = (0..=POINTS).map(|index| (at(index), 100.0 * fit.volatility(at(index))));
        lines.push(line(name, curve.collect(), Stroke::Straight));
    }
    let caption = "Implied volatility out of the money, percent a year, by strike.";
    let title = format!("{}, {:.1} days", expiry.day, 365.25 * expiry.years);
    let axes = Axes {
        across: Across::Numbers,
        bottom: "strike".to_owned(),
        side: "volatility, %".to_owned(),
    };
    lines::chart(heading(title, caption, provenance), &axes, &lines)
}

/// The largest contradictions first.
pub fn largest(found: &Look) -> Vec<&Fault> {
    let mut faults: Vec<&Fault> = found.faults.iter().collect();
    faults.sort_by(|a, b| b.size.total_cmp(&a.size));
    faults
}

fn arbitrage(found: &Look, provenance: &Provenance) -> Vec<Part> {
    let mut table = Table::new(["contradiction", "expiry", "strikes", "would earn at bid and ask"]);
    for fault in largest(found).into_iter().take(MOST_FAULTS) {
        let list = |words: Vec<String>| words.join(", ");
        table.rows.push(vec![
            Cell::text(&fault.what),
            Cell::text(list(fault.expiries.iter().map(ToString::to_string).collect())),
            Cell::Exact(list(fault.strikes.iter().map(|it| format!("{it:.2}")).collect())),
            Cell::Exact(format!("{:.4}", fault.size)),
        ]);
    }
    let told = match found.faults.len() {
        _ if found.of_closes() => APART.to_owned(),
        0 => "No two sound quotes contradict each other at bid and ask.".to_owned(),
        count if count > MOST_FAULTS => {
            format!("The largest {MOST_FAULTS} of {count}; --json gives all of them.")
        }
        count => format!("{count} between sound quotes; a unit of the underlying, fees apart."),
    };
    let mut parts = vec![Part::Text(told)];
    if !found.faults.is_empty() {
        let title = "Contradictions of quotes at bid and ask".to_owned();
        parts.push(Part::Table { title, table, provenance: provenance.clone() });
    }
    let name = |model: Model| if model == Model::Svi { "SVI" } else { "SSVI" };
    let surface = found.surface_faults.iter();
    let told: Vec<String> =
        surface.map(|(model, it)| format!("{}: {}", name(*model), words::fault(it))).collect();
    parts.push(match told.is_empty() {
        true => Part::Text("Nothing was found in the fitted surfaces.".to_owned()),
        false => Part::List(told),
    });
    parts
}

/// What is assumed of quotes.
const QUOTES: [&str; 3] = [
    "The forward of an expiry is what its calls less its puts agree on, by a robust regression; \
     the interval is that of its standard error.",
    "Options out of the money alone are fitted, each weighted by the inverse square of its spread \
     in volatility.",
    "The bid of a quote and its ask are of one moment; that of the underlying is taken to be of \
     the same.",
];

/// What is assumed of last prices.
const CLOSES: [&str; 3] = [
    "The forward of an expiry is the stated price of the underlying with interest and payments.",
    "Options out of the money that traded are fitted at their last price, each weighted by what a \
     tick is worth in volatility; nobody quotes these prices.",
    "A last price may be hours older than that of the underlying, and years are counted from when \
     the file could be seen: an expiry of few days is off by more than its residuals say.",
];

/// What was assumed, in sentences.
pub fn assumed(found: &Look) -> Vec<String> {
    let carry = &found.carry;
    let mut lines = vec![format!(
        "Interest {:.2} % a year, yield {:.2} %, {} payments in cash.",
        100.0 * carry.rate,
        100.0 * carry.yield_rate,
        carry.dividends.len()
    )];
    lines.extend(if found.of_closes() { CLOSES } else { QUOTES }.map(str::to_owned));
    if found.style == ExerciseStyle::American {
        lines.push(match carry.rate == 0.0 && carry.dividends.is_empty() {
            true => "Without interest and payments nothing is gained by early exercise of calls \
                     or puts, so the formula for European options is used. Give --rate and \
                     --dividend where they matter."
                .to_owned(),
            false => "What early exercise adds to a middle is taken off its volatility, and off \
                      that of bid and ask alike."
                .to_owned(),
        });
        lines.push(
            "Strikes and expiries of American options are compared at the spot, without \
             discount; parity does not bind them."
                .to_owned(),
        );
    }
    lines
}
