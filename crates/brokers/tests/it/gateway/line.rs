//! The line under the session: while that says that no order may be sent, the line is lost.

use std::time::{Duration, Instant};

use base::Span;
use brokers::gateway::{Settings, Waits};
use brokers::ibkr::line::{Answer, Part, Terms};
use brokers::ibkr::{Ask, Gateway, Line as _, News, Online};
use market::{OrderKind, Qty, TimeInForce};

use super::between::Between;
use super::real::{Server, access_of, settings};

const SECOND: Span = Span::from_seconds(1);

/// A line over the exchange, with something between.
pub(super) struct Stand {
    pub(super) between: Between,
    pub(super) online: Online,
    pub(super) account: String,
    /// What was heard and not looked at yet.
    pub(super) news: Vec<News>,
    _server: Server,
}

impl Stand {
    /// A line that is there.
    pub(super) fn new(waits: Waits) -> Stand {
        let server = Server::start();
        let between = Between::start(server.tws);
        let settings = Settings { waits, ..settings() };
        let gateway = Gateway::open(access_of(between.at, settings, None).unwrap()).unwrap();
        let online = Online::start(&gateway).unwrap();
        let account = gateway.account().to_owned();
        let mut stand = Stand { between, online, account, news: Vec::new(), _server: server };
        stand.connected();
        stand
    }

    /// The next news of a kind; what was heard before it is passed over.
    pub(super) fn heard<T>(&mut self, what: &str, of: impl Fn(&News) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            self.online.hear(&mut self.news);
            let mut found = self.news.iter().enumerate();
            let found = found.find_map(|(at, news)| Some((at, of(news)?)));
            if let Some((at, found)) = found {
                self.news.drain(..=at);
                return found;
            }
            assert!(begun.elapsed().as_secs() < 100, "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn connected(&mut self) {
        self.heard("connected", |news| matches!(news, News::Connected(_)).then_some(()));
    }

    pub(super) fn lost(&mut self) -> String {
        self.heard("lost", |news| match news {
            News::Lost(why) => Some(why.clone()),
            _ => None,
        })
    }

    pub(super) fn place(&mut self, id: i32, reference: &str) {
        let terms = Terms {
            symbol: "AAA".to_owned(),
            reference: reference.to_owned(),
            qty: Qty::whole(1),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            parent: None,
            group: None,
            is_last: true,
        };
        self.online.ask(Ask::Place(id, terms));
    }

    /// Names of the orders that stand at the exchange.
    pub(super) fn standing(&mut self) -> Vec<String> {
        self.online.ask(Ask::Read(1, Part::Open));
        self.heard("orders", |news| match news {
            News::Answer(1, Answer::Orders(orders)) => {
                Some(orders.iter().map(|order| order.reference.clone()).collect())
            }
            _ => None,
        })
    }
}

#[test]
fn a_server_that_falls_silent_loses_the_line_and_it_comes_back() {
    let waits = Waits { beat: SECOND, answer: SECOND, greet: SECOND, ..Waits::default() };
    let mut stand = Stand::new(waits);
    stand.between.fall_silent(true);
    let why = stand.lost();
    assert!(why.contains("does not answer") || why.contains("no line"), "{why}");
    stand.between.fall_silent(false);
    stand.connected();
}

#[test]
fn servers_lost_lose_the_line_and_found_again_give_it_back_without_a_new_one() {
    for (lost, found) in [(1100, 1101), (1100, 1102), (2110, 1102)] {
        let mut stand = Stand::new(Waits::default());
        stand.between.say(lost, "Connectivity has been lost");
        let why = stand.lost();
        assert!(why.contains("no line to the broker"), "{why}");
        stand.between.say(found, "Connectivity has been restored");
        stand.connected();
        assert_eq!(stand.between.begun(), 1);
    }
}

#[test]
fn servers_lost_for_less_than_a_look_lose_the_line_all_the_same() {
    let mut stand = Stand::new(Waits::default());
    stand.between.say(1100, "Connectivity has been lost");
    stand.between.say(1102, "Connectivity has been restored");
    stand.lost();
    stand.connected();
    assert_eq!(stand.between.begun(), 1);
}

#[test]
fn servers_that_stay_away_end_the_line_and_another_is_opened() {
    let mut stand = Stand::new(Waits { upstream: SECOND, ..Waits::default() });
    stand.between.say(1100, "Connectivity has been lost");
    stand.lost();
    stand.connected();
    assert_eq!(stand.between.begun(), 2);
}

#[test]
fn cash_in_another_currency_is_no_answer() {
    let mut stand = Stand::new(Waits::default());
    stand.between.seem_euro();
    stand.online.ask(Ask::Read(1, Part::Cash));
    let why = stand.heard("no answer", |news| match news {
        News::Unanswered(1, why) => Some(why.clone()),
        News::Answer(1, answer) => panic!("{answer:?}"),
        _ => None,
    });
    assert!(why.contains("EUR"), "{why}");
}

#[test]
fn an_order_asked_for_while_the_line_is_lost_is_not_sent_later() {
    let mut stand = Stand::new(Waits::default());
    stand.between.say(1100, "Connectivity has been lost");
    stand.lost();
    stand.place(1, "late");
    stand.between.say(1102, "Connectivity has been restored");
    stand.connected();
    assert_eq!(stand.standing(), [""; 0]);
    stand.place(2, "in time");
    assert_eq!(stand.standing(), ["in time"]);
}
