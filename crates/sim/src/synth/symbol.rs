//! One symbol's history, session by session, from its own seed and the common factors.

use base::{Rounding, Seed};
use market::{Candle, Corporate, CorporateAction, InstrumentId, Price, Session};
use rand_distr::ChiSquared;

use super::SymbolHistory;
use super::config::SynthConfig;
use super::draw::Draw;
use super::factors::{DayFactors, Shock, chi_squared};
use super::path::{extremes, rounded};
use super::shape::{Mood, Seen, Shape};
use super::traits::{Loads, Traits};
use super::watch::Watch;
use crate::Error;

const DEGREES: f64 = 5.0;
/// Part of a stock's own variance that falls between close and open.
const OVERNIGHT_SHARE: f64 = 0.25;
/// Sessions between announcements of earnings, and between dividends.
const QUARTER: usize = 63;
/// An announcement multiplies the night's own variance by this.
const ANNOUNCEMENT: f64 = 16.0;

/// What is needed to make one symbol.
pub(super) struct Plan<'a> {
    pub(super) instrument: InstrumentId,
    pub(super) seed: Seed,
    pub(super) traits: Traits,
    pub(super) config: &'a SynthConfig,
    pub(super) sessions: &'a [Session],
    pub(super) factors: &'a [DayFactors],
}

/// A symbol while it is being made. Prices here are raw times all splits so far.
struct Maker<'a> {
    plan: &'a Plan<'a>,
    draw: Draw,
    chi: ChiSquared<f64>,
    shape: Shape,
    watch: Watch,
    level: f64,
    peak: f64,
    splits: f64,
    slow_vol: f64,
    fast_vol: f64,
    tide: f64,
    history: SymbolHistory,
}

/// One session's shocks with everything in them.
struct Moves {
    shock: Shock,
    own: f64,
}

/// Makes a symbol's whole history.
pub(super) fn make(plan: &Plan<'_>) -> Result<SymbolHistory, Error> {
    let Traits { usual_sd, first_price, shares, listed, .. } = plan.traits;
    let first = plan.sessions[listed].day;
    let mut maker = Maker {
        plan,
        draw: Draw::new(plan.seed.child("path")),
        chi: chi_squared(DEGREES)?,
        shape: Shape::new(plan.seed.child("shape"), plan.config, usual_sd),
        watch: Watch::new(plan.config.strength(), usual_sd),
        level: first_price,
        peak: first_price,
        splits: 1.0,
        slow_vol: 0.0,
        fast_vol: 0.0,
        tide: 0.0,
        history: SymbolHistory {
            instrument: plan.instrument,
            candles: Vec::with_capacity(plan.sessions.len() - listed),
            actions: Vec::new(),
            shares: vec![(first, shares)],
            breakouts: Vec::new(),
        },
    };
    for number in listed..plan.sessions.len() {
        if maker.session(number)? {
            break;
        }
    }
    maker.history.breakouts = maker.watch.breakouts;
    Ok(maker.history)
}

