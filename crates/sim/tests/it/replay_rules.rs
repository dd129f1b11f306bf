//! What the careful rules of a replay say, case by case.

use base::{Span, Ts};
use market::Qty;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Grid, Ladder, Lots, OrderKey, Orders, Packet, Ticks, Top,
};
use sim::replay::{
    Clock, Contract, DepthAccount, DepthRule, Fees, Impact, Latency, OwnId, RecordedBook, Reject,
    Replay, Role, Rules, Standing, Tape, Terms, Wish,
};

use BookSide::{Ask, Bid};

fn grid() -> Grid {
    Grid::new("0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

/// Each message happens at that millisecond and is known one later.
fn tape(changes: &[(i64, DepthChange)]) -> Tape {
    let message = |(ms, change): &(i64, DepthChange)| {
        let (at, known) = (Ts::from_micros(ms * 1_000), Ts::from_micros((ms + 1) * 1_000));
        DepthMessage { at, known, change: *change, packet: Packet::Last }
    };
    Tape::new(grid(), changes.iter().map(message).collect(), Clock::AsRecorded)
}

fn level(side: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Level { side, price: Ticks(price), size: Lots(size) }
}

fn trade(resting: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Trade { resting: Some(resting), price: Ticks(price), size: Lots(size) }
}

fn rules(impact: Impact) -> Rules {
    Rules { impact, ..Rules::careful(Latency::constant_nanos(1_000_000), Fees::default()) }
}

fn wish(id: u64, side: BookSide, size: i64, terms: Terms) -> Wish {
    Wish { id: OwnId(id), side, size: Lots(size), terms }
}

const fn post(price: i64) -> Terms {
    Terms::PostOnly { price: Ticks(price) }
}

/// Sends all wishes when the clock shows that millisecond, runs to the end, and gives fills as
/// (order, millisecond, price, size, rule).
fn fills<B: RecordedBook>(
    tape: &Tape,
    rules: Rules,
    wishes: &[(i64, Wish)],
) -> Vec<(u64, i64, i64, i64, DepthRule)> {
    let mut replay: Replay<'_, B> = Replay::new(tape, rules).unwrap();
    for (ms, wish) in wishes {
        replay.advance_to(Ts::from_micros(ms * 1_000)).unwrap();
        replay.place(*wish).unwrap();
    }
    replay.advance_to_end().unwrap();
    let row = |fill: &sim::replay::DepthFill| {
        let ms = fill.at.micros() / 1_000;
        (fill.order.0, ms, fill.price.0, fill.size.0, fill.evidence.rule)
    };
    replay.fills().iter().map(row).collect()
}

#[test]
fn an_order_takes_no_more_than_each_level_shows() {
    let tape = tape(&[(0, level(Ask, 101, 5)), (0, level(Ask, 102, 7)), (50, level(Bid, 90, 1))]);
    let wanted = wish(1, Bid, 20, Terms::Limit { price: Ticks(102) });
    let got = fills::<Ladder>(&tape, rules(Impact::Stays), &[(10, wanted)]);
    let took = DepthRule::TookLevel;
    assert_eq!(got, [(1, 11, 101, 5, took), (1, 11, 102, 7, took)]);
}

#[test]
fn what_was_taken_is_not_there_for_the_next_order() {
    let tape = tape(&[(0, level(Ask, 101, 5)), (0, level(Ask, 102, 7)), (50, level(Bid, 90, 1))]);
    let first = wish(1, Bid, 4, Terms::Market);
    let second = wish(2, Bid, 4, Terms::Market);
    let got = fills::<Ladder>(&tape, rules(Impact::Stays), &[(10, first), (20, second)]);
    let took = DepthRule::TookLevel;
    let wanted = [(1, 11, 101, 4, took), (2, 21, 101, 1, took), (2, 21, 102, 3, took)];
    assert_eq!(got, wanted);
}

#[test]
fn a_healed_book_can_be_taken_from_again() {
    let tape = tape(&[(0, level(Ask, 101, 8)), (500, level(Bid, 90, 1))]);
    let impact = Impact::Heals { half_life: Span::from_nanos(100_000_000) };
    let orders = [(10, wish(1, Bid, 8, Terms::Market)), (110, wish(2, Bid, 8, Terms::Market))];
    let got = fills::<Ladder>(&tape, rules(impact), &orders);
    let took = DepthRule::TookLevel;
    assert_eq!(got, [(1, 11, 101, 8, took), (2, 111, 101, 4, took)]);
}

#[test]
fn only_what_trades_beyond_the_queue_fills() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 101, 10)),
        (20, trade(Bid, 100, 8)),
        (20, level(Bid, 100, 2)),
        (30, trade(Bid, 100, 5)),
        (30, level(Bid, 100, 4)),
        (60, level(Bid, 99, 1)),
    ];
    let got =
        fills::<Ladder>(&tape(&events), rules(Impact::Stays), &[(5, wish(1, Bid, 6, post(100)))]);
    // Ten stood in front; 13 traded: three are ours.
    assert_eq!(got, [(1, 30, 100, 3, DepthRule::QueuePassed)]);
}

