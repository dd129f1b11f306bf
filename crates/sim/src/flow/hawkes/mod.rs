//! Events that bring forth events: the multivariate Hawkes process with exponential kernels.
//!
//! The rate of events of kind i is (Hawkes 1971, Biometrika 58, 83–90)
//!
//! ```text
//! λᵢ(t) = μᵢ + Σⱼ Σₖ αᵢⱼₖ Σ_{tₙ < t, kind j} βₖ e^{−βₖ (t − tₙ)}
//! ```
//! so αᵢⱼₖ is the mean number of events of kind i that one event of kind j brings forth directly
//! through kernel k. A sum of kernels with decays spread geometrically stands for a slow, nearly
//! power-law memory (Hardiman, Bercot and Bouchaud 2013, Eur. Phys. J. B 86, 442). The spectral
//! radius of the matrix Σₖ αᵢⱼₖ is the branching ratio; below one the process is stationary, with
//! mean rates (1 − A)⁻¹ μ. A model at or above one is refused.
//!
//! Start reading at [`Hawkes`], then [`fit`](mod@fit).

pub mod fit;
mod likelihood;
mod linear;
pub mod residual;
mod simulate;
#[cfg(test)]
mod tests;

pub use fit::{Decays, HawkesFit, HawkesFitConfig, Stability, fit};
pub use residual::{Residual, kolmogorov_smirnov};
pub use simulate::Excitement;
pub(crate) use simulate::{choose, exponential, uniform};

use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// An event of a point process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// When, in seconds from the beginning of the observation.
    pub at_seconds: f64,
    /// Which of the model's kinds.
    pub kind: usize,
}

/// What a Hawkes process is made from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HawkesParameters {
    /// μ, events a second without any excitement; one for each kind.
    pub base: Vec<f64>,
    /// β of each kernel, 1 ÷ seconds; all positive.
    pub decays: Vec<f64>,
    /// α, direct children of one event: `branching[from][to][kernel]`, flattened in that order.
    pub branching: Vec<f64>,
}

/// A stationary Hawkes process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HawkesParameters", into = "HawkesParameters")]
pub struct Hawkes {
    parameters: HawkesParameters,
    ratio: f64,
}

impl TryFrom<HawkesParameters> for Hawkes {
    type Error = Error;
    fn try_from(parameters: HawkesParameters) -> Result<Hawkes, Error> {
        Hawkes::new(parameters)
    }
}

impl From<Hawkes> for HawkesParameters {
    fn from(hawkes: Hawkes) -> HawkesParameters {
        hawkes.parameters
    }
}

/// Most kinds and kernels that a process may have.
const MOST: f64 = 64.0;

impl Hawkes {
    /// Checks shapes, signs and that the branching ratio is below one.
    pub fn new(parameters: HawkesParameters) -> Result<Hawkes, Error> {
        let (kinds, kernels) = (parameters.base.len(), parameters.decays.len());
        check_range("hawkes.base", kinds as f64, (1.0, MOST), "of 1..=64 kinds")?;
        check_range("hawkes.decays", kernels as f64, (1.0, MOST), "of 1..=64 kernels")?;
        let wanted = (kinds * kinds * kernels) as f64;
        let given = parameters.branching.len() as f64;
        check_range("hawkes.branching", given, (wanted, wanted), "kinds × kinds × kernels long")?;
        for &rate in &parameters.base {
            check_range("hawkes.base", rate, (0.0, 1e9), "in 0..=1e9 a second")?;
        }
        for &decay in &parameters.decays {
            check_range("hawkes.decays", decay, (1e-9, 1e9), "in 1e-9..=1e9 a second")?;
        }
        for &children in &parameters.branching {
            check_range("hawkes.branching", children, (0.0, 1e6), "in 0..=1e6")?;
        }
        let ratio = parameters.branching_ratio();
        check_range("hawkes.branching", ratio, (0.0, 1.0 - 1e-9), "of a spectral radius below 1")?;
        Ok(Hawkes { parameters, ratio })
    }

    /// What it is made from.
    pub fn parameters(&self) -> &HawkesParameters {
        &self.parameters
    }

    /// How many kinds of events.
    pub fn kinds(&self) -> usize {
        self.parameters.base.len()
    }

