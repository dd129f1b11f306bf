//! A drawn latent (Kingma and Welling 2014): `y = μ + e^(l/2) ε`, ε standard normal.
//!
//! x is rows × `[μ | l]` with l the logarithm of the variance, y rows × latent. Prediction draws
//! nothing: y = μ. The divergence is a loss, [`crate::loss::GaussianKl`].

use base::Seed;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Ahead, Back, Layer, Mode, Trace};
use crate::machine::Plain;
use crate::real::Real;

/// A drawn latent of so many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gaussian {
    /// Values of the latent.
    pub latent: usize,
}

impl<R: Real> Layer<R> for Gaussian {
    fn inputs(&self) -> usize {
        2 * self.latent
    }

    fn outputs(&self) -> usize {
        self.latent
    }

    fn learns(&self) -> bool {
        false
    }

    /// What was added to each mean.
    fn trace(&self, rows: usize) -> Trace<R> {
        Trace::new([rows * self.latent])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let [added] = trace.buffers();
        added[..y.len()].fill(R::ZERO);
        if let Mode::Train { draws } = ahead.mode {
            let mut rng = Seed::from_number(draws).rng();
            let rows = ahead.x.chunks_exact(2 * self.latent);
            for (added, x) in added.chunks_exact_mut(self.latent).zip(rows) {
                for (added, log) in added.iter_mut().zip(&x[self.latent..]) {
                    let drawn: f64 = StandardNormal.sample(&mut rng);
                    *added = (*log * R::of(0.5)).exp::<Plain>() * R::of(drawn);
                }
            }
        }
        let rows = ahead.x.chunks_exact(2 * self.latent).zip(added.chunks_exact(self.latent));
        for (y, (x, added)) in y.chunks_exact_mut(self.latent).zip(rows) {
            for (y, (mean, added)) in y.iter_mut().zip(x.iter().zip(added)) {
                *y = *mean + *added;
            }
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let [added] = trace.buffers();
        let Some(dx) = back.dx else { return };
        let rows = back.dy.chunks_exact(self.latent).zip(added.chunks_exact(self.latent));
        for (dx, (dy, added)) in dx.chunks_exact_mut(2 * self.latent).zip(rows) {
            let (means, logs) = dx.split_at_mut(self.latent);
            means.copy_from_slice(dy);
            for (log, (dy, added)) in logs.iter_mut().zip(dy.iter().zip(added)) {
                *log = *dy * *added * R::of(0.5);
            }
        }
    }
}
