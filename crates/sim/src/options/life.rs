//! What happens to options without an order: expiry, exercise, assignment, corporate actions.
//!
//! **Expiry.** A long option that is worth at least 0.01 a unit by the settlement price is
//! exercised (OCC rule 805, exercise by exception), and a short one is assigned. Others end
//! worth nothing. Physical settlement exchanges shares for the strike; the option is closed at
//! what exercise is worth and the shares enter at the settlement price, which comes to the same
//! cash. A part of a share is paid in cash.
//!
//! **Early assignment** is a model, not a record: see [`EarlyAssignment`].

use base::{Day, Seed, Ts};
use market::{
    Calendar, Cash, ExerciseStyle, InstrumentId, OptionContract, OptionRight, Price, Qty,
    Settlement,
};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::exchange::OptionExchange;
use super::order::Asset;
use super::quote::{last_session, trading_ends, vet};
use crate::Error;

/// What happened to a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeEvent {
    /// A long option was exercised.
    Exercised,
    /// A short option was assigned at its expiry.
    Assigned,
    /// A short option was assigned before its expiry.
    AssignedEarly,
    /// It ended worth nothing.
    ExpiredWorthless,
    /// It became another asset, or another number of it.
    Adjusted,
}

/// An event in the life of a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// When.
    pub at: Ts,
    /// What was held.
    pub asset: Asset,
    /// How many of it; negative was short.
    pub qty: i64,
    /// What happened.
    pub event: LifeEvent,
}

/// Which price a settlement goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettledBy {
    /// The closing price of a session: physical settlement, and cash by the close.
    Close,
    /// The opening prices of a session: cash by the opening.
    Open,
}

/// Who is assigned before expiry.
///
/// A short American call is assigned on the last session before the underlying goes without a
/// dividend, where its time value (the ask less what exercise is worth) is below the dividend.
/// A short American put is assigned where its time value is below the interest on the strike
/// until expiry. In both cases its holder gains by exercising now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EarlyAssignment {
    /// Interest a year.
    pub rate: f64,
    /// Part of the open contracts that is exercised on a day when it pays; each of ours is drawn
    /// with this probability. 1 assigns all.
    pub share: f64,
    /// Of the draws.
    pub seed: Seed,
}

/// A dividend that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    /// Who pays it.
    pub underlying: InstrumentId,
    /// First day without it.
    pub ex_day: Day,
    /// Amount a share.
    pub amount: Price,
}

/// A corporate action that is in force from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionAction {
    /// So many new shares for so many old ones.
    Split {
        /// New shares.
        new: u32,
        /// For so many old ones.
        old: u32,
    },
    /// An ordinary dividend a share; contracts stay.
    Dividend(Price),
    /// A dividend outside the ordinary: strikes are lowered by it.
    SpecialDividend(Price),
}

/// Least worth of exercise, a unit, at which a holder is taken to exercise.
const EXCEPTION: Price = Price::from_raw(Price::SCALE / 100);

impl OptionExchange {
    /// Ends the contracts of an underlying whose last session is this day or earlier.
    pub fn settle(
        &mut self,
        now: Ts,
        day: Day,
        settled: SettledBy,
        (underlying, price): (InstrumentId, Price),
    ) -> Result<Vec<Happened>, Error> {
        let mut told = Vec::new();
        for (contract, qty) in self.options_on(underlying) {
            let by_open = contract.settlement == Settlement::CashAtOpen;
            let last = last_session(&contract).map(|session| session.day);
            let ends = last.is_some_and(|last| last <= day);
            if !ends || by_open != (settled == SettledBy::Open) {
                continue;
            }
            let worth_it = contract.exercise_value(price) >= contract.premium(EXCEPTION);
            let event = match (worth_it, qty > 0) {
                (false, _) => LifeEvent::ExpiredWorthless,
                (true, true) => LifeEvent::Exercised,
                (true, false) => LifeEvent::Assigned,
            };
            if worth_it {
                self.deliver(&contract, qty, price)?;
            } else {
                let asset = Asset::Option(contract);
                self.account.trade(asset, -qty, Price::ZERO, Cash::ZERO);
            }
            told.push(Happened { at: now, asset: Asset::Option(contract), qty, event });
        }
        Ok(told)
    }

    /// Exercises long American contracts before they expire, at the price of the underlying that
    /// stands. `None` where there is no such price, or the contract or number does not fit.
    pub fn exercise(
        &mut self,
        now: Ts,
        contract: &OptionContract,
        qty: u32,
    ) -> Result<Option<Happened>, Error> {
        let (asset, qty) = (Asset::Option(*contract), i64::from(qty));
        let trades = trading_ends(contract).is_some_and(|ends| now <= ends);
        let fits = contract.style == ExerciseStyle::American
            && trades
            && qty > 0
            && qty <= self.account.held(&asset);
        let spot = self.board.spot_of(contract.underlying).filter(|spot| spot.known <= now);
        let Some(spot) = spot.filter(|_| fits) else { return Ok(None) };
        let price = if contract.right == OptionRight::Call { spot.bid } else { spot.ask };
        self.deliver(contract, qty, price)?;
        Ok(Some(Happened { at: now, asset, qty, event: LifeEvent::Exercised }))
    }

    /// Assigns short contracts whose holders gain by exercising now.
    pub fn assign_early(
        &mut self,
        now: Ts,
        day: Day,
        rule: &EarlyAssignment,
        dividends: &[Upcoming],
    ) -> Result<Vec<Happened>, Error> {
        let held: Vec<(Asset, i64)> =
            self.account.holdings().map(|(asset, held)| (*asset, held.qty)).collect();
        let mut told = Vec::new();
        for (asset, qty) in held {
            let Some(contract) = asset.contract().filter(|_| qty < 0) else { continue };
            let Some(spot) = self.pays_to_exercise(now, day, contract, (rule, dividends)) else {
                continue;
            };
            let drawn = draw(day, contract, qty.unsigned_abs(), rule);
            if drawn > 0 {
                let qty = -(drawn as i64);
                self.deliver(contract, qty, spot)?;
                told.push(Happened { at: now, asset, qty, event: LifeEvent::AssignedEarly });
            }
        }
        Ok(told)
    }

