//! TWS's door: one line for all, which is taken apart and put together here, message by message.

use std::collections::BTreeMap;

use base::{Rounding, Ts};
use brokers::ibkr::line::{Answer, Part, Position, Progress, Seen, Status, Terms, Trade};
use brokers::ibkr::{Ask, Ibkr, Line, News, Waits, patience};
use desk::courier::Patience;
use exchange::tws::{Hall, Out};
use exchange::{Turn, Venue};
use market::{Cash, LocalClock, OrderKind, Price, Qty, TimeInForce, Universe};
use prost::Message;

use crate::tws::{self, ask, tell};
use crate::world::{Door, Near};

/// Our client, on the one line.
const CLIENT: i32 = 7;
const LINE: u64 = 1;
const BINARY: u32 = 200;
/// The protocol's version.
const VERSION: i32 = 222;

#[derive(Default)]
pub(crate) struct TwsDoor {
    hall: Hall,
    /// The question whose answer comes, and what of it has come.
    reading: Option<(u64, Part)>,
    orders: Vec<Seen>,
    trades: Vec<(Trade, Option<Cash>)>,
    positions: Vec<Position>,
    cash: Cash,
    questions: i32,
    /// Kinds of orders, by TWS's own number.
    kinds: BTreeMap<i64, String>,
}

impl Line for Near<TwsDoor> {
    fn ask(&mut self, ask: Ask) {
        Near::ask(self, ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        Near::hear(self, into);
    }

    fn now(&self) -> Ts {
        Near::now(self)
    }
}

impl Door for TwsDoor {
    type Ask = Ask;
    type News = News;
    type Wire = Ibkr<Near<TwsDoor>>;

    const ONE_LINE: bool = true;

    fn begin(&mut self, venue: &mut Venue) -> Vec<News> {
        self.reading = None;
        self.hall.open(LINE, VERSION, venue.now());
        self.hall.take();
        let start = tws::Number { number: Some(CLIENT) };
        let mut told = self.say(venue, ask::START_API, &start);
        // What stands is told before the session has begun, to whoever listens by then.
        told.retain(|news| matches!(news, News::Connected(_)));
        told
    }

    fn lost(&mut self) -> News {
        self.hall.close(LINE);
        News::Lost("cut".to_owned())
    }

    fn ask(&mut self, venue: &mut Venue, asked: &Ask) -> (Option<News>, Vec<News>) {
        let told = match asked {
            Ask::Place(id, terms) => self.say(venue, ask::PLACE_ORDER, &placed(*id, terms)),
            Ask::Cancel(id) => {
                self.say(venue, ask::CANCEL_ORDER, &tws::Number { number: Some(*id) })
            }
            Ask::Read(number, part) => {
                self.reading = Some((*number, *part));
                self.read(venue, *part)
            }
        };
        let is_answer = |news: &News| matches!(news, News::Answer(..));
        let (mut answers, told): (Vec<News>, Vec<News>) = told.into_iter().partition(is_answer);
        assert_eq!(answers.len(), usize::from(matches!(asked, Ask::Read(..))), "{asked:?}");
        (answers.pop(), told)
    }

    fn unanswered(ask: &Ask) -> Option<News> {
        match ask {
            Ask::Read(number, _) => Some(News::Unanswered(*number, "no answer".to_owned())),
            _ => None,
        }
    }

    fn tell(&mut self, venue: &mut Venue, turn: &Turn) -> Vec<News> {
        self.hall.news(venue, turn);
        self.told()
    }

    fn words(ask: &Ask) -> String {
        format!("{ask:?}")
    }

    fn told_words(news: &News) -> String {
        format!("{news:?}")
    }

    fn covered(&mut self, venue: &mut Venue, symbol: &str, side: &str) -> Qty {
        self.reading = Some((0, Part::Open));
        let told = self.read(venue, Part::Open);
        let Some(News::Answer(_, Answer::Orders(orders))) = told.into_iter().next() else {
            panic!("no orders are told")
        };
        let mut groups: BTreeMap<String, Qty> = BTreeMap::new();
        for seen in orders {
            let kind = &self.kinds[&seen.permanent];
            let closes = kind == "STP" || kind == "MKT";
            if seen.symbol == symbol && seen.buys == (side == "buy") && closes {
                let alone = format!("{} alone", seen.permanent);
                let group = if seen.group.is_empty() { alone } else { seen.group };
                let most = groups.entry(group).or_default();
                *most = (*most).max(seen.left.unwrap());
            }
        }
        groups.into_values().sum()
    }

    fn wire(near: Near<TwsDoor>, universe: Universe) -> Self::Wire {
        Ibkr::new(near, universe, Waits::default())
    }

    fn patience() -> Patience {
        patience()
    }
}

impl TwsDoor {
    fn say(&mut self, venue: &mut Venue, id: u32, message: &impl Message) -> Vec<News> {
        let body = message.encode_to_vec();
        let turn = self.hall.hear(venue, LINE, (BINARY + id, &body));
        self.hall.news(venue, &turn);
        self.told()
    }

