//! Which contracts a plan trades: structures whose legs are chosen by rule.

use std::collections::{BTreeMap, BTreeSet};

use base::{Day, Ts};
use market::{InstrumentId, OptionContract, OptionQuote, OptionRight, Price};
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::measure::{Assumed, measure};
use super::order::Leg;
use super::quote::{QuoteRules, Refusal, Spot, vet};

/// Where a strike should lie. The nearest sound quote is taken where it is near enough: a strike
/// within 0.1 of the delta, or within 3 % of the price. Otherwise nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The magnitude of delta, in 0..1.
    Delta(f64),
    /// The strike as a part of the price of the underlying.
    Moneyness(f64),
}

/// Which side of a structure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Bought.
    Long,
    /// Sold.
    Short,
}

/// What is traded. Widths are in units of the underlying's price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// One strike bought or sold, and the other way around another one further out of the money.
    Vertical {
        /// Calls or puts.
        right: OptionRight,
        /// What is done at the strike nearer to the money: `Short` takes in a credit.
        stance: Stance,
        /// The strike nearer to the money.
        near: Target,
        /// To the further one.
        width: Price,
    },
    /// A put vertical and a call vertical, both sold.
    IronCondor {
        /// The put sold.
        put: Target,
        /// The call sold.
        call: Target,
        /// To the strikes bought.
        width: Price,
    },
    /// One below and one above bought, two in the middle sold.
    Butterfly {
        /// Calls or puts.
        right: OptionRight,
        /// The middle.
        centre: Target,
        /// To the wings.
        width: Price,
    },
    /// A call and a put of one strike.
    Straddle {
        /// Bought or sold.
        stance: Stance,
        /// The strike, by its call.
        centre: Target,
    },
    /// The near expiry sold and a later one bought, at one strike.
    Calendar {
        /// Calls or puts.
        right: OptionRight,
        /// The strike.
        centre: Target,
        /// Days by which the later expiry is later, at least.
        apart: i32,
    },
    /// Shares, and a call sold on them.
    CoveredCall {
        /// The call.
        call: Target,
    },
    /// Shares, a put bought and a call sold on them.
    Collar {
        /// The put.
        put: Target,
        /// The call.
        call: Target,
    },
}

impl Structure {
    /// The structure after a split that divides prices by a ratio: widths are divided by it too.
    pub fn after_split(mut self, ratio: u32) -> Structure {
        match &mut self {
            Structure::Vertical { width, .. }
            | Structure::IronCondor { width, .. }
            | Structure::Butterfly { width, .. } => {
                *width = Price::from_raw(width.raw() / i64::from(ratio.max(1)));
            }
            Structure::Straddle { .. }
            | Structure::Calendar { .. }
            | Structure::CoveredCall { .. }
            | Structure::Collar { .. } => {}
        }
        self
    }

    /// True where shares are part of it.
    pub fn holds_shares(&self) -> bool {
        matches!(self, Structure::CoveredCall { .. } | Structure::Collar { .. })
    }
}

/// What is chosen from.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The quotes.
    pub board: &'a Board,
    /// The underlying.
    pub underlying: InstrumentId,
    /// Now.
    pub now: Ts,
    /// The trading day.
    pub day: Day,
    /// Least and most days to expiry; the expiry nearest to the middle is taken.
    pub days: (i32, i32),
    /// Quotes that these refuse are not chosen.
    pub rules: &'a QuoteRules,
    /// For deltas.
    pub assumed: &'a Assumed,
}

/// Why nothing was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoChoice {
    /// The underlying has no price.
    NoSpot,
    /// No expiry lies within the days.
    NoExpiry,
    /// No sound quote near the target.
    NoStrike,
}

/// The sound quotes of one expiry, by right and strike.
struct Expiry<'a> {
    day: Day,
    rights: [Vec<&'a OptionQuote>; 2],
}

