//! What every way to place orders of option legs must do, run against the paper exchange: over a
//! line that may lose a question or an answer, and past a restart of the server.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::Day;
use brokers::alpaca::{Method, Spreads as Alpaca, Talk};
use brokers::ibkr::{self, Gateway, Touch, Way};
use brokers::spread::{Leg, LegFilled, Order, Placed, Quote, Spreads, State};
use exchange::{Opening, Request, Tape, Venue};
use market::{ChainPart, ClientOrderId, OptionRight, Price};
use serde_json::Value;
use sim::{Market, SynthConfig};

use crate::online::{Memory, Server, serve};

/// The paper exchange and a way to it.
trait Rig {
    /// One who places orders, without memory of those before.
    fn broker(&self) -> Box<dyn Spreads>;
    fn step(&self);
    fn restart(&self);
    /// How many orders the account ever had.
    fn orders(&self) -> usize;
}

/// What happens to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    QuestionLost,
    AnswerLost,
}

/// The paper exchange in place, and what happens to the next questions.
struct Near {
    tape: Arc<Tape>,
    venue: Venue,
    fates: VecDeque<Fate>,
}

#[derive(Clone)]
struct AtAlpaca(Arc<Mutex<Near>>);

fn market() -> (Arc<Tape>, Venue) {
    let config = SynthConfig { symbols: 3, years: 1, seed: 5, ..SynthConfig::default() };
    let tape = Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 5).unwrap());
    let venue = Venue::open(Arc::clone(&tape), &Opening::default()).unwrap();
    (tape, venue)
}

impl AtAlpaca {
    fn new() -> AtAlpaca {
        let (tape, venue) = market();
        AtAlpaca(Arc::new(Mutex::new(Near { tape, venue, fates: VecDeque::new() })))
    }

    fn next(&self, fates: &[Fate]) {
        self.0.lock().unwrap().fates.extend(fates);
    }
}

impl Rig for AtAlpaca {
    fn broker(&self) -> Box<dyn Spreads> {
        Box::new(Alpaca::new(self.clone()))
    }

    fn step(&self) {
        self.0.lock().unwrap().venue.step(1).unwrap();
    }

    fn restart(&self) {
        let mut server = self.0.lock().unwrap();
        let state = server.venue.write().unwrap();
        server.venue = Venue::restore(Arc::clone(&server.tape), &state).unwrap();
    }

    fn orders(&self) -> usize {
        let mut server = self.0.lock().unwrap();
        let all = Request::new(exchange::Method::Get, "/v2/orders?status=all");
        server.venue.ask(&all).unwrap().answer.body.unwrap().as_array().unwrap().len()
    }
}

impl Talk for AtAlpaca {
    fn talk(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let mut server = self.0.lock().unwrap();
        let fate = server.fates.pop_front().unwrap_or(Fate::Answered);
        if fate == Fate::QuestionLost {
            return Err("nobody answers".to_owned());
        }
        let method = match method {
            Method::Get => exchange::Method::Get,
            Method::Post => exchange::Method::Post,
            Method::Patch => exchange::Method::Patch,
            Method::Delete => exchange::Method::Delete,
        };
        let request = Request::new(method, path);
        let request = body.map_or_else(|| request.clone(), |body| request.clone().with(body));
        let answer = server.venue.ask(&request).unwrap().answer;
        match fate {
            Fate::AnswerLost => Err("the line broke".to_owned()),
            _ => Ok((answer.status, answer.body.unwrap_or(Value::Null))),
        }
    }
}

/// The paper exchange as it is served, and a client of TWS.
struct AtIbkr {
    tape: Arc<Tape>,
    memory: Memory,
    http: SocketAddr,
    tws: SocketAddr,
    server: RefCell<Option<Server>>,
    gateway: RefCell<Option<Arc<Gateway>>>,
}