    fn read(&mut self, venue: &mut Venue, part: Part) -> Vec<News> {
        self.questions += 1;
        let req_id = Some(self.questions);
        let nothing = tws::Number::default();
        match part {
            Part::Open => self.say(venue, ask::ALL_OPEN_ORDERS, &nothing),
            Part::Completed => self.say(venue, ask::COMPLETED_ORDERS, &nothing),
            Part::Trades => {
                let filter = Some(tws::ExecutionFilter { last_n_days: Some(7) });
                self.say(venue, ask::EXECUTIONS, &tws::ExecutionRequest { req_id, filter })
            }
            Part::Positions => {
                let told = self.say(venue, ask::POSITIONS, &nothing);
                self.say(venue, ask::CANCEL_POSITIONS, &nothing);
                told
            }
            Part::Cash => {
                let asked = tws::SummaryRequest {
                    req_id,
                    group: Some("All".to_owned()),
                    tags: Some("TotalCashValue".to_owned()),
                };
                let told = self.say(venue, ask::ACCOUNT_SUMMARY, &asked);
                let number = tws::Number { number: req_id };
                self.say(venue, ask::CANCEL_ACCOUNT_SUMMARY, &number);
                told
            }
        }
    }

    /// All that was told since the last time.
    fn told(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for (line, out) in self.hall.take() {
            let Out::Bytes(bytes) = out else { panic!("the line was cut") };
            assert_eq!(line, LINE);
            let id = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) - BINARY;
            news.extend(self.hear(id, &bytes[8..]));
        }
        news
    }

    /// One message: news, or a part of an answer.
    fn hear(&mut self, id: u32, body: &[u8]) -> Option<News> {
        let part = self.reading.map(|(_, part)| part);
        match id {
            tell::NEXT_VALID_ID => {
                Some(News::Connected(tws::Number::decode(body).unwrap().number.unwrap()))
            }
            tell::OPEN_ORDER => {
                let told = tws::OpenOrder::decode(body).unwrap();
                let order = told.order.unwrap();
                let kind = order.order_type.clone().unwrap();
                self.kinds.insert(order.perm_id.unwrap_or_default(), kind);
                let seen = seen(told.contract, order, told.order_state);
                if part != Some(Part::Open) {
                    return Some(News::Order(seen));
                }
                self.orders.push(seen);
                None
            }
            tell::ORDER_STATUS => self.status(&tws::OrderStatus::decode(body).unwrap()),
            tell::COMPLETED_ORDER => {
                let told = tws::CompletedOrder::decode(body).unwrap();
                // TWS tells no numbers of clients with these.
                let order = tws::Order { order_id: None, client_id: None, ..told.order.unwrap() };
                self.orders.push(seen(told.contract, order, told.order_state));
                None
            }
            tell::EXECUTION => {
                let told = tws::ExecutionDetails::decode(body).unwrap();
                let is_answer = told.req_id != Some(-1);
                let trade = trade(told.contract, told.execution.unwrap());
                if !is_answer {
                    return Some(News::Traded(trade));
                }
                self.trades.push((trade, None));
                None
            }
            tell::COMMISSION => self.commission(tws::Commission::decode(body).unwrap()),
            tell::ERROR => {
                let told = tws::ErrorMessage::decode(body).unwrap();
                let order = told.id.filter(|id| *id >= 0);
                let text = told.error_msg.unwrap_or_default();
                Some(News::Error { order, code: told.error_code.unwrap(), text })
            }
            tell::POSITION if part == Some(Part::Positions) => {
                let told = tws::Position::decode(body).unwrap();
                let average_price = Price::from_f64(told.avg_cost.unwrap(), Rounding::HalfEven);
                self.positions.push(Position {
                    symbol: told.contract.unwrap().symbol.unwrap(),
                    qty: qty(told.position),
                    average_price: average_price.unwrap(),
                });
                None
            }
            tell::ACCOUNT_SUMMARY => {
                let told = tws::Summary::decode(body).unwrap();
                self.cash = told.value.unwrap().parse().unwrap();
                None
            }
            tell::OPEN_ORDERS_END
            | tell::COMPLETED_ORDERS_END
            | tell::EXECUTIONS_END
            | tell::POSITION_END
            | tell::ACCOUNT_SUMMARY_END => self.answer(),
            _ => None,
        }
    }

    fn status(&mut self, told: &tws::OrderStatus) -> Option<News> {
        let seen = Progress {
            id: told.order_id.unwrap(),
            permanent: told.perm_id.unwrap_or_default(),
            status: status(told.status.as_deref()),
            filled: qty(told.filled.clone()),
            left: qty(told.remaining.clone()),
        };
        if self.reading.map(|(_, part)| part) != Some(Part::Open) {
            return Some(News::Progress(seen));
        }
        let of_it = |order: &&mut Seen| order.permanent == seen.permanent && order.id == seen.id;
        let order = self.orders.iter_mut().find(of_it).unwrap();
        order.filled = seen.filled;
        order.left = Some(seen.left);
        None
    }

