//! Exact simulation, with as much work an event as there are kinds × kernels.

use base::seed::Rng;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::{Arrival, Hawkes};

/// What a Hawkes process remembers: all its past, in kinds × kernels numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excitement {
    now_seconds: f64,
    /// Rate beyond the base, `[kind][kernel]`, events a second.
    excited: Vec<f64>,
}

/// What brings the next event forth.
#[derive(Clone, Copy)]
enum Cause {
    Base,
    Kernel(usize),
}

impl Excitement {
    /// Nothing has happened yet, at second zero.
    pub fn calm(model: &Hawkes) -> Excitement {
        let excited = vec![0.0; model.kinds() * model.kernels()];
        Excitement { now_seconds: 0.0, excited }
    }

    /// At the mean of the long run, at second zero.
    pub fn usual(model: &Hawkes) -> Excitement {
        let (kinds, rates) = (model.kinds(), model.mean_rates());
        let mut state = Excitement::calm(model);
        let children = model.parameters().branching.chunks(model.kernels());
        for (pair, children) in children.enumerate() {
            let (from, to) = (pair / kinds, pair % kinds);
            for (kernel, alpha) in children.iter().enumerate() {
                state.excited[to * model.kernels() + kernel] += alpha * rates[from];
            }
        }
        state
    }

    /// The time reached.
    pub fn now_seconds(&self) -> f64 {
        self.now_seconds
    }

    /// Present rates of all kinds, events a second.
    pub fn rates(&self, model: &Hawkes) -> Vec<f64> {
        let excited = self.excited.chunks(model.kernels()).map(|chunk| chunk.iter().sum::<f64>());
        model.parameters().base.iter().zip(excited).map(|(base, more)| base + more).collect()
    }

    /// The next event up to a time, and moves there and takes it in; `None` where nothing happens
    /// until then.
    pub fn next(&mut self, model: &Hawkes, until_seconds: f64, rng: &mut Rng) -> Option<Arrival> {
        let arrival = self.draw(model, until_seconds, rng)?;
        self.excite(model, arrival.kind);
        Some(arrival)
    }

    /// The next event up to a time, and moves there. The caller says by [`Excitement::excite`]
    /// what it was in the end. `None` where nothing happens until then.
    ///
    /// The rate is a sum of parts: the bases, and for each kernel what decays at its pace. Each
    /// part is a Poisson process whose first arrival has a closed form, and the earliest is the
    /// event (Dassios and Zhao 2013, Electron. Commun. Probab. 18, 62, for one kernel). No draw
    /// is rejected. The process is Markov, so asking in shorter steps changes the draws and not
    /// the law.
    pub fn draw(&mut self, model: &Hawkes, until_seconds: f64, rng: &mut Rng) -> Option<Arrival> {
        let (decays, base) = (&model.parameters().decays, &model.parameters().base);
        let total: f64 = base.iter().sum();
        let mut first = (exponential(rng) / total, Cause::Base);
        for (kernel, decay) in decays.iter().enumerate() {
            let level: f64 = self.of_kernel(kernel, decays.len()).sum();
            let spent = exponential(rng) * decay / level;
            let wait = if spent < 1.0 { -libm::log1p(-spent) / decay } else { f64::INFINITY };
            if wait < first.0 {
                first = (wait, Cause::Kernel(kernel));
            }
        }
        let (wait, cause) = first;
        // Also where there is no rate at all: the wait is then infinite, or not a number.
        let happens = self.now_seconds + wait <= until_seconds;
        if !happens {
            self.decay_for(model, until_seconds - self.now_seconds);
            self.now_seconds = self.now_seconds.max(until_seconds);
            return None;
        }
        self.decay_for(model, wait);
        self.now_seconds += wait;
        let kind = match cause {
            Cause::Base => choose(rng, base.iter().copied()),
            Cause::Kernel(kernel) => choose(rng, self.of_kernel(kernel, decays.len())),
        };
        Some(Arrival { at_seconds: self.now_seconds, kind })
    }

    /// Calls the present moment second zero.
    pub(crate) fn restart(&mut self) {
        self.now_seconds = 0.0;
    }

    /// Takes in an event of that kind, now, that something else brought about.
    pub fn excite(&mut self, model: &Hawkes, kind: usize) {
        let (decays, wide) = (&model.parameters().decays, self.excited.len());
        let children = &model.parameters().branching[kind * wide..(kind + 1) * wide];
        let pairs = self.excited.chunks_mut(decays.len()).zip(children.chunks(decays.len()));
        for (excited, children) in pairs {
            for ((level, alpha), decay) in excited.iter_mut().zip(children).zip(decays) {
                *level += alpha * decay;
            }
        }
    }

    fn of_kernel(&self, kernel: usize, kernels: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        self.excited.iter().skip(kernel).step_by(kernels).copied()
    }

    fn decay_for(&mut self, model: &Hawkes, seconds: f64) {
        let decays = &model.parameters().decays;
        let seconds = seconds.max(0.0);
        for (kernel, decay) in decays.iter().enumerate() {
            let kept = libm::exp(-decay * seconds);
            let levels = self.excited.iter_mut().skip(kernel).step_by(decays.len());
            levels.for_each(|level| *level *= kept);
        }
    }
}

impl Hawkes {
    /// Events from a calm beginning, in order of time.
    pub fn simulate(&self, seconds: f64, rng: &mut Rng) -> Vec<Arrival> {
        let mut state = Excitement::calm(self);
        std::iter::from_fn(|| state.next(self, seconds, rng)).collect()
    }
}

/// Uniform over 0 < x ≤ 1.
#[inline]
pub(crate) fn uniform(rng: &mut Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Exponential of mean one.
#[inline]
pub(crate) fn exponential(rng: &mut Rng) -> f64 {
    -libm::log(uniform(rng))
}

/// An index with a chance in proportion to its weight; the last one where rounding runs out.
pub(crate) fn choose(rng: &mut Rng, weights: impl Iterator<Item = f64> + Clone) -> usize {
    let total: f64 = weights.clone().sum();
    let mut left = uniform(rng) * total;
    let mut last = 0;
    for (index, weight) in weights.enumerate() {
        if weight > 0.0 {
            last = index;
            left -= weight;
            if left <= 0.0 {
                break;
            }
        }
    }
    last
}
