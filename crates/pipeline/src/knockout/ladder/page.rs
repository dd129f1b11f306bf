//! A ladder of barriers as a page.

use base::Interval;
use report::chart::lines::{self, Across, Axes, Line, Stroke};
use report::chart::{Chart, Heading};
use report::page::Outcome as Word;
use report::table::signed;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};

use super::{Chosen, Rung};
use crate::knockout::Cases;

/// The page.
pub fn page(found: &Chosen, provenance: &Provenance) -> Page {
    let ladder = &found.ladder;
    let chart = |part: Chart| Part::Chart(part);
    let along = Section {
        title: "Along the barrier".to_owned(),
        parts: vec![
            chart(utility(found, provenance)),
            Part::Beside(vec![
                chart(chances(found, provenance)),
                chart(leverage(found, provenance)),
            ]),
        ],
    };
    let table = Section {
        title: "All barriers".to_owned(),
        parts: vec![
            Part::Table {
                title: "From the nearest to the furthest; intervals at 95 % over the paths"
                    .to_owned(),
                table: rows(found),
                provenance: provenance.clone(),
            },
            Part::Text(
                "All barriers meet the same paths, so their differences are known better than \
                 the intervals of each say. The intervals hold the luck of the draw alone: that \
                 the view is right, nobody knows."
                    .to_owned(),
            ),
        ],
    };
    Page {
        title: format!("Which barrier: {} certificates at {}", ladder.side, ladder.index),
        subtitle: format!("Made large: {}.", ladder.weighed.words()),
        provenance: provenance.clone(),
        verdicts: vec![verdict(found)],
        sections: vec![
            along,
            table,
            Section {
                title: "What was assumed".to_owned(),
                parts: vec![Part::List(assumed(found))],
            },
        ],
    }
}

fn verdict(found: &Chosen) -> Verdict {
    let Some(best) = found.best.map(|best| &found.rungs[best]) else {
        return Verdict {
            outcome: Word::Noted,
            title: "Stay out".to_owned(),
            reason: "No barrier that is borne is better than holding nothing, costs included."
                .to_owned(),
        };
    };
    let ends = |interval: &Interval, factor: f64, digits: usize| {
        interval.ends(|value| signed(factor * value, digits))
    };
    let unsure = match best.utility.low > 0.0 {
        true => "",
        false => " The interval holds zero: by these paths staying out may be as good.",
    };
    let beyond = match found.is_at_an_end() {
        true => " It is at an end of the ladder: a better one may lie beyond.",
        false => "",
    };
    Verdict {
        outcome: Word::Noted,
        title: format!(
            "Barrier at {:.2}, {:.2} % away, leverage {:.1}",
            best.barrier,
            100.0 * best.distance,
            best.leverage
        ),
        reason: format!(
            "Utility {} of the wealth in basis points ({} at 95 %), return on the stake {} % \
             ({}), P(knock-out) {:.1} % ({}).{unsure}{beyond} The view is an assumption, not a finding.",
            signed(1e4 * best.utility.value, 2),
            ends(&best.utility, 1e4, 2),
            signed(100.0 * best.return_on_stake.value, 2),
            ends(&best.return_on_stake, 100.0, 2),
            100.0 * best.knock_out.value,
            ends(&best.knock_out, 100.0, 1),
        ),
    }
}

fn rows(found: &Chosen) -> Table {
    let mut table = Table::new([
        "",
        "barrier",
        "distance",
        "daily sigmas",
        "leverage",
        "ask",
        "P(knock-out), closed form",
        "P(knock-out), paths",
        "return on stake, %",
        "utility, bp of wealth",
    ]);
    for (at, rung) in found.rungs.iter().enumerate() {
        let word = match (found.best == Some(at), rung.is_borne) {
            (true, _) => "chosen",
            (false, false) => "not borne",
            (false, true) => "",
        };
        table.rows.push(vec![
            Cell::text(word),
            Cell::Exact(format!("{:.2}", rung.barrier)),
            Cell::Exact(format!("{:.2} %", 100.0 * rung.distance)),
            Cell::Exact(format!("{:.2}", rung.distance_sigmas)),
            Cell::Exact(format!("{:.1}", rung.leverage)),
            Cell::Exact(rung.ask.to_string()),
            Cell::Exact(format!("{:.1} %", 100.0 * rung.closed_form)),
            Cell::share(rung.knock_out),
            Cell::estimate(scaled(rung.return_on_stake, 100.0), 2),
            Cell::estimate(scaled(rung.utility, 1e4), 2),
        ]);
    }
    table
}

fn scaled(interval: Interval, factor: f64) -> Interval {
    let Interval { value, low, high, level } = interval;
    Interval { value: factor * value, low: factor * low, high: factor * high, level }
}

