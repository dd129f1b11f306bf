//! Parent orders in a made book of which every figure is known beforehand.

use base::{Span, Ts};
use desk::execution::Progress;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Grid, Ladder, Lots, OrderKey, Orders, Packet, Ticks,
};
use market::{Price, Qty};
use proptest::prelude::*;
use report::{Origin, Provenance};
use sim::replay::{Clock, Fees, Impact, Latency, Rules, Tape};

use super::*;
use crate::Error;

const BID: i64 = 9_999;
const ASK: i64 = 10_001;

fn at(millis: i64) -> Ts {
    Ts::from_nanos(millis * 1_000_000)
}

/// Received two milliseconds after it happened.
fn message(millis: i64, change: DepthChange) -> DepthMessage {
    DepthMessage { at: at(millis), known: at(millis + 2), change, packet: Packet::Last }
}

fn level(side: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Level { side, price: Ticks(price), size: Lots(size) }
}

fn grid() -> Grid {
    Grid::new("0.01".parse().unwrap(), "0.1".parse().unwrap()).unwrap()
}

/// A hundred seconds in which 50 lots stand on each side, a level behind as well, and four lots
/// are traded each second; from `jump` seconds on all prices are a hundred ticks higher.
fn recording(jump: i64) -> Vec<DepthMessage> {
    let mut messages = Vec::new();
    for second in 0..=100 {
        let up = if second >= jump { 100 } else { 0 };
        if second == 0 || second == jump {
            if second == jump {
                for gone in [ASK, ASK + 1] {
                    messages.push(message(1_000 * second, level(BookSide::Ask, gone, 0)));
                }
            }
            for (side, price) in [
                (BookSide::Ask, ASK),
                (BookSide::Ask, ASK + 1),
                (BookSide::Bid, BID),
                (BookSide::Bid, BID - 1),
            ] {
                messages.push(message(1_000 * second, level(side, price + up, 50)));
            }
        }
        let (resting, price, size) = (Some(BookSide::Ask), Ticks(ASK + up), Lots(4));
        let trade = DepthChange::Trade { resting, price, size };
        messages.push(message(1_000 * second + 500, trade));
        let same = level(BookSide::Bid, BID + up, 50);
        messages.push(message(1_000 * second + 600, same));
    }
    messages
}

const NEVER: i64 = 1_000;

fn tape(messages: Vec<DepthMessage>) -> Tape {
    Tape::new(grid(), messages, Clock::AsRecorded)
}

fn settings(paces: Vec<PaceChoice>) -> Settings {
    let fees = Fees { maker_bps: 1.0, taker_bps: 3.0, per_unit: 0.0 };
    Settings {
        side: Sides::Buy,
        size: Lots(20),
        from: Some(at(1_000)),
        to: Some(at(91_000)),
        parents: 1,
        length: Some(Span::from_seconds(60)),
        paces,
        posture: Posture::Aggressive,
        patience: None,
        slices: 10,
        largest_child: None,
        limit: Limit::None,
        participation: None,
        finish: None,
        every: Span::from_nanos(10_000_000),
        reversion: Some(Span::from_seconds(5)),
        rules: Rules::careful(Latency::constant_nanos(5_000_000), fees),
    }
}

fn four() -> Vec<PaceChoice> {
    vec![
        PaceChoice::Twap,
        PaceChoice::Vwap { volumes: Some(vec![3.0, 1.0]) },
        PaceChoice::Pov { rate: 0.2, catch_up: 0.4 },
        PaceChoice::AlmgrenChriss { risk: Risk::Urgency(2.0) },
    ]
}

fn bps(run: &Run, name: &str) -> f64 {
    let costs = page::costs(&run.summary);
    costs.iter().find(|(cost, _)| cost == name).unwrap().1.value
}

fn found(settings: Settings) -> Outcome {
    execute::<Ladder>(&tape(recording(NEVER)), settings).unwrap()
}

#[test]
fn who_takes_from_a_market_that_stands_still_pays_half_the_spread_and_fees() {
    let run = &found(settings(vec![PaceChoice::Twap])).runs[0];
    assert_eq!(run.orders[0].progress, Progress::Filled);
    assert_eq!((run.summary.done, run.rested), (1.0, Some(0.0)));
    // 0.01 of 100.00 is a basis point; three of fees on a price a basis point higher.
    assert!((bps(run, "spread") - 1.0).abs() < 1e-9);
    assert!((bps(run, "fees") - 3.0003).abs() < 1e-3);
    assert_eq!((bps(run, "market moved"), bps(run, "opportunity")), (0.0, 0.0));
    assert!((bps(run, "total") - 4.0003).abs() < 1e-3);
}