#[test]
fn two_orders_of_ours_share_one_queue() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 101, 10)),
        (20, trade(Bid, 100, 15)),
        (60, level(Bid, 99, 1)),
    ];
    let orders = [(5, wish(1, Bid, 4, post(100))), (6, wish(2, Bid, 4, post(100)))];
    let got = fills::<Ladder>(&tape(&events), rules(Impact::Stays), &orders);
    let passed = DepthRule::QueuePassed;
    assert_eq!(got, [(1, 20, 100, 4, passed), (2, 20, 100, 1, passed)]);
}

#[test]
fn a_trade_through_our_price_fills_no_more_than_its_size() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 103, 10)),
        (20, trade(Bid, 100, 3)),
        (60, level(Bid, 99, 1)),
    ];
    let got =
        fills::<Ladder>(&tape(&events), rules(Impact::Stays), &[(5, wish(1, Bid, 9, post(101)))]);
    assert_eq!(got, [(1, 20, 101, 3, DepthRule::TradedThrough)]);
}

#[test]
fn an_order_that_the_other_side_reaches_trades_with_what_stands_there() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 103, 10)),
        (20, level(Ask, 101, 4)),
        (60, level(Bid, 99, 1)),
    ];
    let got =
        fills::<Ladder>(&tape(&events), rules(Impact::Stays), &[(5, wish(1, Bid, 9, post(101)))]);
    assert_eq!(got, [(1, 20, 101, 4, DepthRule::BookReached)]);
}

#[test]
fn an_order_by_order_feed_tells_the_place_exactly() {
    let add = |key, side, price, size| {
        let (order, price, size) = (OrderKey(key), Ticks(price), Lots(size));
        DepthChange::Add { order, side, price, size }
    };
    let execute = |key, size| DepthChange::Execute { order: OrderKey(key), size: Lots(size) };
    let events = [
        (0, add(1, Bid, 100, 5)),
        (0, add(2, Bid, 100, 5)),
        (0, add(9, Ask, 103, 5)),
        // Ours joins at 6; the third order stands behind it.
        (10, add(3, Bid, 100, 5)),
        (20, DepthChange::Delete { order: OrderKey(1) }),
        (30, execute(2, 5)),
        (40, execute(3, 2)),
        (60, add(4, Bid, 99, 1)),
    ];
    let got =
        fills::<Orders>(&tape(&events), rules(Impact::Stays), &[(5, wish(1, Bid, 9, post(100)))]);
    assert_eq!(got, [(1, 40, 100, 2, DepthRule::OrderBehindTraded)]);
}

#[test]
fn a_feed_of_best_prices_hides_the_queue_behind_them() {
    let best =
        |side, price, size| DepthChange::Best { side, price: Ticks(price), size: Lots(size) };
    let events = [
        (0, best(Bid, 100, 10)),
        (0, best(Ask, 103, 10)),
        (20, best(Bid, 99, 30)),
        (30, trade(Bid, 99, 20)),
        (31, best(Bid, 99, 10)),
        (40, trade(Bid, 99, 15)),
        (60, best(Ask, 104, 10)),
    ];
    let got = fills::<Top>(&tape(&events), rules(Impact::Stays), &[(5, wish(1, Bid, 9, post(99)))]);
    assert_eq!(got, [(1, 40, 99, 5, DepthRule::QueuePassed)]);
}

