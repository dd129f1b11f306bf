//! Logistic regression with L1 and L2 penalties.
//!
//! ```text
//! minimise  Σ w ln(1 + e^(−± (b + x β))) / Σ w  +  λ ( α |β|₁ + (1 − α)/2 |β|² )
//! ```
//! over centred and scaled columns, by coordinate descent on quadratic approximations (Friedman,
//! Hastie and Tibshirani 2010, section 3). The intercept is not penalised. scikit-learn's `C` is
//! `1 / (λ Σ w)`.

use base::stats::sigmoid;
use base::{Panel, Prob};
use serde::{Deserialize, Serialize};

use crate::scaling::{Missing, Scaling};
use crate::split::{Fold, Train};
use crate::{Error, Forecasts, Learner, Model, Targets};

/// Settings of a logistic regression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogisticParams {
    /// Strength of the penalty, λ.
    pub penalty: f64,
    /// Share of it that is L1, α in 0..=1.
    pub l1_share: f64,
    /// Weight of a win against a loss.
    pub win_weight: f64,
    /// What is done about absent values.
    pub missing: Missing,
}

impl Default for LogisticParams {
    fn default() -> LogisticParams {
        let missing = Missing::Refuse;
        LogisticParams { penalty: 1e-3, l1_share: 0.0, win_weight: 1.0, missing }
    }
}

impl LogisticParams {
    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        let table = [
            ("penalty", self.penalty, self.penalty >= 0.0 && self.penalty.is_finite()),
            ("l1_share", self.l1_share, (0.0..=1.0).contains(&self.l1_share)),
            ("win_weight", self.win_weight, self.win_weight > 0.0 && self.win_weight.is_finite()),
        ];
        match table.into_iter().find(|(_, _, fine)| !fine) {
            Some((name, value, _)) => Err(Error::CheckParams {
                name: name.to_owned(),
                value,
                rule: "must be finite; a penalty at least 0, a share in 0..=1, a weight above 0",
            }),
            None => Ok(()),
        }
    }
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticModel {
    format: String,
    params: LogisticParams,
    scaling: Scaling,
    intercept: f64,
    slopes: Vec<f64>,
}

const FORMAT: &str = "trimtab-logistic-1";
/// Quadratic approximations at most.
const ROUNDS: usize = 100;
/// Sweeps over the columns within one of them at most.
const SWEEPS: usize = 1000;
/// The largest move of a slope, in scaled units, that counts as none.
const STILL: f64 = 1e-10;

impl Learner for LogisticParams {
    type Fitted = LogisticModel;

    fn fit(&self, train: &Fold<'_, Train>) -> Result<LogisticModel, Error> {
        self.check()?;
        let samples = train.samples();
        let refuse = |what: String| Error::Fit { model: "logistic regression", what };
        let Targets::Wins(labels) = samples.targets() else {
            let kind = samples.targets().kind();
            return Err(refuse(format!("it learns wins, not {kind}")));
        };
        let rows = train.rows();
        let wins = rows.iter().filter(|row| labels[**row]).count();
        if wins == 0 || wins == rows.len() {
            let what = format!("all {} training rows are of one class", rows.len());
            return Err(refuse(what));
        }
        let scaling = Scaling::of(samples.panel(), rows, self.missing)?;
        let x = scaling.apply(samples.panel(), rows)?;
        let weight = |row: &usize| {
            let class = if labels[*row] { self.win_weight } else { 1.0 };
            samples.weights()[*row] * class
        };
        let weights: Vec<f64> = rows.iter().map(weight).collect();
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return Err(refuse("every training row has weight 0".to_owned()));
        }
        let weights = weights.into_iter().map(|weight| weight / total).collect();
        let wide = scaling.width();
        let column = |at: usize| x.iter().skip(at).step_by(wide).map(|v| f64::from(*v)).collect();
        let problem = Problem {
            columns: (0..wide).map(column).collect(),
            labels: rows.iter().map(|row| f64::from(u8::from(labels[*row]))).collect(),
            weights,
            l1: self.penalty * self.l1_share,
            l2: self.penalty * (1.0 - self.l1_share),
        };
        let (intercept, slopes) = problem.solve();
        if !intercept.is_finite() || slopes.iter().any(|slope| !slope.is_finite()) {
            let what = "the slopes ran away; raise the penalty".to_owned();
            return Err(refuse(what));
        }
        let format = FORMAT.to_owned();
        Ok(LogisticModel { format, params: *self, scaling, intercept, slopes })
    }
}

/// Columns of scaled values, labels of 0 and 1, weights that sum to 1.
struct Problem {
    columns: Vec<Vec<f64>>,
    labels: Vec<f64>,
    weights: Vec<f64>,
    l1: f64,
    l2: f64,
}

/// One quadratic approximation: its weights, and how far its targets are from the line.
struct Quadratic {
    weights: Vec<f64>,
    residuals: Vec<f64>,
}

