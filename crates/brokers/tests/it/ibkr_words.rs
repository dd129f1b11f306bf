//! What single messages of TWS mean to the desk: costs, corrections, errors, what stands from
//! before.

use std::cell::RefCell;
use std::rc::Rc;

use base::Ts;
use brokers::ibkr::line::{Answer, Part, Position, Progress, Seen, Status, Terms, Trade};
use brokers::ibkr::{Ask, Ibkr, Line, News, Waits};
use market::remote::{Execution, Heard, Said, Wire as _};
use market::{Cash, OrderKind, OrderRequest, OrderState, Price, Qty};

use crate::rig::{exit, order, tape, usd};

/// A line whose far end is the test.
#[derive(Debug, Default, Clone)]
struct Script(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    asked: Vec<Ask>,
    news: Vec<News>,
    second: i64,
}

impl Line for Script {
    fn ask(&mut self, ask: Ask) {
        self.0.borrow_mut().asked.push(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        into.append(&mut self.0.borrow_mut().news);
    }

    fn now(&self) -> Ts {
        Ts::from_seconds(self.0.borrow().second)
    }
}

/// A wire and what the account holds.
struct Stand {
    wire: Ibkr<Script>,
    script: Script,
    open: Vec<Seen>,
    completed: Vec<Seen>,
    held: i64,
}

impl Stand {
    fn new() -> Stand {
        let script = Script::default();
        let universe = tape(&[]).universe().clone();
        let wire = Ibkr::new(script.clone(), universe, Waits::default());
        script.0.borrow_mut().news.push(News::Connected(1));
        Stand { wire, script, open: vec![], completed: vec![], held: 0 }
    }

    /// One whose account was read.
    fn read() -> Stand {
        let mut stand = Stand::new();
        stand.books();
        stand
    }

    /// A turn in which something is heard; what the desk is told.
    fn hear(&mut self, news: Vec<News>) -> Vec<Heard> {
        self.script.0.borrow_mut().news.extend(news);
        let mut heard = Vec::new();
        self.wire.hear(&mut heard);
        self.wire.flush();
        heard
    }

    fn pass(&mut self, seconds: i64) -> Vec<Heard> {
        self.script.0.borrow_mut().second += seconds;
        self.hear(vec![])
    }

    /// Asks for the books, and answers whatever is asked for them.
    fn books(&mut self) -> Vec<Heard> {
        self.hear(vec![]);
        self.wire.say(&Said::AskBooks { number: 1, since: Ts::MIN });
        let mut told = Vec::new();
        while let Some((number, part)) = self.question() {
            let answer = match part {
                Part::Open => Answer::Orders(self.open.clone()),
                Part::Completed => Answer::Orders(self.completed.clone()),
                Part::Trades => Answer::Trades(vec![]),
                Part::Positions => Answer::Positions(vec![Position {
                    symbol: "AAA".to_owned(),
                    qty: Qty::whole(self.held),
                    average_price: usd(100.0),
                }]),
                Part::Cash => Answer::Cash(Cash::ZERO),
            };
            told.extend(self.hear(vec![News::Answer(number, answer)]));
        }
        told
    }

    fn question(&self) -> Option<(u64, Part)> {
        let mut state = self.script.0.borrow_mut();
        let at = state.asked.iter().position(|ask| matches!(ask, Ask::Read(..)))?;
        let Ask::Read(number, part) = state.asked.remove(at) else { return None };
        Some((number, part))
    }

    fn submit(&mut self, order: &OrderRequest) {
        self.wire.say(&Said::Submit(order.clone()));
        self.wire.flush();
    }

