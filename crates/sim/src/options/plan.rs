//! What a backtest takes and gives: moments, a plan, a report.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{Cash, InstrumentId, OptionQuote, Price};
use serde::{Deserialize, Serialize};

use super::exchange::{OptionExchangeConfig, Tally};
use super::execute::OptionFill;
use super::life::{EarlyAssignment, Happened, LifeEvent, OptionAction, Upcoming};
use super::measure::Assumed;
use super::order::Leg;
use super::quote::{Refusal, Spot};
use super::select::{NoChoice, Structure};

/// What became known at one time.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// Now.
    pub now: Ts,
    /// The trading day.
    pub day: Day,
    /// Corporate actions that are in force from now on.
    pub actions: Vec<(InstrumentId, OptionAction)>,
    /// Dividends announced by now whose day is to come.
    pub dividends: Vec<Upcoming>,
    /// Opening prices for settlement, at the first moment of a session.
    pub opens: Vec<(InstrumentId, Price)>,
    /// Prices of underlyings.
    pub spots: Vec<Spot>,
    /// Quotes.
    pub quotes: Vec<OptionQuote>,
    /// Closing prices for settlement, at the last moment of a session.
    pub closes: Vec<(InstrumentId, Price)>,
}

/// When a position is closed. The first rule that holds closes it; without any it is held until
/// it expires.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exit {
    /// At so many days to the first expiry, or fewer.
    pub days_left: Option<i32>,
    /// After so many days.
    pub held_days: Option<i32>,
    /// At a profit of this part of what the options cost or brought net.
    pub profit: Option<f64>,
    /// At a loss of this part of what the options cost or brought net.
    pub stop: Option<f64>,
}

/// What is traded, when, and on what terms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The underlying.
    pub underlying: InstrumentId,
    /// What is traded.
    pub structure: Structure,
    /// Least and most days to expiry at entry.
    pub days: (i32, i32),
    /// How many units. A whole split multiplies them and divides the widths of the structure, so
    /// that a unit stays as large.
    pub units: u32,
    /// When a position is closed; a new one is opened at once.
    pub exit: Exit,
    /// For deltas.
    pub assumed: Assumed,
    /// Early assignment; `None` never assigns early.
    pub early: Option<EarlyAssignment>,
    /// The exchange.
    pub exchange: OptionExchangeConfig,
}

/// Why a trade ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Few days were left.
    DaysLeft,
    /// It was held for long enough.
    HeldDays,
    /// Its profit was reached.
    Profit,
    /// Its stop was reached.
    Stop,
    /// Its options expired, were exercised or assigned.
    Expiry,
    /// The moments ended first; it is valued at what closing would bring.
    StillOpen,
}

/// One trade, from the entry of its options until they are gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// When it was entered.
    pub opened: Ts,
    /// When it was over.
    pub closed: Ts,
    /// Its legs at entry, with the numbers filled.
    pub legs: Vec<Leg>,
    /// What the options cost at entry, fees apart; negative is a credit.
    pub entry: Cash,
    /// Change of equity from before the entry to the end, fees in.
    pub profit: Cash,
    /// Fees.
    pub fees: Cash,
    /// Why it ended.
    pub ended: Ended,
}

/// What a plan did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Its trades, in order.
    pub trades: Vec<Trade>,
    /// Every fill, in order, with what it rests on.
    pub fills: Vec<OptionFill>,
    /// What happened to holdings without an order, in order.
    pub happened: Vec<Happened>,
    /// Equity at the last moment of each day.
    pub daily: Vec<(Day, Cash)>,
    /// What the exchange counted.
    pub tally: Tally,
    /// Quotes passed over while choosing, by reason.
    pub passed: BTreeMap<Refusal, u64>,
    /// Times that nothing could be chosen, by reason.
    pub no_choice: BTreeMap<NoChoice, u64>,
    /// Orders taken back because no quote came that they might fill on.
    pub withdrawn: u64,
    /// Events in the life of holdings, by kind.
    pub events: BTreeMap<LifeEvent, u64>,
    /// Moments.
    pub moments: u64,
    /// Equity at the end.
    pub equity: Cash,
    /// Largest fall of the daily equity from its highest before.
    pub drawdown: Cash,
    /// All fees.
    pub fees: Cash,
    /// Earned between trades, by shares that were held while no option was.
    pub between: Cash,
}
