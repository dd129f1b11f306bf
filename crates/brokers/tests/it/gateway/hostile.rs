//! What a program that says it is TWS may send: frames that are none, messages that are none, and
//! figures that are none. None of it ends a thread, is taken for a fact, or is in the way of what
//! comes after it.

use std::time::Instant;

use brokers::gateway::Waits;
use brokers::ibkr::line::{Answer, Part};
use brokers::ibkr::{Ask, Line as _, News};
use market::Qty;
use prost::Message as _;

use super::between::{framed, framed_as};
use super::line::Stand;
use crate::tws::{self, ask, tell};

/// Messages that we listen to.
const TOLD: [u32; 14] = [
    tell::ORDER_STATUS,
    tell::ERROR,
    tell::OPEN_ORDER,
    tell::NEXT_VALID_ID,
    tell::EXECUTION,
    tell::OPEN_ORDERS_END,
    tell::EXECUTIONS_END,
    tell::COMMISSION,
    tell::POSITION,
    tell::POSITION_END,
    tell::ACCOUNT_SUMMARY,
    tell::ACCOUNT_SUMMARY_END,
    tell::COMPLETED_ORDER,
    tell::COMPLETED_ORDERS_END,
];

/// Asks for a part until it is answered, over as many lines as that takes. What was heard meanwhile
/// must tell of no order and no trade but those in `known`.
fn read(stand: &mut Stand, part: Part, known: &[&str]) -> Answer {
    let begun = Instant::now();
    for number in 1.. {
        stand.online.ask(Ask::Read(number, part));
        let asked = Instant::now();
        while asked.elapsed().as_secs() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            stand.online.hear(&mut stand.news);
            for news in stand.news.drain(..) {
                match news {
                    News::Answer(of, answer) if of == number => return answer,
                    News::Order(seen) => {
                        assert!(known.contains(&seen.reference.as_str()), "{seen:?}");
                    }
                    News::Progress(progress) => assert_eq!(progress.left, Qty::whole(1)),
                    News::Traded(_) | News::Fee { .. } => panic!("{news:?}"),
                    _ => {}
                }
            }
        }
        assert!(begun.elapsed().as_secs() < 100, "{part:?} is never answered");
    }
    unreachable!()
}

/// The line works, and the orders that stand are these.
fn stands(stand: &mut Stand, known: &[&str]) {
    let Answer::Orders(orders) = read(stand, Part::Open, known) else { panic!("no orders") };
    let found: Vec<&str> = orders.iter().map(|order| order.reference.as_str()).collect();
    assert_eq!(found, known);
}

#[test]
fn frames_of_a_length_that_is_none_end_the_line_and_it_comes_back() {
    let mut stand = Stand::new(Waits::default());
    let names = ["1", "2", "3", "4"];
    let frames: [&[u8]; 4] = [&[0xff; 4], &[0; 4], &[0, 0, 0, 3, 1, 2, 3], &[1, 0, 0, 1, 0, 0]];
    for (at, frame) in frames.into_iter().enumerate() {
        stand.between.say_bytes(frame);
        stand.lost();
        stand.connected();
        stand.place(1 + at as i32, names[at]);
        stands(&mut stand, &names[..=at]);
    }
}

#[test]
fn a_frame_that_is_cut_off_ends_the_line_and_it_comes_back() {
    let mut stand = Stand::new(Waits::default());
    stand.between.say_bytes(&[0, 0, 0, 100, 0, 0, 0, 205, 10]);
    stand.between.cut();
    stand.lost();
    stand.connected();
    stand.place(1, "after");
    stands(&mut stand, &["after"]);
}

#[test]
fn a_frame_that_never_ends_ends_the_line_and_it_comes_back() {
    let second = base::Span::from_seconds(1);
    let waits = Waits { beat: second, answer: second, greet: second, ..Waits::default() };
    let mut stand = Stand::new(waits);
    stand.between.say_bytes(&[0, 1, 0, 0, 0, 0, 0, 205, 10]);
    stand.between.fall_silent(true);
    let begun = Instant::now();
    stand.lost();
    assert!(begun.elapsed().as_secs() < 20, "it hangs in the middle of a frame");
    stand.between.fall_silent(false);
    stand.connected();
    stand.place(1, "after");
    stands(&mut stand, &["after"]);
}

