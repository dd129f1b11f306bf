//! How often what was predicted came true: the reliability curve with its counts.

use base::Interval;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Chart, Heading, number};

/// One bucket of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share that came true, with its Wilson interval.
    pub observed: Interval,
    /// Predictions in the bucket.
    pub count: u64,
}

/// Draws the curve against the diagonal; bars below show the counts.
pub fn chart(heading: Heading, buckets: &[Bucket]) -> Chart {
    let observed: Vec<Value> = buckets
        .iter()
        .map(|b| json!([number(b.predicted), number(b.observed.value), b.count]))
        .collect();
    let spans: Vec<Value> = buckets
        .iter()
        .map(|b| {
            json!([{"coord": [number(b.predicted), number(b.observed.low)]},
                   {"coord": [number(b.predicted), number(b.observed.high)]}])
        })
        .collect();
    let counts: Vec<Value> =
        buckets.iter().map(|b| json!([number(b.predicted), b.count])).collect();
    let diagonal = json!([[{"coord": [0, 0]}, {"coord": [1, 1]}]]);
    let options = json!({
        "grid": [{"left": 8, "right": 16, "top": 32, "height": "58%", "containLabel": true},
                 {"left": 8, "right": 16, "bottom": 36, "height": "16%", "containLabel": true}],
        "tooltip": {"trigger": "item", "confine": true},
        "xAxis": [{"type": "value", "min": 0, "max": 1, "axisLabel": {"show": false}},
                  {"type": "value", "min": 0, "max": 1, "gridIndex": 1,
                   "name": "predicted", "nameLocation": "middle", "nameGap": 24}],
        "yAxis": [{"type": "value", "min": 0, "max": 1, "name": "came true",
                   "splitLine": {"lineStyle": {"color": "@line"}}},
                  {"type": "value", "gridIndex": 1, "splitNumber": 1,
                   "splitLine": {"show": false}}],
        "series": [
            {"name": "came true", "type": "line", "data": observed, "symbolSize": 8,
             "lineStyle": {"color": "@accent"}, "itemStyle": {"color": "@accent"},
             "markLine": {"silent": true, "symbol": "none", "data": spans,
                          "lineStyle": {"color": "@accent", "type": "solid", "width": 1}}},
            {"name": "perfect", "type": "line", "data": [], "markLine": {"silent": true,
             "symbol": "none", "data": diagonal,
             "lineStyle": {"color": "@quiet", "type": "dashed"}}},
            {"name": "count", "type": "bar", "xAxisIndex": 1, "yAxisIndex": 1, "data": counts,
             "barWidth": 14, "itemStyle": {"color": "@quiet"}},
        ],
    });
    heading.chart(400, options)
}
