//! Layers put together: one after the other, side by side, around a shortcut.

use std::ops::Range;

use super::{Ahead, Back, Layer, Mode, Trace};
use crate::matmul::copy_columns;
use crate::real::Real;

/// Layers one after the other.
pub struct Chain<R> {
    layers: Vec<Box<dyn Layer<R>>>,
}

impl<R: Real> Chain<R> {
    /// Begins with a layer.
    pub fn new(first: impl Layer<R> + 'static) -> Chain<R> {
        Chain { layers: vec![Box::new(first)] }
    }

    /// Of all these layers.
    ///
    /// Panics when there is none, or one reads another number of values than the one before gives.
    pub fn of(layers: Vec<Box<dyn Layer<R>>>) -> Chain<R> {
        assert!(!layers.is_empty(), "a chain of at least one layer");
        for (at, pair) in layers.windows(2).enumerate() {
            assert_eq!(pair[0].outputs(), pair[1].inputs(), "layer {} of a chain", at + 1);
        }
        Chain { layers }
    }

    /// The same with one more layer.
    ///
    /// Panics when it reads another number of values than the last one gives.
    pub fn then(mut self, next: impl Layer<R> + 'static) -> Chain<R> {
        self.layers.push(Box::new(next));
        Chain::of(self.layers)
    }
}

impl<R: Real> Layer<R> for Chain<R> {
    fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    fn learns(&self) -> bool {
        self.layers.iter().any(|layer| layer.learns())
    }

    /// Two buffers a joint: the values and their gradients.
    fn trace(&self, rows: usize) -> Trace<R> {
        let joints = &self.layers[..self.layers.len() - 1];
        let both = joints.iter().flat_map(|layer| [layer.outputs(); 2]);
        let buffers = both.map(|width| vec![R::ZERO; width * rows]).collect();
        let inner = self.layers.iter().map(|layer| layer.trace(rows)).collect();
        Trace { buffers, inner, draws: 0 }
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let rows = ahead.x.len() / self.inputs();
        let (mut joints, inner) = trace.parts();
        let mut x = ahead.x;
        for (at, (layer, trace)) in self.layers.iter().zip(inner).enumerate() {
            let ahead = Ahead { x, mode: of_layer(ahead.mode, at), ..ahead };
            let Some((joint, others)) = joints.split_first_mut() else {
                return layer.forward(ahead, y, trace);
            };
            let out = &mut joint[..rows * layer.outputs()];
            layer.forward(ahead, out, trace);
            x = out;
            joints = &mut others[1..];
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let Back { weights, x, y, dy, grads, mut dx } = back;
        let rows = x.len() / self.inputs();
        let (joints, inner) = trace.parts();
        let last = self.layers.len() - 1;
        let asked = dx.is_some();
        // Gradients go no further down than somebody asks for them.
        let least = match asked {
            true => 0,
            false => self.layers.iter().position(|layer| layer.learns()).unwrap_or(last),
        };
        for (at, layer) in self.layers.iter().enumerate().skip(least).rev() {
            let width = |at: usize| rows * self.layers[at].outputs();
            // Joints before this layer, and those from it on.
            let (before, after) = joints.split_at_mut(2 * at);
            let (y, dy): (&[R], &[R]) = match after {
                [values, slopes, ..] if at < last => (&values[..width(at)], &slopes[..width(at)]),
                _ => (y, dy),
            };
            let (x, dx): (&[R], Option<&mut [R]>) = match before {
                [.., values, slopes] => {
                    let wanted = asked || at > least;
                    (&values[..width(at - 1)], wanted.then(|| &mut slopes[..width(at - 1)]))
                }
                _ => (x, dx.take()),
            };
            let back = Back { weights, x, y, dy, grads: &mut *grads, dx };
            layer.backward(back, &mut inner[at]);
        }
    }
}

/// Layers side by side, each on a stretch of the input; outputs stand one after the other, in
/// each step where the branches give sequences.
pub struct Fork<R> {
    inputs: usize,
    steps: usize,
    branches: Vec<(Range<usize>, Box<dyn Layer<R>>)>,
}

impl<R: Real> Fork<R> {
    /// A fork of rows with so many values.
    pub fn new(inputs: usize) -> Fork<R> {
        Fork { inputs, steps: 1, branches: Vec::new() }
    }

