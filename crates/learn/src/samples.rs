//! Labelled rows: what a model learns from.

use base::hash::Hasher;
use base::{Digest, Panel, Ts};
use serde::{Deserialize, Serialize};

use crate::{Error, Targets};

/// The time a label speaks of: from the moment the features were known to the moment the
/// outcome was. Two samples whose spans overlap share information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LabelSpan {
    /// When the features were known.
    pub starts: Ts,
    /// When the outcome was known; not before `starts`.
    pub ends: Ts,
}

impl LabelSpan {
    /// True when the two share an instant.
    pub fn overlaps(self, other: LabelSpan) -> bool {
        self.starts <= other.ends && other.starts <= self.ends
    }
}

/// Rows with targets, spans and weights, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    panel: Panel,
    /// Whether each target is above 0.
    labels: Vec<bool>,
    targets: Targets,
    spans: Vec<LabelSpan>,
    weights: Vec<f64>,
}

impl Samples {
    /// Samples of weight 1. Refuses different lengths and spans that end before they start.
    pub fn new(panel: Panel, labels: Vec<bool>, spans: Vec<LabelSpan>) -> Result<Samples, Error> {
        Samples::of(panel, Targets::Wins(labels), spans)
    }

    /// Samples of weight 1 with targets of any kind; refuses what [`Samples::new`] does and
    /// targets that are not finite or out of range.
    pub fn of(panel: Panel, targets: Targets, spans: Vec<LabelSpan>) -> Result<Samples, Error> {
        let rows = panel.len();
        for (what, given) in [("labels", targets.len()), ("spans", spans.len())] {
            if given != rows {
                return Err(Error::CheckSamples {
                    what: format!("{rows} rows but {given} {what}"),
                });
            }
        }
        if let Some(row) = spans.iter().position(|span| span.ends < span.starts) {
            let span = spans[row];
            return Err(Error::CheckSamples {
                what: format!("the label of row {row} ends {} before {}", span.ends, span.starts),
            });
        }
        targets.check()?;
        let labels = (0..rows).map(|row| targets.number(row) > 0.0).collect();
        let weights = vec![1.0; rows];
        Ok(Samples { panel, labels, targets, spans, weights })
    }

    /// The same samples with these weights: finite and not negative, at least one positive.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Samples, Error> {
        let rows = self.len();
        if weights.len() != rows {
            let given = weights.len();
            return Err(Error::CheckSamples { what: format!("{rows} rows but {given} weights") });
        }
        let wrong = |weight: &f64| !weight.is_finite() || *weight < 0.0;
        if let Some(row) = weights.iter().position(wrong) {
            return Err(Error::CheckSamples {
                what: format!("the weight of row {row} is {}: not a weight", weights[row]),
            });
        }
        if rows > 0 && weights.iter().all(|&weight| weight == 0.0) {
            return Err(Error::CheckSamples { what: "every weight is 0".to_owned() });
        }
        Ok(Samples { weights, ..self })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The features.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The targets.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The labels; true is a win, or whatever other target is above 0.
    pub fn labels(&self) -> &[bool] {
        &self.labels
    }

    /// The time each label speaks of.
    pub fn spans(&self) -> &[LabelSpan] {
        &self.spans
    }

