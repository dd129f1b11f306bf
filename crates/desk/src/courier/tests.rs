//! What the wire does to messages, one thing at a time.

use base::Ts;
use market::remote::{Books, Execution, Heard, Report, Said};
use market::{
    Broker as _, BrokerEvent, BrokerRef, Cash, ClientOrderId, InstrumentId, OrderKind,
    OrderRequest, OrderState, Price, Qty, TimeInForce,
};

use super::tin::Tin;
use super::{Clocks, Courier, Patience};

const A: InstrumentId = InstrumentId(0);

fn id(name: &str) -> ClientOrderId {
    ClientOrderId::from_text(name)
}

fn order(name: &str, units: i64) -> OrderRequest {
    OrderRequest {
        id: id(name),
        instrument: A,
        qty: Qty::whole(units),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        oco_group: None,
        parent: None,
        reduce_only: false,
    }
}

fn report(name: &str, state: OrderState, filled: i64) -> Heard {
    Heard::Order(Report {
        order: id(name),
        instrument: A,
        state,
        filled: Qty::whole(filled),
        reason: String::new(),
    })
}

fn execution(name: &str, of: &str, units: i64) -> Execution {
    Execution {
        id: BrokerRef(name.to_owned()),
        order: id(of),
        instrument: A,
        at: Ts::from_seconds(0),
        qty: Qty::whole(units),
        price: Price::from_raw(Price::SCALE),
        fee: Cash::ZERO,
        corrects: None,
    }
}

fn clocks(seconds: i64) -> Clocks {
    Clocks { wall: Ts::from_seconds(seconds), steady: Ts::from_seconds(seconds) }
}

/// A courier that was introduced at second 0.
fn courier() -> Courier<Tin> {
    let mut courier = Courier::new(Tin::default(), Patience::default(), clocks(0));
    courier.turn(clocks(0));
    courier.flush();
    answer(&mut courier, 0, Books::default());
    courier
}

/// Answers the last question for the books.
fn answer(courier: &mut Courier<Tin>, at: i64, books: Books) {
    hear_answer(courier, at, books);
    courier.flush();
}

/// The same, and what is decided on it is not sent yet.
fn hear_answer(courier: &mut Courier<Tin>, at: i64, books: Books) {
    let last = courier.wire().said.iter().rev().find_map(|said| match said {
        Said::AskBooks { number, .. } => Some(*number),
        _ => None,
    });
    let number = last.unwrap();
    courier.wire().heard.push(Heard::Books(Books { number, ..books }));
    courier.turn(clocks(at));
}

fn hear(courier: &mut Courier<Tin>, at: i64, heard: Vec<Heard>) {
    courier.wire().heard.extend(heard);
    courier.turn(clocks(at));
    courier.flush();
}

/// What the engine is told, in short.
fn told(courier: &mut Courier<Tin>) -> Vec<String> {
    let mut events = Vec::new();
    courier.drain(&mut events);
    let line = |event: BrokerEvent| match event {
        BrokerEvent::Moved { order, state, .. } => format!("{order} {state:?}"),
        BrokerEvent::Filled(fill) => format!("{} {}", fill.order, fill.qty),
        BrokerEvent::CashMoved { amount, .. } => format!("cash {amount}"),
        BrokerEvent::Corrected { execution, .. } => format!("{} corrected", execution.0),
    };
    events.into_iter().map(line).collect()
}

fn questions(courier: &mut Courier<Tin>) -> usize {
    courier.wire().said.iter().filter(|said| matches!(said, Said::AskBooks { .. })).count()
}

fn sent(courier: &mut Courier<Tin>) -> usize {
    courier.wire().said.iter().filter(|said| matches!(said, Said::Submit(_))).count()
}

