//! The account as a whole: read in five parts, told as one, and held against what is known here.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use market::remote::{Books, Execution, Heard, Report};
use market::{Cash, ClientOrderId, Held, InstrumentId, OrderState, Qty};

use super::line::{Answer, Ask, Line, Part, Position, Seen, Status, Trade};
use super::slots::{self, Doubt, Shown, Slot, Way};
use super::trades::{Cost, Counted, cut, name};
use super::{Ibkr, Stage};

/// A look at the account that is under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Of the desk's question; `None` where it is our own.
    number: Option<u64>,
    pub(super) began: Ts,
    /// Of the request that is out.
    asked: u64,
    part: Part,
    pub(super) open: Vec<Seen>,
    pub(super) completed: Vec<Seen>,
    pub(super) trades: Vec<Trade>,
    positions: Vec<Position>,
}

impl Round {
    /// Executions, each once, however often it was put right.
    pub(super) fn made(&self) -> impl Iterator<Item = &Trade> {
        let mut seen = BTreeSet::new();
        self.trades.iter().filter(move |trade| seen.insert(cut(&trade.id).0))
    }

    /// What an order of ours filled by its executions, without a sign.
    pub(super) fn filled(&self, id: i32) -> Qty {
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
        let is_due = is_wanted && self.round.is_none() && self.untold.is_none();
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
        // Whether the positions hold already what traded a moment ago, nobody can say.
        if self.stage != Stage::Unread {
            let since = round.began - self.waits.positions;
            let moved = self.traded_at.iter().filter(|(_, at)| **at >= since);
            for (instrument, _) in moved {
                held.insert(*instrument, self.held.get(instrument).copied().unwrap_or_default());
            }
        }
        self.held = held;
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
