use base::stats;
use market::depth::{Lots, Orders, Ticks};

use super::super::hawkes::{HawkesParameters, choose, exponential};
use super::super::{FlowKind, Hawkes, HawkesFlow, SizeLaw, WatchConfig, Watched, ZeroFlow, watch};
use super::*;
use crate::depth::{Command, NewOrder};

fn zero() -> CrowdConfig {
    CrowdConfig {
        flow: FlowModel::Zero(ZeroFlow {
            limit_rates: vec![1.0; 8],
            market_rate: 1.0,
            cancel_rates: vec![0.4],
        }),
        sizes: FlowSizes { limit: SizeLaw::Fixed(1), market: SizeLaw::Fixed(1) },
        splitting: None,
        fair: None,
        edge: FlowEdge::None,
        begin_ticks: 10_000.5,
        begin: Ts::from_seconds(1_700_000_000),
        warm_seconds: 20.0,
    }
}

fn walking(ticks_per_root_second: f64) -> CrowdConfig {
    let course = Course::Walk { ticks_per_root_second };
    let fair = Some(Fair { course, step_seconds: 0.1, half_spread_ticks: 0.0 });
    CrowdConfig { fair, ..zero() }
}

fn hawkes() -> HawkesFlow {
    let mut branching = vec![0.02; 36];
    (0..6).for_each(|kind| branching[kind * 7] = 0.3);
    let parameters =
        HawkesParameters { base: vec![0.5, 0.5, 4.0, 4.0, 3.5, 3.5], decays: vec![3.0], branching };
    HawkesFlow {
        model: Hawkes::new(parameters).unwrap(),
        limit_weights: vec![3.0, 2.0, 1.0, 1.0],
        cancel_weights: vec![1.0],
        usual_orders: 30.0,
    }
}

fn seen(config: CrowdConfig, seed: u64, seconds: f64) -> Watched {
    let feed = Crowd::new(config).unwrap().feed(Seed::root(seed), seconds).unwrap();
    watch(&feed, &WatchConfig::default()).unwrap()
}

fn weighted_spread(watched: &Watched) -> f64 {
    let ends = watched.touches.iter().skip(1).map(|touch| touch.at_seconds);
    let pairs = watched.touches.iter().zip(ends.chain([watched.seconds]));
    let sum: f64 = pairs.map(|(touch, end)| touch.spread() as f64 * (end - touch.at_seconds)).sum();
    sum / (watched.seconds - watched.touches[0].at_seconds)
}

/// The same flow on two lists of prices that are searched from end to end each time.
fn slow_spread(seed: Seed, seconds: f64) -> f64 {
    let mut rng = seed.rng();
    let (mut bids, mut asks): (Vec<i64>, Vec<i64>) = ((0..8).collect(), (8..16).collect());
    let (mut bid, mut ask, mut now, mut sum, mut shown) = (7, 8, 0.0, 0.0, 0.0);
    while now < seconds {
        let rates = [1.0, 1.0, 8.0, 8.0, 0.4 * bids.len() as f64, 0.4 * asks.len() as f64];
        let wait = exponential(&mut rng) / rates.iter().sum::<f64>();
        now += wait;
        if now > 20.0 && !bids.is_empty() && !asks.is_empty() {
            sum += wait * (ask - bid) as f64;
            shown += wait;
        }
        let away = 1 + choose(&mut rng, [1.0; 8].into_iter()) as i64;
        match choose(&mut rng, rates.into_iter()) {
            0 => asks.iter().position(|price| *price == ask).map(|at| asks.remove(at)),
            1 => bids.iter().position(|price| *price == bid).map(|at| bids.remove(at)),
            2 => {
                bids.push(ask - away);
                None
            }
            3 => {
                asks.push(bid + away);
                None
            }
            4 => Some(bids.remove(choose(&mut rng, std::iter::repeat_n(1.0, bids.len())))),
            _ => Some(asks.remove(choose(&mut rng, std::iter::repeat_n(1.0, asks.len())))),
        };
        bid = bids.iter().copied().max().unwrap_or(bid);
        ask = asks.iter().copied().min().unwrap_or(ask);
    }
    sum / shown
}

#[test]
fn the_long_run_spread_is_that_of_a_slow_twin() {
    let runs = 12;
    let fast: Vec<f64> =
        (0..runs).map(|seed| weighted_spread(&seen(zero(), seed, 250.0))).collect();
    let slow: Vec<f64> =
        (0..runs).map(|seed| slow_spread(Seed::root(seed).child("slow"), 250.0)).collect();
    let error = ((stats::variance(&fast) + stats::variance(&slow)) / runs as f64).sqrt();
    let miss = stats::mean(&fast) - stats::mean(&slow);
    assert!(miss.abs() < 3.5 * error, "{} {} ± {error}", stats::mean(&fast), stats::mean(&slow));
    assert!(error < 0.05, "the test would see little: {error}");
}

