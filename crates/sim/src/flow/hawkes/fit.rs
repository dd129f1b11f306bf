//! Maximum likelihood.
//!
//! With the decays given, the log-likelihood is concave in μ and α and falls apart into one
//! problem a kind, so Newton's method finds its only top. What would go below zero is held at
//! zero (two-metric projection: Bertsekas 1982, SIAM J. Control Optim. 20, 221–246); where such a
//! step leads down, safe steps are taken until it does not. Decays are sought by golden sections on their logarithms, one at a time.

use base::Interval;
use base::stats::normal_quantile;
use serde::{Deserialize, Serialize};

use super::likelihood::{Echo, heard};
use super::linear::Cholesky;
use super::{Arrival, Hawkes, HawkesParameters, check_arrivals};
use crate::{Error, check_range};

/// The decays of the kernels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decays {
    /// As given, 1 ÷ seconds.
    Fixed(Vec<f64>),
    /// So many, sought between these bounds, 1 ÷ seconds. Finer differences than a part in
    /// fifty are not sought.
    Sought {
        /// How many kernels.
        kernels: usize,
        /// Slowest.
        slowest: f64,
        /// Fastest.
        fastest: f64,
    },
}

/// How to fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HawkesFitConfig {
    /// The decays.
    pub decays: Decays,
    /// Largest branching ratio that is taken; below one. Where the data ask for more, all α are
    /// scaled down to it and [`HawkesFit::stability`] says so.
    pub largest_ratio: f64,
    /// Coverage of the intervals.
    pub level: f64,
}

impl Default for HawkesFitConfig {
    fn default() -> HawkesFitConfig {
        let decays = Decays::Sought { kernels: 1, slowest: 1e-3, fastest: 1e3 };
        HawkesFitConfig { decays, largest_ratio: 0.995, level: 0.95 }
    }
}

/// Whether the data asked for a stationary process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stability {
    /// The branching ratio is that of the likelihood.
    Free,
    /// It was brought down to the largest allowed; the likelihood wanted this one.
    Held {
        /// The ratio at the likelihood's top.
        wanted: f64,
    },
}

/// A fitted process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HawkesFit {
    /// The process.
    pub model: Hawkes,
    /// Its log-likelihood.
    pub log_likelihood: f64,
    /// That of a Poisson process of the same mean rates.
    pub poisson_log_likelihood: f64,
    /// Events used.
    pub events: usize,
    /// Akaike's criterion: 2 × parameters − 2 × log-likelihood, decays counted when sought.
    pub akaike: f64,
    /// Intervals of μ; `None` at the bound, where the curvature tells nothing.
    pub base: Vec<Option<Interval>>,
    /// Intervals of α, laid out as [`HawkesParameters::branching`]. They come from the curvature
    /// with the decays as given, so they are too narrow where decays were sought.
    pub branching: Vec<Option<Interval>>,
    /// The branching ratio and its interval, from the curvature as those of α (the delta method);
    /// `None` where it was held.
    pub ratio: Option<Interval>,
    /// Whether the ratio had to be held.
    pub stability: Stability,
}

