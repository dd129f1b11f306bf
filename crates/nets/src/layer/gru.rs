//! Gated recurrent unit (Cho et al. 2014), in PyTorch's form.
//!
//! ```text
//! r = σ(x Wr + br + h Ur + cr)      z = σ(x Wz + bz + h Uz + cz)
//! n = tanh(x Wn + bn + r ⊙ (h Un + cn))
//! h' = n + z ⊙ (h − n)
//! ```
//! Input and output are time-major: steps × rows × inputs, steps × rows × units. The state begins
//! at 0. The products with the input run once over all steps; so do those of the weights'
//! gradients. Tensors: `input` inputs × 3 units (r, z, n), `hidden` units × 3 units, `input_bias`
//! and `hidden_bias` of 3 units.

use super::linear::{add_columns, repeat};
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_add, multiply_onto, transposed_multiply_add};
use crate::real::{LANES, Real};
use crate::strands::{block, lanes, onto, put};
use crate::turning::transpose;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of a GRU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GruConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub inputs: usize,
    /// Units of the state.
    pub units: usize,
}

/// A GRU.
#[derive(Debug, Clone)]
pub struct Gru {
    config: GruConfig,
    input: Slot,
    hidden: Slot,
    input_bias: Slot,
    hidden_bias: Slot,
}

impl GruConfig {
    /// Adds the tensors to the plan; all begin even within ±1/√units, as PyTorch does.
    pub fn build(self, plan: &mut Plan) -> Gru {
        let (inputs, units) = (self.inputs, self.units);
        let bound = 1.0 / (units as f64).sqrt();
        let even = Init::Uniform(-bound, bound);
        let mut weight =
            |name: &str, rows| plan.add(name, &[rows, 3 * units], (Role::Weight, even.clone()));
        let (input, hidden) = (weight("input", inputs), weight("hidden", units));
        let mut bias = |name: &str| plan.add(name, &[3 * units], (Role::Bias, even.clone()));
        let (input_bias, hidden_bias) = (bias("input_bias"), bias("hidden_bias"));
        Gru { config: self, input, hidden, input_bias, hidden_bias }
    }
}

impl Gru {
    /// One step for one row, from the state so far: what a stream of bars needs. `room` holds 8
    /// units of scratch and the state (units) is replaced.
    pub fn advance<R: Real>(&self, weights: &[R], x: &[R], (state, room): (&mut [R], &mut [R])) {
        let units = self.config.units;
        let three = 3 * units;
        let (gates, rest) = room[..8 * units].split_at_mut(three);
        let (hidden, rest) = rest.split_at_mut(three);
        let (before, candidate) = rest.split_at_mut(units);
        gates.copy_from_slice(self.input_bias.of(weights));
        let shape = Shape { rows: 1, depth: self.config.inputs, columns: three };
        multiply_add(x, self.input.of(weights), shape, gates);
        hidden.copy_from_slice(self.hidden_bias.of(weights));
        let shape = Shape { rows: 1, depth: units, columns: three };
        multiply_add(state, self.hidden.of(weights), shape, hidden);
        before.copy_from_slice(state);
        open(units, gates, (hidden, Some(before)), (state, candidate));
    }
}

