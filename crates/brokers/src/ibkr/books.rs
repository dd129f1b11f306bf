//! The account as a whole: read in five parts, told as one, and held against what is known here.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use market::remote::{Books, Execution, Heard, Report};
use market::{Cash, ClientOrderId, Held, InstrumentId, OrderState, Qty};

use super::line::{Answer, Ask, Line, Part, Position, Seen, Status, Trade};
use super::slots::{self, Doubt, Ending, Shown, Slot, Way};
use super::trades::{Cost, Counted, cut, name};
use super::{Ibkr, Stage};

/// Looks that must miss an order that stood, before it counts as gone.
const MOST_MISSED: u32 = 2;

/// A look at the account that is under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Of the desk's question; `None` where it is our own.
    number: Option<u64>,
    began: Ts,
    /// Of the request that is out.
    asked: u64,
    part: Part,
    open: Vec<Seen>,
    completed: Vec<Seen>,
    trades: Vec<Trade>,
    positions: Vec<Position>,
}

impl Round {
    /// Executions, each once, however often it was put right.
    fn made(&self) -> impl Iterator<Item = &Trade> {
        let mut seen = BTreeSet::new();
        self.trades.iter().filter(move |trade| seen.insert(cut(&trade.id).0))
    }

    /// What an order of ours filled by its executions, without a sign.
    fn filled(&self, id: i32) -> Qty {
        let of_it = self.made().filter(|trade| trade.is_own && trade.order == id);
        of_it.map(|trade| trade.qty.abs()).sum()
    }
}

impl<L: Line> Ibkr<L> {
    /// Begins to read the account; a look that is under way is dropped for it.
    pub(super) fn begin_books(&mut self, number: Option<u64>) {
        let began = self.now();
        self.round = Some(Round {
            number,
            began,
            asked: 0,
            part: Part::Open,
            open: Vec::new(),
            completed: Vec::new(),
            trades: Vec::new(),
            positions: Vec::new(),
        });
        self.looked = began;
        self.untold = None;
        self.meanwhile.clear();
        self.ask_part(Part::Open);
    }

    /// Looks at the account where something of ours is not as it should be.
    pub(super) fn look_where_due(&mut self) {
        let (now, wait) = (self.now(), self.waits.look);
        let is_odd = |slot: &Slot| {
            let is_late = now >= slot.asked + wait;
            let is_spent = slot.is_open() && slot.left == Qty::ZERO;
            let is_awaited = slot.shown == Shown::Never || slot.way != Way::None || is_spent;
            let is_silent = is_awaited && is_late;
            let is_short = slot.ending.as_ref().is_some_and(|ending| now >= ending.at + wait);
            slot.doubt != Doubt::None || is_silent || is_short
        };
        let is_wanted = match self.stage {
            Stage::Unsure => true,
            Stage::Ready => now >= self.looked + wait && self.slots.values().any(is_odd),
            Stage::Unread | Stage::Away => false,
        };
        let is_due = is_wanted && self.round.is_none();
        if is_due {
            self.begin_books(None);
        }
    }

    fn ask_part(&mut self, part: Part) {
        let number = self.number();
        if let Some(round) = &mut self.round {
            round.asked = number;
            round.part = part;
        }
        self.line.ask(Ask::Read(number, part));
    }

    /// Asks once more for a part that was not answered.
    pub(super) fn ask_again(&mut self, number: u64) {
        let round = self.round.as_ref().filter(|round| round.asked == number);
        if let Some(part) = round.map(|round| round.part) {
            self.ask_part(part);
        }
    }

    /// Takes in a part and asks for the next. Orders that ended come after those that stand, and
    /// executions after both, so that whatever is missing in one is in a later one; positions come
    /// after the executions that made them.
    pub(super) fn read_part(&mut self, number: u64, answer: Answer) {
        let Some(mut round) = self.round.take_if(|round| round.asked == number) else { return };
        let next = match (round.part, answer) {
            (Part::Open, Answer::Orders(open)) => {
                round.open = open;
                Part::Completed
            }
            (Part::Completed, Answer::Orders(completed)) => {
                // What was open a moment ago may have ended since.
                round.open.retain(|open| {
                    let is_same = |seen: &Seen| seen.permanent == open.permanent;
                    open.permanent == 0 || !completed.iter().any(is_same)
                });
                round.completed = completed;
                Part::Trades
            }
            (Part::Trades, Answer::Trades(trades)) => {
                self.read_trades(&trades);
                round.trades = trades.into_iter().map(|(trade, _)| trade).collect();
                Part::Positions
            }
            (Part::Positions, Answer::Positions(positions)) => {
                round.positions = positions;
                Part::Cash
            }
            (Part::Cash, Answer::Cash(cash)) => return self.finish(round, cash),
            (part, answer) => {
                tracing::warn!(?part, ?answer, "read the account at IBKR: another answer");
                return;
            }
        };
        self.round = Some(round);
        self.ask_part(next);
    }