    fn commission(&mut self, told: tws::Commission) -> Option<News> {
        let fee = Cash::from_f64(told.fee.unwrap(), Rounding::HalfEven).unwrap();
        let trade = told.exec_id.unwrap();
        if self.reading.map(|(_, part)| part) != Some(Part::Trades) {
            return Some(News::Fee { trade, fee });
        }
        let of_it = |(made, _): &&mut (Trade, Option<Cash>)| made.id == trade;
        self.trades.iter_mut().find(of_it).unwrap().1 = Some(fee);
        None
    }

    fn answer(&mut self) -> Option<News> {
        let (number, part) = self.reading.take()?;
        let answer = match part {
            Part::Open | Part::Completed => Answer::Orders(std::mem::take(&mut self.orders)),
            Part::Trades => Answer::Trades(std::mem::take(&mut self.trades)),
            Part::Positions => Answer::Positions(std::mem::take(&mut self.positions)),
            Part::Cash => Answer::Cash(self.cash),
        };
        Some(News::Answer(number, answer))
    }
}

fn qty(text: Option<String>) -> Qty {
    text.map_or(Qty::ZERO, |text| text.parse().unwrap())
}

fn status(text: Option<&str>) -> Status {
    match text.unwrap() {
        "ApiPending" => Status::Draft,
        "PendingSubmit" => Status::Sent,
        "Filled" => Status::Filled,
        "Cancelled" | "ApiCancelled" => Status::Cancelled,
        "Inactive" => Status::Inactive,
        _ => Status::Working,
    }
}

fn seen(
    contract: Option<tws::Contract>,
    order: tws::Order,
    state: Option<tws::OrderState>,
) -> Seen {
    Seen {
        id: order.order_id.unwrap_or_default(),
        is_own: order.client_id == Some(CLIENT),
        permanent: order.perm_id.unwrap_or_default(),
        symbol: contract.unwrap().symbol.unwrap(),
        reference: order.order_ref.unwrap_or_default(),
        buys: order.action.as_deref() == Some("BUY"),
        parent: order.parent_id.unwrap_or_default(),
        group: order.oca_group.unwrap_or_default(),
        status: status(state.unwrap().status.as_deref()),
        filled: qty(order.filled_quantity),
        left: None,
    }
}

fn trade(contract: Option<tws::Contract>, made: tws::Execution) -> Trade {
    let size = qty(made.shares);
    let time = made.time.unwrap();
    let (stamp, _zone) = time.rsplit_once(' ').unwrap();
    let shown: jiff::civil::DateTime =
        jiff::civil::DateTime::strptime("%Y%m%d %H:%M:%S", stamp).unwrap();
    let shown = shown.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let shown = Ts::from_seconds(shown.as_second());
    Trade {
        id: made.exec_id.unwrap(),
        order: made.order_id.unwrap(),
        is_own: made.client_id == Some(CLIENT),
        permanent: made.perm_id.unwrap(),
        reference: made.order_ref.unwrap_or_default(),
        symbol: contract.unwrap().symbol.unwrap(),
        at: LocalClock::NewYork.to_utc(shown).unwrap(),
        qty: if made.side.as_deref() == Some("BOT") { size } else { -size },
        price: Price::from_f64(made.price.unwrap(), Rounding::HalfEven).unwrap(),
    }
}

fn placed(id: i32, terms: &Terms) -> tws::PlaceOrder {
    let text = |text: &str| Some(text.to_owned());
    let (word, limit, stop) = match terms.kind {
        OrderKind::Market => ("MKT", None, None),
        OrderKind::MarketOnClose => ("MOC", None, None),
        OrderKind::Limit { limit } => ("LMT", Some(limit), None),
        OrderKind::Stop { stop } => ("STP", None, Some(stop)),
        OrderKind::StopLimit { stop, limit } => ("STP LMT", Some(limit), Some(stop)),
    };
    let order = tws::Order {
        action: text(if terms.qty > Qty::ZERO { "BUY" } else { "SELL" }),
        total_quantity: Some(terms.qty.abs().to_string()),
        order_type: text(word),
        lmt_price: limit.map(Price::to_f64),
        aux_price: stop.map(Price::to_f64),
        tif: text(if terms.tif == TimeInForce::Day { "DAY" } else { "GTC" }),
        parent_id: terms.parent,
        oca_group: terms.group.clone(),
        oca_type: terms.group.as_ref().map(|_| 2),
        order_ref: Some(terms.reference.clone()),
        transmit: Some(terms.is_last),
        ..tws::Order::default()
    };
    let contract = tws::Contract {
        symbol: Some(terms.symbol.clone()),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
    };
    tws::PlaceOrder { order_id: Some(id), contract: Some(contract), order: Some(order) }
}
