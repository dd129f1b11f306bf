//! The courier: between the engine, which must hear each fact once and in order, and a wire, which
//! loses, delays, doubles and reorders (EXE-3).
//!
//! To the engine it is a [`Broker`]. Nothing goes out before [`Courier::flush`], which its driver
//! calls once the journal holds what was decided; so what is sent is on record, and what was on
//! record and not sent is found after a restart.
//!
//! - An order is sent again only after the broker's books, asked for later than any message may
//!   travel, do not know it; it bears the same name, so that twice is once.
//! - An order has ended only once as much was executed as its report says was filled.
//! - A child is sent once its parent is known to the broker, or with it where the wire takes
//!   families.
//! - An exit that takes the place of one which the broker ended unasked waits for books: its group
//!   may have filled, and that is not heard yet.
//! - The books are asked for at the start, after each break of the wire, whenever an answer is
//!   overdue, and every minute. What they tell and was not heard is heard now; so is what an
//!   execution cost, where that became known only after it was told.

mod hearing;
mod restart;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod tin;

use std::collections::{BTreeMap, BTreeSet};

use base::{Span, Ts};
use market::remote::{Books, Execution, Heard, Payment, Said, Wire};
use market::{
    Broker, BrokerEvent, BrokerRef, Cash, ClientOrderId, OrderRequest, OrderState, Price, Qty,
    Snapshot,
};

/// How long the courier waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For an answer, before the books are asked for.
    pub answer: Span,
    /// Longer than any message travels: an order not in books that were asked for this long after
    /// it was sent never came.
    pub travel: Span,
    /// Between books when all is well.
    pub books: Span,
    /// How old an opening order may be when it is sent; older ones are let go.
    pub opening: Span,
    /// How far back books reach.
    pub reach: Span,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            answer: Span::from_seconds(5),
            travel: Span::from_seconds(10),
            books: Span::from_minutes(1),
            opening: Span::from_minutes(1),
            reach: Span::from_days(4),
        }
    }
}

/// The two clocks of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// The time of day, which may jump.
    pub wall: Ts,
    /// Time since some beginning, which never does. What waits, waits by this one.
    pub steady: Ts,
}

/// An order that has not ended.
#[derive(Debug, Clone)]
struct Tracked {
    request: OrderRequest,
    /// When it was decided, or restored.
    asked: Ts,
    /// When it was last sent; `None` while it waits for its parent or the wire.
    sent: Option<Ts>,
    /// When the broker first spoke of it.
    known: Option<Ts>,
    /// Signed quantity of the executions handed on.
    delivered: Qty,
    /// How it ended, while executions are missing; and when that was heard.
    ended: Option<Ending>,
    /// When it was last asked to be taken back.
    cancelling: Option<Ts>,
    /// Not to be sent again.
    outdated: bool,
}

impl Tracked {
    /// Its moment has passed: prices are others than those it was decided on.
    fn is_late(&self, now: Ts, opening: Span) -> bool {
        self.outdated || (!self.request.reduce_only && now - self.asked > opening)
    }
}

#[derive(Debug, Clone)]
struct Ending {
    state: OrderState,
    filled: Qty,
    reason: String,
    heard: Ts,
}

/// Between an engine and a wire.
#[derive(Debug)]
pub struct Courier<W> {
    wire: W,
    patience: Patience,
    now: Ts,
    wall: Ts,
    connected: bool,
    /// True from the first books on: before them nothing is sent.
    introduced: bool,
    orders: BTreeMap<ClientOrderId, Tracked>,
    heard: BTreeSet<BrokerRef>,
    /// What each execution was told to have cost.
    fees: BTreeMap<BrokerRef, Cash>,
    /// Corrections of executions that were not heard yet.
    early: BTreeMap<BrokerRef, Vec<(BrokerRef, Price)>>,
    /// Executions of children that came before those of their parents, and when.
    ahead: Vec<(Ts, Execution)>,
    /// What orders that have ended closed of groups that have not.
    closed: BTreeMap<String, Qty>,
    /// Groups of which the broker ended an order unasked, and the number of the last question for
    /// the books before that. Until later books are heard nothing more of such a group is sent.
    doubted: BTreeMap<String, u64>,
    outgoing: Vec<Said>,
    incoming: Vec<Heard>,
    events: Vec<BrokerEvent>,
    /// Number of the last question for the books, and when it was put, while unanswered.
    asked: Option<(u64, Ts)>,
    next_number: u64,
    last_books: Option<(Ts, Books)>,
    /// Books are wanted at the next chance.
    wanted: bool,
    /// What a person should look at, since it was last asked for.
    incidents: Vec<String>,
    /// When the account became ours to trade on; what others did there before is in its first cash.
    began: Ts,
    /// The last that the journal knows of, until the first books after a restart.
    last: Option<Ts>,
}