    /// The weight of each row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The same rows with only these columns.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Samples, Error> {
        let panel = self.panel.select(names).map_err(|source| Error::MatchColumns { source })?;
        Ok(Samples { panel, ..self.clone() })
    }

    /// The same columns with only these rows, in this order.
    pub fn take(&self, rows: &[usize]) -> Samples {
        Samples {
            panel: self.panel.take(rows),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            targets: self.targets.take(rows),
            spans: rows.iter().map(|&row| self.spans[row]).collect(),
            weights: rows.iter().map(|&row| self.weights[row]).collect(),
        }
    }

    /// Names of the columns in which not one value is available. They are left out of training
    /// and named in the record, never filled.
    pub fn unavailable(&self) -> Vec<String> {
        let named = self.panel.names().iter().zip(self.panel.columns());
        named
            .filter(|(_, column)| column.iter().all(|value| value.is_nan()))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The samples without columns in which not one value is available, and those columns.
    pub fn available(&self) -> Result<(Samples, Vec<String>), Error> {
        let blank = self.unavailable();
        let names = self.panel.names().iter().filter(|name| !blank.contains(name));
        Ok((self.select(&names.collect::<Vec<_>>())?, blank))
    }

    /// When the first row was known and the last outcome was; all time where there is no row.
    pub fn period(&self) -> (Ts, Ts) {
        let starts = self.spans.iter().map(|span| span.starts).min().unwrap_or(Ts::MIN);
        let ends = self.spans.iter().map(|span| span.ends).max().unwrap_or(Ts::MAX);
        (starts, ends)
    }

    /// Digest of all there is: names, keys, values, targets, spans, weights.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        for name in self.panel.names() {
            hasher.update(name.as_bytes());
            hasher.update(&[0]);
        }
        for values in self.panel.columns().iter().chain([&self.weights]) {
            values.iter().for_each(|value| hasher.update(&value.to_bits().to_le_bytes()));
        }
        for ((span, &label), key) in self.spans.iter().zip(&self.labels).zip(self.panel.keys()) {
            for at in [span.starts, span.ends, key.at] {
                hasher.update(&at.nanos().to_le_bytes());
            }
            hasher.update(&key.id.to_le_bytes());
            hasher.update(&[u8::from(label)]);
        }
        if !matches!(self.targets, Targets::Wins(_)) {
            hasher.update(self.targets.kind().as_bytes());
            for row in 0..self.len() {
                for at in 0..self.targets.width() {
                    hasher.update(&self.targets.value(row, at).to_bits().to_le_bytes());
                }
                hasher.update(&self.targets.group(row).unwrap_or(0).to_le_bytes());
            }
        }
        hasher.finish()
    }

    /// Negatives for each positive: the usual weight of the positive class.
    pub fn losses_per_win(&self) -> Option<f64> {
        let wins = self.labels.iter().filter(|&&label| label).count();
        let losses = self.len() - wins;
        (wins > 0 && losses > 0).then(|| losses as f64 / wins as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::RowKey;

    fn rows(count: i64) -> (Panel, Vec<bool>, Vec<LabelSpan>) {
        let mut panel = Panel::new(["seen", "never"]);
        let mut spans = Vec::new();
        for row in 0..count {
            let at = Ts::from_seconds(row);
            panel.push(RowKey { at, id: 0 }, &[row as f64, f64::NAN]).unwrap();
            spans.push(LabelSpan { starts: at, ends: Ts::from_seconds(row + 2) });
        }
        (panel, (0..count).map(|row| row % 4 == 0).collect(), spans)
    }

    #[test]
    fn lengths_that_differ_are_refused() {
        let (panel, mut labels, spans) = rows(3);
        labels.pop();
        let error = Samples::new(panel, labels, spans).unwrap_err();
        assert_eq!(error.to_string(), "check samples: 3 rows but 2 labels");
    }

    #[test]
    fn a_label_that_ends_before_it_starts_is_refused() {
        let (panel, labels, mut spans) = rows(3);
        spans[1].ends = Ts::from_seconds(-5);
        assert!(Samples::new(panel, labels, spans).unwrap_err().to_string().contains("row 1"));
    }

    #[test]
    fn weights_that_are_no_weights_are_refused() {
        let (panel, labels, spans) = rows(2);
        let samples = Samples::new(panel, labels, spans).unwrap();
        for weights in [vec![1.0], vec![1.0, f64::NAN], vec![-1.0, 1.0], vec![0.0, 0.0]] {
            assert!(samples.clone().with_weights(weights).is_err());
        }
    }

    #[test]
    fn another_target_is_another_digest() {
        let (panel, _, spans) = rows(3);
        let digest = |targets| Samples::of(panel.clone(), targets, spans.clone()).unwrap().digest();
        let numbers = digest(Targets::Numbers(vec![1.0, 2.0, 3.0]));
        assert_ne!(numbers, digest(Targets::Numbers(vec![1.0, 2.0, 4.0])));
        assert_ne!(numbers, digest(Targets::Wins(vec![true; 3])));
    }

    #[test]
    fn targets_follow_their_rows() {
        let (panel, _, spans) = rows(3);
        let samples = Samples::of(panel, Targets::Numbers(vec![-1.0, 0.5, 2.0]), spans).unwrap();
        assert_eq!(samples.labels(), [false, true, true]);
        assert_eq!(*samples.take(&[2, 0]).targets(), Targets::Numbers(vec![2.0, -1.0]));
    }

    #[test]
    fn a_column_without_a_value_is_unavailable() {
        let (panel, labels, spans) = rows(8);
        let samples = Samples::new(panel, labels, spans).unwrap();
        assert_eq!(samples.unavailable(), ["never"]);
        assert_eq!(samples.losses_per_win(), Some(3.0));
    }
}
