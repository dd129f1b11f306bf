//! The exchange: quotes come in, orders are worked, the account is valued.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::{Cash, OptionQuote, Price};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::board::Board;
use super::execute::{FillAt, OptionFill, Rules, execute};
use super::order::{Asset, Combo, ComboId, ComboTif};
use super::quote::{Arrival, Refusal, Spot, vet};
use crate::{Error, check_range};

/// Settings of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptionExchangeConfig {
    /// Cash to begin with.
    pub cash: Cash,
    /// The rules of fills.
    pub rules: Rules,
    /// Which quotes an order may fill on.
    pub arrival: Arrival,
    /// From sending an order to its arrival.
    pub latency: Span,
}

impl Default for OptionExchangeConfig {
    fn default() -> OptionExchangeConfig {
        OptionExchangeConfig {
            cash: Cash::from_raw(100_000 * Cash::SCALE),
            rules: Rules::default(),
            arrival: Arrival::Standing,
            latency: Span::ZERO,
        }
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Filled; what an immediate order did not get is cancelled.
    Filled(Vec<OptionFill>),
    /// It waits.
    Working,
    /// It was refused, and is over.
    Refused(Refusal),
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Trials of orders that were refused, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Fills of single legs.
    pub fills: u64,
    /// Times that a holding kept its value because no quote would do, by reason.
    pub marks_kept: BTreeMap<Refusal, u64>,
}

/// An order that waits.
#[derive(Debug, Clone)]
pub(super) struct Working {
    pub(super) combo: Combo,
    sent: Ts,
}

/// An exchange with one account.
#[derive(Debug, Clone)]
pub struct OptionExchange {
    pub(super) config: OptionExchangeConfig,
    pub(super) board: Board,
    pub(super) account: Account,
    pub(super) working: Vec<Working>,
    pub(super) tally: Tally,
}

impl OptionExchange {
    /// An exchange without quotes.
    pub fn new(config: OptionExchangeConfig) -> Result<OptionExchange, Error> {
        let quotes = &config.rules.quotes;
        let (span, most) = ("seconds, not negative", 1e9);
        check_range("options.oldest", quotes.oldest.seconds(), (0.0, most), span)?;
        check_range("options.latency", config.latency.seconds(), (0.0, most), span)?;
        check_range("options.rate", quotes.rate, (-1.0, 1.0), "in -1..=1")?;
        check_range("options.cash", config.cash.to_f64(), (0.0, 1e12), "in 0..=1e12")?;
        let fees = &config.rules.fees;
        let numbers = [fees.minimum, fees.exchange, fees.regulatory, fees.clearing, fees.exercise];
        for number in numbers {
            check_range("options.fees", number, (0.0, 1e4), "in 0..=10000")?;
        }
        Ok(OptionExchange {
            config,
            board: Board::default(),
            account: Account::new(config.cash),
            working: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// An exchange without quotes for an account that is there already.
    pub fn resume(config: OptionExchangeConfig, account: Account) -> Result<OptionExchange, Error> {
        Ok(OptionExchange { account, ..OptionExchange::new(config)? })
    }

    /// The account, at the end.
    pub fn into_account(self) -> Account {
        self.account
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The quotes that stand.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// What was counted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The settings.
    pub fn config(&self) -> &OptionExchangeConfig {
        &self.config
    }

    /// Puts up a quote.
    pub fn on_quote(&mut self, quote: &OptionQuote) {
        self.board.quote(quote);
    }

    /// Puts up the price of an underlying.
    pub fn on_spot(&mut self, spot: Spot) {
        self.board.spot(spot);
    }

    /// Takes down the quotes of contracts that expired before a day.
    pub fn forget_before(&mut self, day: base::Day) {
        self.board.forget_before(day);
    }

    /// Sends an order. It is tried at once where it may be, else by [`OptionExchange::advance`].
    pub fn submit(&mut self, now: Ts, combo: Combo) -> Result<Outcome, Error> {
        let mut order = Working { combo, sent: now };
        if !order.combo.is_sound() {
            return Ok(self.refuse(Refusal::NotAnOrder));
        }
        let outcome = self.trial(now, &mut order)?;
        if outcome == Outcome::Working || self.rests(&order, &outcome) {
            self.working.push(order);
        }
        Ok(outcome)
    }

    /// Takes an order back; true where it waited.
    pub fn cancel(&mut self, id: ComboId) -> bool {
        let before = self.working.len();
        self.working.retain(|order| order.combo.id != id);
        self.working.len() < before
    }

    /// Works the orders that wait, in the order sent, then values the account.
    pub fn advance(&mut self, now: Ts) -> Result<Vec<(ComboId, Outcome)>, Error> {
        let mut told = Vec::new();
        for mut order in std::mem::take(&mut self.working) {
            let over = order.combo.tif == ComboTif::Day && now.utc_day() > order.sent.utc_day();
            let outcome =
                if over { self.refuse(Refusal::TimedOut) } else { self.trial(now, &mut order)? };
            let id = order.combo.id;
            if outcome == Outcome::Working || self.rests(&order, &outcome) {
                self.working.push(order);
            }
            if outcome != Outcome::Working {
                told.push((id, outcome));
            }
        }
        self.mark(now);
        Ok(told)
    }

    /// True where something of a filled order goes on waiting.
    fn rests(&self, order: &Working, outcome: &Outcome) -> bool {
        let waits = order.combo.tif != ComboTif::Immediate;
        waits && order.combo.units > 0 && matches!(outcome, Outcome::Filled(_))
    }

    fn trial(&mut self, now: Ts, order: &mut Working) -> Result<Outcome, Error> {
        let arrived = now >= order.sent + self.config.latency;
        if !arrived || !self.may_see(order) {
            return Ok(Outcome::Working);
        }
        let rules = self.config.rules;
        let trial = execute(&mut self.account, &self.board, &rules, now, &order.combo)?;
        match trial {
            Ok(fills) => {
                self.tally.fills += fills.len() as u64;
                for fill in &fills {
                    if let Asset::Option(contract) = &fill.asset {
                        self.board.take(contract, fill.qty);
                    }
                }
                let first = fills.first().map_or(0, |fill| fill.qty);
                let ratio = order.combo.legs.first().map_or(1, |leg| leg.ratio);
                let units = u32::try_from(first / ratio).unwrap_or(order.combo.units);
                order.combo.units -= units.min(order.combo.units);
                self.mark(now);
                Ok(Outcome::Filled(fills))
            }
            Err(refusal) if order.combo.tif == ComboTif::Immediate || refusal.is_final() => {
                Ok(self.refuse(refusal))
            }
            Err(refusal) => {
                self.count(refusal);
                Ok(Outcome::Working)
            }
        }
    }

    /// Whether all quotes of an order are such as it may fill on.
    fn may_see(&self, order: &Working) -> bool {
        if self.config.arrival == Arrival::Standing {
            return true;
        }
        order.combo.legs.iter().all(|leg| {
            let known = match &leg.asset {
                Asset::Option(contract) => self.board.quote_of(contract).map(|q| q.known),
                Asset::Shares(instrument) => self.board.spot_of(*instrument).map(|s| s.known),
            };
            known.is_some_and(|known| known > order.sent)
        })
    }

    fn count(&mut self, refusal: Refusal) {
        *self.tally.refused.entry(refusal).or_default() += 1;
    }

    fn refuse(&mut self, refusal: Refusal) -> Outcome {
        self.count(refusal);
        Outcome::Refused(refusal)
    }

    /// Values each holding at what closing it would bring. Where no quote would do, it keeps its
    /// value, and that is counted; but what nobody bids for is worth nothing.
    pub(super) fn mark(&mut self, now: Ts) {
        let held: Vec<(Asset, i64)> =
            self.account.holdings().map(|(asset, held)| (*asset, held.qty)).collect();
        for (asset, qty) in held {
            match self.closing_price(&asset, qty, now) {
                Ok(price) => self.account.mark(&asset, price),
                Err(refusal) => *self.tally.marks_kept.entry(refusal).or_default() += 1,
            }
        }
    }

    fn closing_price(&self, asset: &Asset, qty: i64, now: Ts) -> Result<Price, Refusal> {
        let spot = self.board.spot_of(asset.underlying());
        let contract = match asset {
            Asset::Option(contract) => contract,
            Asset::Shares(_) => {
                let spot = spot.filter(|spot| spot.known <= now).ok_or(Refusal::NoQuote)?;
                return Ok(if qty > 0 { spot.bid } else { spot.ask });
            }
        };
        let quote = self.board.quote_of(contract).ok_or(Refusal::NoQuote)?;
        match vet(quote, spot, now, &self.config.rules.quotes) {
            Ok(()) | Err(Refusal::OneSided | Refusal::ZeroBid) => {}
            Err(refusal) => return Err(refusal),
        }
        if let (FillAt::Mid, Some(bid), Some(ask)) =
            (self.config.rules.fill_at, quote.bid, quote.ask)
        {
            return Ok(Price::from_raw((bid.price.raw() + ask.price.raw()).div_euclid(2)));
        }
        if qty > 0 {
            return Ok(quote.bid.map_or(Price::ZERO, |bid| bid.price));
        }
        quote.ask.map(|ask| ask.price).ok_or(Refusal::OneSided)
    }
}

impl Refusal {
    /// True where waiting can't help.
    pub fn is_final(self) -> bool {
        matches!(self, Refusal::Expired | Refusal::NotTradable | Refusal::NotAnOrder)
    }
}
