//! Making a market: quotes on both sides, and what they cost and bring.

use base::Seed;
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env, Step};
use market::depth::{BookSide, Lots, Ticks};
use serde::{Deserialize, Serialize};
use sim::depth::{FeedDepth, Outbox};
use sim::flow::CrowdState;

use super::seat::{Desk, Gain, Seat};
use super::view::{self, BOOK_COLUMNS, MAKER_COLUMNS};
use super::{DepthMarket, Floor, quote_price};
use crate::Error;

/// Settings of making a market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakerConfig {
    /// The market.
    pub market: DepthMarket,
    /// Lots of a quote.
    pub quote_lots: i64,
    /// A quote that could lead beyond so many lots, long or short, is not sent.
    pub most_lots: i64,
    /// Penalty a step for each lot² of inventory, ticks × lots. It is no money.
    pub inventory_penalty: f64,
}

/// An environment of a market maker.
///
/// # Actions
/// One of 17. Choice 4 b + a quotes a bid by b and an ask by a: 0 none, 1 at the best price of
/// its side, 2 a tick behind, 3 a tick inside the spread where there is room, else as 1. Choice
/// 16 takes both quotes back and trades the inventory away at once. A quote that rests at its
/// price already keeps its place.
///
/// # Observation
/// The eleven columns of [`view`](crate::making::MAKER_COLUMNS)'s table.
///
/// # Reward
/// [`Gain::net`] × the scale. Episodes are cut short; the position is then worth the middle.
#[derive(Debug, Clone)]
pub struct MakerEnv {
    floor: Floor,
    quote_lots: Lots,
    most_lots: i64,
    inventory_penalty: f64,
}

/// A maker in its market.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakerState {
    /// The market.
    pub crowd: CrowdState,
    /// Orders and account.
    pub seat: Seat,
    /// Steps left.
    pub left: u32,
    /// Sum of penalties so far.
    pub penalised: f64,
}

/// Ways to quote a side.
const WAYS: usize = 4;

impl MakerEnv {
    /// An environment of that market.
    pub fn new(config: MakerConfig) -> Result<MakerEnv, Error> {
        let MakerConfig { market, quote_lots, most_lots, inventory_penalty } = config;
        let fault = if quote_lots < 1 || most_lots < quote_lots || most_lots > 1 << 40 {
            Some(format!("quotes of {quote_lots} lots do not fit a position of {most_lots}"))
        } else if !(0.0..=1e9).contains(&inventory_penalty) {
            Some(format!("a penalty of {inventory_penalty} is none"))
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(Error::CheckSettings { fault });
        }
        let floor = Floor::new(market)?;
        Ok(MakerEnv { floor, quote_lots: Lots(quote_lots), most_lots, inventory_penalty })
    }

    /// Takes a choice, moves on by a step and shows what is then.
    pub fn go(&self, state: &mut MakerState, choice: usize, seed: Seed, seen: &mut [f32]) -> Gain {
        let market = &self.floor.market;
        let (mut rng, mut out) = (seed.rng(), Outbox::new(FeedDepth::Silent));
        let (mid, fees) = (state.crowd.mid_ticks(), state.seat.fees);
        let equity = state.seat.equity(mid);
        let wanted = [BookSide::Bid, BookSide::Ask].map(|side| self.wanted(state, side, choice));
        state.seat.flow = (0, 0);
        let begun = state.crowd.now_seconds();
        let arrives = begun + market.latency_seconds;
        self.floor.crowd.advance(&mut state.crowd, arrives, &mut rng, &mut out);
        state.seat.note(&out.events, &market.fees);
        out.clear();
        let (begin, fees_of) = (market.crowd.begin, market.fees);
        let mut desk = Desk { crowd: &mut state.crowd, begin, out: &mut out, fees: fees_of };
        // First what leaves, so that a bid does not meet the agent's own old ask.
        for (side, wanted) in [BookSide::Bid, BookSide::Ask].into_iter().zip(wanted) {
            let stays = state.seat.standing(side).is_some_and(|s| wanted == Some(s.price));
            if !stays {
                state.seat.quote(&mut desk, side, None);
            }
        }
        for (side, wanted) in [BookSide::Bid, BookSide::Ask].into_iter().zip(wanted) {
            let allowed = state.seat.position * side.sign() + self.quote_lots.0 <= self.most_lots;
            let wanted = wanted.filter(|_| allowed).map(|price| (price, self.quote_lots));
            state.seat.quote(&mut desk, side, wanted);
        }
        if choice >= WAYS * WAYS {
            let position = state.seat.position;
            let side = if position > 0 { BookSide::Ask } else { BookSide::Bid };
            state.seat.take(&mut desk, side, Lots(position.abs()));
        }
        out.clear();
        let until = begun + market.step_seconds;
        self.floor.crowd.advance(&mut state.crowd, until, &mut rng, &mut out);
        state.seat.note(&out.events, &market.fees);
        state.left = state.left.saturating_sub(1);
        let paid = state.seat.fees - fees;
        let gross = state.seat.equity(state.crowd.mid_ticks()) - equity + paid;
        let penalty = self.inventory_penalty * (state.seat.position as f64).powi(2);
        state.penalised += penalty;
        self.show(state, mid, seen);
        Gain { gross, fees: paid, penalty }
    }

    /// The price that a choice means for a side, on the book as it is now.
    fn wanted(&self, state: &MakerState, side: BookSide, choice: usize) -> Option<Ticks> {
        if choice >= WAYS * WAYS {
            return None;
        }
        let way = if side == BookSide::Bid { choice / WAYS } else { choice % WAYS };
        quote_price(&state.crowd, side, way)
    }

    fn show(&self, state: &MakerState, before: f64, seen: &mut [f32]) {
        let left = f64::from(state.left) / f64::from(self.floor.market.episode);
        view::book(seen, &state.crowd, &state.seat, (before, left));
        let [bid, bid_ahead] = view::own(&state.crowd, &state.seat, BookSide::Bid);
        let [ask, ask_ahead] = view::own(&state.crowd, &state.seat, BookSide::Ask);
        let held = state.seat.position as f64 / self.most_lots as f64;
        view::fill(&mut seen[BOOK_COLUMNS..], &[held, bid, bid_ahead, ask, ask_ahead]);
    }
}

impl Env for MakerEnv {
    type State = MakerState;

    fn width(&self) -> usize {
        MAKER_COLUMNS
    }

    fn actions(&self) -> Actions {
        Actions::Choice(WAYS * WAYS + 1)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> MakerState {
        let crowd = self.floor.draw(seed);
        let (seat, left) = (Seat::default(), self.floor.market.episode);
        let state = MakerState { crowd, seat, left, penalised: 0.0 };
        self.show(&state, state.crowd.mid_ticks(), observation);
        state
    }

    fn step(
        &self,
        state: &mut MakerState,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step {
        let gain = self.go(state, action.choice(), seed, observation);
        let end = (state.left == 0).then_some(End::Truncated);
        Step { reward: gain.net() as f32 * self.floor.market.reward_scale, end }
    }
}
