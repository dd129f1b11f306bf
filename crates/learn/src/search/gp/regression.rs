//! A Gaussian process over the unit cube: Matérn 5/2 with a length for each axis (Rasmussen and
//! Williams 2006, eq. 4.17 and §5.4.1), lengths, scale and noise by their most likely values.

use super::cholesky::{Cholesky, Square, add_scaled, dot};
use super::descent::{Limit, minimise};
use crate::search::layout::Axis;

const ROOT_5: f64 = 2.236_067_977_499_79;
/// Logarithms of lengths, scale and noise stay within these walls.
const LENGTH_WALLS: (f64, f64) = (-4.6, 4.6);
const SCALE_WALLS: (f64, f64) = (-4.6, 6.9);
const NOISE_WALLS: (f64, f64) = (-18.4, 0.0);
/// Fits stop here; a fit starts where that of the older half of the trials ended.
const FIT: Limit = Limit { steps: 40, flat: 1e-3, gain: 1e-5 };
/// So few trials are fitted from the prior.
const FEWEST: usize = 16;

/// Trials as the process sees them.
#[derive(Debug, Clone)]
pub(super) struct Observed {
    /// Points of the unit cube, no NaN.
    pub(super) points: Vec<Vec<f64>>,
    /// Values with mean about 0 and deviation about 1.
    pub(super) values: Vec<f64>,
}

/// Logarithms of what the process is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) log_lengths: Vec<f64>,
    pub(super) log_scale: f64,
    pub(super) log_noise: f64,
}

/// A process that has seen its trials.
#[derive(Debug, Clone)]
pub(super) struct Process {
    named: Vec<bool>,
    /// Lengths to the power -2.
    reach: Vec<f64>,
    scale: f64,
    points: Vec<Vec<f64>>,
    factor: Cholesky,
    /// K⁻¹ y.
    weights: Vec<f64>,
}

/// What is foretold at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// A forecast and how it changes along each axis.
#[derive(Debug, Clone)]
pub(super) struct Slopes {
    pub(super) forecast: Forecast,
    pub(super) mean: Vec<f64>,
    pub(super) deviation: Vec<f64>,
}

impl Shape {
    fn prior(width: usize) -> Shape {
        Shape { log_lengths: vec![length_prior(width).0; width], log_scale: 0.0, log_noise: -9.0 }
    }

    fn packed(&self) -> Vec<f64> {
        let mut all = self.log_lengths.clone();
        all.extend([self.log_scale, self.log_noise]);
        all
    }

    fn unpacked(all: &[f64]) -> Shape {
        let width = all.len() - 2;
        let (log_scale, log_noise) = (all[width], all[width + 1]);
        Shape { log_lengths: all[..width].to_vec(), log_scale, log_noise }
    }

    /// The most likely shape given the trials. Starts from the fit of their older half, so that
    /// it depends on the trials alone and yet needs few steps.
    pub(super) fn fit(axes: &[Axis], seen: &Observed) -> Shape {
        let count = seen.values.len();
        let start = if count >= 2 * FEWEST {
            let half = count / 2;
            let (points, values) = (seen.points[..half].to_vec(), seen.values[..half].to_vec());
            Shape::fit(axes, &Observed { points, values })
        } else {
            Shape::prior(axes.len())
        };
        let likelihood = Likelihood::new(axes, seen);
        let mut walls = vec![LENGTH_WALLS; axes.len()];
        walls.extend([SCALE_WALLS, NOISE_WALLS]);
        let loss = |at: &[f64], slope: &mut [f64]| likelihood.loss(at, slope);
        Shape::unpacked(&minimise(loss, &start.packed(), &walls, FIT).1)
    }
}

/// Mean and deviation of the prior of a log length; it grows with the width, as distances do
/// (Hvarfner, Hellsten and Nardi 2024).
fn length_prior(width: usize) -> (f64, f64) {
    (-0.7 + 0.5 * (width as f64).ln(), 0.8)
}

/// The likelihood of a shape, with all that doesn't change from one shape to the next.
struct Likelihood<'a> {
    seen: &'a Observed,
    width: usize,
    /// Squared distances of pairs (row > column), all axes of a pair together.
    gaps: Vec<f64>,
}

