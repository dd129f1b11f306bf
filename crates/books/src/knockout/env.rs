//! The environment: candles and a certificate in, a certificate out.

use std::sync::Arc;

use base::{Rounding, Seed};
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env, Step};
use market::{Cash, Price, Side};
use pricing::knockout::{BarrierRule, Financing, Terms};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sim::knockout::{IssuerRules, KnockOutExchange, Print, SpreadRule};

use super::scene::{Scene, scenes};
use super::trade::{Desk, Outcome, Stand};
use super::view::{AROUND, CANDLES, COLUMNS, Table};
use crate::Error;

/// What a knock-out does to an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterKnockOut {
    /// It is over.
    Ends,
    /// It goes on; the agent is flat and may choose again.
    Flattens,
}

/// Whether trading costs anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Costs {
    /// As the rules and the financing say.
    Charged,
    /// The naive twin: no spread, no step of prices, no fee, no interest. Barriers still kill.
    Off,
}

/// Settings of an environment of certificates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnockOutEnvConfig {
    /// The issuer. Its latency is not used: an order sent at a close fills at the next opening.
    pub rules: IssuerRules,
    /// Interest on the strike.
    pub financing: Financing,
    /// How barriers follow strikes.
    pub barrier: BarrierRule,
    /// Units of the index in one certificate.
    pub ratio: f64,
    /// Distances of the barriers offered, parts of the index, each below 1.
    pub distances: Vec<f64>,
    /// Money at the start, in whole cents.
    pub capital: Cash,
    /// Part of the equity that a purchase spends.
    pub stake: f64,
    /// Part of the price paid at whose loss a certificate is sold.
    pub stop_loss: Option<f64>,
    /// Charged or off.
    pub costs: Costs,
    /// Whether a knock-out ends the episode.
    pub after_knock_out: AfterKnockOut,
    /// Steps of an episode, which begins at a candle drawn evenly and is cut short at its end.
    pub episode: usize,
    /// Rewards are multiplied by this; 100 makes them percent of the capital.
    pub reward_scale: f32,
}

impl Default for KnockOutEnvConfig {
    fn default() -> KnockOutEnvConfig {
        KnockOutEnvConfig {
            rules: IssuerRules::dax(),
            financing: Financing { reference_rate: 0.03, margin: 0.03, year_days: 360.0 },
            barrier: BarrierRule::AtStrike,
            ratio: 0.01,
            distances: vec![0.01, 0.02, 0.05],
            capital: Cash::from_raw(10_000 * Cash::SCALE),
            stake: 0.1,
            stop_loss: Some(0.5),
            costs: Costs::Charged,
            after_knock_out: AfterKnockOut::Flattens,
            episode: 168,
            reward_scale: 100.0,
        }
    }
}

/// Candles of an index on which certificates are traded. Copies share them.
#[derive(Debug, Clone)]
pub struct KnockOutEnv {
    scenes: Arc<[Scene]>,
    table: Arc<Table>,
    desk: Arc<Desk>,
    config: KnockOutEnvConfig,
}

impl KnockOutEnv {
    /// An environment on candles, oldest first. Refused: too few candles, candles that no index
    /// makes or that overlap, and settings that no issuer or bet has.
    pub fn new(candles: &[Print], config: KnockOutEnvConfig) -> Result<KnockOutEnv, Error> {
        let fault = |fault: String| Error::CheckSettings { fault };
        config.check().map_err(fault)?;
        if candles.len() < CANDLES + 2 {
            let wanted = CANDLES + 2;
            return Err(fault(format!(
                "{} candles are fewer than the {wanted} of a window and a step",
                candles.len()
            )));
        }
        let desk = config.desk();
        let named = |error: sim::Error| fault(error.to_string());
        // The exchange knows what a path is; it is asked once, with nothing listed.
        let mut judge = KnockOutExchange::new(desk.rules.clone(), Cash::ZERO).map_err(named)?;
        for candle in candles {
            judge.on_print(candle).map_err(named)?;
        }
        let scenes = scenes(candles, &desk.rules);
        let longest = scenes.iter().map(|scene| scene.nights).max().unwrap_or(0);
        for terms in &desk.terms {
            terms.check().map_err(|error| fault(error.to_string()))?;
            let factor = 1.0 + terms.growth_per_day() * f64::from(longest);
            if factor <= 0.0 {
                return Err(fault(format!("{longest} nights of interest leave no strike")));
            }
        }
        let table = Table::new(candles, &scenes, &desk.rules);
        Ok(KnockOutEnv { scenes: scenes.into(), table: table.into(), desk: desk.into(), config })
    }

