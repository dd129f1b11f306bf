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
//! Inside, values lie unit by unit with rows side by side, as [`super::hearing`] wants them.
//! Tensors, one value a synapse: `weight`, `sigma`, `mu`, `reversal`, and the same for
//! `sensory_`; one a unit: `leak`, `rest`, `capacity`.

use base::stats::sigmoid;

use super::hearing::{sense, unfold, unhear};
use super::synapses::{Synapses, Tensors};
use super::wiring::{Synapse, Wiring};
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::real::{LANES, Real};
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
            let tensors = Tensors {
                weight: add("weight", softened(0.001, 1.0)),
                sigma: add("sigma", Init::Uniform(3.0, 8.0)),
                mu: add("mu", Init::Uniform(0.3, 0.8)),
                reversal: add("reversal", Init::Given(signs)),
            };
            Synapses::new(tensors, all, self.wiring.units)
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

    fn shape<R>(&self, x: &[R]) -> Batch {
        let few = x.len() / (self.steps * self.wiring.inputs);
        Batch { few, rows: few.next_multiple_of(LANES) }
    }
}

/// Rows of a batch, and the same with padding.
#[derive(Clone, Copy)]
struct Batch {
    few: usize,
    rows: usize,
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
    /// The tensors that are taken through softplus, in the order of [`Ltc::parts`].
    fn softened(&self) -> [Slot; 4] {
        [self.sensory.tensors.weight, self.inner.tensors.weight, self.leak, self.capacity]
    }

    /// Softplus of those tensors, kept for a pass.
    fn soft<R: Real>(&self, weights: &[R], to: &mut [R]) {
        let mut begun = 0;
        for slot in self.softened() {
            for (to, value) in to[begun..].iter_mut().zip(slot.of(weights)) {
                *to = softplus(*value);
            }
            begun += slot.len();
        }
    }

    /// Adds to the gradients of the four tensors what those of [`Ltc::soft`] say.
    fn unsoften<R: Real>(&self, weights: &[R], by_soft: &[R], grads: &mut [R]) {
        let mut begun = 0;
        for slot in self.softened() {
            let slopes = &by_soft[begun..begun + slot.len()];
            let raw = slot.of(weights).iter().zip(slopes);
            for (grad, (raw, slope)) in slot.of_mut(grads).iter_mut().zip(raw) {
                *grad += *slope * softplus_slope(*raw);
            }
            begun += slot.len();
        }
    }

    /// Each unit's own part of its top, `g e`, of its bottom, `c + g + ε`, and c.
    fn own<R: Real>(&self, soft: &[R], weights: &[R], own: &mut [R]) {
        let [_, _, leaks, capacities] = self.parts(soft);
        let rate = self.rate();
        let (tops, others) = own.split_at_mut(leaks.len());
        let (bottoms, rates) = others.split_at_mut(leaks.len());
        for (unit, rest) in self.rest.of(weights).iter().enumerate() {
            rates[unit] = capacities[unit] * rate;
            tops[unit] = leaks[unit] * *rest;
            bottoms[unit] = rates[unit] + leaks[unit] + R::of(EPSILON);
        }
    }

    /// Gradients by leaks and capacities after softplus (written one after the other) and by
    /// rests (added to), from what [`unsettle`] summed.
    fn gather<R: Real>(
        &self,
        (soft, sums): (&[R], &[R]),
        weights: &[R],
        by_soft: &mut [R],
        grads: &mut [R],
    ) {
        let [_, _, leaks, _] = self.parts(soft);
        let (rests, by_rest) = (self.rest.of(weights), self.rest.of_mut(grads));
        let (by_leak, by_capacity) = by_soft.split_at_mut(leaks.len());
        for (unit, sums) in sums.as_chunks::<LANES>().0.as_chunks::<3>().0.iter().enumerate() {
            let [top, bottom, held] = sums.map(|strands| strands.into_iter().sum::<R>());
            by_leak[unit] = top * rests[unit] + bottom;
            by_capacity[unit] = self.rate::<R>() * (held + bottom);
            by_rest[unit] += leaks[unit] * top;
        }
    }

    /// Fused steps of the solver in a unit of time.
    fn rate<R: Real>(&self) -> R {
        R::of(self.config.unfolds as f64 / self.config.elapsed)
    }