/// Where an order ends that is sent at 10 ms into a book of 100 × 10 and 101 × 10.
fn standing(wishes: &[Wish]) -> Standing {
    let events = [(0, level(Bid, 100, 10)), (0, level(Ask, 101, 10)), (99, level(Bid, 90, 1))];
    let tape = tape(&events);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules(Impact::Stays)).unwrap();
    replay.advance_to(Ts::from_micros(10_000)).unwrap();
    wishes.iter().for_each(|wish| replay.place(*wish).unwrap());
    replay.advance_to_end().unwrap();
    replay.orders().last().unwrap().standing
}

#[test]
fn terms_that_the_book_can_not_meet_are_rejected_with_the_reason() {
    let (limit, cancelled) = (|price| Terms::Limit { price: Ticks(price) }, Standing::Cancelled);
    let ioc = |price| Terms::ImmediateOrCancel { price: Ticks(price) };
    let fok = |price| Terms::FillOrKill { price: Ticks(price) };
    let cases = [
        (vec![wish(1, Bid, 3, post(101))], Standing::Rejected(Reject::WouldTake)),
        (vec![wish(1, Bid, 3, ioc(100))], Standing::Rejected(Reject::NothingToTake)),
        (vec![wish(1, Bid, 30, fok(105))], Standing::Rejected(Reject::NotWhole)),
        (vec![wish(1, Bid, 10, fok(105))], Standing::Filled),
        (vec![wish(1, Bid, 30, ioc(105))], cancelled),
        (vec![wish(1, Bid, 30, Terms::Market)], cancelled),
        (vec![wish(1, Bid, 3, limit(100))], Standing::Working),
        (
            vec![wish(1, Ask, 3, limit(101)), wish(2, Bid, 12, limit(102))],
            Standing::Rejected(Reject::WouldTradeWithSelf),
        ),
    ];
    for (wishes, wanted) in cases {
        assert_eq!(standing(&wishes), wanted, "{wishes:?}");
    }
}

#[test]
fn an_order_into_a_gap_is_rejected() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 101, 10)),
        (5, DepthChange::Gap { missed: 3 }),
        (99, level(Bid, 90, 1)),
    ];
    let tape = tape(&events);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules(Impact::Stays)).unwrap();
    replay.advance_to(Ts::from_micros(10_000)).unwrap();
    replay.place(wish(1, Bid, 1, Terms::Market)).unwrap();
    replay.advance_to_end().unwrap();
    assert_eq!(replay.orders()[0].standing, Standing::Rejected(Reject::BookNotKnown));
    assert!(replay.faults().total() > 0);
}

#[test]
fn we_act_on_what_we_know_and_trade_at_what_is() {
    // At 20 the price jumps; we hear of it at 21 and act on the old price at 20.
    let events = [
        (0, level(Ask, 101, 10)),
        (20, level(Ask, 101, 0)),
        (20, level(Ask, 110, 10)),
        (99, level(Bid, 90, 1)),
    ];
    let tape = tape(&events);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules(Impact::Stays)).unwrap();
    replay.advance_to(Ts::from_micros(20_000)).unwrap();
    assert_eq!(replay.book().best(Ask), Some((Ticks(101), Lots(10))));
    replay.place(wish(1, Bid, 2, Terms::Market)).unwrap();
    replay.advance_to(Ts::from_micros(21_000)).unwrap();
    assert!(replay.fills().is_empty(), "the answer is still under way");
    replay.advance_to_end().unwrap();
    assert_eq!(replay.fills()[0].price, Ticks(110));
}

