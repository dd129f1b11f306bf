//! A trade as a trader would draw it: candles and volume, the rally and its base, entry, stop and
//! targets, the trailed stop, and where it was entered and left.

use base::Day;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// One bar to be drawn, in prices of the day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Trading day.
    pub day: Day,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded.
    pub volume: f64,
}

/// A shaded stretch between two days and two prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Box {
    /// Its name, for example `base`.
    pub name: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Lower price.
    pub low: f64,
    /// Upper price.
    pub high: f64,
}

/// A horizontal level with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Its name, for example `stop`.
    pub name: String,
    /// Its price.
    pub price: f64,
    /// Whose side it is on.
    pub role: Role,
}

/// What a level or a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Where the trade is entered.
    Entry,
    /// Where it is given up.
    Stop,
    /// Where it is won.
    Target,
    /// Where it was left.
    Exit,
}

/// A fill on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// What it says, for example `exit: stop touched`.
    pub name: String,
    /// The day.
    pub day: Day,
    /// The price.
    pub price: f64,
    /// What it stands for.
    pub role: Role,
}

/// All that is drawn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Drawing {
    /// Bars, ascending by day.
    pub bars: Vec<Bar>,
    /// Rally and base.
    pub boxes: Vec<Box>,
    /// Entry, stop and targets.
    pub levels: Vec<Level>,
    /// The stop in force from that day on, ascending.
    pub trailed_stop: Vec<(Day, f64)>,
    /// Fills.
    pub marks: Vec<Mark>,
}

impl Role {
    fn colour(self) -> &'static str {
        match self {
            Role::Entry => "@accent",
            Role::Stop => "@short",
            Role::Target => "@long",
            Role::Exit => "@strong",
        }
    }
}

/// Draws a trade.
pub fn chart(heading: Heading, drawing: &Drawing) -> Chart {
    let days: Vec<String> = drawing.bars.iter().map(|bar| bar.day.to_string()).collect();
    let candles: Vec<Value> = drawing
        .bars
        .iter()
        .map(|bar| json!([number(bar.open), number(bar.close), number(bar.low), number(bar.high)]))
        .collect();
    let options = json!({
        "grid": [{"left": 52, "right": 84, "top": 16, "height": "68%"},
                 {"left": 52, "right": 84, "bottom": 28, "height": "13%"}],
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "cross"}, "confine": true},
        "axisPointer": {"link": [{"xAxisIndex": [0, 1]}]},
        "xAxis": [{"type": "category", "data": days, "axisLabel": {"show": false}},
                  {"type": "category", "data": days, "gridIndex": 1}],
        "yAxis": [{"scale": true, "splitLine": {"lineStyle": {"color": "@line"}}},
                  {"gridIndex": 1, "show": false}],
        "dataZoom": [{"type": "inside", "xAxisIndex": [0, 1]}],
        "series": [
            {"name": "price", "type": "candlestick", "data": candles,
             "itemStyle": {"color": "@long", "color0": "@short",
                           "borderColor": "@long", "borderColor0": "@short"},
             "markArea": {"silent": true, "data": areas(drawing)},
             "markLine": {"silent": true, "symbol": "none", "data": lines(drawing)},
             "markPoint": {"data": points(drawing)}},
            {"name": "stop in force", "type": "line", "step": "end", "symbol": "none",
             "data": trailed(drawing), "lineStyle": {"color": "@short", "width": 1.5}},
            {"name": "volume", "type": "bar", "xAxisIndex": 1, "yAxisIndex": 1,
             "data": drawing.bars.iter().map(|bar| number(bar.volume)).collect::<Vec<_>>(),
             "itemStyle": {"color": "@quiet"}},
        ],
    });
    heading.chart(420, options)
}

fn areas(drawing: &Drawing) -> Vec<Value> {
    let fills = ["@area", "@area2"];
    let areas = drawing.boxes.iter().enumerate().map(|(index, area)| {
        json!([{"name": area.name, "coord": [area.from.to_string(), number(area.low)],
                "itemStyle": {"color": fills[index % 2]},
                "label": {"color": "@text", "position": "insideTopLeft"}},
               {"coord": [area.to.to_string(), number(area.high)]}])
    });
    areas.collect()
}

fn lines(drawing: &Drawing) -> Vec<Value> {
    let lines = drawing.levels.iter().map(|level| {
        json!({"yAxis": number(level.price),
               "label": {"formatter": format!("{} {:.2}", level.name, level.price),
                         "color": level.role.colour()},
               "lineStyle": {"color": level.role.colour(), "type": "dashed"}})
    });
    lines.collect()
}

fn points(drawing: &Drawing) -> Vec<Value> {
    let points = drawing.marks.iter().map(|mark| {
        let (symbol, turn) = match mark.role {
            Role::Exit => ("diamond", 0),
            _ => ("arrow", 0),
        };
        json!({"name": mark.name, "coord": [mark.day.to_string(), number(mark.price)],
               "symbol": symbol, "symbolSize": 13, "symbolRotate": turn,
               "itemStyle": {"color": mark.role.colour()},
               "label": {"show": true, "formatter": mark.name, "position": "bottom",
                         "color": "@text", "fontSize": 11}})
    });
    points.collect()
}

fn trailed(drawing: &Drawing) -> Vec<Value> {
    let stop_at = |day: Day| {
        let after = drawing.trailed_stop.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map(|last| drawing.trailed_stop[last].1)
    };
    let last = drawing.marks.iter().filter(|mark| mark.role == Role::Exit).map(|mark| mark.day);
    let end = last.max().unwrap_or(Day::MAX);
    let stops = drawing.bars.iter().map(|bar| match stop_at(bar.day) {
        Some(stop) if bar.day <= end => number(stop),
        _ => Value::Null,
    });
    stops.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    #[test]
    fn the_stop_in_force_ends_with_the_trade() {
        let day = Day::from_number;
        let bar = |n| Bar { day: day(n), open: 1.0, high: 2.0, low: 0.5, close: 1.5, volume: 9.0 };
        let exit = Mark { name: "exit".into(), day: day(3), price: 1.0, role: Role::Exit };
        let drawing = Drawing {
            bars: (0..6).map(bar).collect(),
            trailed_stop: vec![(day(1), 0.8), (day(3), 0.9)],
            marks: vec![exit],
            ..Drawing::default()
        };
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Synthetic,
            seed: Some(1),
            code_revision: "c".into(),
        };
        let heading = Heading { title: "t".into(), caption: "c".into(), provenance };
        let chart = chart(heading, &drawing);
        let stops = &chart.options["series"][1]["data"];
        assert_eq!(*stops, json!([null, 0.8, 0.8, 0.9, null, null]));
    }
}