#[test]
fn a_calibration_finds_the_rates_that_made_the_stream() {
    let watched = seen(zero(), 4, 1_500.0);
    let found = ZeroFlow::calibrate(&watched).unwrap();
    assert!((found.market_rate - 1.0).abs() < 0.1, "{}", found.market_rate);
    for (away, (limit, cancel)) in found.limit_rates.iter().zip(&found.cancel_rates).enumerate() {
        let wanted = if away < 8 { 1.0 } else { 0.0 };
        assert!((limit - wanted).abs() < 0.1, "limit orders at {away}: {limit}");
        assert!(away >= 8 || (cancel - 0.4).abs() < 0.06, "cancellations at {away}: {cancel}");
    }
    let sizes = FlowSizes::calibrate(&watched).unwrap();
    assert_eq!((sizes.limit.mean(), sizes.market.mean()), (1.0, 1.0));
}

#[test]
fn one_seed_one_feed() {
    for config in
        [zero(), walking(2.0), CrowdConfig { flow: FlowModel::Hawkes(hawkes()), ..zero() }]
    {
        let crowd = Crowd::new(config).unwrap();
        let feed = |seed| crowd.feed(Seed::root(seed), 20.0).unwrap();
        assert_eq!(feed(1), feed(1));
        assert_ne!(feed(1), feed(2));
    }
}

#[test]
fn a_book_built_from_the_feed_is_the_venues_and_has_no_fault() {
    let crowd = Crowd::new(walking(3.0)).unwrap();
    let seed = Seed::root(9);
    let mut book = Orders::new();
    for message in crowd.feed(seed, 60.0).unwrap() {
        book.apply(&message).unwrap();
    }
    let mut state = crowd.begin(seed).unwrap();
    let (mut rng, mut out) = (seed.child("feed").rng(), Outbox::new(FeedDepth::Silent));
    (1..=60).for_each(|second| crowd.advance(&mut state, f64::from(second), &mut rng, &mut out));
    for side in [BookSide::Bid, BookSide::Ask] {
        let wanted: Vec<_> = state.venue().levels(side).collect();
        assert_eq!(book.levels(side).collect::<Vec<_>>(), wanted);
        assert!(!wanted.is_empty());
    }
    // Nothing is on the crowd's roster that does not rest.
    let listed = state.roster.count(BookSide::Bid) + state.roster.count(BookSide::Ask);
    assert_eq!(listed, state.venue().len());
}

#[test]
fn a_stored_market_goes_on_as_if_it_had_not_been_stored() {
    let crowd =
        Crowd::new(CrowdConfig { flow: FlowModel::Hawkes(hawkes()), ..walking(1.0) }).unwrap();
    let mut state = crowd.begin(Seed::root(3)).unwrap();
    let key = Crowd::guest_key(1);
    let order = NewOrder::limit(key, Owner(7), BookSide::Bid, Ticks(9_995), Lots(5));
    let mut out = Outbox::new(FeedDepth::Orders);
    state.send(crowd.config().begin, &Command::Submit(order), &mut out);
    let text = serde_json::to_string(&state).unwrap();
    let mut stored: CrowdState = serde_json::from_str(&text).unwrap();
    let on = |state: &mut CrowdState| {
        let mut out = Outbox::new(FeedDepth::Orders);
        crowd.advance(state, 30.0, &mut Seed::root(8).rng(), &mut out);
        out.messages
    };
    assert_eq!(on(&mut state), on(&mut stored));
    let spoilt = text.replace("\"orders\":[[", "\"orders\":[[1,0,\"bid\",1,0],[");
    assert!(serde_json::from_str::<CrowdState>(&spoilt).is_err());
}

#[test]
fn after_every_move_nobody_rests_on_the_wrong_side_of_the_fair_price() {
    let mut config = walking(4.0);
    config.fair.as_mut().unwrap().half_spread_ticks = 1.0;
    let crowd = Crowd::new(config).unwrap();
    let mut state = crowd.begin(Seed::root(2)).unwrap();
    let (mut rng, mut out) = (Seed::root(3).rng(), Outbox::new(FeedDepth::Silent));
    for step in 1..=600 {
        // The move at the end of a step is its last deed.
        crowd.advance(&mut state, f64::from(step) * 0.1, &mut rng, &mut out);
        let best = |side| state.venue().best(side).unwrap().0.0 as f64;
        let (bid, ask, fair) = (best(BookSide::Bid), best(BookSide::Ask), state.fair_ticks());
        assert!(bid <= fair - 1.0 && fair + 1.0 <= ask, "{bid} {fair} {ask}");
        assert!((state.mid_ticks() - fair).abs() <= 0.5, "{} {fair}", state.mid_ticks());
        assert!(ask - bid <= 4.0);
    }
}

