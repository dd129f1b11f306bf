use base::Ts;
use market::depth::{BookSide, Lots, OrderKey, Ticks};

use super::*;

const BUY: BookSide = BookSide::Bid;
const SELL: BookSide = BookSide::Ask;

struct Floor {
    venue: Venue,
    out: Outbox,
}

impl Floor {
    fn new() -> Floor {
        let venue = Venue::new(VenueConfig::default()).unwrap();
        Floor { venue, out: Outbox::new(FeedDepth::Silent) }
    }

    /// What came of a command.
    fn step(&mut self, command: Command) -> Vec<VenueEvent> {
        self.out.clear();
        self.venue.step(Ts::MIN, &command, &mut self.out);
        self.out.events.clone()
    }

    fn submit(&mut self, order: NewOrder) -> Vec<VenueEvent> {
        self.step(Command::Submit(order))
    }

    /// Keys and sizes of the trades that an order made.
    fn trades(&mut self, order: NewOrder) -> Vec<(u64, i64, i64)> {
        trades(&self.submit(order))
    }

    fn rejected(&mut self, order: NewOrder) -> Option<RejectReason> {
        reason(&self.submit(order))
    }
}

fn trades(events: &[VenueEvent]) -> Vec<(u64, i64, i64)> {
    let trade = |event: &VenueEvent| match event {
        VenueEvent::Traded(trade) => Some((trade.maker.0, trade.price.0, trade.size.0)),
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}

fn reason(events: &[VenueEvent]) -> Option<RejectReason> {
    match events {
        [VenueEvent::Rejected { reason, .. }] => Some(*reason),
        _ => None,
    }
}

/// An order of an owner of its own.
fn limit(key: u64, side: BookSide, price: i64, size: i64) -> NewOrder {
    NewOrder::limit(OrderKey(key), Owner(key as u32), side, Ticks(price), Lots(size))
}

fn market(key: u64, side: BookSide, size: i64) -> NewOrder {
    NewOrder::market(OrderKey(key), Owner(key as u32), side, Lots(size))
}

fn kind(order: NewOrder, kind: Kind) -> NewOrder {
    NewOrder { kind, ..order }
}

fn posting(order: NewOrder, posting: Posting) -> NewOrder {
    let Kind::Limit { limit, .. } = order.kind else { return order };
    NewOrder { kind: Kind::Limit { limit, posting }, ..order }
}

#[test]
fn the_better_price_trades_first_and_then_the_older_order() {
    let mut floor = Floor::new();
    for (key, price) in [(1, 11), (2, 10), (3, 10)] {
        floor.submit(limit(key, SELL, price, 5));
    }
    assert_eq!(floor.trades(market(4, BUY, 12)), [(2, 10, 5), (3, 10, 5), (1, 11, 2)]);
    assert_eq!(floor.venue.best(SELL), Some((Ticks(11), Lots(3))));
}

#[test]
fn displayed_orders_trade_before_hidden_ones_of_their_price() {
    let mut floor = Floor::new();
    floor.submit(NewOrder { display: Display::Hidden, ..limit(1, SELL, 10, 5) });
    floor.submit(NewOrder { display: Display::Hidden, ..limit(2, SELL, 9, 5) });
    floor.submit(limit(3, SELL, 10, 5));
    assert_eq!(floor.venue.best(SELL), Some((Ticks(10), Lots(5))));
    assert_eq!(floor.trades(market(4, BUY, 12)), [(2, 9, 5), (3, 10, 5), (1, 10, 2)]);
}

#[test]
fn an_iceberg_shows_its_next_part_at_the_end_of_the_queue() {
    let mut floor = Floor::new();
    floor.submit(NewOrder { display: Display::Peak(Lots(3)), ..limit(1, SELL, 10, 8) });
    floor.submit(limit(2, SELL, 10, 4));
    assert_eq!(floor.venue.size_at(SELL, Ticks(10)), Lots(7));
    assert_eq!(floor.trades(market(3, BUY, 9)), [(1, 10, 3), (2, 10, 4), (1, 10, 2)]);
    let waiting = floor.venue.order(OrderKey(1)).unwrap();
    assert_eq!((waiting.left, waiting.visible), (Lots(3), Lots(1)));
}

#[test]
fn an_order_that_must_trade_wholly_trades_wholly_or_not_at_all() {
    let mut floor = Floor::new();
    floor.submit(NewOrder { display: Display::Peak(Lots(1)), ..limit(1, SELL, 10, 5) });
    let whole = |key, size| NewOrder { life: Life::Fok, ..limit(key, BUY, 10, size) };
    assert_eq!(floor.trades(whole(2, 6)), []);
    assert_eq!(floor.trades(whole(3, 5)).len(), 5);
    assert!(floor.venue.is_empty());
}

#[test]
fn an_order_that_must_not_take_is_rejected_or_slides() {
    let mut floor = Floor::new();
    floor.submit(limit(1, SELL, 10, 5));
    let rejected = floor.rejected(posting(limit(2, BUY, 10, 5), Posting::PostOrReject));
    assert_eq!(rejected, Some(RejectReason::WouldTake));
    assert_eq!(floor.trades(posting(limit(3, BUY, 12, 5), Posting::PostOrSlide)), []);
    assert_eq!(floor.venue.best(BUY), Some((Ticks(9), Lots(5))));
}

#[test]
fn each_guard_keeps_an_owner_from_trading_with_himself() {
    let cases = [
        (Guard::Allow, vec![(1, 10, 5), (2, 10, 3)], 2),
        (Guard::CancelNewest, vec![], 10),
        (Guard::CancelOldest, vec![(2, 10, 5)], 0),
        (Guard::CancelBoth, vec![], 5),
        (Guard::Decrement, vec![(2, 10, 3)], 2),
    ];
    for (guard, wanted, resting) in cases {
        let mut floor = Floor::new();
        floor.submit(limit(1, SELL, 10, 5));
        floor.submit(limit(2, SELL, 10, 5));
        let order = NewOrder { owner: Owner(1), guard, ..limit(3, BUY, 10, 8) };
        assert_eq!(floor.trades(order), wanted, "{guard:?}");
        assert_eq!(floor.venue.size_at(SELL, Ticks(10)), Lots(resting), "{guard:?}");
    }
}

#[test]
fn a_stop_wakes_when_the_market_trades_there_and_may_wake_the_next() {
    let mut floor = Floor::new();
    for (key, price) in [(1, 10), (2, 11), (3, 12)] {
        floor.submit(limit(key, SELL, price, 1));
    }
    floor.submit(kind(limit(4, BUY, 0, 1), Kind::Stop { trigger: Ticks(10) }));
    let stop_limit = Kind::StopLimit { trigger: Ticks(11), limit: Ticks(11) };
    floor.submit(kind(limit(5, BUY, 0, 1), stop_limit));
    assert_eq!(floor.trades(market(6, BUY, 1)), [(1, 10, 1), (2, 11, 1)]);
    assert_eq!(floor.venue.best(BUY), Some((Ticks(11), Lots(1))));
}

#[test]
fn day_orders_end_when_the_venue_closes_and_others_stay() {
    let mut floor = Floor::new();
    floor.submit(NewOrder { life: Life::Day, ..limit(1, SELL, 10, 5) });
    floor.submit(limit(2, SELL, 10, 5));
    let events = floor.step(Command::Enter(Phase::Closed));
    assert_eq!(events, [VenueEvent::Expired { order: OrderKey(1), size: Lots(5) }]);
    assert_eq!(floor.venue.len(), 1);
    assert_eq!(floor.rejected(limit(3, BUY, 9, 1)), Some(RejectReason::NotInPhase));
}

#[test]
fn a_replaced_order_keeps_its_place_only_where_price_stays_and_size_does_not_grow() {
    let mut floor = Floor::new();
    floor.submit(limit(1, SELL, 10, 5));
    floor.submit(limit(2, SELL, 10, 5));
    let replace = |order, price, size| {
        let (order, price, size) = (OrderKey(order), Ticks(price), Lots(size));
        Command::Replace { order, price, size }
    };
    let first = |floor: &Floor| floor.venue.queue(SELL, Ticks(10)).next().unwrap().0.0;
    floor.step(replace(1, 10, 4));
    assert_eq!(first(&floor), 1);
    floor.step(replace(1, 10, 5));
    assert_eq!(first(&floor), 2);
    floor.submit(limit(3, BUY, 9, 1));
    assert_eq!(trades(&floor.step(replace(2, 9, 5))), [(3, 9, 1)]);
}

#[test]
fn bad_orders_are_refused_with_a_reason() {
    let mut floor = Floor::new();
    floor.submit(limit(1, SELL, 10, 5));
    floor.submit(market(2, BUY, 1));
    let wide = VenueConfig::WIDEST + 1;
    let good = limit(9, BUY, 5, 1);
    let stop = |trigger| Kind::Stop { trigger: Ticks(trigger) };
    let cases = [
        (NewOrder { size: Lots(0), ..good }, RejectReason::Size),
        (NewOrder { size: Lots(i64::MIN), ..good }, RejectReason::Size),
        (NewOrder { size: Lots(wide), ..good }, RejectReason::Size),
        (limit(9, BUY, wide, 1), RejectReason::OffBand),
        (limit(9, BUY, i64::MIN, 1), RejectReason::OffBand),
        (limit(1, BUY, 5, 1), RejectReason::DuplicateKey),
        (kind(good, stop(10)), RejectReason::StopWrongSide),
        (kind(limit(9, SELL, 5, 1), stop(10)), RejectReason::StopWrongSide),
        (kind(good, Kind::Market), RejectReason::Contradiction),
        (NewOrder { display: Display::Peak(Lots(0)), ..good }, RejectReason::Peak),
        (
            NewOrder { life: Life::Ioc, ..posting(good, Posting::PostOrReject) },
            RejectReason::Contradiction,
        ),
    ];
    for (order, wanted) in cases {
        assert_eq!(floor.rejected(order), Some(wanted), "{order:?}");
    }
    let unknown = floor.step(Command::Cancel { order: OrderKey(77) });
    assert_eq!(reason(&unknown), Some(RejectReason::UnknownOrder));
}

#[test]
fn a_venue_without_a_band_is_refused() {
    let empty = VenueConfig { lowest: Ticks(5), highest: Ticks(4), ..VenueConfig::default() };
    assert!(Venue::new(empty).is_err());
    assert!(Venue::new(VenueConfig { largest: Lots(0), ..VenueConfig::default() }).is_err());
}
