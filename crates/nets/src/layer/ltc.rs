//! Liquid time-constant cell (Hasani et al. 2021), solved by fused steps, in the form of `ncps`.
//!
//! ```text
//! a_ij = softplus(w_ij) σ(s_ij (v_i − μ_ij))
//! v_j ← (c_j v_j + g_j e_j + Σ_i a_ij E_ij) / (c_j + g_j + Σ_i a_ij + ε)
//! ```
//! repeated `unfolds` times a step, with c = softplus(capacity) · unfolds / elapsed and
//! g = softplus(leak); the sums run over the inputs (once a step) and the units. Only synapses of
//! the wiring exist, so a sparse wiring costs less. Input time-major steps × rows × inputs;
//! output time-major steps × rows × outputs of the wiring.
//!
//! Inside, values lie unit by unit with rows side by side, so that one synapse is one loop over
//! the batch with its four numbers in registers. Tensors, one value a synapse: `weight`, `sigma`,
//! `mu`, `reversal`, and the same for `sensory_`; one a unit: `leak`, `rest`, `capacity`.

use base::stats::sigmoid;

use super::wiring::{Synapse, Wiring};
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::transpose;
use crate::real::Real;
use crate::strands::{dot, fold};
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of an LTC.
#[derive(Debug, Clone, PartialEq)]
pub struct LtcConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Fused steps of the solver within a step.
    pub unfolds: usize,
    /// Time between two steps.
    pub elapsed: f64,
    /// Which unit hears which.
    pub wiring: Wiring,
}

/// Tensors of one kind of synapses.
#[derive(Debug, Clone, Copy)]
struct Synapses {
    weight: Slot,
    sigma: Slot,
    mu: Slot,
    reversal: Slot,
}

/// An LTC.
#[derive(Debug, Clone)]
pub struct Ltc {
    config: LtcConfig,
    sensory: Synapses,
    inner: Synapses,
    leak: Slot,
    rest: Slot,
    capacity: Slot,
}

/// Keeps a denominator from 0, as in `ncps`.
const EPSILON: f64 = 1e-8;

impl LtcConfig {
    /// Six unfolds of a step of length 1.
    pub fn new(steps: usize, wiring: Wiring) -> LtcConfig {
        LtcConfig { steps, unfolds: 6, elapsed: 1.0, wiring }
    }

    /// Adds the tensors; ranges are those of `ncps`.
    pub fn build(self, plan: &mut Plan) -> Ltc {
        let mut synapses = |prefix: &str, all: &[Synapse]| {
            let mut add = |name: &str, init: Init| {
                plan.add(&format!("{prefix}{name}"), &[all.len()], (Role::Bias, init))
            };
            let signs = all.iter().map(|synapse| synapse.sign).collect();
            Synapses {
                weight: add("weight", softened(0.001, 1.0)),
                sigma: add("sigma", Init::Uniform(3.0, 8.0)),
                mu: add("mu", Init::Uniform(0.3, 0.8)),
                reversal: add("reversal", Init::Given(signs)),
            }
        };
        let sensory = synapses("sensory_", &self.wiring.sensory);
        let inner = synapses("", &self.wiring.inner);
        let mut unit =
            |name: &str, init: Init| plan.add(name, &[self.wiring.units], (Role::Bias, init));
        let leak = unit("leak", softened(0.001, 1.0));
        let rest = unit("rest", Init::Uniform(-0.2, 0.2));
        let capacity = unit("capacity", softened(0.4, 0.6));
        Ltc { config: self, sensory, inner, leak, rest, capacity }
    }

    fn rows<R>(&self, x: &[R]) -> usize {
        x.len() / (self.steps * self.wiring.inputs)
    }
}

/// A range that softplus maps onto the one given.
fn softened(low: f64, high: f64) -> Init {
    let back = |value: f64| value.exp_m1().ln();
    Init::Uniform(back(low), back(high))
}

fn softplus<R: Real>(value: R) -> R {
    let value = value.f64();
    R::of((-value.abs()).exp().ln_1p() + value.max(0.0))
}

