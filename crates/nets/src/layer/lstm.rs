//! Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000), in PyTorch's form.
//!
//! ```text
//! i = σ(x Wi + h Ui + bi)   f = σ(x Wf + h Uf + bf)   o = σ(x Wo + h Uo + bo)
//! g = tanh(x Wg + h Ug + bg)     c' = f ⊙ c + i ⊙ g     h' = o ⊙ tanh(c')
//! ```
//! Input and output are time-major: steps × rows × inputs, steps × rows × units. State and cell
//! begin at 0. Tensors: `input` inputs × 4 units (i, f, g, o), `hidden` units × 4 units, `bias`
//! of 4 units (PyTorch keeps two biases that are only ever added).

use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_add, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::strands::onto;
use crate::turning::transpose;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of an LSTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LstmConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub inputs: usize,
    /// Units of the state.
    pub units: usize,
}

/// An LSTM.
#[derive(Debug, Clone)]
pub struct Lstm {
    config: LstmConfig,
    input: Slot,
    hidden: Slot,
    bias: Slot,
}

impl LstmConfig {
    /// Adds the tensors to the plan; all begin even within ±1/√units, as PyTorch does.
    pub fn build(self, plan: &mut Plan) -> Lstm {
        let (inputs, units) = (self.inputs, self.units);
        let bound = 1.0 / (units as f64).sqrt();
        let even = Init::Uniform(-bound, bound);
        let mut weight =
            |name: &str, rows| plan.add(name, &[rows, 4 * units], (Role::Weight, even.clone()));
        let (input, hidden) = (weight("input", inputs), weight("hidden", units));
        let bias = plan.add("bias", &[4 * units], (Role::Bias, even));
        Lstm { config: self, input, hidden, bias }
    }
}

