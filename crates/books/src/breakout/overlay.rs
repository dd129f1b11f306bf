//! The same signal as a spread of options (BRK-25): an option near half of the move bought, one
//! near the whole move sold, calls for a rise and puts for a fall.
//!
//! What it costs is what it can lose, and that is about one percent of the account. It ends where
//! the share's position would: at the whole move for a long, at three quarters of it for a short,
//! or with its last session but one before the options end. No stop is kept for it.

use base::{Day, Rounding};
use desk::exit::plan::to_tick;
use desk::exit::{CloseOn, Way};
use desk::{Amount, Entry, ExitPlan, Intent};
use market::vertical::unit_price;
use market::{
    Calendar, Cash, ChainPart, InstrumentId, OptionRight, OrderKind, Price, Qty, SeriesQuote, Side,
    Vertical,
};
use serde::{Deserialize, Serialize};

use super::bet::{BOOK, Signal};
use super::config::BreakoutConfig;
use crate::Error;

/// Strikes are asked for at least so far around the targets, as a part of the price.
const LEAST_APART: f64 = 0.05;

/// How a signal is expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Express {
    /// As shares.
    #[default]
    Shares,
    /// As a spread of options; a signal whose options make none is not traded.
    Spread,
}

/// Numbers of the overlay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OverlayConfig {
    /// How a signal is expressed.
    pub express: Express,
    /// Part of the account that one spread may cost, in percent.
    pub risk_pct: f64,
    /// Fewest and most days from the session to the options' last day; the latest is taken.
    pub least_days: i32,
    /// See `least_days`.
    pub most_days: i32,
    /// How far above its quote it may be bought, as a part of that: the quote is of the evening,
    /// the order for the next session.
    pub above_quote: f64,
    /// Most that it may cost, as a part of the distance of its strikes.
    pub most_of_width: f64,
}

impl Default for OverlayConfig {
    fn default() -> OverlayConfig {
        OverlayConfig {
            express: Express::Shares,
            risk_pct: 1.0,
            least_days: 30,
            most_days: 70,
            above_quote: 0.1,
            most_of_width: 0.75,
        }
    }
}

/// A spread that expresses a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// The spread.
    pub spread: Vertical,
    /// What a unit may cost: the ask of the one bought less the bid of the other, and what is
    /// allowed above it.
    pub limit: Price,
}

/// Why a signal has no spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoSpread {
    /// No options end within the days that are wanted.
    NoExpiry,
    /// Nothing is quoted near the targets, or both targets lie nearest to one strike.
    NoStrikes,
    /// It costs too much of what it can bring, or nothing at all.
    TooDear,
}

