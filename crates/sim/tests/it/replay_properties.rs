//! What holds of every replay, whatever is recorded and whatever is sent.

use base::Ts;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Grid, Ladder, Lots, OrderKey, Orders, Packet, Ticks,
};
use proptest::prelude::*;
use sim::replay::{
    Clock, Contract, DepthAccount, DepthFill, Fees, Impact, Latency, Liquidity, OwnId, QueueModel,
    RecordedBook, Replay, Rules, Tape, Terms, Weight, Wish,
};

/// One step: what the market does and what we do after it.
type Step = (u8, bool, i64, i64, u8, i64);

fn grid() -> Grid {
    Grid::new("0.5".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

fn side(is_bid: bool) -> BookSide {
    if is_bid { BookSide::Bid } else { BookSide::Ask }
}

/// Bids at 90..100, asks at 101..111, so that the recording never crosses.
fn price(is_bid: bool, away: i64) -> Ticks {
    Ticks(if is_bid { 100 - away } else { 101 + away })
}

fn by_level(step: &Step) -> DepthChange {
    let (kind, is_bid, away, size, ..) = *step;
    let (side, price) = (side(is_bid), price(is_bid, away));
    match kind {
        0..6 => DepthChange::Level { side, price, size: Lots(size) },
        6..9 => DepthChange::Trade { resting: Some(side), price, size: Lots(size + 1) },
        _ => DepthChange::Trade { resting: None, price, size: Lots(size + 1) },
    }
}

fn by_order(number: usize, step: &Step) -> DepthChange {
    let (kind, is_bid, away, size, ..) = *step;
    let (side, price) = (side(is_bid), price(is_bid, away));
    let order = OrderKey((number as u64).saturating_sub(1 + away as u64 * 3));
    match kind {
        0..5 => {
            DepthChange::Add { order: OrderKey(number as u64), side, price, size: Lots(size + 1) }
        }
        5..7 => DepthChange::Execute { order, size: Lots(size / 3 + 1) },
        7 => DepthChange::Delete { order },
        8 => DepthChange::Reduce { order, by: Lots(size / 4 + 1) },
        _ => DepthChange::Trade { resting: Some(side), price, size: Lots(size + 1) },
    }
}

fn tape(steps: &[Step], change: impl Fn(usize, &Step) -> DepthChange) -> Tape {
    let message = |(number, step)| {
        let at = Ts::from_micros(number as i64 * 1_000);
        let known = Ts::from_micros(number as i64 * 1_000 + 1_500);
        DepthMessage { at, known, change: change(number, step), packet: Packet::Last }
    };
    Tape::new(grid(), steps.iter().enumerate().map(message).collect(), Clock::AsRecorded)
}

fn rules(whole: bool) -> Rules {
    let fees = Fees { maker_bps: -0.5, taker_bps: 3.0, per_unit: 0.01 };
    let queue = QueueModel::Share { weight: Weight::Power { exponent: 2.0 } };
    let latency = Latency::constant_nanos(2_200_000);
    let liquidity = if whole { Liquidity::Unlimited } else { Liquidity::Recorded };
    Rules { liquidity, queue, impact: Impact::Stays, ..Rules::careful(latency, fees) }
}

/// Acts after each step by what it says, until a step; fills heard and the account then.
fn run<B: RecordedBook>(
    tape: &Tape,
    steps: &[Step],
    whole: bool,
) -> (Vec<DepthFill>, DepthAccount) {
    let mut replay: Replay<'_, B> = Replay::new(tape, rules(whole)).unwrap();
    for (number, step) in steps.iter().enumerate() {
        replay.advance_to(Ts::from_micros(number as i64 * 1_000 + 500)).unwrap();
        let (_, is_bid, away, size, act, tick) = *step;
        let id = OwnId(number as u64);
        let limit = Ticks(price(is_bid, 0).0 + tick);
        let terms = match act {
            0 => Terms::Market,
            1 => Terms::Limit { price: limit },
            2 | 3 => Terms::PostOnly { price: price(is_bid, away) },
            4 => Terms::ImmediateOrCancel { price: limit },
            5 => Terms::FillOrKill { price: limit },
            _ => {
                // Refused where it is done.
                let _ = replay.cancel(OwnId(number.saturating_sub(3) as u64));
                continue;
            }
        };
        replay.place(Wish { id, side: side(is_bid), size: Lots(size % 7 + 1), terms }).unwrap();
    }
    (replay.fills().to_vec(), *replay.account())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..10, any::<bool>(), 0i64..11, 0i64..25, 0u8..10, -2i64..3);
    prop::collection::vec(step, 20..160)
}

fn sums_up(fills: &[DepthFill], account: &DepthAccount) {
    let mut again = DepthAccount::default();
    for fill in fills {
        again.book(&grid(), Contract::default(), fill).unwrap();
    }
    assert_eq!(again, *account);
}

proptest! {
    #[test]
    fn what_comes_later_changes_nothing_that_was_heard(steps in steps(), cut in 0.1f64..1.0) {
        let cut = (steps.len() as f64 * cut) as usize;
        let whole = tape(&steps, |_, step| by_level(step));
        let part = tape(&steps[..cut], |_, step| by_level(step));
        let (early, account) = run::<Ladder>(&part, &steps[..cut], false);
        let (all, _) = run::<Ladder>(&whole, &steps, false);
        prop_assert_eq!(&all[..early.len()], &early[..]);
        sums_up(&early, &account);
    }

    #[test]
    fn no_trade_is_shared_out_twice(steps in steps()) {
        let tape = tape(&steps, |_, step| by_level(step));
        let (fills, _) = run::<Ladder>(&tape, &steps, false);
        for (number, message) in tape.messages().iter().enumerate() {
            if let DepthChange::Trade { size, .. } = message.change {
                let ours = fills.iter().filter(|fill| fill.evidence.message == number as u64);
                let resting = ours.filter(|fill| fill.role == sim::replay::Role::Maker);
                prop_assert!(resting.map(|fill| fill.size).sum::<Lots>() <= size);
            }
        }
    }

    #[test]
    fn no_executed_order_is_shared_out_twice(steps in steps()) {
        let tape = tape(&steps, by_order);
        let (fills, account) = run::<Orders>(&tape, &steps, false);
        sums_up(&fills, &account);
        for (number, message) in tape.messages().iter().enumerate() {
            if let DepthChange::Execute { order, size } = message.change {
                let ours = fills.iter().filter(|fill| fill.evidence.message == number as u64);
                let gave = ours.filter(|fill| fill.evidence.order == Some(order));
                prop_assert!(gave.map(|fill| fill.size).sum::<Lots>() <= size);
            }
        }
    }

    #[test]
    fn an_order_never_fills_beyond_its_size_or_its_limit(steps in steps(), whole in any::<bool>()) {
        let tape = tape(&steps, |_, step| by_level(step));
        let (fills, _) = run::<Ladder>(&tape, &steps, whole);
        for fill in &fills {
            let step = &steps[fill.order.0 as usize];
            let filled = fills.iter().filter(|other| other.order == fill.order);
            prop_assert!(filled.map(|fill| fill.size).sum::<Lots>().0 <= step.3 % 7 + 1);
            let worst = price(step.1, 0).0 + step.5;
            if matches!(step.4, 1 | 4 | 5) {
                prop_assert!(fill.side.accepts(Ticks(worst), fill.price), "{fill:?}");
            }
            prop_assert!(fill.evidence.message_at <= fill.at);
        }
    }
}
