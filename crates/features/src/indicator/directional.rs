//! Wilder's directional movement: +DI, −DI, DX, ADX (1978, pp. 35–47).

use market::Candle;

use super::OverCandles;
use super::atr::true_range;
use super::feature::{enrol, on_candle};
use crate::spec::Units;

/// Directional movement at one bar, each 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectionalLines {
    /// +DI: share of the true range that was movement up. TA-Lib's `PLUS_DI`.
    pub plus_di: f64,
    /// −DI: share that was movement down. TA-Lib's `MINUS_DI`.
    pub minus_di: f64,
    /// |+DI − −DI| / (+DI + −DI). TA-Lib's `DX`; where nothing moved, the last value.
    pub dx: f64,
}

/// +DI, −DI and DX over n bars. As in TA-Lib the sums start with n − 1 bars and are smoothed from
/// the n-th on.
#[derive(Debug, Clone)]
pub struct Directional {
    previous: Option<Candle>,
    plus: f64,
    minus: f64,
    range: f64,
    dx: f64,
    /// False where the last bar left DX as it was.
    moved: bool,
    seen: usize,
    period: usize,
    share: f64,
}

/// Wilder's average of DX: the mean of the first n, then (n − 1)/n of the old plus 1/n of the new.
/// TA-Lib's `ADX`.
#[derive(Debug, Clone)]
pub struct Adx {
    lines: Directional,
    average: f64,
    seen: usize,
}

impl Directional {
    /// Movement over that many bars, at least two.
    pub fn new(period: usize) -> Directional {
        let period = period.max(2);
        Directional {
            previous: None,
            plus: 0.0,
            minus: 0.0,
            range: 0.0,
            dx: 0.0,
            moved: false,
            seen: 0,
            period,
            share: 1.0 / period as f64,
        }
    }

    fn add(&mut self, candle: &Candle, previous: &Candle) {
        let up = candle.high - previous.high;
        let down = previous.low - candle.low;
        if self.seen >= self.period {
            self.plus -= self.plus * self.share;
            self.minus -= self.minus * self.share;
            self.range -= self.range * self.share;
        }
        self.plus += if up > 0.0 && up > down { up } else { 0.0 };
        self.minus += if down > 0.0 && down > up { down } else { 0.0 };
        self.range += true_range(candle, previous.close);
    }

    fn lines(&mut self) -> DirectionalLines {
        self.moved = false;
        if self.range <= 0.0 {
            return DirectionalLines { plus_di: 0.0, minus_di: 0.0, dx: self.dx };
        }
        let plus_di = 100.0 * (self.plus / self.range);
        let minus_di = 100.0 * (self.minus / self.range);
        let total = plus_di + minus_di;
        if total.abs() >= 1e-14 {
            self.dx = 100.0 * ((minus_di - plus_di).abs() / total);
            self.moved = true;
        }
        DirectionalLines { plus_di, minus_di, dx: self.dx }
    }
}

impl OverCandles for Directional {
    type Output = DirectionalLines;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<DirectionalLines> {
        let previous = self.previous.replace(*candle)?;
        self.seen += 1;
        self.add(candle, &previous);
        if self.seen < self.period {
            return None;
        }
        self.seen = self.period;
        Some(self.lines())
    }
}

impl Adx {
    /// Movement and average over that many bars, at least two.
    pub fn new(period: usize) -> Adx {
        Adx { lines: Directional::new(period), average: 0.0, seen: 0 }
    }
}

impl OverCandles for Adx {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let lines = self.lines.next(candle)?;
        let period = self.lines.period;
        if self.seen < period {
            self.average += if self.lines.moved { lines.dx } else { 0.0 };
            self.seen += 1;
            if self.seen < period {
                return None;
            }
            self.average /= period as f64;
        } else if self.lines.moved {
            self.average -= (self.average - lines.dx) * self.lines.share;
        }
        Some(self.average)
    }
}

enrol! {
    ADX_14 = on_candle(Adx::new(14), |value| value);
    name: "adx_14",
    formula: "Wilder average of 14 dx_14",
    window: 14,
    warmup: 28,
    units: Units::Oscillator,
    source: "TA-Lib ADX; Wilder 1978 p. 47",
}

enrol! {
    DX_14 = on_candle(Directional::new(14), |lines| lines.dx);
    name: "dx_14",
    formula: "100 · |+DI − −DI| / (+DI + −DI)",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib DX",
}

enrol! {
    MINUS_DI_14 = on_candle(Directional::new(14), |lines| lines.minus_di);
    name: "minus_di_14",
    formula: "100 · smoothed movement down / smoothed true range",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib MINUS_DI",
}

enrol! {
    PLUS_DI_14 = on_candle(Directional::new(14), |lines| lines.plus_di);
    name: "plus_di_14",
    formula: "100 · smoothed movement up / smoothed true range",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib PLUS_DI",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(low: f64) -> Candle {
        Candle { low, high: low + 1.0, close: low + 0.5, open: low + 0.5, ..Candle::default() }
    }

    #[test]
    fn a_steady_climb_has_movement_up_alone() {
        let mut directional = Directional::new(3);
        let lines = (0..9).filter_map(|at| directional.next(&candle(f64::from(at)))).last();
        let lines = lines.unwrap();
        assert_eq!((lines.minus_di, lines.dx), (0.0, 100.0));
        assert!(lines.plus_di > 60.0, "{lines:?}");
    }

    #[test]
    fn the_average_needs_two_windows() {
        let mut adx = Adx::new(3);
        assert_eq!((0..).position(|at| adx.next(&candle(f64::from(at))).is_some()), Some(5));
    }
}
