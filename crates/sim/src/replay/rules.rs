//! What is assumed when a recording and our orders meet.

use base::Rounding;
use market::depth::{Grid, Lots, Ticks};
use market::{Bps, Cash};
use serde::{Deserialize, Serialize};

use super::contract::Contract;
use super::impact::Impact;
use super::latency::Latency;
use super::order::Role;
use super::queue::QueueModel;
use crate::Error;

/// How much may trade against us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// What the recording shows: levels hold what they hold, a trade fills no more than its size,
    /// and our own orders share one queue. Orders fill in parts.
    #[default]
    Recorded,
    /// As much as we want: an order fills wholly or not at all, at the best price. Every order
    /// sees every trade whole. For comparisons with programs that assume it.
    Unlimited,
}

/// What happens to an order that would trade with another of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnOrders {
    /// The new one is rejected.
    #[default]
    Reject,
    /// They do not see each other.
    Ignore,
}

/// What a venue charges.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fees {
    /// Of the value, for orders that rest; negative: a rebate.
    pub maker_bps: f64,
    /// Of the value, for orders that take.
    pub taker_bps: f64,
    /// For each unit or contract traded, on top.
    pub per_unit: f64,
}

impl Fees {
    /// The fee of a trade, rounded up to the last decimal of cash, in the currency that the
    /// contract settles in.
    pub fn of(
        &self,
        grid: &Grid,
        contract: Contract,
        (price, size): (Ticks, Lots),
        role: Role,
    ) -> Result<Cash, Error> {
        let bps = match role {
            Role::Maker => self.maker_bps,
            Role::Taker => self.taker_bps,
        };
        let qty = grid.qty(size);
        let value = contract.value(grid, price, size)?.to_f64().abs();
        let fee = value * Bps(bps).fraction() + qty.to_f64() * self.per_unit;
        Ok(Cash::from_f64(fee, Rounding::Up)?)
    }
}

/// All assumptions of a replay. The defaults are the careful ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How long our messages take to the venue.
    pub to_venue: Latency,
    /// How long the venue's answers take to us.
    pub to_us: Latency,
    /// Where our orders stand in a queue that the feed shows as a size. A feed that shows orders
    /// needs no model: the place is exact.
    pub queue: QueueModel,
    /// How much may trade against us.
    pub liquidity: Liquidity,
    /// How the book heals where we took from it.
    pub impact: Impact,
    /// What happens when our own orders meet.
    pub own_orders: OwnOrders,
    /// What the venue charges.
    pub fees: Fees,
    /// What a lot is worth. Default: a unit is a unit.
    #[serde(default)]
    pub contract: Contract,
}

impl Rules {
    /// Careful rules with that latency each way and those fees.
    pub fn careful(latency: Latency, fees: Fees) -> Rules {
        Rules {
            to_venue: latency.clone(),
            to_us: latency,
            queue: QueueModel::RiskAverse,
            liquidity: Liquidity::Recorded,
            impact: Impact::default(),
            own_orders: OwnOrders::Reject,
            fees,
            contract: Contract::default(),
        }
    }

    /// The rules of hftbacktest's exchange without partial fills, for comparisons: unlimited
    /// liquidity, no footprint, own orders that do not see each other.
    pub fn unlimited(latency: Latency, fees: Fees, queue: QueueModel) -> Rules {
        Rules {
            queue,
            liquidity: Liquidity::Unlimited,
            impact: Impact::Nothing,
            own_orders: OwnOrders::Ignore,
            ..Rules::careful(latency, fees)
        }
    }

    /// Refuses what no venue does.
    pub fn check(&self) -> Result<(), Error> {
        self.to_venue.check()?;
        self.to_us.check()?;
        self.contract.check()?;
        let bound = (-1_000.0, 1_000.0);
        crate::check_range("fees.maker_bps", self.fees.maker_bps, bound, "in -1000..=1000")?;
        crate::check_range("fees.taker_bps", self.fees.taker_bps, bound, "in -1000..=1000")?;
        crate::check_range("fees.per_unit", self.fees.per_unit, (-1e4, 1e4), "in -10000..=10000")
    }
}
