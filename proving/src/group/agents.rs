//! Agents beside Stable-Baselines3, on windows of 30 × 8: rates of training, the reward reached,
//! and the environments alone.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use base::{Rounding, Seed};
use books::intraday::{BarEnv, BarEnvConfig};
use learn::agents::env::End;
use learn::agents::{
    A2c, A2cConfig, Action, Actions, Agent, Dqn, DqnConfig, Env, Flow, Ppo, PpoConfig, Step,
    VecEnv, Vectorised, train,
};
use market::Price;
use rand::RngExt as _;
use rayon::ThreadPool;

use crate::clock::timed;
use crate::line::{Bar, Line};
use crate::peer::Peer;
use crate::{Bench, columns};

const BARS: usize = 30;
const WIDTH: usize = 8;
const LENGTH: usize = 5_000;
const COPIES: usize = 8;
const PEER: &str = "Stable-Baselines3";

/// Windows over made features; the first foretells the return of the bar that comes next.
#[derive(Clone)]
struct Windows {
    features: Arc<[f32]>,
    returns: Arc<[f32]>,
}

/// Which copy's series, where on it, what is held, and whether the copy has begun.
type Place = (usize, usize, i8);

impl Windows {
    fn made() -> Windows {
        let mut rng = Seed::root(1).child("agents").rng();
        let mut normal = || {
            // Box and Muller (1958).
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            (-2.0 * u.ln()).sqrt() * (v * std::f64::consts::TAU).cos()
        };
        let features: Vec<f32> = (0..COPIES * LENGTH * WIDTH).map(|_| normal() as f32).collect();
        let next = |at: usize| {
            let told = if at == 0 { 0.0 } else { f64::from(features[(at - 1) * WIDTH]) };
            (told * 0.004 + normal() * 0.01) as f32
        };
        let returns: Vec<f32> = (0..COPIES * LENGTH).map(next).collect();
        Windows { features: features.into(), returns: returns.into() }
    }

    fn show(&self, (copy, at, _): Place, observation: &mut [f32]) {
        let ends = (copy * LENGTH + at) * WIDTH;
        observation.copy_from_slice(&self.features[ends - BARS * WIDTH..ends]);
    }
}

impl Env for Windows {
    type State = Place;

    fn width(&self) -> usize {
        BARS * WIDTH
    }

    fn actions(&self) -> Actions {
        Actions::Choice(3)
    }

    /// A series is drawn; the peer gives each copy its own.
    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Place {
        let place = (seed.rng().random_range(0..COPIES), BARS, 0);
        self.show(place, observation);
        place
    }

    fn step(&self, place: &mut Place, action: Action<'_>, _: Seed, seen: &mut [f32]) -> Step {
        let (copy, at, held) = *place;
        let next = action.choice() as i8 - 1;
        let earned = f32::from(next) * self.returns[copy * LENGTH + at];
        let reward = earned - 0.0001 * f32::from((next - held).abs());
        *place = (copy, at + 1, next);
        self.show(*place, seen);
        Step { reward, end: (at + 1 >= LENGTH - 1).then_some(End::Done) }
    }
}

/// A rate that is compared.
struct Race {
    name: &'static str,
    copies: usize,
    steps: [u64; 2],
    bars: [Bar; 2],
}

/// Rates on one thread and two, rewards, environments.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let windows = Windows::made();
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    write(&windows, folder.path())?;
    let mut lines = Vec::new();
    for threads in [1, 2] {
        let place = folder.path().display().to_string();
        let mut peer = Peer::start(bench, "agents.py", &[&place, &threads.to_string()]);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        for race in races() {
            lines.push(race.run(bench, &windows, (&pool, threads), &mut peer)?);
        }
        if threads == 1 {
            lines.extend(rewards(bench, &windows, &pool, &mut peer)?);
            lines.push(alone(bench, &windows, &mut peer)?);
        }
    }
    lines.push(bars_alone(bench)?);
    Ok(lines)
}

fn races() -> [Race; 3] {
    let times = |one, two| [Bar::RatioAtLeast(one), Bar::RatioAtLeast(two)];
    [
        Race { name: "ppo", copies: COPIES, steps: [81_920, 4_096], bars: times(15.0, 25.0) },
        Race { name: "a2c", copies: COPIES, steps: [160_000, 4_000], bars: times(10.0, 10.0) },
        Race { name: "dqn", copies: 1, steps: [40_000, 2_000], bars: times(10.0, 10.0) },
    ]
}

impl Race {
    fn run(
        &self,
        bench: &Bench,
        windows: &Windows,
        (pool, threads): (&ThreadPool, usize),
        peer: &mut Result<Peer>,
    ) -> Result<Line> {
        let mut envs = Vectorised::new(windows.clone(), self.copies, Seed::root(1))?;
        let mut agent = self.agent(&envs)?;
        let steps = bench.size.pick(self.steps[0], self.steps[1]);
        let theirs = bench.size.pick(8_192, 2_048);
        let (mut best, mut known) = (0.0_f64, None);
        for _ in 0..bench.size.pick(5, 1) {
            let before = agent.steps();
            let work = || train(&mut *agent, &mut envs, before + steps, &mut |_| Flow::On);
            let (seconds, done) = timed(|| pool.install(work));
            done?;
            best = best.max((agent.steps() - before) as f64 / seconds);
            if let Ok(peer) = peer {
                let rate: f64 = peer.round(&format!("rate {} {theirs}", self.name))?;
                known = Some(known.unwrap_or(0.0_f64).max(rate));
            }
        }
        let name = format!("agents/{}_{threads}_threads_steps_per_s", self.name);
        Ok(Line {
            name,
            ours: Some(best),
            peer: known,
            who: Peer::who(peer, PEER),
            bar: self.bars[threads - 1],
        })
    }

