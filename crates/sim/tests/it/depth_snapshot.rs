//! A venue that was written down and read back goes on as the one that was not.

use base::{Seed, Ts};
use market::depth::{BookSide, Lots, OrderKey, Ticks};
use sim::depth::{
    CancelReason, Command, FeedDepth, Guard, Kind, Life, NewOrder, Outbox, Owner, Phase, Session,
    Venue, VenueConfig, VenueEvent,
};

use crate::depth_floor::{Dice, Mix, command};

const BUSY: Mix = Mix { keys: 90, owners: 5, phases: 150 };

fn venue() -> Venue {
    let (lowest, highest) = (Ticks(-50), Ticks(50));
    let largest = Lots(1_000);
    Venue::new(VenueConfig { lowest, highest, largest, ..VenueConfig::default() }).unwrap()
}

fn written(venue: &Venue) -> String {
    serde_json::to_string(venue).unwrap()
}

#[test]
fn a_restored_venue_goes_on_as_the_one_it_was_written_from() {
    let (mut first, mut second) = (venue(), venue());
    let mut boxes = [Outbox::new(FeedDepth::Orders), Outbox::new(FeedDepth::Orders)];
    let seed = Seed::root(23).child("snapshots");
    for step in 0..60_000 {
        let command = command(&mut Dice::new(seed.index(step).number()), BUSY);
        boxes.iter_mut().for_each(Outbox::clear);
        let [one, other] = &mut boxes;
        first.step(Ts::from_micros(step as i64), &command, one);
        second.step(Ts::from_micros(step as i64), &command, other);
        assert_eq!(one.events, other.events, "step {step}: {command:?}");
        assert_eq!(one.messages, other.messages, "step {step}: {command:?}");
        if step % 37 == 0 {
            let text = written(&second);
            second = serde_json::from_str(&text).unwrap();
            assert_eq!(written(&second), text, "step {step}");
        }
    }
    assert_eq!(written(&first), written(&second));
}

fn limit(key: u64, side: BookSide, price: i64, size: i64) -> NewOrder {
    NewOrder::limit(OrderKey(key), Owner(1), side, Ticks(price), Lots(size))
}

#[test]
fn what_can_not_have_been_a_venue_is_refused() {
    let (mut venue, mut out) = (venue(), Outbox::new(FeedDepth::Silent));
    for order in [limit(1, BookSide::Bid, 4, 10), limit(2, BookSide::Ask, 6, 10)] {
        venue.step(Ts::MIN, &Command::Submit(order), &mut out);
    }
    let text = written(&venue);
    assert!(serde_json::from_str::<Venue>(&text).is_ok());
    let cases = [
        ("\"key\":2", "\"key\":1", "two orders have one key"),
        ("\"visible\":10", "\"visible\":11", "shows more than it has"),
        ("\"left\":10", "\"left\":0", "is not positive"),
        ("\"price\":6", "\"price\":60", "outside the band"),
        ("\"price\":6", "\"price\":4", "crossed"),
        ("\"pegs\":[]", "\"pegs\":[1]", "pegged"),
        ("\"arrivals\":2", "\"arrivals\":1", "after the last arrival"),
        ("\"display\":\"whole\"", "\"display\":\"hidden\"", "where its kind never does"),
    ];
    for (from, to, wanted) in cases {
        let broken = text.replace(from, to);
        assert_ne!(broken, text, "{from} in {text}");
        let error = serde_json::from_str::<Venue>(&broken).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}

/// An opening auction in which the owner of the first order also sent the second.
fn auction(guard: Guard) -> Vec<VenueEvent> {
    let mut venue = venue();
    let mut out = Outbox::new(FeedDepth::Silent);
    let own = NewOrder { guard, ..limit(2, BookSide::Ask, 5, 4) };
    let other = NewOrder { owner: Owner(2), ..limit(3, BookSide::Ask, 5, 3) };
    let call = Command::Enter(Phase::Call(Session::Open));
    let orders = [limit(1, BookSide::Bid, 5, 6), own, other].map(Command::Submit);
    for command in [call].iter().chain(&orders) {
        venue.step(Ts::MIN, command, &mut out);
    }
    out.clear();
    venue.step(Ts::MIN, &Command::Enter(Phase::Continuous), &mut out);
    out.events
}

#[test]
fn an_auction_keeps_an_owner_from_trading_with_himself() {
    let told = |event: &VenueEvent| match *event {
        VenueEvent::Cancelled { order, size, left, reason: CancelReason::SelfTrade } => {
            format!("{} loses {size}, has {left}", order.0)
        }
        VenueEvent::Traded(trade) => {
            format!("{} buys {} of {}", trade.taker.0, trade.size, trade.maker.0)
        }
        VenueEvent::Auctioned { size, .. } => format!("auction of {size}"),
        ref other => format!("{other:?}"),
    };
    let cases: [(Guard, &[&str]); 5] = [
        (Guard::Allow, &["auction of 6", "1 buys 4 of 2", "1 buys 2 of 3"]),
        (Guard::CancelNewest, &["2 loses 4, has 0", "auction of 3", "1 buys 3 of 3"]),
        (Guard::CancelOldest, &["1 loses 6, has 0", "auction of 0"]),
        (Guard::CancelBoth, &["1 loses 6, has 0", "2 loses 4, has 0", "auction of 0"]),
        (
            Guard::Decrement,
            &["1 loses 4, has 2", "2 loses 4, has 0", "auction of 2", "1 buys 2 of 3"],
        ),
    ];
    for (guard, wanted) in cases {
        let events: Vec<String> = auction(guard).iter().map(told).collect();
        assert_eq!(events, wanted, "{guard:?}");
    }
}

#[test]
fn an_auction_order_waits_where_it_waited() {
    let mut venue = venue();
    let mut out = Outbox::new(FeedDepth::Silent);
    let kind = Kind::Auction { session: Session::Close, limit: None };
    let on_close = NewOrder { kind, life: Life::Day, ..limit(7, BookSide::Bid, 0, 5) };
    venue.step(Ts::MIN, &Command::Submit(on_close), &mut out);
    let back: Venue = serde_json::from_str(&written(&venue)).unwrap();
    assert_eq!(back.order(OrderKey(7)).map(|found| found.left), Some(Lots(5)));
    assert_eq!(back.indication(Session::Close), venue.indication(Session::Close));
}
