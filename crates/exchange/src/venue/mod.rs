//! A market and an account in it: requests and time go in, answers and messages come out.
//!
//! The same requests at the same times give the same answers, whoever asks and whenever. All of
//! the state can be written down after any turn and continued from later.
//!
//! Start reading at [`Venue::ask`] and [`Venue::step`]; orders meet bars in `work`.

mod account;
mod activity;
mod assets;
mod basis;
mod cancel;
mod check;
mod entry;
mod history;
mod ledger;
mod options;
mod order;
mod read;
mod replace;
mod rest;
mod spans;
mod submit;
mod told;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Day, Ts};
use market::{Cash, InstrumentId, Price, Qty, Session};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim::{BarExchange, BarPrint, CostConfig, CostModel, ExchangeConfig};

use crate::chunks::Chunks;
use crate::figures::uuid;
use crate::tws::Book;
use crate::{Answer, Error, Request, Tape};
use account::Configuration;
pub(crate) use account::Purse;
use activity::Activity;
pub(crate) use entry::{Change, Entry};
pub(crate) use history::trade_number;
use ledger::{Names, Orders, Waiting};
use options::Options;
pub(crate) use options::{ComboWish, Condition, Part, SIZE, Thing, root, standard};
pub(crate) use order::{Class, Kind, Order, Side, Status, Tif, Trail};
pub(crate) use read::{HIGHEST_PRICE, LONGEST_NAME, MOST_SHARES};
pub(crate) use spans::{Asked, Frame, Spanned, Splits, quote};
pub(crate) use told::{Note, Traded};

/// Layout of the written state; another one is refused.
const LAYOUT: u32 = 1;

/// How an account is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Money at the start.
    pub cash: Cash,
    /// Half the spread in basis points, paid by what takes liquidity.
    pub half_spread_bps: f64,
    /// Largest part of a bar's volume that the account may trade; `None` is no bound.
    pub participation: Option<f64>,
    /// Positions may be worth so many times the equity; 1 is a cash account.
    pub multiplier: u8,
    /// First session; one after twenty when left out.
    pub begin: Option<Day>,
    /// What the door of TWS takes of trades. At the other door there is no commission.
    pub commission: Commission,
    /// Limits that much worse than the market, in percent, are refused; `None` is no bound.
    pub price_collar_percent: Option<f64>,
}

/// What the door of TWS takes of a trade in shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Commission {
    /// Nothing.
    #[default]
    None,
    /// Interactive Brokers' fixed prices.
    Fixed,
}

impl Default for Opening {
    fn default() -> Opening {
        Opening {
            cash: Cash::from_raw(100_000 * Cash::SCALE),
            half_spread_bps: 1.0,
            participation: Some(0.1),
            multiplier: 2,
            begin: None,
            commission: Commission::Fixed,
            price_collar_percent: None,
        }
    }
}

/// Sessions before the first one that is traded, when nobody says where to begin.
const HISTORY: usize = 20;

/// Bars that are worked before somebody else may ask.
const MOST_AT_ONCE: u32 = 390;

/// All that is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    layout: u32,
    tape: String,
    /// Counts changes.
    version: u64,
    now: Ts,
    /// Where the replay stands: session, and the next slot in it.
    session: usize,
    slot: usize,
    exchange: BarExchange,
    half_spread_bps: f64,
    multiplier: u8,
    /// Accounts of before there was one pay none.
    #[serde(default)]
    commission: Commission,
    /// Accounts of before there was one have none.
    #[serde(default)]
    price_collar_percent: Option<f64>,
    opened_at: Ts,
    last_equity: Cash,
    configuration: Configuration,
    orders: Orders,
    /// Numbers of the orders that are not done.
    open: BTreeSet<usize>,
    activities: Chunks<Activity>,
    /// Last price of each instrument, and its close of the session before.
    marks: Vec<Option<Price>>,
    closes: Vec<Option<Price>>,
    /// What was held when the session began.
    overnight: BTreeMap<InstrumentId, Qty>,
    halted: BTreeSet<InstrumentId>,
    /// Contracts that are held.
    #[serde(default)]
    options: Options,
    /// What another door must remember of its clients; opaque here.
    #[serde(default)]
    tws: Book,
}

/// A market and an account in it.
#[derive(Debug)]
pub struct Venue {
    tape: Arc<Tape>,
    state: State,
    by_id: Names,
    by_client: Names,
    waiting: Waiting,
    /// The session's bars by their start, made once.
    day: Option<(usize, BTreeMap<Ts, Vec<BarPrint>>)>,
    /// What positions cost on average, as of the last fill.
    costs: BTreeMap<InstrumentId, Price>,
    updates: Vec<Value>,
    notes: Vec<Note>,
    prints: Vec<BarPrint>,
}

/// A state of an account, to be written while the account goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    state: State,
}

