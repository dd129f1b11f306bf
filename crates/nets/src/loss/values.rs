//! Losses of numbers: squared, Huber, quantile; and the divergence of a drawn latent.

use super::{Judged, Loss};
use crate::real::Real;

/// Half the squared distance or its whole, as PyTorch: the mean of `(y − t)²` over a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squared {
    /// Numbers of a row.
    pub width: usize,
}

/// Huber's loss (1964): `e²/2` while `|e| ≤ δ`, `δ(|e| − δ/2)` beyond; the mean over a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    /// Numbers of a row.
    pub width: usize,
    /// Where the parabola ends.
    pub delta: f64,
}

/// Quantile (pinball) loss: `max(q e, (q − 1) e)` with `e = t − y`; the mean over the quantiles.
/// All outputs of a row share one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    /// Quantiles in 0..1, one an output.
    pub quantiles: Vec<f64>,
}

/// Divergence of a Gaussian from the standard one (Kingma and Welling 2014):
/// `½ Σ (μ² + σ² − 1 − ln σ²)` over outputs `[μ | ln σ²]`. It has no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GaussianKl {
    /// Numbers of the latent.
    pub latent: usize,
}

/// Sums a function `(y, t) → (loss, slope)` over numbers that each have a target.
fn each<R: Real>(
    rows: Judged<'_, R>,
    width: usize,
    dy: &mut [R],
    of: impl Fn(f64, f64) -> (f64, f64),
) -> f64 {
    let share = 1.0 / width as f64;
    let mut total = 0.0;
    for (row, dy) in dy.chunks_exact_mut(width).enumerate() {
        let weight = rows.weight(row).f64() * share;
        let from = row * width;
        let values = rows.y[from..].iter().zip(&rows.target[from..]);
        for (dy, (y, target)) in dy.iter_mut().zip(values) {
            let (loss, slope) = of(y.f64(), target.f64());
            total += weight * loss;
            *dy = R::of(weight * slope);
        }
    }
    total
}

impl<R: Real> Loss<R> for Squared {
    fn outputs(&self) -> usize {
        self.width
    }

    fn targets(&self) -> usize {
        self.width
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        each(rows, self.width, dy, |y, target| {
            let off = y - target;
            (off * off, 2.0 * off)
        })
    }
}

impl<R: Real> Loss<R> for Huber {
    fn outputs(&self) -> usize {
        self.width
    }

    fn targets(&self) -> usize {
        self.width
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let delta = self.delta;
        each(rows, self.width, dy, |y, target| {
            let off = y - target;
            match off.abs() <= delta {
                true => (0.5 * off * off, off),
                false => (delta * (off.abs() - 0.5 * delta), delta * off.signum()),
            }
        })
    }
}

impl<R: Real> Loss<R> for Quantile {
    fn outputs(&self) -> usize {
        self.quantiles.len()
    }

    fn targets(&self) -> usize {
        1
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let width = self.quantiles.len();
        let share = 1.0 / width as f64;
        let mut total = 0.0;
        for (row, dy) in dy.chunks_exact_mut(width).enumerate() {
            let weight = rows.weight(row).f64() * share;
            let target = rows.target[row].f64();
            let outputs = &rows.y[row * width..];
            for ((dy, y), quantile) in dy.iter_mut().zip(outputs).zip(&self.quantiles) {
                let off = target - y.f64();
                let slope = if off > 0.0 { *quantile } else { quantile - 1.0 };
                total += weight * slope * off;
                *dy = R::of(-weight * slope);
            }
        }
        total
    }
}

impl<R: Real> Loss<R> for GaussianKl {
    fn outputs(&self) -> usize {
        2 * self.latent
    }

    fn targets(&self) -> usize {
        0
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let mut total = 0.0;
        let width = 2 * self.latent;
        for (row, (y, dy)) in rows.y.chunks_exact(width).zip(dy.chunks_exact_mut(width)).enumerate()
        {
            let weight = rows.weight(row).f64();
            let (means, logs) = y.split_at(self.latent);
            let (toward_means, toward_logs) = dy.split_at_mut(self.latent);
            for at in 0..self.latent {
                let (mean, log) = (means[at].f64(), logs[at].f64());
                total += weight * 0.5 * (mean * mean + log.exp() - 1.0 - log);
                toward_means[at] = R::of(weight * mean);
                toward_logs[at] = R::of(weight * 0.5 * (log.exp() - 1.0));
            }
        }
        total
    }
}
