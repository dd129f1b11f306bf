//! Closing on the price of another instrument.

use desk::exit::{CloseOn, Way};
use desk::{Engine, ExitPlan};
use market::Side;

use crate::broker::TinyBroker;
use crate::world::{A, B, Step, World, config, planned, price, universe};

fn closing(text: &str, way: Way) -> World {
    let close_on = Some(CloseOn { instrument: B, price: price(text), way });
    let plan = ExitPlan { close_on, ..ExitPlan::stop_only(price("100"), price("96")) };
    let script = vec![(1, Step::Want(Box::new(planned("one", Side::Long, plan))))];
    World::new(config(), TinyBroker::guarded(), script)
}

fn held(mut world: World) -> World {
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.held(), 100);
    world
}

#[test]
fn a_touch_from_the_named_side_closes_at_the_next_open_and_leaves_nothing_out() {
    for (way, quiet, touches) in
        [(Way::Rises, "45 49 44 48", "48 50 47 48"), (Way::Falls, "55 56 51 52", "52 53 50 52")]
    {
        let mut world = held(closing("50", way));
        world.bar("100 101 99 100").other_bar(quiet);
        world.bar("100 101 99 100").other_bar(touches);
        assert_eq!(world.held(), 100, "the order waits for the next bar");
        world.bar("101 102 100 101");
        assert_eq!(world.exits(), ["Touched at 101"]);
        assert_eq!((world.held(), world.broker.open_orders(), world.broker.naked), (0, 0, 0));
        world.check_fold();
    }
}

#[test]
fn an_entry_that_still_waits_is_taken_back() {
    let mut world = closing("50", Way::Rises);
    world.bar("100 101 99 100").other_bar("50 51 49 50");
    world.bar("100 101 99 100");
    assert_eq!((world.held(), world.broker.open_orders()), (0, 0));
    assert_eq!(world.engine.state().plans.len(), 0);
    world.check_fold();
}

#[test]
fn a_restart_goes_on_waiting_and_a_split_of_the_watched_moves_the_price() {
    let mut world = held(closing("50", Way::Rises));
    let book = crate::world::ScriptedBook::default();
    let lines = &world.journal.lines;
    world.engine = Engine::restore(config(), &universe(), book, lines).unwrap();
    world.engine.mark(A, price("100")).unwrap();
    world.split_other(2.0).bar("100 101 99 100").other_bar("23 24.9 23 24");
    world.bar("100 101 99 100");
    assert_eq!(world.held(), 100);
    world.other_bar("24 25 24 24").bar("99 102 98 101");
    assert_eq!(world.exits(), ["Touched at 99"]);
    world.check_fold();
    // Nobody waits for it any more.
    world.other_bar("24 25 24 24");
}

#[test]
fn an_instrument_that_is_not_listed_can_not_be_waited_for() {
    let close_on =
        Some(CloseOn { instrument: market::InstrumentId(7), price: price("1"), way: Way::Falls });
    let plan = ExitPlan { close_on, ..ExitPlan::stop_only(price("100"), price("96")) };
    let script = vec![(1, Step::Want(Box::new(planned("one", Side::Long, plan))))];
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    let refused: Vec<_> = world.engine.state().refusals.keys().copied().collect();
    assert_eq!((refused, world.held()), (vec![desk::Reason::BadPlan], 0));
}