impl Snapshot {
    /// Counts changes: a later state has a higher number.
    pub fn version(&self) -> u64 {
        self.state.version
    }

    /// Writes it as text, to be restored from.
    pub fn write(&self, to: impl std::io::Write) -> std::io::Result<()> {
        serde_json::to_writer(to, &self.state).map_err(std::io::Error::from)
    }
}

/// What came of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The answer to who asked.
    pub answer: Answer,
    /// Messages to all who listen to the account, oldest first.
    pub updates: Vec<Value>,
    /// The same in plain words, for doors that speak another language.
    pub(crate) notes: Vec<Note>,
    /// Bars that became known.
    pub prints: Vec<BarPrint>,
    /// True where the state is another now and must be kept before the answer is given.
    pub is_changed: bool,
}

impl Venue {
    /// Opens an account in a market.
    pub fn open(tape: Arc<Tape>, opening: &Opening) -> Result<Venue, Error> {
        let sessions = tape.sessions();
        let usual = sessions[HISTORY.min(sessions.len() - 1)].day;
        let day = opening.begin.unwrap_or(usual);
        let at = sessions.partition_point(|session| session.day < day);
        let Some(session) = sessions.get(at) else {
            let (first, last) = (sessions[0].day, sessions[sessions.len() - 1].day);
            return Err(Error::Begin { day, first, last });
        };
        let count = tape.universe().len();
        let costs = CostConfig { half_spread_bps: opening.half_spread_bps, ..CostConfig::free() };
        let config = ExchangeConfig {
            cash: opening.cash,
            participation: opening.participation,
            ..ExchangeConfig::default()
        };
        let costs = CostModel::new(costs).map_err(Error::OpenAccount)?;
        let exchange = BarExchange::new(config, costs, count).map_err(Error::OpenAccount)?;
        let close = |number: usize| tape.close_before(InstrumentId(number as u32), session.day);
        let closes: Vec<Option<Price>> = (0..count).map(close).collect();
        let state = State {
            layout: LAYOUT,
            tape: tape.name().to_owned(),
            version: 0,
            now: session.open,
            session: at,
            slot: 0,
            exchange,
            half_spread_bps: opening.half_spread_bps,
            multiplier: opening.multiplier.clamp(1, 4),
            commission: opening.commission,
            price_collar_percent: opening.price_collar_percent,
            opened_at: session.open,
            last_equity: opening.cash,
            configuration: Configuration::default(),
            orders: Orders::default(),
            open: BTreeSet::new(),
            activities: Chunks::default(),
            marks: closes.clone(),
            closes,
            overnight: BTreeMap::new(),
            halted: BTreeSet::new(),
            options: Options::default(),
            tws: Book::default(),
        };
        let mut venue = Venue::of(tape, state);
        venue.begin_session()?;
        Ok(venue)
    }

    /// Goes on from a state that was written down.
    pub fn restore(tape: Arc<Tape>, state: &[u8]) -> Result<Venue, Error> {
        #[derive(Deserialize)]
        struct Head {
            layout: u32,
            tape: String,
        }
        let head: Head = serde_json::from_slice(state).map_err(Error::ReadState)?;
        if head.layout != LAYOUT || head.tape != tape.name() {
            return Err(Error::ContinueState {
                found: format!("{} in layout {}", head.tape, head.layout),
                wanted: format!("{} in layout {LAYOUT}", tape.name()),
            });
        }
        let state: State = serde_json::from_slice(state).map_err(Error::ReadState)?;
        Ok(Venue::of(tape, state))
    }

    fn of(tape: Arc<Tape>, state: State) -> Venue {
        let mut venue = Venue {
            tape,
            state,
            by_id: Names::default(),
            by_client: Names::default(),
            waiting: Waiting::default(),
            day: None,
            costs: BTreeMap::new(),
            updates: Vec::new(),
            notes: Vec::new(),
            prints: Vec::new(),
        };
        for number in 0..venue.state.orders.len() {
            venue.index(number);
        }
        venue.state.tws.index();
        venue.find_waiting();
        venue.costs = venue.held().iter().map(|h| (h.instrument, h.average_price)).collect();
        venue
    }

    fn index(&mut self, number: usize) {
        let order = &self.state.orders[number];
        self.by_id.insert(&order.id, number);
        self.by_client.insert(&order.client_id, number);
    }

