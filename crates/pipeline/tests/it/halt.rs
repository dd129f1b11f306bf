//! BRK-31, EXE-3, EXE-4: the kill switch, and differences with the broker.

use std::sync::atomic::Ordering;

use desk::driver::Durable as _;
use desk::{Journal as _, Record};
use market::{Broker as _, OrderState};
use pipeline::day::{BOOK, Step};
use pipeline::journal::StoreJournal;
use sim::BarExchange;
use store::{Durability, IntentState};

use crate::world::{World, market, parts};

/// What the simulated broker has in its books.
fn exchange(world: &World) -> BarExchange {
    let account = world.store.read(|tx| tx.simulated_account(BOOK)).unwrap().unwrap();
    serde_json::from_value(account.state).unwrap()
}

/// Opening orders that are not done.
fn entries(world: &World) -> usize {
    world.open_orders().iter().filter(|order| order.request.parent.is_none()).count()
}

#[test]
fn a_switch_pulled_at_any_moment_of_the_walk_opens_nothing_after_it_and_books_agree() {
    let day = market().sessions[0];
    let finer = || {
        let world = World::new();
        world.set(|request| request.parts = parts(Some("s")));
        world
    };
    let free = finer();
    free.walk(day);
    let (asked, fills) = (free.asked(), free.fills().len());
    assert!(asked > 20 && fills > 1, "{asked} questions, {fills} fills");
    for at in (0..8).chain((8..asked).step_by(asked / 6)) {
        let world = finer();
        world.brake.at.store(at, Ordering::Relaxed);
        world.walk(day);
        assert_eq!(entries(&world), 0, "pulled at {at}: an entry was left");
        assert!(world.incidents().is_empty(), "pulled at {at}: {:?}", world.incidents());
        assert!(world.fills().len() <= fills);
        let known = exchange(&world).snapshot().open_orders.len();
        assert_eq!(world.open_orders().len(), known, "pulled at {at}");
        if at < 4 {
            assert!(world.fills().is_empty(), "pulled at {at}: something was traded");
        }
    }
}

#[test]
fn orders_written_down_and_not_yet_sent_are_never_sent_after_a_halt() {
    let day = market().sessions[0];
    let counted = World::new();
    for step in &Step::ALL[..7] {
        counted.course(None, Some(*step), &[]).walk(day);
    }
    let world = World::new();
    // The switch is asked last just before orders go out.
    world.brake.at.store(counted.asked() - 1, Ordering::Relaxed);
    for step in &Step::ALL[..7] {
        world.course(None, Some(*step), &[]).walk(day);
    }
    let sent = world.intents(day).iter().filter(|is| **is == IntentState::Executed).count();
    assert!(sent > 0, "the orders were not written down");
    assert_eq!(world.open_orders(), []);
    assert_eq!(exchange(&world).snapshot().open_orders.len(), 0);
    world.brake.at.store(usize::MAX, Ordering::Relaxed);
    world.brake.on.store(false, Ordering::Relaxed);
    world.course(None, None, &[]).walk(day);
    assert!(world.fills().is_empty() && world.incidents().is_empty());
}

#[test]
fn after_the_release_the_next_day_trades() {
    let (world, sessions) = (World::new(), &market().sessions);
    world.brake.on.store(true, Ordering::Relaxed);
    world.walk(sessions[0]);
    assert!(world.intents(sessions[0]).iter().all(|state| *state == IntentState::Refused));
    world.brake.on.store(false, Ordering::Relaxed);
    for day in &sessions[1..15] {
        world.walk(*day);
    }
    assert!(!world.fills().is_empty());
    let orders = world.store.read(|tx| tx.intents_of_day(sessions[0], BOOK)).unwrap();
    assert!(orders.iter().all(|intent| intent.state == IntentState::Refused));
}

#[test]
fn cash_that_differs_freezes_the_account_until_a_person_has_settled_it() {
    let (world, sessions) = (World::new(), &market().sessions);
    world.walk(sessions[0]);
    let cent = |state: &mut serde_json::Value| {
        let cash = state["account"]["cash"].as_i64().unwrap();
        state["account"]["cash"] = (cash + 10_000).into();
    };
    world.tamper(cent);
    world.walk(sessions[1]);
    let found = world.incidents();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].id.contains("reconcile/cash"), "{}", found[0].id);
    let fills = world.fills().len();
    let mut wanted = 0;
    for day in &sessions[2..12] {
        world.walk(*day);
        wanted += world.intents(*day).len();
        assert!(!world.intents(*day).contains(&IntentState::Executed), "{day} opened");
    }
    assert!(wanted > 0, "nothing was wanted while frozen");
    let entries = world.fills().len() - fills;
    let settle = |tx: &store::Tx<'_>| -> Result<(), store::Error> {
        for incident in tx.open_incidents()? {
            tx.resolve_incident(&incident.id, "a cent of interest")?;
        }
        Ok(())
    };
    world.store.transaction("resolve", settle).unwrap();
    let mut executed = 0;
    for day in &sessions[12..24] {
        world.walk(*day);
        let states = world.intents(*day);
        executed += states.iter().filter(|state| **state == IntentState::Executed).count();
        world.store.transaction("resolve", settle).unwrap();
    }
    assert!(executed > 0, "frozen for ever; {entries} exits meanwhile");
}

#[test]
fn an_order_that_the_broker_forgot_freezes_its_instrument_alone() {
    let (world, sessions) = (World::new(), &market().sessions);
    let mut last = sessions[0];
    for day in sessions {
        last = *day;
        world.walk(*day);
        if !world.open_orders().is_empty() {
            break;
        }
    }
    let lost = world.open_orders().into_iter().next().expect("an order that works overnight");
    assert_eq!(lost.state, OrderState::Working);
    let name = lost.id.to_string();
    world.tamper(|state| {
        for book in state["books"].as_array_mut().unwrap() {
            let orders = book["orders"].as_array_mut().unwrap();
            orders.retain(|order| order["request"]["id"].as_str() != Some(&name));
        }
        state["account"]["open"].as_object_mut().unwrap().remove(&name);
    });
    world.course(Some(Step::Reconcile), None, &[]).walk(last);
    let found = world.incidents();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].detail["symbol"], lost.symbol.as_str());
    assert_eq!(found[0].detail["broker"], "unknown");
}

#[test]
fn lines_that_a_killed_session_kept_become_rows_at_the_next_start_and_once() {
    let world = World::new();
    let sessions = &market().sessions;
    world.walk(sessions[0]);
    let before = world.incidents().len();
    // As if the process had been killed after the journal held it and before the tables did.
    let mut journal = StoreJournal::new(world.store.appender(Durability::Machine).unwrap());
    let seq = world.store.read(|tx| tx.next_journal_seq()).unwrap().unsigned_abs() - 1;
    let at = world.fills().last().unwrap().at;
    journal.write(seq, at, || Record::Incident("the line was cut".to_owned()));
    journal.commit().unwrap();
    assert_eq!(world.incidents().len(), before);
    for session in &sessions[1..3] {
        world.walk(*session);
        let told = world.incidents();
        let ours = |it: &&store::Incident| it.detail["what"] == "the line was cut";
        assert_eq!(told.iter().filter(ours).count(), 1, "{told:?}");
    }
}
