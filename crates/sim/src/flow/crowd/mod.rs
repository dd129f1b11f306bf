//! A synthetic order book: a crowd without faces that trades at a [`Venue`](crate::depth::Venue).
//!
//! The crowd's arrivals follow a [`FlowModel`]. Without a fair price ([`CrowdConfig::fair`]) the
//! book goes where the flow takes it. With one, those who know it act whenever it moves: they buy
//! all that is offered at or below it and sell to all who bid at or above it, makers draw back
//! orders within half a spread of it, and post anew at the nearest price they may. So after every
//! move
//!
//! - no resting order is on the wrong side of the fair price: who takes pays at least as much as
//!   the thing is worth, and since the fair price is a martingale nobody can foresee a profit;
//! - the middle is within a tick of it: bars of the book agree with the path it was given.
//!
//! Between moves the crowd's market orders push the middle and it comes back: the bounce that
//! every book has. A planted edge ([`FlowEdge`]) lets the fair price drift after the crowd's own
//! imbalance. All of it is synthetic, and drawn from one seed.
//!
//! Start reading at [`CrowdConfig`], then [`Crowd`].

mod act;
mod fair;
mod roster;
mod state;
#[cfg(test)]
mod tests;

pub use fair::{Course, Fair, FlowEdge, path_through};
pub use state::CrowdState;

use base::seed::Rng;
use base::{Seed, Ts};
use market::depth::{BookSide, DepthMessage};
use serde::{Deserialize, Serialize};

use super::hawkes::Excitement;
use super::{FlowModel, FlowSizes, Splitting};
use crate::depth::{FeedDepth, Outbox, Owner, Venue, VenueConfig};
use crate::{Error, check_range};
use act::Clock;

/// What a crowd is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdConfig {
    /// Who comes when.
    pub flow: FlowModel,
    /// With how much.
    pub sizes: FlowSizes,
    /// Whether market orders are pieces of large ones; `None`: as the flow draws them.
    pub splitting: Option<Splitting>,
    /// What the thing is worth; `None`: nobody knows.
    pub fair: Option<Fair>,
    /// What the crowd's imbalance foretells.
    pub edge: FlowEdge,
    /// Middle at the beginning, ticks; a path begins where it begins.
    pub begin_ticks: f64,
    /// Moment of second zero.
    pub begin: Ts,
    /// Seconds for which the book fills before second zero.
    pub warm_seconds: f64,
}

/// A crowd; the same for all its markets. What differs is the [`CrowdState`].
#[derive(Debug, Clone)]
pub struct Crowd {
    config: CrowdConfig,
    /// Limit orders by distance: running sums that end in one.
    limit_steps: Vec<f64>,
    /// Cancellations by distance, in parts of the largest.
    cancel_parts: Vec<f64>,
    /// A second, of all limit orders of a side, and of one resting order at the most.
    limit_rate: f64,
    cancel_rate: f64,
}

impl Crowd {
    /// Owner of all the crowd's orders at the venue. Their keys have a highest bit of zero; who
    /// trades beside the crowd uses [`Crowd::guest_key`].
    pub const OWNER: Owner = Owner(0);

    /// A crowd of that kind.
    pub fn new(config: CrowdConfig) -> Result<Crowd, Error> {
        config.flow.check()?;
        config.sizes.limit.check()?;
        config.sizes.market.check()?;
        config.splitting.iter().try_for_each(Splitting::check)?;
        config.fair.iter().try_for_each(Fair::check)?;
        config.edge.check(config.fair.as_ref())?;
        let widest = VenueConfig::WIDEST as f64 / 2.0;
        check_range("crowd.begin_ticks", config.begin_ticks, (-widest, widest), "on the venue")?;
        check_range("crowd.warm_seconds", config.warm_seconds, (0.0, 1e6), "in 0..=1e6")?;
        let (limits, cancels) = match &config.flow {
            FlowModel::Zero(flow) => (&flow.limit_rates, &flow.cancel_rates),
            FlowModel::Hawkes(flow) => (&flow.limit_weights, &flow.cancel_weights),
        };
        let limit_rate: f64 = limits.iter().sum();
        let cancel_rate = cancels.iter().copied().fold(0.0, f64::max);
        let mut sum = 0.0;
        let mut step = |rate: &f64| {
            sum += rate / limit_rate;
            sum
        };
        let limit_steps = limits.iter().map(&mut step).collect();
        let cancel_parts = cancels.iter().map(|rate| rate / cancel_rate).collect();
        Ok(Crowd { limit_steps, cancel_parts, limit_rate, cancel_rate, config })
    }

