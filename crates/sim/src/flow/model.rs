//! The two flows, and how they are calibrated from what was seen.

use serde::{Deserialize, Serialize};

use super::hawkes::{HawkesFitConfig, fit};
use super::watch::{FlowEvent, Watched};
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

fn is_limit(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::LimitBuy | FlowKind::LimitSell)
}

fn is_cancel(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::CancelBuy | FlowKind::CancelSell)
}

fn is_market(kind: FlowKind) -> bool {
    matches!(kind, FlowKind::MarketBuy | FlowKind::MarketSell)
}

/// What was seen by distance: all that both flows need.
struct ByDistance {
    /// Limit orders a second on each side.
    limit_rates: Vec<f64>,
    /// Part of what rests that is cancelled in a second.
    cancel_rates: Vec<f64>,
    /// Mean resting lots of a side.
    lots: f64,
}

impl ByDistance {
    fn new(watched: &Watched) -> Result<ByDistance, Error> {
        let fault = |fault: &str| Err(Error::ReadArrivals { fault: fault.to_owned() });
        let Some(first) = watched.samples.first() else {
            return fault("the book was never whole");
        };
        let depth = first.bids.len();
        let (mut limits, mut cancels) = (vec![0.0; depth], vec![0.0; depth]);
        let place = |event: &FlowEvent| usize::try_from(event.distance_ticks - 1).ok();
        for event in &watched.events {
            let Some(place) = place(event).filter(|place| *place < depth) else { continue };
            if is_limit(event.kind) {
                limits[place] += 1.0;
            } else if is_cancel(event.kind) {
                cancels[place] += event.size as f64;
            }
        }
        let mut resting = vec![0.0; depth];
        for sample in &watched.samples {
            let both = sample.bids.iter().zip(&sample.asks);
            let sums = resting.iter_mut().zip(both);
            sums.for_each(|(sum, (bid, ask))| *sum += (bid + ask) as f64);
        }
        let count = watched.samples.len() as f64;
        if limits.iter().sum::<f64>() == 0.0 || cancels.iter().sum::<f64>() == 0.0 {
            return fault("no limit order or no cancellation lay within the depth watched");
        }
        let (all_cancels, all_resting) = (cancels.iter().sum::<f64>(), resting.iter().sum::<f64>());
        let seconds = watched.seconds;
        // Where little rests the ratio is noise; it is drawn towards the mean with the weight of
        // one sample of the mean depth.
        let usual = all_cancels / all_resting;
        let weight = all_resting / depth as f64 / count;
        let rate = |(gone, there): (&f64, &f64)| {
            (gone + usual * weight) / (there + weight) * count / seconds
        };
        Ok(ByDistance {
            limit_rates: limits.iter().map(|n| n / (2.0 * seconds)).collect(),
            cancel_rates: cancels.iter().zip(&resting).map(rate).collect(),
            lots: all_resting / (2.0 * count),
        })
    }
}

impl ZeroFlow {
    /// Rates of what was seen: orders by count, cancellations by size ÷ size that rested.
    pub fn calibrate(watched: &Watched) -> Result<ZeroFlow, Error> {
        let seen = ByDistance::new(watched)?;
        let market = watched.events.iter().filter(|event| is_market(event.kind)).count();
        let flow = ZeroFlow {
            limit_rates: seen.limit_rates,
            market_rate: market as f64 / (2.0 * watched.seconds),
            cancel_rates: seen.cancel_rates,
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
        let seen = ByDistance::new(watched)?;
        let limit_size = FlowSizes::calibrate(watched)?.limit.mean();
        let flow = HawkesFlow {
            model: found.model,
            limit_weights: seen.limit_rates,
            cancel_weights: seen.cancel_rates,
            usual_orders: (seen.lots / limit_size).max(1.0),
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
