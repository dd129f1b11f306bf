//! Alpaca: orders over HTTP, what became of them over a stream.
//!
//! The desk speaks of orders that sleep under a parent and of groups of which one cancels the
//! others, and moves a stop by sending the new one first. Alpaca knows neither: a share can be
//! promised to one order only, a stop and a target for the same shares must be placed as one, and
//! an exit beside an open entry is refused as a wash trade. So what the desk wants is kept here
//! ([`kept`]), compared with what stands at Alpaca ([`packs`]), and the difference is asked for
//! ([`settle`]): the newest stop and target of a group become one `oco` order, a moved stop becomes
//! a change of that order, an entry with one stop goes out with it as a `bracket`. An entry that
//! stays filled in part is taken back after a while, since only then its part can be protected.
//! A fraction of a share stands behind a stop of its own ([`fractions`]).
//!
//! What is kept here is lost when the process ends. The desk tells it again at the next start
//! ([`Wire::recall`]), and Alpaca tells what stands: names of packs hold those of our orders.
//!
//! A trade may be put right (`trade_correct`) or taken back (`trade_bust`) after it was told.
//! Another price for the same shares, of a trade that this process heard of, is told as a
//! correction. There is no word for the rest: other shares, a trade taken back, or one from before.
//! After each such message the account is asked for at once; what differs in it is frozen by the
//! desk, and a person decides. Nobody may have been there to hear the message: then the account
//! differs, too.
//!
//! Source: docs.alpaca.markets, "Placing Orders", "Websocket Streaming" and the reference of the
//! Trading API, as the paper exchange and `alpaca-py` 0.44 know them.

mod account;
mod books;
mod fractions;
mod hearing;
mod kept;
pub mod line;
pub mod market;
mod online;
mod packs;
pub mod prices;
mod settle;
mod spreads;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use ::market::remote::{Heard, Said, Wire};
use ::market::{BrokerRef, ClientOrderId, InstrumentId, OrderRequest, Qty, Universe};
use base::{Span, Ts};
use desk::courier::Patience;

pub use self::market::Inquiry;
pub use account::Account;
use books::Round;
pub use line::{Ask, Line, Method, News};
pub use online::{Access, Online, Servers};
use packs::Pack;
pub use prices::Source;
pub use spreads::{Direct, Spreads, Talk};
use words::Trade;

use crate::shelf::Shelf;

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For an entry that is filled in part to fill whole, before it is taken back so that its part
    /// can be protected.
    pub partial: Span,
    /// After a refusal that may pass, before the same is asked again.
    pub again: Span,
    /// How far behind the time asked for the first books look for orders that have ended: an order
    /// good until cancelled lives for ninety days.
    pub deep: Span,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            partial: Span::from_seconds(3),
            again: Span::from_seconds(1),
            deep: Span::from_days(100),
        }
    }
}

/// The patience that a courier over this wire needs: the books are read in five requests or more,
/// and one of them may have to be asked again.
pub fn patience() -> Patience {
    Patience { answer: Span::from_seconds(30), ..Patience::default() }
}

/// Refusals of one order that may pass, before it counts as refused.
const MOST_REFUSALS: u32 = 5;

/// What an answer is waited for.
#[derive(Debug, Clone, PartialEq)]
enum Purpose {
    /// To a pack that is placed.
    Place(u64),
    /// To a pack that is looked for, by its name or that of its head.
    Find(u64),
    /// To one that is taken back.
    Leave(u64),
    /// To a leg that is moved: the pack, Alpaca's name of the leg, our order that it serves then.
    Move(u64, String, ClientOrderId),
    /// To a part of the books.
    Books,
}

/// A wire to an account at Alpaca.
#[derive(Debug)]
pub struct Alpaca<L> {
    line: L,
    universe: Universe,
    waits: Waits,
    shelf: Shelf,
    /// What stands at Alpaca, by a number of ours.
    packs: BTreeMap<u64, Pack>,
    /// How often each name of a pack was used.
    attempts: BTreeMap<String, u32>,
    /// Our order behind each of Alpaca's.
    names: BTreeMap<String, ClientOrderId>,
    /// Alpaca's names of orders that others took the place of.
    superseded: BTreeSet<String>,
    /// What of each of Alpaca's orders was counted as filled.
    counted: BTreeMap<String, Qty>,
    held: BTreeMap<InstrumentId, Qty>,
    /// Trades that were counted.
    trades: BTreeSet<BrokerRef>,
    /// Trades that the stream told, by Alpaca's own names, which corrections refer to.
    done: BTreeMap<String, Trade>,
    /// Instruments that traded since the account was last asked for.
    meanwhile: BTreeSet<InstrumentId>,
    purposes: BTreeMap<u64, Purpose>,
    next: u64,
    /// Whether the account was read once; nothing is settled before.
    is_loaded: bool,
    round: Option<Round>,
    news: Vec<News>,
}

impl<L: Line> Alpaca<L> {
    /// A wire over a line.
    pub fn new(line: L, universe: Universe, waits: Waits) -> Alpaca<L> {
        Alpaca {
            line,
            universe,
            waits,
            shelf: Shelf::default(),
            packs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            names: BTreeMap::new(),
            superseded: BTreeSet::new(),
            counted: BTreeMap::new(),
            held: BTreeMap::new(),
            trades: BTreeSet::new(),
            done: BTreeMap::new(),
            meanwhile: BTreeSet::new(),
            purposes: BTreeMap::new(),
            next: 0,
            is_loaded: false,
            round: None,
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

    fn ask(
        &mut self,
        method: Method,
        path: String,
        body: Option<serde_json::Value>,
        purpose: Purpose,
    ) {
        let number = self.number();
        self.purposes.insert(number, purpose);
        self.line.ask(Ask { number, method, path, body });
    }

    fn symbol(&self, instrument: InstrumentId) -> String {
        self.universe.get(instrument).symbol.clone()
    }

    fn now(&self) -> Ts {
        self.line.now()
    }

    /// The pack in which an order stands.
    fn pack_of(&self, order: &ClientOrderId) -> Option<u64> {
        let found = self.packs.iter().find(|(_, pack)| pack.serves(order));
        found.map(|(number, _)| *number)
    }
}

impl<L: Line> Wire for Alpaca<L> {
    fn say(&mut self, said: &Said) {
        match said {
            Said::Submit(request) => {
                let arrived = self.number();
                self.shelf.keep(request, arrived);
            }
            Said::Cancel(order) => self.drop_order(order),
            Said::AskBooks { number, since } => self.begin_books(*number, *since),
        }
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        let mut news = std::mem::take(&mut self.news);
        self.line.hear(&mut news);
        for one in news.drain(..) {
            self.take(one);
        }
        self.news = news;
        self.settle();
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
