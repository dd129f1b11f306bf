//! Parabolic stop and reverse.

use market::Candle;

use super::OverCandles;
use super::feature::{enrol, on_candle};
use crate::spec::Units;

/// Wilder's stop and reverse (1978, p. 9): a stop that closes in on the price by a growing share
/// of the way to the extreme, and turns where it is touched. TA-Lib's `SAR`; the first direction
/// is that of the first directional movement.
#[derive(Debug, Clone)]
pub struct Sar {
    step: f64,
    maximum: f64,
    previous: Option<Candle>,
    trend: Option<Trend>,
}

#[derive(Debug, Clone, Copy)]
struct Trend {
    rising: bool,
    stop: f64,
    extreme: f64,
    factor: f64,
}

impl Sar {
    /// The step of the acceleration factor and its maximum; 0.02 and 0.2 are usual.
    pub fn new(step: f64, maximum: f64) -> Sar {
        Sar { step: step.min(maximum), maximum, previous: None, trend: None }
    }

    fn begin(&self, candle: &Candle, previous: &Candle) -> Trend {
        let down = previous.low - candle.low;
        let falling = down > 0.0 && down > candle.high - previous.high;
        if falling {
            Trend { rising: false, stop: previous.high, extreme: candle.low, factor: self.step }
        } else {
            Trend { rising: true, stop: previous.low, extreme: candle.high, factor: self.step }
        }
    }
}

impl Trend {
    /// The stop moves toward the extreme but never beyond the last two candles.
    fn advance(&mut self, candle: &Candle, previous: &Candle) {
        self.stop += self.factor * (self.extreme - self.stop);
        self.keep_clear(candle, previous);
    }

    fn keep_clear(&mut self, candle: &Candle, previous: &Candle) {
        self.stop = if self.rising {
            self.stop.min(previous.low).min(candle.low)
        } else {
            self.stop.max(previous.high).max(candle.high)
        };
    }

    fn touched(&self, candle: &Candle) -> bool {
        if self.rising { candle.low <= self.stop } else { candle.high >= self.stop }
    }

    /// Turns at the extreme reached; gives the stop of this bar.
    fn reverse(&mut self, candle: &Candle, previous: &Candle) -> f64 {
        self.rising = !self.rising;
        self.stop = self.extreme;
        self.keep_clear(candle, previous);
        let stop = self.stop;
        self.extreme = if self.rising { candle.high } else { candle.low };
        self.advance(candle, previous);
        stop
    }

    fn is_new_extreme(&self, candle: &Candle) -> bool {
        if self.rising { candle.high > self.extreme } else { candle.low < self.extreme }
    }
}

impl OverCandles for Sar {
    type Output = f64;

    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let before = self.previous.replace(*candle)?;
        // TA-Lib lets the first bar of a trend keep clear of itself alone.
        let (mut trend, previous) = match self.trend {
            Some(trend) => (trend, before),
            None => (self.begin(candle, &before), *candle),
        };
        let stop = if trend.touched(candle) {
            trend.factor = self.step;
            trend.reverse(candle, &previous)
        } else {
            let stop = trend.stop;
            if trend.is_new_extreme(candle) {
                trend.extreme = if trend.rising { candle.high } else { candle.low };
                trend.factor = (trend.factor + self.step).min(self.maximum);
            }
            trend.advance(candle, &previous);
            stop
        };
        self.trend = Some(trend);
        Some(stop)
    }
}

enrol! {
    PARABOLIC_SAR = on_candle(Sar::new(0.02, 0.2), |value| value);
    name: "parabolic_sar",
    formula: "stop that closes in on the price by 0.02 to 0.2 of the way a bar",
    window: 0,
    warmup: 2,
    units: Units::Price,
    source: "TA-Lib SAR; Wilder 1978 p. 9",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stop_trails_below_a_climb_and_jumps_above_a_fall() {
        let candle = |low: f64| Candle { low, high: low + 1.0, close: low, ..Candle::default() };
        let mut sar = Sar::new(0.02, 0.2);
        for at in 0..20 {
            let low = 10.0 + f64::from(at);
            assert!(sar.next(&candle(low)).is_none_or(|stop| stop < low), "{at}");
        }
        assert_eq!(sar.next(&candle(5.0)), Some(30.0));
    }
}
