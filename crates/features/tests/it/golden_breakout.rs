//! Breakout features that a formula over TA-Lib's functions also gives, on kind and nasty series.

use features::{Moment, make};
use market::Candle;
use ta_lib::{Core, MAType};

use crate::golden::{Columns, Near, Values, check};
use crate::series;

/// Series without a stretch in which nothing moves: there TA-Lib answers 0 and we answer nothing.
fn moving() -> Vec<(&'static str, Vec<Candle>)> {
    let flat = ["flat", "flat then moving", "too short"];
    series::all().into_iter().filter(|(kind, _)| !flat.contains(kind)).collect()
}

/// A feature's values at each bar.
fn ours(name: &str, candles: &[Candle]) -> Values {
    let mut feature = make(name).unwrap();
    let mut value = |end: usize| {
        feature.update(&Moment::of(&candles[..end]));
        feature.value()
    };
    (1..=candles.len()).map(&mut value).collect()
}

fn mean_of_closes(columns: &Columns, bars: i32) -> Values {
    let [means] = columns.peer(|[out]| Core::new().sma(0, columns.last, &columns.close, bars, out));
    means
}

/// Mean of 14 true ranges.
fn mean_ranges(columns: &Columns) -> Values {
    let Columns { high, low, close, last, .. } = columns;
    let [ranges] = columns.peer(|[out]| Core::new().trange(0, *last, high, low, close, out));
    let plain: Vec<f64> = ranges.into_iter().flatten().collect();
    let skipped = close.len() - plain.len();
    let mut means = vec![None; skipped];
    let mean =
        |end: usize| plain[..end].last_chunk::<14>().map(|last| last.iter().sum::<f64>() / 14.0);
    means.extend((1..=plain.len()).map(mean));
    means
}

/// A formula of the close and one of TA-Lib's values, bar by bar.
fn with_close(columns: &Columns, theirs: &Values, of: fn(f64, f64) -> f64) -> Values {
    theirs.iter().zip(&columns.close).map(|(value, close)| value.map(|v| of(*close, v))).collect()
}

#[test]
fn stoch_14_is_ta_libs_fast_k() {
    for (kind, candles) in moving() {
        let columns = Columns::of(&candles);
        let Columns { high, low, close, last, .. } = &columns;
        let [k, _] = columns.peer(|[k, d]| {
            Core::new().stochf(0, *last, high, low, close, 14, 1, MAType::SMA, k, d)
        });
        check(&format!("stoch_14, {kind}"), Near::Within(100.0), &ours("stoch_14", &candles), &k);
    }
}

#[test]
fn distances_are_those_from_ta_libs_averages() {
    for (kind, candles) in moving() {
        let columns = Columns::of(&candles);
        for (name, bars) in [("dist_from_sma_5", 5), ("dist_from_sma_20", 20)] {
            let means = mean_of_closes(&columns, bars);
            let theirs = with_close(&columns, &means, |close, mean| 100.0 * (close / mean - 1.0));
            let what = format!("{name}, {kind}");
            check(&what, Near::Within(100.0), &ours(name, &candles), &theirs);
        }
    }
}

#[test]
fn the_mean_range_is_that_of_ta_libs_true_ranges() {
    for (kind, candles) in moving() {
        let columns = Columns::of(&candles);
        let ranges = mean_ranges(&columns);
        let theirs = with_close(&columns, &ranges, |close, range| 100.0 * range / close);
        let what = format!("atr_pct_14, {kind}");
        check(&what, Near::Within(1.0), &ours("atr_pct_14", &candles), &theirs);
    }
}

#[test]
fn volatility_is_ta_libs_deviation_of_log_returns() {
    for (kind, candles) in moving() {
        let mut columns = Columns::of(&candles);
        let returns: Vec<f64> =
            columns.close.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
        columns.last = returns.len() - 1;
        let [deviations] =
            columns.peer(|[out]| Core::new().stddev(0, columns.last, &returns, 20, 1.0, out));
        // TA-Lib divides by n, ours by n − 1.
        let by_year = (20.0f64 / 19.0 * 252.0).sqrt();
        let theirs: Values = std::iter::once(None)
            .chain(deviations.into_iter().map(|value| value.map(|v| v * by_year)))
            .collect();
        let what = format!("volatility_20d, {kind}");
        check(&what, Near::Within(1e3), &ours("volatility_20d", &candles), &theirs);
    }
}