    /// The parts of what [`Ltc::soft`] wrote: sensory weights, inner weights, leaks, capacities.
    fn parts<'s, R>(&self, soft: &'s [R]) -> [&'s [R]; 4] {
        let (sensory, rest) = soft.split_at(self.sensory.tensors.weight.len());
        let (inner, rest) = rest.split_at(self.inner.tensors.weight.len());
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

    /// Softplus of four tensors and its gradient; numbers of all synapses; each unit's own top,
    /// bottom and capacity; inputs; potentials before each unfold and after the last; bottoms;
    /// what was sensed; scratch for gradients; sums of synapses and units for gradients.
    fn trace(&self, rows: usize) -> Trace<R> {
        let LtcConfig { steps, unfolds, wiring, .. } = &self.config;
        let rows = rows.next_multiple_of(LANES);
        let block = wiring.units * rows;
        let soft = wiring.sensory.len() + wiring.inner.len() + 2 * wiring.units;
        let turns = steps * unfolds;
        Trace::new([
            soft,
            soft,
            self.sensory.numbers() + self.inner.numbers(),
            3 * wiring.units,
            wiring.inputs * rows * steps,
            block * (turns + 1),
            block * turns,
            2 * block,
            4 * block,
            wiring.inputs * rows,
            self.sensory.sums() + self.inner.sums() + 3 * LANES * wiring.units,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let LtcConfig { steps, unfolds, wiring, .. } = &self.config;
        let Ahead { weights, x, .. } = ahead;
        let Batch { few, rows } = self.config.shape(x);
        let [soft, _, numbers, own, inputs, potentials, bottoms, sums, ..] = trace.buffers::<11>();
        self.soft(weights, soft);
        self.own(soft, weights, own);
        let (tops, others) = own.split_at(wiring.units);
        let (downs, capacities) = others.split_at(wiring.units);
        let (of_sensory, of_inner) = numbers.split_at_mut(self.sensory.numbers());
        self.sensory.prepare(self.parts(soft)[0], weights, of_sensory);
        self.inner.prepare(self.parts(soft)[1], weights, of_inner);
        let block = wiring.units * rows;
        potentials[..block].fill(R::ZERO);
        let (felt, total) = sums[..2 * block].split_at_mut(block);
        for step in 0..*steps {
            let wide = few * wiring.inputs;
            let of_step = &mut inputs[step * wiring.inputs * rows..][..wiring.inputs * rows];
            turn_in(&x[step * wide..(step + 1) * wide], (few, rows), of_step);
            let from = (&*of_sensory, &*of_step);
            sense(&self.sensory, from, rows, (tops, downs), (&mut *felt, &mut *total));
            for turn in 0..*unfolds {
                let at = (step * unfolds + turn) * block;
                let (before, after) = potentials[at..at + 2 * block].split_at_mut(block);
                let from = (&*of_inner, capacities, &*before);
                let to = (after, &mut bottoms[at..at + block]);
                unfold(&self.inner, from, rows, (felt, total), to);
            }
            let last = &potentials[(step + 1) * unfolds * block..];
            let out = wiring.outputs * few;
            turn_out((last, rows), wiring.outputs, &mut y[step * out..(step + 1) * out]);
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let LtcConfig { steps, unfolds, wiring, .. } = &self.config;
        let Back { weights, x, dy, grads, mut dx, .. } = back;
        let Batch { few, rows } = self.config.shape(x);
        let [
            soft,
            by_soft,
            numbers,
            own,
            inputs,
            potentials,
            bottoms,
            sums,
            scratch,
            by_input,
            kept,
        ] = trace.buffers::<11>();
        let capacities = &own[2 * wiring.units..];
        let (of_sensory, of_inner) = numbers.split_at(self.sensory.numbers());
        kept.fill(R::ZERO);
        let (sensory_sums, others) = kept.split_at_mut(self.sensory.sums());
        let (inner_sums, unit_sums) = others.split_at_mut(self.inner.sums());
        let block = wiring.units * rows;
        let (felt, total) = sums[..2 * block].split_at_mut(block);
        let mut spaces = scratch.chunks_exact_mut(block);
        let mut space = || spaces.next().unwrap_or_default();
        let (mut carry, mut toward, by_top, by_bottom) = (space(), space(), space(), space());
        carry.fill(R::ZERO);
        for step in (0..*steps).rev() {
            let out = wiring.outputs * few;
            add_turned(&dy[step * out..(step + 1) * out], wiring.outputs, (carry, rows));
            felt.fill(R::ZERO);
            total.fill(R::ZERO);
            for turn in (0..*unfolds).rev() {
                let at = (step * unfolds + turn) * block;
                let (before, after) = potentials[at..at + 2 * block].split_at(block);
                let from = (before, after, &bottoms[at..at + block], &*carry);
                let to = (&mut *by_top, &mut *by_bottom, &mut *toward);
                unsettle((capacities, rows), from, to, (felt, total, unit_sums));
                let (slopes, to) = ((&*by_top, &*by_bottom), (&mut *inner_sums, &mut *toward));
                unhear(&self.inner, (of_inner, before), rows, slopes, to);
                (carry, toward) = (toward, carry);
            }
            let of_step = &inputs[step * wiring.inputs * rows..][..wiring.inputs * rows];
            let by_input = &mut by_input[..wiring.inputs * rows];
            by_input.fill(R::ZERO);
            let to = (&mut *sensory_sums, &mut *by_input);
            unhear(&self.sensory, (of_sensory, of_step), rows, (felt, total), to);
            if let Some(dx) = dx.as_deref_mut() {
                let wide = few * wiring.inputs;
                let of_step = &mut dx[step * wide..(step + 1) * wide];
                turn_out((by_input, rows), wiring.inputs, of_step);
            }
        }
        let (by_sensory, others) = by_soft.split_at_mut(wiring.sensory.len());
        let (by_inner, by_units) = others.split_at_mut(wiring.inner.len());
        self.sensory.gather((of_sensory, sensory_sums), weights, by_sensory, grads);
        self.inner.gather((of_inner, inner_sums), weights, by_inner, grads);
        self.gather((soft, unit_sums), weights, by_units, grads);
        self.unsoften(weights, by_soft, grads);
    }
}

kernel! {
    /// One fused step backward: gradients by numerator and denominator, themselves and added to
    /// those of the step; by the potential before (replaced); and for each unit the sums over
    /// rows of the first, of the second, and of the first times the potential, in strands.
    fn unsettle<R>(
        how: (&[R], usize),
        from: (&[R], &[R], &[R], &[R]),
        to: (&mut [R], &mut [R], &mut [R]),
        sums: (&mut [R], &mut [R], &mut [R]),
    ) {
        let (capacities, rows) = how;
        let (before, after, bottoms, carry) = from;
        let (by_top, by_bottom, toward) = to;
        let (felt, total, of_units) = sums;
        let of_units = of_units.as_chunks_mut::<LANES>().0.as_chunks_mut::<3>().0;
        for (unit, kept) in of_units.iter_mut().enumerate() {
            let [mut tops, mut downs, mut helds] = *kept;
            for at in (unit * rows..(unit + 1) * rows).step_by(LANES) {
                let of = at..at + LANES;
                let (mut top, mut down, mut held) = ([R::ZERO; LANES], [R::ZERO; LANES], [R::ZERO; LANES]);
                top.copy_from_slice(&carry[of.clone()]);
                for (top, bottom) in top.iter_mut().zip(&bottoms[of.clone()]) {
                    *top /= *bottom;
                }
                for ((down, top), after) in down.iter_mut().zip(&top).zip(&after[of.clone()]) {
                    *down = -*top * *after;
                }
                for (held, top) in held.iter_mut().zip(&top) {
                    *held = capacities[unit] * *top;
                }
                by_top[of.clone()].copy_from_slice(&top);
                by_bottom[of.clone()].copy_from_slice(&down);
                toward[of.clone()].copy_from_slice(&held);
                for (felt, top) in felt[of.clone()].iter_mut().zip(&top) {
                    *felt += *top;
                }
                for (total, down) in total[of.clone()].iter_mut().zip(&down) {
                    *total += *down;
                }
                for ((tops, downs), (top, down)) in tops.iter_mut().zip(&mut downs).zip(top.iter().zip(&down)) {
                    *tops += *top;
                    *downs += *down;
                }
                for (held, (top, before)) in helds.iter_mut().zip(top.iter().zip(&before[of])) {
                    *held = top.fma::<M>(*before, *held);
                }
            }
            *kept = [tops, downs, helds];
        }
    }
}

/// The transpose of rows × columns, its lines padded with zeros.
fn turn_in<R: Real>(from: &[R], (rows, padded): (usize, usize), to: &mut [R]) {
    let columns = from.len() / rows;
    for (column, line) in to.chunks_exact_mut(padded).enumerate() {
        let (line, pad) = line.split_at_mut(rows);
        for (to, from) in line.iter_mut().zip(from.chunks_exact(columns)) {
            *to = from[column];
        }
        pad.fill(R::ZERO);
    }
}

/// Takes [`turn_in`] back.
fn turn_out<R: Real>((from, padded): (&[R], usize), columns: usize, to: &mut [R]) {
    for (row, line) in to.chunks_exact_mut(columns).enumerate() {
        for (to, from) in line.iter_mut().zip(from.chunks_exact(padded)) {
            *to = from[row];
        }
    }
}

/// Adds the transpose of rows × columns to the first lines.
fn add_turned<R: Real>(from: &[R], columns: usize, (to, padded): (&mut [R], usize)) {
    for (row, line) in from.chunks_exact(columns).enumerate() {
        for (value, to) in line.iter().zip(to.chunks_exact_mut(padded)) {
            to[row] += *value;
        }
    }
}