#[test]
fn an_entry_that_the_wire_was_too_long_away_for_is_let_go_and_an_exit_is_not() {
    let mut courier = courier();
    hear(&mut courier, 1, vec![Heard::Lost]);
    let exit = OrderRequest { reduce_only: true, ..order("exit", -10) };
    let stop = OrderRequest { parent: Some(id("late")), reduce_only: true, ..order("stop", -5) };
    for order in [&order("late", 5), &stop, &exit] {
        courier.submit(Ts::from_seconds(2), order);
    }
    hear(&mut courier, 50, vec![]);
    courier.submit(Ts::from_seconds(50), &order("fresh", 7));
    hear(&mut courier, 90, vec![Heard::Connected]);
    answer(&mut courier, 91, Books::default());
    let said: Vec<ClientOrderId> = courier
        .wire()
        .said
        .iter()
        .filter_map(|said| match said {
            Said::Submit(request) => Some(request.id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(said, [id("exit"), id("fresh")]);
    assert_eq!(told(&mut courier), ["late Cancelled", "stop Cancelled"]);
    assert_eq!(courier.incidents(), ["order late: it could not be sent in time"]);
}

#[test]
fn an_order_that_the_broker_never_calls_working_is_asked_about_now_and_then() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    hear(&mut courier, 1, vec![]);
    let Heard::Order(report) = report("a", OrderState::Sent, 0) else { return };
    let before = questions(&mut courier);
    for second in 2..62 {
        hear(&mut courier, second, vec![]);
        if questions(&mut courier) > before {
            let books = Books { orders: vec![report.clone()], ..Books::default() };
            answer(&mut courier, second, books);
        }
    }
    let asked = questions(&mut courier) - before;
    let most = 60 / Patience::default().answer.seconds() as usize;
    assert!((2..=most).contains(&asked), "{asked} times in a minute");
}

#[test]
fn nothing_is_sent_before_the_first_books() {
    let mut courier = Courier::new(Tin::default(), Patience::default(), clocks(0));
    courier.turn(clocks(0));
    courier.submit(Ts::from_seconds(0), &order("a", 5));
    courier.flush();
    assert_eq!(sent(&mut courier), 0);
    answer(&mut courier, 1, Books::default());
    assert_eq!(sent(&mut courier), 1);
}

#[test]
fn an_execution_heard_twice_is_told_once() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    let done = || Heard::Executed(execution("x", "a", 5));
    hear(&mut courier, 2, vec![done(), done()]);
    hear(&mut courier, 3, vec![done()]);
    assert_eq!(told(&mut courier), ["a Working", "a 5"]);
}

#[test]
fn an_end_waits_for_the_executions_that_it_speaks_of() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    hear(&mut courier, 2, vec![report("a", OrderState::Cancelled, 2)]);
    assert_eq!(told(&mut courier), Vec::<String>::new());
    hear(&mut courier, 3, vec![Heard::Executed(execution("x", "a", 2))]);
    assert_eq!(told(&mut courier), ["a 2", "a Cancelled"]);
}

#[test]
fn an_order_is_sent_again_only_once_books_asked_late_enough_do_not_know_it() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    hear(&mut courier, 1, vec![]);
    courier.want_books();
    hear(&mut courier, 5, vec![]);
    answer(&mut courier, 6, Books::default());
    assert_eq!(sent(&mut courier), 1, "the message may still be on its way");
    hear(&mut courier, 12, vec![]);
    answer(&mut courier, 13, Books::default());
    assert_eq!(sent(&mut courier), 2);
}

#[test]
fn whether_an_order_arrived_is_asked_as_soon_as_it_can_be_told_and_once() {
    let mut courier = courier();
    courier.patience.answer = base::Span::from_seconds(30);
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    for second in 1..11 {
        hear(&mut courier, second, vec![]);
    }
    assert_eq!(questions(&mut courier), 1, "the first books alone");
    hear(&mut courier, 11, vec![]);
    assert_eq!(questions(&mut courier), 2);
    let Heard::Order(report) = report("a", OrderState::Sent, 0) else { return };
    answer(&mut courier, 12, Books { orders: vec![report], ..Books::default() });
    for second in 13..40 {
        hear(&mut courier, second, vec![]);
    }
    assert_eq!((questions(&mut courier), sent(&mut courier)), (2, 1));
}

#[test]
fn an_order_that_the_books_know_is_not_sent_again() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    hear(&mut courier, 1, vec![]);
    hear(&mut courier, 12, vec![]);
    let Heard::Order(known) = report("a", OrderState::Working, 0) else { unreachable!() };
    answer(&mut courier, 13, Books { orders: vec![known], ..Books::default() });
    assert_eq!(sent(&mut courier), 1);
    assert_eq!(told(&mut courier), ["a Working"]);
}

