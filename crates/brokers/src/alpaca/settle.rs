//! From what is wanted to what is asked: compares what is kept with what stands, and asks for the
//! difference. Settling twice asks for nothing the second time.

use market::{ClientOrderId, InstrumentId, OrderKind, Qty, TimeInForce};

use super::kept::{Group, Wanted};
use super::line::{Line, Method};
use super::packs::{self, Leg, Pack, Phase, Task};
use super::{Alpaca, Purpose, words};
use crate::shelf::Kept;

/// What a pack needs to be what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    UnderWay,
}

impl<L: Line> Alpaca<L> {
    /// Asks for whatever is missing, stands wrong, or should be gone.
    pub(super) fn settle(&mut self) {
        if !self.is_loaded {
            return;
        }
        self.release();
        self.end_packs();
        self.place_openings();
        self.settle_sleepers();
        for group in self.groups() {
            self.settle_group(&group);
        }
        self.tell_sleepers();
        self.release();
    }

    /// Takes back what should be gone for its own sake.
    fn end_packs(&mut self) {
        let (now, partial) = (self.now(), self.waits.partial);
        let over: Vec<u64> = self
            .packs
            .iter()
            .filter(|(_, pack)| pack.phase == Phase::Standing)
            .filter(|(_, pack)| {
                let too_long = pack.partial_since.is_some_and(|since| now >= since + partial)
                    && pack.open_legs().any(|leg| matches!(leg.task, Task::Entry | Task::Only));
                let is_orphan = !pack.is_adopted
                    && pack.open_legs().all(|leg| !self.shelf.kept.contains_key(&leg.order));
                pack.is_ours_to_end || too_long || is_orphan || self.is_taken_back(pack)
            })
            .map(|(number, _)| *number)
            .collect();
        for number in over {
            self.leave(number);
        }
    }

    /// True where the order that opens, or that stands for itself, is not wanted any more.
    fn is_taken_back(&self, pack: &Pack) -> bool {
        let head = pack.open_legs().find(|leg| matches!(leg.task, Task::Entry | Task::Only));
        let Some(kept) = head.and_then(|leg| self.shelf.kept.get(&leg.order)) else { return false };
        let is_own = kept.group().is_none();
        is_own && (kept.is_cancelling || self.shelf.open_qty(kept) == Qty::ZERO)
    }

    fn leave(&mut self, number: u64) {
        let Some(pack) = self.packs.get_mut(&number) else { return };
        let Some(head) = pack.head().map(str::to_owned) else { return };
        pack.phase = Phase::Leaving;
        pack.is_ours_to_end = true;
        self.ask(Method::Delete, format!("/v2/orders/{head}"), None, Purpose::Leave(number));
    }

    /// Orders that open, and others that stand for themselves.
    fn place_openings(&mut self) {
        let now = self.now();
        let due: Vec<ClientOrderId> = self
            .shelf
            .kept
            .values()
            .filter(|kept| !kept.is_cancelling && !kept.is_recalled)
            .filter(|kept| kept.not_before.is_none_or(|at| now >= at))
            .filter(|kept| kept.group().is_none() && self.shelf.open_qty(kept) > Qty::ZERO)
            .filter(|kept| self.pack_of(&kept.request.id).is_none())
            .map(|kept| kept.request.id.clone())
            .collect();
        for order in due {
            let instrument = self.shelf.kept[&order].request.instrument;
            let legs = self.family(&order);
            self.place(instrument, legs);
        }
    }