    /// Orders that were placed since the last call.
    fn placed(&mut self) -> Vec<(i32, Terms)> {
        let asked = std::mem::take(&mut self.script.0.borrow_mut().asked);
        let placed = asked.into_iter().filter_map(|ask| match ask {
            Ask::Place(id, terms) => Some((id, terms)),
            _ => None,
        });
        placed.collect()
    }
}

fn trade(id: &str, of: (&OrderRequest, i32), shares: i64, price: f64) -> News {
    News::Traded(Trade {
        id: id.to_owned(),
        order: of.1,
        is_own: true,
        permanent: 1_000 + i64::from(of.1),
        reference: of.0.id.as_str().to_owned(),
        symbol: "AAA".to_owned(),
        at: Ts::from_seconds(0),
        qty: Qty::whole(shares),
        price: usd(price),
    })
}

fn fee(trade: &str, cents: i64) -> News {
    News::Fee { trade: trade.to_owned(), fee: Cash::from_raw(cents * Cash::SCALE / 100) }
}

fn seen(of: &OrderRequest, id: i32, status: Status) -> Seen {
    Seen {
        id,
        is_own: true,
        permanent: 1_000 + i64::from(id),
        symbol: "AAA".to_owned(),
        reference: of.id.as_str().to_owned(),
        buys: of.qty > Qty::ZERO,
        parent: 0,
        group: String::new(),
        status,
        filled: Qty::ZERO,
        left: Some(of.qty.abs()),
    }
}

fn error(order: Option<i32>, code: i32) -> News {
    News::Error { order, code, text: "words".to_owned() }
}

fn executed(heard: Vec<Heard>) -> Vec<Execution> {
    let made = heard.into_iter().filter_map(|heard| match heard {
        Heard::Executed(execution) => Some(execution),
        _ => None,
    });
    made.collect()
}

fn ended(heard: Vec<Heard>) -> Vec<(OrderState, String)> {
    let done = heard.into_iter().filter_map(|heard| match heard {
        Heard::Order(report) if report.state.is_done() => Some((report.state, report.reason)),
        _ => None,
    });
    done.collect()
}

const MARKET: OrderKind = OrderKind::Market;

#[test]
fn an_execution_waits_for_its_cost_and_not_for_ever() {
    let mut stand = Stand::read();
    let buy = order("buy", 10, MARKET);
    stand.submit(&buy);
    assert!(executed(stand.hear(vec![trade("a.1.01", (&buy, 1), 4, 100.0)])).is_empty());
    let told = executed(stand.hear(vec![fee("a.1.01", 35)]));
    assert_eq!((told.len(), told[0].fee.to_string().as_str()), (1, "0.35"));
    assert!(executed(stand.hear(vec![fee("a.1.01", 35)])).is_empty());

    // A cost may come first, or too late.
    let told = stand.hear(vec![fee("a.2.01", 35), trade("a.2.01", (&buy, 1), 4, 100.0)]);
    assert_eq!(executed(told)[0].fee.to_string(), "0.35");
    stand.hear(vec![trade("a.3.01", (&buy, 1), 2, 100.0)]);
    let told = executed(stand.pass(4));
    assert_eq!((told.len(), told[0].fee), (1, Cash::ZERO));
    let told = stand.hear(vec![fee("a.3.01", 35)]);
    let [Heard::Paid(paid)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((paid.id.0.as_str(), paid.amount.to_string().as_str()), ("fee/a.3", "-0.35"));
}

#[test]
fn a_correction_puts_right_what_was_told_and_trades_nothing() {
    let mut stand = Stand::read();
    let buy = order("buy", 10, MARKET);
    stand.submit(&buy);
    stand.hear(vec![trade("a.1.01", (&buy, 1), 10, 100.0), fee("a.1.01", 0)]);
    let told = executed(stand.hear(vec![trade("a.1.02", (&buy, 1), 10, 99.0)]));
    assert_eq!(told.len(), 1);
    let correction = &told[0];
    assert_eq!((correction.id.0.as_str(), correction.price), ("a.1.02", usd(99.0)));
    assert_eq!(correction.corrects.as_ref().map(|of| of.0.as_str()), Some("a.1"));
    // The older one, told late, is no news.
    let late = vec![trade("a.1.01", (&buy, 1), 10, 100.0), trade("a.1.02", (&buy, 1), 10, 99.0)];
    assert!(executed(stand.hear(late)).is_empty());
}

#[test]
fn nothing_is_placed_before_the_account_was_read_nor_after_a_break_before_it_was_read_again() {
    let mut stand = Stand::new();
    stand.hear(vec![]);
    stand.submit(&order("early", 10, MARKET));
    assert!(stand.placed().is_empty());
    stand.books();
    assert_eq!(stand.placed().len(), 1);

    // TWS is there, and has lost the broker.
    assert!(stand.hear(vec![News::Lost("no servers".to_owned())]).contains(&Heard::Lost));
    stand.submit(&order("dark", 10, MARKET));
    assert!(stand.placed().is_empty());
    assert!(stand.hear(vec![News::Connected(1)]).contains(&Heard::Connected));
    stand.wire.flush();
    assert!(stand.placed().is_empty());
    stand.books();
    assert!(stand.placed().iter().any(|(_, terms)| terms.qty == Qty::whole(10)));
}

#[test]
fn an_exit_is_placed_for_what_is_held_and_no_more() {
    let mut stand = Stand::read();
    let stop = exit(("stop", "g"), None, -10, OrderKind::Stop { stop: usd(95.0) });
    stand.submit(&stop);
    assert!(stand.placed().is_empty());
    stand.held = 6;
    stand.books();
    let placed = stand.placed();
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0].1.qty, Qty::whole(-6));
}