    fn agent(&self, envs: &dyn VecEnv) -> Result<Box<dyn Agent>> {
        let seed = Seed::root(1);
        Ok(match self.name {
            "a2c" => Box::new(A2c::new(A2cConfig::default(), envs, seed)?),
            "dqn" => {
                let sizes = DqnConfig { batch: 64, replay: 20_000, ..DqnConfig::default() };
                let config = DqnConfig { learning_starts: 500, ..sizes };
                Box::new(Dqn::new(config, envs, seed)?)
            }
            _ => Box::new(Ppo::new(ppo(), envs, seed)?),
        })
    }
}

fn ppo() -> PpoConfig {
    PpoConfig { steps: 256, ..PpoConfig::default() }
}

/// Mean reward over the last quarter of a training, five seeds on both sides: our mean against
/// the worst and the best of the peer's.
fn rewards(
    bench: &Bench,
    windows: &Windows,
    pool: &ThreadPool,
    peer: &mut Result<Peer>,
) -> Result<Vec<Line>> {
    let steps: u64 = bench.size.pick(65_536, 4_096);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for seed in 1..=bench.size.pick(5, 1) {
        let mut envs = Vectorised::new(windows.clone(), COPIES, Seed::root(seed).child("copies"))?;
        let mut agent = Ppo::new(ppo(), &envs, Seed::root(seed))?;
        let (mut total, mut count) = (0.0, 0.0);
        pool.install(|| {
            train(&mut agent, &mut envs, steps, &mut |progress| {
                if progress.steps > steps * 3 / 4 {
                    (total, count) = (total + progress.reward, count + 1.0);
                }
                Flow::On
            })
        })?;
        ours.push(total / count);
        if let Ok(peer) = peer {
            theirs.push(peer.round::<f64>(&format!("reward {seed} {steps}"))?);
        }
    }
    let mean = base::stats::mean(&ours);
    let edge = |pick: fn(f64, f64) -> f64| theirs.iter().copied().reduce(pick);
    let bounds = (edge(f64::min), edge(f64::max));
    let line = |name: &str, edge: Option<f64>, bar| Line {
        name: name.to_owned(),
        ours: Some(mean * 1e4),
        peer: edge.map(|edge| edge * 1e4),
        who: Peer::who(peer, PEER),
        bar,
    };
    Ok(vec![
        line("agents/ppo_reward_bp_vs_worst_of_5", bounds.0, Bar::RatioAtLeast(1.0)),
        line("agents/ppo_reward_bp_vs_best_of_5", bounds.1, Bar::None),
    ])
}

/// The windows alone, on one thread.
fn alone(bench: &Bench, windows: &Windows, peer: &mut Result<Peer>) -> Result<Line> {
    let mut envs = Vectorised::new(windows.clone(), COPIES, Seed::root(1))?;
    let ours = rate_alone(bench, &mut envs)?;
    let steps = bench.size.pick(200_000, 5_000);
    let theirs = peer.as_mut().ok().map(|peer| peer.round(&format!("environment {steps}")));
    let name = "agents/environment_steps_per_s".to_owned();
    let bar = Bar::AtLeast(1e6);
    Ok(Line { name, ours: Some(ours), peer: theirs.transpose()?, who: Peer::who(peer, PEER), bar })
}

/// The environment of bars with its costs on, on one thread.
fn bars_alone(bench: &Bench) -> Result<Line> {
    let mut rng = Seed::root(2).child("agents").rng();
    let mut before = 180.0_f64;
    let mut one = || -> Result<market::Bar> {
        let close = before * (1.0 + 4e-4 * (rng.random::<f64>() - 0.5));
        let price =
            |value: f64| Price::from_f64((value * 100.0).round() / 100.0, Rounding::HalfEven);
        let (open, last) = (price(before)?, price(close)?);
        before = close;
        let volume = rng.random_range(1_000..50_000);
        Ok(market::Bar { open, high: open.max(last), low: open.min(last), close: last, volume })
    };
    let bars = (0..50_000).map(|_| one()).collect::<Result<Vec<_>>>()?;
    let env = BarEnv::new(&bars, BarEnvConfig::default()).context("make bars")?;
    let mut envs = Vectorised::new(env, COPIES, Seed::root(1))?;
    let rate = rate_alone(bench, &mut envs)?;
    Ok(Line::alone("agents/bars_with_costs_steps_per_s", rate, Bar::AtLeast(1e6)))
}

fn rate_alone(bench: &Bench, envs: &mut dyn VecEnv) -> Result<f64> {
    let steps = bench.size.pick(100_000, 2_000);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let work = || {
            (0..steps).try_for_each(|step| {
                let actions: [f32; COPIES] = std::array::from_fn(|at| ((step + at) % 3) as f32);
                envs.step(&actions)
            })
        };
        let (seconds, done) = timed(|| pool.install(work));
        done?;
        best = best.max((steps * COPIES) as f64 / seconds);
    }
    Ok(best)
}

fn write(windows: &Windows, folder: &Path) -> Result<()> {
    columns::write_f32(&folder.join("features.f32"), windows.features.iter().copied())?;
    columns::write_f32(&folder.join("returns.f32"), windows.returns.iter().copied())
}
