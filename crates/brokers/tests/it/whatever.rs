//! What must hold of whatever a server says that says it is Alpaca. Fuzzing runs this too.
//!
//! The input is lines of text; the first letter says what happens:
//!
//! - `s3`, `x3`: the desk submits the order of that number, or takes it back;
//! - `b`: it asks for the books; `t4`: that many seconds pass;
//! - `c`, `l`: the stream is there, or is lost; `u{…}`: it tells an update;
//! - `a2200{…}`: the request of place 2 among those that wait is answered with status 200 and a body;
//! - `n2`: it is not answered.
//!
//! An `@` in a body is the name of the order that was placed last.

use std::cell::RefCell;
use std::rc::Rc;

use base::{Span, Ts};
use brokers::alpaca::{Alpaca, Ask, Line, Method, News, Waits};
use market::remote::{Heard, Said, Wire as _};
use market::{
    ClientOrderId, Currency, Instrument, InstrumentId, Kind, OrderKind, OrderRequest, Qty,
    TimeInForce, Universe,
};
use serde_json::Value;

/// Lines of one input that are worked.
const MOST_LINES: usize = 300;

/// The far end: what was asked and waits, what is to be heard.
#[derive(Debug, Default)]
struct Far {
    asks: Vec<Ask>,
    news: Vec<News>,
    second: i64,
    /// The name of the order that was placed last.
    name: String,
    asked: u64,
}

#[derive(Debug, Clone, Default)]
struct Near(Rc<RefCell<Far>>);

impl Line for Near {
    fn ask(&mut self, ask: Ask) {
        let mut far = self.0.borrow_mut();
        assert!(ask.number > far.asked, "a number that was used");
        far.asked = ask.number;
        if let (Method::Post, Some(body)) = (ask.method, &ask.body) {
            let qty: Qty = body["qty"].as_str().unwrap().parse().unwrap();
            assert!(qty > Qty::ZERO, "{body}");
            far.name = body["client_order_id"].as_str().unwrap().to_owned();
        }
        far.asks.push(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        into.append(&mut self.0.borrow_mut().news);
    }

    fn now(&self) -> Ts {
        Ts::from_seconds(self.0.borrow().second)
    }
}

fn universe() -> Universe {
    let stock = |symbol: &str| Instrument {
        symbol: symbol.to_owned(),
        kind: Kind::Stock,
        currency: Currency::USD,
        exchange: "XNYS".to_owned(),
        sector_etf: None,
    };
    Universe::new(vec![stock("AAA"), stock("BBB")]).unwrap()
}

/// The orders that the desk may send: two entries, the first with a target and a stop under it; a
/// stop that takes the place of that one, one more target, and exits of their own.
fn order(number: u8) -> OrderRequest {
    let id = |number: u8| ClientOrderId::derive("intent", &number.to_string());
    let price = |text: &str| text.parse().unwrap();
    let (limit, stop) =
        (OrderKind::Limit { limit: price("90") }, OrderKind::Stop { stop: price("80") });
    let (kind, shares, is_exit, parent) = match number % 10 {
        0 => (OrderKind::Market, 100, false, None),
        1 => (OrderKind::Limit { limit: price("120") }, -100, true, Some(0)),
        2 => (stop, -100, true, Some(0)),
        3 => (OrderKind::Stop { stop: price("85") }, -100, true, None),
        4 => (OrderKind::Limit { limit: price("110") }, -100, true, None),
        5 => (limit, 50, false, None),
        6 => (OrderKind::MarketOnClose, -50, true, None),
        7 => (OrderKind::StopLimit { stop: price("70"), limit: price("69") }, -20, true, None),
        8 => (OrderKind::Market, -100, true, None),
        _ => (OrderKind::Limit { limit: price("130") }, -1, false, None),
    };
    OrderRequest {
        id: id(number % 10),
        instrument: InstrumentId(u32::from(number % 10 == 5 || number % 10 == 6)),
        qty: Qty::whole(shares),
        kind,
        tif: if is_exit { TimeInForce::Gtc } else { TimeInForce::Day },
        oco_group: matches!(number % 10, 1..=4).then(|| "group".to_owned()),
        parent: parent.map(id),
        reduce_only: is_exit,
    }
}

/// Nothing that is said ends the wire, places an order of nothing or uses a number twice; and what
/// the desk hears is of its own instruments.
pub(crate) fn alpaca(bytes: &[u8]) {
    let near = Near::default();
    let mut wire = Alpaca::new(near.clone(), universe(), Waits::default());
    let mut heard = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').take(MOST_LINES) {
        happen(&near, &mut wire, line);
        wire.hear(&mut heard);
        wire.flush();
        for one in heard.drain(..) {
            if let Heard::Executed(execution) = one {
                assert!(execution.instrument.0 < 2);
            }
        }
    }
}

