//! What the crowd does, one deed at a time.

use base::Span;
use base::seed::Rng;
use market::depth::{BookSide, Lots, OrderKey, Ticks};

use super::{Crowd, CrowdState};
use crate::depth::{Command, NewOrder, Outbox};
use crate::flow::hawkes::{choose, exponential, uniform};
use crate::flow::{FlowKind, FlowModel, ZeroFlow};

/// Whether the fair price moves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// It does.
    Running,
    /// The book fills first.
    Still,
}

/// Draws for one order to cancel before any order will do.
///
/// Where most orders are far away and seldom cancelled, one in fifty is kept; with few draws the
/// far ones would be cancelled in place of the near ones, and the touch would swell.
const MOST_LOTS: usize = 256;

impl Crowd {
    pub(super) fn advance_with(
        &self,
        state: &mut CrowdState,
        until: f64,
        rng: &mut Rng,
        (out, clock): (&mut Outbox, Clock),
    ) {
        loop {
            let turn = self.next_turn(state);
            let stop = turn.min(until);
            if let Some(kind) = self.arrival(state, stop, rng) {
                self.act(state, kind, rng, out);
                continue;
            }
            state.rest.now_seconds = state.rest.now_seconds.max(stop);
            if turn > until {
                return;
            }
            self.turn(state, clock, rng, out);
        }
    }

    /// The next event before a time, which becomes now.
    fn arrival(&self, state: &mut CrowdState, stop: f64, rng: &mut Rng) -> Option<FlowKind> {
        match &self.config.flow {
            FlowModel::Zero(flow) => self.poisson(flow, state, stop, rng),
            FlowModel::Hawkes(flow) => {
                let excitement = state.rest.excitement.as_mut()?;
                let arrival = excitement.draw(&flow.model, stop, rng)?;
                let drawn = FlowKind::ALL[arrival.kind];
                let kind = self.split(drawn, &mut state.rest.parents, rng);
                excitement.excite(&flow.model, kind.index());
                state.rest.now_seconds = arrival.at_seconds;
                Some(kind)
            }
        }
    }

    fn poisson(
        &self,
        flow: &ZeroFlow,
        state: &mut CrowdState,
        stop: f64,
        rng: &mut Rng,
    ) -> Option<FlowKind> {
        let orders = |side| state.roster.count(side) as f64 * self.cancel_rate;
        let (limit, market) = (self.limit_rate, flow.market_rate);
        let (bids, asks) = (orders(BookSide::Bid), orders(BookSide::Ask));
        let rates = [market, market, limit, limit, bids, asks];
        let wait = exponential(rng) / rates.iter().sum::<f64>();
        let at = state.rest.now_seconds + wait;
        if at > stop {
            return None;
        }
        state.rest.now_seconds = at;
        let drawn = FlowKind::ALL[choose(rng, rates.iter().copied())];
        Some(self.split(drawn, &mut state.rest.parents, rng))
    }

    /// A market order is a piece of a large one, where such are worked.
    fn split(
        &self,
        kind: FlowKind,
        parents: &mut crate::flow::sizes::Parents,
        rng: &mut Rng,
    ) -> FlowKind {
        let is_market = matches!(kind, FlowKind::MarketBuy | FlowKind::MarketSell);
        match &self.config.splitting {
            Some(splitting) if is_market => match splitting.sign(parents, rng) {
                1 => FlowKind::MarketBuy,
                _ => FlowKind::MarketSell,
            },
            _ => kind,
        }
    }

    fn act(&self, state: &mut CrowdState, kind: FlowKind, rng: &mut Rng, out: &mut Outbox) {
        let side = kind.side();
        match kind {
            FlowKind::MarketBuy | FlowKind::MarketSell => {
                state.rest.signs.0 += side.sign();
                state.rest.signs.1 += 1;
                if state.venue.best(side.opposite()).is_some() {
                    let size = Lots(self.config.sizes.market.draw(rng));
                    let key = state.roster.passing();
                    let order = NewOrder::market(key, Crowd::OWNER, side, size);
                    self.command(state, &Command::Submit(order), out);
                }
            }
            FlowKind::LimitBuy | FlowKind::LimitSell => {
                let draw = uniform(rng);
                let steps = &self.limit_steps;
                let away = steps.partition_point(|step| *step < draw).min(steps.len() - 1) as i64;
                let (bid, ask) = self.nearest(state);
                let first = if side == BookSide::Bid { bid } else { ask };
                self.post(state, (side, first - away * side.sign()), rng, out);
            }
            FlowKind::CancelBuy | FlowKind::CancelSell => match &self.config.flow {
                FlowModel::Zero(_) => {
                    if let Some(key) = self.lot(state, side, 1, rng) {
                        self.command(state, &Command::Cancel { order: key }, out);
                    }
                }
                FlowModel::Hawkes(flow) => {
                    let orders = state.roster.count(side) as f64 / flow.usual_orders;
                    for _ in 0..(orders + uniform(rng)) as usize {
                        if let Some(key) = self.lot(state, side, MOST_LOTS, rng) {
                            self.command(state, &Command::Cancel { order: key }, out);
                        }
                    }
                }
            },
        }
        let (venue, rest) = (&state.venue, &mut state.rest);
        rest.bid = venue.best(BookSide::Bid).map_or(rest.bid, |(price, _)| price.0);
        rest.ask = venue.best(BookSide::Ask).map_or(rest.ask, |(price, _)| price.0);
    }

    /// A resting order of a side by lot, kept with the chance of its distance. Of several tries
    /// the last one holds whatever its distance; a single one may give none.
    fn lot(
        &self,
        state: &CrowdState,
        side: BookSide,
        tries: usize,
        rng: &mut Rng,
    ) -> Option<OrderKey> {
        let count = state.roster.count(side);
        for left in (0..tries).rev() {
            let place = (uniform(rng) * count as f64) as usize;
            let key = state.roster.get(side, place.min(count.checked_sub(1)?))?;
            let price = state.venue.order(key).and_then(|waiting| match waiting.order.kind {
                crate::depth::Kind::Limit { limit, .. } => Some(limit.0),
                _ => None,
            });
            let other = if side == BookSide::Bid { state.rest.ask } else { state.rest.bid };
            let distance = (other - price?) * side.sign() - 1;
            let last = self.cancel_parts.len() - 1;
            let part = self.cancel_parts[usize::try_from(distance).unwrap_or(0).min(last)];
            if uniform(rng) <= part || (tries > 1 && left == 0) {
                return Some(key);
            }
        }
        None
    }

    /// A limit order of the crowd's.
    pub(super) fn post(
        &self,
        state: &mut CrowdState,
        (side, price): (BookSide, i64),
        rng: &mut Rng,
        out: &mut Outbox,
    ) {
        let size = Lots(self.config.sizes.limit.draw(rng));
        let key = state.roster.enter(side);
        let order = NewOrder::limit(key, Crowd::OWNER, side, Ticks(price), size);
        self.command(state, &Command::Submit(order), out);
    }

    pub(super) fn command(&self, state: &mut CrowdState, command: &Command, out: &mut Outbox) {
        let seen = out.events.len();
        let since = Span::from_nanos((state.rest.now_seconds * 1e9) as i64);
        state.venue.step(self.config.begin + since, command, out);
        state.note(&out.events[seen..]);
    }
}
