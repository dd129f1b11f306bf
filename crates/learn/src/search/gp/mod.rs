//! A Gaussian process with expected improvement (Jones, Schonlau and Welch 1998).
//!
//! Losses are bent towards a normal distribution, a process is fitted to them
//! ([`regression`]), and the point of largest expected improvement is proposed ([`seek`]).
//! Trials that still run count with the loss the process expects of them, so that a batch
//! spreads out ("kriging believer", Ginsbourger, Le Riche and Carraro 2010).

mod bend;
mod cholesky;
mod descent;
mod improvement;
mod regression;
mod seek;

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::space::{Params, Space};
use super::spread;
use super::trial::{State, Trial};
use regression::{Observed, Process, Shape};

/// Where a setting that does not exist is put: all points without it are alike.
const ABSENT: f64 = 0.5;
/// The shape is fitted to at most so many trials, the best half and the latest.
const MOST_FITTED: usize = 256;

/// Settings of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpPlan {
    /// Evenly spread trials before a process is fitted.
    pub startup: usize,
    /// Points weighed before the best of them are walked uphill.
    pub candidates: usize,
    /// Points walked uphill.
    pub climbs: usize,
    /// Trials seen by the process at most: the best half and the latest. Time grows with the
    /// square of their number, and with the cube while it is fitted.
    pub most_trials: usize,
}

impl Default for GpPlan {
    fn default() -> GpPlan {
        GpPlan { startup: 10, candidates: 512, climbs: 6, most_trials: 1_000 }
    }
}

impl GpPlan {
    /// Settings for the next trial, from finished trials and from those of the same batch.
    pub(super) fn propose(
        &self,
        space: &Space,
        (finished, running): (&[Trial], &[Params]),
        (study, seed): (Seed, Seed),
    ) -> Params {
        let layout = space.layout();
        let complete = finished.iter().filter(|trial| trial.state == State::Complete).count();
        if complete < self.startup.max(2) {
            let number = finished.len() + running.len();
            return space.decode(&spread::point(layout.width(), number, study));
        }
        let mut rng = seed.rng();
        let place = |params: &Params| filled(layout, space.encode(params));
        let values = losses(finished);
        let mut seen = Observed { points: Vec::new(), values: Vec::new() };
        for at in kept(&values, self.most_trials) {
            seen.points.push(place(&finished[at].params));
            seen.values.push(values[at]);
        }
        bend::bend(&mut seen.values);
        let best = seen.values.iter().copied().fold(f64::INFINITY, f64::min);
        let fitted = kept(&seen.values, MOST_FITTED);
        let part = Observed {
            points: fitted.iter().map(|&at| seen.points[at].clone()).collect(),
            values: fitted.iter().map(|&at| seen.values[at]).collect(),
        };
        let shape = Shape::fit(layout.axes(), &part);
        let running: Vec<Vec<f64>> = running.iter().map(place).collect();
        let Some(process) = believing(layout, &shape, (&mut seen, running)) else {
            let point: Vec<f64> = (0..layout.width()).map(|_| rng.random()).collect();
            return space.decode(&point);
        };
        space.decode(&seek::seek(layout, (&process, best), (&seen, self), &mut rng))
    }
}

/// The process after all trials, those that run included.
fn believing(
    layout: &Layout,
    shape: &Shape,
    (seen, running): (&mut Observed, Vec<Vec<f64>>),
) -> Option<Process> {
    let mut process = Process::new(layout.axes(), shape, seen.clone())?;
    for point in running {
        seen.values.push(process.forecast(&point).mean);
        seen.points.push(point);
        process = Process::new(layout.axes(), shape, seen.clone())?;
    }
    Some(process)
}

/// A loss for every trial. One that failed counts as the worst of all, one that was given up with
/// its last loss, but as no better than the median.
fn losses(finished: &[Trial]) -> Vec<f64> {
    let complete: Vec<f64> = finished.iter().filter_map(|trial| trial.value).collect();
    let worst = complete.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let median = base::stats::median(&complete);
    let loss = |trial: &Trial| match (trial.value, trial.intermediate.last()) {
        (Some(value), _) => value,
        (None, Some((_, last))) if trial.state == State::Pruned && last.is_finite() => {
            last.clamp(median, worst)
        }
        (None, _) => worst,
    };
    finished.iter().map(loss).collect()
}

/// Positions of at most so many trials, in order: the best half of what is allowed, and the
/// latest of the others.
fn kept(values: &[f64], most: usize) -> Vec<usize> {
    let most = most.max(2);
    if values.len() <= most {
        return (0..values.len()).collect();
    }
    let mut ranked: Vec<usize> = (0..values.len()).collect();
    ranked.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let mut keep = vec![false; values.len()];
    ranked[..most / 2].iter().for_each(|&at| keep[at] = true);
    let mut left = most - most / 2;
    for at in (0..values.len()).rev() {
        if left > 0 && !keep[at] {
            keep[at] = true;
            left -= 1;
        }
    }
    (0..values.len()).filter(|&at| keep[at]).collect()
}

/// A settled point without NaN.
fn filled(layout: &Layout, mut point: Vec<f64>) -> Vec<f64> {
    layout.settle(&mut point);
    point.iter_mut().filter(|at| at.is_nan()).for_each(|at| *at = ABSENT);
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_the_latest_are_kept() {
        assert_eq!(kept(&[1.0, 9.0, 8.0, 7.0, 2.0, 6.0], 4), [0, 3, 4, 5]);
        assert_eq!(kept(&[1.0, 2.0], 4), [0, 1]);
    }
}