impl Signal<'_> {
    /// The options that are to be asked for in that session: around the two targets, as far as
    /// these lie apart.
    pub fn chain_part(&self, session: Day, config: &OverlayConfig) -> ChainPart {
        let [half, _, whole] = self.setup.targets.map(|target| target / self.factor);
        let apart = (whole - half).abs().max(half.abs() * LEAST_APART);
        let price = |value: f64| Price::from_f64(value.max(0.0), Rounding::HalfEven).ok();
        let strikes = (price(half.min(whole) - apart), price(half.max(whole) + apart));
        ChainPart {
            days: (session.plus(config.least_days), session.plus(config.most_days)),
            latest: true,
            right: Some(self.right()),
            strikes: strikes.0.zip(strikes.1),
        }
    }

    fn right(&self) -> OptionRight {
        match self.setup.side {
            Side::Long => OptionRight::Call,
            Side::Short => OptionRight::Put,
        }
    }

    /// The spread of a chain that expresses the signal in that session.
    ///
    /// # Errors
    /// [`NoSpread`].
    pub fn spread(
        &self,
        chain: &[SeriesQuote],
        session: Day,
        config: &OverlayConfig,
    ) -> Result<Pick, NoSpread> {
        let (right, part) = (self.right(), self.chain_part(session, config));
        let ours = |quote: &&SeriesQuote| quote.series.underlying == self.symbol;
        let (from, to) = part.days;
        let days = chain.iter().filter(ours).map(|quote| quote.series.expiry);
        let expiry = days.filter(|day| (from..=to).contains(day)).max();
        let expiry = expiry.ok_or(NoSpread::NoExpiry)?;
        let of = |quote: &&SeriesQuote| {
            ours(quote) && quote.series.expiry == expiry && part.holds(&quote.series)
        };
        let listed: Vec<&SeriesQuote> = chain.iter().filter(of).collect();
        let [half, _, whole] = self.setup.targets.map(|target| target / self.factor);
        let ask = |quote: &SeriesQuote| quote.ask;
        let (bought, ask) = nearest(&listed, half, ask).ok_or(NoSpread::NoStrikes)?;
        let (sold, bid) = nearest(&listed, whole, |quote| quote.bid).ok_or(NoSpread::NoStrikes)?;
        let underlying = self.symbol.to_owned();
        let spread = Vertical { underlying, expiry, right, bought, sold };
        if !spread.is_debit() {
            return Err(NoSpread::NoStrikes);
        }
        let above = (ask - bid).to_f64() * (1.0 + config.above_quote);
        let cent = Price::from_raw(Price::SCALE / 100);
        let net = Price::from_f64(above, Rounding::HalfEven).map_err(|_| NoSpread::NoStrikes)?;
        let limit = unit_price(net.round_to(cent, Rounding::HalfEven));
        let most = spread.most().to_f64() * config.most_of_width;
        match limit > Price::ZERO && limit.to_f64() <= most {
            true => Ok(Pick { spread, limit }),
            false => Err(NoSpread::TooDear),
        }
    }

    /// The intent to buy that spread, unique by day, symbol and side. The gates of size hold for
    /// it as for shares, by the expected value of the shares' bet.
    ///
    /// # Errors
    /// Prices that are none.
    pub fn spread_intent(
        &self,
        config: &BreakoutConfig,
        equity: Cash,
        (instrument, pick): (InstrumentId, &Pick),
    ) -> Result<Intent, Error> {
        let shares = self.intent(config, equity)?;
        let risk_pct = config.overlay.risk_pct;
        let amount = match shares.amount {
            Amount::Bet(bet) => Amount::Bet(desk::Bet {
                average_daily_volume: None,
                risk_pct: Some(risk_pct),
                ..bet
            }),
            Amount::Units(_) => {
                let units = equity.to_f64() * risk_pct / 100.0 / pick.limit.to_f64();
                let units = desk::size::to_step(units, Qty::whole(1));
                Amount::Units(units.unwrap_or(Qty::ZERO))
            }
        };
        let (at, way) = match self.setup.side {
            Side::Long => (self.setup.targets[2], Way::Rises),
            Side::Short => (self.setup.targets[1], Way::Falls),
        };
        let at = to_tick(Price::from_f64(at / self.factor, Rounding::HalfEven)?);
        let longest = self.longest(pick, config.label.max_bars)?;
        let plan = ExitPlan {
            close_on: Some(CloseOn { instrument: self.instrument, price: at, way }),
            max_sessions: Some(longest),
            ..ExitPlan::unstopped(pick.limit)
        };
        let entry = Entry {
            kind: OrderKind::Limit { limit: pick.limit },
            valid_sessions: Some(1),
            ..Entry::market().decided_at(pick.limit)
        };
        Ok(Intent {
            id: format!("{}/spread", shares.id),
            book: BOOK.to_owned(),
            instrument,
            side: Side::Long,
            entry,
            amount,
            plan: Some(plan),
            group: None,
            why: format!("{}; as {}", shares.why, pick.spread),
        })
    }

    /// Sessions that it may be held: it is closed before the options' last one.
    fn longest(&self, pick: &Pick, most: usize) -> Result<u16, Error> {
        let calendar = Calendar::of("XNYS")?;
        let ahead = calendar.between(self.setup.day.plus(1), pick.spread.expiry).len();
        let longest = ahead.saturating_sub(2).clamp(1, most.max(1));
        Ok(u16::try_from(longest).unwrap_or(u16::MAX))
    }
}

/// The strike nearest to a price among those that have that side of a quote, and the quote; the
/// lower of two as near.
fn nearest(
    listed: &[&SeriesQuote],
    price: f64,
    side: impl Fn(&SeriesQuote) -> Option<Price>,
) -> Option<(Price, Price)> {
    let quoted = listed.iter().filter_map(|quote| Some((quote.series.strike, side(quote)?)));
    let away = |strike: Price| (strike.to_f64() - price).abs();
    quoted.min_by(|(a, _), (b, _)| away(*a).total_cmp(&away(*b)).then(a.cmp(b)))
}

impl OverlayConfig {
    /// Each rule with what is said where it is broken.
    pub(super) fn rules(&self) -> [(bool, &'static str); 4] {
        let days = 2 < self.least_days && self.least_days <= self.most_days;
        let part = |value: f64| value > 0.0 && value.is_finite();
        [
            (days, "overlay.least_days must be above 2 and not above overlay.most_days"),
            (
                part(self.risk_pct) && self.risk_pct <= 100.0,
                "overlay.risk_pct must be above 0 and at most 100",
            ),
            ((0.0..=1.0).contains(&self.above_quote), "overlay.above_quote must be in 0..=1"),
            (
                part(self.most_of_width) && self.most_of_width <= 1.0,
                "overlay.most_of_width must be above 0 and at most 1",
            ),
        ]
    }
}

#[cfg(test)]
#[path = "overlay_tests.rs"]
mod tests;
