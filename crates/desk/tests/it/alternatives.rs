//! Entries of which at most one is meant to be entered, where more than one fills in part.

use market::{OrderKind, Qty};

use crate::broker::TinyBroker;
use crate::cases::alternative;
use crate::world::{A, World, config, price};

/// Two limits that one bar touches: the second fills what the first has left of it.
fn both_filled() -> World {
    let (near, far) = (price("103"), price("104"));
    let script = vec![
        alternative("near", OrderKind::Limit { limit: near }, 40),
        alternative("far", OrderKind::Limit { limit: far }, 70),
    ];
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99.5 100").bar("100 105 99.5 104");
    assert_eq!(world.held(), -70);
    world
}

#[test]
fn an_entry_that_has_filled_all_that_its_alternative_left_of_it_is_done() {
    let world = both_filled();
    let plans = world.engine.view().plans(A);
    let done: Vec<_> = plans.iter().map(|it| (it.open(), it.first.done)).collect();
    assert_eq!(done, [(Qty::whole(40), true), (Qty::whole(30), true)]);
    world.check_fold();
}

#[test]
fn what_alternatives_filled_between_them_is_stopped_out_whole_and_leaves_no_plan() {
    let mut world = both_filled();
    world.bar("104 120 103 118").bar("118 119 117 118");
    assert_eq!((world.held(), world.broker.naked), (0, 0));
    assert_eq!(world.engine.view().all_plans().count(), 0);
    world.check_fold();
}
