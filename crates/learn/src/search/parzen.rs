//! A density over the unit cube made of one bump a trial and one wide bump for all.
//!
//! Each bump is a product of normal distributions cut off at the walls; over whole numbers it is
//! the mass of the step, and over choices it is flat but for the choice made (Falkner, Klein and
//! Hutter 2018, "BOHB"). Along a setting that a trial did not have (NaN) its bump is flat, and
//! along one that a point does not have all bumps are: integrated over what does not exist, a
//! product keeps its other factors.

use std::f64::consts::{PI, SQRT_2};

use base::seed::Rng;
use base::stats::{erfc, normal_cdf};
use rand::RngExt as _;
use rand_distr::StandardNormal;

use super::layout::Axis;

/// Bandwidth never gone below.
const LEAST_WIDTH: f64 = 0.001;
/// Bandwidth over whole numbers, in steps, never gone below: neighbours stay in reach.
const LEAST_STEPS: f64 = 0.5;
/// Trials that keep full weight; older ones fade (Bergstra et al. 2013, "Hyperopt").
const FRESH: usize = 25;

/// How trials are blurred.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blur {
    /// Bandwidth of a lone trial as a share of the unit interval.
    pub(super) first_width: f64,
    /// Weight of the wide bump; a trial's is at most one.
    pub(super) wide_weight: f64,
}

/// A mixture of bumps.
#[derive(Debug)]
pub(super) struct Parzen<'a> {
    axes: Vec<Shape>,
    bumps: Vec<Bump<'a>>,
    columns: Vec<Column>,
    /// Running sum of the weights, the wide bump last.
    cumulative: Vec<f64>,
    wide_log_weight: f64,
}

/// One trial's share of the density.
#[derive(Debug)]
struct Bump<'a> {
    centre: &'a [f64],
    /// Logarithm of the weight, times all factors that no point changes.
    log_weight: f64,
}

/// All bumps along one axis: a proposal asks for so many densities that memory must be read in
/// order.
#[derive(Debug)]
struct Column {
    /// In widths of the bumps on a continuous axis, so that no distance needs a division.
    centres: Vec<f64>,
    /// Logarithm of the factor of each bump that no point changes.
    log_scales: Vec<f64>,
    /// True when some trial did not have the setting.
    has_gaps: bool,
}

/// The shape of all bumps along an axis, up to a factor of each bump.
#[derive(Debug)]
enum Shape {
    Continuous {
        width: f64,
    },
    /// `log_mass` by the number of steps from the middle.
    Steps {
        count: f64,
        width: f64,
        log_mass: Vec<f64>,
    },
    /// `wander` is the chance that a draw leaves the choice of its bump.
    Named {
        count: f64,
        wander: f64,
        log_same: f64,
        log_other: f64,
    },
}

