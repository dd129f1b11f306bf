//! The forward and the discount that calls and puts agree on.

use serde::{Deserialize, Serialize};

use super::{Chain, Pair};
use crate::surface::Term;
use crate::{Error, positive};

/// Where the discount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Rate {
    /// From the slope of call less put over strikes. It needs strikes far apart and tight
    /// quotes: over a few days an error of a cent in prices is one of percents a year.
    Implied,
    /// This factor, known from elsewhere.
    Discount(f64),
}

/// What put-call parity says of an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Implied {
    /// Years, forward and discount.
    pub term: Term,
    /// Strikes with all four sides quoted.
    pub strikes: usize,
    /// Standard error of the forward, in its own unit.
    pub forward_error: f64,
    /// Standard error of the discount factor; 0 where it was given.
    pub discount_error: f64,
    /// Share of strikes whose call less put, bought or sold, leaves room for this term.
    pub inside: f64,
}

/// Call less put at one strike.
struct Point {
    strike: f64,
    gap: f64,
    half_width: f64,
}

impl Point {
    fn of(pair: &Pair) -> Option<Point> {
        let (call, put) = (pair.call, pair.put);
        let width = call.spread()? + put.spread()?;
        let gap = call.mid()? - put.mid()?;
        (width >= 0.0).then_some(Point { strike: pair.strike, gap, half_width: 0.5 * width })
    }
}

/// A line `gap = level − slope · (strike − centre)`.
struct Line {
    centre: f64,
    level: f64,
    slope: f64,
}

impl Line {
    fn miss(&self, point: &Point) -> f64 {
        point.gap - self.level + self.slope * (point.strike - self.centre)
    }

    /// The strike at which call and put cost the same.
    fn root(&self) -> f64 {
        self.centre + self.level / self.slope
    }
}

/// Forward and discount from `call − put = discount · (forward − strike)` over all strikes.
///
/// A regression with weights of the inverse squared half-widths of the quotes, made robust by
/// reweighting after Huber (1964), "Robust estimation of a location parameter": misses beyond
/// 1.345 scales count by their size, not its square. It starts from the line through medians
/// (Theil 1950; Sen 1968), so that no half of the strikes but the wrong one can mislead it.
///
/// # Errors
/// [`Error::Value`] for fewer than three strikes with all four sides (one if the discount is
/// given), or if the forward or the discount comes out not above 0.
pub fn implied_term(chain: &Chain, rate: Rate) -> Result<Implied, Error> {
    let points: Vec<Point> = chain.pairs().iter().filter_map(Point::of).collect();
    let (what, value) = ("number of strikes with call and put quoted", points.len() as f64);
    let (fewest, allowed) = match rate {
        Rate::Implied => (3.0, "3 or more"),
        Rate::Discount(_) => (1.0, "1 or more"),
    };
    if value < fewest {
        return Err(Error::Value { what, value, allowed });
    }
    if let Rate::Discount(discount) = rate {
        positive("discount factor", discount)?;
    }
    let known = if let Rate::Discount(discount) = rate { Some(discount) } else { None };
    let mut line = medians(&points, known);
    let mut weights = Vec::new();
    for _ in 0..50 {
        weights = huber(&points, &line);
        line = regression(&points, &weights, known);
    }
    let term = Term { years: chain.years(), forward: line.root(), discount: line.slope };
    let (level_error, slope_error) = errors(&points, &weights, &line, known);
    let lever = (line.root() - line.centre) * slope_error;
    let inside = points.iter().filter(|p| line.miss(p).abs() <= p.half_width).count();
    Ok(Implied {
        term: term.checked()?,
        strikes: points.len(),
        forward_error: level_error.hypot(lever) / line.slope,
        discount_error: slope_error,
        inside: inside as f64 / value,
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    base::stats::quantile(&values, 0.5)
}

fn medians(points: &[Point], known: Option<f64>) -> Line {
    let slopes = points.iter().enumerate().flat_map(|(i, near)| {
        let to = move |far: &Point| (near.gap - far.gap) / (far.strike - near.strike);
        points[i + 1..].iter().map(to)
    });
    let slope = known.unwrap_or_else(|| median(slopes));
    let centre = median(points.iter().map(|p| p.strike));
    let level = median(points.iter().map(|p| p.gap + slope * (p.strike - centre)));
    Line { centre, level, slope }
}

/// Misses in half-widths; a quote can't say more than a hundredth of the usual width.
fn scaled(points: &[Point]) -> impl Iterator<Item = f64> + '_ {
    let usual = median(points.iter().map(|p| p.half_width));
    let largest = points.iter().map(|p| p.gap.abs()).fold(0.0, f64::max);
    let least = (0.01 * usual).max(1e-9 * largest).max(f64::MIN_POSITIVE);
    points.iter().map(move |p| p.half_width.max(least))
}

fn huber(points: &[Point], line: &Line) -> Vec<f64> {
    let widths: Vec<f64> = scaled(points).collect();
    let misses = || points.iter().zip(&widths).map(|(p, width)| (line.miss(p) / width).abs());
    let scale = (median(misses()) * 1.4826).max(1e-6);
    let weight = |miss: f64| (1.345 * scale / miss.max(f64::MIN_POSITIVE)).min(1.0);
    misses().zip(&widths).map(|(miss, width)| weight(miss) / (width * width)).collect()
}

fn regression(points: &[Point], weights: &[f64], known: Option<f64>) -> Line {
    let sum = |value: &dyn Fn(&Point) -> f64| -> f64 {
        points.iter().zip(weights).map(|(p, weight)| weight * value(p)).sum()
    };
    let total = sum(&|_| 1.0);
    let centre = sum(&|p| p.strike) / total;
    let level = sum(&|p| p.gap) / total;
    let spread = sum(&|p| (p.strike - centre).powi(2));
    let slope = known.unwrap_or_else(|| -sum(&|p| (p.strike - centre) * p.gap) / spread);
    Line { centre, level, slope }
}

/// Standard errors of level and slope from the misses that were left.
fn errors(points: &[Point], weights: &[f64], line: &Line, known: Option<f64>) -> (f64, f64) {
    let free = if known.is_some() { 1.0 } else { 2.0 };
    let spare = (points.len() as f64 - free).max(1.0);
    let total: f64 = weights.iter().sum();
    let weighted = |value: &dyn Fn(&Point) -> f64| -> f64 {
        points.iter().zip(weights).map(|(p, weight)| weight * value(p)).sum()
    };
    let left = weighted(&|p| line.miss(p).powi(2)) / spare;
    let spread = weighted(&|p| (p.strike - line.centre).powi(2));
    let slope = if known.is_some() { 0.0 } else { (left / spread).sqrt() };
    ((left / total).sqrt(), slope)
}
