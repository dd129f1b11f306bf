//! Embedding: a whole number becomes a learned row.
//!
//! x rows × fields holds numbers below `words` (a number outside is held to the nearest end; NaN
//! reads the first row); y rows × (fields · width). There is no gradient by the input.

use super::{Ahead, Back, Layer, Trace};
use crate::real::Real;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of an embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingConfig {
    /// Numbers in a row.
    pub fields: usize,
    /// Rows of the table.
    pub words: usize,
    /// Values of a row of the table.
    pub width: usize,
}

/// An embedding.
#[derive(Debug, Clone)]
pub struct Embedding {
    config: EmbeddingConfig,
    table: Slot,
}

impl EmbeddingConfig {
    /// Adds `table`, words × width, normal with deviation 1 as in PyTorch.
    pub fn build(self, plan: &mut Plan) -> Embedding {
        let role = (Role::Weight, Init::Normal(1.0));
        Embedding { config: self, table: plan.add("table", &[self.words, self.width], role) }
    }
}

impl Embedding {
    fn row<R: Real>(&self, value: R) -> std::ops::Range<usize> {
        let last = self.config.words as f64 - 1.0;
        let word = value.f64().max(0.0).min(last) as usize;
        word * self.config.width..(word + 1) * self.config.width
    }
}

impl<R: Real> Layer<R> for Embedding {
    fn inputs(&self) -> usize {
        self.config.fields
    }

    fn outputs(&self) -> usize {
        self.config.fields * self.config.width
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let table = self.table.of(ahead.weights);
        for (y, value) in y.chunks_exact_mut(self.config.width).zip(ahead.x) {
            y.copy_from_slice(&table[self.row(*value)]);
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let table = self.table.of_mut(back.grads);
        for (dy, value) in back.dy.chunks_exact(self.config.width).zip(back.x) {
            table[self.row(*value)].iter_mut().zip(dy).for_each(|(grad, dy)| *grad += *dy);
        }
        if let Some(dx) = back.dx {
            dx.fill(R::ZERO);
        }
    }
}
