use base::{Span, Ts};
use market::depth::{Lots, Ticks};
use market::{InstrumentId, Side};

use super::*;

pub(super) fn at(second: i64) -> Ts {
    Ts::from_seconds(second)
}

pub(super) fn parent(pace: Pace, style: Style) -> Parent {
    Parent {
        id: "p".to_owned(),
        instrument: InstrumentId(0),
        side: Side::Long,
        size: Lots(100),
        start: at(0),
        end: at(100),
        pace,
        style,
        bounds: Bounds::loose(),
    }
}

const TAKE: Style = Style::Aggressive { patience: Span::from_seconds(5) };
const WAIT: Style = Style::PassiveFirst { patience: Span::from_seconds(5) };
const QUOTE: Told = Told::Quote { bid: Ticks(99), ask: Ticks(101) };

fn sends(wishes: &[Wish]) -> Vec<(i64, i64, Posture)> {
    wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Send(child) => Some((child.size.0, child.limit.0, child.posture)),
            Wish::Cancel { .. } => None,
        })
        .collect()
}

fn tell(worker: &mut Worker, second: i64, child: usize, answer: Answer) -> Vec<Wish> {
    let id = market::ClientOrderId::derive("p", &format!("child-{child}"));
    worker.on(at(second), &Told::Child { child: id, answer }).unwrap()
}

#[test]
fn twap_sends_what_time_has_earned_at_the_other_sides_price() {
    let mut worker = Worker::new(parent(Pace::Twap, TAKE)).unwrap();
    assert!(worker.on(at(-5), &QUOTE).unwrap().is_empty());
    let wishes = worker.on(at(10), &Told::Clock).unwrap();
    assert_eq!(sends(&wishes), [(10, 101, Posture::Aggressive)]);
    // While it is open nothing else is sent.
    assert!(worker.on(at(12), &Told::Clock).unwrap().is_empty());
    let wishes = tell(&mut worker, 14, 0, Answer::Filled { size: Lots(10) });
    assert_eq!(sends(&wishes), [(4, 101, Posture::Aggressive)]);
}

#[test]
fn a_passive_child_out_of_patience_is_taken_back_and_its_rest_takes() {
    let mut worker = Worker::new(parent(Pace::Twap, WAIT)).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    let wishes = worker.on(at(20), &Told::Clock).unwrap();
    assert_eq!(sends(&wishes), [(20, 99, Posture::Passive)]);
    tell(&mut worker, 22, 0, Answer::Filled { size: Lots(5) });
    let wishes = worker.on(at(25), &Told::Clock).unwrap();
    assert!(matches!(wishes[..], [Wish::Cancel { .. }]), "{wishes:?}");
    assert!(worker.on(at(26), &Told::Clock).unwrap().is_empty(), "asked once");
    // The broker counts three more than we were told of.
    let wishes = tell(&mut worker, 27, 0, Answer::Cancelled { filled: Lots(8) });
    assert_eq!(sends(&wishes), [(19, 101, Posture::Aggressive)]);
    // They come late, and are not counted twice.
    assert!(tell(&mut worker, 28, 0, Answer::Filled { size: Lots(3) }).is_empty());
    assert_eq!(worker.filled(), Lots(8));
    let wishes = tell(&mut worker, 30, 1, Answer::Filled { size: Lots(19) });
    assert_eq!(sends(&wishes), [(3, 99, Posture::Passive)]);
}

#[test]
fn the_price_limit_bounds_every_child() {
    let mut order = parent(Pace::Twap, TAKE);
    order.bounds.limit = Some(Ticks(100));
    let mut worker = Worker::new(order.clone()).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    assert_eq!(sends(&worker.on(at(50), &Told::Clock).unwrap())[0].1, 100);
    order.side = Side::Short;
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    assert_eq!(sends(&worker.on(at(50), &Told::Clock).unwrap())[0].1, 100);
}

#[test]
fn pov_follows_volume_and_catches_up_no_faster_than_its_cap() {
    let mut order = parent(Pace::Pov { rate: 0.2, catch_up: 0.5 }, TAKE);
    order.bounds.tape = TapeOf::Others;
    let mut worker = Worker::new(order).unwrap();
    // No quote: eighty lots pass that we could not take part in.
    for second in 1..=8 {
        assert!(worker.on(at(second), &Told::Trade { size: Lots(10) }).unwrap().is_empty());
    }
    // A fifth of all is a quarter of what others do: twenty.
    assert_eq!(sends(&worker.on(at(9), &QUOTE).unwrap()), [(20, 101, Posture::Aggressive)]);
    tell(&mut worker, 10, 0, Answer::Rejected);
    // Behind by twenty and more, it takes half of what traded since the last child.
    let wishes = worker.on(at(11), &Told::Trade { size: Lots(6) }).unwrap();
    assert_eq!(sends(&wishes), [(6, 101, Posture::Aggressive)]);
}