    /// How many candles.
    pub fn len(&self) -> usize {
        self.scenes.len()
    }

    /// False: an environment has candles.
    pub fn is_empty(&self) -> bool {
        self.scenes.is_empty()
    }

    /// The settings.
    pub fn config(&self) -> &KnockOutEnvConfig {
        &self.config
    }

    /// Flat, with all the capital, at the end of a candle with a whole window before it.
    pub fn start(&self, bar: usize) -> Stand {
        let bar = bar.clamp(CANDLES - 1, self.len() - 2);
        let cash = self.config.capital;
        Stand { bar, cash, equity: cash, holding: None, left: self.config.episode }
    }

    /// The choice of a side and the number of a distance.
    pub fn choice(&self, side: Side, distance: usize) -> usize {
        let first = match side {
            Side::Long => 1,
            Side::Short => 1 + self.config.distances.len(),
        };
        first + distance
    }

    /// Moves on by a candle after a choice, and shows it. A number beyond the choices is FLAT.
    pub fn go(&self, stand: &mut Stand, choice: usize, observation: &mut [f32]) -> Outcome {
        let choice = if choice < self.desk.choices() { choice } else { 0 };
        let (seen, next) = (&self.scenes[stand.bar], &self.scenes[stand.bar + 1]);
        let outcome = self.desk.trade(stand, choice, (seen, next));
        stand.bar += 1;
        stand.left = stand.left.saturating_sub(1);
        self.show(stand, observation);
        outcome
    }

    /// Fills what an agent sees where it stands.
    pub fn show(&self, stand: &Stand, observation: &mut [f32]) {
        let left = stand.left as f32 / self.config.episode as f32;
        self.table.show(stand, &self.scenes[stand.bar], left, observation);
    }
}

impl Env for KnockOutEnv {
    type State = Stand;

    fn width(&self) -> usize {
        CANDLES * COLUMNS + AROUND
    }

    fn actions(&self) -> Actions {
        Actions::Choice(self.desk.choices())
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Stand {
        let last = self.len() - 2;
        let latest = last.saturating_sub(self.config.episode).max(CANDLES - 1);
        let stand = self.start(seed.rng().random_range(CANDLES - 1..=latest));
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
        let before = stand.equity;
        let outcome = self.go(stand, action.choice(), observation);
        let gained = (stand.equity - before).to_f64() / self.config.capital.to_f64();
        let reward = gained as f32 * self.config.reward_scale;
        let dies = outcome.knocked_out && self.config.after_knock_out == AfterKnockOut::Ends;
        let over = stand.left == 0 || stand.bar + 1 >= self.len();
        let end = if dies { Some(End::Done) } else { over.then_some(End::Truncated) };
        Step { reward, end }
    }
}

impl KnockOutEnvConfig {
    fn check(&self) -> Result<(), String> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        if self.distances.is_empty() || !self.distances.iter().all(|distance| share(*distance)) {
            return Err(format!(
                "distances are {:?}; each must lie within 0 and 1",
                self.distances
            ));
        }
        if !(share(self.stake) || self.stake == 1.0) {
            return Err(format!("stake is {}; it must be above 0 and at most 1", self.stake));
        }
        if let Some(loss) = self.stop_loss.filter(|loss| !share(*loss)) {
            return Err(format!("stop_loss is {loss}; it must lie within 0 and 1"));
        }
        if self.capital <= Cash::ZERO || self.capital != self.capital.to_cents() {
            return Err(format!("capital is {}; it must be whole cents above 0", self.capital));
        }
        if self.episode == 0 {
            return Err("an episode needs a step".to_owned());
        }
        if !self.reward_scale.is_finite() || self.reward_scale <= 0.0 {
            return Err(format!("rewards can't be multiplied by {}", self.reward_scale));
        }
        Ok(())
    }

    fn desk(&self) -> Desk {
        let (mut rules, mut financing) = (self.rules.clone(), self.financing);
        if self.costs == Costs::Off {
            rules.spread = SpreadRule { points: 0.0, range_share: 0.0, ..rules.spread };
            rules.tick = Price::from_f64(1e-6, Rounding::HalfEven).unwrap_or(rules.tick);
            rules.order_fee = Cash::ZERO;
            financing = Financing { reference_rate: 0.0, margin: 0.0, ..financing };
        }
        let terms = |side| Terms { side, ratio: self.ratio, financing, rule: self.barrier };
        Desk {
            rules,
            terms: [terms(Side::Long), terms(Side::Short)],
            distances: self.distances.clone(),
            stake: self.stake,
            stop_loss: self.stop_loss,
        }
    }
}