/// A figure along the barrier with the ends of its interval.
fn banded(name: &str, found: &Chosen, factor: f64, of: impl Fn(&Rung) -> Interval) -> [Line; 3] {
    let line = |name: &str, stroke: Stroke, end: fn(Interval) -> f64| Line {
        name: name.to_owned(),
        points: found
            .rungs
            .iter()
            .map(|rung| (100.0 * rung.distance, factor * end(of(rung))))
            .collect(),
        stroke,
    };
    [
        line(name, Stroke::Straight, |it| it.value),
        line("lower end", Stroke::Bound, |it| it.low),
        line("upper end", Stroke::Bound, |it| it.high),
    ]
}

fn drawn(heading: (&str, &str), side: &str, lines: &[Line], provenance: &Provenance) -> Chart {
    let heading = Heading {
        title: heading.0.to_owned(),
        caption: heading.1.to_owned(),
        provenance: provenance.clone(),
    };
    let (across, bottom) = (Across::Numbers, "distance of the barrier, % of the index");
    let axes = Axes { across, bottom: bottom.to_owned(), side: side.to_owned() };
    lines::chart(heading, &axes, lines)
}

fn utility(found: &Chosen, provenance: &Provenance) -> Chart {
    let mut lines = banded("utility", found, 1e4, |rung| rung.utility).to_vec();
    if let Some(best) = found.best.map(|best| &found.rungs[best]) {
        let points = vec![(100.0 * best.distance, 1e4 * best.utility.value)];
        lines.push(Line { name: "chosen".to_owned(), points, stroke: Stroke::Points });
    }
    let caption = "In basis points of the wealth; zero is holding nothing. Dashed: 95 % over the \
                   paths. Holes: all may be lost, and the utility does not bear that.";
    drawn(("Utility", caption), "bp of wealth", &lines, provenance)
}

fn chances(found: &Chosen, provenance: &Provenance) -> Chart {
    let mut lines = banded("by paths", found, 100.0, |rung| rung.knock_out).to_vec();
    let closed = |rung: &Rung| (100.0 * rung.distance, 100.0 * rung.closed_form);
    lines.push(Line {
        name: "closed form".to_owned(),
        points: found.rungs.iter().map(closed).collect(),
        stroke: Stroke::Straight,
    });
    let caption = "By paths with nights that nobody watches and jumps, dashed 95 %; in closed \
                   form as if the index were watched day and night and never leapt.";
    drawn(("P(knock-out) over the horizon", caption), "%", &lines, provenance)
}

fn leverage(found: &Chosen, provenance: &Provenance) -> Chart {
    let points = found.rungs.iter().map(|rung| (100.0 * rung.distance, rung.leverage)).collect();
    let line = Line { name: "leverage".to_owned(), points, stroke: Stroke::Straight };
    let caption = "Percent that the value moves when the index moves by one. Exact.";
    drawn(("Leverage", caption), "times", &[line], provenance)
}

fn assumed(found: &Chosen) -> Vec<String> {
    let (ladder, offer, view) = (&found.ladder, &found.offer, &found.ladder.view);
    let goes = match view.cases {
        Cases::Drift(drift) => format!("its mean grows by {:.2} % a year", 100.0 * drift),
        Cases::UpOrDown { up_chance, by } => format!(
            "up by {:.2} % on average with a chance of {:.1} %, else down by as much",
            100.0 * by,
            100.0 * up_chance
        ),
    };
    let gaps = view.gaps;
    let stop = ladder.weighed.stop_loss.map_or("none".to_owned(), |loss| {
        format!("sold when {:.0} % of the price paid are lost", 100.0 * loss)
    });
    vec![
        format!(
            "The view: over {} sessions {goes}; volatility {:.1} % a year, lognormal.",
            view.sessions,
            100.0 * view.volatility
        ),
        format!(
            "Nights hold {:.0} % of a day's variance and are not watched: the barrier is looked \
             at again at the opening. A night jumps besides with a chance of {:.2} %, by {:.1} % \
             (one deviation). Every fifth night is a weekend.",
            100.0 * gaps.night_share,
            100.0 * gaps.jump_chance,
            100.0 * gaps.jump_deviation
        ),
        format!(
            "The issuer: spread of {:.3} points, ratio {}, reference rate {:.2} %, margin \
             {:.2} %, a year of {:.0} days; bought at the ask, sold at the bid at the horizon.",
            offer.spread_points,
            offer.ratio,
            100.0 * offer.financing.reference_rate,
            100.0 * offer.financing.margin,
            offer.financing.year_days
        ),
        format!(
            "Stop-loss: {stop}. Taxes, fees of the broker and the issuer's default are left out."
        ),
        format!("{} paths by seed {}, the same for all barriers.", ladder.paths, ladder.seed),
    ]
}
