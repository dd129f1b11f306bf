use base::bootstrap::Interval;
use base::{Seed, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, Lots, OrderKey, Packet, Ticks};

use super::*;
use crate::flow::watch::{FlowEvent, Touch, WatchConfig, Watched, watch};
use crate::flow::{Arrival, FlowKind, Hawkes, HawkesParameters};

fn message(millis: i64, change: DepthChange) -> DepthMessage {
    let at = Ts::from_micros(millis * 1_000);
    DepthMessage { at, known: at, change, packet: Packet::Last }
}

fn level(side: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Level { side, price: Ticks(price), size: Lots(size) }
}

fn add(order: u64, side: BookSide, price: i64, size: i64) -> DepthChange {
    let order = OrderKey(order);
    DepthChange::Add { order, side, price: Ticks(price), size: Lots(size) }
}

fn print(resting: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Trade { resting: Some(resting), price: Ticks(price), size: Lots(size) }
}

fn kinds(watched: &Watched) -> Vec<(FlowKind, i64, i64)> {
    watched.events.iter().map(|it| (it.kind, it.distance_ticks, it.size)).collect()
}

fn watched(changes: &[(i64, DepthChange)]) -> Watched {
    let messages: Vec<DepthMessage> =
        changes.iter().map(|(at, change)| message(*at, *change)).collect();
    let config = WatchConfig { from: Some(Ts::from_micros(500)), ..WatchConfig::default() };
    watch(&messages, &config).unwrap()
}

#[test]
fn a_feed_by_level_tells_growth_prints_and_the_rest() {
    use BookSide::{Ask, Bid};
    let seen = watched(&[
        (0, level(Bid, 99, 10)),
        (0, level(Ask, 101, 10)),
        (10, level(Bid, 100, 5)),
        (20, print(Ask, 101, 4)),
        (20, print(Ask, 101, 2)),
        (21, level(Ask, 101, 3)),
        (30, level(Bid, 100, 0)),
    ]);
    let wanted = vec![
        (FlowKind::LimitBuy, 1, 5),
        (FlowKind::MarketBuy, 0, 6),
        (FlowKind::CancelSell, 1, 1),
        (FlowKind::CancelBuy, 1, 5),
    ];
    assert_eq!(kinds(&seen), wanted);
    assert_eq!(kinds(&seen.near(0)), vec![(FlowKind::MarketBuy, 0, 6)]);
    let spreads: Vec<i64> = seen.touches.iter().map(Touch::spread).collect();
    assert_eq!(spreads, [2, 1, 2]);
}

#[test]
fn prints_of_one_order_that_come_one_by_one_are_one_order() {
    use BookSide::{Ask, Bid};
    let quotes = [message(0, level(Bid, 99, 10)), message(0, level(Ask, 101, 10))];
    let late = |micros: i64, at: i64, resting| DepthMessage {
        known: Ts::from_micros(10_000 + micros),
        ..message(at, print(resting, 101, 2))
    };
    let prints = [late(0, 9, Ask), late(7, 9, Ask), late(9, 9, Bid), late(12, 10, Ask)];
    let config = WatchConfig { from: Some(Ts::from_micros(500)), ..WatchConfig::default() };
    let seen = watch(&[&quotes[..], &prints[..]].concat(), &config).unwrap();
    let wanted = vec![
        (FlowKind::MarketBuy, 0, 4),
        (FlowKind::MarketSell, 0, 2),
        (FlowKind::MarketBuy, 0, 2),
    ];
    assert_eq!(kinds(&seen), wanted);
}