#[test]
fn fees_are_by_role_and_the_account_adds_up() {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 101, 10)),
        (30, trade(Bid, 100, 14)),
        (99, level(Bid, 90, 1)),
    ];
    let fees = Fees { maker_bps: -1.0, taker_bps: 5.0, per_unit: 0.0 };
    let rules = Rules::careful(Latency::constant_nanos(1_000_000), fees);
    let tape = tape(&events);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules).unwrap();
    replay.advance_to(Ts::from_micros(5_000)).unwrap();
    replay.place(wish(1, Bid, 4, post(100))).unwrap();
    replay.place(wish(2, Ask, 2, Terms::Market)).unwrap();
    replay.advance_to_end().unwrap();
    // Two of the ten in front of our bid are taken by ourselves, so 14 fill all of it.
    let roles: Vec<Role> = replay.fills().iter().map(|fill| fill.role).collect();
    assert_eq!(roles, [Role::Taker, Role::Maker]);
    let account = replay.account();
    assert_eq!((account.position, account.volume), (Lots(2), Lots(6)));
    assert_eq!(account.cash.to_string(), "-2");
    assert_eq!(account.fees.to_string(), "0.0006");
    let equity = account.equity(tape.grid(), Contract::default(), Ticks(105)).unwrap();
    assert_eq!(equity.to_string(), "0.0994");
}

/// Buys four at 100 ticks that rest, sells two at the bid of 90 ticks; the tick is a cent.
fn traded(contract: Contract, fees: Fees) -> DepthAccount {
    let events = [
        (0, level(Bid, 100, 10)),
        (0, level(Ask, 101, 10)),
        (30, trade(Bid, 100, 14)),
        (40, level(Bid, 100, 0)),
        (40, level(Bid, 90, 10)),
        (99, level(Bid, 89, 1)),
    ];
    let latency = Latency::constant_nanos(1_000_000);
    let rules = Rules { contract, ..Rules::careful(latency, fees) };
    let tape = tape(&events);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules).unwrap();
    replay.advance_to(Ts::from_micros(5_000)).unwrap();
    replay.place(wish(1, Bid, 4, post(100))).unwrap();
    replay.advance_to(Ts::from_micros(50_000)).unwrap();
    replay.place(wish(2, Ask, 2, Terms::Market)).unwrap();
    replay.advance_to_end().unwrap();
    *replay.account()
}

#[test]
fn a_multiplier_multiplies_money_and_value_fees_but_not_lots() {
    let (one, per_unit) = (Contract::default(), 0.25);
    let fifty = Contract::Linear { multiplier: Qty::whole(50) };
    let fees = Fees { maker_bps: 1.0, taker_bps: 2.0, per_unit };
    let (small, large) = (traded(one, fees), traded(fifty, fees));
    assert_eq!((large.position, large.volume), (small.position, small.volume));
    // 4 × 1.00 × 50 paid, 2 × 0.90 × 50 received.
    assert_eq!(large.cash.to_string(), "-110");
    // 200 at 1 bp, 90 at 2 bp, and six contracts at 0.25.
    assert_eq!(large.fees.to_string(), "1.538");
    let equity = large.equity(&grid(), fifty, Ticks(90)).unwrap();
    // 2 × 0.90 × 50 held.
    assert_eq!(equity.to_string(), "-21.538");
    assert_eq!(small.cash.to_string(), "-2.2");
}

#[test]
fn an_inverse_contract_gains_and_loses_coins() {
    let contract = Contract::Inverse { face: Qty::whole(100) };
    let fees = Fees { maker_bps: 1.0, taker_bps: 2.0, per_unit: 0.0 };
    let account = traded(contract, fees);
    // In millionths of a coin. Bought 4 × 100 ÷ 1.00 = 400 coins' worth, sold 2 × 100 ÷ 0.90.
    assert_eq!(account.cash.to_string(), "177777777.777778");
    // 400,000,000 at 1 bp and 222,222,222.222222 at 2 bp, each rounded up.
    assert_eq!(account.fees.to_string(), "84444.444445");
    // Two are left at 0.80: n × face × (1 ÷ p₀ − 1 ÷ p₁) is
    // 2 × 100 × (1/1.00 − 1/0.90) + 2 × 100 × (1/1.00 − 1/0.80) = −72.222222 coins before fees.
    let equity = account.equity(&grid(), contract, Ticks(80)).unwrap();
    assert_eq!((equity + account.fees).to_string(), "-72222222.222222");
}
