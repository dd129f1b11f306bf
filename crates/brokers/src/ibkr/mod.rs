//! Interactive Brokers: orders over the socket protocol of TWS and the IB Gateway.
//!
//! TWS knows orders that sleep under others (`parentId`) and groups of which one reduces the others
//! (`ocaGroup`, type 2), so each order of the desk's is one order there. Its name is the `orderRef`,
//! which TWS keeps with the order and with each execution; its number is that of our client.
//!
//! - **Twice is once.** What may have been sent is looked for before it is sent again: among the
//!   orders that stand, those that ended, and the executions. What never came goes out under the
//!   same number, which TWS takes once.
//! - **A stop is moved** by placing the new one in the group of the old: both reduce each other, so
//!   the position is never bare, and never closed twice. A group that is filled takes no more
//!   orders. A change of the old one would bear the old one's name for good, and a later life could
//!   not tell whose its executions are.
//! - **Nothing stands for more than is held.** TWS sizes a group by itself; what came too late for
//!   that is changed to its right size once all is quiet, and taken back where nothing is held.
//! - **Nothing goes out** before orders, executions, positions and cash were read, nor after a
//!   break of the line before they were read again. Over the network the session ([`Gateway`])
//!   decides when the line is there: only while [`crate::gateway::Session`] lets orders be sent.
//! - **A figure that is none is no zero.** An execution without a size or a price is left out, and
//!   a part of the account in which a number of shares can't be read is asked for again: a zero in
//!   its place would close a position, or take its stop back.
//!
//! What TWS does not tell: executions before today, unless it is set up to keep a week of them, and
//! the gateway never; so a process that was down over midnight hears of what filled before from the
//! sums of its orders and from positions alone, and the desk freezes what differs. Dividends and
//! interest come as changes of cash without a name. An order whose day is over is told as taken
//! back.
//!
//! Source: interactivebrokers.github.io/tws-api: "Placing Orders", "Bracket Orders", "One Cancels
//! All", "Modifying Orders", "Retrieving currently active orders", "Executions and Commissions",
//! "Message Codes".

mod access;
mod books;
mod codes;
mod compare;
mod driving;
mod gateway;
mod hearing;
pub mod line;
pub mod market;
mod online;
pub mod prices;
mod reading;
mod settle;
mod shares;
mod slots;
mod spreads;
mod trades;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use ::market::remote::{Heard, Said, Wire};
use ::market::{Cash, ClientOrderId, InstrumentId, OrderRequest, OrderState, Qty, Universe};
use base::{Span, Ts};
use desk::courier::Patience;

pub use self::market::Inquiry;
pub use access::Access;
use books::Round;
pub use gateway::Gateway;
use line::Trade;
pub use line::{Ask, Line, News};
pub use online::Online;
use slots::Slot;
pub use spreads::{Reckoned, Spreads, Touch, Way};
use trades::Counted;

use crate::shelf::Shelf;

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For the cost of an execution, before it is told without.
    pub fee: Span,
    /// For what belongs together to be heard, before a difference counts as one.
    pub quiet: Span,
    /// After a refusal that may pass, before the same is asked again.
    pub again: Span,
    /// For an order to be shown, before it is looked for.
    pub look: Span,
    /// For positions to hold what has traded; they come from another of the broker's machines.
    pub positions: Span,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            fee: Span::from_seconds(3),
            quiet: Span::from_seconds(3),
            again: Span::from_seconds(1),
            look: Span::from_seconds(5),
            positions: Span::from_seconds(10),
        }
    }
}

/// The patience that a courier over this wire needs: the books are read in five requests, and one
/// of them may have to be asked again.
pub fn patience() -> Patience {
    Patience { answer: Span::from_seconds(30), ..Patience::default() }
}

/// Refusals of one order that may pass, before it counts as refused.
const MOST_REFUSALS: u32 = 5;

/// How much is known of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    Unread,
    /// The line is lost.
    Away,
    /// It is there again; what was missed is not known yet.
    Unsure,
    /// All that is needed to ask for something.
    Ready,
}

