//! What a choice and a candle do to an account.

use base::Rounding;
use market::{Cash, Price, Qty, Side};
use pricing::knockout::{Terms, Turbo};
use serde::{Deserialize, Serialize};
use sim::knockout::{Clash, IssuerRules};

use super::scene::Scene;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// The certificate as it stands.
    pub turbo: Turbo,
    /// The choice that bought it.
    pub choice: usize,
    /// Pieces.
    pub pieces: i64,
    /// Paid for one.
    pub paid: Price,
    /// The bid at which it is sold, once the stop rests.
    pub stop: Option<Price>,
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stand {
    /// The last candle that it sees.
    pub bar: usize,
    /// Cash, in whole cents.
    pub cash: Cash,
    /// Cash and what is held at the bid.
    pub equity: Cash,
    /// What is held.
    pub holding: Option<Holding>,
    /// Steps left in the episode.
    pub left: usize,
}

/// What a step did, beyond its reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Orders filled, a stop among them.
    pub fills: u32,
    /// Whether the stop sold.
    pub stopped: bool,
    /// Whether what was held died.
    pub knocked_out: bool,
}

/// Certificates offered, and how they are bought.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Desk {
    pub(super) rules: IssuerRules,
    /// Long and short.
    pub(super) terms: [Terms; 2],
    /// Distances of barriers, parts of the index.
    pub(super) distances: Vec<f64>,
    pub(super) stake: f64,
    pub(super) stop_loss: Option<f64>,
}

/// A purchase decided at a close.
#[derive(Debug, Clone, Copy)]
struct Order {
    turbo: Turbo,
    pieces: i64,
    choice: usize,
}

/// What was chosen at a close.
#[derive(Debug, Clone, Copy)]
enum Wish {
    /// Hold what is held.
    Keep,
    /// Sell it, and buy this.
    Turn(Option<Order>),
}

impl Desk {
    /// FLAT, and each distance on each side.
    pub(super) fn choices(&self) -> usize {
        1 + 2 * self.distances.len()
    }

    /// Does what was chosen at a close over the candle that follows.
    pub(super) fn trade(
        &self,
        stand: &mut Stand,
        choice: usize,
        (seen, next): (&Scene, &Scene),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let keeps = stand.holding.is_some_and(|held| held.choice == choice);
        let mut wish = if keeps { Wish::Keep } else { Wish::Turn(self.order(stand, choice, seen)) };
        if next.nights > 0 {
            let grown = |turbo: Turbo| turbo.after_night(next.nights, next.turn).unwrap_or(turbo);
            stand.holding = stand.holding.map(|held| Holding { turbo: grown(held.turbo), ..held });
            if let Wish::Turn(Some(order)) = &mut wish {
                order.turbo = grown(order.turbo);
            }
        }
        self.open(stand, wish, next, &mut outcome);
        self.inside(stand, next, &mut outcome);
        if let (Some(held), Some(loss)) = (&mut stand.holding, self.stop_loss) {
            let level = held.paid.to_f64() * (1.0 - loss);
            held.stop = Price::from_f64(level, Rounding::HalfEven).ok();
        }
        stand.equity = stand.cash + self.worth(stand, next);
        outcome
    }

    /// The certificate that a choice asks for, and as many as the stake pays at the last quote.
    fn order(&self, stand: &Stand, choice: usize, seen: &Scene) -> Option<Order> {
        let at = choice.checked_sub(1)?;
        let terms = self.terms.get(at / self.distances.len())?;
        let distance = self.distances[at % self.distances.len()];
        let turbo = Turbo::at_distance(*terms, seen.close, distance).ok()?;
        let ask = self.rules.ask(&turbo, seen.close, seen.spread.1).ok()?;
        let pieces = (self.stake * stand.equity.to_f64() / ask.to_f64()).floor() as i64;
        (pieces > 0).then_some(Order { turbo, pieces, choice })
    }

