//! Bars: importances lying down, counts standing up.

use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// Named values as lying bars, the largest on top.
pub fn ranked(heading: Heading, values: &[(String, f64)]) -> Chart {
    let mut sorted: Vec<&(String, f64)> = values.iter().collect();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
    let names: Vec<&String> = sorted.iter().map(|(name, _)| name).collect();
    let lengths: Vec<Value> = sorted.iter().map(|(_, value)| number(*value)).collect();
    let options = json!({
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 24, "containLabel": true},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": "value", "splitLine": {"lineStyle": {"color": "@line"}}},
        "yAxis": {"type": "category", "data": names, "axisLabel": {"fontSize": 11}},
        "series": [{"type": "bar", "data": lengths, "itemStyle": {"color": "@accent"}}],
    });
    heading.chart(60 + 20 * values.len() as u32, options)
}

/// Counts of values in equal bins; bins below zero are drawn as losses.
pub fn histogram(heading: Heading, values: &[f64], bin_width: f64) -> Chart {
    let bin = |value: f64| (value / bin_width).floor() as i64;
    let finite: Vec<i64> = values.iter().filter(|v| v.is_finite()).map(|v| bin(*v)).collect();
    let (first, last) = match (finite.iter().min(), finite.iter().max()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (0, 0),
    };
    let mut counts = vec![0u64; (last - first + 1) as usize];
    finite.iter().for_each(|at| counts[(at - first) as usize] += 1);
    let bars: Vec<Value> = counts
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let colour = if first + (index as i64) < 0 { "@short" } else { "@long" };
            json!({"value": count, "itemStyle": {"color": colour}})
        })
        .collect();
    let labels: Vec<String> =
        (first..=last).map(|at| format!("{:.2}", at as f64 * bin_width)).collect();
    let options = json!({
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 28, "containLabel": true},
        "tooltip": {"trigger": "axis", "confine": true},
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "splitLine": {"lineStyle": {"color": "@line"}}},
        "series": [{"type": "bar", "data": bars, "barCategoryGap": "10%"}],
    });
    heading.chart(280, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Origin, Provenance};

    fn heading() -> Heading {
        let provenance = Provenance {
            data_version: "v".into(),
            origin: Origin::Recorded,
            seed: Some(1),
            code_revision: "c".into(),
        };
        Heading { title: "t".into(), caption: "c".into(), provenance }
    }

    #[test]
    fn a_histogram_counts_each_value_once_and_splits_at_zero() {
        let chart = histogram(heading(), &[-0.6, -0.1, 0.0, 0.2, 0.7, f64::NAN], 0.5);
        let data = chart.options["series"][0]["data"].as_array().unwrap();
        let counts: Vec<u64> = data.iter().map(|bar| bar["value"].as_u64().unwrap()).collect();
        assert_eq!(counts, [1, 1, 2, 1]);
        assert_eq!(data[1]["itemStyle"]["color"], "@short");
        assert_eq!(data[2]["itemStyle"]["color"], "@long");
    }

    #[test]
    fn ranked_bars_put_the_largest_on_top() {
        let chart = ranked(heading(), &[("a".into(), 1.0), ("b".into(), 3.0)]);
        assert_eq!(chart.options["yAxis"]["data"], json!(["a", "b"]));
    }
}
