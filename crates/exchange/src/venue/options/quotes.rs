//! What contracts are quoted at: one fixed shape of surface around the volatility of the last
//! sessions, off the last bar's close.
//!
//! The value is Black's with neither interest nor dividends, at which exercise before the end
//! never pays. The smile is an SSVI (Gatheral and Jacquier 2014, section 4); its level at the
//! money is the deviation of the daily returns of the last sixty sessions.

use base::{Rounding, Ts};
use market::{InstrumentId, OptionContract, Price};
use pricing::surface::{RawSvi, Ssvi};
use pricing::{Greeks, Market, Vanilla, black, vanilla};

use super::STANDARD;
use crate::Venue;

/// The shape of every surface.
const SHAPE: Ssvi = Ssvi { rho: -0.5, eta: 1.0, gamma: 0.5 };
/// Sessions whose returns make the level, and the fewest that do.
const SESSIONS: usize = 60;
const FEWEST: usize = 10;
/// Where there are fewer, and the bounds of a level.
const USUAL: f64 = 0.3;
const LEVELS: (f64, f64) = (0.08, 2.0);
const SESSIONS_A_YEAR: f64 = 252.0;
const SECONDS_A_YEAR: f64 = 365.25 * 86_400.0;
/// Half a spread: a cent, and such a part of what the price holds beyond exercise.
const HALF: (f64, f64) = (0.01, 0.01);
/// Prices from here on lie on the wider of the two steps.
const WIDER_FROM: f64 = 3.0;
const STEPS: (f64, f64) = (0.01, 0.05);

/// Contracts on each side of a quote, and the most of one that an order takes at the end of a bar.
pub(crate) const SIZE: i64 = 100;

/// Bid and ask of a contract, and what they were made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quoted {
    /// `None` where nobody bids.
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Price,
    /// Value before the spread.
    pub(crate) value: f64,
    /// Volatility a year.
    pub(crate) volatility: f64,
    /// `None` at the end of a contract, on its strike.
    pub(crate) greeks: Option<Greeks>,
    /// When the bar ended that it is made of.
    pub(crate) at: Ts,
}

impl Quoted {
    /// Halfway between the two; half the ask where nobody bids.
    pub(crate) fn mid(&self) -> Price {
        let bid = self.bid.unwrap_or(Price::ZERO);
        Price::from_raw((bid.raw() + self.ask.raw()) / 2)
    }
}

/// The surface of one share at the end of its last bar.
pub(crate) struct Surface {
    spot: f64,
    level: f64,
    at: Ts,
}

impl Venue {
    /// When the last bar ended.
    pub(crate) fn quoted_at(&self) -> Ts {
        let last = self.session().and_then(|session| {
            let slot = self.state.slot.checked_sub(1)?;
            Some(self.tape.slot(session, slot).1)
        });
        last.or_else(|| {
            let before = self.state.session.checked_sub(1)?;
            Some(self.tape.sessions()[before].close)
        })
        .unwrap_or(self.state.opened_at)
    }

    /// The surface of a share; `None` before it had a price.
    pub(crate) fn surface(&self, underlying: InstrumentId) -> Option<Surface> {
        let spot = self.mark(underlying)?.to_f64();
        let level = self.level(underlying);
        (spot > 0.0).then_some(Surface { spot, level, at: self.quoted_at() })
    }

    /// Volatility a year of the last sessions before today's; days of splits are left out.
    fn level(&self, underlying: InstrumentId) -> f64 {
        let listing = self.tape.listing(underlying);
        let end = listing.candles.partition_point(|candle| candle.day < self.today());
        let candles = &listing.candles[end.saturating_sub(SESSIONS + 1)..end];
        let is_ex = |day| listing.actions.iter().any(|action| action.ex_day == day);
        let returns: Vec<f64> = candles
            .windows(2)
            .filter(|pair| !is_ex(pair[1].day) && pair[0].close > 0.0 && pair[1].close > 0.0)
            .map(|pair| (pair[1].close / pair[0].close).ln())
            .collect();
        if returns.len() < FEWEST {
            return USUAL;
        }
        let squares: f64 = returns.iter().map(|one| one * one).sum();
        let level = (squares / returns.len() as f64 * SESSIONS_A_YEAR).sqrt();
        level.clamp(LEVELS.0, LEVELS.1)
    }

    /// What a contract is quoted at; `None` before its share had a price.
    pub(crate) fn option_quote(&self, contract: &OptionContract) -> Option<Quoted> {
        self.surface(contract.underlying)?.quote(contract)
    }
}

impl Surface {
    /// What a contract is quoted at.
    pub(crate) fn quote(&self, contract: &OptionContract) -> Option<Quoted> {
        let ends = sim::options::trading_ends(contract)?;
        let years = ((ends - self.at).seconds() / SECONDS_A_YEAR).max(0.0);
        // One contract delivers so many times a hundred shares, and its strike is paid a hundred
        // times whatever it delivers.
        let units = contract.shares.to_f64() / STANDARD as f64;
        let strike = contract.strike.to_f64() / units;
        let volatility = self.volatility(strike, years);
        let deviation = volatility * years.sqrt();
        let value = black::price(contract.right, self.spot, strike, deviation).ok()? * units;
        let inside = (contract.right.sign() * (self.spot - strike)).max(0.0) * units;
        let market = Market { spot: self.spot, rate: 0.0, yield_rate: 0.0, volatility };
        let option = Vanilla { right: contract.right, strike, years };
        let half = HALF.0 + HALF.1 * (value - inside).max(0.0);
        let step = if value < WIDER_FROM { STEPS.0 } else { STEPS.1 };
        // A hair, so that a value on the grid stays where it is.
        let bid = ((value - half) / step + 1e-9).floor() * step;
        let ask = ((value + half) / step - 1e-9).ceil() * step;
        Some(Quoted {
            bid: price(bid).filter(|bid| *bid > Price::ZERO),
            ask: price(ask)?,
            value,
            volatility,
            greeks: vanilla::greeks(&option, &market).ok(),
            at: self.at,
        })
    }

    fn volatility(&self, strike: f64, years: f64) -> f64 {
        // A second at least: a smile of no time has no shape.
        let years = years.max(1.0 / SECONDS_A_YEAR);
        let smile: RawSvi = SHAPE.smile(self.level * self.level * years);
        smile.volatility((strike / self.spot).ln(), years)
    }
}

/// In whole cents.
fn price(value: f64) -> Option<Price> {
    let cent = Price::from_raw(Price::SCALE / 100);
    let price = Price::from_f64(value, Rounding::HalfEven).ok()?;
    Some(price.round_to(cent, Rounding::HalfEven))
}
