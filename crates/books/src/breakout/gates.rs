//! What each confidence gate would have earned (BRK-16), in R, gross and net, with intervals.

use std::collections::BTreeMap;

use base::bootstrap::{Plan, mean_interval};
use base::clustered::clustered_mean;
use base::{Day, Interval, Prob, RowKey, Seed};
use features::label::Decided;
use learn::tune::HeldOutReport;
use serde::{Deserialize, Serialize};

use super::candidates::Candidate;
use super::config::Costs;
use super::train::known;

/// Gates shown: the scanner alone, then these least confidences.
pub const GATES: [f64; 5] = [0.50, 0.55, 0.60, 0.65, 0.70];

/// Which signals are taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Every signal of the scanner.
    ScannerOnly,
    /// Those with at least this confidence.
    Confidence(f64),
    /// Those whose expected value is positive after costs (BRK-20), whatever the confidence.
    PositiveNetEv,
}

/// A held-out signal with its confidence and result.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored<'a> {
    /// The signal.
    pub candidate: &'a Candidate,
    /// The model's confidence in a win.
    pub confidence: Prob,
    /// Result in R before costs.
    pub gross_r: f64,
    /// Result in R after costs.
    pub net_r: f64,
}

/// Results of all signals that pass one gate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GateLine {
    /// Which.
    pub gate: Gate,
    /// Signals.
    pub trades: usize,
    /// Share of wins.
    pub win_rate: Interval,
    /// Mean R before costs.
    pub gross_r: Interval,
    /// Mean R after costs.
    pub net_r: Interval,
    /// Sum of R after costs.
    pub net_r_sum: f64,
    /// Signals decided by the conservative rule.
    pub conservative: usize,
}

/// Joins the held-out confidences with their signals, in order of time.
pub fn join<'a>(
    report: &HeldOutReport,
    candidates: &'a [Candidate],
    side: market::Side,
    costs: &Costs,
) -> Vec<Scored<'a>> {
    let of_side = candidates.iter().filter(|c| c.setup.side == side);
    let by_key: BTreeMap<RowKey, &Candidate> =
        of_side.map(|c| (RowKey { at: known(c), id: c.instrument.0 }, c)).collect();
    let rows = report.rows.iter();
    rows.filter_map(|row| {
        let candidate = *by_key.get(&row.key)?;
        let gross_r = candidate.label?.r_multiple;
        let risk = (candidate.setup.entry - candidate.setup.stop).abs();
        let net_r = gross_r - costs.round_trip_per_share(candidate.setup.entry) / risk;
        Some(Scored { candidate, confidence: row.score, gross_r, net_r })
    })
    .collect()
}

/// One line for the scanner alone and one for each gate. Signals of one quarter are drawn together
/// in the bootstrap, since trades that live through the same market are not independent.
pub fn table(scored: &[Scored<'_>], seed: Seed) -> Vec<GateLine> {
    let mut gates = vec![Gate::ScannerOnly];
    gates.extend(GATES.map(Gate::Confidence));
    gates.push(Gate::PositiveNetEv);
    gates.into_iter().map(|gate| line(scored, gate, seed)).collect()
}

impl Gate {
    fn lets_pass(self, scored: &Scored<'_>) -> bool {
        match self {
            Gate::ScannerOnly => true,
            Gate::Confidence(least) => scored.confidence.get() >= least,
            Gate::PositiveNetEv => scored.net_ev_r() > 0.0,
        }
    }
}

impl Scored<'_> {
    /// Confidence × reward-to-risk − (1 − confidence) − costs, in R (BRK-20).
    pub fn net_ev_r(&self) -> f64 {
        let confidence = self.confidence.get();
        let gross = confidence * self.candidate.setup.reward_to_risk - (1.0 - confidence);
        gross - (self.gross_r - self.net_r)
    }
}

/// Mean net result of results by day, with an interval of that coverage. Trades of one quarter are
/// one cluster: they are held through the same weeks, and one move of the market moves them all.
pub fn mean_net_r(passed: &[(Day, f64)], level: f64) -> Interval {
    clustered_mean(passed.iter().map(|(day, net_r)| (day.quarter(), *net_r)), level)
}

fn line(scored: &[Scored<'_>], gate: Gate, seed: Seed) -> GateLine {
    let passed: Vec<&Scored<'_>> = scored.iter().filter(|s| gate.lets_pass(s)).collect();
    let plan = Plan::quarters(seed, passed.iter().map(|s| s.candidate.setup.day));
    let interval = |value: fn(&Scored<'_>) -> f64| {
        let values: Vec<f64> = passed.iter().map(|s| value(s)).collect();
        mean_interval(&values, plan)
    };
    let won = |s: &Scored<'_>| match s.candidate.label.map(|l| l.outcome) {
        Some(features::label::Outcome::Win) => 1.0,
        _ => 0.0,
    };
    let conservatively = |s: &&&Scored<'_>| {
        s.candidate.label.is_some_and(|label| label.decided == Decided::Conservatively)
    };
    GateLine {
        gate,
        trades: passed.len(),
        win_rate: interval(won),
        gross_r: interval(|s| s.gross_r),
        net_r: interval(|s| s.net_r),
        net_r_sum: passed.iter().map(|s| s.net_r).sum(),
        conservative: passed.iter().filter(conservatively).count(),
    }
}
