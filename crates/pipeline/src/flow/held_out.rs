//! What a fitted process foretells of events that it was not fitted to.

use base::Seed;
use base::bootstrap::{Interval, Plan, interval};
use serde::{Deserialize, Serialize};
use sim::flow::hawkes::{HawkesFitConfig, fit};
use sim::flow::{Arrival, FlowKind};

use crate::Error;

/// How a process did on the last third, fitted to what came before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Length of the last third.
    pub seconds: f64,
    /// Its events.
    pub events: u64,
    /// Log-likelihood an event beyond that of constant rates which are those of the third itself,
    /// known with hindsight, in nats; below zero the process foretells worse than these.
    pub gain_nats: Interval,
}

/// Stretches of the last third that are drawn anew for the interval.
const STRETCHES: usize = 20;

/// Part of an observation that a process is fitted to.
pub(super) const FITTED_PART: f64 = 2.0 / 3.0;

/// Arrivals up to a time.
pub(super) fn until(arrivals: &[Arrival], seconds: f64) -> &[Arrival] {
    &arrivals[..arrivals.partition_point(|arrival| arrival.at_seconds <= seconds)]
}

/// Fits the first part with the decays given and looks at the rest; `None` where a kind is missing
/// in either.
pub(super) fn held_out(
    arrivals: &[Arrival],
    seconds: f64,
    config: &HawkesFitConfig,
    seed: u64,
) -> Result<Option<HeldOut>, Error> {
    let fitted_to = seconds * FITTED_PART;
    let before = until(arrivals, fitted_to);
    let kinds = FlowKind::ALL.len();
    let missing = |of: &[Arrival]| (0..kinds).any(|kind| of.iter().all(|it| it.kind != kind));
    let after = &arrivals[before.len()..];
    if missing(before) || missing(after) {
        return Ok(None);
    }
    let count = |kind: usize| after.iter().filter(|it| it.kind == kind).count() as f64;
    let rates: Vec<f64> = (0..kinds).map(|kind| count(kind) / (seconds - fitted_to)).collect();
    let model = fit(before, kinds, fitted_to, config).map_err(Error::WatchFlow)?.model;
    let height = |end: f64| model.log_likelihood(until(arrivals, end), end);
    let step = (seconds - fitted_to) / STRETCHES as f64;
    let mut rows: Vec<(f64, f64)> = Vec::with_capacity(STRETCHES);
    let mut from = (fitted_to, height(fitted_to).map_err(Error::WatchFlow)?, before.len());
    for stretch in 1..=STRETCHES {
        let end = if stretch == STRETCHES { seconds } else { fitted_to + stretch as f64 * step };
        let to = (end, height(end).map_err(Error::WatchFlow)?, until(arrivals, end).len());
        let came = &arrivals[from.2..to.2];
        let constant: f64 = came.iter().map(|arrival| rates[arrival.kind].ln()).sum::<f64>()
            - rates.iter().sum::<f64>() * (to.0 - from.0);
        rows.push((to.1 - from.1 - constant, came.len() as f64));
        from = to;
    }
    let events: f64 = rows.iter().map(|row| row.1).sum();
    let plan = Plan::independent(Seed::root(seed).child("held out"));
    let gain_nats = interval(rows.len(), plan, |drawn| {
        let sums =
            drawn.iter().fold((0.0, 0.0), |sum, &row| (sum.0 + rows[row].0, sum.1 + rows[row].1));
        sums.0 / sums.1
    });
    Ok(Some(HeldOut { seconds: seconds - fitted_to, events: events as u64, gain_nats }))
}
