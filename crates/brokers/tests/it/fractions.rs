//! Positions at Alpaca that are not whole: each part of one stands behind a stop, and nothing of it
//! remains, on lines that are whole and on lines that are not.

use std::cell::RefCell;
use std::rc::Rc;

use base::Span;
use market::remote::{Said, Wire as _};
use market::{ClientOrderId, OrderKind, OrderRequest, Qty, Universe};

use crate::alpaca::AlpacaDoor;
use crate::rig::{Prices, QUIET, exit, order, tape, usd};
use crate::suite::{Make, Stage};
use crate::world::{self, Door, Near, World};

/// Lines that are tried: each loses other messages.
const SEEDS: u64 = 40;
/// The target is reached, and after it the market opens higher.
const UP: [Prices; 5] =
    [QUIET, QUIET, [100.0, 111.0, 99.5, 110.5], [110.5, 111.0, 110.0, 110.5], QUIET];
/// The stop is reached.
const DOWN: [Prices; 4] = [QUIET, QUIET, [100.0, 100.5, 94.0, 94.5], QUIET];

fn shares(text: &str) -> Qty {
    text.parse().unwrap()
}

fn of(order: OrderRequest, qty: Qty) -> OrderRequest {
    OrderRequest { qty, ..order }
}

fn stop(price: f64) -> OrderKind {
    OrderKind::Stop { stop: usd(price) }
}

/// An entry at the market with a stop at 95 and a target at 110 that sleep under it.
fn bracket(qty: &str) -> [OrderRequest; 3] {
    let (buys, sells) = (shares(qty), -shares(qty));
    let entry = of(order("entry", 1, OrderKind::Market), buys);
    let low = of(exit(("stop", "g"), Some(&entry), -1, stop(95.0)), sells);
    let kind = OrderKind::Limit { limit: usd(110.0) };
    let high = of(exit(("target", "g"), Some(&entry), -1, kind), sells);
    [entry, low, high]
}

fn on_whole_lines(test: impl Fn(&Make)) {
    test(&|bars| world::rig::<AlpacaDoor>(bars, None));
}

fn over_sockets(test: impl Fn(&Make)) {
    type Online = brokers::alpaca::Alpaca<brokers::alpaca::Online>;
    test(&crate::online::rig::<Online>);
}

fn on_lines_that_lose(test: impl Fn(&Make)) {
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        test(&move |bars| world::rig::<AlpacaDoor>(bars, Some(seed)));
    }
}

fn the_stop_takes_all(make: &Make) {
    for qty in ["10.5", "0.5", "10", "1.02"] {
        let mut stage = Stage::new(make, &DOWN);
        let [entry, low, high] = bracket(qty);
        stage.send(&[&entry, &low, &high]);
        stage.bars(1);
        assert_eq!(stage.agrees(), shares(qty));
        assert!(!stage.has_ended(&low) && !stage.has_ended(&high), "{qty}");
        stage.bars(3);
        assert_eq!((stage.filled(&low), stage.price(&low)), (-shares(qty), usd(95.0)));
        assert!(stage.has_ended(&high));
        stage.is_flat();
    }
}

fn the_target_takes_all(make: &Make) {
    for qty in ["10.5", "10", "1.02"] {
        let mut stage = Stage::new(make, &UP);
        let [entry, low, high] = bracket(qty);
        stage.send(&[&entry, &low, &high]);
        stage.bars(5);
        assert_eq!((stage.filled(&high), stage.price(&high)), (-shares(qty), usd(110.0)));
        assert_eq!(stage.filled(&low), Qty::ZERO);
        assert!(stage.has_ended(&low));
        stage.is_flat();
    }
}

fn less_than_a_share_keeps_its_stop_past_the_target(make: &Make) {
    let back = [94.5, 95.0, 90.0, 94.0];
    let script: Vec<Prices> = UP.into_iter().chain([back, QUIET]).collect();
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket("0.5");
    stage.send(&[&entry, &low, &high]);
    stage.bars(4);
    assert_eq!(stage.agrees(), shares("0.5"));
    stage.bars(3);
    assert_eq!(stage.filled(&low), shares("-0.5"));
    assert!(stage.has_ended(&high));
    stage.is_flat();
}

fn a_moved_stop_moves_for_each_part(make: &Make) {
    let script = [QUIET, QUIET, QUIET, [100.0, 100.2, 97.0, 97.5], QUIET];
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket("10.5");
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    let moved = of(exit(("moved", "g"), None, -1, stop(98.0)), shares("-10.5"));
    stage.send(&[&moved]);
    stage.cancel(&low);
    stage.bars(4);
    assert_eq!((stage.filled(&moved), stage.price(&moved)), (shares("-10.5"), usd(98.0)));
    assert_eq!(stage.filled(&low), Qty::ZERO);
    stage.is_flat();
}

fn an_exit_at_the_market_takes_all(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET; 6]);
    let [entry, low, high] = bracket("10.5");
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    let out = of(exit(("exit", "g"), None, -1, OrderKind::Market), shares("-10.5"));
    stage.send(&[&out]);
    stage.bars(2);
    assert_eq!(stage.filled(&out), shares("-10.5"));
    assert!(stage.has_ended(&low) && stage.has_ended(&high));
    stage.is_flat();
}

