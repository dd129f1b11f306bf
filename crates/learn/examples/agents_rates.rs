//! Steps a second of training and of the environment alone, on windows of 30 × 8.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::time::Instant;

use base::Seed;
use learn::agents::{
    A2c, A2cConfig, Action, Actions, Agent, Dqn, DqnConfig, Env, Flow, Ppo, PpoConfig, Step,
    VecEnv, Vectorised, train,
};

#[derive(Clone)]
struct Windows(Vec<f32>);

impl Env for Windows {
    type State = (usize, i8);

    fn width(&self) -> usize {
        240
    }

    fn actions(&self) -> Actions {
        Actions::Choice(3)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Self::State {
        let at = 30 + (seed.number() % 1000) as usize;
        observation.copy_from_slice(&self.0[(at - 30) * 8..at * 8]);
        (at, 0)
    }

    fn step(&self, state: &mut Self::State, action: Action<'_>, _: Seed, x: &mut [f32]) -> Step {
        let next = action.choice() as i8 - 1;
        let reward = f32::from(next) * self.0[state.0 * 8] * 0.01
            - 0.0001 * f32::from((next - state.1).abs());
        *state = (state.0 + 1, next);
        x.copy_from_slice(&self.0[(state.0 - 30) * 8..state.0 * 8]);
        let end = (state.0 >= 4999).then_some(learn::agents::env::End::Done);
        Step { reward, end }
    }
}

/// Processor seconds of this process; 0 where the system does not tell.
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() {
    let only: Option<String> = std::env::args().nth(1);
    let cells: Vec<f32> =
        (0..40_000_u64).map(|at| (Seed::root(at).number() >> 40) as f32 / 8e6 - 1.0).collect();
    let env = Windows(cells);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let Ok(pool) = pool else { return };
        let run = |name: &str, count: usize, make: &dyn Fn(&dyn VecEnv) -> Box<dyn Agent>| {
            if only.as_deref().is_some_and(|only| only != name) {
                return;
            }
            let Ok(mut envs) = Vectorised::new(env.clone(), count, Seed::root(1)) else { return };
            let mut agent = make(&envs);
            let (mut rate, mut work) = (0.0_f64, 0.0_f64);
            for round in 1..=4 {
                let (begun, busy, from) = (Instant::now(), busy(), agent.steps());
                pool.install(|| {
                    let _ = train(&mut *agent, &mut envs, round * 24_576, &mut |_| Flow::On);
                });
                let steps = (agent.steps() - from) as f64;
                rate = rate.max(steps / begun.elapsed().as_secs_f64());
                work = work.max(steps / (self::busy() - busy));
            }
            println!("{threads} threads {name} {rate:.0} steps/s, {work:.0} a processor second");
        };
        run("ppo", 8, &|envs| {
            let config = PpoConfig { steps: 256, ..PpoConfig::default() };
            Box::new(Ppo::new(config, envs, Seed::root(1)).expect("settings are right"))
        });
        run("a2c", 8, &|envs| {
            Box::new(A2c::new(A2cConfig::default(), envs, Seed::root(1)).expect("right"))
        });
        run("dqn", 1, &|envs| {
            let config = DqnConfig { batch: 64, replay: 20_000, ..DqnConfig::default() };
            Box::new(Dqn::new(config, envs, Seed::root(1)).expect("settings are right"))
        });
    }
    if let Ok(mut envs) = Vectorised::new(env, 8, Seed::root(1)) {
        let begun = Instant::now();
        for at in 0..100_000 {
            let actions = [(at % 3) as f32; 8];
            envs.step(&actions).expect("actions are right");
        }
        println!("environment {:.0} steps/s", 8e5 / begun.elapsed().as_secs_f64());
    }
}