/// Fits a process to what was seen from second 0 to `seconds`.
///
/// # Errors
/// [`Error::ReadArrivals`] for arrivals that are none, or of a kind that never came;
/// [`Error::ReadSetting`] for decays outside 1e-9..=1e9.
pub fn fit(
    arrivals: &[Arrival],
    kinds: usize,
    seconds: f64,
    config: &HawkesFitConfig,
) -> Result<HawkesFit, Error> {
    check(arrivals, kinds, seconds, config)?;
    let data = Data { arrivals, kinds, seconds };
    let (decays, sought) = match &config.decays {
        Decays::Fixed(decays) => (decays.clone(), 0),
        Decays::Sought { kernels, slowest, fastest } => {
            (data.seek(*kernels, (slowest.ln(), fastest.ln())), *kernels)
        }
    };
    let top = data.climb(&decays, data.beginning(decays.len()), WHOLLY);
    let parameters = data.parameters(&decays, &top.values);
    let spread = data.ratio_deviation(&top, &parameters);
    let counts = data.counts();
    let poisson = counts.iter().map(|n| n * (n / seconds).ln() - n).sum();
    let (model, stability) = data.hold(parameters, config.largest_ratio)?;
    let log_likelihood = match stability {
        Stability::Free => top.height(),
        Stability::Held { .. } => model.log_likelihood(arrivals, seconds)?,
    };
    let free = model.parameters().branching.len() + kinds + sought;
    let (base, branching) = data.intervals(&top, decays.len(), config.level);
    let half = normal_quantile(0.5 + config.level / 2.0) * spread;
    let value = model.branching_ratio();
    let (low, high) = ((value - half).max(0.0), value + half);
    let ratio = Interval { value, low, high, level: config.level };
    Ok(HawkesFit {
        model,
        log_likelihood,
        poisson_log_likelihood: poisson,
        events: arrivals.len(),
        akaike: 2.0 * free as f64 - 2.0 * log_likelihood,
        base,
        branching,
        ratio: (stability == Stability::Free).then_some(ratio),
        stability,
    })
}

fn check(
    arrivals: &[Arrival],
    kinds: usize,
    seconds: f64,
    config: &HawkesFitConfig,
) -> Result<(), Error> {
    check_arrivals(arrivals, kinds, seconds)?;
    check_range("hawkes.kinds", kinds as f64, (1.0, 64.0), "in 1..=64")?;
    check_range("hawkes.largest_ratio", config.largest_ratio, (0.0, 0.9999), "in 0..=0.9999")?;
    check_range("hawkes.level", config.level, (0.5, 0.9999), "in 0.5..=0.9999")?;
    let bounds: &[f64] = match &config.decays {
        Decays::Fixed(decays) => decays,
        Decays::Sought { slowest, fastest, .. } => &[*slowest, *fastest],
    };
    for &decay in bounds {
        check_range("hawkes.decays", decay, (1e-9, 1e9), "in 1e-9..=1e9 a second")?;
    }
    let kernels = match &config.decays {
        Decays::Fixed(decays) => decays.len(),
        Decays::Sought { kernels, .. } => *kernels,
    };
    check_range("hawkes.kernels", kernels as f64, (1.0, 16.0), "in 1..=16")?;
    let absent = (0..kinds).find(|&kind| arrivals.iter().all(|arrival| arrival.kind != kind));
    match absent {
        Some(kind) => Err(Error::ReadArrivals { fault: format!("none is of kind {kind}") }),
        None => Ok(()),
    }
}

struct Data<'a> {
    arrivals: &'a [Arrival],
    kinds: usize,
    seconds: f64,
}

/// Values of one kind's problem: μ, then α by source and kernel; and what the likelihood is there.
#[derive(Clone)]
struct Part {
    height: f64,
    slope: Vec<f64>,
    /// Minus the second derivatives.
    curvature: Vec<f64>,
}

struct Top {
    values: Vec<Vec<f64>>,
    parts: Vec<Part>,
}

impl Top {
    fn height(&self) -> f64 {
        self.parts.iter().map(|part| part.height).sum()
    }
}

/// When a climb ends.
#[derive(Clone, Copy)]
struct Care {
    most_steps: usize,
    /// Units of log-likelihood that are worth a step.
    least_gain: f64,
}

/// To the top; a dozen steps are usual.
const WHOLLY: Care = Care { most_steps: 400, least_gain: 1e-3 };
/// Near enough to tell one decay from another, from a beginning that is near already.
const ROUGHLY: Care = Care { most_steps: 30, least_gain: 0.05 };
/// Rounds over all decays, and golden sections in each.
const ROUNDS: usize = 3;
const SECTIONS: usize = 12;