impl<W: Wire> Courier<W> {
    /// A courier over a wire that is connected, for an account on which nothing is out.
    pub fn new(wire: W, patience: Patience, clocks: Clocks) -> Courier<W> {
        Courier {
            wire,
            patience,
            now: clocks.steady,
            wall: clocks.wall,
            connected: true,
            introduced: false,
            orders: BTreeMap::new(),
            heard: BTreeSet::new(),
            fees: BTreeMap::new(),
            early: BTreeMap::new(),
            ahead: Vec::new(),
            closed: BTreeMap::new(),
            doubted: BTreeMap::new(),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            events: Vec::new(),
            asked: None,
            next_number: u64::try_from(clocks.steady.nanos()).unwrap_or(0),
            last_books: None,
            wanted: true,
            incidents: Vec::new(),
            began: clocks.wall,
            last: None,
        }
    }

    /// Begins a turn: hears what came, and asks for the books where something is overdue.
    pub fn turn(&mut self, clocks: Clocks) {
        self.now = self.now.max(clocks.steady);
        self.wall = clocks.wall;
        self.began = self.began.min(clocks.wall);
        let mut incoming = std::mem::take(&mut self.incoming);
        self.wire.hear(&mut incoming);
        for heard in incoming.drain(..) {
            self.take(heard);
        }
        self.incoming = incoming;
        if self.connected {
            self.ask_where_due();
        }
    }

    /// Sends what was decided. Only to be called once that is on record.
    pub fn flush(&mut self) {
        let held = std::mem::take(&mut self.outgoing);
        for said in held {
            if self.connected {
                self.wire.say(&said);
            }
        }
        self.send_ready();
        self.wire.flush();
    }

    /// True when nothing is on its way and nothing is missing: what the books say and what the
    /// engine has booked must now agree.
    pub fn is_settled(&self) -> bool {
        let quiet = |order: &Tracked| {
            order.known.is_some() && order.ended.is_none() && order.cancelling.is_none()
        };
        self.connected
            && self.introduced
            && self.asked.is_none()
            && !self.wanted
            && self.outgoing.is_empty()
            && self.ahead.is_empty()
            && self.events.is_empty()
            && self.orders.values().all(quiet)
    }

    /// The last books, and when they were asked for.
    pub fn books(&self) -> Option<&(Ts, Books)> {
        self.last_books.as_ref()
    }

    /// Moves out what a person should look at.
    pub fn incidents(&mut self) -> Vec<String> {
        std::mem::take(&mut self.incidents)
    }

    /// Asks for the books at the next turn.
    pub fn want_books(&mut self) {
        self.wanted = true;
    }

    /// The wire.
    pub fn wire(&mut self) -> &mut W {
        &mut self.wire
    }

    /// Orders are sent for the first time here: after the books are known, a child after its
    /// parent.
    fn send_ready(&mut self) {
        if !self.connected || !self.introduced {
            return;
        }
        self.let_late_ones_go();
        let families = self.wire.takes_families();
        let doubted = |group: &String| self.doubted.contains_key(group);
        let unsent = |order: &&Tracked| {
            order.sent.is_none() && !order.request.oco_group.as_ref().is_some_and(doubted)
        };
        let mut ready: Vec<(bool, ClientOrderId)> = self
            .orders
            .values()
            .filter(unsent)
            .filter(|order| families || self.parent_is_known(order))
            .map(|order| (order.request.parent.is_some(), order.request.id.clone()))
            .collect();
        // Parents first.
        ready.sort();
        for (_, id) in ready {
            let Some(order) = self.orders.get_mut(&id) else { continue };
            order.sent = Some(self.now);
            self.wire.say(&Said::Submit(order.request.clone()));
        }
    }

    /// Opening orders that waited for the wire for too long are not sent any more.
    fn let_late_ones_go(&mut self) {
        let (now, opening) = (self.now, self.patience.opening);
        let late = |order: &&Tracked| order.sent.is_none() && order.is_late(now, opening);
        let late: Vec<ClientOrderId> =
            self.orders.values().filter(late).map(|order| order.request.id.clone()).collect();
        for id in late {
            self.let_go(&id, "it could not be sent in time");
        }
    }