    /// The same with branches that give sequences of so many steps, joined step by step.
    pub fn stepped(self, steps: usize) -> Fork<R> {
        Fork { steps, ..self }
    }

    /// The same with a branch that reads the whole row.
    pub fn and(self, branch: impl Layer<R> + 'static) -> Fork<R> {
        let all = 0..self.inputs;
        self.on(all, branch)
    }

    /// The same with a branch that reads these values of a row.
    ///
    /// Panics when the branch reads another number of values.
    pub fn on(mut self, of: Range<usize>, branch: impl Layer<R> + 'static) -> Fork<R> {
        assert!(of.end <= self.inputs && of.len() == branch.inputs(), "a branch of a fork");
        self.branches.push((of, Box::new(branch)));
        self
    }
}

impl<R: Real> Layer<R> for Fork<R> {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.branches.iter().map(|(_, branch)| branch.outputs()).sum()
    }

    /// Four buffers a branch: input, output and their gradients.
    fn trace(&self, rows: usize) -> Trace<R> {
        let each = self.branches.iter().flat_map(|(_, branch)| {
            [branch.inputs(), branch.outputs(), branch.outputs(), branch.inputs()]
        });
        let buffers = each.map(|width| vec![R::ZERO; width * rows]).collect();
        let inner = self.branches.iter().map(|(_, branch)| branch.trace(rows)).collect();
        Trace { buffers, inner, draws: 0 }
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let rows = ahead.x.len() / self.inputs;
        let outputs = self.outputs() / self.steps;
        let (buffers, inner) = trace.parts();
        let mut begun = 0;
        for (at, (of, branch)) in self.branches.iter().enumerate() {
            let [x, out, _, _] = &mut buffers[4 * at..4 * at + 4] else { return };
            let (wide, high) = (branch.inputs(), branch.outputs());
            let x = &mut x[..rows * wide];
            copy_columns((ahead.x, self.inputs), of.clone(), x);
            let out = &mut out[..rows * high];
            let ahead = Ahead { x, mode: of_layer(ahead.mode, at), ..ahead };
            branch.forward(ahead, out, &mut inner[at]);
            let wide = high / self.steps;
            for (y, out) in y.chunks_exact_mut(outputs).zip(out.chunks_exact(wide)) {
                y[begun..begun + wide].copy_from_slice(out);
            }
            begun += wide;
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let Back { weights, dy, grads, mut dx, .. } = back;
        let outputs = self.outputs() / self.steps;
        let rows = dy.len() / self.outputs();
        let (buffers, inner) = trace.parts();
        let mut begun = 0;
        if let Some(dx) = dx.as_deref_mut() {
            dx.fill(R::ZERO);
        }
        for (at, (of, branch)) in self.branches.iter().enumerate() {
            let [x, out, slopes, toward] = &mut buffers[4 * at..4 * at + 4] else { return };
            let (wide, high) = (rows * branch.inputs(), rows * branch.outputs());
            let ends = begun + branch.outputs() / self.steps;
            copy_columns((dy, outputs), begun..ends, &mut slopes[..high]);
            begun = ends;
            let asked = dx.is_some().then(|| &mut toward[..wide]);
            let back = Back {
                weights,
                x: &x[..wide],
                y: &out[..high],
                dy: &slopes[..high],
                grads: &mut *grads,
                dx: asked,
            };
            branch.backward(back, &mut inner[at]);
            if let Some(dx) = dx.as_deref_mut() {
                let rows = dx.chunks_exact_mut(self.inputs);
                for (dx, toward) in rows.zip(toward.chunks_exact(of.len())) {
                    dx[of.clone()].iter_mut().zip(toward).for_each(|(dx, add)| *dx += *add);
                }
            }
        }
    }
}

/// A layer with a shortcut around it: `y = x + f(x)`.
pub struct Residual<R> {
    around: Box<dyn Layer<R>>,
}

impl<R: Real> Residual<R> {
    /// A shortcut around a layer.
    ///
    /// Panics when it changes the width of a row.
    pub fn new(around: impl Layer<R> + 'static) -> Residual<R> {
        assert_eq!(around.inputs(), around.outputs(), "a shortcut keeps the width");
        Residual { around: Box::new(around) }
    }
}

impl<R: Real> Layer<R> for Residual<R> {
    fn inputs(&self) -> usize {
        self.around.inputs()
    }