impl Data<'_> {
    fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.kinds];
        self.arrivals.iter().for_each(|arrival| counts[arrival.kind] += 1.0);
        counts
    }

    fn beginning(&self, kernels: usize) -> Vec<Vec<f64>> {
        let children = 0.5 / (self.kinds * kernels) as f64;
        let wide = self.kinds * kernels;
        let of = |count: f64| [vec![0.5 * count / self.seconds], vec![children; wide]].concat();
        self.counts().into_iter().map(of).collect()
    }

    fn climb(&self, decays: &[f64], mut values: Vec<Vec<f64>>, care: Care) -> Top {
        let heard = heard(self.arrivals, self.kinds, decays, self.seconds);
        let costs = [vec![self.seconds], heard].concat();
        let mut parts = self.survey(decays, &values, &costs);
        // How many safe steps to take before the next bold one, and how many the last time.
        let mut safe = vec![(0, 1); self.kinds];
        for _ in 0..care.most_steps {
            let steps: Vec<Step> =
                parts.iter().zip(&values).map(|(part, at)| Step::new(part, at, &costs)).collect();
            if steps.iter().all(|step| step.promise < care.least_gain) {
                break;
            }
            let trial: Vec<Vec<f64>> = (0..self.kinds)
                .map(|kind| match safe[kind].0 {
                    0 => steps[kind].bold.clone(),
                    _ => steps[kind].safe.clone(),
                })
                .collect();
            let seen = self.survey(decays, &trial, &costs);
            for (kind, (part, at)) in seen.into_iter().zip(trial).enumerate() {
                if part.height >= parts[kind].height {
                    (parts[kind], values[kind]) = (part, at);
                    safe[kind].0 = usize::saturating_sub(safe[kind].0, 1);
                } else {
                    safe[kind] = (safe[kind].1, (safe[kind].1 * 2).min(32));
                }
            }
        }
        Top { values, parts }
    }

    /// Heights, slopes and curvatures of all kinds' problems.
    fn survey(&self, decays: &[f64], values: &[Vec<f64>], costs: &[f64]) -> Vec<Part> {
        let wide = costs.len();
        let mut parts: Vec<Part> = values
            .iter()
            .map(|at| Part {
                height: -at.iter().zip(costs).map(|(value, cost)| value * cost).sum::<f64>(),
                slope: costs.iter().map(|cost| -cost).collect(),
                curvature: vec![0.0; wide * wide],
            })
            .collect();
        let mut echo = Echo::new(self.kinds, decays);
        let mut sight = vec![1.0; wide];
        for arrival in self.arrivals {
            sight[1..].copy_from_slice(echo.at(arrival.at_seconds));
            parts[arrival.kind].take(&sight, &values[arrival.kind]);
            echo.hear(arrival.kind);
        }
        parts
    }

    fn seek(&self, kernels: usize, (slowest, fastest): (f64, f64)) -> Vec<f64> {
        let place = |at: usize| (at as f64 + 0.5) / kernels as f64;
        let mut logs: Vec<f64> =
            (0..kernels).map(|at| slowest + place(at) * (fastest - slowest)).collect();
        let mut values = self.beginning(kernels);
        let mut height = |logs: &[f64]| {
            let decays: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
            // From the last top, but inside the bounds, so that nothing is stuck at zero.
            let begin = values.iter().map(|at| at.iter().map(|v| v.max(1e-6)).collect());
            let top = self.climb(&decays, begin.collect(), ROUGHLY);
            values.clone_from(&top.values);
            top.height()
        };
        let rounds = if kernels == 1 { 1 } else { ROUNDS };
        for round in 0..rounds {
            for at in 0..kernels {
                // Neighbours bound each decay, so that kernels do not change places.
                let below = if at == 0 { slowest } else { logs[at - 1] };
                let above = logs.get(at + 1).copied().unwrap_or(fastest);
                let near = (fastest - slowest) / f64::from(1 << round);
                let bounds = (below.max(logs[at] - near), above.min(logs[at] + near));
                logs[at] = golden(bounds, |log| {
                    let mut trial = logs.clone();
                    trial[at] = log;
                    height(&trial)
                });
            }
        }
        logs.into_iter().map(f64::exp).collect()
    }

    fn parameters(&self, decays: &[f64], values: &[Vec<f64>]) -> HawkesParameters {
        let (kinds, kernels) = (self.kinds, decays.len());
        let mut branching = Vec::with_capacity(kinds * kinds * kernels);
        for from in 0..kinds {
            for of_kind in values {
                branching.extend_from_slice(&of_kind[1 + from * kernels..][..kernels]);
            }
        }
        let base = values.iter().map(|of_kind| of_kind[0]).collect();
        HawkesParameters { base, decays: decays.to_vec(), branching }
    }

    /// Brings the branching ratio below its bound, with base rates that keep the mean rates.
    fn hold(
        &self,
        mut parameters: HawkesParameters,
        largest: f64,
    ) -> Result<(Hawkes, Stability), Error> {
        let wanted = parameters.branching_ratio();
        if wanted <= largest {
            return Ok((Hawkes::new(parameters)?, Stability::Free));
        }
        parameters.branching.iter_mut().for_each(|children| *children *= largest / wanted);
        let rates: Vec<f64> = self.counts().iter().map(|count| count / self.seconds).collect();
        for kind in 0..self.kinds {
            let sources = rates.iter().enumerate();
            let brought: f64 =
                sources.map(|(from, rate)| parameters.children(from, kind) * rate).sum();
            parameters.base[kind] = (rates[kind] - brought).max(1e-6 * rates[kind]);
        }
        Ok((Hawkes::new(parameters)?, Stability::Held { wanted }))
    }

    /// Standard deviation of the branching ratio. The problems of the kinds are apart, so their
    /// variances add.
    fn ratio_deviation(&self, top: &Top, parameters: &HawkesParameters) -> f64 {
        let (kinds, kernels) = (self.kinds, parameters.decays.len());
        let slopes = parameters.ratio_slopes();
        let variance = |(to, (part, at)): (usize, (&Part, &Vec<f64>))| {
            let inside = inside(at);
            let slope = |place: usize| match place.checked_sub(1) {
                Some(child) => slopes[child / kernels * kinds + to],
                None => 0.0,
            };
            let slopes: Vec<f64> = inside.iter().map(|&place| slope(place)).collect();
            let solved = part.factored(&inside).solve(&slopes);
            slopes.iter().zip(solved).map(|(slope, solved)| slope * solved).sum::<f64>()
        };
        let parts = top.parts.iter().zip(&top.values).enumerate();
        parts.map(variance).sum::<f64>().sqrt()
    }

    fn intervals(
        &self,
        top: &Top,
        kernels: usize,
        level: f64,
    ) -> (Vec<Option<Interval>>, Vec<Option<Interval>>) {
        let reach = normal_quantile(0.5 + level / 2.0);
        let of_kind: Vec<Vec<Option<Interval>>> = top
            .parts
            .iter()
            .zip(&top.values)
            .map(|(part, at)| {
                let deviations = part.deviations(at);
                let pairs = at.iter().zip(deviations);
                let interval = |(value, deviation): (&f64, Option<f64>)| {
                    let half = reach * deviation?;
                    let (low, high) = ((value - half).max(0.0), value + half);
                    Some(Interval { value: *value, low, high, level })
                };
                pairs.map(interval).collect()
            })
            .collect();
        let base = of_kind.iter().map(|intervals| intervals[0]).collect();
        let mut branching = Vec::new();
        for from in 0..self.kinds {
            for intervals in &of_kind {
                branching.extend_from_slice(&intervals[1 + from * kernels..][..kernels]);
            }
        }
        (base, branching)
    }
}

