//! The fast books against the slow ones: the same answers to the same messages.

use base::Seed;
use market::depth::{
    BookSide, DepthChange, FARTHEST, Fault, Ladder, Lots, OrderKey, Orders, Ticks, Top,
};
use proptest::prelude::*;

use crate::dice::{Dice, Place, check_ladder, check_orders, level_message, message, order_message};
use crate::slow_book::{SlowLadder, SlowOrders};

/// A market that walks, and now and then jumps out of the window and back.
fn walk(step: u64) -> Place {
    let jump = if step / 40_000 % 2 == 1 { 40_000 } else { 0 };
    let spread = [8, 40, 12_000][(step / 7_000 % 3) as usize];
    Place { centre: step as i64 / 50 - 5_000 + jump, spread }
}

proptest! {
    #[test]
    fn a_book_of_orders_answers_as_its_twin(
        numbers in prop::collection::vec(any::<u64>(), 1..300), centre in -50i64..50,
    ) {
        let (mut fast, mut slow) = (Orders::new(), SlowOrders::default());
        for number in numbers {
            let message = order_message(number, Place { centre, spread: 12 }, 40);
            prop_assert_eq!(fast.apply(&message), slow.apply(&message), "{:?}", message);
            check_orders(&fast, &slow);
        }
    }

    #[test]
    fn a_ladder_answers_as_its_twin(
        numbers in prop::collection::vec(any::<u64>(), 1..300), centre in -50i64..50,
    ) {
        let (mut fast, mut slow) = (Ladder::new(), SlowLadder::default());
        for number in numbers {
            let message = level_message(number, Place { centre, spread: 12 });
            prop_assert_eq!(fast.apply(&message), slow.apply(&message), "{:?}", message);
            check_ladder(&fast, &slow);
        }
    }
}

#[test]
fn a_book_of_orders_answers_as_its_twin_for_a_million_messages() {
    let seed = Seed::root(41).child("orders");
    let (mut fast, mut slow) = (Orders::new(), SlowOrders::default());
    for step in 0..1_000_000 {
        let message = order_message(seed.index(step).number(), walk(step), 150);
        assert_eq!(fast.apply(&message), slow.apply(&message), "step {step}: {message:?}");
        if step % 97 == 0 {
            check_orders(&fast, &slow);
        }
    }
}

#[test]
fn a_ladder_answers_as_its_twin_for_a_million_messages() {
    let seed = Seed::root(41).child("levels");
    let (mut fast, mut slow) = (Ladder::new(), SlowLadder::default());
    for step in 0..1_000_000 {
        let message = level_message(seed.index(step).number(), walk(step));
        assert_eq!(fast.apply(&message), slow.apply(&message), "step {step}: {message:?}");
        if step % 97 == 0 {
            check_ladder(&fast, &slow);
        }
    }
}

#[test]
fn a_price_a_million_million_ticks_away_is_one_entry() {
    let mut book = Ladder::new();
    for price in [5, 1_000_000_000_000, -1_000_000_000_000] {
        let (side, price, size) = (BookSide::Bid, Ticks(price), Lots(1));
        let change = DepthChange::Level { side, price, size };
        book.apply(&message(change, &mut Dice(1))).unwrap();
    }
    let prices: Vec<i64> = book.levels(BookSide::Bid).map(|(price, _)| price.0).collect();
    assert_eq!(prices, [1_000_000_000_000, 5, -1_000_000_000_000]);
}

#[test]
fn sums_of_sizes_that_do_not_fit_are_refused() {
    let mut book = Orders::new();
    for order in 0..9 {
        let (side, price, size) = (BookSide::Bid, Ticks(1), Lots(FARTHEST));
        let change = DepthChange::Add { order: OrderKey(order), side, price, size };
        let taken = book.apply(&message(change, &mut Dice(1)));
        assert_eq!(taken.is_ok(), order < 7, "order {order}");
    }
    assert_eq!(book.len(), 7);
}

#[test]
fn a_book_of_one_is_trusted_again_once_both_sides_are_told() {
    let mut book = Top::new();
    let best = |side, price| {
        let change = DepthChange::Best { side, price: Ticks(price), size: Lots(3) };
        message(change, &mut Dice(1))
    };
    assert!(book.apply(&message(DepthChange::Gap { missed: 4 }, &mut Dice(1))).is_err());
    book.apply(&best(BookSide::Bid, 7)).unwrap();
    assert!(!book.is_trusted());
    book.apply(&best(BookSide::Ask, 8)).unwrap();
    assert!(book.is_trusted());
    assert_eq!(book.best(BookSide::Bid), Some((Ticks(7), Lots(3))));
    assert_eq!(book.size_at(BookSide::Ask, Ticks(9)), Lots::ZERO);
}

#[test]
fn a_book_of_one_says_that_it_is_locked_or_crossed() {
    let cases = [(7, Ok(())), (8, Err(Fault::Locked)), (9, Err(Fault::Crossed))];
    for (bid, wanted) in cases {
        let mut book = Top::new();
        let tell = |side, price| DepthChange::Best { side, price: Ticks(price), size: Lots(1) };
        book.apply(&message(tell(BookSide::Ask, 8), &mut Dice(1))).unwrap();
        let said = book.apply(&message(tell(BookSide::Bid, bid), &mut Dice(1)));
        assert_eq!(said, wanted, "bid {bid}");
    }
}
