//! Estimates with their intervals along a curve, and a band that they should lie in.

use base::Interval;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lines::{Across, Axes, COLOURS, frame};
use super::{Chart, Heading, number};

/// A band at one place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Where along the bottom.
    pub at: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Estimates of one thing along a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// Its name.
    pub name: String,
    /// Places, ascending, with the figure there.
    pub points: Vec<(f64, Interval)>,
}

/// Draws each thing as a line with its intervals as upright strokes, and the band as two dashed
/// lines.
pub fn chart(heading: Heading, axes: &Axes, band: &[Edge], things: &[Estimates]) -> Chart {
    let logarithm = axes.across == Across::Logarithm;
    let shown = |at: f64| !logarithm || at > 0.0;
    let mut names: Vec<&str> = Vec::new();
    let mut series: Vec<Value> = Vec::new();
    if !band.is_empty() {
        names.push("band");
        series.push(edge(band.iter().filter(|it| shown(it.at)).map(|it| (it.at, it.low))));
        series.push(edge(band.iter().filter(|it| shown(it.at)).map(|it| (it.at, it.high))));
    }
    for (index, thing) in things.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points = thing.points.iter().filter(|(at, _)| shown(*at));
        names.push(&thing.name);
        series.push(json!({
            "name": thing.name, "type": "line", "symbolSize": 5,
            "data": points.clone().map(|(at, it)| json!([number(*at), number(it.value)]))
                .collect::<Vec<_>>(),
            "lineStyle": {"color": colour, "width": 1.6}, "itemStyle": {"color": colour},
        }));
        // A stroke from end to end, and a hole before the next.
        let strokes = points.filter(|(_, it)| it.low.is_finite() && it.high.is_finite());
        let strokes = strokes.flat_map(|(at, it)| {
            let at = number(*at);
            [json!([at, number(it.low)]), json!([at, number(it.high)]), json!([at, null])]
        });
        series.push(json!({
            "name": thing.name, "type": "line", "symbol": "none", "silent": true,
            "tooltip": {"show": false}, "data": strokes.collect::<Vec<_>>(),
            "lineStyle": {"color": colour, "width": 1.2, "opacity": 0.8},
            "itemStyle": {"color": colour},
        }));
    }
    heading.chart(320, frame(axes, &names, series))
}

fn edge(points: impl Iterator<Item = (f64, f64)>) -> Value {
    json!({
        "name": "band", "type": "line", "symbol": "none", "silent": true,
        "data": points.map(|(at, end)| json!([number(at), number(end)])).collect::<Vec<_>>(),
        "lineStyle": {"color": "@quiet", "width": 1.2, "type": "dashed"},
        "itemStyle": {"color": "@quiet"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    fn drawn(across: Across) -> Value {
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Recorded,
            seed: None,
            code_revision: "c".into(),
        };
        let heading = Heading { title: "t".into(), caption: "c".into(), provenance };
        let axes = Axes { across, bottom: "b".into(), side: "s".into() };
        let figure =
            |value: f64| Interval { value, low: value - 1.0, high: value + 1.0, level: 0.95 };
        let open = Interval { low: f64::NAN, high: f64::NAN, ..figure(5.0) };
        let points = vec![(0.0, figure(3.0)), (2.0, figure(4.0)), (3.0, open)];
        let band = [Edge { at: 0.0, low: 1.0, high: 2.0 }, Edge { at: 2.0, low: 0.0, high: 9.0 }];
        chart(heading, &axes, &band, &[Estimates { name: "n".into(), points }]).options
    }

    #[test]
    fn each_figure_has_its_stroke_and_one_without_ends_has_none() {
        let series = drawn(Across::Numbers)["series"].clone();
        let all = series.as_array().unwrap();
        assert_eq!(all.len(), 4, "two edges, a line, its strokes");
        assert_eq!(all[2]["data"], json!([[0.0, 3.0], [2.0, 4.0], [3.0, 5.0]]));
        let strokes = all[3]["data"].as_array().unwrap();
        assert_eq!(strokes.len(), 6);
        assert_eq!(strokes[..3], [json!([0.0, 2.0]), json!([0.0, 4.0]), json!([0.0, null])]);
    }

    #[test]
    fn what_has_no_logarithm_is_left_out_of_line_strokes_and_band() {
        let series = drawn(Across::Logarithm)["series"].clone();
        let counts: Vec<usize> = series
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["data"].as_array().unwrap().len())
            .collect();
        assert_eq!(counts, [1, 1, 2, 3]);
    }
}