impl Part {
    fn take(&mut self, sight: &[f64], values: &[f64]) {
        let wide = sight.len();
        let rate: f64 = sight.iter().zip(values).map(|(seen, value)| seen * value).sum();
        self.height += libm::log(rate);
        let over = 1.0 / rate;
        for (row, seen) in sight.iter().enumerate() {
            self.slope[row] += seen * over;
            let scaled = seen * over * over;
            let triangle = &mut self.curvature[row * wide..row * wide + row + 1];
            triangle.iter_mut().zip(sight).for_each(|(sum, other)| *sum += scaled * other);
        }
    }

    /// Values that are off their bound, or would leave it. One that stands for less than a
    /// hundredth of an event and wants to shrink is at its bound.
    fn free(&self, at: &[f64], costs: &[f64]) -> Vec<usize> {
        let is_free = |&p: &usize| at[p] * costs[p] > 0.01 || self.slope[p] > 0.0;
        (0..at.len()).filter(is_free).collect()
    }

    fn factored(&self, free: &[usize]) -> Cholesky {
        let wide = self.slope.len();
        let entry = |a: usize, b: usize| self.curvature[a.max(b) * wide + a.min(b)];
        let rows = free.iter().flat_map(|&a| free.iter().map(move |&b| entry(a, b)));
        Cholesky::new(&rows.collect::<Vec<_>>(), free.len())
    }

