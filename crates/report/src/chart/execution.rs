//! A parent order: the price it met, how far it was, and what it cost.

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// A fill on the path of the price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FillDot {
    /// When.
    pub at: Ts,
    /// At what price.
    pub price: f64,
    /// How much, a magnitude.
    pub qty: f64,
}

/// One bar of a waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostBar {
    /// What it is.
    pub name: String,
    /// Its size; positive costs.
    pub size: f64,
    /// What it stands on.
    pub base: f64,
}

/// The middle of the quotes with our fills on it; a dot's area grows with its quantity.
pub fn price_path(heading: Heading, middles: &[(Ts, f64)], fills: &[FillDot]) -> Chart {
    let largest = fills.iter().map(|fill| fill.qty).fold(0.0, f64::max);
    let dots: Vec<Value> = fills
        .iter()
        .map(|fill| {
            let size = 3.0 + 9.0 * (fill.qty / largest).sqrt();
            json!({"value": [millis(fill.at), number(fill.price)], "symbolSize": number(size)})
        })
        .collect();
    let options = json!({
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 28, "containLabel": true},
        "legend": {"top": 0, "data": ["middle", "fills"], "textStyle": {"color": "@text"}},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": "time"},
        "yAxis": {"scale": true, "splitLine": {"lineStyle": {"color": "@line"}}},
        "series": [
            {"name": "middle", "type": "line", "symbol": "none", "step": "end",
             "data": points(middles), "lineStyle": {"color": "@quiet", "width": 1.4},
             "itemStyle": {"color": "@quiet"}},
            {"name": "fills", "type": "scatter", "data": dots,
             "itemStyle": {"color": "@accent", "opacity": 0.7}},
        ],
    });
    heading.chart(320, options)
}

/// How much was wanted and how much was done, by when.
pub fn progress(heading: Heading, scheduled: &[(Ts, f64)], done: &[(Ts, f64)]) -> Chart {
    let line = |name: &str, colour: &str, step: Value, data: &[(Ts, f64)]| {
        json!({"name": name, "type": "line", "symbol": "none", "step": step,
            "data": points(data), "lineStyle": {"color": colour, "width": 1.6},
            "itemStyle": {"color": colour}})
    };
    let options = json!({
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 28, "containLabel": true},
        "legend": {"top": 0, "data": ["scheduled", "done"], "textStyle": {"color": "@text"}},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": "time"},
        "yAxis": {"min": 0, "splitLine": {"lineStyle": {"color": "@line"}}},
        "series": [
            line("scheduled", "@quiet", Value::Bool(false), scheduled),
            line("done", "@accent", json!("end"), done),
        ],
    });
    heading.chart(280, options)
}

/// Costs as bars of which each stands where the one before ended; what costs and what earns have
/// different colours.
pub fn waterfall(heading: Heading, bars: &[CostBar]) -> Chart {
    let names: Vec<&String> = bars.iter().map(|bar| &bar.name).collect();
    // A candle from the base to the end: unlike a stacked bar it may cross zero.
    let candles: Vec<Value> = bars
        .iter()
        .map(|bar| {
            let (from, to) = (bar.base, bar.base + bar.size);
            json!([number(from), number(to), number(from.min(to)), number(from.max(to))])
        })
        .collect();
    let options = json!({
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": true},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": "category", "data": names,
                  "axisLabel": {"interval": 0, "rotate": 24, "fontSize": 11}},
        "yAxis": {"splitLine": {"lineStyle": {"color": "@line"}}},
        "series": [{"type": "candlestick", "data": candles, "itemStyle": {
            "color": "@short", "borderColor": "@short",
            "color0": "@long", "borderColor0": "@long"}}],
    });
    heading.chart(300, options)
}

fn points(points: &[(Ts, f64)]) -> Vec<Value> {
    points.iter().map(|(at, value)| json!([millis(*at), number(*value)])).collect()
}

fn millis(at: Ts) -> i64 {
    at.micros() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    fn heading() -> Heading {
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Recorded,
            seed: None,
            code_revision: "c".into(),
        };
        Heading { title: "t".into(), caption: "c".into(), provenance }
    }

    #[test]
    fn a_bar_that_earns_goes_down_from_where_the_last_one_ended() {
        let bar = |name: &str, size, base| CostBar { name: name.into(), size, base };
        let bars = [bar("spread", 2.0, 0.0), bar("impact", -5.0, 2.0), bar("total", -3.0, 0.0)];
        let chart = waterfall(heading(), &bars);
        let data = &chart.options["series"][0]["data"];
        assert_eq!(data[1], json!([2.0, -3.0, -3.0, 2.0]));
        assert_eq!(data[2], json!([0.0, -3.0, -3.0, 0.0]));
    }

    #[test]
    fn a_larger_fill_is_a_larger_dot() {
        let fill = |qty| FillDot { at: Ts::from_seconds(5), price: 100.0, qty };
        let chart = price_path(heading(), &[(Ts::from_seconds(0), 99.5)], &[fill(1.0), fill(4.0)]);
        let data = &chart.options["series"][1]["data"];
        assert_eq!(data[0]["symbolSize"], 7.5);
        assert_eq!(data[1]["symbolSize"], 12.0);
        assert_eq!(data[1]["value"], json!([5_000, 100.0]));
        assert_eq!(chart.options["series"][0]["data"][0], json!([0, 99.5]));
    }

    #[test]
    fn an_order_without_fills_is_still_drawn() {
        let chart = price_path(heading(), &[(Ts::from_seconds(0), 99.5)], &[]);
        assert_eq!(chart.options["series"][1]["data"], json!([]));
        let chart = progress(heading(), &[], &[]);
        assert_eq!(chart.options["series"][1]["step"], "end");
    }
}