impl<'a> Likelihood<'a> {
    fn new(axes: &[Axis], seen: &'a Observed) -> Likelihood<'a> {
        let named = named(axes);
        let count = seen.values.len();
        let mut gaps = Vec::with_capacity(count * count / 2 * axes.len());
        for (at, left) in seen.points.iter().enumerate() {
            for right in &seen.points[..at] {
                gaps.extend((0..axes.len()).map(|axis| gap(named[axis], left[axis], right[axis])));
            }
        }
        Likelihood { seen, width: axes.len(), gaps }
    }

    /// Minus the logarithm of the posterior density of a shape, and its gradient
    /// (Rasmussen and Williams 2006, eq. 5.8 and 5.9).
    fn loss(&self, at: &[f64], slope: &mut [f64]) -> f64 {
        let (count, width) = (self.seen.values.len(), self.width);
        let reach: Vec<f64> = at[..width].iter().map(|log| (-2.0 * log).exp()).collect();
        let (scale, noise) = (at[width].exp(), at[width + 1].exp());
        let mut kernel = Square::zero(count);
        // Minus the derivative by the squared distance, times two.
        let mut steep = Vec::with_capacity(count * count / 2);
        let mut pairs = self.gaps.chunks_exact(width);
        for row in 0..count {
            for (column, pair) in (0..row).zip(&mut pairs) {
                let (value, fall) = matern(dot(pair, &reach));
                kernel.row_mut(row)[column] = scale * value;
                steep.push(2.0 * scale * fall);
            }
            kernel.row_mut(row)[row] = scale + noise;
        }
        let Some(factor) = Cholesky::new(kernel.clone()) else { return f64::INFINITY };
        let mut weights = self.seen.values.clone();
        factor.solve(&mut weights);
        let fit = dot(&weights, &self.seen.values);
        let mut loss = 0.5 * (fit + factor.log_determinant());
        // Half of K⁻¹ - w wᵀ, which meets the derivative of the kernel entry by entry.
        let inverse = factor.inverse();
        slope.fill(0.0);
        let mut pairs = self.gaps.chunks_exact(width).zip(&steep);
        let (mut by_scale, mut by_noise) = (0.0, 0.0);
        for row in 0..count {
            let (inverses, kernels) = (inverse.row(row), kernel.row(row));
            for (column, (pair, steep)) in (0..row).zip(&mut pairs) {
                let share = inverses[column] - weights[row] * weights[column];
                by_scale += share * kernels[column];
                add_scaled(&mut slope[..width], share * steep, pair);
            }
            let share = 0.5 * (inverses[row] - weights[row] * weights[row]);
            by_scale += share * scale;
            by_noise += share * noise;
        }
        slope[..width].iter_mut().zip(&reach).for_each(|(slope, reach)| *slope *= reach);
        slope[width] = by_scale;
        slope[width + 1] = by_noise;
        loss += self.prior(at, slope);
        loss
    }

    /// Normal priors of all logarithms.
    fn prior(&self, at: &[f64], slope: &mut [f64]) -> f64 {
        let width = self.width;
        let of_length = length_prior(width);
        let priors = std::iter::repeat_n(of_length, width).chain([(0.5, 1.5), (-10.0, 4.0)]);
        let mut loss = 0.0;
        for ((at, slope), (mean, deviation)) in at.iter().zip(slope).zip(priors) {
            let z = (at - mean) / deviation;
            loss += 0.5 * z * z;
            *slope += z / deviation;
        }
        loss
    }
}

impl Process {
    /// `None` when the kernel can't be factored, which the noise of a fitted shape prevents.
    pub(super) fn new(axes: &[Axis], shape: &Shape, seen: Observed) -> Option<Process> {
        let named = named(axes);
        let reach: Vec<f64> = shape.log_lengths.iter().map(|log| (-2.0 * log).exp()).collect();
        let scale = shape.log_scale.exp();
        let count = seen.values.len();
        let mut kernel = Square::zero(count);
        for row in 0..count {
            for column in 0..row {
                let far = distance(&named, &reach, &seen.points[row], &seen.points[column]);
                kernel.row_mut(row)[column] = scale * matern(far).0;
            }
            kernel.row_mut(row)[row] = scale + shape.log_noise.exp();
        }
        let factor = Cholesky::new(kernel)?;
        let mut weights = seen.values;
        factor.solve(&mut weights);
        Some(Process { named, reach, scale, points: seen.points, factor, weights })
    }

    pub(super) fn forecast(&self, at: &[f64]) -> Forecast {
        let far = |point: &Vec<f64>| distance(&self.named, &self.reach, at, point);
        let mut near: Vec<f64> =
            self.points.iter().map(|point| self.scale * matern(far(point)).0).collect();
        let mean = dot(&near, &self.weights);
        self.factor.solve_lower(&mut near);
        let variance = self.scale - dot(&near, &near);
        Forecast { mean, deviation: variance.max(1e-18 * self.scale).sqrt() }
    }

