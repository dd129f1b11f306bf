//! What boosted trees make small.

use base::stats::softmax;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Most classes that can be told apart.
const MOST_CLASSES: u32 = 1024;

/// What is made small. Names are those of XGBoost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Log loss of wins (`binary:logistic`). The margin is a log odds.
    #[default]
    Logistic,
    /// Squared error of numbers (`reg:squarederror`).
    SquaredError,
    /// Pinball loss of numbers (`reg:quantileerror`): the margin is a quantile.
    Quantile {
        /// Which quantile, inside 0..1.
        alpha: f64,
    },
    /// RankNet: misordered pairs of a group (`rank:pairwise`).
    RankPairwise,
    /// LambdaMART: normalised discounted cumulative gain of groups (`rank:ndcg`).
    RankNdcg,
    /// Log loss of classes (`multi:softprob`); one margin a class.
    Softmax {
        /// Number of classes.
        classes: u32,
    },
}

impl Objective {
    /// The name XGBoost gives it.
    pub fn name(self) -> &'static str {
        match self {
            Objective::Logistic => "binary:logistic",
            Objective::SquaredError => "reg:squarederror",
            Objective::Quantile { .. } => "reg:quantileerror",
            Objective::RankPairwise => "rank:pairwise",
            Objective::RankNdcg => "rank:ndcg",
            Objective::Softmax { .. } => "multi:softprob",
        }
    }

    /// What is measured on rows that watch training; always smaller when better.
    pub fn metric(self) -> &'static str {
        match self {
            Objective::Logistic => "log loss",
            Objective::SquaredError => "root mean squared error",
            Objective::Quantile { .. } => "mean pinball loss",
            Objective::RankPairwise => "share of misordered pairs",
            Objective::RankNdcg => "1 - NDCG",
            Objective::Softmax { .. } => "log loss of classes",
        }
    }

    /// Margins a row has.
    pub fn outputs(self) -> usize {
        match self {
            Objective::Softmax { classes } => classes as usize,
            _ => 1,
        }
    }

    pub(super) fn check(self) -> Result<(), Error> {
        let refuse = |name: &str, value, rule| {
            Err(Error::CheckParams { name: name.to_owned(), value, rule })
        };
        match self {
            Objective::Quantile { alpha } if !(alpha > 0.0 && alpha < 1.0) => {
                refuse("alpha", alpha, "must lie inside 0..1")
            }
            Objective::Softmax { classes } if !(2..=MOST_CLASSES).contains(&classes) => {
                refuse("classes", f64::from(classes), "must lie in 2..=1024")
            }
            _ => Ok(()),
        }
    }

    /// The margin of a base score as model files keep it: a probability, or the margin itself.
    pub(super) fn margin_of(self, base_score: f32) -> f32 {
        match self {
            Objective::Logistic => logit(base_score),
            _ => base_score,
        }
    }

    /// Turns the margins of one row into what is predicted: probabilities, or the margin itself.
    pub(super) fn transform(self, margins: &mut [f32]) {
        match self {
            Objective::Logistic => margins.iter_mut().for_each(|m| *m = sigmoid(*m)),
            Objective::Softmax { .. } => softmax(margins),
            _ => {}
        }
    }
}

/// The margin of a probability.
pub(super) fn logit(probability: f32) -> f32 {
    -(1.0 / probability - 1.0).ln()
}

/// The logistic function.
#[inline]
pub(super) fn sigmoid(margin: f32) -> f32 {
    1.0 / (1.0 + (-margin).exp())
}

/// `e^x`, to 2 units in the last place, in operations that vector instructions have: a power of
/// two times a polynomial (Cephes `expf`).
#[inline]
pub(super) fn fast_exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    // Adding and taking away 1.5 × 2^23 rounds to a whole number.
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let whole = shifted - SHIFT;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4;
    for term in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        sum = sum * rest + term;
    }
    let mantissa = sum * rest * rest + rest + 1.0;
    let power = (shifted.to_bits() as i32).wrapping_sub(SHIFT.to_bits() as i32);
    mantissa * f32::from_bits(((power + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_exponential_is_the_exponential() {
        for step in -8700..=8800 {
            let x = step as f32 / 100.0;
            let (found, wanted) = (f64::from(fast_exp(x)), f64::from(x).exp());
            assert!((found / wanted - 1.0).abs() < 3e-7, "{x}: {found} {wanted}");
        }
        assert!(fast_exp(-1e30) > 0.0 && fast_exp(1e30).is_finite());
    }

    #[test]
    fn probabilities_of_classes_add_up() {
        let mut margins = [1000.0, 1001.0, -1000.0];
        softmax(&mut margins);
        assert!((margins[1] / margins[0] - 1f32.exp()).abs() < 1e-5);
        assert!((margins.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn an_impossible_objective_is_refused() {
        assert!(Objective::Quantile { alpha: 1.0 }.check().is_err());
        assert!(Objective::Quantile { alpha: f64::NAN }.check().is_err());
        assert!(Objective::Softmax { classes: 1 }.check().is_err());
        assert!(Objective::Softmax { classes: 3 }.check().is_ok());
    }
}
