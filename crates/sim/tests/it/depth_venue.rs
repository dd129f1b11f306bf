//! The venue against a slow one, and what must hold of it whatever is asked.

use std::collections::BTreeMap;

use base::{Seed, Ts};
use market::depth::{BookSide, Fault, Ladder, Lots, OrderKey, Orders, Ticks};
use proptest::prelude::*;
use sim::depth::{
    Command, FeedDepth, Guard, Kind, Life, NewOrder, Outbox, Phase, Posting, Venue, VenueConfig,
    VenueEvent,
};

use crate::depth_floor::{Dice, Mix, command};
use crate::slow_venue::{SlowVenue, State};

const SIDES: [BookSide; 2] = [BookSide::Bid, BookSide::Ask];

fn config() -> VenueConfig {
    let (lowest, highest) = (Ticks(-50), Ticks(50));
    VenueConfig { lowest, highest, largest: Lots(1_000), ..VenueConfig::default() }
}

fn commands(seed: Seed, mix: Mix) -> impl Iterator<Item = Command> {
    (0..).map(move |step| command(&mut Dice::new(seed.index(step).number()), mix))
}

/// Both venues side by side; the events must be equal after each command.
fn run_twins(commands: impl Iterator<Item = Command>) {
    let (mut venue, mut slow) = (Venue::new(config()).unwrap(), SlowVenue::new(config()));
    let mut out = Outbox::new(FeedDepth::Silent);
    for (step, command) in commands.enumerate() {
        out.clear();
        venue.step(Ts::MIN, &command, &mut out);
        slow.step(&command);
        assert_eq!(out.events, slow.events, "step {step}: {command:?}");
        assert_eq!(venue.len(), slow.orders.len(), "step {step}: {command:?}");
        if step % 16 == 0 {
            check_book(&venue, &slow);
        }
    }
}

fn check_book(venue: &Venue, slow: &SlowVenue) {
    for side in SIDES {
        let queue =
            |(price, _)| venue.queue(side, price).map(move |(key, size)| (price, key, size));
        let shown: Vec<(Ticks, OrderKey, Lots)> = venue.levels(side).flat_map(queue).collect();
        assert_eq!(shown, slow.shown(side));
    }
    for wanted in &slow.orders {
        let found = venue.order(wanted.order.key).unwrap();
        assert_eq!((found.order, found.left), (wanted.order, wanted.left));
    }
}

/// What became of the lots of each order, told by the events alone.
#[derive(Default)]
struct Ledger {
    lives: BTreeMap<OrderKey, (NewOrder, Lots)>,
}

impl Ledger {
    /// Follows the events of one command; what the order of the command traded as a taker.
    fn follow(&mut self, command: &Command, events: &[VenueEvent], phase: Phase) -> Lots {
        let mut taken = Lots(0);
        for event in events {
            match *event {
                VenueEvent::Accepted { order } => {
                    let Command::Submit(sent) = command else { panic!("{command:?}") };
                    assert_eq!(sent.key, order);
                    assert!(self.lives.insert(order, (*sent, sent.size)).is_none());
                }
                VenueEvent::Traded(trade) => {
                    assert!(trade.size > Lots(0));
                    self.shrink(trade.maker, trade.size, trade.maker_left);
                    self.shrink(trade.taker, trade.size, trade.taker_left);
                    let own = trade.maker_owner == trade.taker_owner;
                    if own && phase == Phase::Continuous && trade.aggressor.is_some() {
                        assert_eq!(self.order(trade.taker, command).guard, Guard::Allow);
                    } else if own && trade.aggressor.is_none() {
                        let guards = [trade.taker, trade.maker]
                            .map(|order| self.order(order, command).guard);
                        assert!(guards.contains(&Guard::Allow), "{trade:?}");
                    }
                    if matches!(command, Command::Submit(sent) if sent.key == trade.taker) {
                        taken += trade.size;
                    }
                }
                VenueEvent::Cancelled { order, size, left, .. } => self.shrink(order, size, left),
                VenueEvent::Expired { order, size } => self.shrink(order, size, Lots(0)),
                VenueEvent::Replaced { order, before, left, .. } => {
                    let live = self.lives.get_mut(&order).unwrap();
                    assert_eq!(live.1, before);
                    live.1 = left;
                }
                _ => {}
            }
        }
        self.lives.retain(|_, (_, left)| *left > Lots(0));
        taken
    }

    fn order(&self, key: OrderKey, command: &Command) -> NewOrder {
        match command {
            Command::Submit(sent) if sent.key == key => *sent,
            _ => self.lives[&key].0,
        }
    }

    fn shrink(&mut self, key: OrderKey, by: Lots, left: Lots) {
        let live = self.lives.get_mut(&key).unwrap();
        assert_eq!(live.1 - by, left, "{key:?}");
        live.1 = left;
    }
}

fn check_rules(seed: Seed, steps: usize, mix: Mix) {
    let mut venue = Venue::new(config()).unwrap();
    let (mut out, mut ledger) = (Outbox::new(FeedDepth::Silent), Ledger::default());
    for command in commands(seed, mix).take(steps) {
        out.clear();
        venue.step(Ts::MIN, &command, &mut out);
        let taken = ledger.follow(&command, &out.events, venue.phase());
        assert_eq!(venue.len(), ledger.lives.len());
        for (key, (_, left)) in &ledger.lives {
            assert_eq!(venue.order(*key).map(|found| found.left), Some(*left));
        }
        if let Command::Submit(sent) = command {
            check_promises(&sent, taken);
        }
        if venue.phase() == Phase::Continuous {
            let [bid, ask] = SIDES.map(|side| venue.best(side).map(|(price, _)| price));
            assert!(bid.is_none_or(|bid| ask.is_none_or(|ask| bid < ask)), "{command:?}");
        }
    }
}

