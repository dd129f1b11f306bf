//! Observations and rewards brought to unit scale by statistics that run along.
//!
//! As Stable-Baselines3's `VecNormalize`: observations become `(x − mean) / √(variance + ε)`,
//! rewards are divided by the deviation of the discounted return, both held to ±10. Means and
//! variances of batches are joined as by Chan, Golub and LeVeque (1983), in `f64`, and belong to
//! the agent: they are stored with it and stand still when it is only used.

use serde::{Deserialize, Serialize};

use super::checkpoint::Archive;
use crate::Error;

/// What is brought to unit scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Nothing.
    #[default]
    None,
    /// Observations.
    Observations,
    /// Rewards.
    Rewards,
    /// Both.
    Both,
}

const MOST: f32 = 10.0;
const EPSILON: f64 = 1e-8;

/// Mean and variance of values that come in batches, column by column.
#[derive(Debug, Clone, PartialEq)]
struct Moments {
    mean: Vec<f64>,
    variance: Vec<f64>,
    count: f64,
}

impl Moments {
    fn new(width: usize) -> Moments {
        Moments { mean: vec![0.0; width], variance: vec![1.0; width], count: 1e-4 }
    }

    /// Takes in the rows of a batch.
    fn update(&mut self, batch: &[f32]) {
        let width = self.mean.len();
        let rows = (batch.len() / width) as f64;
        if rows == 0.0 {
            return;
        }
        let total = self.count + rows;
        for column in 0..width {
            let values = || batch[column..].iter().step_by(width).map(|v| f64::from(*v));
            let mean = values().sum::<f64>() / rows;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
            let off = mean - self.mean[column];
            let spread = self.variance[column] * self.count
                + variance * rows
                + off * off * self.count * rows / total;
            self.mean[column] += off * rows / total;
            self.variance[column] = spread / total;
        }
        self.count = total;
    }
}

/// The statistics of an agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaler {
    what: Scaling,
    gamma: f64,
    observations: Moments,
    returns: Moments,
    /// Discounted return of each environment so far.
    running: Vec<f32>,
}

impl Scaler {
    /// Nothing seen yet.
    pub(crate) fn new(what: Scaling, gamma: f64, width: usize) -> Scaler {
        Scaler {
            what,
            gamma,
            observations: Moments::new(width),
            returns: Moments::new(1),
            running: Vec::new(),
        }
    }

    fn scales_observations(&self) -> bool {
        matches!(self.what, Scaling::Observations | Scaling::Both)
    }

    fn scales_rewards(&self) -> bool {
        matches!(self.what, Scaling::Rewards | Scaling::Both)
    }

    /// Takes in rows of observations.
    pub(crate) fn see(&mut self, observations: &[f32]) {
        if self.scales_observations() {
            self.observations.update(observations);
        }
    }

    /// Scales rows of observations in place.
    pub(crate) fn apply(&self, observations: &mut [f32]) {
        if !self.scales_observations() {
            return;
        }
        let Moments { mean, variance, .. } = &self.observations;
        for row in observations.chunks_exact_mut(mean.len()) {
            for (value, (mean, variance)) in row.iter_mut().zip(mean.iter().zip(variance)) {
                let scaled = (f64::from(*value) - mean) / (variance + EPSILON).sqrt();
                *value = (scaled as f32).clamp(-MOST, MOST);
            }
        }
    }

    /// Takes in the rewards of a step, one an environment, and whether episodes ended on it.
    pub(crate) fn earn(&mut self, rewards: &[f32], ended: impl Iterator<Item = bool>) {
        if !self.scales_rewards() {
            return;
        }
        self.running.resize(rewards.len(), 0.0);
        for (running, reward) in self.running.iter_mut().zip(rewards) {
            *running = *running * self.gamma as f32 + reward;
        }
        self.returns.update(&self.running);
        for (running, ended) in self.running.iter_mut().zip(ended) {
            if ended {
                *running = 0.0;
            }
        }
    }

    /// Scales rewards in place.
    pub(crate) fn pay(&self, rewards: &mut [f32]) {
        if self.scales_rewards() {
            let scale = 1.0 / (self.returns.variance[0] + EPSILON).sqrt();
            for reward in rewards {
                *reward = ((f64::from(*reward) * scale) as f32).clamp(-MOST, MOST);
            }
        }
    }

    pub(crate) fn save(&self, archive: &mut Archive) {
        for (name, moments) in [("observations", &self.observations), ("returns", &self.returns)] {
            archive.put_f64(&format!("scaler.{name}.mean"), moments.mean.clone());
            archive.put_f64(&format!("scaler.{name}.variance"), moments.variance.clone());
            archive.put_f64(&format!("scaler.{name}.count"), vec![moments.count]);
        }
        archive.put_u64("scaler.environments", vec![self.running.len() as u64]);
        archive.put_f32("scaler.running", self.running.clone());
    }

    pub(crate) fn restore(&mut self, archive: &Archive) -> Result<(), Error> {
        let parts = [("observations", &mut self.observations), ("returns", &mut self.returns)];
        for (name, moments) in parts {
            let width = moments.mean.len();
            let values = |part: &str, len| archive.f64(&format!("scaler.{name}.{part}"), len);
            moments.mean.copy_from_slice(values("mean", width)?);
            moments.variance.copy_from_slice(values("variance", width)?);
            moments.count = values("count", 1)?[0];
        }
        let environments = archive.u64("scaler.environments", 1)?[0] as usize;
        self.running = archive.f32("scaler.running", environments)?.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_join_to_the_moments_of_the_whole() {
        let values: Vec<f32> = (0..60).map(|i| ((i * 37 % 23) as f32).sin() * 3.0 + 2.0).collect();
        let mut joined = Moments::new(2);
        joined.count = 0.0;
        for batch in values.chunks(14) {
            joined.update(batch);
        }
        for column in 0..2 {
            let own: Vec<f64> = values[column..].iter().step_by(2).map(|v| f64::from(*v)).collect();
            let mean = base::stats::mean(&own);
            let variance = base::stats::variance(&own) * 29.0 / 30.0;
            assert!((joined.mean[column] - mean).abs() < 1e-12);
            assert!((joined.variance[column] - variance).abs() < 1e-12);
        }
    }

    #[test]
    fn scaled_observations_have_unit_scale_and_bounds() {
        let mut scaler = Scaler::new(Scaling::Observations, 0.99, 1);
        let values: Vec<f32> = (0..100).map(|i| 50.0 + (i % 10) as f32).collect();
        scaler.see(&values);
        let mut scaled = values.clone();
        scaler.apply(&mut scaled);
        let scaled: Vec<f64> = scaled.into_iter().map(f64::from).collect();
        assert!(base::stats::mean(&scaled).abs() < 0.01);
        assert!((base::stats::std_dev(&scaled) - 1.0).abs() < 0.05);
        let mut far = [1e9];
        scaler.apply(&mut far);
        assert_eq!(far, [MOST]);
    }
}