#[test]
fn an_order_that_the_broker_knew_and_knows_no_more_is_over_and_on_record() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    hear(&mut courier, 2, vec![report("a", OrderState::Working, 0)]);
    hear(&mut courier, 70, vec![]);
    answer(&mut courier, 71, Books::default());
    assert_eq!(told(&mut courier), ["a Working", "a Cancelled"]);
    assert_eq!(courier.incidents().len(), 1);
}

#[test]
fn a_fill_that_was_not_heard_is_found_in_the_books() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    hear(&mut courier, 2, vec![report("a", OrderState::Filled, 5)]);
    assert_eq!(told(&mut courier), Vec::<String>::new());
    hear(&mut courier, 8, vec![]);
    let executions = vec![execution("x", "a", 5)];
    answer(&mut courier, 9, Books { executions, ..Books::default() });
    assert_eq!(told(&mut courier), ["a 5"]);
}

#[test]
fn a_child_is_sent_after_its_parent_is_known_and_not_at_all_after_one_that_filled_nothing() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("entry", 5));
    let child = OrderRequest { parent: Some(id("entry")), ..order("stop", -5) };
    courier.submit(Ts::from_seconds(1), &child);
    courier.flush();
    assert_eq!(sent(&mut courier), 1);
    hear(&mut courier, 2, vec![report("entry", OrderState::Rejected, 0)]);
    assert_eq!(told(&mut courier), ["entry Rejected", "stop Cancelled"]);
    assert_eq!(sent(&mut courier), 1);
}

#[test]
fn a_stop_that_overtakes_its_entry_waits_for_it() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("entry", 5));
    let group = Some("bracket".to_owned());
    let child = OrderRequest { parent: Some(id("entry")), oco_group: group, ..order("stop", -5) };
    courier.submit(Ts::from_seconds(1), &child);
    courier.flush();
    hear(&mut courier, 2, vec![report("entry", OrderState::Working, 0)]);
    hear(&mut courier, 3, vec![Heard::Executed(execution("y", "stop", -5))]);
    assert_eq!(told(&mut courier), ["entry Working"]);
    hear(&mut courier, 4, vec![Heard::Executed(execution("x", "entry", 5))]);
    assert_eq!(told(&mut courier), ["entry 5", "stop Working", "stop -5"]);
}

#[test]
fn books_that_were_asked_for_before_it_do_not_let_a_stop_overtake_its_entry() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("entry", 5));
    let child = OrderRequest { parent: Some(id("entry")), ..order("stop", -5) };
    courier.submit(Ts::from_seconds(1), &child);
    courier.flush();
    let works = |name: &str| report(name, OrderState::Working, 0);
    hear(&mut courier, 2, vec![works("entry"), works("stop")]);
    // The books are asked for, and both fill while they are on their way.
    hear(&mut courier, 62, vec![]);
    hear(&mut courier, 63, vec![Heard::Executed(execution("y", "stop", -5))]);
    told(&mut courier);
    let open = |name: &str| match works(name) {
        Heard::Order(report) => report,
        _ => panic!("a report"),
    };
    let orders = vec![open("entry"), open("stop")];
    answer(&mut courier, 64, Books { orders, ..Books::default() });
    assert_eq!(told(&mut courier), Vec::<String>::new());
    courier.turn(clocks(65));
    courier.flush();
    let executions = vec![execution("x", "entry", 5), execution("y", "stop", -5)];
    answer(&mut courier, 66, Books { executions, ..Books::default() });
    assert_eq!(told(&mut courier), ["entry 5", "stop -5"]);
}

#[test]
fn books_do_not_let_a_stop_that_was_heard_late_overtake_what_its_entry_filled_since() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("entry", 10));
    let child = OrderRequest { parent: Some(id("entry")), ..order("stop", -10) };
    courier.submit(Ts::from_seconds(1), &child);
    courier.flush();
    hear(&mut courier, 2, vec![Heard::Executed(execution("a", "entry", 6))]);
    // The last one comes first, and there is room for it.
    hear(&mut courier, 3, vec![Heard::Executed(execution("d", "stop", -4))]);
    assert_eq!(told(&mut courier), ["entry Working", "entry 6", "stop Working", "stop -4"]);
    courier.want_books();
    hear(&mut courier, 4, vec![]);
    let executions = [("a", "entry", 6), ("b", "stop", -6), ("c", "entry", 4), ("d", "stop", -4)];
    let executions = executions.map(|(name, of, units)| execution(name, of, units)).to_vec();
    answer(&mut courier, 5, Books { executions, ..Books::default() });
    assert_eq!(told(&mut courier), ["entry 4", "stop -6"]);
}

