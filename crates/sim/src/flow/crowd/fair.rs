//! The fair price: its course, what the crowd's imbalance foretells, and those who act on it.

use base::Seed;
use base::seed::Rng;
use market::depth::{BookSide, Lots, OrderKey, Ticks};
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::act::Clock;
use super::{Crowd, CrowdState};
use crate::depth::{Command, Life, NewOrder, Outbox};
use crate::flow::hawkes::uniform;
use crate::{Error, check_range};

/// How the fair price goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// A normal step at a time: a martingale.
    Walk {
        /// Standard deviation over a second, ticks; over t seconds √t times that.
        ticks_per_root_second: f64,
    },
    /// Through these points, one a step, the first one at second zero; the last one holds.
    Path {
        /// Ticks, not whole ones alone.
        ticks: Vec<f64>,
    },
}

/// What the thing is worth, and how makers quote around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fair {
    /// Its course.
    pub course: Course,
    /// Seconds of a step.
    pub step_seconds: f64,
    /// Nearest that makers quote, ticks from it: 0 gives a spread of one tick, and each half more
    /// a tick more.
    pub half_spread_ticks: f64,
}

/// What the crowd's imbalance foretells.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEdge {
    /// Nothing: whoever looks at flow, book and past prices can't foresee the fair price.
    #[default]
    None,
    /// Over each interval the fair price drifts by `ticks` × the imbalance of the interval
    /// before: (buys − sells) ÷ (buys + sells) of the crowd's market orders by count, those of
    /// the informed included; 0 without any.
    Imbalance {
        /// Drift at an imbalance of one; negative for a price that comes back.
        ticks: f64,
        /// Length of an interval; a whole number of steps.
        interval_seconds: f64,
    },
}

impl Fair {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_range("fair.step_seconds", self.step_seconds, (1e-4, 1e5), "in 0.0001..=100000")?;
        check_range("fair.half_spread_ticks", self.half_spread_ticks, (0.0, 1e4), "in 0..=10000")?;
        match &self.course {
            Course::Walk { ticks_per_root_second: step } => {
                check_range("fair.ticks_per_root_second", *step, (0.0, 1e6), "in 0..=1e6")
            }
            Course::Path { ticks } => {
                check_range("fair.path", ticks.len() as f64, (1.0, 1e9), "of one point or more")?;
                let on_grid =
                    |price: &f64| check_range("fair.path", *price, (-1e11, 1e11), "a price");
                ticks.iter().try_for_each(on_grid)
            }
        }
    }
}

impl FlowEdge {
    pub(super) fn check(&self, fair: Option<&Fair>) -> Result<(), Error> {
        let FlowEdge::Imbalance { ticks, interval_seconds } = *self else { return Ok(()) };
        check_range("edge.ticks", ticks, (-1e4, 1e4), "in -10000..=10000")?;
        let step = fair.map_or(f64::NAN, |fair| fair.step_seconds);
        let steps = interval_seconds / step;
        let whole = if (steps - steps.round()).abs() < 1e-6 { steps } else { f64::NAN };
        let allowed = "a whole number of steps of a fair price";
        check_range("edge.interval_seconds", whole, (1.0 - 1e-6, 1e9), allowed)
    }
}

impl Crowd {
    /// When the fair price moves next; never without one.
    pub(super) fn next_turn(&self, state: &CrowdState) -> f64 {
        let next = |fair: &super::Fair| (state.rest.steps + 1) as f64 * fair.step_seconds;
        self.config.fair.as_ref().map_or(f64::INFINITY, next)
    }

    /// The nearest prices at which the crowd bids and asks now.
    pub(super) fn nearest(&self, state: &CrowdState) -> (i64, i64) {
        match &self.config.fair {
            Some(fair) => quotes(state.fair_ticks(), fair.half_spread_ticks),
            None => (state.rest.ask - 1, state.rest.bid + 1),
        }
    }

    /// A step of the fair price, and what follows.
    pub(super) fn turn(
        &self,
        state: &mut CrowdState,
        clock: Clock,
        rng: &mut Rng,
        out: &mut Outbox,
    ) {
        let Some(fair) = &self.config.fair else { return };
        state.rest.steps += 1;
        if clock == Clock::Running {
            let steps = state.rest.steps;
            match &fair.course {
                Course::Walk { ticks_per_root_second } => {
                    let normal: f64 = StandardNormal.sample(rng);
                    state.rest.course += ticks_per_root_second * fair.step_seconds.sqrt() * normal;
                }
                Course::Path { ticks } => {
                    state.rest.course = ticks[(steps as usize).min(ticks.len() - 1)];
                }
            }
            state.rest.planted += state.rest.drift;
            self.foretell(state, fair.step_seconds);
        }
        self.take_what_is_wrong(state, out);
        self.draw_back(state, fair.half_spread_ticks, out);
        let (bid, ask) = self.nearest(state);
        for (side, price) in [(BookSide::Bid, bid), (BookSide::Ask, ask)] {
            if state.venue.size_at(side, Ticks(price)) == Lots::ZERO {
                self.post(state, (side, price), rng, out);
            }
        }
        (state.rest.bid, state.rest.ask) = (bid, ask);
    }