fn happen(near: &Near, wire: &mut Alpaca<Near>, line: &[u8]) {
    let digit = |at: usize| line.get(at).filter(|byte| byte.is_ascii_digit()).map(|d| d - b'0');
    let body = |from: usize| -> Value {
        let text = String::from_utf8_lossy(line.get(from..).unwrap_or_default());
        let name = near.0.borrow().name.clone();
        serde_json::from_str(&text.replace('@', &name)).unwrap_or_default()
    };
    let waiting = |at: usize| {
        let mut far = near.0.borrow_mut();
        let place = usize::from(digit(at).unwrap_or_default());
        let count = far.asks.len();
        (count > 0).then(|| far.asks.remove(place % count).number)
    };
    let tell = |news: News| near.0.borrow_mut().news.push(news);
    match line.first() {
        Some(b's') => wire.say(&Said::Submit(order(digit(1).unwrap_or_default()))),
        Some(b'x') => wire.say(&Said::Cancel(order(digit(1).unwrap_or_default()).id)),
        Some(b'b') => {
            wire.say(&Said::AskBooks { number: 1, since: Ts::from_seconds(0) });
        }
        Some(b't') => {
            let seconds = i64::from(digit(1).unwrap_or_default());
            near.0.borrow_mut().second += Span::from_seconds(seconds).seconds() as i64;
        }
        Some(b'c') => tell(News::Connected),
        Some(b'l') => tell(News::Lost),
        Some(b'u') => tell(News::Update(body(1))),
        Some(b'a') => {
            let status = [2, 3, 4].map(|at| u16::from(digit(at).unwrap_or_default()));
            let status = status[0] * 100 + status[1] * 10 + status[2];
            let body = body(5);
            if let Some(number) = waiting(1) {
                tell(News::Answer { number, status, body });
            }
        }
        Some(b'n') => {
            if let Some(number) = waiting(1) {
                tell(News::Unanswered { number, why: "lost".to_owned() });
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Inputs that fuzzing begins with, and those in which it found something.
    fn kept(target: &str) -> Vec<Vec<u8>> {
        let seeds = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let found = format!("{}/tests/found/{target}", env!("CARGO_MANIFEST_DIR"));
        let entries =
            [seeds, found].into_iter().filter_map(|folder| std::fs::read_dir(folder).ok());
        entries.flatten().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn seeds_and_what_was_found_hold() {
        let (alpaca, flex) = (kept("alpaca"), kept("flex"));
        assert!(alpaca.len() >= 2 && flex.len() >= 3);
        alpaca.iter().for_each(|bytes| super::alpaca(bytes));
        flex.iter().for_each(|bytes| crate::flex::whatever::flex(bytes));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_lines_hold(lines in prop::collection::vec("[sxbtclnau][0-9]{0,4}[{}\":,a-z0-9]{0,20}", 0..40)) {
            super::alpaca(lines.join("\n").as_bytes());
        }
    }
}
