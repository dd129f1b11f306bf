//! From a log return and its variance to open, high, low and close.
//!
//! Given both ends, the way between is a Brownian bridge. It is drawn at a few points; between
//! two points the extremes have a known law: max = (a + b + √((a − b)² − 2 v ln U)) ÷ 2
//! (Glasserman 2003, Monte Carlo Methods in Financial Engineering, §6.4). A deterministic change
//! of clock, such as busy opens and closes, leaves the extremes as they are.

use market::Candle;

use super::draw::Draw;

const POINTS: usize = 8;

/// Highest and lowest log price between 0 and `end`, for a variance over the way.
pub(super) fn extremes(draw: &mut Draw, end: f64, variance: f64) -> (f64, f64) {
    let step_var = variance / POINTS as f64;
    let step_sd = step_var.sqrt();
    let mut walk = [0.0; POINTS + 1];
    for k in 1..=POINTS {
        walk[k] = walk[k - 1] + step_sd * draw.normal();
    }
    let tilt = (end - walk[POINTS]) / POINTS as f64;
    for (k, value) in walk.iter_mut().enumerate() {
        *value += tilt * k as f64;
    }
    let (mut high, mut low) = (end.max(0.0), end.min(0.0));
    for ends in walk.windows(2) {
        let (sum, gap) = (ends[0] + ends[1], ends[0] - ends[1]);
        let bow = |u: f64| (gap * gap - 2.0 * step_var * u.ln()).sqrt();
        high = high.max((sum + bow(draw.uniform())) / 2.0);
        low = low.min((sum - bow(draw.uniform())) / 2.0);
    }
    (high, low)
}

/// A price in whole cents, at least one.
pub(super) fn cents(price: f64) -> f64 {
    (price * 100.0).round().max(1.0) / 100.0
}

/// A candle in whole cents. Rounding keeps order, so high and low still enclose.
pub(super) fn rounded(mut candle: Candle) -> Candle {
    for price in [&mut candle.open, &mut candle.high, &mut candle.low, &mut candle.close] {
        *price = cents(*price);
    }
    candle.volume = candle.volume.round().max(100.0);
    candle
}