    /// Slopes along axes of names are zero.
    pub(super) fn slopes(&self, at: &[f64]) -> Slopes {
        let (mut near, mut falls) = (Vec::new(), Vec::new());
        for point in &self.points {
            let (value, fall) = matern(distance(&self.named, &self.reach, at, point));
            near.push(self.scale * value);
            falls.push(-2.0 * self.scale * fall);
        }
        let mean = dot(&near, &self.weights);
        let mut back = near.clone();
        self.factor.solve_lower(&mut back);
        let variance = (self.scale - dot(&back, &back)).max(1e-18 * self.scale);
        let deviation = variance.sqrt();
        self.factor.solve_upper(&mut back);
        let mut slopes = Slopes {
            forecast: Forecast { mean, deviation },
            mean: vec![0.0; at.len()],
            deviation: vec![0.0; at.len()],
        };
        let all = self.points.iter().zip(&falls).zip(self.weights.iter().zip(&back));
        for ((point, fall), (weight, back)) in all {
            for axis in (0..at.len()).filter(|&axis| !self.named[axis]) {
                let turn = fall * self.reach[axis] * (at[axis] - point[axis]);
                slopes.mean[axis] += weight * turn;
                slopes.deviation[axis] -= back * turn / deviation;
            }
        }
        slopes
    }
}

fn named(axes: &[Axis]) -> Vec<bool> {
    axes.iter().map(|axis| matches!(axis, Axis::Named(_))).collect()
}

fn gap(named: bool, left: f64, right: f64) -> f64 {
    match named {
        true => f64::from(u8::from(left != right)),
        false => (left - right) * (left - right),
    }
}

fn distance(named: &[bool], reach: &[f64], left: &[f64], right: &[f64]) -> f64 {
    let all = named.iter().zip(reach).zip(left.iter().zip(right));
    all.map(|((named, reach), (left, right))| reach * gap(*named, *left, *right)).sum()
}

/// The kernel at a squared distance, and minus its derivative by it.
fn matern(squared: f64) -> (f64, f64) {
    let far = ROOT_5 * squared.sqrt();
    let decay = (-far).exp();
    ((1.0 + far + far * far / 3.0) * decay, 5.0 / 6.0 * (1.0 + far) * decay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: [Axis; 3] = [Axis::Continuous, Axis::Named(2.0), Axis::Continuous];

    fn seen() -> Observed {
        let points: Vec<Vec<f64>> = (0..14)
            .map(|i| {
                let at = f64::from(i) / 14.0;
                vec![at, if i % 3 == 0 { 0.25 } else { 0.75 }, (7.0 * at).fract()]
            })
            .collect();
        let value = |p: &Vec<f64>| (5.0 * p[0]).sin() + p[1] + p[2] * p[2] - 1.0;
        Observed { values: points.iter().map(value).collect(), points }
    }

    #[test]
    fn the_gradient_of_the_likelihood_is_its_slope() {
        let seen = seen();
        let likelihood = Likelihood::new(&AXES, &seen);
        let at = [-0.5, 0.3, -1.0, 0.2, -5.0];
        let mut slope = [0.0; 5];
        likelihood.loss(&at, &mut slope);
        for axis in 0..5 {
            let step = |by: f64| {
                let mut moved = at;
                moved[axis] += by;
                likelihood.loss(&moved, &mut [0.0; 5])
            };
            let wanted = (step(1e-5) - step(-1e-5)) / 2e-5;
            assert!((slope[axis] - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{axis}");
        }
    }

    #[test]
    fn slopes_of_the_forecast_are_those_of_its_values() {
        let shape = Shape::fit(&AXES, &seen());
        let process = Process::new(&AXES, &shape, seen()).unwrap();
        let at = vec![0.31, 0.75, 0.62];
        let slopes = process.slopes(&at);
        for axis in [0, 2] {
            let step = |by: f64| {
                let mut moved = at.clone();
                moved[axis] += by;
                process.forecast(&moved)
            };
            let (up, down) = (step(1e-5), step(-1e-5));
            let mean = (up.mean - down.mean) / 2e-5;
            let deviation = (up.deviation - down.deviation) / 2e-5;
            assert!((slopes.mean[axis] - mean).abs() < 1e-5, "mean along {axis}");
            assert!((slopes.deviation[axis] - deviation).abs() < 1e-5, "deviation along {axis}");
        }
    }

    #[test]
    fn a_process_goes_through_what_it_has_seen() {
        let shape = Shape { log_noise: -16.0, ..Shape::fit(&AXES, &seen()) };
        let process = Process::new(&AXES, &shape, seen()).unwrap();
        for (point, value) in seen().points.iter().zip(&seen().values) {
            let forecast = process.forecast(point);
            assert!((forecast.mean - value).abs() < 1e-3 && forecast.deviation < 1e-2);
        }
    }
}
