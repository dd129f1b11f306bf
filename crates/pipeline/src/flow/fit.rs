//! Both flows fitted to what was seen, with intervals and with what refutes them.

use base::bootstrap::Plan;
use base::{Interval, Seed};
use serde::{Deserialize, Serialize};
use sim::flow::hawkes::{Decays, HawkesFit, HawkesFitConfig, Residual, fit as fit_hawkes};
use sim::flow::{
    Arrival, FlowKind, FlowSizes, Hawkes, HawkesFlow, HawkesParameters, Watched, ZeroFlow,
    ZeroIntervals,
};

use super::crowd::CrowdNumbers;
use super::held_out::{FITTED_PART, HeldOut, held_out, until};
use super::seen::{Observation, wrong};
use crate::Error;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FitSettings {
    /// Kernels of the Hawkes flow, each with a decay of its own.
    pub kernels: usize,
    /// Slowest decay that is sought, 1 ÷ seconds.
    pub slowest: f64,
    /// Fastest one; where it is beyond what the recorder's clock can tell, a tenth of that.
    pub fastest: f64,
    /// Stretches of time that are drawn anew for intervals of rates.
    pub blocks: usize,
    /// Where draws come from.
    pub seed: u64,
}

impl Default for FitSettings {
    /// Three kernels between ten microseconds and a hundred seconds, forty stretches.
    fn default() -> FitSettings {
        FitSettings { kernels: 3, slowest: 0.01, fastest: 1e5, blocks: 40, seed: 1 }
    }
}

/// A Hawkes flow and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HawkesFound {
    /// The flow.
    pub flow: HawkesFlow,
    /// Sizes of its orders.
    pub sizes: FlowSizes,
    /// The process fitted, with intervals.
    pub fit: HawkesFit,
    /// Of each kind: its waits on the clock of the process, against the law they should have.
    pub residuals: Vec<Residual>,
    /// What it foretells of the last third.
    pub held_out: Option<HeldOut>,
    /// The branching ratio of each third fitted alone; `None` where a third lacks a kind, or asks
    /// for a ratio of one or more.
    pub ratio_by_third: Vec<Option<Interval>>,
}

/// What was fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fitted {
    /// The zero-intelligence flow.
    pub zero: ZeroFlow,
    /// Its intervals.
    pub zero_intervals: ZeroIntervals,
    /// Of each kind: waits on the clock of a constant rate.
    pub zero_residuals: Vec<Residual>,
    /// Sizes of orders.
    pub sizes: FlowSizes,
    /// Numbers of a crowd.
    pub crowd: CrowdNumbers,
    /// The Hawkes flow.
    pub hawkes: Option<HawkesFound>,
    /// Why there is none.
    pub hawkes_fault: Option<String>,
    /// Events of each kind.
    pub counts: Vec<u64>,
    /// Part of the events that share their moment with the one before.
    pub same_moment: f64,
}

/// Fits both flows.
///
/// # Errors
/// Where too little was seen for the zero-intelligence flow; a Hawkes flow that can't be fitted is
/// no error but a reason in words.
pub fn fit(seen: &Observation, settings: &FitSettings) -> Result<Fitted, Error> {
    let watched = &seen.watched;
    let zero = ZeroFlow::calibrate(&seen.single).map_err(Error::WatchFlow)?;
    let sizes = FlowSizes::calibrate(&seen.single).map_err(Error::WatchFlow)?;
    let plan = Plan::independent(Seed::root(settings.seed).child("rates"));
    let zero_intervals =
        ZeroFlow::intervals(&seen.single, settings.blocks, plan).map_err(Error::WatchFlow)?;
    let arrivals = watched.arrivals(seen.clock_seconds);
    let count = |kind: FlowKind| arrivals.iter().filter(|it| it.kind == kind.index()).count();
    let counts: Vec<u64> = FlowKind::ALL.iter().map(|kind| count(*kind) as u64).collect();
    let absent: Vec<&str> =
        FlowKind::ALL.iter().filter(|kind| count(**kind) == 0).map(|kind| kind.name()).collect();
    let (hawkes, hawkes_fault) = match absent.is_empty() {
        true => (Some(find(seen, &arrivals, settings)?), None),
        false => {
            let fault = format!("the recording has no {}; take a longer one", absent.join(", no "));
            (None, Some(fault))
        }
    };
    Ok(Fitted {
        zero_residuals: poisson_residuals(&counts, &arrivals, watched.seconds)?,
        crowd: CrowdNumbers::of(watched),
        zero,
        zero_intervals,
        sizes,
        hawkes,
        hawkes_fault,
        counts,
        same_moment: same_moment(watched),
    })
}