/// The stop of the fraction is for the day and the others are not: the next day all stand again.
fn each_part_stands_behind_its_stop_on_the_next_day(make: &Make) {
    let mut script = vec![QUIET; 16];
    script.push([100.0, 100.5, 94.0, 94.5]);
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket("10.5");
    stage.send(&[&entry, &low, &high]);
    stage.bars(16);
    assert_eq!(stage.agrees(), shares("10.5"));
    stage.bars(2);
    assert_eq!(stage.filled(&low), shares("-10.5"));
    assert!(stage.has_ended(&high));
    stage.is_flat();
}

fn an_entry_filled_in_part_is_protected_though_it_stands_alone(make: &Make) {
    let away: Prices = [102.0, 102.5, 101.5, 102.0];
    let script = [[99.9, 100.0, 99.0, 100.0], away, [100.5, 100.6, 94.0, 94.5], QUIET];
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket("1400.5");
    let entry = OrderRequest { kind: OrderKind::Limit { limit: usd(100.0) }, ..entry };
    stage.send(&[&entry, &low, &high]);
    stage.bars(2);
    assert_eq!(stage.agrees(), shares("1000"));
    stage.settle();
    assert!(stage.has_ended(&entry));
    stage.bars(2);
    assert_eq!(stage.filled(&low), shares("-1000"));
    stage.is_flat();
}

/// All tests, on each kind of line.
macro_rules! on_each_line {
    ($($test:ident),* $(,)?) => {
        mod on_whole_lines {
            $(#[test] fn $test() { super::on_whole_lines(super::$test); })*
        }
        mod over_sockets {
            $(#[test] fn $test() { super::over_sockets(super::$test); })*
        }
        mod on_lines_that_lose {
            $(#[test] fn $test() { super::on_lines_that_lose(super::$test); })*
        }
    };
}

on_each_line!(
    the_stop_takes_all,
    the_target_takes_all,
    less_than_a_share_keeps_its_stop_past_the_target,
    a_moved_stop_moves_for_each_part,
    an_exit_at_the_market_takes_all,
    each_part_stands_behind_its_stop_on_the_next_day,
    an_entry_filled_in_part_is_protected_though_it_stands_alone,
);

/// The wire without a desk: what it has said and hears is looked at from the other end.
struct Bench {
    world: Rc<RefCell<World<AlpacaDoor>>>,
    wire: <AlpacaDoor as Door>::Wire,
    universe: Universe,
}

impl Bench {
    fn new(bars: &[Prices]) -> Bench {
        let tape = tape(bars);
        let universe = tape.universe().clone();
        let world = Rc::new(RefCell::new(World::new(world::venue(tape), None)));
        let wire = AlpacaDoor::wire(Near(Rc::clone(&world)), universe.clone());
        let mut bench = Bench { world, wire, universe };
        bench.begin();
        bench
    }

    fn begin(&mut self) {
        let since = self.world.borrow().venue.now() + Span::from_days(-4);
        self.wire.say(&Said::AskBooks { number: 1, since });
        self.pass();
    }

    /// All messages travel, and it is looked whether what is held is behind a stop.
    fn pass(&mut self) {
        let mut heard = Vec::new();
        for _ in 0..20 {
            self.world.borrow_mut().second();
            self.wire.hear(&mut heard);
            self.wire.flush();
        }
        assert_eq!(self.covered(), self.held());
    }

    fn bar(&mut self) {
        self.world.borrow_mut().bar();
        self.pass();
    }

    /// Another process takes the place of the first, and is told what that had said.
    fn restart(&mut self, told: &[&OrderRequest]) {
        self.world.borrow_mut().hang_up();
        self.wire = AlpacaDoor::wire(Near(Rc::clone(&self.world)), self.universe.clone());
        told.iter().for_each(|order| self.wire.recall(order, Qty::ZERO, Qty::ZERO));
        self.begin();
    }

    fn covered(&self) -> Qty {
        self.world.borrow_mut().covered("AAA", "sell")
    }

    fn held(&self) -> Qty {
        let truth = world::truth(&mut self.world.borrow_mut().venue, &self.universe);
        truth.positions.iter().map(|held| held.qty).sum()
    }

    fn standing(&self) -> Vec<ClientOrderId> {
        world::truth(&mut self.world.borrow_mut().venue, &self.universe).open_orders
    }
}

#[test]
fn what_stands_for_each_part_is_found_again_after_a_restart() {
    let mut bench = Bench::new(&DOWN);
    let [entry, low, high] = bracket("10.5");
    [&entry, &low, &high].iter().for_each(|it| bench.wire.say(&Said::Submit((*it).clone())));
    bench.pass();
    bench.bar();
    let standing = bench.standing();
    assert_eq!((bench.held(), standing.len()), (shares("10.5"), 3));
    bench.restart(&[&low, &high]);
    assert_eq!(bench.standing(), standing);
    (0..3).for_each(|_| bench.bar());
    assert_eq!((bench.held(), bench.standing()), (Qty::ZERO, Vec::new()));
}

#[test]
fn what_a_target_left_of_a_share_is_sold_after_a_restart() {
    let mut bench = Bench::new(&UP);
    let [entry, low, high] = bracket("10.5");
    [&entry, &low, &high].iter().for_each(|it| bench.wire.say(&Said::Submit((*it).clone())));
    bench.pass();
    (0..2).for_each(|_| bench.bar());
    // The target fills, and nobody is there to hear of it.
    bench.world.borrow_mut().bar();
    assert_eq!(bench.held(), shares("0.5"));
    bench.restart(&[&low, &high]);
    let standing = bench.standing();
    bench.restart(&[&low, &high]);
    assert_eq!(bench.standing(), standing);
    bench.bar();
    assert_eq!((bench.held(), bench.standing()), (Qty::ZERO, Vec::new()));
}