    fn foretell(&self, state: &mut CrowdState, step_seconds: f64) {
        let FlowEdge::Imbalance { ticks, interval_seconds } = self.config.edge else { return };
        let steps = (interval_seconds / step_seconds).round() as u64;
        if state.rest.steps.is_multiple_of(steps) {
            let (sum, count) = std::mem::take(&mut state.rest.signs);
            state.rest.imbalance = sum as f64 / count.max(1) as f64;
            state.rest.drift = ticks * state.rest.imbalance / steps as f64;
        }
    }

    /// Those who know the fair price buy what is offered at or below it, and the other way round.
    fn take_what_is_wrong(&self, state: &mut CrowdState, out: &mut Outbox) {
        let fair = state.fair_ticks();
        let limits = [
            (BookSide::Bid, Ticks(libm::floor(fair) as i64)),
            (BookSide::Ask, Ticks(libm::ceil(fair) as i64)),
        ];
        for (side, limit) in limits {
            let other = side.opposite();
            let wrong =
                state.venue.levels(other).take_while(|(price, _)| side.accepts(limit, *price));
            let size: Lots = wrong.map(|(_, size)| size).sum();
            if size > Lots::ZERO {
                state.rest.signs.0 += side.sign();
                state.rest.signs.1 += 1;
                let key = state.roster.passing();
                let order = NewOrder::limit(key, Crowd::OWNER, side, limit, size);
                let order = NewOrder { life: Life::Ioc, ..order };
                self.command(state, &Command::Submit(order), out);
            }
        }
    }

    /// Makers take back what stands nearer to the fair price than they quote.
    fn draw_back(&self, state: &mut CrowdState, half_spread: f64, out: &mut Outbox) {
        let (bid, ask) = quotes(state.fair_ticks(), half_spread);
        for (side, nearest) in [(BookSide::Bid, bid), (BookSide::Ask, ask)] {
            let near = state.venue.levels(side).map(|(price, _)| price);
            let near: Vec<Ticks> =
                near.take_while(|price| side.is_better(*price, Ticks(nearest))).collect();
            let keys: Vec<OrderKey> = near
                .into_iter()
                .flat_map(|price| state.venue.queue(side, price).map(|(key, _)| key))
                .filter(|key| state.roster.has(*key))
                .collect();
            for order in keys {
                self.command(state, &Command::Cancel { order }, out);
            }
        }
    }
}

/// The nearest bid and ask that are at least so far from the fair price, and off it.
fn quotes(fair: f64, half_spread: f64) -> (i64, i64) {
    (libm::ceil(fair - half_spread) as i64 - 1, libm::floor(fair + half_spread) as i64 + 1)
}

/// A path of the fair price through bars: each bar's steps begin at its open, touch its high and
/// its low in an order drawn by lot, end at its close, and stay between high and low. Between
/// these points it is a Brownian bridge, so that the way there tells nothing of where it ends.
/// Bars are (open, high, low, close) in ticks.
pub fn path_through(bars: &[[f64; 4]], steps_a_bar: usize, seed: Seed) -> Result<Vec<f64>, Error> {
    check_range("path.steps_a_bar", steps_a_bar as f64, (4.0, 1e7), "in 4..=1e7")?;
    let mut path = Vec::with_capacity(bars.len() * steps_a_bar + 1);
    path.extend(bars.first().map(|bar| bar[0]));
    for (at, bar) in bars.iter().enumerate() {
        let [open, high, low, close] = *bar;
        let whole = low <= open.min(close) && open.max(close) <= high && (high - low).is_finite();
        let place = if whole { 0.0 } else { f64::NAN };
        check_range("path.bars", place, (0.0, 0.0), "a bar whose high and low enclose its ends")?;
        let mut rng = seed.index(at as u64).rng();
        let early = 1 + (uniform(&mut rng) * (steps_a_bar - 3) as f64) as usize;
        let later = early + 1 + (uniform(&mut rng) * (steps_a_bar - early - 2) as f64) as usize;
        let turns = if uniform(&mut rng) < 0.5 { [high, low] } else { [low, high] };
        // The range of a driftless Brownian motion is about 1.6 deviations (Feller 1951).
        let step = (high - low) / 1.6 / (steps_a_bar as f64).sqrt();
        let mut from = (0, open);
        for to in [(early, turns[0]), (later.min(steps_a_bar - 1), turns[1]), (steps_a_bar, close)]
        {
            bridge(&mut path, (from.1, to.1), (to.0 - from.0, step), &mut rng);
            let begun = path.len() - (to.0 - from.0);
            path[begun..].iter_mut().for_each(|price| *price = price.clamp(low, high));
            from = to;
        }
    }
    Ok(path)
}

/// So many steps from one price to another, the last one included.
fn bridge(path: &mut Vec<f64>, (from, to): (f64, f64), (steps, step): (usize, f64), rng: &mut Rng) {
    let mut at = from;
    for left in (1..=steps).rev() {
        let normal: f64 = StandardNormal.sample(rng);
        let kept = (left - 1) as f64 / left as f64;
        at += (to - at) / left as f64 + step * kept.sqrt() * normal;
        path.push(if left == 1 { to } else { at });
    }
}
