//! A value for each month: years down, months across.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Chart, Heading};

const MONTHS: [&str; 13] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "year"];

/// Draws values by (year, month 1–12); the last column is the year's sum.
pub fn chart(heading: Heading, months: &BTreeMap<(i32, u32), f64>) -> Chart {
    let mut years: Vec<i32> = months.keys().map(|(year, _)| *year).collect();
    years.dedup();
    years.reverse();
    let mut cells: Vec<Value> = Vec::new();
    for (row, year) in years.iter().enumerate() {
        let of_year = months.range((*year, 1)..=(*year, 12));
        let mut total = 0.0;
        for ((_, month), value) in of_year {
            cells.push(json!([month - 1, row, tenths(*value)]));
            total += value;
        }
        cells.push(json!([12, row, tenths(total)]));
    }
    let largest = months.values().fold(1e-9_f64, |largest, value| largest.max(value.abs()));
    let options = json!({
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 8, "containLabel": true},
        "tooltip": {"confine": true},
        "xAxis": {"type": "category", "data": MONTHS, "position": "top"},
        "yAxis": {"type": "category", "data": years},
        "visualMap": {"show": false, "min": -largest, "max": largest,
                      "inRange": {"color": ["@short", "@page", "@long"]}},
        "series": [{"type": "heatmap", "data": cells,
                    "label": {"show": true, "fontSize": 10, "color": "@text"}}],
    });
    heading.chart(60 + 26 * years.len() as u32, options)
}

/// One decimal is what fits into a cell on a phone.
fn tenths(value: f64) -> Value {
    if value.is_finite() { json!((value * 10.0).round() / 10.0) } else { Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    #[test]
    fn the_last_column_is_the_sum_of_the_year_and_the_latest_year_is_first() {
        let months = BTreeMap::from([((2020, 12), 1.0), ((2021, 1), 0.5), ((2021, 3), -2.0)]);
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Recorded,
            seed: Some(1),
            code_revision: "c".into(),
        };
        let heading = Heading { title: "t".into(), caption: "c".into(), provenance };
        let chart = chart(heading, &months);
        assert_eq!(chart.options["yAxis"]["data"], json!([2021, 2020]));
        let cells = chart.options["series"][0]["data"].as_array().unwrap();
        assert!(cells.contains(&json!([12, 0, -1.5])) && cells.contains(&json!([11, 1, 1.0])));
    }
}