#[test]
fn the_middle_follows_bars_it_was_given() {
    let bars = [
        [10_000.0, 10_012.0, 9_995.0, 10_004.0],
        [10_004.0, 10_006.0, 9_980.0, 9_981.0],
        [9_983.0, 9_999.0, 9_979.0, 9_999.0],
    ];
    let ticks = path_through(&bars, 100, Seed::root(4)).unwrap();
    assert_eq!(ticks.len(), 301);
    let course = Course::Path { ticks };
    let fair = Some(Fair { course, step_seconds: 0.1, half_spread_ticks: 0.0 });
    let crowd = Crowd::new(CrowdConfig { fair, ..zero() }).unwrap();
    let mut state = crowd.begin(Seed::root(1)).unwrap();
    let (mut rng, mut out) = (Seed::root(2).rng(), Outbox::new(FeedDepth::Silent));
    for (at, [open, high, low, close]) in bars.into_iter().enumerate() {
        let mids: Vec<f64> = (at * 100 + 1..=(at + 1) * 100)
            .map(|step| {
                crowd.advance(&mut state, step as f64 * 0.1, &mut rng, &mut out);
                state.mid_ticks()
            })
            .collect();
        let top = mids.iter().copied().fold(open, f64::max);
        let bottom = mids.iter().copied().fold(open, f64::min);
        assert!((top - high).abs() <= 0.5 && (bottom - low).abs() <= 0.5, "{top} {bottom}");
        assert!((mids[99] - close).abs() <= 0.5, "{} {close}", mids[99]);
    }
}

/// Regression slope with its standard error.
fn slope(pairs: &[(f64, f64)]) -> (f64, f64) {
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let square: f64 = pairs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let cross: f64 = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = cross / square;
    let robust: f64 = pairs
        .iter()
        .map(|(x, y)| ((x - mean_x) * (y - mean_y - slope * (x - mean_x))).powi(2))
        .sum();
    (slope, robust.sqrt() / square)
}

/// Middles and imbalances at the ends of whole seconds.
fn seconds_of(config: CrowdConfig, seed: u64, seconds: usize) -> (Vec<f64>, Vec<f64>) {
    let crowd = Crowd::new(config).unwrap();
    let mut state = crowd.begin(Seed::root(seed)).unwrap();
    let (mut rng, mut out) = (Seed::root(seed).child("go").rng(), Outbox::new(FeedDepth::Silent));
    let second = |at: usize| {
        crowd.advance(&mut state, at as f64, &mut rng, &mut out);
        out.clear();
        (state.mid_ticks(), state.imbalance())
    };
    (0..=seconds).map(second).unzip()
}

#[test]
fn without_an_edge_neither_moves_nor_flow_foretell_the_middle() {
    let config = CrowdConfig {
        splitting: Some(Splitting { active: 3, tail: 1.5 }),
        edge: FlowEdge::Imbalance { ticks: 0.0, interval_seconds: 1.0 },
        ..walking(2.0)
    };
    let (mut inside, mut all) = (0, 0);
    for seed in 0..6 {
        let (mids, imbalances) = seconds_of(config.clone(), seed, 3_000);
        let moves: Vec<f64> = mids.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // Skips a second: what is left of a bounce is gone by then.
        let later = moves.windows(3).map(|m| (m[0], m[2])).collect::<Vec<_>>();
        let flow = imbalances[1..].iter().zip(&moves[1..]).map(|(z, by)| (*z, *by));
        for (slope, error) in [slope(&later), slope(&flow.collect::<Vec<_>>())] {
            inside += usize::from(slope.abs() < 1.96 * error);
            all += 1;
        }
        let over_ten: Vec<f64> = mids
            .chunks(10)
            .map(|c| c[0])
            .collect::<Vec<_>>()
            .windows(2)
            .map(|p| p[1] - p[0])
            .collect();
        let ratio = stats::variance(&over_ten) / (10.0 * stats::variance(&moves));
        // Lo and MacKinlay 1988: deviation √(2 (2q − 1)(q − 1) ÷ (3 q n)), doubled: far apart.
        assert!((ratio - 1.0).abs() < 3.0 * (2.0f64 / 300.0).sqrt() + 0.05, "{ratio}");
    }
    assert!(inside >= all - 3, "{inside} of {all} intervals hold zero");
}

