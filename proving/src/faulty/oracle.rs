//! What must hold after every step, whatever went wrong before it.

use anyhow::{Result, ensure};
use base::{Span, Ts};
use desk::reconcile::{Difference, differences};
use desk::{Keeper, State};
use market::{Currency, InstrumentId, OrderKind, Qty};

use super::book::UNITS;
use super::far::{Far, Remembered};

/// How long a position may be without its whole stop, while market, process and wire are up: a
/// bar in which a closing order waits for the next price, and some messages.
const LONGEST_NAKED: Span = Span::from_minutes(20);

/// Watches one world.
#[derive(Debug)]
pub(super) struct Oracle {
    last: Ts,
    naked: Vec<bool>,
    naked_for: Vec<Span>,
    /// What the engine last took to be there without a plan, and meant.
    loose: Vec<Qty>,
    /// The largest that one side of it may become: a bet, and what it was enlarged by.
    most: Vec<Qty>,
    /// Splits that the broker has made and we have not heard of.
    unheard: Vec<f64>,
}

impl Oracle {
    pub(super) fn new(instruments: usize) -> Oracle {
        Oracle {
            last: Ts::MIN,
            naked: vec![false; instruments],
            naked_for: vec![Span::from_nanos(0); instruments],
            loose: vec![Qty::ZERO; instruments],
            most: vec![Qty::whole(UNITS); instruments],
            unheard: vec![1.0; instruments],
        }
    }

    /// Looks at the broker, and at the engine where there is one. `up` is the time that market,
    /// process and wire were all up since the last look.
    pub(super) fn look(
        &mut self,
        now: Ts,
        up: bool,
        far: &Far,
        state: Option<&State>,
    ) -> Result<()> {
        let passed = if up && self.last != Ts::MIN { now - self.last } else { Span::from_nanos(0) };
        self.last = now;
        for index in 0..self.naked.len() {
            let instrument = InstrumentId(index as u32);
            if let Some(state) = state {
                let loose = state.loose.get(&instrument).copied().unwrap_or_default();
                self.loose[index] = times(loose, self.unheard[index]);
                self.most[index] = times(largest(state, instrument), self.unheard[index]);
            }
            self.exposure(far, instrument)?;
            if self.naked[index] {
                self.naked_for[index] = self.naked_for[index] + passed;
            }
            self.naked[index] = !covered(far, instrument, self.loose[index]);
            if !self.naked[index] {
                self.naked_for[index] = Span::from_nanos(0);
            }
            ensure!(
                self.naked_for[index] <= LONGEST_NAKED,
                "{} of instrument {index} is held without a stop for {} s",
                far.position(instrument),
                self.naked_for[index].seconds()
            );
        }
        Ok(())
    }

    /// The broker has split a share.
    pub(super) fn split(&mut self, instrument: InstrumentId, ratio: f64) {
        let index = instrument.index();
        self.unheard[index] *= ratio;
        self.loose[index] = times(self.loose[index], ratio);
        self.most[index] = times(self.most[index], ratio);
    }

    /// We have heard of all splits.
    pub(super) fn told_of_splits(&mut self) {
        self.unheard.fill(1.0);
    }

    /// While nothing is on its way, both sides hold the same.
    pub(super) fn agree(&self, far: &Far, state: &State) -> Result<()> {
        let found = differences(state, Currency::USD, &far.books(0, Ts::MAX));
        // What someone has placed by hand and has not filled yet is nothing that we could know.
        let by_hand =
            |it: &Difference| matches!(it, Difference::Stranger { order, .. } if !order.is_ours());
        let told = found.iter().filter(|it| !by_hand(it)).map(ToString::to_string);
        let told: Vec<String> = told.collect();
        ensure!(told.is_empty(), "with nothing on its way: {}", told.join("; "));
        Ok(())
    }

