//! Half the spread: fixed, proportional, by time of day, and estimated from bars.

use base::bootstrap::{self, Plan};
use base::{Interval, Span, Ts};
use market::Bar;
use serde::{Deserialize, Serialize};

use super::calibrate::{enough, refuse};
use crate::{Error, check_range};

/// What half the spread is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum Spread {
    /// So much price, whatever the price.
    Fixed {
        /// Half the spread, in price.
        half: f64,
    },
    /// A part of the price.
    Proportional {
        /// Half the spread, in basis points.
        half_bps: f64,
    },
    /// As recorded, by the time of day.
    Profile(SpreadProfile),
}

impl Spread {
    /// Half the spread in price, for a price at a time of day; `None` outside a profile's hours,
    /// and for a profile at a time that is not known.
    pub fn half(&self, price: f64, time_of_day: Option<Span>) -> Option<f64> {
        match self {
            Spread::Fixed { half } => Some(*half),
            Spread::Proportional { half_bps } => Some(price * half_bps * 1e-4),
            Spread::Profile(profile) => {
                profile.half_bps(time_of_day?).map(|bps| price * bps * 1e-4)
            }
        }
    }

    /// Refuses a spread that no market has.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Spread::Fixed { half } => {
                check_range("costs.spread.half", *half, (0.0, 1e9), "in 0..=1000000000")
            }
            Spread::Proportional { half_bps } => within_bps(*half_bps),
            Spread::Profile(profile) => profile.check(),
        }
    }
}

/// Best prices of both sides at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quoted {
    /// From when on.
    pub at: Ts,
    /// Best bid.
    pub bid: f64,
    /// Best ask.
    pub ask: f64,
}

/// Recorded half spreads by time of day, averaged over the time for which each was quoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpreadProfile {
    from: Span,
    step: Span,
    half_bps: Vec<f64>,
}

/// The hours of a profile, in the clock of the quotes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hours {
    /// Time of day at which it begins.
    pub from: Span,
    /// Time of day at which it ends.
    pub to: Span,
    /// Length of one step; the last one may be shorter.
    pub step: Span,
}

/// Seconds of quotes that each step of a profile needs.
const FEWEST_SECONDS: f64 = 30.0;

impl SpreadProfile {
    /// A profile from recorded quotes. A quote counts until the next one, or until its step of the
    /// day ends; crossed and locked ones count for nothing. A step with less than half a minute of
    /// quotes is refused.
    pub fn from_quotes(quotes: &[Quoted], hours: Hours) -> Result<SpreadProfile, Error> {
        let what = "a profile of the spread";
        let length = hours.to.nanos() - hours.from.nanos();
        if length <= 0 || hours.step.nanos() <= 0 {
            return Err(refuse(what, "the hours end before they begin, or have no step".into()));
        }
        let steps = (length as u64).div_ceil(hours.step.nanos() as u64) as usize;
        let mut sums = vec![(0.0, 0.0); steps];
        for pair in quotes.windows(2) {
            if pair[1].at < pair[0].at {
                return Err(refuse(what, "quotes are not in the order of time".into()));
            }
            let Some(step) = step_of(hours.from, hours.step, pair[0].at.time_of_day(), steps)
            else {
                continue;
            };
            let Quoted { at, bid, ask } = pair[0];
            let ends = hours.from.nanos() + (step as i64 + 1) * hours.step.nanos();
            let left = ends - at.time_of_day().nanos();
            let seconds = Span::from_nanos(left.min(pair[1].at.nanos() - at.nanos())).seconds();
            if bid > 0.0 && ask > bid && ask.is_finite() {
                sums[step].0 += seconds * (ask - bid) / (ask + bid) * 1e4;
                sums[step].1 += seconds;
            }
        }
        if let Some(thin) = sums.iter().position(|sum| sum.1 < FEWEST_SECONDS) {
            let fault =
                format!("step {thin} has {:.1} s of quotes of {FEWEST_SECONDS}", sums[thin].1);
            return Err(refuse(what, fault));
        }
        let half_bps = sums.iter().map(|sum| sum.0 / sum.1).collect();
        Ok(SpreadProfile { from: hours.from, step: hours.step, half_bps })
    }

    /// Half the spread at a time of day, in basis points; `None` outside the hours.
    pub fn half_bps(&self, time_of_day: Span) -> Option<f64> {
        let step = step_of(self.from, self.step, time_of_day, self.half_bps.len())?;
        Some(self.half_bps[step])
    }

    /// Refuses a profile without a step, or with half spreads that no market has.
    pub fn check(&self) -> Result<(), Error> {
        let step = self.step.seconds();
        check_range(
            "costs.spread.step",
            step,
            (1e-9, 86_400.0),
            "longer than nothing, a day at most",
        )?;
        let count = self.half_bps.len() as f64;
        check_range("costs.spread.half_bps", count, (1.0, 1e5), "a list of 1 to 100000 steps")?;
        self.half_bps.iter().try_for_each(|half_bps| within_bps(*half_bps))
    }

    /// All steps, in the order of the day, in basis points.
    pub fn steps(&self) -> &[f64] {
        &self.half_bps
    }
}

fn within_bps(half_bps: f64) -> Result<(), Error> {
    check_range("costs.spread.half_bps", half_bps, (0.0, 5_000.0), "in 0..=5000")
}

fn step_of(from: Span, step: Span, time_of_day: Span, steps: usize) -> Option<usize> {
    let since = time_of_day.nanos() - from.nanos();
    let index = usize::try_from(since.div_euclid(step.nanos())).ok()?;
    (index < steps).then_some(index)
}