impl Maker<'_> {
    /// Makes a session; true when it was the last one.
    fn session(&mut self, number: usize) -> Result<bool, Error> {
        let day = self.plan.sessions[number].day;
        let mood = self.mood();
        let drift = self.watch.drift();
        let moves = self.moves(number, &mood);
        let Moves { shock, own } = &moves;
        let before = self.level;
        let paid = self.dividend(number)?;
        let night = shock.night - 0.5 * shock.night_var + drift * OVERNIGHT_SHARE;
        let open = before * night.exp() - paid;
        let intraday = shock.day - 0.5 * shock.day_var + drift * (1.0 - OVERNIGHT_SHARE);
        let (high, low) = extremes(&mut self.draw, intraday, shock.day_var);
        let close = open * intraday.exp();
        let whole = night + intraday;
        let (high, low) = (open * high.exp(), open * low.exp());
        let busy = self.busy(whole, &mood);
        let Traits { shares, turnover, .. } = self.plan.traits;
        let volume = shares * self.splits * turnover * busy.exp();
        let raw = |price: f64| price / self.splits;
        self.history.candles.push(rounded(Candle {
            day,
            open: raw(open),
            high: raw(high),
            low: raw(low),
            close: raw(close),
            volume,
        }));
        self.level = close;
        self.peak = self.peak.max(close);
        if self.plan.traits.is_fund {
            return Ok(false);
        }
        let seen = Seen { day, high, low, close, busy, whole, own: *own };
        self.shape.after(&seen);
        self.watch.after(&seen);
        if number + 1 == self.plan.sessions.len() {
            return Ok(false);
        }
        self.corporate(number)
    }

    fn mood(&self) -> Mood {
        match self.plan.traits.is_fund {
            true => Mood { own: 1.0, load: 1.0, volume: 0.0, rests: true },
            false => self.shape.mood(),
        }
    }

    /// Common and own shocks together, and the own part of the session's return.
    fn moves(&mut self, number: usize, mood: &Mood) -> Moves {
        let traits = &self.plan.traits;
        let mut shock = common(&self.plan.factors[number], &traits.loads, mood.load);
        let level = (self.slow_vol + self.fast_vol).exp() * mood.own;
        let announces = !mood.rests && (number + traits.earnings_offset).is_multiple_of(QUARTER);
        let surprise = self.draw.surprise(&self.chi, DEGREES);
        let surprise = if announces { surprise.min(1.5) } else { surprise };
        let variance = (traits.own_sd * level * surprise).powi(2);
        let news = if announces { ANNOUNCEMENT } else { 1.0 };
        let (night_var, day_var) =
            (variance * OVERNIGHT_SHARE * news, variance * (1.0 - OVERNIGHT_SHARE));
        let night = night_var.sqrt() * self.draw.normal();
        let day = day_var.sqrt() * self.draw.normal();
        shock.night += night;
        shock.night_var += night_var;
        shock.day += day;
        shock.day_var += day_var;
        let size = surprise * (day / day_var.sqrt()).abs();
        self.slow_vol = 0.99 * self.slow_vol + 0.09 * self.draw.normal();
        self.fast_vol = 0.88 * self.fast_vol + 0.09 * (size - 0.75).clamp(-0.75, 4.0);
        self.fast_vol = self.fast_vol.min(1.0);
        Moves { shock, own: night + day }
    }

    /// Log of volume against what is usual: it follows the size of the move, the mood, and its
    /// own slow tide.
    fn busy(&mut self, whole: f64, mood: &Mood) -> f64 {
        let traits = &self.plan.traits;
        self.tide = 0.93 * self.tide + 0.11 * self.draw.normal();
        let size = (0.35 + whole.abs() / traits.usual_sd).ln();
        self.tide + 0.45 * size + 0.25 * self.draw.normal() + mood.volume
    }

    /// The dividend that goes ex before this session, in levels; 0 on most.
    fn dividend(&mut self, number: usize) -> Result<f64, Error> {
        let traits = &self.plan.traits;
        let due = (number + traits.earnings_offset + QUARTER / 2).is_multiple_of(QUARTER);
        if traits.dividend_yield == 0.0 || !due || self.history.candles.is_empty() {
            return Ok(0.0);
        }
        let amount = (self.level / self.splits * traits.dividend_yield * 100.0).round() / 100.0;
        if amount <= 0.0 {
            return Ok(0.0);
        }
        let paid = Price::from_f64(amount, Rounding::HalfEven)?;
        self.act(number, Corporate::Dividend { amount: paid });
        Ok(amount * self.splits)
    }

    /// An action that goes ex on the morning of that session, known the evening before.
    fn act(&mut self, number: usize, action: Corporate) {
        let ex_day = self.plan.sessions[number].day;
        let known = match number.checked_sub(1) {
            Some(previous) => self.plan.sessions[previous].close,
            None => ex_day.start(),
        };
        self.history.actions.push(CorporateAction { ex_day, known, action });
    }

    /// Splits and the end, decided after a close; true when it was the last session.
    fn corporate(&mut self, number: usize) -> Result<bool, Error> {
        let raw = self.level / self.splits;
        let ratio = if raw < 2.0 {
            0.1
        } else if raw > 250.0 && self.draw.chance(0.02) {
            f64::from(self.draw.whole(2, 4))
        } else {
            1.0
        };
        if ratio != 1.0 {
            self.splits *= ratio;
            self.act(number + 1, Corporate::Split { ratio });
            let shares = self.plan.traits.shares * self.splits;
            self.history.shares.push((self.plan.sessions[number + 1].day, shares));
        }
        let fallen = self.level < 0.35 * self.peak;
        let hazard = if fallen { 3.0 } else { 0.6 };
        let ends = self.draw.chance(self.plan.config.delistings_per_year / 252.0 * hazard);
        if !ends || ratio != 1.0 || self.history.candles.len() < 60 {
            return Ok(false);
        }
        let close = self.history.candles.last().map_or(raw, |candle| candle.close);
        let payout = match fallen {
            true => None,
            false => Some(Price::from_f64(close, Rounding::HalfEven)?),
        };
        self.act(number + 1, Corporate::Delisted { payout });
        Ok(true)
    }
}

/// The common part of a symbol's shocks.
fn common(day: &DayFactors, loads: &Loads, damping: f64) -> Shock {
    let mut sum = Shock::default();
    let mut add = |factor: &Shock, load: f64| {
        sum.night += load * factor.night;
        sum.night_var += load * load * factor.night_var;
        sum.day += load * factor.day;
        sum.day_var += load * load * factor.day_var;
    };
    add(&day.market, loads.market * damping);
    for &(sector, load) in &loads.sectors {
        add(&day.sectors[sector], load * damping);
    }
    sum
}
