//! What an agent sees of a bar: eight numbers of unit scale, from this bar and those before it.

use market::Bar;

/// Bars of a window.
pub const BARS: usize = 30;

/// Numbers of a bar: open, high, low and close against the close before, volume, place of the
/// close in its range, distance from the mean price, and how restless the market is.
pub const COLUMNS: usize = 8;

/// Weight of the newest bar in means over about twenty and a hundred bars.
const FAST: f64 = 2.0 / 21.0;
const SLOW: f64 = 2.0 / 101.0;

/// Means that run along.
#[derive(Debug, Clone, Copy)]
struct Running {
    fast_square: f64,
    slow_square: f64,
    price: f64,
    volume: f64,
    volume_square: f64,
}

/// Bars × columns. Each row depends on its own bar and earlier ones alone. Prices are divided by
/// the deviation of returns over about a hundred bars; all is held to ±5.
pub(super) fn table(bars: &[Bar]) -> Vec<f32> {
    let mut table = Vec::with_capacity(bars.len() * COLUMNS);
    let Some(first) = bars.first() else { return table };
    let begun = 1e-4_f64.powi(2);
    let mut running = Running {
        fast_square: begun,
        slow_square: begun,
        price: first.open.to_f64().ln(),
        volume: (first.volume as f64).ln_1p(),
        volume_square: 1.0,
    };
    let mut before = first.open.to_f64().ln();
    for bar in bars {
        let [open, high, low, close] =
            [bar.open, bar.high, bar.low, bar.close].map(|price| price.to_f64().ln());
        running.take(close - before, close, (bar.volume as f64).ln_1p());
        let scale = running.slow_square.sqrt().max(1e-9);
        let range = high - low;
        let place = if range > 0.0 { (close - low) / range * 2.0 - 1.0 } else { 0.0 };
        let volume = (bar.volume as f64).ln_1p() - running.volume;
        let row = [
            (open - before) / scale,
            (high - before) / scale,
            (low - before) / scale,
            (close - before) / scale,
            volume / running.volume_square.sqrt().max(1e-9),
            place,
            (close - running.price) / scale,
            (running.fast_square / running.slow_square.max(1e-18)).ln(),
        ];
        table.extend(row.map(|value| value.clamp(-5.0, 5.0) as f32));
        before = close;
    }
    table
}

impl Running {
    fn take(&mut self, moved: f64, close: f64, volume: f64) {
        self.fast_square += FAST * (moved * moved - self.fast_square);
        self.slow_square += SLOW * (moved * moved - self.slow_square);
        self.price += FAST * (close - self.price);
        let off = volume - self.volume;
        self.volume += SLOW * off;
        self.volume_square += SLOW * (off * off - self.volume_square);
    }
}
