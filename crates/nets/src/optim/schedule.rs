//! Rates of learning over the steps of a training.

use serde::{Deserialize, Serialize};

/// A rate that changes with the share of the training done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// One rate.
    Constant {
        /// The rate.
        rate: f64,
    },
    /// Evenly from one rate to another.
    Linear {
        /// At the beginning.
        from: f64,
        /// At the end.
        to: f64,
    },
    /// Half a cosine down to a rate (Loshchilov and Hutter 2017), after an even rise from 0.
    Cosine {
        /// The largest rate.
        rate: f64,
        /// At the end.
        to: f64,
        /// Share of the training spent rising, in 0..1.
        warm_up: f64,
    },
    /// Multiplied by a factor every so many steps.
    Steps {
        /// At the beginning.
        rate: f64,
        /// Factor.
        factor: f64,
        /// Steps between.
        every: u64,
    },
}

impl Schedule {
    /// The rate at a step of so many.
    pub fn at(self, step: u64, steps: u64) -> f64 {
        let done = step as f64 / steps.max(1) as f64;
        match self {
            Schedule::Constant { rate } => rate,
            Schedule::Linear { from, to } => from + (to - from) * done.min(1.0),
            Schedule::Cosine { rate, warm_up, .. } if done < warm_up => rate * done / warm_up,
            Schedule::Cosine { rate, to, warm_up } => {
                let along = ((done - warm_up) / (1.0 - warm_up).max(1e-12)).min(1.0);
                to + (rate - to) * 0.5 * (1.0 + (std::f64::consts::PI * along).cos())
            }
            Schedule::Steps { rate, factor, every } => {
                rate * factor.powf((step / every.max(1)) as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_begins_and_ends_where_it_says() {
        let table = [
            (Schedule::Constant { rate: 0.1 }, [0.1, 0.1, 0.1]),
            (Schedule::Linear { from: 0.2, to: 0.0 }, [0.2, 0.1, 0.0]),
            (Schedule::Cosine { rate: 0.4, to: 0.0, warm_up: 0.0 }, [0.4, 0.2, 0.0]),
            (Schedule::Cosine { rate: 0.4, to: 0.1, warm_up: 0.5 }, [0.0, 0.4, 0.1]),
            (Schedule::Steps { rate: 0.8, factor: 0.5, every: 50 }, [0.8, 0.4, 0.2]),
        ];
        for (schedule, wanted) in table {
            for (step, wanted) in [0, 50, 100].into_iter().zip(wanted) {
                let found = schedule.at(step, 100);
                assert!((found - wanted).abs() < 1e-12, "{schedule:?} at {step}: {found}");
            }
        }
    }
}