impl<R: Real> Layer<R> for Gru {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.inputs
    }

    fn outputs(&self) -> usize {
        self.config.steps * self.config.units
    }

    /// Gates r, z, n and later their gradients; `h Un + cn`; one step's `h U + c`; gradients of
    /// that for all steps; gradient of the state; both weights transposed.
    fn trace(&self, rows: usize) -> Trace<R> {
        let GruConfig { steps, inputs, units } = self.config;
        let (all, three) = (steps * rows, 3 * units);
        Trace::new([
            all * three,
            all * units,
            rows * three,
            all * three,
            rows * units,
            three * units,
            three * inputs,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let GruConfig { steps, inputs, units } = self.config;
        let Ahead { weights, x, .. } = ahead;
        let rows = x.len() / (steps * inputs);
        let [gates, candidate, step_gates, ..] = trace.buffers::<7>();
        let three = 3 * units;
        let gates = &mut gates[..steps * rows * three];
        let shape = Shape { rows: steps * rows, depth: inputs, columns: three };
        multiply_onto(x, self.input.of(weights), shape, self.input_bias.of(weights), gates);
        let hidden = self.hidden.of(weights);
        let step_gates = &mut step_gates[..rows * three];
        let shape = Shape { rows, depth: units, columns: three };
        for step in 0..steps {
            let (before, now) = y.split_at_mut(step * rows * units);
            let bias = self.hidden_bias.of(weights);
            let before = match step {
                0 => {
                    repeat(bias, step_gates);
                    None
                }
                _ => {
                    let before = &before[(step - 1) * rows * units..];
                    multiply_onto(before, hidden, shape, bias, step_gates);
                    Some(before)
                }
            };
            open(
                units,
                &mut gates[step * rows * three..(step + 1) * rows * three],
                (step_gates, before),
                (&mut now[..rows * units], &mut candidate[step * rows * units..]),
            );
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let GruConfig { steps, inputs, units } = self.config;
        let Back { weights, x, y, dy, grads, dx } = back;
        let rows = x.len() / (steps * inputs);
        let [gates, candidate, _, slopes, carry, hidden_turned, input_turned] =
            trace.buffers::<7>();
        let (three, step_len) = (3 * units, rows * units);
        let hidden = self.hidden.of(weights);
        transpose(hidden, (units, three), hidden_turned);
        let carry = &mut carry[..step_len];
        carry.fill(R::ZERO);
        for step in (0..steps).rev() {
            let at = step * step_len;
            let before = (step > 0).then(|| &y[at - step_len..at]);
            let slopes = &mut slopes[step * rows * three..(step + 1) * rows * three];
            shut(
                units,
                (before, &candidate[at..at + step_len], &dy[at..at + step_len]),
                (&mut gates[step * rows * three..(step + 1) * rows * three], slopes),
                carry,
            );
            let shape = Shape { rows, depth: three, columns: units };
            multiply_add(slopes, hidden_turned, shape, carry);
        }
        let all = steps * rows;
        let (gates, slopes) = (&gates[..all * three], &slopes[..all * three]);
        let later = all - rows;
        let shape = Shape { rows: units, depth: later, columns: three };
        transposed_multiply_add(
            &y[..later * units],
            &slopes[rows * three..],
            shape,
            self.hidden.of_mut(grads),
        );
        let shape = Shape { rows: inputs, depth: all, columns: three };
        transposed_multiply_add(x, gates, shape, self.input.of_mut(grads));
        add_columns(gates, self.input_bias.of_mut(grads));
        add_columns(slopes, self.hidden_bias.of_mut(grads));
        if let Some(dx) = dx {
            transpose(self.input.of(weights), (inputs, three), input_turned);
            multiply(gates, input_turned, Shape { rows: all, depth: three, columns: inputs }, dx);
        }
    }
}

kernel! {
    /// One step: `gates` holds the input's part and gets r, z, n; the new state and `h Un + cn`
    /// are written.
    fn open<R>(
        units: usize,
        gates: &mut [R],
        from: (&[R], Option<&[R]>),
        to: (&mut [R], &mut [R]),
    ) {
        let (hidden, before) = from;
        let (states, candidates) = to;
        let rows = gates.chunks_exact_mut(3 * units).zip(hidden.chunks_exact(3 * units));
        let outs = states.chunks_exact_mut(units).zip(candidates.chunks_exact_mut(units));
        for (row, ((gates, hidden), (state, candidate))) in rows.zip(outs).enumerate() {
            let (rz, n) = gates.split_at_mut(2 * units);
            let (hidden_rz, hidden_n) = hidden.split_at(2 * units);
            onto(rz, [hidden_rz], |gate, [hidden]| (gate + hidden).sigmoid::<M>());
            let (r, z) = rz.split_at(units);
            candidate.copy_from_slice(hidden_n);
            onto(n, [r, hidden_n], |n, [r, hidden]| r.fma::<M>(hidden, n).tanh::<M>());
            match before {
                Some(before) => {
                    let before = &before[row * units..(row + 1) * units];
                    onto(state, [before, n, z], |_, [before, n, z]| z.fma::<M>(before - n, n));
                }
                None => onto(state, [n, z], |_, [n, z]| n - z * n),
            }
        }
    }
}

kernel! {
    /// One step backward: `gates` holds r, z, n and gets the gradients of the input's part,
    /// `slopes` those of the state's part; `carry` is the gradient of the state and becomes the
    /// part of it that reaches the step before past the gates.
    fn shut<R>(
        units: usize,
        from: (Option<&[R]>, &[R], &[R]),
        to: (&mut [R], &mut [R]),
        carry: &mut [R],
    ) {
        let (before, candidates, dy) = from;
        let (gates, slopes) = to;
        let rows = gates.chunks_exact_mut(3 * units).zip(slopes.chunks_exact_mut(3 * units));
        for (row, (gates, slopes)) in rows.enumerate() {
            let before = before.map(|before| &before[row * units..(row + 1) * units]);
            let of_row = row * units..(row + 1) * units;
            let (hn, dy) = (&candidates[of_row.clone()], &dy[of_row.clone()]);
            let to = (gates, slopes, &mut carry[of_row]);
            let whole = units - units % LANES;
            let mut all = Row { units, before, hn, dy, to };
            for at in (0..whole).step_by(LANES) {
                all.shut((at, LANES));
            }
            if whole < units {
                all.shut((whole, units - whole));
            }
        }
    }
}

/// A row of a step backward.
struct Row<'a, R> {
    units: usize,
    /// The state began at 0.
    before: Option<&'a [R]>,
    hn: &'a [R],
    dy: &'a [R],
    /// Gates, slopes and what is carried.
    to: (&'a mut [R], &'a mut [R], &'a mut [R]),
}

impl<R: Real> Row<'_, R> {
    /// Some units side by side, at most [`LANES`].
    #[inline(always)]
    fn shut(&mut self, (at, width): (usize, usize)) {
        let units = self.units;
        let (gates, slopes, carry) = &mut self.to;
        let r = block(&gates[at..][..width]);
        let z = block(&gates[units + at..][..width]);
        let n = block(&gates[2 * units + at..][..width]);
        let (hn, dy) = (block(&self.hn[at..][..width]), block(&self.dy[at..][..width]));
        let held = match self.before {
            Some(held) => block(&held[at..][..width]),
            None => [R::ZERO; LANES],
        };
        let carry = &mut carry[at..][..width];
        let dh = lanes([block(carry), dy], |[carry, dy]| carry + dy);
        let of_z = lanes([dh, held, n, z], |[dh, held, n, z]| dh * (held - n) * z * (R::ONE - z));
        let of_n = lanes([dh, z, n], |[dh, z, n]| dh * (R::ONE - z) * (R::ONE - n * n));
        let of_r = lanes([of_n, hn, r], |[of_n, hn, r]| of_n * hn * r * (R::ONE - r));
        let of_hn = lanes([of_n, r], |[of_n, r]| of_n * r);
        put(lanes([dh, z], |[dh, z]| dh * z), carry);
        put(of_r, &mut gates[at..][..width]);
        put(of_z, &mut gates[units + at..][..width]);
        put(of_n, &mut gates[2 * units + at..][..width]);
        put(of_r, &mut slopes[at..][..width]);
        put(of_z, &mut slopes[units + at..][..width]);
        put(of_hn, &mut slopes[2 * units + at..][..width]);
    }
}
