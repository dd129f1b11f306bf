//! Equity and drawdown over one time axis.

use base::Day;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its name, for example `net`.
    pub name: String,
    /// Value of the account by day, ascending.
    pub points: Vec<(Day, f64)>,
}

/// Draws the curves, and below them the drawdown of each in percent.
pub fn chart(heading: Heading, curves: &[Curve]) -> Chart {
    let colours = ["@accent", "@quiet", "@long", "@strong"];
    let mut series = Vec::new();
    for (index, curve) in curves.iter().enumerate() {
        let colour = colours[index % colours.len()];
        series.push(json!({"name": curve.name, "type": "line", "symbol": "none",
            "data": points(curve.points.iter().copied()),
            "lineStyle": {"color": colour, "width": 1.6}, "itemStyle": {"color": colour}}));
        series.push(json!({"name": format!("drawdown, {}", curve.name), "type": "line",
            "symbol": "none", "xAxisIndex": 1, "yAxisIndex": 1,
            "data": points(drawdown(&curve.points).into_iter()),
            "areaStyle": {"color": colour, "opacity": 0.25},
            "lineStyle": {"color": colour, "width": 1}, "itemStyle": {"color": colour}}));
    }
    let names: Vec<&String> = curves.iter().map(|curve| &curve.name).collect();
    let options = json!({
        "grid": [{"left": 8, "right": 16, "top": 36, "height": "54%", "containLabel": true},
                 {"left": 8, "right": 16, "bottom": 28, "height": "22%", "containLabel": true}],
        "legend": {"top": 0, "data": names, "textStyle": {"color": "@text"}},
        "tooltip": {"trigger": "axis", "confine": true},
        "axisPointer": {"link": [{"xAxisIndex": [0, 1]}]},
        "xAxis": [{"type": "time", "axisLabel": {"show": false}}, {"type": "time", "gridIndex": 1}],
        "yAxis": [{"scale": true, "splitLine": {"lineStyle": {"color": "@line"}}},
                  {"gridIndex": 1, "name": "drawdown, %", "nameLocation": "middle", "nameGap": 40,
                   "splitLine": {"lineStyle": {"color": "@line"}}}],
        "series": series,
    });
    heading.chart(420, options)
}

fn points(points: impl Iterator<Item = (Day, f64)>) -> Vec<Value> {
    points.map(|(day, value)| json!([day.to_string(), number(value)])).collect()
}

/// Percent below the running maximum, never positive.
fn drawdown(points: &[(Day, f64)]) -> Vec<(Day, f64)> {
    let mut peak = f64::NEG_INFINITY;
    let below = |(day, value): &(Day, f64)| {
        peak = peak.max(*value);
        (*day, 100.0 * (value / peak - 1.0))
    };
    points.iter().map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawdown_counts_from_the_running_peak() {
        let day = Day::from_number;
        let found = drawdown(&[(day(0), 100.0), (day(1), 120.0), (day(2), 90.0)]);
        assert_eq!(found[1].1, 0.0);
        assert!((found[2].1 + 25.0).abs() < 1e-12);
    }
}