impl AtIbkr {
    fn new() -> AtIbkr {
        let (tape, venue) = market();
        let memory = Memory::default();
        memory.begin(&venue);
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, tws) = (bind(), bind());
        let at = (http.local_addr().unwrap(), tws.local_addr().unwrap());
        let server = RefCell::new(Some(serve((http, tws), &tape, &memory)));
        let gateway = RefCell::default();
        AtIbkr { tape, memory, http: at.0, tws: at.1, server, gateway }
    }

    fn ibkr(&self) -> ibkr::Spreads {
        let mut gateway = self.gateway.borrow_mut();
        let gateway =
            gateway.get_or_insert_with(|| Gateway::open(crate::gateway::access(self.tws)).unwrap());
        ibkr::Spreads::new(Arc::clone(gateway)).unwrap()
    }

    fn stop(&self) {
        if let Some(server) = self.server.borrow_mut().take() {
            server.end();
        }
    }

    fn start(&self) {
        let bind = |at: SocketAddr| TcpListener::bind(at).unwrap();
        let listeners = (bind(self.http), bind(self.tws));
        *self.server.borrow_mut() = Some(serve(listeners, &self.tape, &self.memory));
        // The session is opened again by itself.
        let gateway = self.gateway.borrow();
        let inquiry = gateway.as_ref().map(|gateway| ibkr::Inquiry::new(Arc::clone(gateway)));
        let begun = Instant::now();
        while inquiry.as_ref().is_some_and(|inquiry| inquiry.time().is_err()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the session stays away");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Rig for AtIbkr {
    fn broker(&self) -> Box<dyn Spreads> {
        Box::new(self.ibkr())
    }

    fn step(&self) {
        let request = ureq::post(&format!("http://{}/control/step?bars=1", self.http))
            .header("APCA-API-KEY-ID", "key")
            .header("APCA-API-SECRET-KEY", "secret");
        request.send_empty().unwrap();
    }

    fn restart(&self) {
        self.stop();
        self.start();
    }

    fn orders(&self) -> usize {
        let request = ureq::get(&format!("http://{}/v2/orders?status=all", self.http))
            .header("APCA-API-KEY-ID", "key")
            .header("APCA-API-SECRET-KEY", "secret");
        let text = request.call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().len()
    }
}

impl Drop for AtIbkr {
    fn drop(&mut self) {
        self.gateway.borrow_mut().take();
        self.stop();
    }
}

/// A test of each part on each way.
macro_rules! conform {
    ($($test:ident),* $(,)?) => {
        mod alpaca {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::AtAlpaca::new());
                }
            )*
        }

        mod ibkr_over_sockets {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::AtIbkr::new());
                }
            )*
        }
    };
}

conform!(
    a_chain_has_quotes_that_do_not_cross,
    a_part_of_a_chain_is_that_part_and_quoted_alike,
    an_order_fills_whole_and_tells_its_legs,
    a_refusal_is_told_in_words,
    after_a_restart_a_name_still_finds_its_order,
    who_forgot_that_an_order_was_sent_finds_it,
    an_order_is_taken_back_as_one_and_again_without_harm,
    a_credit_is_a_net_price_below_zero,
    an_order_without_a_price_takes_what_the_market_gives,
);

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Calls of one day by strike.
fn calls(broker: &mut dyn Spreads) -> Vec<Quote> {
    let all = broker.chain("SPY", &ChainPart::all((day("2016-02-08"), day("2016-02-12")))).unwrap();
    let mut calls: Vec<Quote> =
        all.into_iter().filter(|quote| quote.series.right == OptionRight::Call).collect();
    calls.sort_by(|a, b| a.series.cmp(&b.series));
    calls
}

/// Buys a call near the money and sells the one two strikes above it.
fn debit(broker: &mut dyn Spreads, name: &str, net: &str) -> Order {
    let calls = calls(broker);
    // A call at the money holds the most that is no exercise value: the widest quote.
    let width = |quote: &Quote| quote.bid.zip(quote.ask).map(|(bid, ask)| ask - bid);
    let at = (0..calls.len() - 2).max_by_key(|at| width(&calls[*at])).unwrap();
    let leg = |at: usize, ratio: i32| Leg { series: calls[at].series.clone(), ratio };
    Order {
        name: ClientOrderId::from_text(name),
        legs: vec![leg(at, 1), leg(at + 2, -1)],
        units: 3,
        net: Some(net.parse().unwrap()),
    }
}

fn known(placed: &Placed) -> State {
    match placed {
        Placed::Known(standing) => standing.state,
        other => panic!("not known: {other:?}"),
    }
}