    /// An opening order with what can go out with it as one: one stop of the same quantity, and at
    /// most one target. Alpaca takes these with market and limit orders.
    fn family(&self, order: &ClientOrderId) -> Vec<Leg> {
        let kept = &self.shelf.kept[order];
        let qty = self.shelf.open_qty(kept);
        let children: Vec<&Kept> = self
            .shelf
            .kept
            .values()
            .filter(|child| child.request.parent.as_ref() == Some(order) && !child.is_cancelling)
            .collect();
        let stops: Vec<&&Kept> = children.iter().filter(|child| child.is_stop()).collect();
        let targets: Vec<&&Kept> = children.iter().filter(|child| !child.is_stop()).collect();
        let same_group = children.windows(2).all(|pair| {
            pair[0].request.oco_group.is_some()
                && pair[0].request.oco_group == pair[1].request.oco_group
        });
        let same_qty = |child: &&Kept| child.request.qty == -kept.request.qty;
        let takes = matches!(kept.request.kind, OrderKind::Market | OrderKind::Limit { .. })
            && kept.request.qty.raw() % Qty::SCALE == 0
            && kept.request.oco_group.is_none()
            // Outside the session Alpaca takes orders that stand alone.
            && kept.request.tif != TimeInForce::AllHours
            && kept.filled == Qty::ZERO;
        let fits = takes && same_group && children.iter().all(same_qty);
        if !fits || stops.len() != 1 || targets.len() > 1 {
            return vec![Leg::new(order, Task::Only, qty)];
        }
        let mut legs = vec![Leg::new(order, Task::Entry, qty)];
        let leg = |it: &&&Kept, task| Leg::new(&it.request.id, task, qty);
        legs.extend(targets.iter().map(|it| leg(it, Task::Target)));
        legs.extend(stops.iter().map(|it| leg(it, Task::Stop)));
        legs
    }

    fn place(&mut self, instrument: InstrumentId, legs: Vec<Leg>) {
        let name = {
            let orders: Vec<&ClientOrderId> = legs.iter().map(|leg| &leg.order).collect();
            self.next_name(&orders)
        };
        let pack = Pack {
            names: vec![name.clone()],
            name,
            instrument,
            legs,
            phase: Phase::Asking,
            moving_to: None,
            is_adopted: false,
            partial_since: None,
            is_ours_to_end: false,
        };
        let number = self.number();
        self.packs.insert(number, pack);
        self.ask_to_place(number);
    }

    pub(super) fn ask_to_place(&mut self, number: u64) {
        let Some(pack) = self.packs.get(&number) else { return };
        let symbol = self.symbol(pack.instrument);
        let request = |order: &ClientOrderId| Some(self.shelf.kept.get(order)?.request.clone());
        match words::placing(pack, &symbol, request) {
            Some(body) => {
                let path = "/v2/orders".to_owned();
                self.ask(Method::Post, path, Some(body), Purpose::Place(number));
            }
            None => drop(self.packs.remove(&number)),
        }
    }

    /// A name that was not used: of our orders, and which attempt it is.
    fn next_name(&mut self, orders: &[&ClientOrderId]) -> String {
        let base = packs::name(orders, 0);
        let attempt = self.attempts.get(&base).map_or(0, |last| last + 1);
        self.attempts.insert(base, attempt);
        packs::name(orders, attempt)
    }

    /// Legs that wait for their entry: a newer stop or target takes the place of an older one.
    fn settle_sleepers(&mut self) {
        let newest = |entry: &Leg, task: Task| {
            let children = self.shelf.kept.values().filter(|kept| {
                kept.request.parent.as_ref() == Some(&entry.order)
                    && !kept.is_cancelling
                    && !kept.is_market()
                    && kept.is_stop() == (task == Task::Stop)
            });
            children.max_by_key(|kept| kept.arrived).map(|kept| kept.request.id.clone())
        };
        let standing = self.packs.iter().filter(|(_, pack)| pack.phase == Phase::Standing);
        let stale = standing.filter_map(|(number, pack)| {
            let entry = pack.open_entry()?;
            pack.open_legs().filter(|leg| leg.task != Task::Entry).find_map(|leg| {
                let wanted = newest(entry, leg.task)?;
                (wanted != leg.order).then(|| (*number, leg.clone(), wanted))
            })
        });
        let stale: Vec<(u64, Leg, ClientOrderId)> = stale.collect();
        for (number, leg, order) in stale {
            self.move_leg(number, &leg, &order);
        }
    }

