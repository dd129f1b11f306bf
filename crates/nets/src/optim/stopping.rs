//! Early stopping: keeps the best weights, gives up when nothing gets better.

use serde::{Deserialize, Serialize};

/// What to do after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The best so far: keep the weights.
    Best,
    /// Not better; go on.
    Go,
    /// Not better for too long.
    Stop,
}

/// Watches a loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    patience: u32,
    margin: f64,
    best: f64,
    since: u32,
}

impl Stopping {
    /// Gives up after so many epochs that are not better by this margin.
    pub fn new(patience: u32, margin: f64) -> Stopping {
        Stopping { patience, margin, best: f64::INFINITY, since: 0 }
    }

    /// Judges the loss of an epoch. NaN is never better.
    pub fn judge(&mut self, loss: f64) -> Verdict {
        if loss < self.best - self.margin || (self.best.is_infinite() && loss.is_finite()) {
            (self.best, self.since) = (loss, 0);
            return Verdict::Best;
        }
        self.since += 1;
        if self.since >= self.patience { Verdict::Stop } else { Verdict::Go }
    }

    /// The best loss so far.
    pub fn best(&self) -> f64 {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_as_long_as_it_was_told() {
        let mut stopping = Stopping::new(2, 0.0);
        let losses = [3.0, 2.0, 2.0, 1.5, f64::NAN, 1.6];
        let found: Vec<Verdict> = losses.iter().map(|loss| stopping.judge(*loss)).collect();
        use Verdict::{Best, Go, Stop};
        assert_eq!(found, [Best, Best, Go, Best, Go, Stop]);
        assert_eq!(stopping.best(), 1.5);
    }
}