fn softplus_slope<R: Real>(value: R) -> R {
    R::of(sigmoid(value.f64()))
}

impl Ltc {
    /// Softplus of a tensor, kept for a pass.
    fn soft<R: Real>(&self, weights: &[R], to: &mut [R]) {
        let tensors = [self.sensory.weight, self.inner.weight, self.leak, self.capacity];
        let mut begun = 0;
        for slot in tensors {
            for (to, value) in to[begun..].iter_mut().zip(slot.of(weights)) {
                *to = softplus(*value);
            }
            begun += slot.len();
        }
    }

    /// The parts of what [`Ltc::soft`] wrote: sensory weights, inner weights, leaks, capacities.
    fn parts<'s, R>(&self, soft: &'s [R]) -> [&'s [R]; 4] {
        let (sensory, rest) = soft.split_at(self.sensory.weight.len());
        let (inner, rest) = rest.split_at(self.inner.weight.len());
        let (leak, capacity) = rest.split_at(self.leak.len());
        [sensory, inner, leak, capacity]
    }
}

impl<R: Real> Layer<R> for Ltc {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.wiring.inputs
    }

    fn outputs(&self) -> usize {
        self.config.steps * self.config.wiring.outputs
    }

    /// Softplus of four tensors and its gradient; inputs, units × rows: potentials before each
    /// unfold and after the last; denominators; sums of the inputs; scratch for gradients.
    fn trace(&self, rows: usize) -> Trace<R> {
        let LtcConfig { steps, unfolds, wiring, .. } = &self.config;
        let block = wiring.units * rows;
        let soft = wiring.sensory.len() + wiring.inner.len() + 2 * wiring.units;
        let turns = steps * unfolds;
        Trace::new([
            soft,
            soft,
            wiring.inputs * rows * steps,
            block * (turns + 1),
            block * turns,
            2 * block,
            4 * block,
            wiring.inputs * rows,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let LtcConfig { steps, unfolds, elapsed, wiring } = &self.config;
        let Ahead { weights, x, .. } = ahead;
        let rows = self.config.rows(x);
        let [soft, _, inputs, potentials, bottoms, sums, scratch, _] = trace.buffers::<8>();
        self.soft(weights, soft);
        let [sensory, inner, leak, capacity] = self.parts(soft);
        let block = wiring.units * rows;
        let rate = R::of(*unfolds as f64 / elapsed);
        potentials[..block].fill(R::ZERO);
        let (felt, total) = sums[..2 * block].split_at_mut(block);
        let tops = &mut scratch[..block];
        for step in 0..*steps {
            let wide = wiring.inputs * rows;
            let of_step = &mut inputs[step * wide..(step + 1) * wide];
            transpose(&x[step * wide..(step + 1) * wide], (rows, wiring.inputs), of_step);
            felt.fill(R::ZERO);
            total.fill(R::ZERO);
            let how = Numbers::of(&self.sensory, sensory, weights);
            hear(&wiring.sensory, (how, of_step), rows, (felt, total));
            for turn in 0..*unfolds {
                let at = (step * unfolds + turn) * block;
                let (before, after) = potentials[at..].split_at_mut(block);
                let bottom = &mut bottoms[at..at + block];
                tops.copy_from_slice(felt);
                bottom.copy_from_slice(total);
                let how = Numbers::of(&self.inner, inner, weights);
                hear(&wiring.inner, (how, before), rows, (tops, bottom));
                let units = (leak, self.rest.of(weights), capacity);
                settle((units, rate, rows), (tops, bottom), (before, &mut after[..block]));
            }
            let last = &potentials[(step + 1) * unfolds * block..][..wiring.outputs * rows];
            let out = wiring.outputs * rows;
            transpose(last, (wiring.outputs, rows), &mut y[step * out..(step + 1) * out]);
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let LtcConfig { steps, unfolds, elapsed, wiring } = &self.config;
        let Back { weights, x, dy, grads, mut dx, .. } = back;
        let rows = self.config.rows(x);
        let [soft, by_soft, inputs, potentials, bottoms, sums, scratch, by_input] =
            trace.buffers::<8>();
        let [sensory, inner, leak, capacity] = self.parts(soft);
        by_soft.fill(R::ZERO);
        let (by_sensory, others) = by_soft.split_at_mut(sensory.len());
        let (by_inner, others) = others.split_at_mut(inner.len());
        let (by_leak, by_capacity) = others.split_at_mut(leak.len());
        let block = wiring.units * rows;
        let rate = R::of(*unfolds as f64 / elapsed);
        let (felt, total) = sums[..2 * block].split_at_mut(block);
        let mut spaces = scratch.chunks_exact_mut(block);
        let mut space = || spaces.next().unwrap_or_default();
        let (carry, toward, by_top, by_bottom) = (space(), space(), space(), space());
        carry.fill(R::ZERO);
        for step in (0..*steps).rev() {
            let out = wiring.outputs * rows;
            add_turned(&dy[step * out..(step + 1) * out], (rows, wiring.outputs), carry);
            felt.fill(R::ZERO);
            total.fill(R::ZERO);
            for turn in (0..*unfolds).rev() {
                let at = (step * unfolds + turn) * block;
                let (before, after) = potentials[at..at + 2 * block].split_at(block);
                let units = (leak, self.rest.of(weights), capacity);
                let by_units = (&mut *by_leak, &mut *by_capacity, self.rest.of_mut(grads));
                unsettle(
                    (units, rate, rows),
                    (before, after, &bottoms[at..at + block], carry),
                    (by_top, by_bottom, toward),
                    by_units,
                );
                for (sum, add) in felt.iter_mut().zip(&*by_top) {
                    *sum += *add;
                }
                for (sum, add) in total.iter_mut().zip(&*by_bottom) {
                    *sum += *add;
                }
                let how = Numbers::of(&self.inner, inner, weights);
                let slopes = Slopes::of(&self.inner, by_inner, grads);
                unhear(&wiring.inner, (how, before, rows), (by_top, by_bottom), (slopes, toward));
                carry.copy_from_slice(toward);
            }
            let wide = wiring.inputs * rows;
            let of_step = &inputs[step * wide..(step + 1) * wide];
            let by_input = &mut by_input[..wide];
            by_input.fill(R::ZERO);
            let how = Numbers::of(&self.sensory, sensory, weights);
            let slopes = Slopes::of(&self.sensory, by_sensory, grads);
            unhear(&wiring.sensory, (how, of_step, rows), (felt, total), (slopes, by_input));
            if let Some(dx) = dx.as_deref_mut() {
                let of_step = &mut dx[step * wide..(step + 1) * wide];
                transpose(by_input, (wiring.inputs, rows), of_step);
            }
        }
        let tensors = [self.sensory.weight, self.inner.weight, self.leak, self.capacity];
        let mut begun = 0;
        for slot in tensors {
            let slopes = &by_soft[begun..begun + slot.len()];
            let raw = slot.of(weights).iter().zip(slopes);
            for (grad, (raw, slope)) in slot.of_mut(grads).iter_mut().zip(raw) {
                *grad += *slope * softplus_slope(*raw);
            }
            begun += slot.len();
        }
    }
}

/// The numbers of all synapses of one kind.
#[derive(Clone, Copy)]
struct Numbers<'a, R> {
    weight: &'a [R],
    sigma: &'a [R],
    mu: &'a [R],
    reversal: &'a [R],
}

impl<'a, R> Numbers<'a, R> {
    fn of(synapses: &Synapses, weight: &'a [R], weights: &'a [R]) -> Numbers<'a, R> {
        let Synapses { sigma, mu, reversal, .. } = synapses;
        let (sigma, mu) = (sigma.of(weights), mu.of(weights));
        Numbers { weight, sigma, mu, reversal: reversal.of(weights) }
    }
}

