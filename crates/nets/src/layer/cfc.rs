//! Closed-form continuous-time cell (Hasani et al. 2022), in the form of `ncps`.
//!
//! ```text
//! z = [x h]                      or lecun-tanh([x h] B + b) with a backbone
//! a = tanh(z A)   c = tanh(z C)   s = σ(t (z P) + z Q)      h' = a ⊙ (1 − s) + s ⊙ c
//! ```
//! each with its bias; t is the time between two steps. Time-major: steps × rows × inputs to
//! steps × rows × units. A mask takes inputs away from a and c; three masked cells in a chain are
//! the wired form of `ncps`. Tensors: `input` and `hidden` onto the backbone or onto 4 units
//! (a, c, p, q), `bias`; with a backbone also `mix` and `mix_bias`.

use super::activation::{Activation, activate, differentiate};
use super::linear::add_columns;
use super::wiring::Wiring;
use super::{Ahead, Back, Chain, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_add, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::strands::onto;
use crate::turning::transpose;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of a CfC cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CfcConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub inputs: usize,
    /// Units of the state.
    pub units: usize,
    /// Units between the input and the cell; `None` has none.
    pub backbone: Option<usize>,
    /// Time between two steps.
    pub elapsed: f64,
    /// inputs × units of 0 and 1; only without a backbone.
    pub mask: Option<Vec<f64>>,
}

/// A CfC cell.
#[derive(Debug, Clone)]
pub struct Cfc {
    config: CfcConfig,
    input: Slot,
    hidden: Slot,
    bias: Slot,
    mix: Option<(Slot, Slot)>,
    mask: Option<Slot>,
}

impl CfcConfig {
    /// Adds the tensors; matrices begin as Xavier's, as in `ncps`.
    ///
    /// Panics when a mask is given beside a backbone, or has another size.
    pub fn build(self, plan: &mut Plan) -> Cfc {
        let CfcConfig { inputs, units, .. } = self;
        let four = 4 * units;
        let front = self.backbone.unwrap_or(four);
        let xavier = |inputs: usize, outputs: usize| {
            let bound = (6.0 / (inputs + outputs) as f64).sqrt();
            (Role::Weight, Init::Uniform(-bound, bound))
        };
        let out = self.backbone.unwrap_or(units);
        let input = plan.add("input", &[inputs, front], xavier(inputs + units, out));
        let hidden = plan.add("hidden", &[units, front], xavier(inputs + units, out));
        let bias = plan.bias("bias", inputs + units, front);
        let mix = self.backbone.map(|wide| {
            (plan.add("mix", &[wide, four], xavier(wide, units)), plan.bias("mix_bias", wide, four))
        });
        let mask = self.mask.as_ref().map(|mask| {
            assert!(mix.is_none() && mask.len() == inputs * units, "a mask of inputs × units");
            plan.add("mask", &[inputs, units], (Role::Fixed, Init::Given(mask.clone())))
        });
        Cfc { config: self, input, hidden, bias, mix, mask }
    }
}

/// The wired form: inter, command and motor cells in a chain, each hearing what the wiring says.
pub fn wired_cfc<R: Real>(steps: usize, wiring: &Wiring, plan: &mut Plan) -> Chain<R> {
    let mut before = 0..wiring.inputs;
    let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
    for (at, layer) in wiring.layers.iter().enumerate() {
        let synapses = if at == 0 { &wiring.sensory } else { &wiring.inner };
        let mut mask = vec![0.0; before.len() * layer.len()];
        for synapse in synapses {
            if before.contains(&synapse.from) && layer.contains(&synapse.to) {
                let place = (synapse.from - before.start) * layer.len();
                mask[place + synapse.to - layer.start] = 1.0;
            }
        }
        let config = CfcConfig {
            steps,
            inputs: before.len(),
            units: layer.len(),
            backbone: None,
            elapsed: 1.0,
            mask: Some(mask),
        };
        layers.push(Box::new(plan.within(at.to_string(), |plan| config.build(plan))));
        before = layer.clone();
    }
    Chain::of(layers)
}

