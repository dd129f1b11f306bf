//! All figures of one model on one set of rows, each with its interval.

use std::cell::Cell;
use std::collections::BTreeMap;

use base::bootstrap::{Plan, interval};
use base::stats::wilson;
use base::{Interval, Prob, Seed};
use serde::{Deserialize, Serialize};

use super::figures::{Confusion, brier, log_loss, roc_auc};
use crate::Error;
use crate::trees::Flow;

/// Figures by name: `accuracy auc precision recall f1 precision_weighted brier log_loss`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    /// Rows scored.
    pub rows: usize,
    /// Rows that won.
    pub wins: usize,
    /// At or above it a row is called a win.
    pub threshold: Prob,
    /// Each figure with its 95 % bootstrap interval; one that does not exist is left out.
    pub figures: BTreeMap<String, Interval>,
}

pub(super) type Figure = fn(&[Prob], &[bool], Prob) -> f64;

pub(super) const FIGURES: [(&str, Figure); 8] = [
    ("accuracy", |s, l, t| Confusion::at(s, l, t).accuracy()),
    ("auc", |s, l, _| roc_auc(s, l)),
    ("brier", |s, l, _| brier(s, l)),
    ("f1", |s, l, t| Confusion::at(s, l, t).f_beta(1.0)),
    ("log_loss", |s, l, _| log_loss(s, l)),
    ("precision", |s, l, t| Confusion::at(s, l, t).precision()),
    ("precision_weighted", |s, l, t| Confusion::at(s, l, t).f_beta(0.5)),
    ("recall", |s, l, t| Confusion::at(s, l, t).recall()),
];

impl Scorecard {
    /// Measures everything; rows are drawn independently for the intervals.
    pub fn measure(
        scores: &[Prob],
        labels: &[bool],
        threshold: Prob,
        seed: Seed,
    ) -> Result<Scorecard, Error> {
        check_lengths(scores, labels)?;
        let figures = FIGURES.map(|(name, figure)| {
            let of_rows = move |rows: &[usize]| on_rows(figure, (scores, labels, threshold), rows);
            (name, of_rows)
        });
        let plan = Plan::independent(seed);
        let figures = measured(figures, scores.len(), (plan, &|| Flow::Go))?;
        let wins = labels.iter().filter(|&&label| label).count();
        Ok(Scorecard { rows: scores.len(), wins, threshold, figures })
    }

    /// The value of a figure, when it exists.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.get(name).map(|found| found.value)
    }
}

/// A figure on some of the rows.
pub(super) fn on_rows(
    figure: Figure,
    (scores, labels, threshold): (&[Prob], &[bool], Prob),
    rows: &[usize],
) -> f64 {
    let (scores, labels): (Vec<Prob>, Vec<bool>) =
        rows.iter().map(|&row| (scores[row], labels[row])).unzip();
    figure(&scores, &labels, threshold)
}

/// Figures with their intervals over so many units, each drawn from a node of its own; one that
/// does not exist, or has no interval, is left out. `go_on` is asked before each draw.
pub(super) fn measured<'n, F: Fn(&[usize]) -> f64>(
    figures: impl IntoIterator<Item = (&'n str, F)>,
    units: usize,
    (plan, go_on): (Plan, &dyn Fn() -> Flow),
) -> Result<BTreeMap<String, Interval>, Error> {
    let exists = |found: &Interval| {
        [found.value, found.low, found.high].iter().all(|value| value.is_finite())
    };
    let mut all = BTreeMap::new();
    let stopped = Cell::new(false);
    let figures: Vec<_> = figures.into_iter().collect();
    let total = figures.len();
    for (done, (name, figure)) in figures.into_iter().enumerate() {
        let plan = Plan { seed: plan.seed.child(name), ..plan };
        // Once stopped, the draws that are left are not looked at.
        let drawn = |rows: &[usize]| {
            stopped.set(stopped.get() || go_on() == Flow::Stop);
            if stopped.get() { f64::NAN } else { figure(rows) }
        };
        let found = interval(units, plan, drawn);
        if stopped.get() {
            return Err(Error::Stopped { done, total, unit: "figures" });
        }
        if exists(&found) {
            all.insert(name.to_owned(), found);
        }
    }
    Ok(all)
}

pub(crate) fn check_lengths(scores: &[Prob], labels: &[bool]) -> Result<(), Error> {
    if scores.is_empty() || scores.len() != labels.len() {
        return Err(Error::Measure {
            what: format!("{} scores for {} labels", scores.len(), labels.len()),
        });
    }
    Ok(())
}

/// One threshold of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ThresholdLine {
    /// The threshold.
    pub threshold: Prob,
    /// Rows at or above it.
    pub called: usize,
    /// Share of them that won; absent when there is none.
    pub precision: Option<f64>,
    /// 95 % interval of it (Wilson 1927), as if rows were independent.
    #[serde(default)]
    pub precision_interval: Option<(f64, f64)>,
    /// Share of all wins among them; absent when there is no win.
    pub recall: Option<f64>,
    /// F-beta with β = 0.5.
    pub precision_weighted: f64,
}

/// What each threshold would have called.
pub fn sweep(
    scores: &[Prob],
    labels: &[bool],
    thresholds: &[Prob],
) -> Result<Vec<ThresholdLine>, Error> {
    check_lengths(scores, labels)?;
    let known = |value: f64| value.is_finite().then_some(value);
    let line = |&threshold: &Prob| {
        let counts = Confusion::at(scores, labels, threshold);
        ThresholdLine {
            threshold,
            called: counts.true_wins + counts.false_wins,
            precision: known(counts.precision()),
            precision_interval: (counts.true_wins + counts.false_wins > 0)
                .then(|| wilson(counts.true_wins, counts.true_wins + counts.false_wins, 0.95)),
            recall: known(counts.recall()),
            precision_weighted: counts.f_beta(0.5),
        }
    };
    Ok(thresholds.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Vec<Prob>, Vec<bool>) {
        let scores = (0..200).map(|i| Prob::new(f64::from(i % 20) / 20.0).unwrap()).collect();
        (scores, (0..200).map(|i| i % 20 > 7 + i % 5).collect())
    }

    #[test]
    fn every_figure_lies_inside_its_interval() {
        let (scores, labels) = rows();
        let card = Scorecard::measure(&scores, &labels, Prob::HALF, Seed::root(1)).unwrap();
        assert_eq!(card.figures.len(), FIGURES.len());
        for (name, found) in &card.figures {
            assert!(found.low <= found.value && found.value <= found.high, "{name} {found:?}");
        }
    }

    #[test]
    fn a_higher_threshold_calls_fewer_rows() {
        let (scores, labels) = rows();
        let thresholds: Vec<Prob> = [0.2, 0.5, 0.8].map(|t| Prob::new(t).unwrap()).into();
        let lines = sweep(&scores, &labels, &thresholds).unwrap();
        assert!(lines.windows(2).all(|pair| pair[0].called > pair[1].called));
    }

    #[test]
    fn no_rows_are_refused() {
        assert!(Scorecard::measure(&[], &[], Prob::HALF, Seed::root(1)).is_err());
    }
}