#[test]
fn a_planted_edge_is_found_in_its_size() {
    for (ticks, seed) in [(1.5, 1), (-1.0, 2)] {
        let edge = FlowEdge::Imbalance { ticks, interval_seconds: 1.0 };
        let config = CrowdConfig { edge, ..walking(1.0) };
        let (mids, imbalances) = seconds_of(config, seed, 6_000);
        let pairs: Vec<(f64, f64)> =
            (1..6_000).map(|at| (imbalances[at], mids[at + 1] - mids[at])).collect();
        let (found, error) = slope(&pairs);
        assert!((found - ticks).abs() < 3.0 * error, "{found} ± {error}, planted {ticks}");
        assert!(error < 0.15, "the test would see little: {error}");
    }
}

#[test]
fn a_planted_edge_can_be_seen_in_the_feed_alone() {
    let edge = FlowEdge::Imbalance { ticks: 2.0, interval_seconds: 1.0 };
    let watched = seen(CrowdConfig { edge, ..walking(1.0) }, 5, 3_000.0);
    let mut sums = vec![(0.0, 0.0); 3_001];
    for event in &watched.events {
        let sign = match event.kind {
            FlowKind::MarketBuy => 1.0,
            FlowKind::MarketSell => -1.0,
            _ => continue,
        };
        let second = &mut sums[event.at_seconds as usize];
        *second = (second.0 + sign, second.1 + 1.0);
    }
    let mids = watched.mids(1.0);
    let begin = watched.touches[0].at_seconds.ceil() as usize;
    let pairs: Vec<(f64, f64)> = (1..2_900)
        .map(|at| (sums[begin + at - 1], mids[at + 1] - mids[at]))
        .filter(|((_, count), _)| *count > 0.0)
        .map(|((sum, count), by)| (sum / count, by))
        .collect();
    let (found, error) = slope(&pairs);
    // The informed trade at the very end of a second, and the clock may put them in the next.
    assert!((found - 2.0).abs() < 3.0 * error + 0.2, "{found} ± {error}");
}

#[test]
fn a_hawkes_crowd_comes_at_its_mean_rates_and_keeps_its_depth() {
    let flow = hawkes();
    let config = CrowdConfig { flow: FlowModel::Hawkes(flow.clone()), ..zero() };
    let watched = seen(config, 6, 1_500.0);
    let rates = flow.model.mean_rates();
    for kind in [FlowKind::MarketBuy, FlowKind::LimitBuy, FlowKind::LimitSell] {
        let count = watched.events.iter().filter(|event| event.kind == kind).count();
        let part = count as f64 / watched.seconds / rates[kind.index()];
        assert!((part - 1.0).abs() < 0.1, "{}: {part}", kind.name());
    }
    let lots = |sample: &crate::flow::watch::Sample| (sample.bids.iter().sum::<i64>()) as f64;
    let depth = stats::mean(&watched.samples.iter().map(lots).collect::<Vec<_>>());
    assert!(depth > 10.0 && depth < 90.0, "{depth}");
}

#[test]
fn what_is_no_crowd_is_refused() {
    let cases: [(&str, fn(&mut CrowdConfig)); 7] = [
        ("no rates", |it| {
            it.flow = FlowModel::Zero(ZeroFlow {
                limit_rates: vec![0.0],
                market_rate: 1.0,
                cancel_rates: vec![1.0],
            });
        }),
        ("a negative rate", |it| {
            it.flow = FlowModel::Zero(ZeroFlow {
                limit_rates: vec![1.0],
                market_rate: -1.0,
                cancel_rates: vec![1.0],
            });
        }),
        ("a size of nothing", |it| it.sizes.market = SizeLaw::Fixed(0)),
        ("an edge of no price", |it| {
            it.edge = FlowEdge::Imbalance { ticks: 1.0, interval_seconds: 1.0 };
        }),
        ("half a step", |it| {
            *it = walking(1.0);
            it.edge = FlowEdge::Imbalance { ticks: 1.0, interval_seconds: 0.25 };
        }),
        ("a path of nothing", |it| {
            *it = walking(1.0);
            it.fair.as_mut().unwrap().course = Course::Path { ticks: vec![] };
        }),
        ("a tail without a mean", |it| it.splitting = Some(Splitting { active: 2, tail: 0.9 })),
    ];
    for (name, spoil) in cases {
        let mut config = zero();
        spoil(&mut config);
        assert!(Crowd::new(config).is_err(), "{name}");
    }
    assert!(path_through(&[[1.0, 0.5, 0.0, 1.0]], 10, Seed::root(1)).is_err());
    assert!(Crowd::new(zero()).unwrap().feed(Seed::root(1), f64::NAN).is_err());
}