impl Cfc {
    fn front(&self) -> usize {
        self.config.backbone.unwrap_or(4 * self.config.units)
    }

    /// The input weights with what the mask takes away taken away.
    fn masked<'a, R: Real>(&self, weights: &'a [R], room: &'a mut [R]) -> &'a [R] {
        let input = self.input.of(weights);
        let Some(mask) = self.mask else { return input };
        room.copy_from_slice(input);
        veil(room, mask.of(weights), self.config.units);
        room
    }
}

/// Multiplies a and c of each line of 4 units with the mask.
fn veil<R: Real>(lines: &mut [R], mask: &[R], units: usize) {
    for (line, mask) in lines.chunks_exact_mut(4 * units).zip(mask.chunks_exact(units)) {
        for half in line[..2 * units].chunks_exact_mut(units) {
            half.iter_mut().zip(mask).for_each(|(value, mask)| *value *= *mask);
        }
    }
}

impl<R: Real> Layer<R> for Cfc {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.inputs
    }

    fn outputs(&self) -> usize {
        self.config.steps * self.config.units
    }

    /// Front (backbone values or gates) for all steps; gates for all steps and their gradients;
    /// gradient of the backbone; carry; weights masked and turned.
    fn trace(&self, rows: usize) -> Trace<R> {
        let CfcConfig { steps, inputs, units, backbone, .. } = self.config;
        let (all, four, front) = (steps * rows, 4 * units, self.front());
        let wide = backbone.unwrap_or(0);
        Trace::new([
            all * front,
            all * four,
            all * four,
            all * wide,
            rows * units,
            inputs * front,
            front * inputs.max(units),
            wide * four,
            all * wide,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let CfcConfig { steps, inputs, units, elapsed, .. } = self.config;
        let Ahead { weights, x, .. } = ahead;
        let rows = x.len() / (steps * inputs);
        let [fronts, gates, _, _, _, masked, ..] = trace.buffers::<9>();
        let (front, four) = (self.front(), 4 * units);
        let fronts = &mut fronts[..steps * rows * front];
        let shape = Shape { rows: steps * rows, depth: inputs, columns: front };
        multiply_onto(x, self.masked(weights, masked), shape, self.bias.of(weights), fronts);
        for step in 0..steps {
            let at = step * rows * units;
            let (before, now) = y.split_at_mut(at);
            let of_step = &mut fronts[step * rows * front..(step + 1) * rows * front];
            if step > 0 {
                let shape = Shape { rows, depth: units, columns: front };
                let before = &before[at - rows * units..];
                multiply_add(before, self.hidden.of(weights), shape, of_step);
            }
            let gates = &mut gates[step * rows * four..(step + 1) * rows * four];
            match self.mix {
                None => gates.copy_from_slice(of_step),
                Some((mix, mix_bias)) => {
                    activate(Activation::LecunTanh, of_step);
                    let shape = Shape { rows, depth: front, columns: four };
                    multiply_onto(of_step, mix.of(weights), shape, mix_bias.of(weights), gates);
                }
            }
            open((units, R::of(elapsed)), gates, &mut now[..rows * units]);
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let CfcConfig { steps, inputs, units, elapsed, .. } = self.config;
        let Back { weights, x, y, dy, grads, dx } = back;
        let rows = x.len() / (steps * inputs);
        let [fronts, gates, slopes, by_front, carry, masked, turned, mix_turned, bent] =
            trace.buffers::<9>();
        let (front, four, all) = (self.front(), 4 * units, steps * rows);
        let carry = &mut carry[..rows * units];
        carry.fill(R::ZERO);
        transpose(self.hidden.of(weights), (units, front), turned);
        if let Some((mix, _)) = self.mix {
            transpose(mix.of(weights), (front, four), mix_turned);
        }
        for step in (0..steps).rev() {
            let at = step * rows * units;
            for (carry, dy) in carry.iter_mut().zip(&dy[at..at + rows * units]) {
                *carry += *dy;
            }
            let of = step * rows * four..(step + 1) * rows * four;
            shut((units, R::of(elapsed)), (&gates[of.clone()], carry), &mut slopes[of.clone()]);
            let of_front = step * rows * front..(step + 1) * rows * front;
            let by_sum: &[R] = match self.mix {
                None => &slopes[of],
                Some(_) => {
                    let bent = &mut bent[of_front.clone()];
                    let shape = Shape { rows, depth: four, columns: front };
                    multiply(&slopes[of], mix_turned, shape, bent);
                    let by_front = &mut by_front[of_front.clone()];
                    differentiate(Activation::LecunTanh, (&fronts[of_front], bent), by_front);
                    by_front
                }
            };
            if step > 0 {
                multiply(by_sum, turned, Shape { rows, depth: front, columns: units }, carry);
            }
        }
        let slopes = &slopes[..all * four];
        let by_sum = match self.mix {
            None => slopes,
            Some((mix, mix_bias)) => {
                let shape = Shape { rows: front, depth: all, columns: four };
                transposed_multiply_add(&fronts[..all * front], slopes, shape, mix.of_mut(grads));
                add_columns(slopes, mix_bias.of_mut(grads));
                &by_front[..all * front]
            }
        };
        let later = all - rows;
        let shape = Shape { rows: units, depth: later, columns: front };
        let hidden = self.hidden.of_mut(grads);
        transposed_multiply_add(&y[..later * units], &by_sum[rows * front..], shape, hidden);
        add_columns(by_sum, self.bias.of_mut(grads));
        let shape = Shape { rows: inputs, depth: all, columns: front };
        match self.mask {
            None => transposed_multiply_add(x, by_sum, shape, self.input.of_mut(grads)),
            Some(mask) => {
                masked.fill(R::ZERO);
                transposed_multiply_add(x, by_sum, shape, masked);
                veil(masked, mask.of(weights), units);
                let input = self.input.of_mut(grads);
                input.iter_mut().zip(&*masked).for_each(|(grad, add)| *grad += *add);
            }
        }
        if let Some(dx) = dx {
            transpose(self.masked(weights, masked), (inputs, front), turned);
            multiply(by_sum, turned, Shape { rows: all, depth: front, columns: inputs }, dx);
        }
    }
}

kernel! {
    /// One step: `gates` holds sums and gets a, c, p (untouched) and s; the state is written.
    fn open<R>(how: (usize, R), gates: &mut [R], state: &mut [R]) {
        let (units, elapsed) = how;
        for (gates, state) in gates.chunks_exact_mut(4 * units).zip(state.chunks_exact_mut(units)) {
            let (both, times) = gates.split_at_mut(2 * units);
            onto(both, [], |value, []| value.tanh::<M>());
            let (p, s) = times.split_at_mut(units);
            onto(s, [p], |s, [p]| p.fma::<M>(elapsed, s).sigmoid::<M>());
            let (a, c) = both.split_at(units);
            onto(state, [s, a, c], |_, [s, a, c]| s.fma::<M>(c - a, a));
        }
    }
}

kernel! {
    /// One step backward: gradients by the four sums.
    fn shut<R>(how: (usize, R), from: (&[R], &[R]), slopes: &mut [R]) {
        let (units, elapsed) = how;
        let rows = from.0.chunks_exact(4 * units).zip(from.1.chunks_exact(units));
        for (slopes, (gates, dh)) in slopes.chunks_exact_mut(4 * units).zip(rows) {
            let (a, rest) = gates.split_at(units);
            let (c, rest) = rest.split_at(units);
            let s = &rest[units..];
            let (to_a, rest) = slopes.split_at_mut(units);
            let (to_c, rest) = rest.split_at_mut(units);
            let (to_p, to_q) = rest.split_at_mut(units);
            onto(to_a, [dh, a, s], |_, [dh, a, s]| dh * (R::ONE - s) * (R::ONE - a * a));
            onto(to_c, [dh, c, s], |_, [dh, c, s]| dh * s * (R::ONE - c * c));
            let slope = |_, [dh, a, c, s]: [R; 4]| dh * (c - a) * s * (R::ONE - s);
            onto(to_q, [dh, a, c, s], slope);
            onto(to_p, [to_q], |_, [to_q]| elapsed * to_q);
        }
    }
}
