//! All features of the breakout book at every bar of a whole market.

use ::features::Setup;
use ::features::breakout::{Frame, LONG};
use anyhow::Result;
use books::breakout::context::Walk;
use books::breakout::{Context, Stock};
use market::{Candle, Side};

use crate::Bench;
use crate::line::{Bar, Line};
use crate::world::World;

/// Where the pattern lies that every bar is given: the features read it and the bars in it.
const RALLY_BARS: usize = 15;
const BASE_BARS: usize = 24;

/// The 44 features of the long side at every bar, not only at the bars where the scanner finds
/// something, on two threads. Making the market is not counted.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (symbols, years) = bench.size.pick((8_000, 20), (100, 5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let (walked, sums) = pool.install(|| World::new(symbols, years)?.walk(rows))?;
    let values: usize = sums.iter().sum();
    let shown = format!("features/all_44_every_bar_{symbols}x{years}y_s");
    let per_bar = walked.work_s * 2.0 * 1e9 / walked.bars as f64;
    let mut lines = vec![
        Line::alone(shown, walked.work_s, Bar::AtMost(90.0)),
        Line::alone("features/row_of_44_core_ns", per_bar, Bar::None),
        Line::alone("features/bars", walked.bars as f64, Bar::None),
        Line::alone("features/values", values as f64, Bar::None),
        Line::alone("features/making_the_market_s", walked.making_s, Bar::None),
    ];
    lines[0].who = "two threads, market made apart".to_owned();
    Ok(lines)
}

/// Computes every row of a stock and counts the values that are there.
fn rows(stock: &Stock, context: &Context) -> Result<usize> {
    let mut frame = Frame::new(&LONG)?;
    let mut walk = Walk::new(context, &stock.facts);
    let mut values = 0;
    for bar in 0..stock.candles.len() {
        let own = &stock.candles[..=bar];
        frame.update(&own[bar]);
        let moment = walk.moment(own);
        let Some(setup) = pattern(own) else { continue };
        let row = frame.row(&moment.at(&setup));
        values += row.iter().filter(|value| value.is_finite()).count();
    }
    Ok(values)
}

/// The stretch before the last bar, read as a pattern whether it is one or not.
fn pattern(own: &[Candle]) -> Option<Setup> {
    let last = own.len().checked_sub(RALLY_BARS + BASE_BARS + 2)? + RALLY_BARS + BASE_BARS + 1;
    let base = &own[last - BASE_BARS..last];
    let rally = &own[last - BASE_BARS - RALLY_BARS - 1..last - BASE_BARS];
    let now = &own[last];
    let low = |bars: &[Candle]| bars.iter().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
    let high = |bars: &[Candle]| bars.iter().map(|bar| bar.high).fold(0.0, f64::max);
    let (rally_low, rally_high) = (low(rally), high(rally));
    let height = rally_high - rally_low;
    let stop = low(base);
    Some(Setup {
        side: Side::Long,
        rally_start_ago: RALLY_BARS + BASE_BARS + 1,
        rally_end_ago: BASE_BARS + 1,
        consol_start_ago: BASE_BARS,
        rally_low,
        rally_high,
        consol_low: stop,
        consol_high: high(base),
        atr: height / RALLY_BARS as f64,
        entry: now.close,
        stop,
        targets: [0.5, 0.75, 1.0].map(|part| now.close + part * height),
        booked_target: now.close + 0.5 * height,
        stretched: false,
        reward_to_risk: 1.0,
        pattern_score: 50.0,
        day: now.day,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Day;

    #[test]
    fn a_row_at_every_bar_once_the_pattern_fits() {
        let candle = |n: i32| {
            let close = 50.0 + f64::from(n % 7) + 0.1 * f64::from(n);
            let day = Day::from_number(n);
            Candle { day, open: close, high: close + 1.0, low: close - 1.0, close, volume: 1e5 }
        };
        let candles: Vec<Candle> = (0..400).map(candle).collect();
        assert!(pattern(&candles[..RALLY_BARS + BASE_BARS + 1]).is_none());
        assert!(pattern(&candles[..RALLY_BARS + BASE_BARS + 2]).is_some());
        let stock = Stock { candles, ..Stock::default() };
        let values = rows(&stock, &Context::default()).unwrap();
        assert!(values > 20 * 300, "{values}");
    }
}
