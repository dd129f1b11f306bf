use base::Ts;
use learn::agents::{Action, Env as _};
use learn::agents::{VecEnv as _, Vectorised};
use market::depth::{BookSide, Lots};
use rand::RngExt as _;
use sim::flow::{Course, Fair, FlowEdge, FlowModel, FlowSizes, SizeLaw, ZeroFlow};

use super::*;

fn market() -> DepthMarket {
    let flow = ZeroFlow {
        limit_rates: vec![2.0, 1.5, 1.0, 1.0, 0.5],
        market_rate: 2.0,
        cancel_rates: vec![0.5],
    };
    let sizes = FlowSizes {
        limit: SizeLaw::Empirical(vec![1, 2, 5]),
        market: SizeLaw::Empirical(vec![1, 3]),
    };
    let course = Course::Walk { ticks_per_root_second: 1.0 };
    DepthMarket {
        crowd: CrowdConfig {
            flow: FlowModel::Zero(flow),
            sizes,
            splitting: None,
            fair: Some(Fair { course, step_seconds: 0.5, half_spread_ticks: 0.5 }),
            edge: FlowEdge::None,
            begin_ticks: 5_000.5,
            begin: Ts::from_seconds(1_700_000_000),
            warm_seconds: 10.0,
        },
        books: 4,
        seed: 3,
        step_seconds: 0.25,
        latency_seconds: 0.02,
        fees: Fees { maker_ticks: -0.1, taker_ticks: 0.3 },
        episode: 200,
        reward_scale: 0.5,
    }
}

fn maker() -> MakerEnv {
    let config =
        MakerConfig { market: market(), quote_lots: 3, most_lots: 10, inventory_penalty: 0.01 };
    MakerEnv::new(config).unwrap()
}

fn worker(side: BookSide) -> WorkEnv {
    let config = WorkConfig { market: market(), side, parent_lots: 137, piece_lots: 4 };
    WorkEnv::new(config).unwrap()
}

#[test]
fn rewards_of_a_maker_sum_to_its_account() {
    let env = maker();
    for episode in 0..5 {
        let seed = Seed::root(episode);
        let mut seen = vec![0.0; env.width()];
        let mut state = env.reset(seed, &mut seen);
        let (mut sum, mut steps, mut rng) = (0.0, 0, seed.child("policy").rng());
        loop {
            let action = Action::Choice(rng.random_range(0..17));
            let step = env.step(&mut state, action, seed.index(steps), &mut seen);
            (sum, steps) = (sum + f64::from(step.reward), steps + 1);
            assert!(seen.iter().all(|value| value.is_finite()));
            if step.end.is_some() {
                break;
            }
        }
        let net = state.seat.equity(state.crowd.mid_ticks()) - state.penalised;
        assert!((sum / 0.5 - net).abs() < 0.05 + 1e-5 * net.abs(), "{sum} {net}");
        assert!(state.seat.traded > 0 && steps == 200);
    }
}

#[test]
fn what_a_maker_believes_to_rest_is_what_rests_and_its_position_is_bounded() {
    let env = maker();
    let seed = Seed::root(8);
    let mut seen = vec![0.0; env.width()];
    let mut state = env.reset(seed, &mut seen);
    let mut rng = seed.child("policy").rng();
    for step in 0..1_000 {
        env.go(&mut state, rng.random_range(0..17), seed.index(step), &mut seen);
        assert!(state.seat.position.abs() <= 10, "{}", state.seat.position);
        let venue = state.crowd.venue();
        for side in [BookSide::Bid, BookSide::Ask] {
            let prices = venue.levels(side).flat_map(|(price, _)| venue.queue(side, price));
            let own: Vec<Lots> = prices
                .filter(|(key, _)| venue.order(*key).is_some_and(|it| it.order.owner == seat::SELF))
                .map(|(_, size)| size)
                .collect();
            let believed: Vec<Lots> = state.seat.standing(side).iter().map(|it| it.left).collect();
            assert_eq!(own, believed);
        }
    }
}

#[test]
fn an_order_is_worked_wholly_and_its_rewards_sum_to_the_shortfall() {
    for side in [BookSide::Bid, BookSide::Ask] {
        let env = worker(side);
        // One that waits to the end, one that takes all at once, and some that know no plan.
        for episode in 0..6 {
            let seed = Seed::root(episode);
            let mut seen = vec![0.0; env.width()];
            let mut state = env.reset(seed, &mut seen);
            let (mut sum, mut steps, mut rng) = (0.0, 0, seed.child("policy").rng());
            loop {
                let choice = match episode {
                    0 => 0,
                    1 => 5,
                    _ => rng.random_range(0..6),
                };
                let step =
                    env.step(&mut state, Action::Choice(choice), seed.index(steps), &mut seen);
                (sum, steps) = (sum + f64::from(step.reward), steps + 1);
                assert!(env.rest(&state) >= 0, "more than the order was traded");
                if step.end.is_some() {
                    break;
                }
            }
            assert_eq!(state.seat.position, 137 * side.sign());
            assert_eq!(state.seat.traded, 137);
            let cash = state.seat.cash as f64 - state.seat.fees;
            let shortfall = cash + 137.0 * side.sign() as f64 * state.arrival_ticks;
            assert!((sum / 0.5 - shortfall).abs() < 0.05 + 1e-4 * shortfall.abs(), "{shortfall}");
        }
    }
}

