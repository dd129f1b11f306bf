//! Finding the point of largest expected improvement: many points are weighed, the best are
//! walked uphill along continuous axes and step by step along the others.

use base::seed::Rng;
use base::stats::normal_quantile;
use rand::RngExt as _;

use super::descent::{Limit, minimise};
use super::improvement::{log_improvement, with_gradient};
use super::regression::{Observed, Process};
use super::{ABSENT, GpPlan, filled};
use crate::search::layout::{Axis, Layout};

/// Share of the candidates drawn around good trials.
const NEAR_SHARE: f64 = 0.4;
/// Good trials that candidates are drawn around.
const CENTRES: usize = 5;
const CLIMB: Limit = Limit { steps: 40, flat: 1e-6, gain: 1e-9 };
/// Rounds of steps along whole numbers and choices after a climb.
const ROUNDS: usize = 4;
/// Axes with at most so many steps are tried whole.
const FEW_STEPS: f64 = 16.0;

/// What is made large: expected improvement over the best loss so far.
struct Aim<'a> {
    layout: &'a Layout,
    process: &'a Process,
    best: f64,
}

/// A settled point that no trial had, unless the space is used up.
pub(super) fn seek(
    layout: &Layout,
    (process, best): (&Process, f64),
    (seen, plan): (&Observed, &GpPlan),
    rng: &mut Rng,
) -> Vec<f64> {
    let aim = Aim { layout, process, best };
    let mut found: Vec<(f64, Vec<f64>)> = candidates(layout, (seen, plan), rng)
        .into_iter()
        .map(|point| (aim.at(&point), point))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut climbed: Vec<(f64, Vec<f64>)> =
        starts(&found, plan.climbs).into_iter().map(|start| aim.climb(start)).collect();
    climbed.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut all = climbed.into_iter().chain(found).map(|(_, point)| point).peekable();
    let first = all.peek().cloned().unwrap_or_else(|| vec![ABSENT; layout.width()]);
    all.find(|point| !seen.points.contains(point)).unwrap_or(first)
}

/// Even points over the cube and normal ones around the best trials.
fn candidates(layout: &Layout, (seen, plan): (&Observed, &GpPlan), rng: &mut Rng) -> Vec<Vec<f64>> {
    let mut ranked: Vec<usize> = (0..seen.values.len()).collect();
    ranked.sort_by(|a, b| seen.values[*a].total_cmp(&seen.values[*b]).then(a.cmp(b)));
    ranked.truncate(CENTRES);
    let count = plan.candidates.max(1);
    let near = if ranked.is_empty() { 0 } else { (count as f64 * NEAR_SHARE) as usize };
    let mut all = Vec::with_capacity(count);
    for at in 0..count {
        let point = if at < near {
            around(layout, &seen.points[ranked[at % ranked.len()]], rng)
        } else {
            (0..layout.width()).map(|_| rng.random()).collect()
        };
        all.push(filled(layout, point));
    }
    all
}

/// A point near a trial, at a distance of any order of magnitude down to a thousandth.
fn around(layout: &Layout, centre: &[f64], rng: &mut Rng) -> Vec<f64> {
    let width = 0.3 * 10f64.powf(-2.5 * rng.random::<f64>());
    let axes = layout.axes().iter().zip(centre);
    axes.map(|(axis, &middle)| match axis {
        Axis::Named(_) if rng.random::<f64>() < 0.2 => rng.random(),
        Axis::Named(_) => middle,
        _ => {
            let level: f64 = rng.random::<f64>().clamp(1e-9, 1.0 - 1e-9);
            let width = axis.steps().map_or(width, |count| width.max(0.7 / count));
            (middle + width * normal_quantile(level)).clamp(0.0, 1.0)
        }
    })
    .collect()
}

/// The best points, each not too close to a better one.
fn starts(found: &[(f64, Vec<f64>)], count: usize) -> Vec<Vec<f64>> {
    let mut starts: Vec<Vec<f64>> = Vec::new();
    for (_, point) in found {
        let far = |other: &Vec<f64>| {
            let gaps = point.iter().zip(other).map(|(a, b)| (a - b) * (a - b));
            gaps.sum::<f64>() > 1e-4
        };
        if starts.iter().all(far) {
            starts.push(point.clone());
        }
        if starts.len() >= count.max(1) {
            break;
        }
    }
    starts
}

impl Aim<'_> {
    fn at(&self, point: &[f64]) -> f64 {
        log_improvement(self.process.forecast(point), self.best)
    }

    /// Uphill, then along steps, as long as it helps.
    fn climb(&self, start: Vec<f64>) -> (f64, Vec<f64>) {
        let mut best = self.glide(start);
        for _ in 0..ROUNDS {
            let Some(better) = self.hop(&best) else { break };
            best = self.glide(better.1);
        }
        best
    }

    /// Uphill along continuous axes and long ones of whole numbers; the others stand still.
    fn glide(&self, start: Vec<f64>) -> (f64, Vec<f64>) {
        let before = (self.at(&start), start);
        let active = self.layout.active(&before.1);
        let walls: Vec<(f64, f64)> = self
            .layout
            .axes()
            .iter()
            .zip(&before.1)
            .zip(active)
            .map(|((axis, &at), active)| match axis {
                Axis::Continuous if active => (0.0, 1.0),
                Axis::Steps(count) if active && *count > FEW_STEPS => (0.0, 1.0),
                _ => (at, at),
            })
            .collect();
        if walls.iter().all(|(low, high)| low == high) {
            return before;
        }
        let loss = |at: &[f64], slope: &mut [f64]| {
            let value = with_gradient(self.process, self.best, at, slope);
            slope.iter_mut().for_each(|slope| *slope = -*slope);
            -value
        };
        let (_, top) = minimise(loss, &before.1, &walls, CLIMB);
        let top = filled(self.layout, top);
        let value = self.at(&top);
        if value > before.0 { (value, top) } else { before }
    }

    /// The best change of one step or choice, if any helps.
    fn hop(&self, from: &(f64, Vec<f64>)) -> Option<(f64, Vec<f64>)> {
        let active = self.layout.active(&from.1);
        let mut best = from.clone();
        for (axis, kind) in self.layout.axes().iter().enumerate() {
            let Some(count) = kind.steps().filter(|_| active[axis]) else { continue };
            let here = Axis::step(count, from.1[axis]) as i64;
            let few = count <= FEW_STEPS || matches!(kind, Axis::Named(_));
            let places: Vec<i64> = match few {
                true => (0..count as i64).collect(),
                false => [-8, -2, -1, 1, 2, 8].map(|step| here + step).to_vec(),
            };
            for place in places.into_iter().filter(|&p| p != here && (0..count as i64).contains(&p))
            {
                let mut point = from.1.clone();
                point[axis] = (place as f64 + 0.5) / count;
                let point = filled(self.layout, point);
                let value = self.at(&point);
                if value > best.0 {
                    best = (value, point);
                }
            }
        }
        (best.0 > from.0).then_some(best)
    }
}