#[test]
fn a_trade_told_of_both_its_orders_is_one_market_order() {
    use BookSide::{Ask, Bid};
    let execute = |order, size| DepthChange::Execute { order: OrderKey(order), size: Lots(size) };
    let book = [(0, add(1, Bid, 99, 10)), (0, add(2, Ask, 101, 10)), (0, add(5, Ask, 102, 10))];
    let taker_last = [(10, add(3, Bid, 101, 4)), (20, execute(2, 4)), (20, execute(3, 4))];
    let taker_first = [(30, add(4, Ask, 99, 3)), (40, execute(4, 3)), (40, execute(1, 3))];
    let seen = watched(&[&book[..], &taker_last[..], &taker_first[..]].concat());
    assert_eq!(kinds(&seen), [(FlowKind::MarketBuy, 0, 4), (FlowKind::MarketSell, 0, 3)]);
}

#[test]
fn a_feed_by_order_tells_lives_and_moves() {
    use BookSide::{Ask, Bid};
    let (order, price, size) = (OrderKey(3), Ticks(100), Lots(4));
    let seen = watched(&[
        (0, add(1, Bid, 99, 10)),
        (0, add(2, Ask, 101, 10)),
        (10, add(3, Bid, 98, 4)),
        (20, DepthChange::Replace { order, price, size }),
        (30, DepthChange::Execute { order: OrderKey(2), size: Lots(1) }),
        (40, DepthChange::Reduce { order: OrderKey(1), by: Lots(3) }),
        (50, DepthChange::Delete { order }),
        (60, DepthChange::Delete { order }),
        (70, add(4, Ask, 102, 4)),
        (80, DepthChange::Reduce { order: OrderKey(4), by: Lots(1) }),
        (90, DepthChange::Reduce { order: OrderKey(4), by: Lots(3) }),
    ]);
    let wanted = vec![
        (FlowKind::LimitBuy, 3, 4),
        (FlowKind::CancelBuy, 3, 4),
        (FlowKind::LimitBuy, 1, 4),
        (FlowKind::MarketBuy, 0, 1),
        (FlowKind::CancelBuy, 2, 3),
        (FlowKind::CancelBuy, 1, 4),
        (FlowKind::LimitSell, 3, 4),
        (FlowKind::CancelSell, 3, 1),
        (FlowKind::CancelSell, 3, 3),
    ];
    assert_eq!(kinds(&seen), wanted);
    assert_eq!(seen.faults.of(Fault::UnknownOrder), 1);
    let [(_, deleted), (_, taken_back)] = seen.lifetimes[..] else {
        panic!("two lives: {:?}", seen.lifetimes)
    };
    assert!((deleted - 0.04).abs() < 1e-9 && (taken_back - 0.02).abs() < 1e-9, "{deleted}");
}

#[test]
fn what_one_packet_says_of_one_kind_is_one_event() {
    use BookSide::{Ask, Bid};
    let seen = watched(&[
        (0, level(Bid, 99, 10)),
        (0, level(Ask, 101, 10)),
        (10, level(Bid, 98, 5)),
        (10, level(Bid, 97, 4)),
        (10, level(Bid, 60, 4)),
        (10, level(Ask, 102, 1)),
        (11, level(Bid, 96, 2)),
    ]);
    let wanted =
        vec![(FlowKind::LimitBuy, 3, 9), (FlowKind::LimitSell, 3, 1), (FlowKind::LimitBuy, 5, 2)];
    assert_eq!(kinds(&seen.near(10)), wanted);
}

#[test]
fn a_stream_without_an_observation_is_refused() {
    let one = [message(0, level(BookSide::Bid, 1, 1))];
    assert!(watch(&one, &WatchConfig::default()).is_err());
    assert!(watch(&[], &WatchConfig::default()).is_err());
    let config = WatchConfig { sample_seconds: 0.0, ..WatchConfig::default() };
    assert!(watch(&one, &config).is_err());
}

/// Market orders at these times and signs, limit orders none; the middle walks a tick each second.
fn stream(arrivals: &[Arrival], seconds: f64) -> Watched {
    let event = |it: &Arrival| FlowEvent {
        at_seconds: it.at_seconds,
        kind: FlowKind::ALL[it.kind],
        distance_ticks: 0,
        size: 1,
    };
    let touch = |at: usize| {
        let bid = if at % 4 < 2 { 100 } else { 101 };
        Touch { at_seconds: at as f64, bid, ask: bid + 1 }
    };
    Watched {
        seconds,
        events: arrivals.iter().map(event).collect(),
        touches: (0..seconds as usize).map(touch).collect(),
        ..Watched::default()
    }
}