    fn read_trades(&mut self, trades: &[(Trade, Option<Cash>)]) {
        let now = self.now();
        for (trade, fee) in trades {
            let (base, version) = cut(&trade.id);
            if self.stage == Stage::Unread && !self.trades.contains_key(base) {
                // What was filled before the process began is counted order by order.
                let Some(execution) = self.execution(trade, Cash::ZERO) else { continue };
                let cost = match fee.or_else(|| self.early.remove(&trade.id)) {
                    Some(fee) => Cost::Told(fee),
                    None => Cost::Awaited(Box::new(execution), now),
                };
                self.trades.insert(base.to_owned(), Counted { version, cost });
                continue;
            }
            self.traded(trade);
            if let Some(fee) = fee {
                self.charged(&trade.id, *fee);
            }
        }
    }

    fn finish(&mut self, round: Round, cash: Cash) {
        self.hold(&round);
        match self.stage {
            Stage::Unread => self.take_over(&round),
            Stage::Unsure | Stage::Ready => self.compare(&round),
            Stage::Away => return,
        }
        for (id, slot) in &mut self.slots {
            // An order may have filled between the parts of a look.
            let more = (round.filled(*id) - slot.filled).max(Qty::ZERO);
            slot.filled += more;
            slot.left = (slot.left - more).max(Qty::ZERO);
        }
        self.stage = Stage::Ready;
        for trade in std::mem::take(&mut self.unread) {
            // What traded too late for this look is counted, and looked for once more: whether
            // the positions hold it, nobody can say.
            if !self.trades.contains_key(cut(&trade.id).0) {
                self.traded(&trade);
                self.stage = Stage::Unsure;
            }
        }
        self.untold = Some((round, cash));
        self.tell_books();
    }

    /// Tells the books once the cost of each of their executions is known, or waited for long
    /// enough: executions come in their order, so none may be left out.
    pub(super) fn tell_books(&mut self) {
        let Some((round, _)) = &self.untold else { return };
        if round.trades.iter().any(|trade| self.is_awaited(&trade.id)) {
            return;
        }
        let Some((round, cash)) = self.untold.take() else { return };
        let Some(number) = round.number else { return };
        let positions = round.positions.iter().filter_map(|it| self.position(it)).collect();
        let executions = self.executions(&round);
        let orders = self.reports(&round);
        let payments = Vec::new();
        let books = Books { number, cash, positions, orders, executions, payments };
        self.shelf.heard.push(Heard::Books(books));
    }

    fn position(&self, seen: &Position) -> Option<Held> {
        let instrument = self.universe.find(&seen.symbol).ok()?;
        let is_flat = seen.qty == Qty::ZERO;
        let average_price = seen.average_price;
        (!is_flat).then_some(Held { instrument, qty: seen.qty, average_price })
    }

    fn hold(&mut self, round: &Round) {
        let read = round.positions.iter().filter_map(|it| self.position(it));
        let mut held: BTreeMap<InstrumentId, Qty> =
            read.map(|held| (held.instrument, held.qty)).collect();
        // Whether the positions hold what traded while they were read, nobody can say.
        if self.stage != Stage::Unread {
            for instrument in &self.meanwhile {
                held.insert(*instrument, self.held.get(instrument).copied().unwrap_or_default());
            }
        }
        self.held = held;
    }

    /// The first look: what stands is taken over. Orders of an earlier life that stand go on,
    /// exits that do not are placed again, and what opens and does not stand is left to the desk.
    fn take_over(&mut self, round: &Round) {
        let mut lives: BTreeMap<ClientOrderId, (Qty, bool)> = BTreeMap::new();
        for seen in round.open.iter().chain(&round.completed) {
            let (filled, is_open) = lives.entry(name(&seen.reference, seen.permanent)).or_default();
            *filled += seen.filled;
            *is_open |= !seen.status.is_done();
        }
        let mut executed: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        for trade in round.made() {
            let order = name(&trade.reference, trade.permanent);
            *executed.entry(order).or_default() += trade.qty.abs();
        }
        for (order, qty) in executed {
            let (filled, _) = lives.entry(order).or_default();
            *filled = (*filled).max(qty);
        }
        for (order, (filled, is_open)) in lives {
            self.shelf.count_recalled(&order, filled, is_open);
        }
        round.open.iter().for_each(|seen| self.adopt(seen));
        let slots = &self.slots;
        let stands = |order: &ClientOrderId| slots.values().any(|slot| slot.order == *order);
        self.shelf
            .kept
            .retain(|order, kept| !kept.is_recalled || kept.request.reduce_only || stands(order));
        for kept in self.shelf.kept.values_mut().filter(|kept| kept.is_recalled) {
            kept.is_recalled = false;
            kept.is_told = true;
        }
    }

