//! The port to TWS or the IB Gateway: orders and questions go out, what became of them comes in.
//! The socket lies behind it, and so does the paper exchange in a test.

use base::Ts;
use market::{Cash, OrderKind, Price, Qty, TimeInForce};

/// All that TWS is told of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Of the stock.
    pub symbol: String,
    /// Our name for it, which TWS keeps with the order and each of its executions (`orderRef`).
    pub reference: String,
    /// Signed: all of it, with what has filled.
    pub qty: Qty,
    /// How it may be filled.
    pub kind: OrderKind,
    /// How long it stands.
    pub tif: TimeInForce,
    /// The order under which it sleeps.
    pub parent: Option<i32>,
    /// Orders of one group reduce each other, one at a time (OCA type 2).
    pub group: Option<String>,
    /// False while others that belong to it are still to come.
    pub is_last: bool,
}

/// A part of what is on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Orders that stand, of all clients.
    Open,
    /// Orders that ended today.
    Completed,
    /// Executions with their commissions: of a week where TWS is set up to tell it, else of today.
    Trades,
    /// What is held.
    Positions,
    /// Cash, in dollars: an account in another currency answers nothing.
    Cash,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Place an order, or change the one that stands under this number.
    Place(i32, Terms),
    /// Take it back.
    Cancel(i32),
    /// Tell a part of the account; the answer bears the number.
    Read(u64, Part),
}

/// Where an order stands, as TWS says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It lies in TWS and was not transmitted.
    Draft,
    /// It is on its way to the broker.
    Sent,
    /// It stands there, asleep or awake.
    Working,
    /// It filled.
    Filled,
    /// It was taken back, by whomever.
    Cancelled,
    /// The broker took it off.
    Inactive,
}

impl Status {
    /// True where nothing more becomes of it.
    pub fn is_done(self) -> bool {
        matches!(self, Status::Filled | Status::Cancelled | Status::Inactive)
    }
}

/// An order as TWS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its number; zero where TWS tells none, as of orders that have ended.
    pub id: i32,
    /// Of a session with our client id.
    pub is_own: bool,
    /// TWS's own number, the same for good; zero for a draft.
    pub permanent: i64,
    /// Of what it trades.
    pub symbol: String,
    /// Whoever placed it named it so; may be empty.
    pub reference: String,
    /// True where it buys.
    pub buys: bool,
    /// The order that it sleeps under, or zero.
    pub parent: i32,
    /// Its group, as TWS names it; may be empty.
    pub group: String,
    /// Where it stands.
    pub status: Status,
    /// Filled, without a sign; zero where that is not told.
    pub filled: Qty,
    /// Still to be filled, without a sign, where that is told.
    pub left: Option<Qty>,
}

/// How far one of our orders has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its number.
    pub id: i32,
    /// TWS's own number.
    pub permanent: i64,
    /// Where it stands.
    pub status: Status,
    /// Filled, without a sign.
    pub filled: Qty,
    /// Still to be filled, without a sign.
    pub left: Qty,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Its name; one that differs behind the last dot only puts that one right.
    pub id: String,
    /// Number of the order.
    pub order: i32,
    /// Of a session with our client id.
    pub is_own: bool,
    /// TWS's own number of the order.
    pub permanent: i64,
    /// The order's name; may be empty.
    pub reference: String,
    /// Of what was traded.
    pub symbol: String,
    /// When.
    pub at: Ts,
    /// Signed.
    pub qty: Qty,
    /// At what price.
    pub price: Price,
}

/// What is held of a stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Of the stock.
    pub symbol: String,
    /// Signed.
    pub qty: Qty,
    /// What a share cost on average.
    pub average_price: Price,
}

/// A part of the account, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Orders.
    Orders(Vec<Seen>),
    /// Executions, each with its commission where that is known.
    Trades(Vec<(Trade, Option<Cash>)>),
    /// Positions.
    Positions(Vec<Position>),
    /// Cash.
    Cash(Cash),
}

/// What comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Orders may be sent: the first order number that nobody used.
    Connected(i32),
    /// They may not any more; and why. The session ended, or TWS has lost the broker.
    Lost(String),
    /// An order of ours stands so.
    Order(Seen),
    /// An order of ours has come so far.
    Progress(Progress),
    /// An order of ours traded.
    Traded(Trade),
    /// What an execution cost.
    Fee {
        /// The execution.
        trade: String,
        /// Commission and fees; positive costs money.
        fee: Cash,
    },
    /// An error or a notice, with TWS's number and words. What is said of the way to the broker is
    /// told as `Connected` and `Lost` alone.
    Error {
        /// The order that it concerns, if any.
        order: Option<i32>,
        /// The number.
        code: i32,
        /// The words.
        text: String,
    },
    /// An answer to a question.
    Answer(u64, Answer),
    /// There is none.
    Unanswered(u64, String),
}

/// A line to TWS. Nothing here blocks. It opens its session again by itself.
pub trait Line {
    /// Sends something. What is sent while orders may not be sent is lost.
    fn ask(&mut self, ask: Ask);

    /// Moves out what came in since the last call.
    fn hear(&mut self, into: &mut Vec<News>);

    /// Time since some beginning, which never jumps.
    fn now(&self) -> Ts;
}
