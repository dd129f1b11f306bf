//! Working a large order: when to wait, where to rest, when to take.

use base::Seed;
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env, Step};
use market::depth::{BookSide, Lots, Ticks};
use serde::{Deserialize, Serialize};
use sim::depth::{FeedDepth, Outbox};
use sim::flow::CrowdState;

use super::seat::{Desk, Gain, Seat};
use super::view::{self, BOOK_COLUMNS, WORK_COLUMNS};
use super::{DepthMarket, Floor, quote_price};
use crate::Error;

/// Settings of working an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkConfig {
    /// The market.
    pub market: DepthMarket,
    /// Whether it buys (bid) or sells (ask).
    pub side: BookSide,
    /// Lots of the large order.
    pub parent_lots: i64,
    /// Lots of a piece.
    pub piece_lots: i64,
}

/// An environment of somebody who must trade an order within an episode.
///
/// # Actions
/// One of 6: 0 wait with nothing in the book; 1 rest a piece at the best price of its side; 2 a
/// tick behind; 3 a tick inside the spread where there is room, else as 1; 4 take a piece; 5 take
/// four. With the last step what is left is taken, however deep; where the book does not hold
/// enough the step goes on until it does.
///
/// # Observation
/// The ten columns of [`view`](crate::making::WORK_COLUMNS)'s table.
///
/// # Reward
/// [`Gain::net`] × the scale. Over an episode it sums to the shortfall against the middle at the
/// beginning, with its sign turned: what was received less parent × that middle less fees.
#[derive(Debug, Clone)]
pub struct WorkEnv {
    floor: Floor,
    side: BookSide,
    parent_lots: i64,
    piece: i64,
}

/// Somebody at work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkState {
    /// The market.
    pub crowd: CrowdState,
    /// Orders and account. Who sells begins with nothing and ends short by the parent order.
    pub seat: Seat,
    /// Steps left.
    pub left: u32,
    /// The middle at the beginning, ticks.
    pub arrival_ticks: f64,
}

/// Steps by which the last one may be prolonged before a dead market is given up.
const PATIENCE: usize = 100_000;

impl WorkEnv {
    /// An environment of that market.
    pub fn new(config: WorkConfig) -> Result<WorkEnv, Error> {
        let WorkConfig { market, side, parent_lots, piece_lots } = config;
        if piece_lots < 1 || parent_lots < piece_lots || parent_lots > 1 << 40 {
            let fault = format!("pieces of {piece_lots} lots do not make up {parent_lots}");
            return Err(Error::CheckSettings { fault });
        }
        Ok(WorkEnv { floor: Floor::new(market)?, side, parent_lots, piece: piece_lots })
    }

    /// Lots of the parent order that are not traded yet.
    pub fn rest(&self, state: &WorkState) -> i64 {
        self.parent_lots - state.seat.position * self.side.sign()
    }

    /// Worth of what was done and of what is left to do, ticks × lots: cash less fees, and the
    /// position at the middle, which was nothing at the beginning.
    fn worth(&self, state: &WorkState) -> f64 {
        // What is not traded yet will cost the middle too: that of an order to sell is owned.
        let whole = -self.parent_lots as f64 * self.side.sign() as f64;
        state.seat.equity(state.crowd.mid_ticks()) + whole * state.crowd.mid_ticks()
    }

    /// Takes a choice, moves on by a step and shows what is then.
    pub fn go(&self, state: &mut WorkState, choice: usize, seed: Seed, seen: &mut [f32]) -> Gain {
        let market = &self.floor.market;
        let (mut rng, mut out) = (seed.rng(), Outbox::new(FeedDepth::Silent));
        let (mid, fees, worth) = (state.crowd.mid_ticks(), state.seat.fees, self.worth(state));
        let wanted = quote_price(&state.crowd, self.side, choice);
        state.seat.flow = (0, 0);
        let begun = state.crowd.now_seconds();
        let arrives = begun + market.latency_seconds;
        self.floor.crowd.advance(&mut state.crowd, arrives, &mut rng, &mut out);
        state.seat.note(&out.events, &market.fees);
        out.clear();
        let pieces = match choice {
            4 => 1,
            5 => 4,
            _ => 0,
        };
        self.send(state, wanted, Lots(self.rest(state).min(pieces * self.piece)), &mut out);
        state.left = state.left.saturating_sub(1);
        let mut until = begun + market.step_seconds;
        self.floor.crowd.advance(&mut state.crowd, until, &mut rng, &mut out);
        state.seat.note(&out.events, &market.fees);
        out.clear();
        if state.left == 0 {
            for _ in 0..PATIENCE {
                let rest = self.rest(state);
                self.send(state, None, Lots(rest), &mut out);
                if self.rest(state) == 0 {
                    break;
                }
                until += market.step_seconds;
                self.floor.crowd.advance(&mut state.crowd, until, &mut rng, &mut out);
                out.clear();
            }
        }
        let paid = state.seat.fees - fees;
        let gross = self.worth(state) - worth + paid;
        self.show(state, mid, seen);
        Gain { gross, fees: paid, penalty: 0.0 }
    }

    /// Has an order rest, or none, and takes so many lots.
    fn send(&self, state: &mut WorkState, wanted: Option<Ticks>, take: Lots, out: &mut Outbox) {
        let market = &self.floor.market;
        let (begin, fees) = (market.crowd.begin, market.fees);
        let size = Lots(self.rest(state).min(self.piece));
        let mut desk = Desk { crowd: &mut state.crowd, begin, out, fees };
        let wanted = wanted.filter(|_| size > Lots::ZERO).map(|price| (price, size));
        state.seat.quote(&mut desk, self.side, wanted);
        state.seat.take(&mut desk, self.side, take);
        out.clear();
    }

    fn show(&self, state: &WorkState, before: f64, seen: &mut [f32]) {
        let left = f64::from(state.left) / f64::from(self.floor.market.episode);
        view::book(seen, &state.crowd, &state.seat, (before, left));
        let [behind, ahead] = view::own(&state.crowd, &state.seat, self.side);
        let rest = self.rest(state) as f64 / self.parent_lots as f64;
        let moved = (state.crowd.mid_ticks() - state.arrival_ticks) / 10.0;
        let in_favour = -moved * self.side.sign() as f64;
        view::fill(&mut seen[BOOK_COLUMNS..], &[rest, behind, ahead, in_favour]);
    }
}

impl Env for WorkEnv {
    type State = WorkState;

    fn width(&self) -> usize {
        WORK_COLUMNS
    }

    fn actions(&self) -> Actions {
        Actions::Choice(6)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> WorkState {
        let crowd = self.floor.draw(seed);
        let (arrival_ticks, left) = (crowd.mid_ticks(), self.floor.market.episode);
        let state = WorkState { crowd, seat: Seat::default(), left, arrival_ticks };
        self.show(&state, arrival_ticks, observation);
        state
    }

    fn step(
        &self,
        state: &mut WorkState,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step {
        let gain = self.go(state, action.choice(), seed, observation);
        // With nothing left to trade nothing can be earned.
        let over = state.left == 0 || self.rest(state) == 0;
        Step {
            reward: gain.net() as f32 * self.floor.market.reward_scale,
            end: over.then_some(End::Done),
        }
    }
}