fn a_chain_has_quotes_that_do_not_cross(rig: &dyn Rig) {
    let calls = calls(&mut *rig.broker());
    assert!(calls.len() > 10);
    assert!(calls.iter().all(|one| one.ask.is_some() && one.bid < one.ask));
}

fn a_part_of_a_chain_is_that_part_and_quoted_alike(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let days = (day("2016-02-08"), day("2016-03-04"));
    let all = broker.chain("SPY", &ChainPart::all(days)).unwrap();
    let last = all.iter().map(|quote| quote.series.expiry).max().unwrap();
    assert!(all.iter().any(|quote| quote.series.expiry < last));
    let mut strikes: Vec<Price> = all.iter().map(|quote| quote.series.strike).collect();
    strikes.sort_unstable();
    let strikes = Some((strikes[strikes.len() / 3], strikes[strikes.len() / 2]));
    let right = Some(OptionRight::Put);
    let part = ChainPart { days, latest: true, right, strikes };
    let mut wanted = all;
    wanted.retain(|quote| quote.series.expiry == last && part.holds(&quote.series));
    let mut found = broker.chain("SPY", &part).unwrap();
    found.sort_by(|a, b| a.series.cmp(&b.series));
    wanted.sort_by(|a, b| a.series.cmp(&b.series));
    assert!(!found.is_empty());
    assert_eq!(found, wanted);
}

fn an_order_fills_whole_and_tells_its_legs(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let order = debit(&mut *broker, "tt-fills", "50");
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let standing = broker.look(&order.name).unwrap().unwrap();
    assert_eq!((standing.state, standing.filled), (State::Filled, 3));
    let counts: Vec<i64> = standing.legs.iter().map(|leg| leg.contracts).collect();
    assert_eq!(counts, [3, -3]);
    let price = |leg: &LegFilled| leg.price.unwrap();
    assert_eq!(standing.net.unwrap(), price(&standing.legs[0]) - price(&standing.legs[1]));
    let ratios: Vec<i32> = standing.legs.iter().map(|leg| leg.ratio).collect();
    assert_eq!(ratios, [1, -1]);
    for leg in &standing.legs {
        let traded: u32 = leg.trades.iter().map(|trade| trade.contracts).sum();
        assert_eq!(u64::from(traded), leg.contracts.unsigned_abs());
        assert!(leg.trades.iter().all(|trade| Some(trade.price) == leg.price), "{leg:?}");
    }
    let held = |at: usize| (standing.legs[at].series.clone(), standing.legs[at].contracts);
    let mut wanted = vec![held(0), held(1)];
    wanted.sort();
    let mut found = broker.held().unwrap();
    found.sort();
    assert_eq!(found, wanted);
    assert_eq!(broker.open().unwrap(), []);
}

fn a_refusal_is_told_in_words(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let mut order = debit(&mut *broker, "tt-naked", "50");
    order.legs[1].ratio = -2;
    let Placed::Refused(words) = broker.place(&order) else { panic!("it was taken") };
    assert!(words.contains("uncovered"), "{words}");
    assert_eq!(rig.orders(), 0);
}

#[test]
fn whatever_is_lost_an_order_that_is_placed_again_is_one_order() {
    use Fate::{AnswerLost, Answered, QuestionLost};
    let table: [&[Fate]; 6] = [
        &[QuestionLost],
        &[AnswerLost],
        &[Answered, QuestionLost],
        &[Answered, AnswerLost],
        &[Answered, AnswerLost, QuestionLost],
        &[Answered, QuestionLost, Answered, AnswerLost, AnswerLost],
    ];
    for fates in table {
        let rig = AtAlpaca::new();
        let order = debit(&mut *rig.broker(), "tt-once", "0.01");
        rig.next(fates);
        let mut broker = rig.broker();
        let mut tries = 0;
        while let Placed::Unknown(_) = broker.place(&order) {
            tries += 1;
            assert!(tries < 6, "{fates:?}");
        }
        assert!(tries > 0, "{fates:?}");
        assert_eq!(rig.orders(), 1, "{fates:?}");
    }
}

fn after_a_restart_a_name_still_finds_its_order(rig: &dyn Rig) {
    let order = debit(&mut *rig.broker(), "tt-stays", "50");
    assert_eq!(known(&rig.broker().place(&order)), State::Open);
    rig.restart();
    rig.step();
    rig.restart();
    assert_eq!(known(&rig.broker().place(&order)), State::Filled);
    assert_eq!(rig.orders(), 1);
}

