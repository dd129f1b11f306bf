//! Pictures of facts that make a curve, and of intensity over time.

use base::Interval;
use report::chart::bands::{self, Edge, Estimates};
use report::chart::lines::{self, Across, Axes, Line, Stroke, at};
use report::chart::{Chart, Heading};
use report::{Part, Provenance};
use sim::flow::facts::Curve;

use super::facts::{Bucket, Outcome};

/// A picture of a curve.
struct Picture {
    curve: Curve,
    title: &'static str,
    caption: &'static str,
    across: Across,
    bottom: &'static str,
    side: &'static str,
}

const PICTURES: [Picture; 5] = [
    Picture {
        curve: Curve::Depth,
        title: "Depth profile",
        caption: "Mean lots at ticks behind the best price, mean of both sides.",
        across: Across::Numbers,
        bottom: "ticks behind the best price",
        side: "lots",
    },
    Picture {
        curve: Curve::SignMemory,
        title: "Memory of signs",
        caption: "Autocorrelation of the signs of market orders; a long memory falls slowly, a \
                  flow without memory lies at zero.",
        across: Across::Logarithm,
        bottom: "lag, market orders",
        side: "autocorrelation",
    },
    Picture {
        curve: Curve::Signature,
        title: "Signature plot",
        caption: "Variance of the middle a second, by the interval of its moves; it falls where \
                  the middle bounces, and is flat for a martingale.",
        across: Across::Logarithm,
        bottom: "seconds of a move",
        side: "ticks² a second",
    },
    Picture {
        curve: Curve::Waits,
        title: "Waits between events",
        caption: "Part of the waits that are longer; constant rates give one falling edge, bursts \
                  a slope over many decades.",
        across: Across::Logarithm,
        bottom: "seconds",
        side: "part of waits",
    },
    Picture {
        curve: Curve::DayTime,
        title: "Intensity by time of day",
        caption: "Events a second by hour of the day, UTC.",
        across: Across::Numbers,
        bottom: "hours since midnight, UTC",
        side: "events a second",
    },
];

/// All curves that have three points or more, two to a row, then the intensity over time.
pub(super) fn curves(found: &Outcome, provenance: &Provenance) -> Vec<Part> {
    let charts: Vec<Part> = PICTURES
        .iter()
        .filter_map(|picture| drawn(found, picture, provenance))
        .map(Part::Chart)
        .collect();
    let mut parts: Vec<Part> = charts.chunks(2).map(|pair| Part::Beside(pair.to_vec())).collect();
    parts.push(Part::Chart(over_time(found, provenance)));
    parts
}

fn drawn(found: &Outcome, picture: &Picture, provenance: &Provenance) -> Option<Chart> {
    let point = |place: Option<sim::flow::facts::Place>, figure: Interval| {
        let at = place.filter(|place| place.curve == picture.curve)?.at;
        figure.value.is_finite().then_some((at, figure))
    };
    let recorded: Vec<(f64, Interval)> =
        found.recorded.iter().filter_map(|it| point(it.place, it.figure)).collect();
    if recorded.len() < 3 {
        return None;
    }
    let mut all = vec![Estimates { name: "recorded".to_owned(), points: recorded }];
    all.extend(found.judged.iter().map(|judged| Estimates {
        name: judged.choice.name().to_owned(),
        points: judged.facts.iter().filter_map(|it| point(it.place, it.simulated)).collect(),
    }));
    let bands = found.judged.first().map(|judged| {
        let facts = judged.facts.iter();
        let edges = facts.filter_map(|fact| {
            let (at, _) = point(fact.place, fact.recorded)?;
            let (low, high) = fact.band;
            (low.is_finite() && high.is_finite()).then_some(Edge { at, low, high })
        });
        edges.collect::<Vec<Edge>>()
    });
    let axes = Axes {
        across: picture.across,
        bottom: picture.bottom.to_owned(),
        side: picture.side.to_owned(),
    };
    let heading = Heading {
        title: picture.title.to_owned(),
        caption: format!(
            "{} Upright strokes are 95 % intervals{}.",
            picture.caption,
            if bands.is_some() { ", dashed lines the band of the recording" } else { "" }
        ),
        provenance: provenance.clone(),
    };
    Some(bands::chart(heading, &axes, &bands.unwrap_or_default(), &all))
}

fn over_time(found: &Outcome, provenance: &Provenance) -> Chart {
    let line = |name: &str, course: &[Bucket]| Line {
        name: name.to_owned(),
        points: course.iter().map(|bucket| (at(bucket.at), bucket.rate)).collect(),
        stroke: Stroke::Stepped,
    };
    let mut all = vec![line("recorded", &found.course)];
    all.extend(found.judged.iter().map(|it| line(it.choice.name(), &it.course)));
    let heading = Heading {
        title: "Intensity over time".to_owned(),
        caption: "Events a second, counted stretch by stretch.".to_owned(),
        provenance: provenance.clone(),
    };
    let (across, bottom) = (Across::Time, "UTC".to_owned());
    lines::chart(heading, &Axes { across, bottom, side: "events a second".to_owned() }, &all)
}
