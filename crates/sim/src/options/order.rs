//! Orders for options and shares, alone or together.

use market::{Cash, InstrumentId, OptionContract, Price, Qty};
use serde::{Deserialize, Serialize};

/// What can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    /// Contracts.
    Option(OptionContract),
    /// Shares of an underlying.
    Shares(InstrumentId),
}

impl Asset {
    /// The underlying.
    pub fn underlying(&self) -> InstrumentId {
        match self {
            Asset::Option(contract) => contract.underlying,
            Asset::Shares(instrument) => *instrument,
        }
    }

    /// The contract, of an option.
    pub fn contract(&self) -> Option<&OptionContract> {
        match self {
            Asset::Option(contract) => Some(contract),
            Asset::Shares(_) => None,
        }
    }

    /// What so many cost at a price; negative for a negative number.
    pub fn amount(&self, price: Price, qty: i64) -> Cash {
        let units = match self {
            Asset::Option(contract) => i64::from(contract.multiplier),
            Asset::Shares(_) => 1,
        };
        price.times(Qty::whole(units * qty))
    }
}

/// A part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// What is traded.
    pub asset: Asset,
    /// How many for one unit of the order; negative sells.
    pub ratio: i64,
}

impl Leg {
    /// A leg of contracts.
    pub fn option(contract: OptionContract, ratio: i64) -> Leg {
        Leg { asset: Asset::Option(contract), ratio }
    }

    /// A leg of shares.
    pub fn shares(instrument: InstrumentId, ratio: i64) -> Leg {
        Leg { asset: Asset::Shares(instrument), ratio }
    }
}

/// The number of an order, given by its sender.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ComboId(pub u64);

/// At what price an order may fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComboKind {
    /// At what the quotes ask.
    Market,
    /// One unit costs at most this; a negative amount is what it must bring at least.
    NetLimit(Cash),
}

/// How long an order may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComboTif {
    /// Not at all: what does not fill on the first trial is cancelled.
    Immediate,
    /// Until the end of the UTC day on which it was sent, which in New York is after the close.
    Day,
    /// Until it is cancelled.
    GoodTilCancelled,
}

/// An order for one or more legs, which fill together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combo {
    /// Its number.
    pub id: ComboId,
    /// Its legs, each of another asset.
    pub legs: Vec<Leg>,
    /// How many units of it.
    pub units: u32,
    /// At what price.
    pub kind: ComboKind,
    /// How long.
    pub tif: ComboTif,
}

impl Combo {
    /// An order at market that does not wait.
    pub fn market(id: ComboId, legs: Vec<Leg>, units: u32) -> Combo {
        Combo { id, legs, units, kind: ComboKind::Market, tif: ComboTif::Immediate }
    }

    /// True where it can be worked: units, legs, each of another asset and none of ratio 0.
    pub fn is_sound(&self) -> bool {
        let repeats = |at: usize| self.legs[..at].iter().any(|l| l.asset == self.legs[at].asset);
        self.units > 0
            && !self.legs.is_empty()
            && self.legs.iter().all(|leg| leg.ratio != 0)
            && !(0..self.legs.len()).any(repeats)
    }
}