    /// The state as text, to be kept.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&self.state).map_err(Error::WriteState)
    }

    /// The state as it is now, whatever happens next. What it takes hangs on the orders that are
    /// open, not on all that there ever were.
    pub fn frozen(&self) -> Snapshot {
        Snapshot { state: self.state.clone() }
    }

    /// Counts changes.
    pub(crate) fn version(&self) -> u64 {
        self.state.version
    }

    /// Lets the clock come to a time without a bar between.
    pub(crate) fn reach(&mut self, at: Ts) {
        self.state.now = self.state.now.max(at);
    }

    /// Lets a door work on the account, and gathers what came of it.
    pub(crate) fn act<T>(&mut self, work: impl FnOnce(&mut Venue) -> T) -> (T, Turn) {
        let before = self.state.version;
        let found = work(self);
        let turn = self.turn(before, Answer { status: 204, body: None });
        (found, turn)
    }

    /// Hands out the book of a door beside the account, and takes it back. It is kept with the
    /// account, as one.
    pub(crate) fn with_book<T>(&mut self, work: impl FnOnce(&mut Venue, &mut Book) -> T) -> T {
        let mut book = std::mem::take(&mut self.state.tws);
        let before = book.version();
        let found = work(self, &mut book);
        if book.version() != before {
            self.changed();
        }
        self.state.tws = book;
        found
    }

    /// The time in the market.
    pub fn now(&self) -> Ts {
        self.state.now
    }

    /// What is replayed.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// What the door of TWS takes of trades.
    pub(crate) fn commission(&self) -> Commission {
        self.state.commission
    }

    /// Takes a commission off the cash, and lists it.
    pub(crate) fn charge(&mut self, amount: Cash, at: Ts, what: &str) {
        if amount == Cash::ZERO {
            return;
        }
        self.state.exchange.take_cash(-amount);
        let activity = Activity::cash(self.state.activities.len(), at, -amount, what);
        self.state.activities.push(activity);
        self.changed();
    }

    /// Half the spread of quotes, in basis points.
    pub fn half_spread_bps(&self) -> f64 {
        self.state.half_spread_bps
    }

    /// Answers a request whose sender is known already.
    pub fn ask(&mut self, request: &Request) -> Result<Turn, Error> {
        let before = self.state.version;
        let answer = self.route(request)?;
        Ok(self.turn(before, answer))
    }

    /// Works the next bars, across the nights between sessions.
    pub fn step(&mut self, bars: u32) -> Result<Turn, Error> {
        let before = self.state.version;
        let mut done = 0;
        while done < bars && self.work_slot()? {
            done += 1;
        }
        let answer = Answer::ok(self.standing(done));
        Ok(self.turn(before, answer))
    }

    /// Lets the clock run to a time and works the bars that end by then, one session of minutes at
    /// most: a machine that is too slow for the pace falls behind but goes on answering.
    pub fn advance(&mut self, to: Ts) -> Result<Turn, Error> {
        let before = self.state.version;
        let done = self.run_to(to, MOST_AT_ONCE)?;
        let answer = Answer::ok(self.standing(done));
        Ok(self.turn(before, answer))
    }

    /// Lets the clock run, over so many bars at most and to the last close; a session begins with
    /// its open.
    fn run_to(&mut self, to: Ts, most: u32) -> Result<u32, Error> {
        // After the last session nothing is left to happen.
        let to = self.tape.sessions().last().map_or(to, |last| to.min(last.close));
        let mut done = 0;
        while self.next_end().is_some_and(|end| end <= to) {
            if done == most {
                return Ok(done);
            }
            self.work_slot()?;
            done += 1;
        }
        self.state.now = self.state.now.max(to);
        let next = self.tape.sessions().get(self.state.session + 1);
        let is_over = self.session().is_some_and(|on| self.state.slot >= self.tape.slots(on));
        if is_over && next.is_some_and(|next| next.open <= to) {
            self.state.session += 1;
            self.state.slot = 0;
            self.begin_session()?;
        }
        Ok(done)
    }

    /// When the next bar ends; `None` after the last.
    pub fn next_end(&self) -> Option<Ts> {
        let session = self.session()?;
        match self.state.slot < self.tape.slots(session) {
            true => Some(self.tape.slot(session, self.state.slot).1),
            false => {
                let next = self.tape.sessions().get(self.state.session + 1)?;
                Some(self.tape.slot(next, 0).1)
            }
        }
    }

    fn turn(&mut self, before: u64, answer: Answer) -> Turn {
        self.reckon();
        Turn {
            answer,
            updates: std::mem::take(&mut self.updates),
            notes: std::mem::take(&mut self.notes),
            prints: std::mem::take(&mut self.prints),
            is_changed: self.state.version != before,
        }
    }

    pub(crate) fn session(&self) -> Option<&'static Session> {
        self.tape.sessions().get(self.state.session)
    }

    fn is_open(&self) -> bool {
        let now = self.state.now;
        self.session().is_some_and(|session| session.open <= now && now < session.close)
    }

    fn changed(&mut self) {
        self.state.version += 1;
    }

    pub(crate) fn account_id(&self) -> String {
        uuid(&[&self.state.tape, "account"])
    }

    fn asset_id(&self, symbol: &str) -> String {
        uuid(&["asset", symbol])
    }

    /// The last price of an instrument.
    pub(crate) fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        self.state.marks[instrument.index()]
    }
}

#[cfg(test)]
mod tests;
