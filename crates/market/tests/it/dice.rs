//! Messages out of numbers, and the comparison of a fast book with its slow twin. Shared by the
//! tests and by `fuzz`.

use base::Ts;
use market::depth::{
    BookSide, DepthChange, DepthMessage, FARTHEST, Ladder, Lots, OrderKey, Orders, Packet, Ticks,
};

use crate::slow_book::{SlowLadder, SlowOrders};

const SIDES: [BookSide; 2] = [BookSide::Bid, BookSide::Ask];

/// Takes small numbers off one large one.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        let face = self.0 % sides;
        self.0 /= sides;
        face
    }
}

/// Where the prices of a run lie.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) centre: i64,
    pub(crate) spread: u64,
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

pub(crate) fn message(change: DepthChange, dice: &mut Dice) -> DepthMessage {
    let packet = if dice.below(4) == 0 { Packet::More } else { Packet::Last };
    DepthMessage { at: Ts::MIN, known: Ts::MIN, change, packet }
}

pub(crate) fn order_message(number: u64, place: Place, keys: u64) -> DepthMessage {
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

pub(crate) fn level_message(number: u64, place: Place) -> DepthMessage {
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

pub(crate) fn check_orders(fast: &Orders, slow: &SlowOrders) {
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

pub(crate) fn check_ladder(fast: &Ladder, slow: &SlowLadder) {
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

/// Sizes that add up beyond what a level holds.
fn vast(dice: &mut Dice) -> Lots {
    [Lots(1), Lots(FARTHEST - 1), Lots(FARTHEST), Lots(FARTHEST + 1)][dice.below(4) as usize]
}

/// Messages of vast sizes about few orders at few prices.
fn vast_message(number: u64) -> DepthMessage {
    let dice = &mut Dice(number);
    let kind = dice.below(8);
    let (order, size) = (OrderKey(dice.below(24)), vast(dice));
    let (side, price) = (side(dice), Ticks(dice.below(3) as i64));
    let change = match kind {
        0..4 => DepthChange::Add { order, side, price, size },
        4 => DepthChange::Delete { order },
        5 => DepthChange::Reduce { order, by: size },
        _ => DepthChange::Replace { order, price, size },
    };
    message(change, dice)
}

/// Tells a sequence to a book of each depth and to its twin: the first byte says where prices
/// lie, each eight after it make one message.
///
/// # Panics
/// Where a fast book and its twin answer or look different.
pub(crate) fn twins(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let spread = [2, 12, 300, 40_000][usize::from(first & 3)];
    let centre = [0, -5, 1 << 15, 1 << 40][usize::from(first >> 2 & 3)];
    let (place, is_vast) = (Place { centre, spread }, first & 16 != 0);
    let (mut orders, mut slow_orders) = (Orders::new(), SlowOrders::default());
    let (mut ladder, mut slow_ladder) = (Ladder::new(), SlowLadder::default());
    for chunk in rest.chunks_exact(8) {
        let number = chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let told = match is_vast {
            true => vast_message(number),
            false => order_message(number, place, 40),
        };
        assert_eq!(orders.apply(&told), slow_orders.apply(&told), "{told:?}");
        let told = level_message(number, place);
        assert_eq!(ladder.apply(&told), slow_ladder.apply(&told), "{told:?}");
    }
    check_orders(&orders, &slow_orders);
    check_ladder(&ladder, &slow_ladder);
}