    /// The price of the underlying where holders of a contract gain by exercising it now.
    fn pays_to_exercise(
        &self,
        now: Ts,
        day: Day,
        contract: &OptionContract,
        (rule, dividends): (&EarlyAssignment, &[Upcoming]),
    ) -> Option<Price> {
        if contract.style != ExerciseStyle::American {
            return None;
        }
        let spot = self.board.spot_of(contract.underlying)?;
        let quote = self.board.quote_of(contract)?;
        vet(quote, Some(spot), now, &self.config.rules.quotes).ok()?;
        let price = if contract.right == OptionRight::Call { spot.bid } else { spot.ask };
        let worth = contract.exercise_value(price);
        let time_value = contract.premium(quote.ask?.price) - worth;
        let gain = match contract.right {
            OptionRight::Call => {
                let next = Calendar::of("XNYS").ok()?.next(day).ok()?.day;
                let falls = |d: &&Upcoming| {
                    d.underlying == contract.underlying && d.ex_day > day && d.ex_day <= next
                };
                dividends.iter().find(falls)?.amount.times(contract.shares)
            }
            OptionRight::Put => {
                let years = f64::from((contract.expiry - day).max(0)) / 365.0;
                let part = 1.0 - (-rule.rate * years).exp();
                let gain = contract.exercise_amount().to_f64() * part;
                Cash::from_f64(gain, base::Rounding::HalfEven).ok()?
            }
        };
        (worth > Cash::ZERO && time_value < gain).then_some(price)
    }

    /// Applies a corporate action to what is held. Orders on the underlying are cancelled and its
    /// quotes taken down: they speak of what it was before.
    pub fn corporate(
        &mut self,
        now: Ts,
        underlying: InstrumentId,
        action: OptionAction,
    ) -> Result<Vec<Happened>, Error> {
        let shares = Asset::Shares(underlying);
        if let OptionAction::Dividend(amount) | OptionAction::SpecialDividend(amount) = action {
            self.account.dividend(&shares, amount);
        }
        if matches!(action, OptionAction::Dividend(_)) {
            return Ok(Vec::new());
        }
        let on = |asset: &Asset| asset.underlying() == underlying;
        self.working.retain(|order| !order.combo.legs.iter().any(|leg| on(&leg.asset)));
        self.board.clear(underlying);
        let mut told = Vec::new();
        // All come off before any goes on: a new strike may be another one's old strike.
        let mut after = Vec::new();
        for (contract, qty) in self.options_on(underlying) {
            let new = match action {
                OptionAction::Split { new, old } => contract.after_split(new, old),
                OptionAction::SpecialDividend(amount) => {
                    Some((contract.after_special_dividend(amount), 1))
                }
                OptionAction::Dividend(_) => None,
            };
            let fault = "a split needs shares on both sides";
            let fault = || Error::ApplyCorporate { instrument: underlying, fault };
            let (new, count) = new.ok_or_else(fault)?;
            after.push((Asset::Option(contract), Asset::Option(new), qty * i64::from(count)));
            let (asset, event) = (Asset::Option(contract), LifeEvent::Adjusted);
            told.push(Happened { at: now, asset, qty, event });
        }
        self.account.exchange_all(&after);
        if let OptionAction::Split { new, old } = action {
            let qty = self.account.held(&shares);
            let (whole, rest) = (qty * i64::from(new) / i64::from(old), qty * i64::from(new));
            self.account.split_shares(&shares, whole, rest % i64::from(old), new);
        }
        Ok(told)
    }

    /// Closes options at what exercise is worth, and delivers the shares where there are any.
    fn deliver(&mut self, contract: &OptionContract, qty: i64, spot: Price) -> Result<(), Error> {
        let fee = self.config.rules.fees.of_exercise(qty.unsigned_abs())?;
        let raw = i128::from(contract.exercise_value(spot).raw())
            * i128::from(Price::SCALE / Cash::SCALE)
            / i128::from(contract.multiplier.max(1));
        let worth = Price::from_raw(raw as i64);
        self.account.trade(Asset::Option(*contract), -qty, worth, fee);
        if contract.settlement == Settlement::Physical {
            let whole = contract.shares.raw() * qty / Qty::SCALE;
            let delivered = if contract.right == OptionRight::Call { whole } else { -whole };
            let shares = Asset::Shares(contract.underlying);
            self.account.trade(shares, delivered, spot, Cash::ZERO);
        }
        Ok(())
    }

    fn options_on(&self, underlying: InstrumentId) -> Vec<(OptionContract, i64)> {
        let holdings = self.account.holdings();
        let options = holdings.filter_map(|(asset, held)| Some((*asset.contract()?, held.qty)));
        options.filter(|(contract, _)| contract.underlying == underlying).collect()
    }
}

/// How many of so many contracts are drawn for assignment.
fn draw(day: Day, contract: &OptionContract, count: u64, rule: &EarlyAssignment) -> u64 {
    if rule.share >= 1.0 {
        return count;
    }
    let right = u64::from(contract.right == OptionRight::Put);
    let seed = rule.seed.index(day.number() as u64).index(contract.strike.raw() as u64);
    let mut rng = seed.index(contract.expiry.number() as u64).index(right).rng();
    (0..count).filter(|_| rng.random::<f64>() < rule.share).count() as u64
}