    fn parent_is_known(&self, order: &Tracked) -> bool {
        let parent = order.request.parent.as_ref().and_then(|parent| self.orders.get(parent));
        parent.is_none_or(|parent| parent.known.is_some())
    }

    fn ask_where_due(&mut self) {
        let Patience { answer, travel, books, .. } = self.patience;
        let now = self.now;
        if self.asked.is_some_and(|(_, at)| now < at + answer) {
            return;
        }
        // Since when books can tell whether an order arrived that nobody spoke of.
        let unheard = |order: &Tracked| {
            let sent = order.sent.filter(|_| order.known.is_none());
            sent.map(|at| at + travel).filter(|due| now >= *due)
        };
        let overdue = |order: &Tracked| {
            let ending = order.ended.as_ref().is_some_and(|ending| now >= ending.heard + answer);
            let uncancelled = order.cancelling.is_some_and(|at| now >= at + answer);
            unheard(order).is_some() || ending || uncancelled
        };
        let since = |span: Span| self.last_books.as_ref().is_none_or(|(at, _)| now >= *at + span);
        let lost = self.asked.is_some();
        // What the last books did not settle is not asked for at every turn, what none could settle
        // yet at once: it may be a stop that never left.
        let asked_since = |due| self.last_books.as_ref().is_some_and(|(at, _)| *at >= due);
        let unsettled = |order: &Tracked| unheard(order).is_some_and(|due| !asked_since(due));
        let orders = || self.orders.values();
        let overdue = || orders().any(|it| unsettled(it) || since(answer) && overdue(it));
        if self.wanted || since(books) || lost || overdue() {
            self.wanted = false;
            self.next_number += 1;
            self.asked = Some((self.next_number, now));
            let since = self.books_since();
            self.outgoing.push(Said::AskBooks { number: self.next_number, since });
        }
    }

    /// How far back books are asked for: some days, or to the journal's end where that is longer
    /// ago, and never beyond the beginning.
    fn books_since(&self) -> Ts {
        let reach = self.patience.reach;
        let from = self.last.map_or(self.wall, |last| self.wall.min(last));
        // Clocks may differ: who traded is asked for a little earlier than it counts.
        (from - reach).max(self.began - Span::from_hours(2))
    }

    /// Tells the engine of an order that moved.
    fn tell(&mut self, order: &ClientOrderId, state: OrderState, reason: &str) {
        let reason = reason.to_owned();
        self.events.push(BrokerEvent::Moved { order: order.clone(), state, reason });
    }
}

impl<W: Wire> Broker for Courier<W> {
    fn submit(&mut self, _at: Ts, order: &OrderRequest) {
        let tracked = Tracked {
            request: order.clone(),
            asked: self.now,
            sent: None,
            known: None,
            delivered: Qty::ZERO,
            ended: None,
            cancelling: None,
            outdated: false,
        };
        self.orders.entry(order.id.clone()).or_insert(tracked);
    }

    fn cancel(&mut self, _at: Ts, id: &ClientOrderId) {
        let Some(order) = self.orders.get_mut(id) else { return };
        order.cancelling = Some(self.now);
        if order.sent.is_some() || order.known.is_some() {
            self.outgoing.push(Said::Cancel(id.clone()));
        } else {
            // It never left: it is taken back here.
            self.orders.remove(id);
            self.tell(id, OrderState::Cancelled, "taken back before it was sent");
        }
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        into.append(&mut self.events);
    }

    fn snapshot(&self) -> Snapshot {
        let Some((_, books)) = &self.last_books else {
            return Snapshot { cash: market::Cash::ZERO, positions: vec![], open_orders: vec![] };
        };
        let open = books.orders.iter().filter(|report| !report.state.is_done());
        let mut open_orders: Vec<ClientOrderId> = open.map(|it| it.order.clone()).collect();
        open_orders.sort();
        Snapshot { cash: books.cash, positions: books.positions.clone(), open_orders }
    }
}

/// What an execution cost, where that is told after it. Whoever tells it, it has one name, so that
/// it is paid once.
pub fn late_fee(execution: &BrokerRef, fee: Cash) -> Payment {
    Payment {
        id: BrokerRef(format!("fee/{}", execution.0)),
        amount: -fee,
        reason: "commission told after its execution".to_owned(),
    }
}

/// An execution as the engine books it.
fn fill(execution: &Execution) -> market::Fill {
    market::Fill {
        order: execution.order.clone(),
        instrument: execution.instrument,
        at: execution.at,
        qty: execution.qty,
        price: execution.price,
        fee: execution.fee,
        evidence: None,
        execution: Some(execution.id.clone()),
    }
}
