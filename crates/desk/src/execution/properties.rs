//! Random brokers: whatever they do, a parent is never overfilled and its limits hold.

use base::{Seed, Span};
use market::depth::{BookSide, Lots, Ticks};
use market::{ClientOrderId, Side};
use proptest::prelude::*;

use super::tests::{at, parent};
use super::*;

/// A child at a broker that answers late and in disorder.
struct AtBroker {
    order: ChildOrder,
    filled: i64,
    closed: bool,
    cancel_asked: bool,
}

struct Broker {
    children: Vec<AtBroker>,
    /// Answers on their way.
    mail: Vec<(ClientOrderId, Answer)>,
}

impl Broker {
    fn take(&mut self, wishes: &[Wish]) {
        for wish in wishes {
            match wish {
                Wish::Send(order) => self.children.push(AtBroker {
                    order: order.clone(),
                    filled: 0,
                    closed: false,
                    cancel_asked: false,
                }),
                Wish::Cancel { child } => {
                    let found = self.children.iter_mut().find(|it| it.order.id == *child);
                    found.expect("a cancel of a child that was sent").cancel_asked = true;
                }
            }
        }
    }

    /// One random thing happens at the broker.
    fn act(&mut self, rng: &mut base::seed::Rng) {
        let Some(child) = self.children.iter_mut().rev().find(|it| !it.closed) else { return };
        let left = child.order.size.0 - child.filled;
        let answer = match rng.random_range(0..10) {
            0 if child.filled == 0 => {
                child.closed = true;
                Answer::Rejected
            }
            1 => Answer::Accepted,
            2..=5 => {
                let size = rng.random_range(1..=left);
                child.filled += size;
                child.closed = child.filled == child.order.size.0;
                Answer::Filled { size: Lots(size) }
            }
            6..=8 if child.cancel_asked => {
                child.closed = true;
                Answer::Cancelled { filled: Lots(child.filled) }
            }
            _ => return,
        };
        self.mail.push((child.order.id.clone(), answer));
    }

    fn filled(&self) -> i64 {
        self.children.iter().map(|child| child.filled).sum()
    }
}

fn pace(kind: u8) -> Pace {
    match kind {
        0 => Pace::Twap,
        1 => Pace::Vwap { profile: VolumeProfile::assumed(at(0), at(100)).unwrap() },
        2 => Pace::Pov { rate: 0.3, catch_up: 0.6 },
        _ => Pace::AlmgrenChriss {
            plan: AlmgrenChriss {
                qty: 100.0,
                horizon: 1.0,
                intervals: 10,
                volatility: 1.0,
                permanent: 0.0,
                temporary: 0.1,
                fixed: 0.0,
                risk_aversion: 2.0,
            },
        },
    }
}

/// Which answer of the mail comes in next: any, but of one child a cancel may overtake fills.
fn told(broker: &mut Broker, rng: &mut base::seed::Rng, second: i64) -> Told {
    match rng.random_range(0..6) {
        0 => Told::Clock,
        1 => {
            let bid = 100 + rng.random_range(-5..=5) + second / 20;
            Told::Quote { bid: Ticks(bid), ask: Ticks(bid + rng.random_range(-1..4)) }
        }
        2 => Told::Trade { size: Lots(rng.random_range(1..40)) },
        _ if broker.mail.is_empty() => Told::Clock,
        _ => {
            let next = rng.random_range(0..broker.mail.len());
            let (child, answer) = broker.mail.remove(next);
            Told::Child { child, answer }
        }
    }
}

fn check_child(order: &Parent, child: &ChildOrder, worker: &Worker, second: i64) {
    assert!((0..100).contains(&second), "a child at {second}");
    let left = order.size - worker.filled() - worker.open() + child.size;
    assert!(child.size >= order.bounds.least_child || child.size == left, "{child:?}");
    assert!(child.size <= order.bounds.largest_child.unwrap_or(order.size), "{child:?}");
    if let Some(limit) = order.bounds.limit {
        assert!(BookSide::from(order.side).accepts(limit, child.limit), "{child:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn no_broker_can_make_it_trade_too_much(
        seed in any::<u64>(), kind in 0u8..4, least in 1i64..20, sells in any::<bool>(),
        passive in any::<bool>(), most in proptest::option::of(0.05f64..0.9),
    ) {
        let patience = Span::from_seconds(3);
        let style = match passive {
            true => Style::PassiveFirst { patience },
            false => Style::Aggressive { patience },
        };
        let mut order = parent(pace(kind), style);
        order.side = if sells { Side::Short } else { Side::Long };
        order.bounds = Bounds {
            limit: Some(Ticks(102)),
            participation: most,
            tape: TapeOf::Others,
            least_child: Lots(least),
            largest_child: Some(Lots(least + 15)),
            finish: Some(Span::from_seconds(20)),
            rejects: 4,
        };
        let mut rng = Seed::root(seed).rng();
        let mut worker = Worker::new(order.clone()).unwrap();
        let mut broker = Broker { children: Vec::new(), mail: Vec::new() };
        let (mut second, mut volume) = (-3, 0);
        for _ in 0..600 {
            second += i64::from(rng.random_range(0..3) == 0);
            broker.act(&mut rng);
            let told = told(&mut broker, &mut rng, second);
            if let (Told::Trade { size }, 0..100) = (&told, second) {
                volume += size.0;
            }
            // A restart: another worker, read from what this one wrote, goes on the same way.
            let written = serde_json::to_string(&worker).unwrap();
            let mut other: Worker = serde_json::from_str(&written).unwrap();
            let wishes = worker.on(at(second), &told).unwrap();
            prop_assert_eq!(&other.on(at(second), &told).unwrap(), &wishes);
            if rng.random_range(0..5) == 0 {
                worker = other;
            }
            for wish in &wishes {
                if let Wish::Send(child) = wish {
                    check_child(&order, child, &worker, second);
                }
            }
            broker.take(&wishes);
            prop_assert!(worker.filled() + worker.open() <= order.size);
            prop_assert!(broker.filled() <= order.size.0, "{} filled", broker.filled());
            if let Some(most) = most {
                let ours = (worker.filled() + worker.open()).0 as f64;
                prop_assert!(ours <= most * (volume as f64 + ours) + 1e-9, "{ours} of {volume}");
            }
        }
        // Whatever was said late is heard in the end, and then both counts agree.
        for child in &mut broker.children {
            if !child.closed {
                child.closed = true;
                let answer = Answer::Cancelled { filled: Lots(child.filled) };
                broker.mail.push((child.order.id.clone(), answer));
            }
        }
        second = second.max(200);
        for (child, answer) in std::mem::take(&mut broker.mail) {
            let wishes = worker.on(at(second), &Told::Child { child, answer }).unwrap();
            prop_assert!(!wishes.iter().any(|wish| matches!(wish, Wish::Send(_))));
        }
        prop_assert_eq!(worker.filled(), Lots(broker.filled()));
        prop_assert!(worker.open() == Lots::ZERO);
        prop_assert!(worker.progress() != Progress::Working);
    }
}