#[test]
fn participation_bounds_every_pace() {
    let mut order = parent(Pace::Twap, TAKE);
    order.bounds.participation = Some(0.25);
    order.bounds.tape = TapeOf::Others;
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    assert!(worker.on(at(50), &Told::Clock).unwrap().is_empty(), "nobody trades");
    let wishes = worker.on(at(51), &Told::Trade { size: Lots(30) }).unwrap();
    assert_eq!(sends(&wishes)[0].0, 10);
}

#[test]
fn small_slices_wait_and_the_last_one_may_be_small() {
    let mut order = parent(Pace::Twap, TAKE);
    order.bounds.least_child = Lots(30);
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    assert!(worker.on(at(29), &Told::Clock).unwrap().is_empty());
    for (second, child, size) in [(30, 0, 30), (60, 1, 30), (95, 2, 35)] {
        assert_eq!(sends(&worker.on(at(second), &Told::Clock).unwrap())[0].0, size);
        tell(&mut worker, second, child, Answer::Filled { size: Lots(size) });
    }
    assert!(worker.on(at(99), &Told::Clock).unwrap().is_empty());
}

#[test]
fn finishing_takes_all_that_is_left_and_the_end_takes_children_back() {
    let mut order = parent(Pace::Twap, WAIT);
    order.bounds.finish = Some(Span::from_seconds(10));
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    let wishes = worker.on(at(90), &Told::Clock).unwrap();
    assert_eq!(sends(&wishes), [(100, 101, Posture::Aggressive)]);
    let wishes = worker.on(at(100), &Told::Clock).unwrap();
    assert!(matches!(wishes[..], [Wish::Cancel { .. }]), "{wishes:?}");
    assert_eq!(worker.progress(), Progress::Working, "until the broker has answered");
    tell(&mut worker, 101, 0, Answer::Cancelled { filled: Lots(40) });
    assert_eq!((worker.progress(), worker.filled()), (Progress::Ended, Lots(40)));
}

#[test]
fn refusals_in_a_row_stop_it() {
    let mut order = parent(Pace::Twap, TAKE);
    order.bounds.rejects = 2;
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    worker.on(at(10), &Told::Clock).unwrap();
    assert_eq!(sends(&tell(&mut worker, 11, 0, Answer::Rejected)).len(), 1);
    assert!(tell(&mut worker, 12, 1, Answer::Rejected).is_empty());
    assert!(matches!(worker.progress(), Progress::Stopped { .. }));
}

#[test]
fn a_broker_that_counted_too_little_stops_it_and_the_shares_are_counted() {
    let mut worker = Worker::new(parent(Pace::Twap, WAIT)).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    worker.on(at(20), &Told::Clock).unwrap();
    worker.on(at(25), &Told::Clock).unwrap();
    tell(&mut worker, 26, 0, Answer::Cancelled { filled: Lots(2) });
    assert!(matches!(
        tell(&mut worker, 27, 0, Answer::Filled { size: Lots(9) })[..],
        [Wish::Cancel { .. }]
    ));
    assert_eq!(worker.filled(), Lots(9));
    tell(&mut worker, 28, 1, Answer::Cancelled { filled: Lots(0) });
    assert!(matches!(worker.progress(), Progress::Stopped { .. }));
    assert!(worker.on(at(90), &Told::Clock).unwrap().is_empty());
}

#[test]
fn a_tape_with_our_own_trades_is_taken_less_them() {
    let mut order = parent(Pace::Pov { rate: 0.5, catch_up: 0.5 }, TAKE);
    order.bounds.tape = TapeOf::All;
    let mut worker = Worker::new(order).unwrap();
    worker.on(at(0), &QUOTE).unwrap();
    let wishes = worker.on(at(1), &Told::Trade { size: Lots(10) }).unwrap();
    assert_eq!(sends(&wishes), [(10, 101, Posture::Aggressive)]);
    // Our own ten are printed, then told: half of all is done, and nothing more is wanted.
    assert!(worker.on(at(2), &Told::Trade { size: Lots(10) }).unwrap().is_empty());
    assert!(tell(&mut worker, 3, 0, Answer::Filled { size: Lots(10) }).is_empty());
    assert_eq!(worker.target().unwrap(), Lots(10));
}

