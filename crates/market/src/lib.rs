//! The words of trading: money, instruments, bars, events, orders, calendars, and the ports.
//!
//! **For**: one meaning for each word, shared by simulation, paper and live.
//! **Must never know**: where data come from, how a feature is computed, what a model is. No I/O.
//! **Start reading** at [`event`], then [`order`], then [`bar`].

pub mod bar;
pub mod calendar;
pub mod corporate;
pub mod depth;
pub mod event;
pub mod instrument;
mod local_clock;
pub mod money;
pub mod option;
pub mod order;
mod order_id;
pub mod port;
pub mod remote;
pub mod vertical;

pub use bar::{Bar, BarSize, Candle, Series, TimedCandle};
pub use calendar::{Calendar, Session};
pub use corporate::{Adjuster, Corporate, CorporateAction};
pub use event::{BrokerEvent, Command, Event, Held, SessionPhase, Snapshot, What};
pub use instrument::{Instrument, InstrumentId, Kind, Universe};
pub use local_clock::LocalClock;
pub use money::{Bps, Cash, Currency, Price, Qty, RMultiple};
pub use option::{
    ExerciseStyle, Offer, OpenInterest, OptionContract, OptionQuote, OptionRight, OptionTrades,
    Settlement,
};
pub use order::{
    ClientOrderId, Evidence, Fill, FillRule, OrderKind, OrderRequest, OrderState, Side, TimeInForce,
};
pub use port::{Broker, Feed};
pub use remote::BrokerRef;
pub use vertical::{ChainPart, OptionSeries, SeriesQuote, Vertical};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A number is not a price, a quantity or an amount.
    #[error("make money")]
    MakeMoney(#[from] base::Error),
    /// A bar that no market can print.
    #[error("check bar {bar:?}: {fault}")]
    CheckBar {
        /// What is wrong.
        fault: &'static str,
        /// The bar.
        bar: Bar,
    },
    /// A grid without a step.
    #[error("make grid of tick {tick} and lot {lot}: both must be positive")]
    MakeGrid {
        /// Step of prices.
        tick: Price,
        /// Step of sizes.
        lot: Qty,
    },
    /// A symbol given twice.
    #[error("number universe: symbol {symbol:?} is given twice")]
    NumberUniverse {
        /// The symbol.
        symbol: String,
    },
    /// A symbol that the universe does not have.
    #[error("find symbol {symbol:?}: not among the {count} of this universe")]
    FindSymbol {
        /// The symbol asked for.
        symbol: String,
        /// How many symbols there are.
        count: usize,
    },
    /// A name that is none of a spread.
    #[error(
        "read spread {text:?}: it wants a share, a day, call or put and two strikes, the dearer \
         option first, like \"AAPL 2024-07-19 call 190/200\""
    )]
    ReadVertical {
        /// As given.
        text: String,
    },
    /// A calendar that we have no table for.
    #[error("find calendar {code:?}: known are {known}")]
    FindCalendar {
        /// The code asked for.
        code: String,
        /// The codes there are.
        known: String,
    },
    /// A day outside the years of a calendar's table.
    #[error("look up {day} in calendar {code}: its table covers {first} to {last}")]
    LookUpDay {
        /// The calendar.
        code: &'static str,
        /// The day asked for.
        day: base::Day,
        /// First day of the table.
        first: base::Day,
        /// Last day of the table.
        last: base::Day,
    },
}
