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
    best: Option<f64>,
    since: u32,
}

impl Stopping {
    /// Gives up after so many epochs that are not better by this margin.
    pub fn new(patience: u32, margin: f64) -> Stopping {
        Stopping { patience, margin, best: None, since: 0 }
    }

    /// Judges the loss of an epoch. NaN is never better.
    pub fn judge(&mut self, loss: f64) -> Verdict {
        let better = match self.best {
            Some(best) => loss < best - self.margin,
            None => loss.is_finite(),
        };
        if better {
            (self.best, self.since) = (Some(loss), 0);
            return Verdict::Best;
        }
        self.since += 1;
        if self.since >= self.patience { Verdict::Stop } else { Verdict::Go }
    }

    /// The best loss so far.
    pub fn best(&self) -> Option<f64> {
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
        assert_eq!(stopping.best(), Some(1.5));
    }
}
