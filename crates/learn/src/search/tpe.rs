//! Tree-structured Parzen estimator, all settings together (Bergstra et al. 2011; Falkner et al.
//! 2018; Watanabe 2023 for the constants).
//!
//! Trials are split into the better tenth and the rest; candidates are drawn from the density of
//! the better and the one with the largest ratio of densities is proposed. A trial that still
//! runs counts as a bad one ("constant liar"), so that a batch spreads out.

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::parzen::{Axis, Parzen};
use super::space::{Domain, Params, Space};
use super::trial::{State, Trial};

/// Settings of the search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TpePlan {
    /// Random trials before the densities are trusted.
    pub startup: usize,
    /// Candidates weighed for each proposal.
    pub candidates: usize,
    /// Share of trials that counts as good.
    pub good_share: f64,
    /// Most trials that count as good.
    pub most_good: usize,
}

impl Default for TpePlan {
    fn default() -> TpePlan {
        TpePlan { startup: 10, candidates: 64, good_share: 0.12, most_good: 25 }
    }
}

impl TpePlan {
    /// Settings for the next trial, from finished trials and from those of the same batch.
    pub(super) fn propose(
        &self,
        space: &Space,
        (finished, running): (&[Trial], &[Params]),
        seed: Seed,
    ) -> Params {
        let mut rng = seed.rng();
        let width = space.domains().len();
        let complete = finished.iter().filter(|trial| trial.state == State::Complete).count();
        if complete < self.startup.max(1) {
            let point: Vec<f64> = (0..width).map(|_| rng.random()).collect();
            return space.decode(&point);
        }
        let axes: Vec<Axis> = space.domains().values().map(axis).collect();
        let points: Vec<Vec<f64>> = finished
            .iter()
            .map(|trial| &trial.params)
            .chain(running)
            .map(|params| space.encode(params))
            .collect();
        let good = self.good(finished, complete);
        let (mut better, mut worse) = (Vec::new(), Vec::new());
        for (at, point) in points.iter().enumerate() {
            if good.contains(&at) { &mut better } else { &mut worse }.push(point.as_slice());
        }
        let better = Parzen::new(&axes, better);
        let worse = Parzen::new(&axes, worse);
        let mut best = (f64::NEG_INFINITY, vec![0.5; width]);
        for _ in 0..self.candidates.max(1) {
            let point = better.draw(&mut rng);
            let ratio = better.log_density(&point) - worse.log_density(&point);
            if ratio > best.0 {
                best = (ratio, point);
            }
        }
        space.decode(&best.1)
    }

    /// Positions of the good trials; ties go to the earlier trial.
    fn good(&self, finished: &[Trial], complete: usize) -> Vec<usize> {
        let count = ((complete as f64 * self.good_share).ceil() as usize).clamp(1, self.most_good);
        let mut ranked: Vec<(f64, usize)> = finished
            .iter()
            .enumerate()
            .filter_map(|(at, trial)| trial.value.map(|value| (value, at)))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().take(count).map(|(_, at)| at).collect()
    }
}

fn axis(domain: &Domain) -> Axis {
    match (domain, domain.steps()) {
        (Domain::Choice(_), Some(count)) => Axis::Named(count),
        (_, Some(count)) => Axis::Steps(count),
        (_, None) => Axis::Continuous,
    }
}