impl<R: Real> Layer<R> for Lstm {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.inputs
    }

    fn outputs(&self) -> usize {
        self.config.steps * self.config.units
    }

    /// Gates i, f, g, o and later their gradients; cells; tanh of the cells; gradients of state
    /// and cell; both weights transposed.
    fn trace(&self, rows: usize) -> Trace<R> {
        let LstmConfig { steps, inputs, units } = self.config;
        let (all, four) = (steps * rows, 4 * units);
        Trace::new([
            all * four,
            all * units,
            all * units,
            rows * units,
            rows * units,
            four * units,
            four * inputs,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let LstmConfig { steps, inputs, units } = self.config;
        let Ahead { weights, x, .. } = ahead;
        let rows = x.len() / (steps * inputs);
        let [gates, cells, bent, ..] = trace.buffers::<7>();
        let (four, step_len) = (4 * units, rows * units);
        let gates = &mut gates[..steps * rows * four];
        let shape = Shape { rows: steps * rows, depth: inputs, columns: four };
        multiply_onto(x, self.input.of(weights), shape, self.bias.of(weights), gates);
        let shape = Shape { rows, depth: units, columns: four };
        for step in 0..steps {
            let at = step * step_len;
            let gates = &mut gates[step * rows * four..(step + 1) * rows * four];
            let (before, now) = y.split_at_mut(at);
            let (cells_before, cells) = cells.split_at_mut(at);
            if step > 0 {
                multiply_add(&before[at - step_len..], self.hidden.of(weights), shape, gates);
            }
            let cells_before = &cells_before[at.saturating_sub(step_len)..];
            let outs = (&mut cells[..step_len], &mut bent[at..at + step_len]);
            open(units, gates, (cells_before, &mut now[..step_len]), outs);
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let LstmConfig { steps, inputs, units } = self.config;
        let Back { weights, x, y, dy, grads, dx } = back;
        let rows = x.len() / (steps * inputs);
        let [gates, cells, bent, carry, cell_carry, hidden_turned, input_turned] =
            trace.buffers::<7>();
        let (four, step_len) = (4 * units, rows * units);
        transpose(self.hidden.of(weights), (units, four), hidden_turned);
        let (carry, cell_carry) = (&mut carry[..step_len], &mut cell_carry[..step_len]);
        carry.fill(R::ZERO);
        cell_carry.fill(R::ZERO);
        for step in (0..steps).rev() {
            let at = step * step_len;
            let gates = &mut gates[step * rows * four..(step + 1) * rows * four];
            for (carry, dy) in carry.iter_mut().zip(&dy[at..at + step_len]) {
                *carry += *dy;
            }
            let before = if step > 0 { &cells[at - step_len..at] } else { &[][..] };
            shut(units, gates, (before, &bent[at..at + step_len]), (carry, cell_carry));
            if step > 0 {
                let shape = Shape { rows, depth: four, columns: units };
                multiply(gates, hidden_turned, shape, carry);
            }
        }
        let all = steps * rows;
        let gates = &gates[..all * four];
        let later = all - rows;
        transposed_multiply_add(
            &y[..later * units],
            &gates[rows * four..],
            Shape { rows: units, depth: later, columns: four },
            self.hidden.of_mut(grads),
        );
        let shape = Shape { rows: inputs, depth: all, columns: four };
        transposed_multiply_add(x, gates, shape, self.input.of_mut(grads));
        add_columns(gates, self.bias.of_mut(grads));
        if let Some(dx) = dx {
            transpose(self.input.of(weights), (inputs, four), input_turned);
            multiply(gates, input_turned, Shape { rows: all, depth: four, columns: inputs }, dx);
        }
    }
}

kernel! {
    /// One step: `gates` holds sums and gets i, f, g, o; the new state, cell and its tanh are
    /// written. `before` holds the cells of the step before, or nothing.
    fn open<R>(
        units: usize,
        gates: &mut [R],
        states: (&[R], &mut [R]),
        cells: (&mut [R], &mut [R]),
    ) {
        let (before, state) = states;
        let rows = gates.chunks_exact_mut(4 * units).zip(state.chunks_exact_mut(units));
        let outs = cells.0.chunks_exact_mut(units).zip(cells.1.chunks_exact_mut(units));
        for (row, ((gates, state), (cell, bent))) in rows.zip(outs).enumerate() {
            let (both, rest) = gates.split_at_mut(2 * units);
            let (g, o) = rest.split_at_mut(units);
            onto(both, [], |gate, []| gate.sigmoid::<M>());
            onto(o, [], |gate, []| gate.sigmoid::<M>());
            onto(g, [], |gate, []| gate.tanh::<M>());
            let (i, f) = both.split_at(units);
            onto(cell, [i, g], |_, [i, g]| i * g);
            if !before.is_empty() {
                let before = &before[row * units..(row + 1) * units];
                onto(cell, [f, before], |cell, [f, held]| f.fma::<M>(held, cell));
            }
            onto(bent, [cell], |_, [cell]| cell.tanh::<M>());
            onto(state, [o, bent], |_, [o, bent]| o * bent);
        }
    }
}

kernel! {
    /// One step backward: `gates` holds i, f, g, o and gets the gradients of their sums; the
    /// gradient of the cell becomes that of the cell before.
    fn shut<R>(
        units: usize,
        gates: &mut [R],
        kept: (&[R], &[R]),
        carries: (&mut [R], &mut [R]),
    ) {
        let (before, bent) = kept;
        let carried = carries.0.chunks_exact(units).zip(carries.1.chunks_exact_mut(units));
        let rows = gates.chunks_exact_mut(4 * units).zip(bent.chunks_exact(units));
        for (row, ((gates, bent), (dh, dc))) in rows.zip(carried).enumerate() {
            let (i, rest) = gates.split_at_mut(units);
            let (f, rest) = rest.split_at_mut(units);
            let (g, o) = rest.split_at_mut(units);
            onto(dc, [dh, o, bent], |dc, [dh, o, bent]| dc + dh * o * (R::ONE - bent * bent));
            onto(o, [dh, bent], |o, [dh, bent]| dh * bent * o * (R::ONE - o));
            for ((i, g), dc) in i.iter_mut().zip(g).zip(&*dc) {
                let (toward_i, toward_g) = (*dc * *g, *dc * *i);
                *g = toward_g * (R::ONE - *g * *g);
                *i = toward_i * *i * (R::ONE - *i);
            }
            if before.is_empty() {
                f.fill(R::ZERO);
                continue;
            }
            let before = &before[row * units..(row + 1) * units];
            for ((f, dc), held) in f.iter_mut().zip(dc).zip(before) {
                let toward_f = *dc * *held;
                *dc *= *f;
                *f = toward_f * *f * (R::ONE - *f);
            }
        }
    }
}
