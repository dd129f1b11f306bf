//! The fast books against the slow ones: the same answers to the same messages.

use base::{Seed, Ts};
use market::depth::{
    BookSide, DepthChange, DepthMessage, FARTHEST, Fault, Ladder, Lots, OrderKey, Orders, Packet,
    Ticks, Top,
};
use proptest::prelude::*;

use crate::slow_book::{SlowLadder, SlowOrders};

const SIDES: [BookSide; 2] = [BookSide::Bid, BookSide::Ask];

/// Takes small numbers off one large one.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        let face = self.0 % sides;
        self.0 /= sides;
        face
    }
}

/// Where the prices of a run lie.
#[derive(Clone, Copy)]
struct Place {
    centre: i64,
    spread: u64,
}

/// Mostly near the centre; one in 32 far away, and some of those not prices at all.
fn price(dice: &mut Dice, place: Place) -> Ticks {
    let near = place.centre + dice.below(place.spread) as i64 - place.spread as i64 / 2;
    let far = [1 << 15, 1_000_000_000_000, FARTHEST, FARTHEST + 1, i64::MAX, i64::MAX - 7];
    match dice.below(32) {
        0 => {
            let distance = far[dice.below(6) as usize];
            Ticks(if dice.below(2) == 0 { distance } else { -distance })
        }
        1 => Ticks(near + (dice.below(60_000) as i64 - 30_000)),
        _ => Ticks(near),
    }
}

fn size(dice: &mut Dice) -> Lots {
    match dice.below(40) {
        0 => Lots(-1),
        1 => Lots(0),
        2 => Lots(FARTHEST + 1),
        _ => Lots(1 + dice.below(9) as i64),
    }
}

fn side(dice: &mut Dice) -> BookSide {
    SIDES[dice.below(2) as usize]
}

fn message(change: DepthChange, dice: &mut Dice) -> DepthMessage {
    let packet = if dice.below(4) == 0 { Packet::More } else { Packet::Last };
    DepthMessage { at: Ts::MIN, known: Ts::MIN, change, packet }
}

fn order_message(number: u64, place: Place, keys: u64) -> DepthMessage {
    let dice = &mut Dice(number);
    let kind = dice.below(100);
    let order = OrderKey(dice.below(keys));
    let (price, size) = (price(dice, place), size(dice));
    let change = match kind {
        0..45 => DepthChange::Add { order, side: side(dice), price, size },
        45..60 => DepthChange::Delete { order },
        60..70 => DepthChange::Reduce { order, by: size },
        70..80 => DepthChange::Execute { order, size },
        80..95 => DepthChange::Replace { order, price, size },
        95..97 => DepthChange::Trade { resting: Some(side(dice)), price, size },
        97 => DepthChange::Level { side: side(dice), price, size },
        98 if dice.below(20) == 0 => DepthChange::Gap { missed: 1 },
        _ if dice.below(20) == 0 => DepthChange::Clear,
        _ => DepthChange::Best { side: side(dice), price, size },
    };
    message(change, dice)
}

fn level_message(number: u64, place: Place) -> DepthMessage {
    let dice = &mut Dice(number);
    let kind = dice.below(1_000);
    let (price, size) = (price(dice, place), size(dice));
    let change = match kind {
        0..550 => DepthChange::Level { side: side(dice), price, size },
        550..960 => DepthChange::Level { side: side(dice), price, size: Lots::ZERO },
        960..980 => DepthChange::Trade { resting: None, price, size },
        980 => DepthChange::Gap { missed: 2 },
        981 => DepthChange::Clear,
        _ => DepthChange::Delete { order: OrderKey(kind) },
    };
    message(change, dice)
}

fn check_orders(fast: &Orders, slow: &SlowOrders) {
    assert_eq!(fast.is_trusted(), slow.is_trusted());
    let mut count = 0;
    for side in SIDES {
        let levels = slow.levels(side);
        assert_eq!(fast.levels(side).collect::<Vec<_>>(), levels);
        for (price, total) in levels {
            let queue = slow.queue(side, price);
            assert_eq!(fast.queue(side, price).collect::<Vec<_>>(), queue);
            assert_eq!(fast.size_at(side, price), total);
            let mut ahead = Lots::ZERO;
            for (key, size) in queue {
                assert_eq!(fast.ahead_of(key), Some(ahead));
                let order = fast.order(key).unwrap();
                assert_eq!((order.side, order.price, order.size), (side, price, size));
                ahead += size;
                count += 1;
            }
        }
    }
    assert_eq!(fast.len(), count);
}

fn check_ladder(fast: &Ladder, slow: &SlowLadder) {
    assert_eq!(fast.is_trusted(), slow.is_trusted());
    for side in SIDES {
        let levels = slow.levels(side);
        assert_eq!(fast.best(side), levels.first().copied());
        assert_eq!(fast.levels(side).collect::<Vec<_>>(), levels);
        for (price, size) in levels {
            assert_eq!(fast.size_at(side, price), size);
        }
    }
}

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
