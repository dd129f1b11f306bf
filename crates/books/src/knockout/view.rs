//! What an agent sees: candles, the hour, and what it holds.

use std::f64::consts::TAU;

use sim::knockout::{IssuerRules, Print};

use super::scene::Scene;
use super::trade::{Desk, Stand};

/// Candles of a window.
pub const CANDLES: usize = 30;

/// Numbers of a candle: open, high, low and close against the close before, place of the close
/// in its range, and how restless the market is, all of unit scale.
pub const COLUMNS: usize = 6;

/// Numbers beside the window: sine and cosine of the index's local time of day at the end of the
/// last candle; 1 where the issuer quotes then, 1 where the index is calculated; the side held
/// (−1, 0, 1), the distance from its barrier and the gain since the purchase; the steps left as a
/// part of the episode.
pub const AROUND: usize = 8;

/// Weight of the newest candle in means over about twenty and a hundred candles.
const FAST: f64 = 2.0 / 21.0;
const SLOW: f64 = 2.0 / 101.0;

/// The part of what is seen that no choice changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    /// Candles × columns. Each row depends on its own candle and earlier ones alone.
    rows: Vec<f32>,
    /// Four numbers a candle: the hour and who is open.
    hours: Vec<[f32; 4]>,
    /// Deviation of log returns over about a hundred candles, one a candle.
    deviations: Vec<f64>,
}

impl Table {
    pub(super) fn new(prints: &[Print], scenes: &[Scene], rules: &IssuerRules) -> Table {
        let mut table = Table::default();
        let (mut fast, mut slow) = (1e-8f64, 1e-8f64);
        let mut before = scenes.first().map_or(0.0, |scene| scene.open.ln());
        for (print, scene) in prints.iter().zip(scenes) {
            let [open, high, low, close] =
                [scene.open, scene.high, scene.low, scene.close].map(f64::ln);
            let square = (close - before).powi(2);
            fast += FAST * (square - fast);
            slow += SLOW * (square - slow);
            let scale = slow.sqrt().max(1e-9);
            let place = if high > low { (close - low) / (high - low) * 2.0 - 1.0 } else { 0.0 };
            let row = [
                (open - before) / scale,
                (high - before) / scale,
                (low - before) / scale,
                (close - before) / scale,
                place,
                (fast / slow.max(1e-18)).ln(),
            ];
            table.rows.extend(row.map(|value| value.clamp(-5.0, 5.0) as f32));
            table.deviations.push(scale);
            let ends = print.ends();
            let shown = rules.index_hours.clock.shown_at(ends).time_of_day().seconds();
            let angle = shown / 86_400.0 * TAU;
            let is = |open: bool| f32::from(u8::from(open));
            table.hours.push([
                angle.sin() as f32,
                angle.cos() as f32,
                is(rules.hours.session(ends).is_some()),
                is(rules.index_hours.session(ends).is_some()),
            ]);
            before = close;
        }
        table
    }

    /// Fills what an agent sees at the end of a candle.
    pub(super) fn show(&self, stand: &Stand, scene: &Scene, left: f32, into: &mut [f32]) {
        let ends = (stand.bar + 1) * COLUMNS;
        let (window, around) = into.split_at_mut(CANDLES * COLUMNS);
        window.copy_from_slice(&self.rows[ends - CANDLES * COLUMNS..ends]);
        around[..4].copy_from_slice(&self.hours[stand.bar]);
        let (mut away, mut gain) = (0.0, 0.0);
        if let Some(held) = &stand.holding {
            // In deviations of about eight hours of five minutes.
            let reach = self.deviations[stand.bar] * 10.0;
            away = held.turbo.distance(scene.close) / reach;
            gain = held.turbo.intrinsic(scene.close) / held.paid.to_f64().max(1e-9) - 1.0;
        }
        let own = [Desk::side(stand), away.clamp(-5.0, 5.0), gain.clamp(-1.0, 5.0)];
        around[4..7].copy_from_slice(&own.map(|value| value as f32));
        around[7] = left;
    }
}
