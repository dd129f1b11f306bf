//! How the issuer behaves, and what is assumed where a candle does not tell.

use base::{Rounding, Span, Ts};
use market::{Bar, Cash, Price};
use pricing::knockout::Turbo;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::hours::Hours;
use crate::Error;

/// When a touch of the barrier kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// While the index itself is calculated, as terms on the DAX usually say: what a future does
    /// by night does not count, the opening does.
    IndexHours,
    /// Within the issuer's hours.
    IssuerHours,
    /// At every print, as terms on a future or on an index that is calculated all day say.
    Always,
}

/// Where the issuer closes its hedge after a touch inside a candle. A gap is closed at its
/// opening price, or at the candle's worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwind {
    /// At the barrier: the best that can be hoped for.
    AtBarrier,
    /// At the worst price of the candle: terms leave the issuer up to hours.
    WorstOfCandle,
}

/// Which comes first where a candle holds both a stop and the barrier behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// The stop, as on a path without leaps.
    StopFirst,
    /// The barrier: the issuer stops quoting before the stop is filled.
    BarrierFirst,
}

/// How wide the issuer quotes, in points of the index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpreadRule {
    /// In quiet hours.
    pub points: f64,
    /// For so many minutes after the issuer's and the index's opening …
    pub opening_minutes: u32,
    /// … multiplied by this, 1 or more.
    pub opening_factor: f64,
    /// Multiplied by this while the index is not calculated, 1 or more.
    pub shut_factor: f64,
    /// Never less than this part of the mean range of the candles before (true range, weights
    /// falling by 1/14 a candle; ticks count by their distance).
    pub range_share: f64,
}

/// The issuer's rules and the broker's fee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerRules {
    /// When it quotes.
    pub hours: Hours,
    /// When the index is calculated.
    pub index_hours: Hours,
    /// When a touch kills.
    pub watch: Watch,
    /// Where it unwinds.
    pub unwind: Unwind,
    /// Stop or barrier.
    pub clash: Clash,
    /// Its spread.
    pub spread: SpreadRule,
    /// Step of its quotes: bids are rounded down to it, asks up.
    pub tick: Price,
    /// From sending an order or a cancellation to its arrival.
    pub latency: Span,
    /// Taken by the broker for each fill; a knock-out costs nothing.
    pub order_fee: Cash,
}

/// The mean true range of the prints of an index, by which issuers widen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanRange {
    points: f64,
    close: Option<Price>,
}

impl MeanRange {
    /// Takes in the next print's prices.
    pub fn take(&mut self, bar: &Bar) {
        let before = self.close.unwrap_or(bar.open);
        let range = (bar.high.max(before) - bar.low.min(before)).to_f64();
        let weight = if self.close.is_none() { 1.0 } else { 1.0 / 14.0 };
        self.points += weight * (range - self.points);
        self.close = Some(bar.close);
    }

    /// In points of the index; zero before the first print.
    pub fn points(&self) -> f64 {
        self.points
    }
}

impl IssuerRules {
    /// Certificates on the DAX: quoted 08:00 to 22:00 to the cent with 1.5 points, killed while
    /// Xetra trades, unwound at the worst price, orders half a second on their way.
    pub fn dax() -> IssuerRules {
        IssuerRules {
            hours: Hours::issuer(),
            index_hours: Hours::dax(),
            watch: Watch::IndexHours,
            unwind: Unwind::WorstOfCandle,
            clash: Clash::BarrierFirst,
            spread: SpreadRule {
                points: 1.5,
                opening_minutes: 10,
                opening_factor: 2.0,
                shut_factor: 2.0,
                range_share: 0.05,
            },
            tick: Price::from_raw(Price::SCALE / 100),
            latency: Span::from_nanos(500_000_000),
            order_fee: Cash::ZERO,
        }
    }