    fn settle_group(&mut self, group: &Group) {
        let serves = |pack: &Pack| group.members.iter().any(|order| pack.serves(order));
        let mut standing: Vec<u64> =
            self.packs.iter().filter(|(_, pack)| serves(pack)).map(|(n, _)| *n).collect();
        let mut pairs: Vec<(&Wanted, Option<u64>)> = Vec::new();
        for wanted in &group.wanted {
            let same = |number: &u64| wanted.is_pack(&self.packs[number]);
            let like =
                |number: &u64| self.packs[number].open_legs().count().min(2) == wanted.orders.len();
            let only = (group.wanted.len() == 1 && !standing.is_empty()).then_some(0);
            let at = standing.iter().position(same).or(standing.iter().position(like)).or(only);
            pairs.push((wanted, at.map(|at| standing.remove(at))));
        }
        if !standing.is_empty() {
            // More packs than are wanted stand only while some of them leave.
            return self.leave_standing(&standing);
        }
        let mut is_right = !pairs.is_empty();
        for (wanted, number) in pairs {
            is_right &= match number {
                Some(number) => self.change(number, wanted) == Change::None,
                None => {
                    self.place_exit(wanted);
                    false
                }
            };
        }
        if is_right {
            // The others are in reserve: placed should these end.
            group.members.iter().for_each(|order| self.shelf.tell_working(order));
        }
    }

    fn leave_standing(&mut self, packs: &[u64]) {
        for number in packs {
            if self.packs[number].phase == Phase::Standing {
                self.leave(*number);
            }
        }
    }

    fn place_exit(&mut self, wanted: &Wanted) {
        let now = self.now();
        let waits = |order: &ClientOrderId| {
            self.shelf.kept.get(order).and_then(|kept| kept.not_before).is_some_and(|at| now < at)
        };
        let Some(first) = wanted.orders.first() else { return };
        let qty = wanted.qty.min(self.free(first, |_, _| false));
        if qty == Qty::ZERO || wanted.orders.iter().any(waits) {
            return;
        }
        let legs = self.legs_of(wanted, qty);
        self.place(wanted.instrument, legs);
    }

    fn legs_of(&self, wanted: &Wanted, qty: Qty) -> Vec<Leg> {
        let alone = wanted.orders.len() == 1;
        let leg = |order: &ClientOrderId| {
            let kept = &self.shelf.kept[order];
            let task = match (alone, kept.is_stop()) {
                (true, _) if wanted.is_remnant => Task::Remnant,
                (true, _) => Task::Only,
                (false, true) => Task::Stop,
                (false, false) => Task::Target,
            };
            Leg::new(order, task, qty)
        };
        wanted.orders.iter().map(leg).collect()
    }

    /// Shares that an exit may sell, or buy back: what is held less what other orders have been
    /// promised, but those that are named.
    pub(super) fn free(&self, exit: &ClientOrderId, but: impl Fn(u64, &Pack) -> bool) -> Qty {
        let Some(first) = self.shelf.kept.get(exit) else { return Qty::ZERO };
        let instrument = first.request.instrument;
        let held = self.held.get(&instrument).copied().unwrap_or_default();
        if held == Qty::ZERO || held.is_negative() == first.request.qty.is_negative() {
            return Qty::ZERO;
        }
        let side = first.request.qty.is_negative();
        let promised: Qty = self
            .packs
            .iter()
            .filter(|(number, pack)| pack.instrument == instrument && !but(**number, pack))
            .filter(|(_, pack)| pack.open_entry().is_none())
            .filter_map(|(_, pack)| {
                let leg = pack.open_legs().next()?;
                let kept = self.shelf.kept.get(&leg.order)?;
                let same = kept.request.qty.is_negative() == side;
                same.then(|| pack.open_qty())
            })
            .sum();
        (held.abs() - promised).max(Qty::ZERO)
    }

