//! Spreads of options (BRK-25): bought at a limit, without a stop, closed on the price of the share.

use desk::exit::{CloseOn, Way};
use desk::{Amount, Entry, ExitPlan, Intent, Reason};
use market::{OrderKind, Qty, Side, TimeInForce};

use crate::broker::TinyBroker;
use crate::world::{A, SPREAD, Step, World, config, planned, price};

/// Three units at 385 or less, until the share costs 110.
fn spread() -> Intent {
    let close_on = Some(CloseOn { instrument: A, price: price("110"), way: Way::Rises });
    let plan = ExitPlan { close_on, ..ExitPlan::unstopped(price("385")) };
    Intent {
        instrument: SPREAD,
        entry: Entry { kind: OrderKind::Limit { limit: price("385") }, ..Entry::market() },
        amount: Amount::Units(Qty::whole(3)),
        ..planned("spread", Side::Long, plan)
    }
}

fn world(intent: Intent) -> World {
    World::new(config(), TinyBroker::guarded(), vec![(1, Step::Want(Box::new(intent)))])
}

#[test]
fn it_is_held_without_a_stop_and_closed_as_a_whole_when_the_share_is_there() {
    let mut world = world(spread());
    world.bar("100 101 99 100").bar("100 101 99 100").bar_beside(SPREAD, "380 390 370 380");
    let held = |world: &World| world.engine.view().position(SPREAD).map(|it| it.qty);
    assert_eq!(held(&world), Some(Qty::whole(3)));
    assert_eq!(world.broker.open_orders(), 0, "no stop stands");
    world.bar("100 111 99 110").bar("110 111 109 110").bar_beside(SPREAD, "700 720 690 710");
    assert_eq!(held(&world), None);
    assert_eq!(world.exits(), ["Touched at 700"]);
    world.check_fold();
}

#[test]
fn what_no_broker_keeps_for_a_spread_is_refused() {
    let plan = |change: fn(&mut ExitPlan)| {
        let mut intent = spread();
        intent.plan.iter_mut().for_each(change);
        intent
    };
    let stopped = plan(|plan| plan.stop = price("100"));
    let missing = plan(|plan| {
        plan.close_on =
            plan.close_on.map(|close| CloseOn { instrument: market::InstrumentId(7), ..close });
    });
    let market = Intent { entry: Entry::market(), ..spread() };
    let entry = Entry { tif: TimeInForce::Gtc, ..spread().entry };
    let for_long = Intent { entry, ..spread() };
    let one_of_two = Intent { group: Some("either".to_owned()), ..spread() };
    let sold = Intent { side: Side::Short, ..spread() };
    for (name, intent) in [
        ("stopped", stopped),
        ("missing", missing),
        ("market", market),
        ("for long", for_long),
        ("one of two", one_of_two),
        ("sold", sold),
    ] {
        let mut world = world(intent);
        world.bar("100 101 99 100").bar("100 101 99 100");
        let refused: Vec<_> = world.engine.state().refusals.keys().copied().collect();
        assert_eq!(refused, [Reason::BadPlan], "{name}");
    }
}

#[test]
fn a_share_without_a_stop_is_refused() {
    let mut world = world(planned("bare", Side::Long, ExitPlan::unstopped(price("100"))));
    world.bar("100 101 99 100").bar("100 101 99 100");
    let refused: Vec<_> = world.engine.state().refusals.keys().copied().collect();
    assert_eq!(refused, [Reason::BadPlan]);
}