#[test]
fn an_exit_in_the_place_of_one_that_ended_unasked_waits_for_books_asked_since() {
    for ended in [OrderState::Cancelled, OrderState::Expired] {
        exit_after(ended);
    }
}

fn exit_after(ended: OrderState) {
    let mut courier = courier();
    let exit = |name: &str| {
        let group = Some("bracket".to_owned());
        OrderRequest { reduce_only: true, oco_group: group, ..order(name, -5) }
    };
    for name in ["stop", "target"] {
        courier.submit(Ts::from_seconds(1), &exit(name));
    }
    courier.flush();
    let works = |name: &str| report(name, OrderState::Working, 0);
    hear(&mut courier, 2, vec![works("stop"), works("target")]);
    // The stop has filled, and only what that did to the target is heard.
    hear(&mut courier, 3, vec![report("target", ended, 0)]);
    courier.submit(Ts::from_seconds(3), &exit("target again"));
    courier.flush();
    assert_eq!(sent(&mut courier), 2);
    hear_answer(&mut courier, 4, books(execution("x", "stop", -5)));
    let ended = format!("target {ended:?}");
    let wanted = ["stop Working", "target Working", &ended, "stop -5"];
    assert_eq!(told(&mut courier), wanted);
    // What the engine does on hearing that.
    courier.cancel(Ts::from_seconds(4), &id("target again"));
    courier.flush();
    assert_eq!(sent(&mut courier), 2);
    assert_eq!(told(&mut courier), ["target again Cancelled"]);
}

#[test]
fn an_exit_in_the_place_of_one_that_was_taken_back_waits_for_nothing() {
    let mut courier = courier();
    let group = Some("bracket".to_owned());
    let exit = |name: &str| OrderRequest { oco_group: group.clone(), ..order(name, -5) };
    courier.submit(Ts::from_seconds(1), &exit("target"));
    courier.flush();
    hear(&mut courier, 2, vec![report("target", OrderState::Working, 0)]);
    courier.cancel(Ts::from_seconds(2), &id("target"));
    courier.flush();
    hear(&mut courier, 3, vec![report("target", OrderState::Cancelled, 0)]);
    courier.submit(Ts::from_seconds(3), &exit("target again"));
    courier.flush();
    assert_eq!(sent(&mut courier), 2);
}

#[test]
fn a_correction_that_overtakes_its_execution_waits_for_it() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    let corrects = Some(BrokerRef("x".to_owned()));
    let right = Execution { corrects, ..execution("c", "a", 5) };
    hear(&mut courier, 2, vec![Heard::Executed(right)]);
    assert_eq!(told(&mut courier), Vec::<String>::new());
    hear(&mut courier, 3, vec![Heard::Executed(execution("x", "a", 5))]);
    assert_eq!(told(&mut courier), ["a Working", "a 5", "x corrected"]);
}

#[test]
fn a_cancel_without_an_answer_is_sent_again() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    courier.flush();
    hear(&mut courier, 2, vec![report("a", OrderState::Working, 0)]);
    courier.cancel(Ts::from_seconds(2), &id("a"));
    courier.flush();
    hear(&mut courier, 8, vec![]);
    let Heard::Order(stands) = report("a", OrderState::Working, 0) else { unreachable!() };
    answer(&mut courier, 9, Books { orders: vec![stands], ..Books::default() });
    let said = &courier.wire().said;
    let cancels = said.iter().filter(|said| matches!(said, Said::Cancel(_))).count();
    assert_eq!(cancels, 2);
}

#[test]
fn while_the_wire_is_broken_nothing_is_said_and_afterwards_the_books_are_asked_for() {
    let mut courier = courier();
    hear(&mut courier, 1, vec![Heard::Lost]);
    courier.submit(Ts::from_seconds(1), &order("a", 5));
    let before = courier.wire().said.len();
    hear(&mut courier, 50, vec![]);
    assert_eq!(courier.wire().said.len(), before);
    hear(&mut courier, 51, vec![Heard::Connected]);
    let said = courier.wire().said[before..].to_vec();
    assert!(matches!(&said[..], [Said::AskBooks { .. }, Said::Submit(_)]), "{said:?}");
}

fn books(of: Execution) -> Books {
    Books { executions: vec![of], ..Books::default() }
}