#[test]
fn taking_all_at_once_costs_more_than_resting() {
    let env = worker(BookSide::Ask);
    let total = |choice: usize| -> f64 {
        let episode = |episode| {
            let seed = Seed::root(episode).child("cost");
            let mut seen = vec![0.0; env.width()];
            let mut state = env.reset(seed, &mut seen);
            for step in 0.. {
                let step =
                    env.step(&mut state, Action::Choice(choice), seed.index(step), &mut seen);
                if step.end.is_some() {
                    break;
                }
            }
            state.seat.cash as f64 - state.seat.fees - 137.0 * state.arrival_ticks
        };
        (0..20).map(episode).sum::<f64>() / 20.0
    };
    // The noise of the walk is 137 × 7 ticks ÷ √20; a block of 137 lots at the end walks the book.
    let (at_end, spread_out) = (total(0), total(4));
    assert!(spread_out < 0.0 && at_end < spread_out, "{at_end} {spread_out}");
}

#[test]
fn copies_do_not_hang_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut copies = Vectorised::new(maker(), 130, Seed::root(5)).unwrap();
            for step in 0..20 {
                let choices: Vec<f32> =
                    (0..130).map(|copy| ((copy * 7 + step) % 17) as f32).collect();
                copies.step(&choices).unwrap();
            }
            copies.now().clone()
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_stored_maker_goes_on_as_if_it_had_not_been_stored() {
    let env = maker();
    let mut seen = vec![0.0; env.width()];
    let mut state = env.reset(Seed::root(1), &mut seen);
    (0..30).for_each(|step| {
        env.go(&mut state, 5, Seed::root(2).index(step), &mut seen);
    });
    let text = serde_json::to_string(&state).unwrap();
    let mut stored: MakerState = serde_json::from_str(&text).unwrap();
    let mut other = seen.clone();
    for step in 30..60 {
        let seed = Seed::root(2).index(step);
        let choice = (step % 17) as usize;
        let gains = (
            env.go(&mut state, choice, seed, &mut seen),
            env.go(&mut stored, choice, seed, &mut other),
        );
        assert_eq!(gains.0, gains.1);
        assert_eq!(seen, other);
    }
}

#[test]
fn an_order_joins_the_end_of_its_queue_and_is_seen_there() {
    let env = maker();
    let mut seen = vec![0.0; env.width()];
    let mut state = env.reset(Seed::root(4), &mut seen);
    assert_eq!(seen[6..], [0.0, -1.0, 1.0, -1.0, 1.0], "nothing rests yet");
    env.go(&mut state, 4, Seed::root(1), &mut seen);
    let bid = state.seat.bid.expect("a bid rests");
    let ahead = state.crowd.venue().ahead_of(bid.key).unwrap();
    assert!(ahead > Lots::ZERO && state.seat.ask.is_none());
    let at = state.crowd.venue().size_at(BookSide::Bid, bid.price);
    assert!((f64::from(seen[8]) - ahead.0 as f64 / at.0 as f64).abs() < 1e-6);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let cases: [(&str, fn(&mut MakerConfig)); 8] = [
        ("no books", |it| it.market.books = 0),
        ("no steps", |it| it.market.episode = 0),
        ("a step of nothing", |it| it.market.step_seconds = 0.0),
        ("a latency of a step", |it| it.market.latency_seconds = 0.25),
        ("no reward", |it| it.market.reward_scale = f32::NAN),
        ("a fee that is none", |it| it.market.fees.maker_ticks = f64::NAN),
        ("a quote of nothing", |it| it.quote_lots = 0),
        ("a quote beyond the bound", |it| it.most_lots = 2),
    ];
    for (name, spoil) in cases {
        let mut config =
            MakerConfig { market: market(), quote_lots: 3, most_lots: 10, inventory_penalty: 0.0 };
        spoil(&mut config);
        assert!(matches!(MakerEnv::new(config), Err(Error::CheckSettings { .. })), "{name}");
    }
    let config = |parent_lots, piece_lots| WorkConfig {
        market: market(),
        side: BookSide::Ask,
        parent_lots,
        piece_lots,
    };
    assert!(WorkEnv::new(config(10, 11)).is_err() && WorkEnv::new(config(10, 0)).is_err());
    let mut no_crowd = config(10, 1);
    no_crowd.market.crowd.warm_seconds = -1.0;
    assert!(matches!(WorkEnv::new(no_crowd), Err(Error::MakeMarket(_))));
}