fn poisson(seconds: f64, seed: u64) -> Vec<Arrival> {
    let it = HawkesParameters { base: vec![3.0; 2], decays: vec![1.0], branching: vec![0.0; 4] };
    Hawkes::new(it).unwrap().simulate(seconds, &mut Seed::root(seed).rng())
}

fn of(measured: &[Measured], name: &str) -> Interval {
    let found = measured.iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).figure
}

#[test]
fn facts_of_a_poisson_stream_are_those_of_theory() {
    let measured =
        measure(&stream(&poisson(4_000.0, 1), 4_000.0), &FactsConfig::default()).unwrap();
    let cases = [
        ("spread, mean", 1.0),
        ("rate of market buy", 3.0),
        ("waits between events, variance by mean²", 1.0),
        ("events in 1 s, variance by mean", 1.0),
        ("sign autocorrelation at lag 1", 0.0),
        ("traded in 1 s", 6.0),
        ("waits above 0.1 s", libm::exp(-0.6)),
        // Two moves of a tick in four seconds.
        ("variance of the mid over 1 s", 0.5),
    ];
    for (name, wanted) in cases {
        let it = of(&measured, name);
        let wide = 1.6 * (it.high - it.low) + 1e-3;
        assert!((it.value - wanted).abs() < wide, "{name}: {it:?}");
    }
    assert!(of(&measured, "life of a cancelled order, geometric mean").value.is_nan());
}

#[test]
fn alternating_signs_have_a_correlation_of_minus_one() {
    let one = |at: usize| Arrival { at_seconds: at as f64 * 0.5, kind: at % 2 };
    let arrivals: Vec<Arrival> = (0..400).map(one).collect();
    let measured = measure(&stream(&arrivals, 200.0), &FactsConfig::default()).unwrap();
    assert!((of(&measured, "sign autocorrelation at lag 1").value + 1.0).abs() < 1e-9);
    assert!((of(&measured, "sign autocorrelation at lag 2").value - 1.0).abs() < 1e-9);
}

#[test]
fn intensity_is_told_by_hour_and_begins_anew_each_day() {
    // Two days of a market that is busy at night: 3 events a second before six, 1 after.
    let hours = (0..48).flat_map(|hour| {
        let each = if hour % 24 < 6 { 3 } else { 1 };
        (0..3_600 * each).map(move |at| (f64::from(hour), f64::from(at) / f64::from(each)))
    });
    let arrivals: Vec<Arrival> =
        hours.map(|(hour, at)| Arrival { at_seconds: 3_600.0 * hour + at, kind: 0 }).collect();
    let begin = Some(Ts::from_seconds(1_700_006_400));
    let two_days = Watched { begin, ..stream(&arrivals, 172_800.0) };
    let config = FactsConfig { scales_seconds: vec![60.0], blocks: 96, ..FactsConfig::default() };
    let measured = measure(&two_days, &config).unwrap();
    let by_hour: Vec<f64> = measured
        .iter()
        .filter(|it| it.place.is_some_and(|place| place.curve == Curve::DayTime))
        .map(|it| it.figure.value)
        .collect();
    assert_eq!(by_hour.len(), 24);
    for (hour, rate) in by_hour.iter().enumerate() {
        let wanted = if hour < 6 { 3.0 } else { 1.0 };
        assert!((rate - wanted).abs() < 0.01, "{hour}: {rate}");
    }
    let short = Watched { begin, ..stream(&arrivals[..900], 300.0) };
    let five_minutes = measure(&short, &FactsConfig::default()).unwrap();
    assert!((of(&five_minutes, "events a second from 00:00 UTC").value - 3.0).abs() < 0.02);
    let nameless = Watched { begin: None, ..short };
    let measured = measure(&nameless, &FactsConfig::default()).unwrap();
    assert!(!measured.iter().any(|it| it.name.starts_with("events a second from")));
}