impl Problem {
    fn solve(&self) -> (f64, Vec<f64>) {
        let (mut intercept, mut slopes) = (0.0, vec![0.0; self.columns.len()]);
        for _ in 0..ROUNDS {
            let mut quadratic = self.quadratic(intercept, &slopes);
            let before = (intercept, slopes.clone());
            for _ in 0..SWEEPS {
                if self.sweep(&mut quadratic, &mut intercept, &mut slopes) < STILL {
                    break;
                }
            }
            let moved = slopes.iter().zip(&before.1).map(|(now, then)| (now - then).abs());
            if moved.fold((intercept - before.0).abs(), f64::max) < STILL {
                break;
            }
        }
        (intercept, slopes)
    }

    fn line(&self, intercept: f64, slopes: &[f64]) -> Vec<f64> {
        let mut line = vec![intercept; self.labels.len()];
        for (column, slope) in self.columns.iter().zip(slopes).filter(|(_, slope)| **slope != 0.0) {
            line.iter_mut().zip(column).for_each(|(line, x)| *line += slope * x);
        }
        line
    }

    fn quadratic(&self, intercept: f64, slopes: &[f64]) -> Quadratic {
        let line = self.line(intercept, slopes);
        let (mut weights, mut residuals) = (Vec::new(), Vec::new());
        for ((line, label), weight) in line.iter().zip(&self.labels).zip(&self.weights) {
            let p = sigmoid(*line);
            // Far out the curvature vanishes; a floor keeps the step finite.
            let curve = (p * (1.0 - p)).max(1e-5);
            weights.push(weight * curve);
            residuals.push((label - p) / curve);
        }
        Quadratic { weights, residuals }
    }

    /// Moves the intercept and each slope to its best place; gives the largest move.
    fn sweep(&self, of: &mut Quadratic, intercept: &mut f64, slopes: &mut [f64]) -> f64 {
        let total: f64 = of.weights.iter().sum();
        let off = of.weights.iter().zip(&of.residuals).map(|(weight, residual)| weight * residual);
        let step = off.sum::<f64>() / total;
        *intercept += step;
        of.residuals.iter_mut().for_each(|residual| *residual -= step);
        let mut most = step.abs();
        for (column, slope) in self.columns.iter().zip(slopes) {
            let (mut toward, mut square) = (0.0, 0.0);
            for ((x, weight), residual) in column.iter().zip(&of.weights).zip(&of.residuals) {
                toward += weight * x * residual;
                square += weight * x * x;
            }
            if square + self.l2 <= 0.0 {
                continue;
            }
            let alone = toward + square * *slope;
            let shrunk = alone.signum() * (alone.abs() - self.l1).max(0.0);
            let step = shrunk / (square + self.l2) - *slope;
            if step != 0.0 {
                *slope += step;
                let moved = of.residuals.iter_mut().zip(column);
                moved.for_each(|(residual, x)| *residual -= step * x);
                most = most.max(step.abs());
            }
        }
        most
    }
}

impl LogisticModel {
    /// The intercept, over scaled columns.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// What was mended in columns to train it, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.scaling.notes()
    }

    /// Columns with their slopes over scaled values: odds change by e^slope for one deviation.
    pub fn slopes(&self) -> Vec<(&str, f64)> {
        self.scaling.columns.iter().map(String::as_str).zip(self.slopes.iter().copied()).collect()
    }
}

impl Model for LogisticModel {
    fn features(&self) -> &[String] {
        &self.scaling.columns
    }

    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let probs = self.predict_proba(panel)?;
        Ok(Forecasts::new(1, probs.into_iter().map(|prob| prob.get() as f32).collect()))
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let rows: Vec<usize> = (0..panel.len()).collect();
        let x = self.scaling.apply(panel, &rows)?;
        let lines = x.chunks_exact(self.scaling.width()).enumerate();
        let prob = |(row, x): (usize, &[f32])| {
            let sum: f64 = x.iter().zip(&self.slopes).map(|(x, slope)| f64::from(*x) * slope).sum();
            Prob::new(sigmoid(self.intercept + sum))
                .map_err(|source| Error::Predict { row, source })
        };
        lines.map(prob).collect()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let what = "logistic regression";
        serde_json::to_vec(self).map_err(|source| Error::WriteJson { what, source })
    }

    fn from_bytes(bytes: &[u8]) -> Result<LogisticModel, Error> {
        let refuse = |what| Error::ReadModel { what };
        let read: LogisticModel =
            serde_json::from_slice(bytes).map_err(|source| refuse(source.to_string()))?;
        if read.format != FORMAT {
            return Err(refuse(format!("its format is {:?}, not {FORMAT:?}", read.format)));
        }
        if read.slopes.len() != read.scaling.width() {
            return Err(refuse("it has not one slope a column".to_owned()));
        }
        Ok(read)
    }
}
