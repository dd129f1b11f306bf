//! The environment: thirty bars and a position in, a position out.

use std::sync::Arc;

use base::Seed;
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env, Step};
use market::Bar;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::view::{self, BARS, COLUMNS};
use crate::Error;

/// Settings of an environment of bars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BarEnvConfig {
    /// What a trade costs; `None` is the naive twin.
    pub costs: Option<Costs>,
    /// Steps of an episode, which begins at a bar drawn evenly and is cut short at its end.
    pub episode: usize,
    /// Rewards are multiplied by this; 10,000 makes them basis points.
    pub reward_scale: f32,
}

impl Default for BarEnvConfig {
    fn default() -> BarEnvConfig {
        BarEnvConfig { costs: Some(Costs::default()), episode: 390, reward_scale: 1e4 }
    }
}

/// Bars of one instrument to trade on. Copies share them.
#[derive(Debug, Clone)]
pub struct BarEnv {
    table: Arc<[f32]>,
    moves: Arc<[Move]>,
    config: BarEnvConfig,
}

/// What a bar does to positions.
#[derive(Debug, Clone, Copy)]
struct Move {
    /// From the close before to the open, as a part of that close.
    gap: f32,
    /// From the open to the close, as a part of the close before.
    within: f32,
    /// What one unit of turnover costs at the open, as a part of the close before; infinite where
    /// nothing trades.
    cost: f32,
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The last bar that it sees.
    pub bar: usize,
    /// −1, 0 or 1.
    pub held: i8,
    /// Steps left in the episode.
    pub left: usize,
}

/// What a step did, beyond its reward.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Account {
    /// Return before costs, a part of the price.
    pub gross: f64,
    /// Costs, a part of the price.
    pub paid: f64,
    /// Units traded: 2 from short to long.
    pub traded: f64,
}

/// The position of a choice: FLAT, LONG, SHORT.
const POSITIONS: [i8; 3] = [0, 1, -1];

impl BarEnv {
    /// An environment on bars, oldest first.
    pub fn new(bars: &[Bar], config: BarEnvConfig) -> Result<BarEnv, Error> {
        let fault = if bars.len() < BARS + 2 {
            Some(format!(
                "{} bars are fewer than the {} of a window and a step",
                bars.len(),
                BARS + 2
            ))
        } else if config.episode == 0 {
            Some("an episode needs a step".to_owned())
        } else if !config.reward_scale.is_finite() || config.reward_scale <= 0.0 {
            Some(format!("rewards can't be multiplied by {}", config.reward_scale))
        } else {
            bars.iter()
                .position(|bar| bar.check().is_err() || bar.low.raw() <= 0)
                .map(|at| format!("bar {at} is none that a market prints: {:?}", bars[at]))
        };
        if let Some(fault) = fault {
            return Err(Error::CheckSettings { fault });
        }
        let costs = match &config.costs {
            Some(costs) => costs.table(bars)?,
            None => {
                let free = |bar: &Bar| if bar.volume == 0 { f32::INFINITY } else { 0.0 };
                bars.iter().map(free).collect()
            }
        };
        let mut moves = vec![Move { gap: 0.0, within: 0.0, cost: f32::INFINITY }];
        for (pair, cost) in bars.windows(2).zip(&costs[1..]) {
            let before = pair[0].close.to_f64();
            let (open, close) = (pair[1].open.to_f64(), pair[1].close.to_f64());
            moves.push(Move {
                gap: ((open - before) / before) as f32,
                within: ((close - open) / before) as f32,
                cost: (f64::from(*cost) * open / before) as f32,
            });
        }
        Ok(BarEnv { table: view::table(bars).into(), moves: moves.into(), config })
    }

    /// How many bars.
    pub fn len(&self) -> usize {
        self.moves.len()
    }

    /// False: an environment has bars.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// The settings.
    pub fn config(&self) -> &BarEnvConfig {
        &self.config
    }

    /// Moves on by a bar towards a position, and shows it.
    pub fn go(&self, stand: &mut Stand, toward: i8, observation: &mut [f32]) -> Account {
        let next = self.moves[stand.bar + 1];
        let trades = next.cost.is_finite();
        let held = if trades { toward } else { stand.held };
        let traded = f32::from((held - stand.held).abs());
        let gross = f32::from(stand.held) * next.gap + f32::from(held) * next.within;
        let paid = if trades { traded * next.cost } else { 0.0 };
        *stand = Stand { bar: stand.bar + 1, held, left: stand.left.saturating_sub(1) };
        self.show(stand, observation);
        Account { gross: f64::from(gross), paid: f64::from(paid), traded: f64::from(traded) }
    }

    /// Fills the window that ends with the last bar seen, and what is held.
    pub fn show(&self, stand: &Stand, observation: &mut [f32]) {
        let ends = (stand.bar + 1) * COLUMNS;
        let (window, held) = observation.split_at_mut(BARS * COLUMNS);
        window.copy_from_slice(&self.table[ends - BARS * COLUMNS..ends]);
        held[0] = f32::from(stand.held);
    }
}

impl Env for BarEnv {
    type State = Stand;

    fn width(&self) -> usize {
        BARS * COLUMNS + 1
    }

    fn actions(&self) -> Actions {
        Actions::Choice(POSITIONS.len())
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Stand {
        let last = self.len() - 2;
        let latest = last.saturating_sub(self.config.episode).max(BARS - 1);
        let bar = seed.rng().random_range(BARS - 1..=latest);
        let stand = Stand { bar, held: 0, left: self.config.episode };
        self.show(&stand, observation);
        stand
    }

    fn step(
        &self,
        stand: &mut Stand,
        action: Action<'_>,
        _: Seed,
        observation: &mut [f32],
    ) -> Step {
        let toward = POSITIONS[action.choice().min(POSITIONS.len() - 1)];
        let account = self.go(stand, toward, observation);
        let reward = (account.gross - account.paid) as f32 * self.config.reward_scale;
        let over = stand.left == 0 || stand.bar + 1 >= self.len();
        Step { reward, end: over.then_some(End::Truncated) }
    }
}