    fn deviations(&self, at: &[f64]) -> Vec<Option<f64>> {
        let inside = inside(at);
        let mut all = vec![None; at.len()];
        for (place, variance) in inside.iter().zip(self.factored(&inside).inverse_diagonal()) {
            all[*place] = Some(variance.sqrt());
        }
        all
    }
}

/// Values that are off their bound.
fn inside(at: &[f64]) -> Vec<usize> {
    (0..at.len()).filter(|&place| at[place] > 1e-8).collect()
}

/// Where to go from here.
struct Step {
    /// Newton's step on the free values; may lead down where the bounds cut it.
    bold: Vec<f64>,
    /// A step of expectation and maximisation (Veen and Schoenberg 2008, J. Am. Stat. Assoc. 103,
    /// 614–624): each value times the events that it explains ÷ those that it foretold. It is
    /// short, and never leads down.
    safe: Vec<f64>,
    /// What the bold step would gain on a parabola, at most.
    promise: f64,
}

impl Step {
    fn new(part: &Part, at: &[f64], costs: &[f64]) -> Step {
        let free = part.free(at, costs);
        let slope: Vec<f64> = free.iter().map(|&place| part.slope[place]).collect();
        let solved = part.factored(&free).solve(&slope);
        let mut bold = vec![0.0; at.len()];
        let mut promise = 0.0;
        for ((&place, step), slope) in free.iter().zip(&solved).zip(&slope) {
            bold[place] = (at[place] + step).max(0.0);
            // What the bound cuts off gains nothing.
            promise += ((bold[place] - at[place]) * slope).abs();
        }
        // A kind that comes needs a base, or its first event would be impossible.
        bold[0] = bold[0].max(at[0] * 0.01).max(1e-12);
        let explained = |place: usize| {
            let part = (part.slope[place] + costs[place]) / costs[place].max(f64::MIN_POSITIVE);
            at[place] * part.max(0.0)
        };
        let safe = (0..at.len()).map(explained).collect();
        Step { bold, safe, promise }
    }
}

/// Where a function is largest between bounds, by golden sections (Kiefer 1953).
fn golden((mut low, mut high): (f64, f64), mut of: impl FnMut(f64) -> f64) -> f64 {
    const PART: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - PART * (high - low), low + PART * (high - low));
    let (mut at_left, mut at_right) = (of(left), of(right));
    for _ in 0..SECTIONS {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - PART * (high - low);
            at_left = of(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + PART * (high - low);
            at_right = of(right);
        }
    }
    (low + high) / 2.0
}