impl Choice<'_> {
    /// The contract nearest to a target, of the expiry nearest to the middle of the days.
    pub fn nearest(&self, right: OptionRight, target: Target) -> Result<OptionContract, NoChoice> {
        let spot = self.board.spot_of(self.underlying).ok_or(NoChoice::NoSpot)?;
        let expiry = self.expiry(spot, self.days, &mut BTreeMap::new())?;
        self.strike(&expiry, spot, right, target)
    }

    /// The legs of one unit; quotes that were passed over are counted by reason.
    pub fn legs(
        &self,
        structure: &Structure,
        passed: &mut BTreeMap<Refusal, u64>,
    ) -> Result<Vec<Leg>, NoChoice> {
        let spot = self.board.spot_of(self.underlying).ok_or(NoChoice::NoSpot)?;
        let near = self.expiry(spot, self.days, passed)?;
        let leg = |contract, ratio| Leg::option(contract, ratio);
        let (call, put) = (OptionRight::Call, OptionRight::Put);
        let lot = |contract: &OptionContract| contract.shares.to_f64().round() as i64;
        Ok(match *structure {
            Structure::Vertical { right, stance, near: target, width } => {
                let inner = self.strike(&near, spot, right, target)?;
                let outer = near.beyond(&inner, out(right, width))?;
                let sign = if stance == Stance::Long { 1 } else { -1 };
                vec![leg(inner, sign), leg(outer, -sign)]
            }
            Structure::IronCondor { put: at_put, call: at_call, width } => {
                let sold_put = self.strike(&near, spot, put, at_put)?;
                let sold_call = self.strike(&near, spot, call, at_call)?;
                if sold_put.strike >= sold_call.strike {
                    return Err(NoChoice::NoStrike);
                }
                let bought_put = near.beyond(&sold_put, out(put, width))?;
                let bought_call = near.beyond(&sold_call, out(call, width))?;
                vec![leg(bought_put, 1), leg(sold_put, -1), leg(sold_call, -1), leg(bought_call, 1)]
            }
            Structure::Butterfly { right, centre, width } => {
                let middle = self.strike(&near, spot, right, centre)?;
                let (below, above) = (near.beyond(&middle, -width)?, near.beyond(&middle, width)?);
                vec![leg(below, 1), leg(middle, -2), leg(above, 1)]
            }
            Structure::Straddle { stance, centre } => {
                let bought = self.strike(&near, spot, call, centre)?;
                let other = near.same_strike(&bought, put)?;
                let sign = if stance == Stance::Long { 1 } else { -1 };
                vec![leg(bought, sign), leg(other, sign)]
            }
            Structure::Calendar { right, centre, apart } => {
                let sold = self.strike(&near, spot, right, centre)?;
                let from = (near.day - self.day) + apart.max(1);
                let far = self.expiry(spot, (from, from + 2 * apart.max(7)), passed)?;
                let bought = far.same_strike(&sold, right)?;
                vec![leg(sold, -1), leg(bought, 1)]
            }
            Structure::CoveredCall { call: target } => {
                let sold = self.strike(&near, spot, call, target)?;
                vec![Leg::shares(self.underlying, lot(&sold)), leg(sold, -1)]
            }
            Structure::Collar { put: at_put, call: at_call } => {
                let bought = self.strike(&near, spot, put, at_put)?;
                let sold = self.strike(&near, spot, call, at_call)?;
                let shares = Leg::shares(self.underlying, lot(&sold));
                vec![shares, leg(bought, 1), leg(sold, -1)]
            }
        })
    }

    /// The expiry nearest to the middle of the days, with its sound quotes.
    fn expiry(
        &self,
        spot: &Spot,
        (least, most): (i32, i32),
        passed: &mut BTreeMap<Refusal, u64>,
    ) -> Result<Expiry<'_>, NoChoice> {
        let (from, to) = (self.day.plus(least), self.day.plus(most));
        let days: BTreeSet<Day> =
            self.board.chain(self.underlying, from, to).map(|q| q.contract.expiry).collect();
        let off = |day: &Day| (2 * (*day - self.day) - least - most).abs();
        let day = days.into_iter().min_by_key(off).ok_or(NoChoice::NoExpiry)?;
        let mut rights = [Vec::new(), Vec::new()];
        for quote in self.board.chain(self.underlying, day, day) {
            match vet(quote, Some(spot), self.now, self.rules) {
                Ok(()) => rights[usize::from(quote.contract.right == OptionRight::Put)].push(quote),
                Err(refusal) => *passed.entry(refusal).or_default() += 1,
            }
        }
        Ok(Expiry { day, rights })
    }

    /// The contract nearest to a target.
    fn strike(
        &self,
        expiry: &Expiry<'_>,
        spot: &Spot,
        right: OptionRight,
        target: Target,
    ) -> Result<OptionContract, NoChoice> {
        let off = |quote: &OptionQuote| match target {
            Target::Moneyness(part) => {
                Some((quote.contract.strike.to_f64() - part * spot.mid()).abs())
            }
            Target::Delta(wanted) => {
                let measured = measure(quote, spot, self.now, self.assumed)?;
                Some((measured.delta.abs() - wanted).abs())
            }
        };
        const DELTA: f64 = 0.1;
        const OF_PRICE: f64 = 0.03;
        let most = match target {
            Target::Moneyness(_) => OF_PRICE * spot.mid(),
            Target::Delta(_) => DELTA,
        };
        let quotes = expiry.of(right).iter();
        let near = quotes.filter_map(|quote| Some((off(quote)?, quote.contract)));
        let near = near.filter(|(off, _)| *off <= most);
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c).ok_or(NoChoice::NoStrike)
    }
}

impl<'a> Expiry<'a> {
    fn of(&self, right: OptionRight) -> &[&'a OptionQuote] {
        &self.rights[usize::from(right == OptionRight::Put)]
    }

    /// The contract whose strike is nearest to one so far away, on that side of it; none where
    /// that is off by more than half the way.
    fn beyond(&self, from: &OptionContract, by: Price) -> Result<OptionContract, NoChoice> {
        let wanted = from.strike + by;
        let beyond =
            |strike: Price| (strike.raw() - from.strike.raw()).signum() == by.raw().signum();
        let strikes = self.of(from.right).iter().map(|quote| quote.contract);
        strikes
            .filter(|contract| beyond(contract.strike))
            .filter(|contract| 2 * (contract.strike - wanted).abs().raw() <= by.raw().abs())
            .min_by_key(|contract| (contract.strike - wanted).abs())
            .ok_or(NoChoice::NoStrike)
    }

    fn same_strike(
        &self,
        other: &OptionContract,
        right: OptionRight,
    ) -> Result<OptionContract, NoChoice> {
        let mut contracts = self.of(right).iter().map(|quote| quote.contract);
        contracts.find(|contract| contract.strike == other.strike).ok_or(NoChoice::NoStrike)
    }
}

/// A width out of the money.
fn out(right: OptionRight, width: Price) -> Price {
    if right == OptionRight::Call { width } else { -width }
}