fn who_forgot_that_an_order_was_sent_finds_it(rig: &dyn Rig) {
    let order = debit(&mut *rig.broker(), "tt-forgot", "0.01");
    for _ in 0..3 {
        assert_eq!(known(&rig.broker().place(&order)), State::Open);
        assert_eq!(rig.broker().open().unwrap(), std::slice::from_ref(&order.name));
        assert_eq!(rig.orders(), 1);
    }
}

#[test]
fn tws_away_is_unknown_and_placed_again_once_it_is_back() {
    let rig = AtIbkr::new();
    let mut broker = rig.broker();
    let order = debit(&mut *broker, "tt-away", "0.01");
    rig.stop();
    let away = broker.place(&order);
    assert!(matches!(away, Placed::Unknown(_)), "{away:?}");
    rig.start();
    assert_eq!(known(&broker.place(&order)), State::Open);
    assert_eq!(rig.orders(), 1);
}

#[test]
fn tws_reckons_the_margin_of_an_order_and_places_nothing() {
    let rig = AtIbkr::new();
    let mut broker = rig.ibkr();
    let mut order = debit(&mut broker, "tt-what-if", "-0.01");
    for leg in &mut order.legs {
        leg.ratio = -leg.ratio;
    }
    let reckoned = broker.reckon(&order).unwrap();
    let width = order.legs[1].series.strike - order.legs[0].series.strike;
    assert_eq!(reckoned.initial, Some(width.to_f64() * 300.0));
    assert_eq!(reckoned.commission, Some(0.0));
    assert_eq!(rig.orders(), 0);
    order.legs[0].ratio = -5;
    let refused = broker.reckon(&order).unwrap_err();
    assert!(refused.contains("uncovered"), "{refused}");
}

#[test]
fn a_close_waits_at_tws_for_the_price_of_the_share() {
    let rig = AtIbkr::new();
    let mut broker = rig.ibkr();
    let order = debit(&mut broker, "tt-opens", "50");
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let close = |name: &str| {
        let turned = |leg: &Leg| Leg { ratio: -leg.ratio, ..leg.clone() };
        let legs = order.legs.iter().map(turned).collect();
        Order { name: ClientOrderId::from_text(name), legs, ..order.clone() }
    };
    let dollars = |text: &str| text.parse::<Price>().unwrap();
    let far = Touch { price: dollars("9000"), way: Way::Rises };
    let near = Touch { price: dollars("9000"), way: Way::Falls };
    for (name, touch, wanted) in [("tt-far", far, State::Open), ("tt-near", near, State::Filled)] {
        assert_eq!(known(&broker.place_at(&close(name), touch)), State::Open);
        rig.step();
        rig.step();
        let standing = broker.look(&ClientOrderId::from_text(name)).unwrap().unwrap();
        assert_eq!(standing.state, wanted, "{name}");
    }
}

fn an_order_is_taken_back_as_one_and_again_without_harm(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let order = debit(&mut *broker, "tt-back", "0.01");
    assert_eq!(known(&broker.place(&order)), State::Open);
    for _ in 0..2 {
        broker.cancel(&order.name).unwrap();
        let standing = broker.look(&order.name).unwrap().unwrap();
        assert_eq!((standing.state, standing.filled), (State::Ended, 0));
    }
    broker.cancel(&ClientOrderId::from_text("tt-never")).unwrap();
    assert_eq!(broker.look(&ClientOrderId::from_text("tt-never")).unwrap(), None);
}

fn an_order_without_a_price_takes_what_the_market_gives(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let order = Order { net: None, ..debit(&mut *broker, "tt-market", "0.01") };
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let standing = broker.look(&order.name).unwrap().unwrap();
    assert_eq!((standing.state, standing.filled), (State::Filled, 3));
}

fn a_credit_is_a_net_price_below_zero(rig: &dyn Rig) {
    let mut broker = rig.broker();
    let mut order = debit(&mut *broker, "tt-credit", "-0.01");
    for leg in &mut order.legs {
        leg.ratio = -leg.ratio;
    }
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let standing = broker.look(&order.name).unwrap().unwrap();
    assert!(standing.net.unwrap() < Price::ZERO, "{standing:?}");
}