    /// Reads rules and refuses those that no issuer has.
    pub(super) fn checked<'de, D: Deserializer<'de>>(from: D) -> Result<IssuerRules, D::Error> {
        let rules = IssuerRules::deserialize(from)?;
        rules.check().map_err(D::Error::custom)?;
        Ok(rules)
    }

    /// Refuses settings that no issuer has.
    pub fn check(&self) -> Result<(), Error> {
        self.hours.check()?;
        self.index_hours.check()?;
        let most = 1e9;
        let spread = &self.spread;
        let check = crate::check_range;
        check("spread.points", spread.points, (0.0, most), "zero or more")?;
        check("spread.opening_factor", spread.opening_factor, (1.0, most), "1 or more")?;
        check("spread.shut_factor", spread.shut_factor, (1.0, most), "1 or more")?;
        check("spread.range_share", spread.range_share, (0.0, most), "zero or more")?;
        check("tick", self.tick.to_f64(), (1e-8, most), "positive")?;
        check("latency", self.latency.seconds(), (0.0, most), "zero or more")?;
        check("order_fee", self.order_fee.to_f64(), (0.0, most), "zero or more")
    }

    /// The spread at an instant, in points, given the mean range of what was seen before.
    pub fn spread_points(&self, at: Ts, range: f64) -> f64 {
        let rule = &self.spread;
        let window = Span::from_minutes(i64::from(rule.opening_minutes));
        let fresh = |hours: &Hours| hours.since_opening(at).is_some_and(|since| since < window);
        let opening = fresh(&self.hours) || fresh(&self.index_hours);
        let shut = self.index_hours.session(at).is_none();
        let factor = if opening { rule.opening_factor } else { 1.0 }
            * if shut { rule.shut_factor } else { 1.0 };
        (rule.points * factor).max(rule.range_share * range)
    }

    /// True where a print that begins now can kill.
    pub fn watches(&self, at: Ts) -> bool {
        match self.watch {
            Watch::Always => true,
            Watch::IndexHours => self.index_hours.session(at).is_some(),
            Watch::IssuerHours => self.hours.session(at).is_some(),
        }
    }

    /// What the holder gets for one certificate at a level of the index. Whether anyone quotes
    /// then is a question of hours and barrier. Refused is what does not fit a price.
    pub fn bid(&self, turbo: &Turbo, index: f64, spread: f64) -> Result<Price, Error> {
        let fair = turbo.intrinsic(index) - 0.5 * spread * turbo.terms().ratio;
        self.on_tick(fair.max(0.0), Rounding::Down)
    }

    /// What the holder pays, a tick at least: nothing is given away.
    pub fn ask(&self, turbo: &Turbo, index: f64, spread: f64) -> Result<Price, Error> {
        let fair = turbo.intrinsic(index) + 0.5 * spread * turbo.terms().ratio;
        Ok(self.on_tick(fair, Rounding::Up)?.max(self.tick))
    }

    /// What a dead certificate pays when the issuer unwound at a level of the index.
    pub fn residual(&self, turbo: &Turbo, index: f64) -> Result<Price, Error> {
        self.on_tick(turbo.intrinsic(index), Rounding::Down)
    }

    /// Where the issuer unwinds after a touch: `reached` is the barrier, or the first price beyond
    /// it, and `worst` the worst price of the candle.
    pub fn unwound_at(&self, reached: f64, worst: f64) -> f64 {
        match self.unwind {
            Unwind::AtBarrier => reached,
            Unwind::WorstOfCandle => worst,
        }
    }

    /// A price on the issuer's step. What lies within a thousandth of a step counts as on it:
    /// floats of 0.29 × 100 must not cost a cent.
    fn on_tick(&self, price: f64, rounding: Rounding) -> Result<Price, Error> {
        let nudge = match rounding {
            Rounding::Up => -1e-3,
            _ => 1e-3,
        };
        let price = Price::from_f64(price + nudge * self.tick.to_f64(), Rounding::HalfEven)?;
        Ok(price.max(Price::ZERO).round_to(self.tick, rounding))
    }
}