/// What the kind of an order promises of the trades it made on arrival.
fn check_promises(sent: &NewOrder, taken: Lots) {
    if let Kind::Limit { posting: Posting::PostOrReject | Posting::PostOrSlide, .. } = sent.kind {
        assert_eq!(taken, Lots(0), "{sent:?}");
    }
    if sent.life == Life::Fok {
        assert!(taken == Lots(0) || taken == sent.size, "{sent:?} took {taken}");
    }
}

const BUSY: Mix = Mix { keys: 90, owners: 5, phases: 150 };
const TRADING: Mix = Mix { keys: 90, owners: 5, phases: u64::MAX };

proptest! {
    #[test]
    fn a_venue_does_as_its_twin(seed in any::<u64>(), steps in 1usize..250) {
        run_twins(commands(Seed::root(seed), BUSY).take(steps));
    }

    #[test]
    fn no_lot_is_made_or_lost_and_promises_are_kept(seed in any::<u64>()) {
        check_rules(Seed::root(seed), 300, BUSY);
    }
}

#[test]
fn a_venue_does_as_its_twin_for_a_million_commands() {
    run_twins(commands(Seed::root(7).child("phases"), BUSY).take(600_000));
    run_twins(commands(Seed::root(7).child("trading"), TRADING).take(400_000));
}

#[test]
fn no_lot_is_made_or_lost_in_half_a_million_commands() {
    check_rules(Seed::root(8), 500_000, BUSY);
}

#[test]
fn a_feed_shows_the_book_that_the_venue_has() {
    let mut venue = Venue::new(config()).unwrap();
    let mut second = venue.clone();
    let (mut by_order, mut by_level) = (Orders::new(), Ladder::new());
    let mut boxes = [Outbox::new(FeedDepth::Orders), Outbox::new(FeedDepth::Levels)];
    for command in commands(Seed::root(9), BUSY).take(100_000) {
        boxes.iter_mut().for_each(Outbox::clear);
        let [orders, levels] = &mut boxes;
        second.step(Ts::MIN, &command, levels);
        venue.step(Ts::MIN, &command, orders);
        let calls = matches!(venue.phase(), Phase::Call(_));
        for message in &orders.messages {
            let said = by_order.apply(message);
            let crosses = matches!(said, Err(Fault::Crossed | Fault::Locked));
            assert!(said.is_ok() || (calls && crosses), "{said:?}: {message:?}");
        }
        for message in &levels.messages {
            let said = by_level.apply(message);
            let crosses = matches!(said, Err(Fault::Crossed | Fault::Locked));
            assert!(said.is_ok() || (calls && crosses), "{said:?}: {message:?}");
        }
        for side in SIDES {
            assert!(venue.levels(side).eq(by_order.levels(side)), "{command:?}");
            assert!(venue.levels(side).eq(by_level.levels(side)), "{command:?}");
            for (price, _) in venue.levels(side) {
                assert!(venue.queue(side, price).eq(by_order.queue(side, price)), "{command:?}");
            }
        }
    }
}

/// A word for what happened and why.
fn word(event: &VenueEvent) -> String {
    match event {
        VenueEvent::Rejected { reason, .. } => format!("rejected {reason:?}"),
        VenueEvent::Cancelled { reason, left, .. } => {
            format!("cancelled {reason:?} {}", if *left > Lots(0) { "in part" } else { "wholly" })
        }
        VenueEvent::Traded(trade) => format!("traded {:?}", trade.aggressor),
        VenueEvent::Replaced { priority, .. } => format!("replaced {priority:?}"),
        VenueEvent::Repriced { price, .. } => format!("repriced {}", price.is_some()),
        VenueEvent::Auctioned { price, .. } => format!("auctioned {}", price.is_some()),
        VenueEvent::Accepted { .. } => "accepted".to_owned(),
        VenueEvent::Triggered { .. } => "triggered".to_owned(),
        VenueEvent::Expired { .. } => "expired".to_owned(),
    }
}

#[test]
fn random_commands_reach_all_that_can_happen() {
    let mut venue = Venue::new(config()).unwrap();
    let mut out = Outbox::new(FeedDepth::Silent);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for command in commands(Seed::root(11), BUSY).take(200_000) {
        out.clear();
        venue.step(Ts::MIN, &command, &mut out);
        out.events.iter().for_each(|event| *seen.entry(word(event)).or_default() += 1);
    }
    // Ten reasons of refusal; four of cancels, two of them in part; trades of either side and of
    // auctions; replaced, repriced and auctioned in two ways each; and three more.
    assert_eq!(seen.len(), 10 + 5 + 3 + 6 + 3, "{seen:#?}");
    assert!(seen.values().all(|times| *times >= 5), "{seen:#?}");
}

#[test]
fn no_hidden_order_is_left_crossed() {
    let mut slow = SlowVenue::new(config());
    for command in commands(Seed::root(10), BUSY).take(100_000) {
        slow.step(&command);
        let price = |side| {
            let orders = slow.orders.iter().filter(move |slow| slow.order.side == side);
            orders.filter_map(|slow| match slow.state {
                State::Book(price, _) => Some(price),
                _ => None,
            })
        };
        if slow.phase == Phase::Continuous {
            let (bid, ask) = (price(BookSide::Bid).max(), price(BookSide::Ask).min());
            assert!(bid.is_none_or(|bid| ask.is_none_or(|ask| bid < ask)), "{command:?}");
        }
    }
}
