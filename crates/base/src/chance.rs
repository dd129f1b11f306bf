//! Probabilities that can't be impossible.

use serde::{Deserialize, Serialize};

use crate::Error;

/// A probability in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Prob(f64);

impl Prob {
    /// A coin toss.
    pub const HALF: Prob = Prob(0.5);

    /// Checks that the value lies in 0..=1 and is a number.
    pub fn new(value: f64) -> Result<Prob, Error> {
        if (0.0..=1.0).contains(&value) { Ok(Prob(value)) } else { Err(Error::MakeProb { value }) }
    }

    /// The value in 0..=1.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The probability that it does not happen.
    pub fn complement(self) -> Prob {
        Prob(1.0 - self.0)
    }
}

impl TryFrom<f64> for Prob {
    type Error = Error;
    fn try_from(value: f64) -> Result<Prob, Error> {
        Prob::new(value)
    }
}

impl From<Prob> for f64 {
    fn from(prob: Prob) -> f64 {
        prob.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_refused() {
        for value in [-0.01, 1.01, f64::NAN, f64::INFINITY] {
            assert!(Prob::new(value).is_err(), "{value}");
        }
        assert_eq!(Prob::new(0.25).unwrap().complement().get(), 0.75);
    }
}