/// A wire to an account at Interactive Brokers.
#[derive(Debug)]
pub struct Ibkr<L> {
    line: L,
    universe: Universe,
    waits: Waits,
    shelf: Shelf,
    stage: Stage,
    /// What stands at TWS, by its number.
    slots: BTreeMap<i32, Slot>,
    /// How orders ended that stood.
    gone: BTreeMap<i32, OrderState>,
    /// TWS's own numbers of orders that were seen.
    permanents: BTreeSet<i64>,
    /// Numbers of orders that never came; they are used for the same orders again.
    spare: BTreeMap<ClientOrderId, i32>,
    /// How often a group had filled, and needed another name.
    groups: BTreeMap<String, u32>,
    next_order: i32,
    held: BTreeMap<InstrumentId, Qty>,
    /// Executions that were counted, and costs that came before theirs.
    trades: BTreeMap<String, Counted>,
    early: BTreeMap<String, Cash>,
    /// Executions that were heard before the account was read.
    unread: Vec<Trade>,
    /// When each instrument traded last.
    traded_at: BTreeMap<InstrumentId, Ts>,
    /// Exits for which nothing is held, and since when.
    bare: BTreeMap<ClientOrderId, Ts>,
    round: Option<Round>,
    /// What was read and not told yet.
    untold: Option<(Round, Cash)>,
    /// When a look began last.
    looked: Ts,
    next: u64,
    news: Vec<News>,
}

impl<L: Line> Ibkr<L> {
    /// A wire over a line.
    pub fn new(line: L, universe: Universe, waits: Waits) -> Ibkr<L> {
        Ibkr {
            looked: line.now(),
            line,
            universe,
            waits,
            shelf: Shelf::default(),
            stage: Stage::Unread,
            slots: BTreeMap::new(),
            gone: BTreeMap::new(),
            permanents: BTreeSet::new(),
            spare: BTreeMap::new(),
            groups: BTreeMap::new(),
            next_order: 1,
            held: BTreeMap::new(),
            trades: BTreeMap::new(),
            early: BTreeMap::new(),
            unread: Vec::new(),
            traded_at: BTreeMap::new(),
            bare: BTreeMap::new(),
            round: None,
            untold: None,
            next: 0,
            news: Vec::new(),
        }
    }

    /// The line.
    pub fn line(&mut self) -> &mut L {
        &mut self.line
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn now(&self) -> Ts {
        self.line.now()
    }

    /// Takes an order back: at once where it does not stand at TWS, else when that says so.
    fn drop_order(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.shelf.kept.get_mut(order) {
            kept.is_cancelling = true;
            return;
        }
        // An order of ours that the desk does not know.
        let stranger = self.slots.iter().find(|(_, slot)| slot.order == *order && slot.is_open());
        if let Some((id, _)) = stranger {
            let id = *id;
            self.leave(id);
        }
    }
}

impl<L: Line> Wire for Ibkr<L> {
    fn say(&mut self, said: &Said) {
        match said {
            Said::Submit(request) => {
                let arrived = self.number();
                self.shelf.keep(request, arrived);
            }
            Said::Cancel(order) => self.drop_order(order),
            // TWS tells as far back as it can, whatever is asked for.
            Said::AskBooks { number, .. } => self.begin_books(Some(*number)),
        }
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        let mut news = std::mem::take(&mut self.news);
        self.line.hear(&mut news);
        for one in news.drain(..) {
            self.take(one);
        }
        self.news = news;
        self.tell_unpriced();
        self.tell_books();
        self.close_slots();
        self.look_where_due();
        into.append(&mut self.shelf.heard);
    }

    fn flush(&mut self) {
        self.settle();
    }

    fn takes_families(&self) -> bool {
        true
    }

    fn recall(&mut self, order: &OrderRequest, filled: Qty, taken: Qty) {
        let arrived = self.number();
        self.shelf.recall(order, arrived, (filled, taken));
    }
}
