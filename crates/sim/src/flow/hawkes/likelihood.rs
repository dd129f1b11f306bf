//! Log-likelihood and compensators, in one pass over the events.

use super::{Arrival, Hawkes};
use crate::Error;

/// For each kind and kernel Σ βₖ e^{−βₖ (t − tₙ)} over its past events: `[kind][kernel]`.
#[derive(Debug, Clone)]
pub(super) struct Echo<'a> {
    decays: &'a [f64],
    now: f64,
    levels: Vec<f64>,
    kept: Vec<f64>,
}

impl<'a> Echo<'a> {
    pub(super) fn new(kinds: usize, decays: &'a [f64]) -> Echo<'a> {
        let (levels, kept) = (vec![0.0; kinds * decays.len()], vec![1.0; decays.len()]);
        Echo { decays, now: 0.0, levels, kept }
    }

    /// Moves on to a time, and gives the levels just before whatever happens then.
    pub(super) fn at(&mut self, time: f64) -> &[f64] {
        for (kept, decay) in self.kept.iter_mut().zip(self.decays) {
            *kept = libm::exp(-decay * (time - self.now));
        }
        for levels in self.levels.chunks_mut(self.decays.len()) {
            levels.iter_mut().zip(&self.kept).for_each(|(level, kept)| *level *= kept);
        }
        self.now = time;
        &self.levels
    }

    /// An event of that kind, now.
    pub(super) fn hear(&mut self, kind: usize) {
        let levels = &mut self.levels[kind * self.decays.len()..(kind + 1) * self.decays.len()];
        levels.iter_mut().zip(self.decays).for_each(|(level, decay)| *level += decay);
    }
}

/// For each kind and kernel Σ (1 − e^{−βₖ (T − tₙ)}): how much of the echo of its events fell
/// into the observation.
pub(super) fn heard(arrivals: &[Arrival], kinds: usize, decays: &[f64], seconds: f64) -> Vec<f64> {
    let mut all = vec![0.0; kinds * decays.len()];
    for arrival in arrivals {
        let levels = &mut all[arrival.kind * decays.len()..(arrival.kind + 1) * decays.len()];
        for (level, decay) in levels.iter_mut().zip(decays) {
            *level -= libm::expm1(-decay * (seconds - arrival.at_seconds));
        }
    }
    all
}

impl Hawkes {
    /// Log-likelihood of what was seen from second 0 to `seconds`, as if nothing had happened
    /// before: Σ ln λ(tₙ) − ∫ λ (Ozaki 1979, Ann. Inst. Stat. Math. 31, 145–155). −∞ where an
    /// event came that could not.
    pub fn log_likelihood(&self, arrivals: &[Arrival], seconds: f64) -> Result<f64, Error> {
        self.check(arrivals, seconds)?;
        let parameters = self.parameters();
        let (kinds, kernels) = (self.kinds(), self.kernels());
        let mut echo = Echo::new(kinds, &parameters.decays);
        let mut total = 0.0;
        for arrival in arrivals {
            let levels = echo.at(arrival.at_seconds);
            let mut rate = parameters.base[arrival.kind];
            for (from, levels) in levels.chunks(kernels).enumerate() {
                let first = (from * kinds + arrival.kind) * kernels;
                let children = &parameters.branching[first..first + kernels];
                rate += children.iter().zip(levels).map(|(a, level)| a * level).sum::<f64>();
            }
            total += libm::log(rate);
            echo.hear(arrival.kind);
        }
        let heard = heard(arrivals, kinds, &parameters.decays, seconds);
        for (from, heard) in heard.chunks(kernels).enumerate() {
            for to in 0..kinds {
                let first = (from * kinds + to) * kernels;
                let children = &parameters.branching[first..first + kernels];
                total -= children.iter().zip(heard).map(|(a, part)| a * part).sum::<f64>();
            }
        }
        Ok(total - seconds * parameters.base.iter().sum::<f64>())
    }
}