    /// An order of our client's that is not known here.
    pub(super) fn adopt(&mut self, seen: &Seen) {
        let is_new = seen.is_own
            && seen.id > 0
            && !seen.status.is_done()
            && !self.slots.contains_key(&seen.id)
            && !self.gone.contains_key(&seen.id);
        let Some(instrument) = self.universe.find(&seen.symbol).ok().filter(|_| is_new) else {
            return;
        };
        self.next_order = self.next_order.max(seen.id + 1);
        let order = name(&seen.reference, seen.permanent);
        let is_double = self.slots.values().any(|slot| slot.order == order && slot.is_open());
        if seen.permanent != 0 {
            self.permanents.insert(seen.permanent);
        }
        let mut slot = Slot::adopted(order, instrument, seen, self.now());
        slot.is_stranger = !self.shelf.kept.contains_key(&slot.order) || is_double;
        self.slots.insert(seen.id, slot);
        if is_double {
            // One name is one order.
            self.leave(seen.id);
        }
    }

    /// Holds what is known here against what was read: orders that were placed before the look
    /// began and are in none of its parts never came, or are no more.
    fn compare(&mut self, round: &Round) {
        for seen in &round.open {
            self.adopt(seen);
            self.see(seen, round.began);
        }
        let is_open = |id: i32| round.open.iter().any(|seen| seen.is_own && seen.id == id);
        let missing: Vec<i32> = self
            .slots
            .iter()
            .filter(|(id, slot)| slot.is_open() && slot.placed < round.began && !is_open(**id))
            .map(|(id, _)| *id)
            .collect();
        for id in missing {
            match self.found_completed(id, round) {
                Some(seen) => {
                    let said = (seen.filled, slots::state(seen.status), seen.permanent);
                    self.finished(id, said);
                }
                None => self.missed(id, round),
            }
        }
        for slot in self.slots.values_mut().filter(|slot| slot.placed < round.began) {
            slot.doubt = Doubt::None;
        }
    }

    /// An order among those that ended: by TWS's number where that is known, else by its name,
    /// where no other of that name is meant.
    fn found_completed<'a>(&self, id: i32, round: &'a Round) -> Option<&'a Seen> {
        let slot = self.slots.get(&id)?;
        let is_another = |seen: &Seen| self.permanents.contains(&seen.permanent);
        round.completed.iter().find(|seen| match slot.permanent {
            0 => name(&seen.reference, seen.permanent) == slot.order && !is_another(seen),
            permanent => seen.permanent == permanent,
        })
    }

    /// An order that a look did not find.
    fn missed(&mut self, id: i32, round: &Round) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let traded = round.filled(id);
        if traded > Qty::ZERO {
            let state = match slot.left == Qty::ZERO {
                true => OrderState::Filled,
                false => OrderState::Cancelled,
            };
            let permanent = slot.permanent;
            self.finished(id, (traded, state, permanent));
        } else if slot.shown != Shown::Never {
            slot.missed += 1;
            if slot.missed >= MOST_MISSED {
                let (said, permanent) = (slot.said, slot.permanent);
                self.finished(id, (said, OrderState::Cancelled, permanent));
            }
        } else {
            // It never came: it is placed again, under the same number, which TWS takes once.
            if let Some(slot) = self.slots.remove(&id)
                && slot.doubt != Doubt::Taken
            {
                self.spare.insert(slot.order, id);
            }
        }
    }

    /// An order has ended at TWS.
    pub(super) fn finished(&mut self, id: i32, (filled, state, permanent): (Qty, OrderState, i64)) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.said = slot.said.max(filled);
        if permanent != 0 {
            slot.permanent = permanent;
            self.permanents.insert(permanent);
        }
        if slot.ending.is_none() {
            slot.ending = Some(Ending { state, at: now });
            slot.moved = now;
        }
    }

    /// Executions in the order in which they were done.
    fn executions(&self, round: &Round) -> Vec<Execution> {
        let mut told = Vec::new();
        for trade in &round.trades {
            let fee = self.cost(&trade.id);
            let (_, version) = cut(&trade.id);
            told.extend(self.execution(trade, fee));
            if version > 1 {
                told.extend(self.correction(trade));
            }
        }
        told.sort_by_key(|execution| execution.at);
        told
    }

    /// How each order stands: those kept here by what is known here, others by what was read.
    fn reports(&self, round: &Round) -> Vec<Report> {
        let mut reports: BTreeMap<ClientOrderId, Report> = BTreeMap::new();
        for seen in round.open.iter().chain(&round.completed) {
            let Ok(instrument) = self.universe.find(&seen.symbol) else { continue };
            let order = name(&seen.reference, seen.permanent);
            let read = match seen.status {
                Status::Draft | Status::Sent => OrderState::Sent,
                status => slots::state(status),
            };
            let is_known = seen.is_own && seen.id > 0;
            let state = self.gone.get(&seen.id).filter(|_| is_known).copied().unwrap_or(read);
            // One order may have stood under several numbers, one after another.
            let told = reports.entry(order.clone()).or_insert_with(|| Report {
                order,
                instrument,
                state,
                filled: Qty::ZERO,
                reason: String::new(),
            });
            told.filled += if seen.buys { seen.filled } else { -seen.filled };
            if state == OrderState::Filled || !state.is_done() || told.state.is_done() {
                told.state = state;
            }
        }
        for kept in self.shelf.kept.values() {
            let report = kept.standing();
            reports.insert(report.order.clone(), report);
        }
        reports.into_values().collect()
    }
}
