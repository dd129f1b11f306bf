//! The regime Transformer (ALC-5): an encoder (Vaswani et al. 2017) that a class token reads out.
//!
//! ```text
//! x 21 × 10 → linear 64 → [cls | steps] + positions
//!   → 2 × ( x ← norm(x + attention(x));  x ← norm(x + W₂ gelu(W₁ x)) ) → cls → 5 logits
//! ```

use serde::{Deserialize, Serialize};

use super::{share, sizes, weighed};
use crate::layer::{
    Activation, AttentionConfig, Chain, Class, Dropout, EachStep, First, LinearConfig, NormConfig,
    Position, Residual, Sight, TokensConfig,
};
use crate::loss::CrossEntropy;
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// The regime Transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegimeTransformer {
    /// Days of a sequence.
    pub steps: usize,
    /// Features of a day.
    pub inputs: usize,
    /// Values of a token.
    pub width: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Blocks.
    pub layers: usize,
    /// Units between the two linear layers of a block.
    pub forward: usize,
    /// Share dropped in each block.
    pub dropout: f64,
    /// How a token is told where it stands.
    pub position: Position,
    /// Regimes.
    pub classes: usize,
    /// Weight of each regime; empty is 1 for all.
    #[serde(default)]
    pub class_weights: Vec<f64>,
    /// Share of the target spread over all regimes.
    #[serde(default)]
    pub smoothing: f64,
}

impl Default for RegimeTransformer {
    fn default() -> RegimeTransformer {
        RegimeTransformer {
            steps: 21,
            inputs: 10,
            width: 64,
            heads: 4,
            layers: 2,
            forward: 128,
            dropout: 0.1,
            position: Position::Sines,
            classes: 5,
            class_weights: Vec::new(),
            smoothing: 0.0,
        }
    }
}

impl RegimeTransformer {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let RegimeTransformer { steps, inputs, width, heads, layers, classes, .. } = *self;
        let all = [("steps", steps), ("inputs", inputs), ("width", width), ("heads", heads)];
        sizes("regime_transformer", &all)?;
        let all = [("layers", layers), ("forward", self.forward), ("classes", classes)];
        sizes("regime_transformer", &all)?;
        share("regime_transformer", "dropout", self.dropout)?;
        weighed("regime_transformer", &self.class_weights, classes)?;
        if !width.is_multiple_of(heads) {
            let what = format!("{heads} heads do not divide a width of {width}");
            return Err(Error::Build { network: "regime_transformer", what });
        }
        let mut plan = Plan::default();
        let front = plan.within("front", |plan| LinearConfig::new(inputs, width).build(plan));
        let tokens = TokensConfig { steps, width, position: self.position, class: Class::Token };
        let tokens = plan.within("tokens", |plan| tokens.build(plan));
        let mut chain = Chain::new(EachStep::new(steps, front)).then(tokens);
        for layer in 0..layers {
            let block = plan.within(format!("block.{layer}"), |plan| self.block(plan));
            chain = chain.then(block);
        }
        let head = plan.within("head", |plan| LinearConfig::new(width, classes).build(plan));
        let first = First { inputs: (steps + 1) * width, outputs: width };
        let (class_weights, smoothing) = (self.class_weights.clone(), self.smoothing);
        let loss = CrossEntropy { classes, class_weights, smoothing };
        let layer = Box::new(chain.then(first).then(head));
        Ok(Network { layer, plan, loss: Box::new(loss) })
    }

    fn block<R: Real>(&self, plan: &mut Plan) -> Chain<R> {
        let (steps, width) = (self.steps + 1, self.width);
        let attention = AttentionConfig { steps, width, heads: self.heads, sight: Sight::All };
        let attention = plan.within("attention", |plan| attention.build(plan));
        let mut norm = |name: &str| {
            let norm = plan.within(name, |plan| NormConfig::new(width).build(plan));
            EachStep::new(steps, norm)
        };
        let (first, second) = (norm("norm.0"), norm("norm.1"));
        let up = LinearConfig::new(width, self.forward).then(Activation::Gelu);
        let up = plan.within("up", |plan| up.build(plan));
        let down = LinearConfig::new(self.forward, width);
        let down = plan.within("down", |plan| down.build(plan));
        let mut see = Chain::new(attention);
        let mut think = Chain::new(EachStep::new(steps, up)).then(EachStep::new(steps, down));
        if self.dropout > 0.0 {
            see = see.then(Dropout::new(steps * width, self.dropout));
            think = think.then(Dropout::new(steps * width, self.dropout));
        }
        Chain::new(Residual::new(see)).then(first).then(Residual::new(think)).then(second)
    }
}
