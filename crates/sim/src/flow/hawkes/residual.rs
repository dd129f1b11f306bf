//! Whether a process could have made the events: by the change of clock to its own rate, the
//! events of each kind become a Poisson process of rate one (Papangelou 1972; Ogata 1988,
//! J. Am. Stat. Assoc. 83, 9–27), so the waits between them are exponential of mean one.

use serde::{Deserialize, Serialize};

use super::likelihood::Echo;
use super::{Arrival, Hawkes};
use crate::Error;

/// The waits of one kind on its own clock, against the exponential law of mean one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// Waits.
    pub waits: usize,
    /// Their mean; 1 where the model is right.
    pub mean: f64,
    /// Their variance ÷ mean²; 1 where the model is right, more where events still cluster.
    pub dispersion: f64,
    /// Largest distance of the distribution functions (Kolmogorov and Smirnov).
    pub statistic: f64,
    /// Chance of a distance as large or larger if the model were right. Too large where the
    /// model was fitted to the same events, so a small one refutes and a large one proves little.
    pub p_value: f64,
}

impl Hawkes {
    /// The waits between events of each kind, on the clock of its own rate.
    pub fn waits(&self, arrivals: &[Arrival], seconds: f64) -> Result<Vec<Vec<f64>>, Error> {
        self.check(arrivals, seconds)?;
        let parameters = self.parameters();
        let (kinds, kernels) = (self.kinds(), self.kernels());
        let mut echo = Echo::new(kinds, &parameters.decays);
        let mut levels = vec![0.0; kinds * kernels];
        let (mut clocks, mut waits) = (vec![0.0; kinds], vec![Vec::new(); kinds]);
        let mut before = 0.0;
        for arrival in arrivals {
            let wait = arrival.at_seconds - before;
            before = arrival.at_seconds;
            for (kernel, decay) in parameters.decays.iter().enumerate() {
                let part = -libm::expm1(-decay * wait) / decay;
                let of = levels.iter_mut().skip(kernel).step_by(kernels);
                of.for_each(|level| *level *= part);
            }
            for (to, clock) in clocks.iter_mut().enumerate() {
                *clock += parameters.base[to] * wait;
                for (from, levels) in levels.chunks(kernels).enumerate() {
                    let children = &parameters.branching[(from * kinds + to) * kernels..];
                    *clock += children.iter().zip(levels).map(|(a, level)| a * level).sum::<f64>();
                }
            }
            waits[arrival.kind].push(std::mem::take(&mut clocks[arrival.kind]));
            echo.at(arrival.at_seconds);
            echo.hear(arrival.kind);
            levels.copy_from_slice(echo.at(arrival.at_seconds));
        }
        Ok(waits)
    }

    /// Tests each kind's waits against the exponential law.
    pub fn residuals(&self, arrivals: &[Arrival], seconds: f64) -> Result<Vec<Residual>, Error> {
        let of_kind = |waits: Vec<f64>| {
            let mean = base::stats::mean(&waits);
            let (statistic, p_value) = kolmogorov_smirnov(&waits, |x| -libm::expm1(-x));
            let dispersion = base::stats::variance(&waits) / (mean * mean);
            Residual { waits: waits.len(), mean, dispersion, statistic, p_value }
        };
        Ok(self.waits(arrivals, seconds)?.into_iter().map(of_kind).collect())
    }
}

/// Distance of some values from a distribution, and the chance of one as large: Kolmogorov's
/// series with Stephens' correction for few values (Press et al. 2007, Numerical Recipes, 3rd
/// ed., §14.3.3). Distance 0 and chance 1 where there are no values.
pub fn kolmogorov_smirnov(values: &[f64], distribution: impl Fn(f64) -> f64) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = sorted
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let (wanted, below) = (distribution(*value), at as f64 / count);
            (wanted - below).max(below + 1.0 / count - wanted)
        })
        .fold(0.0, f64::max);
    let root = count.sqrt();
    (distance, kolmogorov_tail((root + 0.12 + 0.11 / root.max(1.0)) * distance))
}

fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * libm::exp(-2.0 * f64::from(k * k) * x * x)
    };
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}
