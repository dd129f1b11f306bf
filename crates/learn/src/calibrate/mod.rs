//! From scores to probabilities that mean what they say.

mod isotonic;
mod platt;
mod reliability;

use base::Prob;
use serde::{Deserialize, Serialize};

pub use isotonic::Isotonic;
pub use platt::Platt;
pub use reliability::{Bucket, Reliability};

use crate::Error;
use crate::score::brier;

/// Blocks of time that judge which calibration to take.
const JUDGING_BLOCKS: usize = 5;

/// A kind of curve that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// Whichever is best when each fifth of the rows is judged by a curve of the others; none
    /// where that is.
    Best,
    /// A logistic curve over the log odds.
    Platt,
    /// A monotone curve of any shape.
    Isotonic,
}

/// A map from scores to probabilities, never decreasing (Platt's unless its slope is negative).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// Scores are taken as they are.
    None,
    /// A logistic curve over the log odds.
    Platt(Platt),
    /// A monotone curve of any shape.
    Isotonic(Isotonic),
}

impl Calibration {
    /// The probability for a score.
    pub fn apply(&self, score: Prob) -> Prob {
        match self {
            Calibration::None => score,
            Calibration::Platt(curve) => curve.apply(score),
            Calibration::Isotonic(curve) => curve.apply(score),
        }
    }

    /// Its name for records.
    pub fn name(&self) -> &'static str {
        match self {
            Calibration::None => "none",
            Calibration::Platt(_) => "platt",
            Calibration::Isotonic(_) => "isotonic",
        }
    }

    /// Fits the kind that was asked for. Rows must be predictions of models that did not learn
    /// from them, in order of time.
    ///
    /// # Errors
    /// [`Error::Measure`] for rows of one outcome.
    pub fn fit(curve: Curve, scores: &[Prob], labels: &[bool]) -> Result<Calibration, Error> {
        match curve {
            Curve::Best => Calibration::choose(scores, labels),
            Curve::Platt => check_outcomes(scores, labels).map(|()| fit_platt(scores, labels)),
            Curve::Isotonic => {
                check_outcomes(scores, labels).map(|()| fit_isotonic(scores, labels))
            }
        }
    }

    /// Probabilities of the rows by a curve of this kind that saw none of their own fifth: what
    /// calibrating is worth.
    pub fn crossed(&self, scores: &[Prob], labels: &[bool]) -> Vec<Prob> {
        match self {
            Calibration::None => scores.to_vec(),
            Calibration::Platt(_) => crossed(scores, labels, fit_platt),
            Calibration::Isotonic(_) => crossed(scores, labels, fit_isotonic),
        }
    }

    /// Takes the kind whose Brier score is least when each fifth of the rows is judged by a
    /// curve fitted on the other four, then fits that kind on all. Among equals the simpler one
    /// wins. Rows must be out-of-fold predictions in order of time.
    pub fn choose(scores: &[Prob], labels: &[bool]) -> Result<Calibration, Error> {
        check_outcomes(scores, labels)?;
        let mut best = (Calibration::None, brier(scores, labels));
        for fit in [fit_platt as Fit, fit_isotonic as Fit] {
            let loss = judged(scores, labels, fit);
            if loss < best.1 {
                best = (fit(scores, labels), loss);
            }
        }
        Ok(best.0)
    }
}

type Fit = fn(&[Prob], &[bool]) -> Calibration;

fn fit_platt(scores: &[Prob], labels: &[bool]) -> Calibration {
    Calibration::Platt(Platt::fit(scores, labels))
}

fn fit_isotonic(scores: &[Prob], labels: &[bool]) -> Calibration {
    Calibration::Isotonic(Isotonic::fit(scores, labels))
}

fn check_outcomes(scores: &[Prob], labels: &[bool]) -> Result<(), Error> {
    crate::score::check_lengths(scores, labels)?;
    let wins = labels.iter().filter(|&&label| label).count();
    match wins == 0 || wins == labels.len() {
        false => Ok(()),
        true => {
            let what = format!("calibration needs both outcomes; {wins} of {} won", labels.len());
            Err(Error::Measure { what })
        }
    }
}

fn judged(scores: &[Prob], labels: &[bool], fit: Fit) -> f64 {
    brier(&crossed(scores, labels, fit), labels)
}

/// Each fifth by a curve that was fitted on the other four.
fn crossed(scores: &[Prob], labels: &[bool], fit: Fit) -> Vec<Prob> {
    let mut judged = Vec::with_capacity(scores.len());
    for block in 0..JUDGING_BLOCKS {
        let border = |at: usize| at * scores.len() / JUDGING_BLOCKS;
        let (from, to) = (border(block), border(block + 1));
        let others = || (0..from).chain(to..scores.len());
        let rest: Vec<Prob> = others().map(|row| scores[row]).collect();
        let known: Vec<bool> = others().map(|row| labels[row]).collect();
        let curve = if rest.is_empty() { Calibration::None } else { fit(&rest, &known) };
        judged.extend(scores[from..to].iter().map(|&score| curve.apply(score)));
    }
    judged
}

/// A probability from arithmetic that can leave 0..=1 by rounding only.
fn clamped(value: f64) -> Prob {
    Prob::new(value.clamp(0.0, 1.0)).unwrap_or(Prob::HALF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use rand::RngExt as _;

    /// Scores whose true probability is `truth(score)`.
    fn rows(truth: impl Fn(f64) -> f64) -> (Vec<Prob>, Vec<bool>) {
        let mut rng = Seed::root(4).rng();
        (0..4_000)
            .map(|_| {
                let score: f64 = rng.random();
                (Prob::new(score).unwrap(), rng.random::<f64>() < truth(score))
            })
            .unzip()
    }

    #[test]
    fn a_step_calls_for_the_isotonic_curve() {
        let (scores, labels) = rows(|score| if score > 0.5 { 0.7 } else { 0.3 });
        let chosen = Calibration::choose(&scores, &labels).unwrap();
        assert_eq!(chosen.name(), "isotonic");
        assert!((chosen.apply(Prob::new(0.9).unwrap()).get() - 0.7).abs() < 0.06);
    }

    #[test]
    fn an_overconfident_score_is_drawn_to_the_middle() {
        let (scores, labels) = rows(|score| 0.4 + 0.2 * score);
        let chosen = Calibration::choose(&scores, &labels).unwrap();
        assert_ne!(chosen.name(), "none");
        assert!(chosen.apply(Prob::new(0.97).unwrap()).get() < 0.68);
    }

    #[test]
    fn one_outcome_can_not_be_calibrated() {
        let scores = vec![Prob::HALF; 10];
        assert!(Calibration::choose(&scores, &[true; 10]).is_err());
    }
}