    /// Makes a pack what is wanted: by moving a leg where only a price differs, else by taking it
    /// back, so that another can be placed.
    fn change(&mut self, number: u64, wanted: &Wanted) -> Change {
        let pack = &self.packs[&number];
        if pack.phase != Phase::Standing || pack.open_entry().is_some() {
            return Change::UnderWay;
        }
        let Some(first) = wanted.orders.first() else { return Change::None };
        let qty = wanted.qty.min(self.free(first, |other, _| other == number));
        let open: Vec<&Leg> = pack.open_legs().collect();
        let same_qty = pack.open_qty() == qty;
        let is_same = |(leg, order): (&&Leg, &ClientOrderId)| {
            leg.order == *order && (leg.task == Task::Remnant) == wanted.is_remnant
        };
        let same_count = open.len() == wanted.orders.len();
        if same_qty && same_count && open.iter().zip(&wanted.orders).all(is_same) {
            return Change::None;
        }
        let movable = |(leg, order): (&&Leg, &ClientOrderId)| {
            let (Some(old), Some(new)) =
                (self.shelf.kept.get(&leg.order), self.shelf.kept.get(order))
            else {
                return false;
            };
            let like = std::mem::discriminant(&old.request.kind);
            let is_remnant = wanted.is_remnant || leg.task == Task::Remnant;
            like == std::mem::discriminant(&new.request.kind) && !new.is_market() && !is_remnant
        };
        if !(same_qty && same_count && open.iter().zip(&wanted.orders).all(movable)) {
            self.leave(number);
            return Change::UnderWay;
        }
        let differs = open.iter().zip(&wanted.orders).position(|pair| !is_same(pair));
        if let Some(at) = differs {
            let (leg, order) = (open[at].clone(), wanted.orders[at].clone());
            self.move_leg(number, &leg, &order);
        }
        Change::UnderWay
    }

    fn move_leg(&mut self, number: u64, leg: &Leg, order: &ClientOrderId) {
        let now = self.now();
        let Some(kept) = self.shelf.kept.get(order) else { return };
        let Some(id) = leg.id.clone() else { return };
        if kept.not_before.is_some_and(|at| now < at) {
            return;
        }
        let kind = kept.request.kind;
        let pack = &self.packs[&number];
        // The first order of a pack bears the names of all.
        let is_first = pack.legs.first().is_some_and(|first| first.order == leg.order);
        let named: Vec<ClientOrderId> = match is_first {
            true => {
                let others = pack.open_legs().filter(|other| other.order != leg.order);
                std::iter::once(order.clone()).chain(others.map(|it| it.order.clone())).collect()
            }
            false => vec![order.clone()],
        };
        let name = self.next_name(&named.iter().collect::<Vec<_>>());
        let body = words::moving(kind, &name);
        if let Some(pack) = self.packs.get_mut(&number) {
            pack.phase = Phase::Moving;
            pack.moving_to = Some(order.clone());
            pack.names.push(name);
        }
        let purpose = Purpose::Move(number, id.clone(), order.clone());
        self.ask(Method::Patch, format!("/v2/orders/{id}"), Some(body), purpose);
    }

    /// Orders that sleep here work as far as the desk is concerned, once their parent does.
    fn tell_sleepers(&mut self) {
        let told =
            |order: &ClientOrderId| self.shelf.kept.get(order).is_some_and(|kept| kept.is_told);
        let asleep: Vec<ClientOrderId> = self
            .shelf
            .kept
            .values()
            .filter(|kept| !kept.is_told && kept.request.parent.as_ref().is_some_and(told))
            .map(|kept| kept.request.id.clone())
            .collect();
        for order in asleep {
            self.shelf.tell_working(&order);
        }
    }
}