#[test]
fn positions_that_lag_do_not_take_a_stop_away() {
    let mut stand = Stand::read();
    let buy = order("buy", 10, MARKET);
    stand.submit(&buy);
    stand.hear(vec![trade("a.1.01", (&buy, 1), 10, 100.0), fee("a.1.01", 0)]);
    let stop = exit(("stop", "g"), None, -10, OrderKind::Stop { stop: usd(95.0) });
    stand.submit(&stop);
    assert_eq!(stand.placed().len(), 2);
    let id = 2;
    stand.open = vec![seen(&stop, id, Status::Working)];
    // The positions do not hold the trade yet.
    stand.pass(4);
    stand.books();
    stand.pass(4);
    let is_asked = |stand: &Stand| stand.script.0.borrow().asked.contains(&Ask::Cancel(id));
    assert!(!is_asked(&stand));
    // Once they must, nothing is held that the stop could reduce.
    stand.pass(10);
    stand.books();
    stand.pass(4);
    assert!(is_asked(&stand));
}

#[test]
fn refusals_end_an_order_and_warnings_do_not() {
    let mut stand = Stand::read();
    stand.submit(&order("one", 10, MARKET));
    assert!(ended(stand.hear(vec![error(Some(1), 399), error(Some(1), 2109)])).is_empty());
    let told = ended(stand.hear(vec![error(Some(1), 201)]));
    assert_eq!(told, [(OrderState::Rejected, "201 words".to_owned())]);

    // What stands is not ended by a cancel that came too late for it.
    let two = order("two", 10, MARKET);
    stand.submit(&two);
    let progress = Progress {
        id: 2,
        permanent: 1_002,
        status: Status::Working,
        filled: Qty::ZERO,
        left: Qty::whole(10),
    };
    stand.hear(vec![News::Progress(progress)]);
    assert!(ended(stand.hear(vec![error(Some(2), 10148)])).is_empty());
}

#[test]
fn an_order_of_an_earlier_life_is_found_by_its_name() {
    let (stands, filled) = (order("stands", 10, MARKET), order("filled", 10, MARKET));
    let mut stand = Stand::new();
    stand.wire.recall(&stands, Qty::ZERO, Qty::ZERO);
    stand.wire.recall(&filled, Qty::ZERO, Qty::ZERO);
    stand.open.push(seen(&stands, 4, Status::Working));
    // TWS tells no numbers of ours with orders that have ended.
    let done = seen(&filled, 5, Status::Filled);
    stand.completed.push(Seen { id: 0, is_own: false, filled: Qty::whole(10), ..done });
    stand.held = 10;
    let told = stand.books();
    let books = told.iter().find_map(|heard| match heard {
        Heard::Books(books) => Some(books),
        _ => None,
    });
    let state = |order: &OrderRequest| {
        let report = books.unwrap().orders.iter().find(|report| report.order == order.id);
        report.map(|report| (report.state, report.filled))
    };
    assert_eq!(state(&stands), Some((OrderState::Working, Qty::ZERO)));
    assert_eq!(state(&filled), Some((OrderState::Filled, Qty::whole(10))));
    stand.submit(&stands);
    stand.pass(60);
    assert!(stand.placed().is_empty());
    // The next number is one that nobody used.
    stand.submit(&order("next", 10, MARKET));
    assert_eq!(stand.placed()[0].0, 5);
}

#[test]
fn an_order_that_never_came_goes_out_again_under_its_number() {
    let mut stand = Stand::read();
    stand.submit(&order("lost", 10, MARKET));
    let first = stand.placed();
    stand.pass(6);
    stand.books();
    stand.pass(1);
    assert_eq!(stand.placed(), first);
}

/// Prices are exact on their way.
#[test]
fn prices_are_told_as_they_came() {
    let mut stand = Stand::read();
    let limit = OrderKind::Limit { limit: Price::from_raw(Price::SCALE * 12_345 / 100) };
    stand.submit(&order("limit", 10, limit));
    assert_eq!(stand.placed()[0].1.kind, limit);
}