    fn outputs(&self) -> usize {
        self.around.outputs()
    }

    fn trace(&self, rows: usize) -> Trace<R> {
        Trace::new([rows * self.around.outputs()]).with_inner(vec![self.around.trace(rows)])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let (buffers, inner) = trace.parts();
        let out = &mut buffers[0][..y.len()];
        self.around.forward(ahead, out, &mut inner[0]);
        for ((y, x), out) in y.iter_mut().zip(ahead.x).zip(out) {
            *y = *x + *out;
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let (buffers, inner) = trace.parts();
        let Back { weights, x, y, dy, grads, mut dx } = back;
        let out = &buffers[0][..y.len()];
        let inside = Back { weights, x, y: out, dy, grads, dx: dx.as_deref_mut() };
        self.around.backward(inside, &mut inner[0]);
        if let Some(dx) = dx {
            dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += *dy);
        }
    }
}

/// A layer applied to each step of a sequence.
pub struct EachStep<R> {
    steps: usize,
    layer: Box<dyn Layer<R>>,
}

impl<R: Real> EachStep<R> {
    /// The same layer for each of so many steps.
    pub fn new(steps: usize, layer: impl Layer<R> + 'static) -> EachStep<R> {
        EachStep { steps, layer: Box::new(layer) }
    }
}

impl<R: Real> Layer<R> for EachStep<R> {
    fn inputs(&self) -> usize {
        self.steps * self.layer.inputs()
    }

    fn outputs(&self) -> usize {
        self.steps * self.layer.outputs()
    }

    fn trace(&self, rows: usize) -> Trace<R> {
        self.layer.trace(rows * self.steps)
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        self.layer.forward(ahead, y, trace);
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        self.layer.backward(back, trace);
    }
}

/// Rows of steps × width become time-major: step, row, value. Recurrent layers read that.
#[derive(Debug, Clone, Copy)]
pub struct TimeMajor {
    /// Steps of a row.
    pub steps: usize,
    /// Values of a step.
    pub width: usize,
}

impl<R: Real> Layer<R> for TimeMajor {
    fn inputs(&self) -> usize {
        self.steps * self.width
    }

    fn outputs(&self) -> usize {
        self.steps * self.width
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let (steps, width) = (self.steps, self.width);
        let rows = ahead.x.len() / (steps * width);
        for (row, values) in ahead.x.chunks_exact(steps * width).enumerate() {
            for (step, values) in values.chunks_exact(width).enumerate() {
                let to = (step * rows + row) * width;
                y[to..to + width].copy_from_slice(values);
            }
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let (steps, width) = (self.steps, self.width);
        let rows = back.x.len() / (steps * width);
        let Some(dx) = back.dx else { return };
        for (row, values) in dx.chunks_exact_mut(steps * width).enumerate() {
            for (step, values) in values.chunks_exact_mut(width).enumerate() {
                let from = (step * rows + row) * width;
                values.copy_from_slice(&back.dy[from..from + width]);
            }
        }
    }
}

/// The last step of a time-major sequence.
#[derive(Debug, Clone, Copy)]
pub struct LastStep {
    /// Steps of a row.
    pub steps: usize,
    /// Values of a step.
    pub width: usize,
}

impl<R: Real> Layer<R> for LastStep {
    fn inputs(&self) -> usize {
        self.steps * self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        y.copy_from_slice(&ahead.x[ahead.x.len() - y.len()..]);
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let Some(dx) = back.dx else { return };
        let last = dx.len() - back.dy.len();
        dx[..last].fill(R::ZERO);
        dx[last..].copy_from_slice(back.dy);
    }
}

/// Draws of an inner layer: its own stretch of the tree.
fn of_layer(mode: Mode, at: usize) -> Mode {
    match mode {
        Mode::Predict => Mode::Predict,
        Mode::Train { draws } => {
            Mode::Train { draws: base::Seed::from_number(draws).index(at as u64).number() }
        }
    }
}
