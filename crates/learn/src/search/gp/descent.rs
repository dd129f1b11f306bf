//! Minimising a smooth function in a box: L-BFGS with projection (Nocedal 1980; Bertsekas 1982
//! for what is held at the walls).

use super::cholesky::dot;

/// Pairs of steps remembered.
const MEMORY: usize = 10;
/// Share of the promised decrease that a step must bring (Armijo).
const DECREASE: f64 = 1e-4;
/// Halvings of a step before giving up.
const HALVINGS: u32 = 20;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) steps: usize,
    /// Largest slope into the box that counts as flat.
    pub(super) flat: f64,
    /// Decrease, as a share of the value or of one, that is not worth another step.
    pub(super) gain: f64,
}

/// A point, its value and its slope.
#[derive(Debug, Clone)]
struct Place {
    at: Vec<f64>,
    value: f64,
    slope: Vec<f64>,
}

/// The lowest place found from a start, each coordinate within its walls. `value` writes the
/// gradient; infinity or NaN means that the function can't be had there.
pub(super) fn minimise(
    mut value: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    walls: &[(f64, f64)],
    limit: Limit,
) -> (f64, Vec<f64>) {
    let at: Vec<f64> =
        start.iter().zip(walls).map(|(at, (low, high))| at.clamp(*low, *high)).collect();
    let mut slope = vec![0.0; at.len()];
    let first = value(&at, &mut slope);
    let mut here = Place { at, value: first, slope };
    if !here.value.is_finite() {
        return (here.value, here.at);
    }
    let mut history: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for _ in 0..limit.steps {
        let free = free(&here, walls);
        let steepest = here.slope.iter().zip(&free).filter(|(_, free)| **free);
        if steepest.map(|(slope, _)| slope.abs()).fold(0.0, f64::max) < limit.flat {
            break;
        }
        let mut direction = quasi_newton(&here.slope, &free, &history);
        if dot(&direction, &here.slope) >= 0.0 {
            history.clear();
            direction = quasi_newton(&here.slope, &free, &history);
        }
        let Some(next) = search_line(&mut value, &here, &direction, walls) else {
            if history.is_empty() {
                break;
            }
            history.clear();
            continue;
        };
        let gained = here.value - next.value;
        remember(&mut history, &here, &next);
        here = next;
        if gained < limit.gain * here.value.abs().max(1.0) {
            break;
        }
    }
    (here.value, here.at)
}

/// Coordinates that are not held at a wall by a slope towards it.
fn free(here: &Place, walls: &[(f64, f64)]) -> Vec<bool> {
    let all = here.at.iter().zip(&here.slope).zip(walls);
    all.map(|((at, slope), (low, high))| {
        low < high && !(at <= low && *slope > 0.0) && !(at >= high && *slope < 0.0)
    })
    .collect()
}

/// The two-loop recursion, over free coordinates.
fn quasi_newton(slope: &[f64], free: &[bool], history: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let hold = |values: &mut [f64]| {
        for (value, free) in values.iter_mut().zip(free) {
            if !free {
                *value = 0.0;
            }
        }
    };
    let mut direction: Vec<f64> = slope.iter().map(|slope| -slope).collect();
    hold(&mut direction);
    let mut factors = Vec::with_capacity(history.len());
    for (moved, turned) in history.iter().rev() {
        let factor = dot(moved, &direction) / dot(moved, turned);
        direction.iter_mut().zip(turned).for_each(|(d, t)| *d -= factor * t);
        factors.push(factor);
    }
    let scale = match history.last() {
        Some((moved, turned)) => dot(moved, turned) / dot(turned, turned),
        None => 1.0 / dot(&direction, &direction).sqrt().max(1.0),
    };
    direction.iter_mut().for_each(|d| *d *= scale);
    for ((moved, turned), factor) in history.iter().zip(factors.iter().rev()) {
        let back = factor - dot(turned, &direction) / dot(moved, turned);
        direction.iter_mut().zip(moved).for_each(|(d, m)| *d += back * m);
    }
    hold(&mut direction);
    direction
}

/// Halves the step until it brings enough; the path bends along the walls.
fn search_line(
    value: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
    here: &Place,
    direction: &[f64],
    walls: &[(f64, f64)],
) -> Option<Place> {
    let mut length = 1.0;
    let mut slope = vec![0.0; here.at.len()];
    for _ in 0..HALVINGS {
        let all = here.at.iter().zip(direction).zip(walls);
        let at: Vec<f64> =
            all.map(|((at, d), (low, high))| (at + length * d).clamp(*low, *high)).collect();
        let promised: f64 =
            at.iter().zip(&here.at).zip(&here.slope).map(|((a, b), s)| (a - b) * s).sum();
        let found = value(&at, &mut slope);
        if found.is_finite() && found <= here.value + DECREASE * promised && promised < 0.0 {
            return Some(Place { at, value: found, slope });
        }
        length *= 0.5;
    }
    None
}

fn remember(history: &mut Vec<(Vec<f64>, Vec<f64>)>, from: &Place, to: &Place) {
    let difference =
        |a: &[f64], b: &[f64]| -> Vec<f64> { b.iter().zip(a).map(|(b, a)| b - a).collect() };
    let (moved, turned) = (difference(&from.at, &to.at), difference(&from.slope, &to.slope));
    // Only upward curvature keeps the model convex.
    if dot(&moved, &turned) > 1e-12 * dot(&turned, &turned) {
        if history.len() == MEMORY {
            history.remove(0);
        }
        history.push((moved, turned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { steps: 200, flat: 1e-9, gain: 1e-16 };

    fn rosenbrock(x: &[f64], slope: &mut [f64]) -> f64 {
        slope.fill(0.0);
        let mut sum = 0.0;
        for i in 0..x.len() - 1 {
            let (rise, rest) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            sum += 100.0 * rise * rise + rest * rest;
            slope[i] += -400.0 * x[i] * rise - 2.0 * rest;
            slope[i + 1] += 200.0 * rise;
        }
        sum
    }

    #[test]
    fn a_curved_valley_is_walked_to_its_end() {
        let (value, at) = minimise(rosenbrock, &[-1.2, 1.0, -1.0, 0.5], &[(-5.0, 5.0); 4], LIMIT);
        assert!(value < 1e-12, "{value} at {at:?}");
    }

    #[test]
    fn a_wall_holds() {
        // With x0 at most 0.5 the best x1 is 0.25.
        let (value, at) = minimise(rosenbrock, &[0.0, 1.0], &[(-1.0, 0.5), (-1.0, 1.0)], LIMIT);
        assert!((value - 0.25).abs() < 1e-10, "{value}");
        assert!(at[0] == 0.5 && (at[1] - 0.25).abs() < 1e-6, "{at:?}");
    }

    #[test]
    fn a_place_without_a_value_is_not_stepped_on() {
        // ln x has no value left of zero; x - ln x is least at one.
        let loss = |x: &[f64], slope: &mut [f64]| {
            slope[0] = 1.0 - 1.0 / x[0];
            x[0] - x[0].ln()
        };
        let (_, at) = minimise(loss, &[30.0], &[(-100.0, 100.0)], LIMIT);
        assert!((at[0] - 1.0).abs() < 1e-6, "{at:?}");
    }
}
