//! Environments of agents, alone: steps a second on one core, choices drawn from a seed, what is
//! seen written out at each step.

use anyhow::Result;
use base::{Day, Seed, Span, Ts};
use books::knockout::{KnockOutEnv, KnockOutEnvConfig};
use books::making::{DepthMarket, Fees, MakerConfig, MakerEnv, WorkConfig, WorkEnv};
use books::options::{OptionEnv, OptionEnvConfig};
use learn::agents::{Action, Env};
use market::depth::BookSide;
use market::{Bar as Candle, InstrumentId};
use rand::RngExt as _;
use sim::flow::{Course, CrowdConfig, Fair, FlowEdge, FlowModel, FlowSizes, SizeLaw, ZeroFlow};
use sim::knockout::Print;
use sim::options::synthetic::{SyntheticChains, SyntheticConfig};

use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};

/// All environments but the one of bars, which is measured beside the agents.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let steps = bench.size.pick(1_000_000, 20_000);
    let (quote_lots, most_lots, inventory_penalty) = (3, 10, 0.01);
    let maker = MakerConfig { market: crowd(), quote_lots, most_lots, inventory_penalty };
    let (side, parent_lots, piece_lots) = (BookSide::Bid, 137, 4);
    let work = WorkConfig { market: crowd(), side, parent_lots, piece_lots };
    let (maker, work) = (MakerEnv::new(maker)?, WorkEnv::new(work)?);
    Ok(vec![
        line(bench, "making", &maker, steps, Bar::AtLeast(200_000.0)),
        line(bench, "working", &work, steps, Bar::AtLeast(200_000.0)),
        line(bench, "options", &options()?, steps / 10, Bar::None),
        line(bench, "knockout", &knockout()?, steps, Bar::None),
    ])
}

fn line<E: Env>(bench: &Bench, name: &str, env: &E, steps: usize, bar: Bar) -> Line {
    let rounds = bench.size.pick(3, 1);
    let seconds: Vec<f64> = (0..rounds).map(|_| timed(|| walk(env, steps)).0).collect();
    let name = format!("environments/{name}_steps_per_second");
    Line::alone(name, steps as f64 / best(&seconds), bar)
}

/// Episodes one after the other until so many steps are done; returns the sum of rewards.
fn walk<E: Env>(env: &E, steps: usize) -> f64 {
    let mut seen = vec![0.0; env.width()];
    let mut rng = Seed::root(7).child("choices").rng();
    let mut episode = 0;
    let mut state = env.reset(Seed::root(episode), &mut seen);
    let mut rewards = 0.0;
    for number in 0..steps as u64 {
        let choice = Action::Choice(rng.random_range(0..env.actions().outputs()));
        let step = env.step(&mut state, choice, Seed::root(number), &mut seen);
        rewards += f64::from(step.reward);
        if step.end.is_some() {
            episode += 1;
            state = env.reset(Seed::root(episode), &mut seen);
        }
    }
    std::hint::black_box(rewards)
}

/// Zero-intelligence traders around a fair price that wanders, a quarter of a second a step.
fn crowd() -> DepthMarket {
    let limit_rates = vec![2.0, 1.5, 1.0, 1.0, 0.5];
    let flow = ZeroFlow { limit_rates, market_rate: 2.0, cancel_rates: vec![0.5] };
    let (limit, market) = (SizeLaw::Empirical(vec![1, 2, 5]), SizeLaw::Empirical(vec![1, 3]));
    let course = Course::Walk { ticks_per_root_second: 1.0 };
    let crowd = CrowdConfig {
        flow: FlowModel::Zero(flow),
        sizes: FlowSizes { limit, market },
        splitting: None,
        fair: Some(Fair { course, step_seconds: 0.5, half_spread_ticks: 0.5 }),
        edge: FlowEdge::None,
        begin_ticks: 5_000.5,
        begin: Ts::from_seconds(1_700_000_000),
        warm_seconds: 10.0,
    };
    DepthMarket {
        crowd,
        books: 64,
        seed: 3,
        step_seconds: 0.25,
        latency_seconds: 0.02,
        fees: Fees { maker_ticks: -0.1, taker_ticks: 0.3 },
        episode: 1_000,
        reward_scale: 0.5,
    }
}

/// A year of one underlying's chains.
fn options() -> Result<OptionEnv> {
    let config = SyntheticConfig { underlying: InstrumentId(0), ..SyntheticConfig::default() };
    let days = ("2014-01-02".parse::<Day>()?, "2014-12-31".parse::<Day>()?);
    let moments = SyntheticChains::new(config, days, Seed::root(1))?.collect();
    let config = OptionEnvConfig { underlyings: vec![InstrumentId(0)], ..Default::default() };
    Ok(OptionEnv::new(moments, config)?)
}

/// Half a year of candles of a quarter of an hour.
fn knockout() -> Result<KnockOutEnv> {
    let mut rng = Seed::root(1).child("candles").rng();
    let mut level = 17_000.0f64;
    let mut candles = Vec::new();
    let from: Day = "2024-01-02".parse()?;
    for day in (0..180).map(|days| from.plus(days)).filter(|day| day.weekday() < 5) {
        for slot in 0..60 {
            let start = day.start() + Span::from_minutes(6 * 60 + 15 * slot);
            let mut step = |scale: f64| (scale * (rng.random::<f64>() - 0.5)).round();
            let close = level + step(70.0);
            let (high, low) =
                (level.max(close) + step(30.0).abs(), level.min(close) - step(30.0).abs());
            let end = start + Span::from_minutes(15);
            let bar = Candle::from_f64(level, high, low, close)?;
            candles.push(Print::Candle { start, end, known: end, bar });
            level = close;
        }
    }
    Ok(KnockOutEnv::new(&candles, KnockOutEnvConfig::default())?)
}