    /// What it was made from.
    pub fn config(&self) -> &CrowdConfig {
        &self.config
    }

    /// A key for an order of somebody who is not of the crowd; one for each number.
    pub const fn guest_key(number: u64) -> market::depth::OrderKey {
        market::depth::OrderKey(number | 1 << 63)
    }

    /// A market at second zero, with a book that has filled.
    pub fn begin(&self, seed: Seed) -> Result<CrowdState, Error> {
        let mut rng = seed.child("begin").rng();
        let mut state = self.empty()?;
        let mut out = Outbox::new(FeedDepth::Silent);
        self.fill(&mut state, &mut rng, &mut out);
        self.advance_with(&mut state, self.config.warm_seconds, &mut rng, (&mut out, Clock::Still));
        state.restart();
        Ok(state)
    }

    /// Moves on to a time, in seconds from the beginning. What happened is added to `out`.
    pub fn advance(
        &self,
        state: &mut CrowdState,
        until_seconds: f64,
        rng: &mut Rng,
        out: &mut Outbox,
    ) {
        self.advance_with(state, until_seconds, rng, (out, Clock::Running));
    }

    /// A feed of every order (L3) over so many seconds: the book at second zero as one packet,
    /// then what happened.
    pub fn feed(&self, seed: Seed, seconds: f64) -> Result<Vec<DepthMessage>, Error> {
        let mut messages = Vec::new();
        self.feed_to(seed, seconds, |part| {
            messages.extend_from_slice(part);
            Ok::<(), Error>(())
        })?;
        Ok(messages)
    }

    /// The same, given out in parts, none of which is kept. Ends at the first refusal.
    ///
    /// # Errors
    /// [`Error::ReadSetting`] for a length out of bounds; what `sink` refuses with.
    pub fn feed_to<E: From<Error>>(
        &self,
        seed: Seed,
        seconds: f64,
        mut sink: impl FnMut(&[DepthMessage]) -> Result<(), E>,
    ) -> Result<(), E> {
        check_range("crowd.seconds", seconds, (0.0, 1e7), "in 0..=1e7")?;
        let mut state = self.begin(seed)?;
        sink(&state.snapshot(self.config.begin))?;
        let mut out = Outbox::new(FeedDepth::Orders);
        let mut rng = seed.child("feed").rng();
        for second in 1..=seconds.ceil() as u64 {
            self.advance(&mut state, seconds.min(second as f64), &mut rng, &mut out);
            sink(&out.messages)?;
            out.clear();
        }
        Ok(())
    }

    fn empty(&self) -> Result<CrowdState, Error> {
        let excitement = match &self.config.flow {
            FlowModel::Zero(_) => None,
            FlowModel::Hawkes(flow) => Some(Excitement::usual(&flow.model)),
        };
        let begin = match self.config.fair.as_ref().map(|fair| &fair.course) {
            Some(Course::Path { ticks }) => ticks[0],
            _ => self.config.begin_ticks,
        };
        Ok(CrowdState::new(Venue::new(VenueConfig::default())?, excitement, begin))
    }

    /// About as many orders at each distance as rest there in the long run.
    fn fill(&self, state: &mut CrowdState, rng: &mut Rng, out: &mut Outbox) {
        let cancel = |at: usize| self.cancel_parts[at.min(self.cancel_parts.len() - 1)];
        let mut before = 0.0;
        let steps = self.limit_steps.iter().enumerate();
        let usual: Vec<f64> = steps
            .map(|(at, step)| {
                let part = step - std::mem::replace(&mut before, *step);
                part / cancel(at).max(1e-3)
            })
            .collect();
        let scale = match &self.config.flow {
            FlowModel::Zero(_) => self.limit_rate / self.cancel_rate,
            FlowModel::Hawkes(flow) => flow.usual_orders / usual.iter().sum::<f64>(),
        };
        let (bid, ask) = self.nearest(state);
        for (at, orders) in usual.iter().enumerate() {
            let whole = (orders * scale + super::hawkes::uniform(rng)).floor().min(1e4) as u64;
            for _ in 0..whole.max(u64::from(at == 0)) {
                self.post(state, (BookSide::Bid, bid - at as i64), rng, out);
                self.post(state, (BookSide::Ask, ask + at as i64), rng, out);
            }
        }
        out.clear();
    }
}