/// A spread told from bars alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpreadEstimate {
    /// The whole spread, in basis points of the price, with its interval by blocks.
    pub spread_bps: Interval,
    /// Part of the pairs whose own estimate was below zero and was taken as zero: where it is
    /// large, the bars are too coarse for the spread and the figure errs upward. Zero for measures
    /// that do not look at pairs one by one.
    pub floored: f64,
    /// Pairs of bars it rests on.
    pub rows: usize,
}

/// Roll (1984): 2 √(−cov(Δlog p(t), Δlog p(t−1))) of the closes. Refused where the covariance is
/// not negative: the measure is then undefined.
pub fn roll(bars: &[Bar], plan: Plan) -> Result<SpreadEstimate, Error> {
    let what = "the spread by Roll";
    let logs = logarithms(what, bars)?;
    let changes: Vec<f64> = logs.windows(2).map(|pair| pair[1].close - pair[0].close).collect();
    let pairs: Vec<(f64, f64)> = changes.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let of = |rows: &[usize]| {
        let count = rows.len() as f64;
        let (mut first, mut next, mut cross) = (0.0, 0.0, 0.0);
        for &row in rows {
            first += pairs[row].0;
            next += pairs[row].1;
            cross += pairs[row].0 * pairs[row].1;
        }
        let covariance = cross / count - first / count * next / count;
        // NaN where it is positive: such draws are left out of the interval.
        2.0 * (-covariance).sqrt() * 1e4
    };
    let spread_bps = bootstrap::interval(pairs.len(), plan, of);
    if !spread_bps.value.is_finite() {
        let fault = "changes follow each other's direction: the measure is undefined";
        return Err(refuse(what, fault.to_owned()));
    }
    Ok(SpreadEstimate { spread_bps, floored: 0.0, rows: pairs.len() })
}

/// Corwin and Schultz (2012), eqs. 14 and 18: from the highs and lows of two bars and of both
/// together. Each pair's estimate is at least zero, so the mean errs upward where the spread is
/// small beside the range of a bar; a bar that opens beyond its predecessor's
/// close is moved to it, as the paper does for nights.
pub fn corwin_schultz(bars: &[Bar], plan: Plan) -> Result<SpreadEstimate, Error> {
    let logs = logarithms("the spread by Corwin and Schultz", bars)?;
    let values: Vec<f64> = logs.windows(2).map(|pair| high_low_spread(pair[0], pair[1])).collect();
    let mean = bootstrap::mean_interval(&values, plan);
    let spread_bps =
        Interval { value: mean.value * 1e4, low: mean.low * 1e4, high: mean.high * 1e4, ..mean };
    let floored = values.iter().filter(|&&value| value == 0.0).count() as f64;
    Ok(SpreadEstimate { spread_bps, floored: floored / values.len() as f64, rows: values.len() })
}

fn high_low_spread(first: Logs, next: Logs) -> f64 {
    let gap = (next.low - first.close).max(0.0) + (next.high - first.close).min(0.0);
    let next = Logs { high: next.high - gap, low: next.low - gap, close: next.close };
    let beta = (first.high - first.low).powi(2) + (next.high - next.low).powi(2);
    let gamma = (first.high.max(next.high) - first.low.min(next.low)).powi(2);
    let scale = 3.0 - 2.0 * std::f64::consts::SQRT_2;
    let alpha = ((2.0 * beta).sqrt() - beta.sqrt()) / scale - (gamma / scale).sqrt();
    (2.0 * (alpha.exp() - 1.0) / (1.0 + alpha.exp())).max(0.0)
}

/// Abdi and Ranaldo (2017), eq. 11: √max(0, 4 E[(c(t) − η(t)) (c(t) − η(t+1))]) of log closes c
/// and log mid-ranges η, the mean taken over all pairs before the root.
pub fn abdi_ranaldo(bars: &[Bar], plan: Plan) -> Result<SpreadEstimate, Error> {
    let logs = logarithms("the spread by Abdi and Ranaldo", bars)?;
    let middle = |of: Logs| (of.high + of.low) / 2.0;
    let products: Vec<f64> = logs
        .windows(2)
        .map(|pair| (pair[0].close - middle(pair[0])) * (pair[0].close - middle(pair[1])))
        .collect();
    let of = |rows: &[usize]| {
        let mean = rows.iter().map(|&row| products[row]).sum::<f64>() / rows.len() as f64;
        (4.0 * mean).max(0.0).sqrt() * 1e4
    };
    let spread_bps = bootstrap::interval(products.len(), plan, of);
    Ok(SpreadEstimate { spread_bps, floored: 0.0, rows: products.len() })
}

#[derive(Debug, Clone, Copy)]
struct Logs {
    high: f64,
    low: f64,
    close: f64,
}

fn logarithms(what: &'static str, bars: &[Bar]) -> Result<Vec<Logs>, Error> {
    enough(what, bars.len())?;
    let mut logs = Vec::with_capacity(bars.len());
    for (row, bar) in bars.iter().enumerate() {
        if bar.low.raw() <= 0 || bar.close < bar.low || bar.high < bar.close {
            return Err(refuse(what, format!("bar {row} is not one: {bar:?}")));
        }
        let [high, low, close] = [bar.high, bar.low, bar.close].map(|p| p.to_f64().ln());
        logs.push(Logs { high, low, close });
    }
    Ok(logs)
}