/// The execution of an order, for which it was told to have cost that.
fn costing(fee: i64) -> Execution {
    Execution { fee: Cash::from_raw(fee), ..execution("x", "o", 1) }
}

#[test]
fn a_fee_that_is_known_only_after_its_execution_is_paid_once() {
    let mut courier = courier();
    courier.submit(Ts::from_seconds(0), &order("o", 1));
    hear(&mut courier, 1, vec![Heard::Executed(costing(0))]);
    told(&mut courier);
    for later in 1..4 {
        courier.want_books();
        hear(&mut courier, later, vec![]);
        answer(&mut courier, later, books(costing(35)));
        let wanted =
            if later == 1 { vec![format!("cash {}", -Cash::from_raw(35))] } else { vec![] };
        assert_eq!(told(&mut courier), wanted);
        // The wire may tell it by itself, under the same name.
        let paid = super::late_fee(&BrokerRef("x".to_owned()), Cash::from_raw(35));
        hear(&mut courier, later, vec![Heard::Paid(paid)]);
        assert_eq!(told(&mut courier), [""; 0]);
    }
}

#[test]
fn a_fee_that_is_known_only_in_another_life_is_paid_there() {
    let mut state = crate::journal::State::default();
    state.note_fill(&super::fill(&costing(0)));
    let wire = Tin::default();
    let mut courier = Courier::restore((wire, Patience::default()), clocks(0), &state, None);
    courier.turn(clocks(0));
    courier.flush();
    answer(&mut courier, 0, books(costing(35)));
    assert_eq!(told(&mut courier), [format!("cash {}", -Cash::from_raw(35))]);
}

#[test]
fn books_that_know_no_fee_any_more_give_none_back() {
    let mut state = crate::journal::State::default();
    state.note_fill(&super::fill(&costing(35)));
    let wire = Tin::default();
    let mut courier = Courier::restore((wire, Patience::default()), clocks(0), &state, None);
    courier.turn(clocks(0));
    courier.flush();
    answer(&mut courier, 0, books(costing(0)));
    assert_eq!(told(&mut courier), [""; 0]);
}

/// From when on the last question for the books asks.
fn asked_since(courier: &mut Courier<Tin>) -> Ts {
    let since = |said: &Said| match said {
        Said::AskBooks { since, .. } => Some(*since),
        _ => None,
    };
    courier.wire().said.iter().rev().find_map(since).unwrap()
}

#[test]
fn after_a_long_rest_the_first_books_reach_back_to_the_end_of_the_journal() {
    let day = |day: i64| clocks(day * 86_400);
    let state = crate::journal::State::default();
    let lived = Some((day(0).wall, day(100).wall));
    let mut courier =
        Courier::restore((Tin::default(), Patience::default()), day(120), &state, lived);
    courier.turn(day(120));
    courier.flush();
    assert_eq!(asked_since(&mut courier), day(96).wall);
    let last = courier.asked.unwrap().0;
    courier.wire().heard.push(Heard::Books(Books { number: last, ..Books::default() }));
    courier.turn(day(120));
    courier.want_books();
    courier.turn(day(121));
    courier.flush();
    assert_eq!(asked_since(&mut courier), day(117).wall);
}

#[test]
fn what_others_traded_before_the_beginning_is_in_the_first_cash() {
    let mut courier = Courier::new(Tin::default(), Patience::default(), clocks(1_000_000));
    courier.turn(clocks(1_000_000));
    courier.flush();
    assert_eq!(asked_since(&mut courier), Ts::from_seconds(1_000_000 - 7_200));
    let by_hand = |name: &str, second: i64| Execution {
        order: id("by hand"),
        at: Ts::from_seconds(second),
        ..execution(name, "a", 3)
    };
    let executions = vec![by_hand("before", 999_999), by_hand("after", 1_000_000)];
    answer(&mut courier, 1_000_001, Books { executions, ..Books::default() });
    hear(&mut courier, 1_000_002, vec![Heard::Executed(by_hand("late", 999_000))]);
    let mut events = Vec::new();
    courier.drain(&mut events);
    let of = |event: &BrokerEvent| match event {
        BrokerEvent::Filled(fill) => fill.execution.clone().map(|it| it.0),
        _ => None,
    };
    assert_eq!(events.iter().filter_map(of).collect::<Vec<_>>(), ["after"]);
}
