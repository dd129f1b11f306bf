//! Simulated exchanges, what trading costs, and synthetic markets.
//!
//! **For**: a world to trade in: an exchange that works orders against bars of price, a venue
//! that matches them in an order book, cost models, and a seeded market whose edge is known. The
//! bar exchange has the same [`market::Broker`] port as live.
//! **Must never know**: features, models, books, sizing, files, clocks. It fills orders; it does
//! not ask why they were sent. No I/O.
//! **Start reading** at [`exchange`], then [`costs`], then [`synth`]; of recorded order books at
//! [`replay`], of a venue that matches at [`depth`], of options at [`options`].

pub mod costs;
pub mod depth;
pub mod exchange;
pub mod flow;
pub mod knockout;
pub mod options;
pub mod replay;
pub mod synth;

pub use costs::{Breakdown, Commission, CostConfig, CostModel, SellFees, Slippage};
pub use exchange::{
    BarExchange, BarPrint, DelistingRule, ExchangeConfig, ExchangeStats, FillCost, LimitRule,
    ZeroVolume,
};
pub use synth::{Breakout, Edge, Market, SymbolHistory, SynthConfig};

use base::Ts;
use market::{ClientOrderId, Evidence, InstrumentId};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A fill would have rested on a bar it may not rest on: a bar from the future, a bar that
    /// began before the order was sent, or one that is too old. The run must stop.
    #[error(
        "fill order {order} of instrument {}, sent {sent}, on the bar that began {} and was known \
         {}: {fault}",
        instrument.0, evidence.bar_start, evidence.bar_known
    )]
    FillOrder {
        /// The order.
        order: ClientOrderId,
        /// Its instrument.
        instrument: InstrumentId,
        /// When it was sent.
        sent: Ts,
        /// The evidence refused.
        evidence: Box<Evidence>,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A moment of a backtest holds what was known only later. The run must stop.
    #[error("take in the moment {now}: it holds a price of instrument {} known {known}", instrument.0)]
    LookAhead {
        /// Whose price.
        instrument: InstrumentId,
        /// When it became known.
        known: Ts,
        /// The time of the moment.
        now: Ts,
    },
    /// A price or an amount does not fit its type.
    #[error("price fill")]
    PriceFill(#[from] market::Error),
    /// An event speaks of an instrument that the exchange was not built for.
    #[error("find instrument {}: the exchange was built for {count}", instrument.0)]
    FindInstrument {
        /// The instrument asked for.
        instrument: InstrumentId,
        /// How many there are.
        count: usize,
    },
    /// A corporate action that no company can take.
    #[error("apply corporate action to instrument {}: {fault}", instrument.0)]
    ApplyCorporate {
        /// The instrument.
        instrument: InstrumentId,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A table of latencies that no recording gives.
    #[error("read latency: {fault}")]
    ReadLatency {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A setting outside what it may be.
    #[error("read setting {field}: {value} is not {allowed}")]
    ReadSetting {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// What was written down of a venue can't have been one.
    #[error("restore venue: {fault}")]
    RestoreVenue {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A contract whose value is no amount of money.
    #[error("value contract: {fault}")]
    ValueContract {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A price of an index that none can have, or that comes out of turn.
    #[error("read print that began {begins}: {fault}")]
    ReadPrint {
        /// When it began.
        begins: Ts,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A knock-out certificate that the last price has killed already.
    #[error("list certificate")]
    ListCertificate(#[source] pricing::Error),
    /// Interest that leaves nothing of a certificate's strike.
    #[error("finance certificate overnight")]
    Finance(#[source] pricing::Error),
    /// Data that tell nothing of a cost: too few, without spread, or not numbers.
    #[error("calibrate {what}: {fault}")]
    Calibrate {
        /// The cost asked for.
        what: &'static str,
        /// What is wrong with the data.
        fault: String,
    },
    /// Arrivals of a point process that are none: out of order, of no known kind, or too few.
    #[error("read arrivals: {fault}")]
    ReadArrivals {
        /// What is wrong with them.
        fault: String,
    },
    /// The calendar has no such exchange or no such day.
    #[error("look up trading calendar")]
    LookUpCalendar(#[source] market::Error),
}

/// Refuses a setting that is not a number within bounds, both included.
pub(crate) fn check_range(
    field: &'static str,
    value: f64,
    bounds: (f64, f64),
    allowed: &'static str,
) -> Result<(), Error> {
    if value >= bounds.0 && value <= bounds.1 {
        Ok(())
    } else {
        Err(Error::ReadSetting { field, value, allowed })
    }
}