impl<'a> Parzen<'a> {
    /// One bump for each point, in order of age, and the wide one.
    pub(super) fn new(axes: &[Axis], centres: &[&'a [f64]], blur: Blur) -> Parzen<'a> {
        let count = centres.len();
        let width = width(blur.first_width, count, axes.len());
        let axes: Vec<Shape> = axes.iter().map(|axis| Shape::new(*axis, width, count)).collect();
        let mut weights: Vec<f64> = (0..count).map(|at| fading(at, count)).collect();
        weights.push(blur.wide_weight);
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(count + 1);
        for weight in &weights {
            sum += weight / total;
            cumulative.push(sum);
        }
        let column = |(axis, shape): (usize, &Shape)| {
            let centres: Vec<f64> = centres.iter().map(|centre| centre[axis]).collect();
            let log_scales = centres.iter().map(|&at| shape.log_scale(at)).collect();
            let has_gaps = centres.iter().any(|at| at.is_nan());
            let centres = centres.into_iter().map(|at| shape.in_widths(at)).collect();
            Column { centres, log_scales, has_gaps }
        };
        let columns: Vec<Column> = axes.iter().enumerate().map(column).collect();
        let bump = |(at, centre): (usize, &&'a [f64])| {
            let scales: f64 = columns.iter().map(|column| column.log_scales[at]).sum();
            Bump { centre, log_weight: (weights[at] / total).ln() + scales }
        };
        let bumps = centres.iter().enumerate().map(bump).collect();
        let wide_log_weight = (blur.wide_weight / total).ln();
        Parzen { axes, bumps, columns, cumulative, wide_log_weight }
    }

    /// A random point. A coordinate is drawn for every axis, whether it will exist or not.
    pub(super) fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        let pick: f64 = rng.random();
        let at = self.cumulative.partition_point(|&sum| sum <= pick);
        let Some(bump) = self.bumps.get(at) else {
            return self.axes.iter().map(|_| rng.random()).collect();
        };
        let axes = self.axes.iter().zip(bump.centre);
        axes.map(|(shape, &middle)| shape.draw(middle, rng)).collect()
    }

    /// Logarithm of the density at a point.
    pub(super) fn log_density(&self, point: &[f64]) -> f64 {
        let mut terms: Vec<f64> = self.bumps.iter().map(|bump| bump.log_weight).collect();
        for ((column, shape), &at) in self.columns.iter().zip(&self.axes).zip(point) {
            if at.is_nan() {
                // Along an axis that the point does not have, a bump has mass one.
                let scales = terms.iter_mut().zip(&column.log_scales);
                scales.for_each(|(term, scale)| *term -= scale);
            } else {
                shape.add_log_factors(column, at, &mut terms);
            }
        }
        // The wide bump has density 1 everywhere on the cube.
        terms.push(self.wide_log_weight);
        let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // What is far below the top changes no digit of the sum.
        let near = terms.iter().map(|term| term - top).filter(|gap| *gap > -40.0);
        top + near.map(f64::exp).sum::<f64>().ln()
    }
}

impl Shape {
    fn new(axis: Axis, width: f64, bumps: usize) -> Shape {
        match axis {
            Axis::Continuous => Shape::Continuous { width },
            Axis::Steps(count) => {
                let width = width.max(LEAST_STEPS / count);
                // Beyond nine widths nothing is left of a bump.
                let reach = (9.0 * width * count).ceil().min(count) as usize;
                let log_mass = |away: usize| {
                    let (low, high) = (away as f64 - 0.5, away as f64 + 0.5);
                    (count * mass(low / count, high / count, 0.0, width)).max(1e-300).ln()
                };
                Shape::Steps { count, width, log_mass: (0..=reach).map(log_mass).collect() }
            }
            Axis::Named(count) => {
                let wander = (count / (bumps as f64 + count)).min(0.9);
                let log_same = ((1.0 - wander) * count + wander).ln();
                Shape::Named { count, wander, log_same, log_other: wander.ln() }
            }
        }
    }

    /// Logarithm of the factor that makes the mass of a bump one along the axis.
    fn log_scale(&self, middle: f64) -> f64 {
        match self {
            _ if middle.is_nan() => 0.0,
            Shape::Continuous { width } => {
                -((2.0 * PI).sqrt() * width * inside(middle, *width)).ln()
            }
            Shape::Steps { width, .. } => -inside(middle, *width).ln(),
            Shape::Named { .. } => 0.0,
        }
    }

    /// The unit in which distances along the axis are taken.
    fn in_widths(&self, at: f64) -> f64 {
        match self {
            Shape::Continuous { width } => at / width,
            _ => at,
        }
    }

    /// Adds the logarithm of each bump's factor at a coordinate to its term.
    fn add_log_factors(&self, column: &Column, at: f64, terms: &mut [f64]) {
        let at = self.in_widths(at);
        let pairs = terms.iter_mut().zip(&column.centres);
        match self {
            Shape::Continuous { .. } if !column.has_gaps => {
                pairs.for_each(|(term, middle)| *term -= 0.5 * (at - middle) * (at - middle));
            }
            _ => {
                let there = pairs.filter(|(_, middle)| !middle.is_nan());
                there.for_each(|(term, middle)| *term += self.log_factor(*middle, at));
            }
        }
    }

    /// Both coordinates as [`Shape::in_widths`] gives them.
    fn log_factor(&self, middle: f64, at: f64) -> f64 {
        match self {
            Shape::Continuous { .. } => -0.5 * (at - middle) * (at - middle),
            Shape::Steps { count, log_mass, .. } => {
                let away = Axis::step(*count, at).abs_diff(Axis::step(*count, middle));
                log_mass.get(away).copied().unwrap_or(-690.0)
            }
            Shape::Named { count, log_same, log_other, .. } => {
                let same = Axis::step(*count, at) == Axis::step(*count, middle);
                if same { *log_same } else { *log_other }
            }
        }
    }

