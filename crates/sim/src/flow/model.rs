//! The two flows, and how they are calibrated from what was seen.

use serde::{Deserialize, Serialize};

use super::distance::Seen;
use super::hawkes::{HawkesFitConfig, fit};
use super::watch::Watched;
use super::{FlowKind, Hawkes, SizeLaw};
use crate::{Error, check_range};

/// Constant rates: nobody thinks (Smith, Farmer, Gillemot and Krishnamurthy 2003, Quant. Finance
/// 3, 481–514). With rates that depend on the distance it is the model of Cont, Stoikov and
/// Talreja 2010, Oper. Res. 58, 549–563, §2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZeroFlow {
    /// Limit orders a second on each side at 1, 2, … ticks from the other side's best price.
    pub limit_rates: Vec<f64>,
    /// Market orders a second of each direction.
    pub market_rate: f64,
    /// Chance a second that a resting order is cancelled, at 1, 2, … ticks from the other side's
    /// best price; the last one holds beyond.
    pub cancel_rates: Vec<f64>,
}

/// Events that bring forth events, of the six kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HawkesFlow {
    /// Six kinds, in the order of [`FlowKind::ALL`].
    pub model: Hawkes,
    /// Chances of 1, 2, … ticks between a limit order and the other side's best price; any scale.
    pub limit_weights: Vec<f64>,
    /// The same of cancellations, for each resting order; the last one holds beyond.
    pub cancel_weights: Vec<f64>,
    /// Resting orders of a side at which a cancellation takes one order. With more it takes more,
    /// in proportion, and with fewer sometimes none, so that the book neither runs dry nor over:
    /// the rate of a cancellation knows nothing of the book.
    pub usual_orders: f64,
}

/// When who comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowModel {
    /// Constant rates.
    Zero(ZeroFlow),
    /// Self-exciting rates.
    Hawkes(HawkesFlow),
}

/// Sizes of the two kinds of orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSizes {
    /// Of limit orders.
    pub limit: SizeLaw,
    /// Of market orders.
    pub market: SizeLaw,
}

impl FlowSizes {
    /// Laws of the sizes seen.
    pub fn calibrate(watched: &Watched) -> Result<FlowSizes, Error> {
        let law = |wanted: fn(FlowKind) -> bool, what: &str| {
            let events = watched.events.iter().filter(|event| wanted(event.kind));
            SizeLaw::of(events.map(|event| event.size))
                .ok_or_else(|| Error::ReadArrivals { fault: format!("no {what} order was seen") })
        };
        Ok(FlowSizes { limit: law(is_limit, "limit")?, market: law(is_market, "market")? })
    }
}

pub(super) fn is_limit(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::LimitBuy | FlowKind::LimitSell)
}

pub(super) fn is_cancel(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::CancelBuy | FlowKind::CancelSell)
}

pub(super) fn is_market(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::MarketBuy | FlowKind::MarketSell)
}

impl ZeroFlow {
    /// Rates of what was seen: orders by count, cancellations by size ÷ size that rested.
    pub fn calibrate(watched: &Watched) -> Result<ZeroFlow, Error> {
        let seen = Seen::whole(watched)?;
        let flow = ZeroFlow {
            limit_rates: seen.limit_rates(),
            market_rate: seen.market_rate(),
            cancel_rates: seen.cancel_rates(),
        };
        flow.check()?;
        Ok(flow)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_rates("flow.limit_rates", &self.limit_rates)?;
        check_rates("flow.cancel_rates", &self.cancel_rates)?;
        check_range("flow.market_rate", self.market_rate, (0.0, 1e6), "in 0..=1e6")
    }

    /// Mean orders of a side at each distance, were there no market orders: the rate at which they
    /// come ÷ the chance at which they go.
    pub fn mean_orders(&self) -> Vec<f64> {
        let cancel = |at: usize| self.cancel_rates.get(at).or(self.cancel_rates.last());
        let rates = self.limit_rates.iter().enumerate();
        rates.map(|(at, rate)| cancel(at).map_or(0.0, |cancel| rate / cancel)).collect()
    }
}

impl HawkesFlow {
    /// Fits the six kinds, whose moments the recorder tells to `clock_seconds`, and takes
    /// distances from what was seen.
    pub fn calibrate(
        watched: &Watched,
        config: &HawkesFitConfig,
        clock_seconds: f64,
    ) -> Result<HawkesFlow, Error> {
        let arrivals = watched.arrivals(clock_seconds);
        let found = fit(&arrivals, FlowKind::ALL.len(), watched.seconds, config)?;
        let limit_size = FlowSizes::calibrate(watched)?.limit.mean();
        HawkesFlow::around(found.model, watched, limit_size)
    }

    /// The flow of a fitted process of the six kinds, with distances of what was seen and limit
    /// orders of that mean size in lots.
    pub fn around(model: Hawkes, watched: &Watched, limit_size: f64) -> Result<HawkesFlow, Error> {
        let seen = Seen::whole(watched)?;
        let flow = HawkesFlow {
            model,
            limit_weights: seen.limit_rates(),
            cancel_weights: seen.cancel_rates(),
            usual_orders: (seen.lots() / limit_size).max(1.0),
        };
        flow.check()?;
        Ok(flow)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let kinds = self.model.kinds() as f64;
        check_range("flow.model", kinds, (6.0, 6.0), "of the six kinds of flow")?;
        check_rates("flow.limit_weights", &self.limit_weights)?;
        check_rates("flow.cancel_weights", &self.cancel_weights)?;
        check_range("flow.usual_orders", self.usual_orders, (1.0, 1e6), "in 1..=1e6")
    }
}

impl FlowModel {
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            FlowModel::Zero(flow) => flow.check(),
            FlowModel::Hawkes(flow) => flow.check(),
        }
    }
}

fn check_rates(field: &'static str, rates: &[f64]) -> Result<(), Error> {
    check_range(field, rates.len() as f64, (1.0, 1e5), "of 1..=100000 distances")?;
    for &rate in rates {
        check_range(field, rate, (0.0, 1e6), "in 0..=1e6")?;
    }
    check_range(field, rates.iter().sum(), (1e-12, 1e9), "above zero somewhere")
}
