//! Options on the listed shares, and orders of several parts that fill together or not at all.
//!
//! Start reading at [`Thing`] and `order`, then `place` and `work`; what is listed and quoted
//! stands in `chain` and `quotes`, what must lie in the account in `margin`, the broker's words
//! in `read`, `show` and `data`.

mod chain;
mod data;
mod lots;
mod margin;
mod names;
mod order;
mod place;
mod quotes;
mod read;
mod show;
mod work;

use market::{InstrumentId, OptionContract, Qty};
use serde::{Deserialize, Serialize};

use crate::figures::uuid;
use crate::venue::Venue;
pub(crate) use lots::{Lot, Options};
pub(crate) use names::{root, standard};
pub(crate) use order::{Combo, Condition, LegTraded, Part};
pub(crate) use place::ComboWish;
pub(crate) use quotes::SIZE;

/// Shares that one contract delivers, and units that its premium is for.
pub(crate) const STANDARD: i64 = 100;

/// What can be a part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    Share(InstrumentId),
    Option(OptionContract),
}

impl Thing {
    /// What is traded, or what the option is on.
    pub(crate) fn instrument(&self) -> InstrumentId {
        match self {
            Thing::Share(instrument) => *instrument,
            Thing::Option(contract) => contract.underlying,
        }
    }

    pub(crate) fn is_option(&self) -> bool {
        matches!(self, Thing::Option(_))
    }

    /// Units that one of it is priced for.
    pub(crate) fn units(&self) -> i64 {
        match self {
            Thing::Share(_) => 1,
            Thing::Option(_) => STANDARD,
        }
    }

    /// Units of so many of it.
    pub(crate) fn times(&self, count: i64) -> Qty {
        Qty::whole(count * self.units())
    }
}

impl Venue {
    /// The broker's id of a contract.
    pub(crate) fn contract_id(&self, contract: &OptionContract) -> String {
        uuid(&["asset", &self.contract_name(contract)])
    }
}
