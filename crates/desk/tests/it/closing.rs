//! Orders that close what is held: refused, run out, or for what nobody meant.

use base::Ts;
use desk::orders::Role;
use desk::{EngineConfig, ExitPlan, OnKill, Record};
use market::{BrokerEvent, Cash, ClientOrderId, Command, Fill, OrderState, Qty, Side};

use crate::broker::TinyBroker;
use crate::world::{A, Step, World, cash, config, planned, price};

fn fill(order: ClientOrderId, units: i64) -> Fill {
    Fill {
        order,
        instrument: A,
        at: Ts::from_seconds(0),
        qty: Qty::whole(units),
        price: price("100"),
        fee: Cash::ZERO,
        evidence: None,
        execution: None,
    }
}

#[test]
fn what_closes_a_stray_leaves_alone_what_lies_beside_it_by_hand() {
    let mut world = World::new(config(), TinyBroker::default(), Vec::new());
    world.bar("100 101 99 100");
    let by_hand = fill(ClientOrderId::from_text("hand"), 57);
    // An exit that had ended, as far as was said, filled after all.
    let late = fill(ClientOrderId::derive("gone", "stop"), 8);
    world.broker.held.insert(A, Qty::whole(65));
    world.broker.cash -= cash(6_500);
    world.broker.answers.extend([by_hand, late].map(BrokerEvent::Filled));
    world.command(Command::Resume { reason: "a look at the broker".to_owned() });
    assert_eq!(world.broker.open_orders(), 1);
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!((world.held(), world.broker.open_orders()), (57, 0));
    assert_eq!(world.engine.state().loose.get(&A), Some(&Qty::whole(57)));
    world.check_fold();
}

#[test]
fn a_refused_closing_order_is_asked_for_again_before_the_next_bar() {
    let config = EngineConfig { on_kill: OnKill::Flatten, ..config() };
    let broker = TinyBroker { refuse_closing: 2, ..TinyBroker::guarded() };
    let plan = ExitPlan::stop_only(price("100"), price("96"));
    let script = vec![(1, Step::Want(Box::new(planned("one", Side::Long, plan))))];
    let mut world = World::new(config, broker, script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    world.command(Command::Kill { reason: "test".to_owned() });
    // Not in a circle with the broker's answer.
    world.timer(0).timer(0);
    assert_eq!((world.broker.refuse_closing, world.broker.open_orders()), (1, 1));
    world.timer(1);
    assert_eq!((world.broker.refuse_closing, world.broker.open_orders()), (0, 1));
    world.timer(0);
    assert_eq!(world.broker.open_orders(), 1);
    world.timer(1);
    assert_eq!(world.broker.open_orders(), 2);
    world.check_fold();
    world.bar("101 102 100 101");
    assert_eq!(world.exits(), ["Killed at 101"]);
    assert_eq!((world.broker.open_orders(), world.broker.naked), (0, 0));
}

#[test]
fn a_closing_order_that_ran_out_with_the_session_waits_for_the_next_one() {
    let mut world = World::new(config(), TinyBroker::default(), Vec::new());
    world.bar("100 101 99 100");
    // An exit that had ended, as far as was said, filled after all.
    let late = fill(ClientOrderId::derive("gone", "stop"), -5);
    world.broker.held.insert(A, late.qty);
    world.broker.cash += cash(500);
    world.broker.answers.push(BrokerEvent::Filled(late));
    world.command(Command::Resume { reason: "a look at the broker".to_owned() });
    let closing = |world: &World| -> Vec<ClientOrderId> {
        let lines = world.journal.lines.iter();
        let sent = lines.filter_map(|line| match &line.record {
            Record::Sending { request, role: Role::Close, .. } => Some(request.id.clone()),
            _ => None,
        });
        sent.collect()
    };
    let first = closing(&world);
    assert_eq!(first.len(), 1);
    world.broker.orders.clear();
    let (order, reason) = (first[0].clone(), "the session ended".to_owned());
    let state = OrderState::Expired;
    world.broker.answers.push(BrokerEvent::Moved { order, state, reason });
    world.command(Command::Resume { reason: "a look at the broker".to_owned() });
    assert_eq!((closing(&world).len(), world.broker.open_orders()), (2, 1));
    world.bar("100 101 99 100");
    assert_eq!(world.held(), 0);
}
