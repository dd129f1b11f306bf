//! What every way to place orders of option legs must do, run against the paper exchange: over a
//! line that may lose a question or an answer, and past a restart of the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base::Day;
use brokers::alpaca::{Method, Spreads as Alpaca, Talk};
use brokers::spread::{Leg, LegFilled, Order, Placed, Quote, Spreads, State};
use exchange::{Opening, Request, Tape, Venue};
use market::{ClientOrderId, OptionRight, Price};
use serde_json::Value;
use sim::{Market, SynthConfig};

/// What happens to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    QuestionLost,
    AnswerLost,
}

/// The paper exchange, and what happens to the next questions.
struct Server {
    tape: Arc<Tape>,
    venue: Venue,
    fates: VecDeque<Fate>,
}

#[derive(Clone)]
struct Rig(Arc<Mutex<Server>>);

impl Rig {
    fn new() -> Rig {
        let config = SynthConfig { symbols: 3, years: 1, seed: 5, ..SynthConfig::default() };
        let tape = Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 5).unwrap());
        let venue = Venue::open(Arc::clone(&tape), &Opening::default()).unwrap();
        Rig(Arc::new(Mutex::new(Server { tape, venue, fates: VecDeque::new() })))
    }

    fn alpaca(&self) -> Alpaca<Rig> {
        Alpaca::new(self.clone())
    }

    fn step(&self) {
        self.0.lock().unwrap().venue.step(1).unwrap();
    }

    fn next(&self, fates: &[Fate]) {
        self.0.lock().unwrap().fates.extend(fates);
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

impl Talk for Rig {
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

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Calls of one day by strike.
fn calls(broker: &mut impl Spreads) -> Vec<Quote> {
    let all = broker.chain("SPY", (day("2016-02-08"), day("2016-02-12"))).unwrap();
    let mut calls: Vec<Quote> =
        all.into_iter().filter(|quote| quote.series.right == OptionRight::Call).collect();
    calls.sort_by(|a, b| a.series.cmp(&b.series));
    calls
}

/// Buys a call near the money and sells the one two strikes above it.
fn debit(broker: &mut impl Spreads, name: &str, net: &str) -> Order {
    let calls = calls(broker);
    // A call at the money holds the most that is no exercise value: the widest quote.
    let width = |quote: &Quote| quote.bid.zip(quote.ask).map(|(bid, ask)| ask - bid);
    let at = (0..calls.len() - 2).max_by_key(|at| width(&calls[*at])).unwrap();
    let leg = |at: usize, ratio: i32| Leg { series: calls[at].series.clone(), ratio };
    Order {
        name: ClientOrderId::from_text(name),
        legs: vec![leg(at, 1), leg(at + 2, -1)],
        units: 3,
        net: net.parse().unwrap(),
    }
}

fn known(placed: &Placed) -> State {
    match placed {
        Placed::Known(standing) => standing.state,
        other => panic!("not known: {other:?}"),
    }
}

#[test]
fn a_chain_has_quotes_that_do_not_cross() {
    let rig = Rig::new();
    let calls = calls(&mut rig.alpaca());
    assert!(calls.len() > 10);
    assert!(calls.iter().all(|one| one.ask.is_some() && one.bid < one.ask));
}

#[test]
fn an_order_fills_whole_and_tells_its_legs() {
    let rig = Rig::new();
    let mut broker = rig.alpaca();
    let order = debit(&mut broker, "tt-fills", "50");
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let standing = broker.look(&order.name).unwrap().unwrap();
    assert_eq!((standing.state, standing.filled), (State::Filled, 3));
    let counts: Vec<i64> = standing.legs.iter().map(|leg| leg.contracts).collect();
    assert_eq!(counts, [3, -3]);
    let price = |leg: &LegFilled| leg.price.unwrap();
    assert_eq!(standing.net.unwrap(), price(&standing.legs[0]) - price(&standing.legs[1]));
}

#[test]
fn a_refusal_is_told_in_words() {
    let rig = Rig::new();
    let mut broker = rig.alpaca();
    let mut order = debit(&mut broker, "tt-naked", "50");
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
        let rig = Rig::new();
        let order = debit(&mut rig.alpaca(), "tt-once", "0.01");
        rig.next(fates);
        let mut broker = rig.alpaca();
        let mut tries = 0;
        while let Placed::Unknown(_) = broker.place(&order) {
            tries += 1;
            assert!(tries < 6, "{fates:?}");
        }
        assert!(tries > 0, "{fates:?}");
        assert_eq!(rig.orders(), 1, "{fates:?}");
    }
}

#[test]
fn after_a_restart_a_name_still_finds_its_order() {
    let rig = Rig::new();
    let order = debit(&mut rig.alpaca(), "tt-stays", "50");
    assert_eq!(known(&rig.alpaca().place(&order)), State::Open);
    rig.restart();
    rig.step();
    rig.restart();
    assert_eq!(known(&rig.alpaca().place(&order)), State::Filled);
    assert_eq!(rig.orders(), 1);
}

#[test]
fn an_order_is_taken_back_as_one_and_again_without_harm() {
    let rig = Rig::new();
    let mut broker = rig.alpaca();
    let order = debit(&mut broker, "tt-back", "0.01");
    assert_eq!(known(&broker.place(&order)), State::Open);
    for _ in 0..2 {
        broker.cancel(&order.name).unwrap();
        let standing = broker.look(&order.name).unwrap().unwrap();
        assert_eq!((standing.state, standing.filled), (State::Ended, 0));
    }
    broker.cancel(&ClientOrderId::from_text("tt-never")).unwrap();
    assert_eq!(broker.look(&ClientOrderId::from_text("tt-never")).unwrap(), None);
}

#[test]
fn a_credit_is_a_net_price_below_zero() {
    let rig = Rig::new();
    let mut broker = rig.alpaca();
    let mut order = debit(&mut broker, "tt-credit", "-0.01");
    for leg in &mut order.legs {
        leg.ratio = -leg.ratio;
    }
    assert_eq!(known(&broker.place(&order)), State::Open);
    rig.step();
    let standing = broker.look(&order.name).unwrap().unwrap();
    assert!(standing.net.unwrap() < Price::ZERO, "{standing:?}");
}