#[test]
fn the_push_of_market_orders_is_a_slope_now_and_later() {
    // Buys move the middle by two ticks in their second; sells do not move it; a tick comes back
    // in the second after a buy.
    let (mut arrivals, mut touches, mut mid) = (Vec::new(), Vec::new(), 1_000);
    let mut came_before = false;
    let mut rng = Seed::root(4).rng();
    for second in 0..4_000 {
        let buys = crate::flow::hawkes::uniform(&mut rng) < 0.5;
        let at = f64::from(second);
        arrivals.push(Arrival { at_seconds: at + 0.5, kind: usize::from(!buys) });
        touches.push(Touch { at_seconds: at, bid: mid, ask: mid + 1 });
        mid += if buys { 2 } else { 0 } - i64::from(came_before);
        came_before = buys;
    }
    let stream = Watched { touches, ..stream(&arrivals, 4_000.0) };
    let measured = measure(&stream, &FactsConfig::default()).unwrap();
    // From an imbalance of -1 to 1 the move differs by two ticks, later by one the other way.
    for (name, wanted) in [
        ("move of the mid in the 1 s of an imbalance of one", 1.0),
        ("move of the mid in the 1 s after an imbalance of one", -0.5),
    ] {
        let it = of(&measured, name);
        assert!((it.value - wanted).abs() < 0.1, "{name}: {it:?}");
        assert!(it.low <= wanted + 0.03 && wanted - 0.03 <= it.high, "{name}: {it:?}");
    }
}

#[test]
fn a_stream_agrees_with_its_like_and_differs_from_another() {
    let config = FactsConfig::default();
    let measured = |arrivals: &[Arrival]| measure(&stream(arrivals, 2_000.0), &config).unwrap();
    let (one, like) = (measured(&poisson(2_000.0, 1)), measured(&poisson(2_000.0, 2)));
    let branching = vec![0.7, 0.0, 0.0, 0.7];
    let it = HawkesParameters { base: vec![0.9; 2], decays: vec![2.0], branching };
    let bursts = Hawkes::new(it).unwrap().simulate(2_000.0, &mut Seed::root(3).rng());
    let other = measured(&bursts);
    let verdict = |facts: &[Fact], name: &str| {
        facts.iter().find(|fact| fact.name == name).map(|fact| fact.verdict)
    };
    let (same, apart) = (
        compare(&one, &like, &Comparison::default()),
        compare(&one, &other, &Comparison::default()),
    );
    let name = "events in 1 s, variance by mean";
    assert_eq!(verdict(&same, name), Some(Verdict::Agrees));
    assert_eq!(verdict(&apart, name), Some(Verdict::Differs));
    assert_eq!(verdict(&apart, "sign autocorrelation at lag 1"), Some(Verdict::Differs));
    assert_eq!(verdict(&same, "size of a limit order"), Some(Verdict::NotMeasured));
    assert_eq!(same.len(), one.len(), "no fact is left out");
}

#[test]
fn a_fact_that_one_stream_lacks_stays_in_the_table() {
    let figure = Interval { value: 1.0, low: 0.9, high: 1.1, level: 0.95 };
    let named = |name: &str| {
        let (name, unit) = (name.to_owned(), String::new());
        Measured { name, unit, figure, place: None }
    };
    let facts = compare(&[named("a")], &[named("b")], &Comparison::default());
    let found: Vec<(&str, Verdict)> =
        facts.iter().map(|fact| (fact.name.as_str(), fact.verdict)).collect();
    assert_eq!(found, [("a", Verdict::NotMeasured), ("b", Verdict::NotMeasured)]);
    let near = Measured { figure: Interval { low: 1.2, high: 2.0, ..figure }, ..named("a") };
    let unclear = compare(&[named("a")], &[near], &Comparison::default());
    assert_eq!(unclear[0].verdict, Verdict::Unclear);
}