    fn draw(&self, middle: f64, rng: &mut Rng) -> f64 {
        match self {
            _ if middle.is_nan() => rng.random(),
            Shape::Continuous { width } | Shape::Steps { width, .. } => {
                cut_normal(middle, *width, rng)
            }
            Shape::Named { wander, .. } => {
                let stay = rng.random::<f64>() >= *wander;
                if stay { middle } else { rng.random() }
            }
        }
    }
}

/// Width of the bumps of so many trials, narrower as they grow in number (Scott 1992).
fn width(first: f64, trials: usize, axes: usize) -> f64 {
    let shrink = (trials.max(1) as f64).powf(-1.0 / (axes as f64 + 4.0));
    (first * shrink).max(LEAST_WIDTH)
}

fn fading(at: usize, count: usize) -> f64 {
    let old = count.saturating_sub(FRESH);
    if at >= old {
        return 1.0;
    }
    let first = 1.0 / count as f64;
    first + (1.0 - first) * at as f64 / (old as f64 - 1.0).max(1.0)
}

/// Mass of a normal distribution between two points; tails are kept exact.
fn mass(low: f64, high: f64, middle: f64, width: f64) -> f64 {
    let (a, b) = ((low - middle) / width, (high - middle) / width);
    if a > 0.0 {
        0.5 * (erfc(a / SQRT_2) - erfc(b / SQRT_2))
    } else {
        normal_cdf(b) - normal_cdf(a)
    }
}

/// Mass of a bump within the unit interval. A wall five widths away cuts off 3e-7.
fn inside(middle: f64, width: f64) -> f64 {
    let beyond = |wall: f64| if wall > 5.0 { 0.0 } else { 0.5 * erfc(wall / SQRT_2) };
    1.0 - beyond(middle / width) - beyond((1.0 - middle) / width)
}

/// A draw of a normal distribution cut off at 0 and 1. Its middle lies between them and its width
/// is less than one, so that a third of all draws lie there too.
fn cut_normal(middle: f64, width: f64, rng: &mut Rng) -> f64 {
    loop {
        let at = middle + width * rng.sample::<f64, _>(StandardNormal);
        if (0.0..=1.0).contains(&at) {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    const DRAWS: u32 = 40_000;
    const BLUR: Blur = Blur { first_width: 0.06, wide_weight: 1.0 };

    fn even(rng: &mut Rng) -> [f64; 3] {
        [rng.random(), rng.random(), rng.random()]
    }

    #[test]
    fn the_density_has_mass_one() {
        let axes = [Axis::Continuous, Axis::Steps(4.0), Axis::Named(3.0)];
        let points = [[0.1, 0.375, 0.5], [0.97, 0.875, 0.1], [0.5, 0.125, f64::NAN]];
        let parzen = Parzen::new(&axes, &points.each_ref().map(|point| &point[..]), BLUR);
        let mut rng = Seed::root(2).rng();
        let total: f64 = (0..DRAWS).map(|_| parzen.log_density(&even(&mut rng)).exp()).sum();
        assert!((total / f64::from(DRAWS) - 1.0).abs() < 0.04, "{}", total / f64::from(DRAWS));
    }

    #[test]
    fn without_an_axis_the_density_is_the_integral_over_it() {
        let axes = [Axis::Continuous, Axis::Steps(4.0), Axis::Named(3.0)];
        let points = [[0.1, 0.375, 0.5], [0.3, 0.875, 0.1], [0.5, f64::NAN, 0.9]];
        let parzen = Parzen::new(&axes, &points.each_ref().map(|point| &point[..]), BLUR);
        let steps = [0.125, 0.375, 0.625, 0.875];
        let sum: f64 = steps.iter().map(|&at| parzen.log_density(&[0.2, at, 0.5]).exp()).sum();
        let without = parzen.log_density(&[0.2, f64::NAN, 0.5]).exp();
        assert!((sum / 4.0 - without).abs() < 1e-9 * without, "{sum} {without}");
    }

    #[test]
    fn draws_follow_the_density() {
        let axes = [Axis::Continuous, Axis::Named(2.0)];
        let points = [[0.2, 0.25], [0.25, 0.25]];
        let parzen = Parzen::new(&axes, &points.each_ref().map(|point| &point[..]), BLUR);
        let mut rng = Seed::root(3).rng();
        // The mean of 1 / density over draws is the volume of the cube.
        let total: f64 =
            (0..DRAWS).map(|_| (-parzen.log_density(&parzen.draw(&mut rng))).exp()).sum();
        assert!((total / f64::from(DRAWS) - 1.0).abs() < 0.05, "{}", total / f64::from(DRAWS));
    }
}
