//! What a Transformer adds to a sequence: a class token in front, and where each step stands.
//!
//! `y₀ = cls + p₀`, `y_t = x_{t−1} + p_t`. x is rows × steps × width, y rows × (steps + 1) × width
//! (or steps without a class token). Positions are learned, or the sines of Vaswani et al. (2017).

use serde::{Deserialize, Serialize};

use super::{Ahead, Back, Layer, Trace};
use crate::real::Real;
use crate::weights::{Init, Plan, Role, Slot};

/// How a step is told where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// One learned row a step.
    Learned,
    /// `sin(t / 10000^(2i/width))` and its cosine, fixed.
    Sines,
}

/// Whether a class token stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A learned row in front.
    Token,
    /// None.
    Absent,
}

/// Settings of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokensConfig {
    /// Steps of a sequence on the way in.
    pub steps: usize,
    /// Values of a step.
    pub width: usize,
    /// How a step is told where it stands.
    pub position: Position,
    /// Whether a class token stands in front.
    pub class: Class,
}

/// Class token and positions.
#[derive(Debug, Clone)]
pub struct Tokens {
    config: TokensConfig,
    class: Option<Slot>,
    position: Slot,
}

impl TokensConfig {
    /// Adds `class` (width) where there is one, and `position` (steps out × width).
    pub fn build(self, plan: &mut Plan) -> Tokens {
        let small = || (Role::Bias, Init::Normal(0.02));
        let class = (self.class == Class::Token).then(|| plan.add("class", &[self.width], small()));
        let steps = self.steps + usize::from(class.is_some());
        let init = match self.position {
            Position::Learned => small(),
            Position::Sines => (Role::Fixed, Init::Given(sines(steps, self.width))),
        };
        let position = plan.add("position", &[steps, self.width], init);
        Tokens { config: self, class, position }
    }
}

fn sines(steps: usize, width: usize) -> Vec<f64> {
    let at = |step: usize, place: usize| {
        let angle = step as f64 / 10_000f64.powf((place / 2 * 2) as f64 / width as f64);
        if place.is_multiple_of(2) { angle.sin() } else { angle.cos() }
    };
    (0..steps * width).map(|k| at(k / width, k % width)).collect()
}

impl<R: Real> Layer<R> for Tokens {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.width
    }

    fn outputs(&self) -> usize {
        self.position.len()
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let position = self.position.of(ahead.weights);
        let (wide, high) = (self.config.steps * self.config.width, position.len());
        for (y, x) in y.chunks_exact_mut(high).zip(ahead.x.chunks_exact(wide)) {
            y.copy_from_slice(position);
            let (class, steps) = y.split_at_mut(high - wide);
            if let Some(slot) = self.class {
                class.iter_mut().zip(slot.of(ahead.weights)).for_each(|(y, c)| *y += *c);
            }
            steps.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let (wide, high) = (self.config.steps * self.config.width, self.position.len());
        for dy in back.dy.chunks_exact(high) {
            if let Some(slot) = self.class {
                let class = slot.of_mut(back.grads);
                class.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += *dy);
            }
            let position = self.position.of_mut(back.grads);
            position.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += *dy);
        }
        let Some(dx) = back.dx else { return };
        for (dx, dy) in dx.chunks_exact_mut(wide).zip(back.dy.chunks_exact(high)) {
            dx.copy_from_slice(&dy[high - wide..]);
        }
    }
}

/// The first values of each row: the class token of a row-major sequence.
#[derive(Debug, Clone, Copy)]
pub struct First {
    /// Values of a row.
    pub inputs: usize,
    /// Values kept.
    pub outputs: usize,
}

impl<R: Real> Layer<R> for First {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let rows = ahead.x.chunks_exact(self.inputs);
        for (y, x) in y.chunks_exact_mut(self.outputs).zip(rows) {
            y.copy_from_slice(&x[..self.outputs]);
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let Some(dx) = back.dx else { return };
        dx.fill(R::ZERO);
        for (dx, dy) in dx.chunks_exact_mut(self.inputs).zip(back.dy.chunks_exact(self.outputs)) {
            dx[..self.outputs].copy_from_slice(dy);
        }
    }
}