#[test]
fn messages_that_are_none_are_no_facts_and_leave_the_line_or_end_it() {
    let mut stand = Stand::new(Waits::default());
    stand.place(1, "before");
    // What follows may end the line: the order is there before it.
    stands(&mut stand, &["before"]);
    let bodies: [&[u8]; 6] = [
        &[],
        &[0xff; 40],
        // A text that is longer than the message, and one that is none.
        &[0x0a, 0x7f, b'a'],
        &[0x12, 0x02, 0xff, 0xfe],
        // A message in it that ends in its middle, and a number that never ends.
        &[0x1a, 0x03, 0x08, 0x80, 0x80],
        &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    ];
    for id in TOLD.into_iter().chain([0, 250, 9_999]) {
        for body in bodies {
            stand.between.say_bytes(&framed(id, body));
        }
        // Fields of text, as older versions spoke.
        stand.between.say_bytes(&framed_as(id, b"9\0nan\0\0\xff"));
        stands(&mut stand, &["before"]);
    }
    stand.place(1_000, "after");
    stands(&mut stand, &["before", "after"]);
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn contract() -> Option<tws::Contract> {
    Some(tws::Contract {
        symbol: text("AAA"),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
    })
}

fn executed(shares: &str, price: f64) -> Vec<u8> {
    let execution = tws::Execution {
        order_id: Some(1),
        exec_id: text("x.1"),
        time: text("20240103 10:00:00 US/Eastern"),
        side: text("BOT"),
        shares: text(shares),
        price: Some(price),
        order_ref: text("before"),
        ..tws::Execution::default()
    };
    let details = tws::ExecutionDetails {
        req_id: Some(-1),
        contract: contract(),
        execution: Some(execution),
    };
    framed(tell::EXECUTION, &details.encode_to_vec())
}

#[test]
fn figures_that_are_none_are_no_facts() {
    let mut stand = Stand::new(Waits::default());
    stand.place(1, "before");
    stands(&mut stand, &["before"]);
    for (shares, price) in [
        ("nan", 9.5),
        ("inf", 9.5),
        ("-5", 9.5),
        ("0", 9.5),
        ("1e300", 9.5),
        ("five", 9.5),
        ("5", f64::NAN),
        ("5", f64::INFINITY),
        ("5", f64::MAX),
    ] {
        stand.between.say_bytes(&executed(shares, price));
    }
    for (filled, remaining) in [("nan", "1"), ("0", "nan"), ("-1", "1"), ("1", "1e300")] {
        let status = tws::OrderStatus {
            order_id: Some(1),
            status: text("Submitted"),
            filled: text(filled),
            remaining: text(remaining),
            ..tws::OrderStatus::default()
        };
        stand.between.say_bytes(&framed(tell::ORDER_STATUS, &status.encode_to_vec()));
    }
    stands(&mut stand, &["before"]);
}

#[test]
fn a_position_that_is_no_number_is_no_answer() {
    let mut stand = Stand::new(Waits::default());
    let Answer::Positions(held) = read(&mut stand, Part::Positions, &[]) else { panic!() };
    assert_eq!(held, []);
    for wrong in ["nan", "inf", "1e12", "many"] {
        let account = stand.account.clone();
        let position = Position {
            account: Some(account),
            contract: contract(),
            position: text(wrong),
            avg_cost: Some(100.0),
        };
        let mut told = framed(tell::POSITION, &position.encode_to_vec());
        told.extend(framed(tell::POSITION_END, &[]));
        stand.between.say_bytes_instead(ask::POSITIONS, told);
        stand.online.ask(Ask::Read(99, Part::Positions));
        stand.heard("no answer", |news| match news {
            News::Unanswered(99, _) => Some(()),
            News::Answer(99, answer) => panic!("{wrong}: {answer:?}"),
            _ => None,
        });
    }
    stand.between.say_the_truth();
    let Answer::Positions(held) = read(&mut stand, Part::Positions, &[]) else { panic!() };
    assert_eq!(held, []);
}

/// A position with the account that it is of.
#[derive(Clone, PartialEq, prost::Message)]
struct Position {
    #[prost(string, optional, tag = "1")]
    account: Option<String>,
    #[prost(message, optional, tag = "2")]
    contract: Option<tws::Contract>,
    #[prost(string, optional, tag = "3")]
    position: Option<String>,
    #[prost(double, optional, tag = "4")]
    avg_cost: Option<f64>,
}