    /// No order was sent twice: one bet at a time on each side, of so many units and what it was
    /// enlarged by, and they net.
    fn exposure(&self, far: &Far, instrument: InstrumentId) -> Result<()> {
        let of = |hand: &&(InstrumentId, Qty)| hand.0 == instrument;
        let by_hand: Qty = far.hands().iter().filter(of).map(|(_, qty)| qty.abs()).sum();
        let held = far.position(instrument);
        ensure!(
            held.abs() <= self.most[instrument.index()] + by_hand,
            "{held} of instrument {} is more than was ever meant",
            instrument.0
        );
        Ok(())
    }

    /// Once all is still, both sides hold the same, and the engine holds nothing that it did not
    /// mean.
    pub(super) fn compare(&self, far: &Far, state: &State) -> Result<()> {
        let books = far.books(0, Ts::MIN);
        let found = differences(state, Currency::USD, &books);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        ensure!(found.is_empty(), "after a still half hour: {}", told.join("; "));
        for index in 0..self.naked.len() {
            let instrument = InstrumentId(index as u32);
            let stray = far.position(instrument) - state.meant(instrument);
            let closing = far
                .open()
                .any(|(_, order)| order.request.instrument == instrument && closes(order));
            ensure!(
                stray == Qty::ZERO || closing,
                "{stray} of instrument {index} is held that nobody meant"
            );
        }
        let ours = |reason: &&String| reason.contains("is not ours") || reason.contains("hand");
        let wrongly = state.frozen_instruments.values().chain(&state.frozen).find(|it| !ours(it));
        ensure!(wrongly.is_none(), "frozen without need: {wrongly:?}");
        Ok(())
    }
}

/// The largest that plans of an instrument may become, add-ons and all; alternatives stand for one
/// another until each is enlarged by itself.
fn largest(state: &State, instrument: InstrumentId) -> Qty {
    let plans = state.plans.get(&instrument).into_iter().flatten();
    let added = |keeper: &Keeper| keeper.add.as_ref().map_or(Qty::ZERO, |leg| leg.asked);
    let first = plans.clone().map(|keeper| keeper.first.asked).max().unwrap_or_default();
    first.max(Qty::whole(UNITS)) + plans.map(added).sum()
}

fn times(qty: Qty, ratio: f64) -> Qty {
    Qty::from_raw((qty.raw() as f64 * ratio).round() as i64)
}

fn closes(order: &Remembered) -> bool {
    matches!(order.request.kind, OrderKind::Market)
}

/// Whether what is held, but for what is meant to lie loose, is behind orders that close it: stops,
/// and market orders that wait for the next price.
fn covered(far: &Far, instrument: InstrumentId, loose: Qty) -> bool {
    let held = far.position(instrument) - loose;
    if held == Qty::ZERO {
        return true;
    }
    let awake = |order: &Remembered| {
        let parent = order.request.parent.as_ref().and_then(|parent| far.orders.get(parent));
        parent.is_none_or(|parent| parent.filled != Qty::ZERO)
    };
    let closing: Vec<&Remembered> = far
        .open()
        .map(|(_, order)| order)
        .filter(|order| order.request.instrument == instrument)
        .filter(|order| order.request.qty.signum() == -held.signum() && awake(order))
        .filter(|order| matches!(order.request.kind, OrderKind::Stop { .. } | OrderKind::Market))
        .collect();
    let mut sum = Qty::ZERO;
    for (place, order) in closing.iter().enumerate() {
        let group = &order.request.oco_group;
        let counted = closing[..place].iter().any(|other| other.request.oco_group == *group);
        if group.is_some() && counted {
            continue;
        }
        // Orders of one group cover their quantity once.
        let of_group =
            closing.iter().filter(|other| group.is_some() && other.request.oco_group == *group);
        let most = of_group.map(|other| (other.request.qty - other.filled).abs()).max();
        sum += most.unwrap_or((order.request.qty - order.filled).abs());
    }
    sum >= held.abs()
}