/// Gradients by the numbers of all synapses of one kind.
struct Slopes<'a, R> {
    weight: &'a mut [R],
    grads: &'a mut [R],
    slots: Synapses,
}

impl<'a, R> Slopes<'a, R> {
    fn of(slots: &Synapses, weight: &'a mut [R], grads: &'a mut [R]) -> Slopes<'a, R> {
        Slopes { weight, grads, slots: *slots }
    }
}

kernel! {
    /// Adds what units hear: currents to the first sums, conductances to the second.
    fn hear<R>(
        synapses: &[Synapse],
        from: (Numbers<'_, R>, &[R]),
        rows: usize,
        sums: (&mut [R], &mut [R]),
    ) {
        let (numbers, sources) = from;
        let (tops, bottoms) = sums;
        for (at, synapse) in synapses.iter().enumerate() {
            let (weight, reversal) = (numbers.weight[at], numbers.reversal[at]);
            let (sigma, mu) = (numbers.sigma[at], numbers.mu[at]);
            // −σ (v − μ) = −σ v + σ μ.
            let (slope, shift) = (-sigma, sigma * mu);
            let source = &sources[synapse.from * rows..(synapse.from + 1) * rows];
            let top = &mut tops[synapse.to * rows..(synapse.to + 1) * rows];
            let bottom = &mut bottoms[synapse.to * rows..(synapse.to + 1) * rows];
            for ((top, bottom), v) in top.iter_mut().zip(bottom).zip(source) {
                let open = weight / (R::ONE + v.fma::<M>(slope, shift).exp::<M>());
                *bottom += open;
                *top = open.fma::<M>(reversal, *top);
            }
        }
    }
}

kernel! {
    /// One fused step of the solver. `sums.1` gets the whole denominator.
    fn settle<R>(
        how: ((&[R], &[R], &[R]), R, usize),
        sums: (&mut [R], &mut [R]),
        potentials: (&[R], &mut [R]),
    ) {
        let ((leaks, rests, capacities), rate, rows) = how;
        let blocks = sums.0.chunks_exact(rows).zip(sums.1.chunks_exact_mut(rows));
        let potentials = potentials.0.chunks_exact(rows).zip(potentials.1.chunks_exact_mut(rows));
        for (unit, ((tops, bottoms), (before, after))) in blocks.zip(potentials).enumerate() {
            let (leak, capacity) = (leaks[unit], capacities[unit] * rate);
            let (from_leak, held) = (leak * rests[unit], capacity + leak + R::of(EPSILON));
            let sums = tops.iter().zip(bottoms.iter_mut());
            for ((top, bottom), (before, after)) in sums.zip(before.iter().zip(after)) {
                *bottom += held;
                *after = (capacity.fma::<M>(*before, from_leak) + *top) / *bottom;
            }
        }
    }
}

kernel! {
    /// One fused step backward: gradients by numerator and denominator, by the potential before
    /// (replaced), and by leak, capacity and rest (added to).
    fn unsettle<R>(
        how: ((&[R], &[R], &[R]), R, usize),
        from: (&[R], &[R], &[R], &[R]),
        to: (&mut [R], &mut [R], &mut [R]),
        units: (&mut [R], &mut [R], &mut [R]),
    ) {
        let ((leaks, rests, capacities), rate, rows) = how;
        let (before, after, bottoms, carry) = from;
        let (by_top, by_bottom, toward) = to;
        for unit in 0..leaks.len() {
            let of = unit * rows..(unit + 1) * rows;
            let (before, after) = (&before[of.clone()], &after[of.clone()]);
            let (bottoms, carry) = (&bottoms[of.clone()], &carry[of.clone()]);
            let by_top = &mut by_top[of.clone()];
            for ((by_top, carry), bottom) in by_top.iter_mut().zip(carry).zip(bottoms) {
                *by_top = *carry / *bottom;
            }
            let by_bottom = &mut by_bottom[of.clone()];
            for ((by_bottom, by_top), after) in by_bottom.iter_mut().zip(&*by_top).zip(after) {
                *by_bottom = -*by_top * *after;
            }
            let capacity = capacities[unit] * rate;
            for (toward, by_top) in toward[of].iter_mut().zip(&*by_top) {
                *toward = capacity * *by_top;
            }
            let (mut tops, mut bottom_sum, mut held) = (R::ZERO, R::ZERO, R::ZERO);
            for ((by_top, by_bottom), before) in by_top.iter().zip(&*by_bottom).zip(before) {
                tops += *by_top;
                bottom_sum += *by_bottom;
                held = by_top.fma::<M>(*before, held);
            }
            units.0[unit] += tops * rests[unit] + bottom_sum;
            units.1[unit] += rate * (held + bottom_sum);
            units.2[unit] += leaks[unit] * tops;
        }
    }
}

/// Rows that are treated together.
const STRETCH: usize = 128;
/// Sums over rows run in this many strands.
const STRANDS: usize = 16;

kernel! {
    /// What units hear, backward. Openings are computed again rather than kept: they would not
    /// fit the caches.
    fn unhear<R>(
        synapses: &[Synapse],
        from: (Numbers<'_, R>, &[R], usize),
        slopes: (&[R], &[R]),
        to: (Slopes<'_, R>, &mut [R]),
    ) {
        let (numbers, sources, rows) = from;
        let (of_synapses, toward) = to;
        let Slopes { weight: by_weight, grads, slots } = of_synapses;
        let mut room = ([R::ZERO; STRETCH], [R::ZERO; STRETCH]);
        for (at, synapse) in synapses.iter().enumerate() {
            let (weight, reversal) = (numbers.weight[at], numbers.reversal[at]);
            let (sigma, mu) = (numbers.sigma[at], numbers.mu[at]);
            let (slope, shift) = (-sigma, sigma * mu);
            let scale = weight * sigma;
            let of_target = synapse.to * rows..(synapse.to + 1) * rows;
            let (tops, bottoms) = (&slopes.0[of_target.clone()], &slopes.1[of_target]);
            let of_source = synapse.from * rows..(synapse.from + 1) * rows;
            let source = &sources[of_source.clone()];
            let toward = &mut toward[of_source];
            // Σ open·top, Σ open·bottom, Σ bend·v and Σ bend, with bend the gradient by v / σw.
            let (mut top, mut bottom) = (R::ZERO, R::ZERO);
            let (mut bent, mut bend) = (R::ZERO, R::ZERO);
            let mut begun = 0;
            while begun < rows {
                let of = begun..rows.min(begun + STRETCH);
                begun = of.end;
                let (tops, bottoms) = (&tops[of.clone()], &bottoms[of.clone()]);
                let (source, toward) = (&source[of.clone()], &mut toward[of.clone()]);
                let (opens, bends) = (&mut room.0[..of.len()], &mut room.1[..of.len()]);
                for (open, v) in opens.iter_mut().zip(source) {
                    *open = R::ONE / (R::ONE + v.fma::<M>(slope, shift).exp::<M>());
                }
                let heard = tops.iter().zip(bottoms);
                for ((bend, open), (top, bottom)) in bends.iter_mut().zip(&*opens).zip(heard) {
                    *bend = reversal.fma::<M>(*top, *bottom) * *open * (R::ONE - *open);
                }
                for (toward, bend) in toward.iter_mut().zip(&*bends) {
                    *toward = scale.fma::<M>(*bend, *toward);
                }
                top += dot::<R, M, STRANDS>(opens, tops);
                bottom += dot::<R, M, STRANDS>(opens, bottoms);
                bent += dot::<R, M, STRANDS>(bends, source);
                bend += fold::<R, STRANDS>(bends, |sum, value| sum + value);
            }
            by_weight[at] += reversal * top + bottom;
            slots.reversal.of_mut(grads)[at] += weight * top;
            slots.sigma.of_mut(grads)[at] += weight * (bent - mu * bend);
            slots.mu.of_mut(grads)[at] -= scale * bend;
        }
    }
}

/// Adds the transpose of rows × columns to the first columns of a matrix of units × rows.
fn add_turned<R: Real>(from: &[R], (rows, columns): (usize, usize), to: &mut [R]) {
    for (row, line) in from.chunks_exact(columns).enumerate() {
        for (column, value) in line.iter().enumerate() {
            to[column * rows + row] += *value;
        }
    }
}
