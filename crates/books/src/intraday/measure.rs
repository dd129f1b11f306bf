//! How much an agent trades, and what is left of what it earns.

use base::Seed;
use learn::agents::{Acting, Choosing, Flow, Ppo, PpoConfig, Vectorised, train};

use super::env::{BarEnv, Stand};
use super::view::{BARS, COLUMNS};
use crate::Error;

/// An agent's passage over all bars, without learning. Parts of the price, summed over steps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Traded {
    /// Steps.
    pub steps: usize,
    /// Units traded; 2 from short to long.
    pub turnover: f64,
    /// Return before costs.
    pub gross: f64,
    /// Costs.
    pub paid: f64,
}

impl Traded {
    /// Return after costs.
    pub fn net(&self) -> f64 {
        self.gross - self.paid
    }

    /// Units traded a step.
    pub fn turnover_per_bar(&self) -> f64 {
        self.turnover / self.steps.max(1) as f64
    }
}

/// Follows an agent's best choices from the first window to the last bar, flat at the start.
pub fn pass(agent: &mut dyn Acting, env: &BarEnv) -> Result<Traded, Error> {
    let mut stand = Stand { bar: BARS - 1, held: 0, left: env.len() };
    let mut seen = vec![0.0; BARS * COLUMNS + 1];
    env.show(&stand, &mut seen);
    let mut traded = Traded::default();
    while stand.bar + 1 < env.len() {
        let choice = agent.act(&seen, Choosing::Best).map_err(Error::RunAgent)?;
        let toward = match choice[0] as usize {
            1 => 1,
            2 => -1,
            _ => 0,
        };
        let account = env.go(&mut stand, toward, &mut seen);
        traded.steps += 1;
        traded.turnover += account.traded;
        traded.gross += account.gross;
        traded.paid += account.paid;
    }
    Ok(traded)
}

/// What two agents do who differ only in whether they met costs when they learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// Learned without costs.
    pub naive: Traded,
    /// Learned with them.
    pub aware: Traded,
}

/// How the agents of a comparison are trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Settings of both.
    pub ppo: PpoConfig,
    /// Environments stepped as one.
    pub environments: usize,
    /// Steps in all of them.
    pub steps: u64,
    /// Seed of both.
    pub seed: Seed,
}

/// Trains one agent on the naive twin and one with costs, the first and the second of `learned`,
/// and measures both on the bars of `judged`, which should have costs.
pub fn compare(
    learned: (&BarEnv, &BarEnv),
    judged: &BarEnv,
    training: &Training,
) -> Result<Compared, Error> {
    let run = |env: &BarEnv| {
        let seed = training.seed.child("environments");
        let mut envs =
            Vectorised::new(env.clone(), training.environments, seed).map_err(Error::RunAgent)?;
        let mut agent =
            Ppo::new(training.ppo.clone(), &envs, training.seed).map_err(Error::RunAgent)?;
        train(&mut agent, &mut envs, training.steps, &mut |_| Flow::On).map_err(Error::RunAgent)?;
        pass(&mut agent, judged)
    };
    let (naive, aware) = learned;
    Ok(Compared { naive: run(naive)?, aware: run(aware)? })
}
