//! Made-up rows, the same as in `proving/peers/trees_golden.py`: SplitMix64 in exact arithmetic.

use base::{Panel, RowKey, Span, Ts};
use learn::{LabelSpan, Samples, Targets};

const WIDTH: usize = 12;

fn uniform(index: u64) -> f64 {
    let x = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f64 / f64::from(1 << 24)
}

/// The features of a row and the score that its targets come from.
fn row(index: u64) -> ([f64; WIDTH], f64) {
    let cell = |column: usize| uniform(index * 64 + column as u64);
    let mut x: [f64; WIDTH] = std::array::from_fn(cell);
    x[10] = (x[10] * 5.0).floor();
    for column in [1, 3, 11] {
        if cell(column + 12) < 0.1 {
            x[column] = f64::NAN;
        }
    }
    let z = x.map(|value| if value.is_nan() { 0.25 } else { value });
    let score = 2.0 * (z[0] - 0.5)
        + 4.0 * (z[1] - 0.5) * (z[2] - 0.5)
        + if z[3] > 0.7 { z[4] } else { 0.0 }
        - 3.0 * (z[5] - 0.5) * (z[5] - 0.5)
        + 0.2 * z[10]
        + if x[11].is_nan() { 0.6 } else { 0.0 };
    let noise = cell(24) + cell(25) + cell(26) + cell(27) - 2.0;
    (x, score + 2.0 * noise)
}

/// `count` samples from `start` on, an hour apart, each label known three hours later.
pub(crate) fn samples(start: u64, count: u64) -> Samples {
    samples_of(start, count, &|_, scores| {
        Targets::Wins(scores.iter().map(|&score| score > 1.0).collect())
    })
}

/// Makes targets of a panel and scores.
pub(crate) type Target<'a> = &'a dyn Fn(&Panel, &[f64]) -> Targets;

/// The same rows with targets made of their scores.
pub(crate) fn samples_of(start: u64, count: u64, target: Target<'_>) -> Samples {
    let (panel, scores) = table(start, count, false);
    with_targets(panel, &scores, target)
}

/// The same with column 9 as 30 categories, of which a few raise the score.
pub(crate) fn coded(start: u64, count: u64, target: Target<'_>) -> Samples {
    let (panel, scores) = table(start, count, true);
    with_targets(panel, &scores, target)
}

fn table(start: u64, count: u64, codes: bool) -> (Panel, Vec<f64>) {
    let mut panel = Panel::new((0..WIDTH).map(|column| format!("f{column}")));
    let mut scores = Vec::new();
    for index in start..start + count {
        let (mut values, mut score) = row(index);
        if codes {
            values[9] = (values[9] * 30.0).floor();
            score += if [1.0, 4.0, 5.0].contains(&(values[9] % 7.0)) { 1.0 } else { 0.0 };
        }
        let at = Ts::from_seconds(3_600 * index as i64);
        panel.push(RowKey { at, id: 0 }, &values).unwrap();
        scores.push(score);
    }
    (panel, scores)
}

fn with_targets(panel: Panel, scores: &[f64], target: Target<'_>) -> Samples {
    let spans = panel.keys().iter();
    let spans = spans.map(|key| LabelSpan { starts: key.at, ends: key.at + Span::from_hours(3) });
    let (spans, targets) = (spans.collect(), target(&panel, scores));
    Samples::of(panel, targets, spans).unwrap()
}