#[test]
fn a_rise_while_buying_is_the_market_s_move_and_not_the_spread() {
    let tape = tape(recording(30));
    let outcome = execute::<Ladder>(&tape, settings(vec![PaceChoice::Twap])).unwrap();
    let run = &outcome.runs[0];
    let late = run.orders[0].done.fills.iter().filter(|fill| fill.price.to_f64() > 100.5);
    let late: f64 = late.map(|fill| fill.qty.to_f64()).sum();
    assert!(late > 0.0 && late < 2.0, "some before and some after: {late}");
    assert!((bps(run, "market moved") - late / 2.0 * 100.0).abs() < 1e-6);
    assert!((bps(run, "spread") - 1.0).abs() < 1e-9);
}

#[test]
fn what_was_taken_is_not_taken_again_where_the_book_never_heals() {
    let mut asked = settings(vec![PaceChoice::Twap]);
    (asked.size, asked.rules.impact) = (Lots(200), Impact::Stays);
    let order = found(asked).runs.remove(0).orders.remove(0);
    // Children limit at the best price that is shown, where 50 lots stood.
    assert_eq!(order.analysis.filled, "5".parse().unwrap());
    assert_eq!(order.progress, Progress::Ended);
}

#[test]
fn a_price_limit_below_the_market_leaves_all_undone() {
    let mut asked = settings(vec![PaceChoice::Twap]);
    asked.limit = Limit::Bps(0.5);
    let order = found(asked).runs.remove(0).orders.remove(0);
    assert_eq!((order.analysis.filled, order.analysis.average), (Qty::ZERO, None));
    assert!(order.children > 0);
}

#[test]
fn a_part_of_the_volume_is_kept_to_whatever_the_pace() {
    for choice in four() {
        let mut asked = settings(vec![choice]);
        (asked.size, asked.slices, asked.participation) = (Lots(200), 200, Some(0.25));
        let run = found(asked).runs.remove(0);
        // A quarter of all is a third of what others traded: 60 × 4 lots.
        let filled = run.orders[0].analysis.filled;
        assert!(filled > Qty::ZERO && filled <= Qty::whole(8), "{}: {filled}", run.name);
    }
}

#[test]
fn a_passive_child_that_is_not_reached_takes_after_its_patience() {
    let mut asked = settings(vec![PaceChoice::Twap]);
    asked.posture = Posture::PassiveFirst;
    // Trades hit the asks alone, so a bid waits in vain.
    let order = found(asked).runs.remove(0).orders.remove(0);
    assert_eq!((order.progress.clone(), order.rested), (Progress::Filled, Some(0.0)));
    assert!(order.children > 10, "{}", order.children);
}

#[test]
fn a_passive_child_that_waits_long_enough_rests_and_earns_the_spread() {
    let mut asked = settings(vec![PaceChoice::Twap]);
    (asked.posture, asked.side) = (Posture::PassiveFirst, Sides::Sell);
    // 50 lots stand in front of an offer and four are bought a second.
    asked.patience = Some(Span::from_seconds(30));
    // Nothing may take at the end, so all that is done has rested.
    asked.finish = Some(Span::ZERO);
    let run = found(asked).runs.remove(0);
    let done = run.summary.done;
    assert_eq!(run.rested, Some(1.0));
    assert!(done > 0.4 && (bps(&run, "spread") + done).abs() < 1e-9, "{done}");
    assert!((bps(&run, "fees") - 1.0001 * done).abs() < 1e-3);
    assert!(run.fills_by_rule.contains_key(&sim::replay::DepthRule::QueuePassed));
}

#[test]
fn urgency_does_more_in_the_first_half() {
    let choice = PaceChoice::AlmgrenChriss { risk: Risk::Urgency(2.0) };
    let asked = settings(vec![]);
    let slot = Slot { number: 1, start: at(0), end: at(60_000) };
    let best = (Ticks(BID), Ticks(ASK));
    let parent = Settings { size: Lots(1_000_000), ..asked }
        .parent(&choice, slot, (at(0), at(60_000)), best)
        .unwrap();
    let half = parent.target(at(30_000), Lots::ZERO).unwrap();
    let expected = 1.0 - 1.0_f64.sinh() / 2.0_f64.sinh();
    assert!((half.0 as f64 / 1e6 - expected).abs() < 2e-6, "{half}");
}

#[test]
fn paces_are_compared_over_the_same_stretches() {
    let mut asked = settings(four());
    (asked.parents, asked.length, asked.side) = (12, None, Sides::Alternate);
    let outcome = found(asked);
    let slots = |run: &Run| run.orders.iter().map(|order| order.slot).collect::<Vec<_>>();
    for run in &outcome.runs[1..] {
        assert_eq!(slots(run), slots(&outcome.runs[0]));
        let more = run.more_than_first_bps.unwrap();
        assert!(more.low <= more.value && more.value <= more.high, "{}: {more:?}", run.name);
    }
    assert_eq!(outcome.runs[0].more_than_first_bps, None);
    assert_eq!(outcome.runs[0].orders[1].verb(), "sell");
    assert_eq!(outcome.length, Span::from_seconds(6));
}