    fn open(&self, stand: &mut Stand, wish: Wish, next: &Scene, outcome: &mut Outcome) {
        if let Some(held) = stand.holding
            && next.watched
            && held.turbo.is_touched_by(next.open)
        {
            let worst = next.worst(held.turbo.terms().side);
            self.die(stand, self.rules.unwound_at(next.open, worst), outcome);
        }
        if !next.quoted {
            return;
        }
        if let Some(held) = stand.holding
            && !held.turbo.is_touched_by(next.open)
        {
            let bid = self.bid(&held.turbo, next.open, next.spread.0);
            outcome.stopped = held.stop.is_some_and(|stop| bid <= stop);
            if outcome.stopped || matches!(wish, Wish::Turn(_)) {
                self.sell(stand, bid, outcome);
            }
        }
        if let (Wish::Turn(Some(order)), None) = (wish, stand.holding) {
            self.buy(stand, order, next, outcome);
        }
    }

    fn inside(&self, stand: &mut Stand, next: &Scene, outcome: &mut Outcome) {
        let Some(held) = stand.holding else { return };
        let worst = next.worst(held.turbo.terms().side);
        let touches = held.turbo.is_touched_by(worst);
        let kills = touches && next.watched;
        let reached = if touches { held.turbo.barrier() } else { worst };
        let alive = next.quoted && !held.turbo.is_touched_by(next.open);
        if let Some(stop) = held.stop
            && alive
            && !(kills && self.rules.clash == Clash::BarrierFirst)
            && self.bid(&held.turbo, reached, next.spread.0) <= stop
        {
            outcome.stopped = true;
            self.sell(stand, stop.round_to(self.rules.tick, Rounding::Down), outcome);
        } else if kills {
            self.die(stand, self.rules.unwound_at(held.turbo.barrier(), worst), outcome);
        }
    }

    fn buy(&self, stand: &mut Stand, order: Order, next: &Scene, outcome: &mut Outcome) {
        let Order { turbo, pieces, choice } = order;
        let Ok(paid) = self.rules.ask(&turbo, next.open, next.spread.0) else { return };
        let cost = paid.times(Qty::whole(pieces)).to_cents() + self.rules.order_fee.to_cents();
        if turbo.is_touched_by(next.open) || cost > stand.cash {
            return;
        }
        stand.cash -= cost;
        outcome.fills += 1;
        stand.holding = Some(Holding { turbo, choice, pieces, paid, stop: None });
    }

    fn sell(&self, stand: &mut Stand, price: Price, outcome: &mut Outcome) {
        let Some(held) = stand.holding else { return };
        let proceeds =
            price.times(Qty::whole(held.pieces)).to_cents() - self.rules.order_fee.to_cents();
        // As on the exchange: what the cash can't pay for is not done.
        if stand.cash + proceeds < Cash::ZERO {
            return;
        }
        stand.cash += proceeds;
        stand.holding = None;
        outcome.fills += 1;
    }

    fn die(&self, stand: &mut Stand, index: f64, outcome: &mut Outcome) {
        let Some(held) = stand.holding.take() else { return };
        let residual = self.rules.residual(&held.turbo, index).unwrap_or(Price::ZERO);
        stand.cash += residual.times(Qty::whole(held.pieces)).to_cents();
        outcome.knocked_out = true;
    }

    fn worth(&self, stand: &Stand, scene: &Scene) -> Cash {
        stand.holding.map_or(Cash::ZERO, |held| {
            let bid = self.bid(&held.turbo, scene.close, scene.spread.1);
            bid.times(Qty::whole(held.pieces)).to_cents()
        })
    }

    fn bid(&self, turbo: &Turbo, index: f64, spread: f64) -> Price {
        self.rules.bid(turbo, index, spread).unwrap_or(Price::ZERO)
    }

    /// −1, 0 or 1: the side of what is held.
    pub(super) fn side(stand: &Stand) -> f64 {
        stand.holding.map_or(0.0, |held| match held.turbo.terms().side {
            Side::Long => 1.0,
            Side::Short => -1.0,
        })
    }
}
