//! Lines over numbers or over time: prices, schedules, pay-offs, smiles, profiles.

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// What lies along the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Across {
    /// Numbers.
    Numbers,
    /// Numbers on a logarithmic scale; those at or below zero are left out.
    Logarithm,
    /// Nanoseconds since 1970, UTC.
    Time,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// From point to point.
    #[default]
    Straight,
    /// Level until the next point.
    Stepped,
    /// Points alone.
    Points,
    /// An end of an interval: thin and dashed, in the colour of the last line that is none.
    Bound,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Points, ascending along the bottom.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
}

/// Names of the axes, units included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axes {
    /// What lies along the bottom.
    pub across: Across,
    /// Name of the bottom.
    pub bottom: String,
    /// Name of the side.
    pub side: String,
}

/// The time as a value along the bottom.
pub fn at(time: Ts) -> f64 {
    time.nanos() as f64
}

/// Colours of things in a picture, in order.
pub(super) const COLOURS: [&str; 5] = ["@accent", "@strong", "@long", "@short", "@quiet"];

/// Draws lines over one pair of axes.
pub fn chart(heading: Heading, axes: &Axes, lines: &[Line]) -> Chart {
    let mut last = 0;
    let own = lines.iter().filter(|line| line.stroke != Stroke::Bound);
    let names: Vec<&str> = own.map(|line| line.name.as_str()).collect();
    let series: Vec<Value> = lines
        .iter()
        .map(|line| {
            last += usize::from(line.stroke != Stroke::Bound);
            drawn(axes.across, line, COLOURS[(last.max(1) - 1) % COLOURS.len()])
        })
        .collect();
    heading.chart(320, frame(axes, &names, series))
}

/// Axes, legend and tooltip around some series.
pub(super) fn frame(axes: &Axes, names: &[&str], series: Vec<Value>) -> Value {
    let kind = match axes.across {
        Across::Numbers => "value",
        Across::Logarithm => "log",
        Across::Time => "time",
    };
    json!({
        "grid": {"left": 40, "right": 16, "top": 36, "bottom": 40, "containLabel": true},
        "legend": {"top": 0, "data": names, "textStyle": {"color": "@text"}},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": kind, "name": axes.bottom, "nameLocation": "middle", "nameGap": 28,
                  "scale": true, "splitLine": {"show": false}},
        "yAxis": {"type": "value", "name": axes.side, "nameLocation": "middle", "nameGap": 52,
                  "scale": true, "splitLine": {"lineStyle": {"color": "@line"}}},
        "series": series,
    })
}

fn drawn(across: Across, line: &Line, colour: &str) -> Value {
    let shown = |point: &&(f64, f64)| across != Across::Logarithm || point.0 > 0.0;
    let data: Vec<Value> = line
        .points
        .iter()
        .filter(shown)
        .map(|(x, y)| match across {
            // Milliseconds, which the library counts in.
            Across::Time => json!([(x / 1e6).round(), number(*y)]),
            Across::Numbers | Across::Logarithm => json!([number(*x), number(*y)]),
        })
        .collect();
    let points = line.stroke == Stroke::Points;
    let (width, kind) = match line.stroke {
        Stroke::Bound => (0.9, "dashed"),
        _ => (1.6, "solid"),
    };
    json!({
        "name": line.name, "data": data, "showSymbol": points, "symbolSize": 6,
        "type": if points { "scatter" } else { "line" },
        "step": if line.stroke == Stroke::Stepped { json!("end") } else { json!(false) },
        "lineStyle": {"color": colour, "width": width, "type": kind},
        "itemStyle": {"color": colour},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    fn heading() -> Heading {
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Synthetic,
            seed: None,
            code_revision: "c".into(),
        };
        Heading { title: "t".into(), caption: "c".into(), provenance }
    }

    fn axes(across: Across) -> Axes {
        Axes { across, bottom: "b".into(), side: "s".into() }
    }

    fn options(across: Across, stroke: Stroke, points: Vec<(f64, f64)>) -> Value {
        let line = Line { name: "n".into(), points, stroke };
        chart(heading(), &axes(across), &[line]).options
    }

    #[test]
    fn time_is_given_in_milliseconds() {
        let drawn = options(Across::Time, Stroke::Stepped, vec![(at(Ts::from_seconds(2)), 1.0)]);
        assert_eq!(drawn["series"][0]["data"][0][0], 2_000.0);
        assert_eq!(drawn["series"][0]["step"], "end");
    }

    #[test]
    fn what_has_no_logarithm_is_left_out() {
        let drawn = options(Across::Logarithm, Stroke::Points, vec![(0.0, 1.0), (10.0, 2.0)]);
        assert_eq!(drawn["series"][0]["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(drawn["series"][0]["type"], "scatter");
    }

    #[test]
    fn an_end_of_an_interval_is_dashed_in_the_colour_of_its_line_and_has_no_name() {
        let line = |name: &str, stroke| Line { name: name.into(), points: vec![], stroke };
        let lines = [line("a", Stroke::Straight), line("b", Stroke::Straight)];
        let lines = [lines.to_vec(), vec![line("low", Stroke::Bound)]].concat();
        let drawn = chart(heading(), &axes(Across::Numbers), &lines).options;
        assert_eq!(drawn["series"][2]["lineStyle"]["color"], "@strong");
        assert_eq!(drawn["series"][2]["lineStyle"]["type"], "dashed");
        assert_eq!(drawn["legend"]["data"], json!(["a", "b"]));
    }

    #[test]
    fn what_is_no_number_is_a_hole() {
        let drawn = options(Across::Numbers, Stroke::Straight, vec![(1.0, f64::NAN)]);
        assert!(drawn["series"][0]["data"][0][1].is_null());
    }
}