#[test]
fn few_orders_have_no_interval() {
    let mut asked = settings(four());
    (asked.parents, asked.length) = (3, None);
    let outcome = found(asked);
    assert!(outcome.runs[1].more_than_first_bps.unwrap().low.is_nan());
    assert!(outcome.runs[0].summary.vwap_bps.low.is_nan());
}

#[test]
fn a_trade_that_is_said_twice_counts_once() {
    let (order, side, price) = (OrderKey(1), BookSide::Ask, Ticks(ASK));
    let size = Lots(3);
    let feed = |printed: bool| {
        let mut messages = vec![message(0, DepthChange::Add { order, side, price, size: Lots(9) })];
        if printed {
            messages.push(message(1, DepthChange::Trade { resting: Some(side), price, size }));
        }
        messages.push(message(1, DepthChange::Execute { order, size }));
        tape(messages)
    };
    for printed in [true, false] {
        let market = Market::of::<Orders>(&feed(printed));
        let traded: Qty = market.seen.trades.iter().map(|trade| trade.qty).sum();
        assert_eq!(traded, "0.3".parse().unwrap(), "printed: {printed}");
        assert_eq!(market.seen.trades[0].price, "100.01".parse::<Price>().unwrap());
    }
}

#[test]
fn what_can_t_be_worked_says_what_to_do() {
    type Change = fn(&mut Settings);
    let table: [(Change, &str); 10] = [
        (|it| it.from = Some(at(-5_000)), "give a start and a later end within"),
        (|it| it.to = Some(at(500_000)), "give a start and a later end within"),
        (|it| it.to = it.from, "give a start and a later end within"),
        (|it| it.parents = 0, "at least one"),
        (|it| it.slices = 0, "at least one"),
        (|it| it.parents = 2, "give fewer parents, or another --over-s"),
        (|it| it.length = Some(Span::from_nanos(4_000_000)), "give fewer parents"),
        (|it| it.size = Lots::ZERO, "give --qty above zero"),
        (|it| it.participation = Some(1.5), "participation is not between 0 and 1"),
        (
            |it| it.paces = vec![PaceChoice::AlmgrenChriss { risk: Risk::Urgency(-1.0) }],
            "an urgency of -1",
        ),
    ];
    for (change, said) in table {
        let mut asked = settings(vec![PaceChoice::Twap]);
        change(&mut asked);
        let error = execute::<Ladder>(&tape(recording(NEVER)), asked).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    let nothing = tape(vec![message(0, level(BookSide::Bid, BID, 5))]);
    let error = execute::<Ladder>(&nothing, settings(four())).unwrap_err();
    assert!(matches!(error, Error::SetExecution { .. }) && error.to_string().contains("no whole"));
}

#[test]
fn a_parent_that_meets_no_book_is_left_out_and_named() {
    let mut messages = recording(NEVER);
    let gap = messages.iter().position(|it| it.at == at(45_500)).unwrap();
    messages[gap].change = DepthChange::Gap { missed: 1 };
    let mut asked = settings(vec![PaceChoice::Twap]);
    (asked.parents, asked.length) = (3, None);
    let outcome = execute::<Ladder>(&tape(messages), asked).unwrap();
    let left_out: Vec<u32> = outcome.runs[0].left_out.iter().map(|slot| slot.number).collect();
    assert_eq!(left_out, [3]);
    assert!(outcome.faults.values().sum::<u64>() > 0);
    let provenance = Provenance {
        data_version: "made".to_owned(),
        origin: Origin::Recorded,
        seed: None,
        code_revision: "test".to_owned(),
    };
    let html = page::page(&outcome, "a made book", &provenance).html();
    assert!(html.contains("Order 3 was left out"));
    assert!(html.contains("The recording reacts to nothing but the footprint"));
    assert!(html.contains("too few for an interval"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What comes later is not known: cut the recording after an order, and nothing it did changes.
    #[test]
    fn a_recording_that_ends_sooner_gives_the_same_fills(
        jump in 5..60_i64, pace in 0..4_usize, patient in any::<bool>(), sell in any::<bool>()
    ) {
        let whole = recording(jump);
        let mut asked = settings(vec![four().swap_remove(pace)]);
        asked.posture = if patient { Posture::PassiveFirst } else { Posture::Aggressive };
        asked.side = if sell { Sides::Sell } else { Sides::Buy };
        asked.to = Some(at(61_100));
        asked.finish = Some(Span::ZERO);
        let cut = whole.iter().copied().filter(|it| it.at <= at(61_700)).collect();
        let [long, short] = [whole, cut].map(|messages| {
            execute::<Ladder>(&tape(messages), asked.clone()).unwrap().runs.remove(0)
        });
        prop_assert_eq!(&long.orders[0].done, &short.orders[0].done);
        prop_assert!(long.orders[0].analysis.filled <= Qty::whole(2));
    }
}