fn same_moment(watched: &Watched) -> f64 {
    let pairs = watched.events.windows(2);
    let same = pairs.filter(|pair| pair[0].at_seconds == pair[1].at_seconds).count();
    same as f64 / watched.events.len().max(1) as f64
}

/// Decays are sought in the part that the held-out third is foretold from, so that the third is
/// new to all of the process; then all is fitted with them.
fn find(
    seen: &Observation,
    arrivals: &[Arrival],
    settings: &FitSettings,
) -> Result<HawkesFound, Error> {
    let FitSettings { kernels, slowest, fastest, .. } = *settings;
    let fastest = fastest.min(0.1 / seen.clock_seconds).max(10.0 * slowest);
    let (seconds, kinds) = (seen.watched.seconds, FlowKind::ALL.len());
    if !(1..=4).contains(&kernels) {
        return Err(wrong(&format!("{kernels} kernels are not in 1..=4")));
    }
    let sought = HawkesFitConfig {
        decays: Decays::Sought { kernels, slowest, fastest },
        ..HawkesFitConfig::default()
    };
    let early = until(arrivals, seconds * FITTED_PART);
    let has_all = (0..kinds).all(|kind| early.iter().any(|arrival| arrival.kind == kind));
    let found = match has_all {
        true => fit_hawkes(early, kinds, seconds * FITTED_PART, &sought),
        false => fit_hawkes(arrivals, kinds, seconds, &sought),
    }
    .map_err(Error::WatchFlow)?;
    let decays = Decays::Fixed(found.model.parameters().decays.clone());
    let fixed = HawkesFitConfig { decays, ..HawkesFitConfig::default() };
    let fit = fit_hawkes(arrivals, kinds, seconds, &fixed).map_err(Error::WatchFlow)?;
    let residuals = fit.model.residuals(arrivals, seconds).map_err(Error::WatchFlow)?;
    let sizes = FlowSizes::calibrate(&seen.watched).map_err(Error::WatchFlow)?;
    let flow = HawkesFlow::around(fit.model.clone(), &seen.single, sizes.limit.mean())
        .map_err(Error::WatchFlow)?;
    let held_out = held_out(arrivals, seconds, &fixed, settings.seed)?;
    let ratio_by_third = thirds(arrivals, seconds, &fixed);
    Ok(HawkesFound { flow, sizes, fit, residuals, held_out, ratio_by_third })
}

fn thirds(arrivals: &[Arrival], seconds: f64, fixed: &HawkesFitConfig) -> Vec<Option<Interval>> {
    let third = seconds / 3.0;
    (0..3)
        .map(|part| {
            let from = f64::from(part) * third;
            let begun = until(arrivals, from).len();
            let within = &until(arrivals, from + third)[begun..];
            let moved: Vec<Arrival> = within
                .iter()
                .map(|it| Arrival { at_seconds: (it.at_seconds - from).min(third), ..*it })
                .collect();
            fit_hawkes(&moved, FlowKind::ALL.len(), third, fixed).ok()?.ratio
        })
        .collect()
}

/// Waits of each kind on the clock of its constant rate.
fn poisson_residuals(
    counts: &[u64],
    arrivals: &[Arrival],
    seconds: f64,
) -> Result<Vec<Residual>, Error> {
    let base = counts.iter().map(|count| (*count as f64 / seconds).max(1e-9)).collect();
    let branching = vec![0.0; counts.len() * counts.len()];
    let constant = Hawkes::new(HawkesParameters { base, decays: vec![1.0], branching });
    let residuals = constant.and_then(|constant| constant.residuals(arrivals, seconds));
    residuals.map_err(Error::WatchFlow)
}