#[test]
fn stories_that_cannot_be_true_are_refused_with_a_reason() {
    let says = |told: Told, second: i64, words: &str| {
        let mut worker = Worker::new(parent(Pace::Twap, TAKE)).unwrap();
        worker.on(at(0), &QUOTE).unwrap();
        worker.on(at(10), &Told::Clock).unwrap();
        let error = worker.on(at(second), &told).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        worker
    };
    let about = |child: &str, answer| Told::Child {
        child: market::ClientOrderId::derive("p", child),
        answer,
    };
    says(Told::Clock, 9, "backwards");
    says(Told::Trade { size: Lots(0) }, 11, "without size");
    says(about("child-7", Answer::Accepted), 11, "never sent");
    says(about("child-0", Answer::Filled { size: Lots(-1) }), 11, "without size");
    let worker = says(about("child-0", Answer::Filled { size: Lots(11) }), 11, "beyond its size");
    assert_eq!(worker.filled(), Lots::ZERO);
    says(about("child-0", Answer::Cancelled { filled: Lots(11) }), 11, "more filled");
}

#[test]
fn parents_that_cannot_be_worked_are_refused_with_a_reason() {
    let pov = |rate, catch_up| parent(Pace::Pov { rate, catch_up }, TAKE);
    let twap = || parent(Pace::Twap, TAKE);
    let profile = VolumeProfile::new(at(200), Span::from_seconds(10), &[1.0, 1.0]).unwrap();
    let cases = [
        (Parent { size: Lots(0), ..twap() }, "size"),
        (Parent { size: Lots(-5), ..twap() }, "size"),
        (Parent { end: at(0), ..twap() }, "ends before"),
        (pov(0.0, 0.5), "rate"),
        (pov(f64::NAN, 0.5), "rate"),
        (pov(0.3, 0.2), "catch-up"),
        (parent(Pace::Vwap { profile }, TAKE), "no volume"),
        (parent(Pace::Twap, Style::Aggressive { patience: Span::ZERO }), "time to rest"),
        (Parent { bounds: Bounds { least_child: Lots(0), ..Bounds::loose() }, ..twap() }, "small"),
        (
            Parent {
                bounds: Bounds { participation: Some(f64::NAN), ..Bounds::loose() },
                ..twap()
            },
            "participation",
        ),
    ];
    for (order, words) in cases {
        let error = Worker::new(order).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn profiles_without_volume_are_refused_and_the_assumed_one_is_a_u() {
    let step = Span::from_seconds(10);
    for volumes in [vec![], vec![0.0, 0.0], vec![1.0, f64::NAN], vec![2.0, -1.0]] {
        assert!(VolumeProfile::new(at(0), step, &volumes).is_err(), "{volumes:?}");
    }
    assert!(VolumeProfile::new(at(0), Span::ZERO, &[1.0]).is_err());
    assert!(VolumeProfile::of_sessions(at(0), step, &[vec![1.0], vec![1.0, 2.0]]).is_err());
    let assumed = VolumeProfile::assumed(at(0), at(780)).unwrap();
    assert!((assumed.share_by(at(390)) - 0.5).abs() < 1e-12);
    // The integral of 1 + 2(2u − 1)² over the first tenth, by that over all of it.
    let wanted = (0.1 + (1.0 - 0.8f64.powi(3)) / 3.0) / (1.0 + 2.0 / 3.0);
    assert!((assumed.share_by(at(78)) - wanted).abs() < 1e-3);
    let mean = VolumeProfile::of_sessions(at(0), step, &[vec![1.0, 3.0], vec![30.0, 10.0]]);
    assert!((mean.unwrap().share_by(at(10)) - 0.5).abs() < 1e-12);
}

#[test]
fn vwap_and_almgren_chriss_follow_their_curves() {
    let profile = VolumeProfile::new(at(0), Span::from_seconds(50), &[3.0, 1.0]).unwrap();
    let order = parent(Pace::Vwap { profile }, TAKE);
    assert_eq!(order.target(at(50), Lots::ZERO).unwrap(), Lots(75));
    assert_eq!(order.target(at(75), Lots::ZERO).unwrap(), Lots(87));
    let plan = AlmgrenChriss {
        qty: 1e6,
        horizon: 5.0,
        intervals: 5,
        volatility: 0.95,
        permanent: 2.5e-7,
        temporary: 2.5e-6,
        fixed: 0.0625,
        risk_aversion: 1e-6,
    };
    let order = parent(Pace::AlmgrenChriss { plan }, TAKE);
    let held = plan.trajectory().unwrap().holdings;
    let wanted = (100.0 * (1.0 - held[1] / held[0])).floor() as i64;
    assert_eq!(order.target(at(20), Lots::ZERO).unwrap(), Lots(wanted));
    assert!(wanted > 40, "a dislike of variance trades early: {wanted}");
}
