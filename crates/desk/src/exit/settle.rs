//! From what a plan wants to the orders it needs: compares wish and state, sends the difference.
//!
//! Settling twice changes nothing the second time.

use market::{ClientOrderId, OrderKind, OrderRequest, Price, Qty, TimeInForce};

use super::keeper::{Action, Keeper, Phase};
use super::parts::{Leg, Live, Tranche};
use super::plan::to_tick;
use crate::orders::Role;

impl Keeper {
    /// Sends what is missing, moves what stands wrong, closes what should be closed.
    pub fn settle(&mut self, out: &mut Vec<Action>) {
        if let Phase::Leaving(_) = self.phase {
            self.stop_opening(out);
        }
        for index in 0..self.tranches.len() {
            let leg_done = self.leg_done(index);
            let tranche = &self.tranches[index];
            if tranche.open == Qty::ZERO && leg_done {
                self.clear(index, out);
                continue;
            }
            if !leg_done && tranche.entered > tranche.open {
                // It is being closed while its entry still fills: a new child of the entry would
                // cover too much. The entry is taken back first; the old orders stay meanwhile.
                out.extend(self.leg_of(tranche).map(|leg| Action::Cancel(leg.id.clone())));
                continue;
            }
            match self.phase {
                Phase::Open => {
                    self.settle_stop(index, leg_done, out);
                    self.settle_target(index, leg_done, out);
                }
                // Stopped out: the stops of the other tranches stand at the same price.
                Phase::Leaving(reason) if reason.is_stop() => {
                    self.settle_stop(index, leg_done, out);
                    self.settle_target(index, leg_done, out);
                }
                Phase::Leaving(_) => {
                    // A stop larger than what is left would turn the position round.
                    if leg_done && self.tranches[index].stop.is_some() {
                        self.settle_stop(index, leg_done, out);
                    }
                    self.settle_exit(index, out);
                }
                Phase::Done => {}
            }
        }
        if self.is_over() && self.phase == Phase::Open {
            self.phase = Phase::Done;
        }
    }

    /// The add-on that risk allowed, as a further tranche behind its own bracket.
    pub fn add_on(&mut self, qty: Qty, kind: OrderKind, out: &mut Vec<Action>) {
        let leg = Leg::new(self.next_id("add"), qty);
        let tif = match kind {
            OrderKind::Limit { .. } => TimeInForce::Gtc,
            _ => TimeInForce::Day,
        };
        out.push(Action::Submit(self.opening(&leg, kind, tif), Role::AddOn));
        let target = self.tranches.iter().find_map(|tranche| tranche.target);
        let group = format!("{}/add", self.intent);
        let tranche = Tranche { added: true, ..Tranche::new(qty, target, group) };
        self.tranches.push(tranche);
        self.add = Some(leg);
    }

    /// Whether the order that opens a tranche has ended.
    pub(super) fn leg_done(&self, index: usize) -> bool {
        self.leg_of(&self.tranches[index]).is_none_or(|leg| leg.done)
    }

    fn leg_of(&self, tranche: &Tranche) -> Option<&Leg> {
        if tranche.added { self.add.as_ref() } else { Some(&self.first) }
    }

    fn stop_opening(&mut self, out: &mut Vec<Action>) {
        let legs = std::iter::once(&self.first).chain(self.add.as_ref());
        for leg in legs.filter(|leg| !leg.done) {
            out.push(Action::Cancel(leg.id.clone()));
        }
    }

    /// Nothing is held: what is still out is taken back.
    fn clear(&mut self, index: usize, out: &mut Vec<Action>) {
        for live in self.tranches[index].slots().into_iter().filter_map(Option::take) {
            out.push(Action::Cancel(live.id));
        }
    }

    fn settle_stop(&mut self, index: usize, leg_done: bool, out: &mut Vec<Action>) {
        if !self.plan.has_stop() {
            return;
        }
        let wanted = to_tick(self.stop);
        let is_refused = self.refused_stop.is_some_and(|refused| to_tick(refused) == wanted);
        let tranche = &self.tranches[index];
        // Where the new price was refused, what stands stays where it is; its size may yet be wrong.
        let price = match &tranche.stop {
            Some(live) if is_refused => live.price,
            _ => wanted,
        };
        let qty = if leg_done { tranche.open } else { tranche.asked };
        let right = |live: &Live| live.price == price && (!leg_done || live.qty == qty);
        let is_first = tranche.stop.is_none();
        if tranche.next_stop.is_some() || tranche.stop.as_ref().is_some_and(right) {
            return;
        }
        let id = self.next_id("stop");
        let request = self.closing(index, id.clone(), qty, OrderKind::Stop { stop: price });
        out.push(Action::Submit(request, Role::Stop(index as u16)));
        let live = Some(Live::new(id, price, qty));
        let tranche = &mut self.tranches[index];
        if is_first {
            tranche.stop = live;
        } else {
            tranche.next_stop = live;
        }
    }

    fn settle_target(&mut self, index: usize, leg_done: bool, out: &mut Vec<Action>) {
        let tranche = &self.tranches[index];
        let wanted = tranche.target.map(|at| to_tick(self.target_price(at)));
        let qty = if leg_done { tranche.open } else { tranche.asked };
        let right = |live: &Live| Some(live.price) == wanted && (!leg_done || live.qty == qty);
        if tranche.target_order.as_ref().is_some_and(right) {
            return;
        }
        if let Some(old) = self.tranches[index].target_order.take() {
            out.push(Action::Cancel(old.id));
        }
        let Some(price) = wanted else { return };
        let id = self.next_id("target");
        let request = self.closing(index, id.clone(), qty, OrderKind::Limit { limit: price });
        out.push(Action::Submit(request, Role::Target(index as u16)));
        self.tranches[index].target_order = Some(Live::new(id, price, qty));
    }

    /// Closes at the market; the stop stays until that fills, in the same OCO group.
    fn settle_exit(&mut self, index: usize, out: &mut Vec<Action>) {
        let tranche = &mut self.tranches[index];
        if let Some(target) = tranche.target_order.take() {
            out.push(Action::Cancel(target.id));
        }
        let open = tranche.open;
        let covered = tranche.exit_order.as_ref().is_some_and(|live| live.qty == open);
        if open == Qty::ZERO || covered || self.watch.exit_refused {
            return;
        }
        let id = self.next_id("exit");
        let request = self.closing(index, id.clone(), open, OrderKind::Market);
        out.push(Action::Submit(request, Role::Exit(index as u16)));
        let live = Live::new(id, Price::ZERO, open);
        if let Some(old) = self.tranches[index].exit_order.replace(live) {
            out.push(Action::Cancel(old.id));
        }
    }

    fn closing(&self, index: usize, id: ClientOrderId, qty: Qty, kind: OrderKind) -> OrderRequest {
        let tranche = &self.tranches[index];
        let parent = self.leg_of(tranche).filter(|leg| !leg.done).map(|leg| leg.id.clone());
        OrderRequest {
            id,
            instrument: self.instrument,
            qty: self.side.opposite().signed(qty),
            kind,
            tif: match kind {
                OrderKind::Market => TimeInForce::Day,
                _ => TimeInForce::Gtc,
            },
            oco_group: Some(tranche.group.clone()),
            parent: parent.filter(|_| kind != OrderKind::Market),
            reduce_only: true,
        }
    }
}