    /// How many kernels.
    pub fn kernels(&self) -> usize {
        self.parameters.decays.len()
    }

    /// The branching ratio: the part of all events that were brought forth by others, below one.
    pub fn branching_ratio(&self) -> f64 {
        self.ratio
    }

    /// Direct children of kind `to` of one event of kind `from`, over all kernels.
    pub fn children(&self, from: usize, to: usize) -> f64 {
        self.parameters.children(from, to)
    }

    /// Mean rates of all kinds in the long run, events a second: (1 − A)⁻¹ μ.
    pub fn mean_rates(&self) -> Vec<f64> {
        let kinds = self.kinds();
        let mut rates = self.parameters.base.clone();
        // The Neumann series converges since the radius is below one; a generation a turn.
        let mut generation = rates.clone();
        for _ in 0..200_000 {
            let next: Vec<f64> = (0..kinds)
                .map(|to| (0..kinds).map(|from| self.children(from, to) * generation[from]).sum())
                .collect();
            rates.iter_mut().zip(&next).for_each(|(rate, more)| *rate += more);
            let (left, all) = (next.iter().sum::<f64>(), rates.iter().sum::<f64>());
            generation = next;
            if left <= 1e-15 * all {
                break;
            }
        }
        rates
    }

    /// Refuses arrivals that are out of order, of an unknown kind, or outside the observation.
    fn check(&self, arrivals: &[Arrival], seconds: f64) -> Result<(), Error> {
        check_arrivals(arrivals, self.kinds(), seconds)
    }
}

impl HawkesParameters {
    fn children(&self, from: usize, to: usize) -> f64 {
        let (kinds, kernels) = (self.base.len(), self.decays.len());
        let first = (from * kinds + to) * kernels;
        self.branching[first..first + kernels].iter().sum()
    }

    fn branching_ratio(&self) -> f64 {
        perron(self.base.len(), |to, from| self.children(from, to)).0
    }

    /// How the branching ratio grows with the children of each pair of kinds, `[from][to]`: the
    /// product of the matrix's left and right vectors ÷ their inner product.
    fn ratio_slopes(&self) -> Vec<f64> {
        let kinds = self.base.len();
        let (_, right) = perron(kinds, |to, from| self.children(from, to));
        let (_, left) = perron(kinds, |from, to| self.children(from, to));
        let inner: f64 = left.iter().zip(&right).map(|(a, b)| a * b).sum();
        let slopes = right.iter().flat_map(|from| left.iter().map(move |to| from * to / inner));
        slopes.collect()
    }
}

/// Spectral radius of a matrix without negative entries, and its vector, by powers of 1 + A: that
/// matrix is positive on its diagonal, so the powers converge where those of A alone might turn
/// in a circle.
fn perron(kinds: usize, entry: impl Fn(usize, usize) -> f64) -> (f64, Vec<f64>) {
    let mut weights = vec![1.0; kinds];
    let mut radius = 1.0;
    for _ in 0..10_000 {
        let next: Vec<f64> = (0..kinds)
            .map(|row| {
                let all = (0..kinds).map(|column| entry(row, column) * weights[column]);
                weights[row] + all.sum::<f64>()
            })
            .collect();
        let largest = next.iter().copied().fold(0.0, f64::max);
        let still = (largest - radius).abs() <= 1e-14 * largest;
        radius = largest;
        weights = next.iter().map(|weight| weight / largest).collect();
        if still {
            break;
        }
    }
    (radius - 1.0, weights)
}

fn check_arrivals(arrivals: &[Arrival], kinds: usize, seconds: f64) -> Result<(), Error> {
    let refuse = |fault: String| Err(Error::ReadArrivals { fault });
    if !(seconds > 0.0 && seconds.is_finite()) {
        return refuse(format!("an observation of {seconds} seconds is none"));
    }
    let mut before = 0.0;
    for (at, arrival) in arrivals.iter().enumerate() {
        let time = arrival.at_seconds;
        if !(time >= before && time <= seconds) {
            return refuse(format!("arrival {at} at {time} s is not in {before}..={seconds} s"));
        }
        if arrival.kind >= kinds {
            return refuse(format!("arrival {at} is of kind {}, of {kinds}", arrival.kind));
        }
        before = time;
    }
    Ok(())
}
