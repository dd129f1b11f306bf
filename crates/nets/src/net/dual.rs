//! The dual network (KO-8): dense for what stands still, liquid for what moves.
//!
//! ```text
//! static → dense (leaky ReLU, dropout) ┐
//! series → LTC wired by AutoNCP → last ┴→ dense → [direction logit, barrier]
//! ```
//! A row is the static features, then the series step after step. It is taught by a simulated
//! stop loss, [`StopLoss`].

use base::Seed;
use serde::{Deserialize, Serialize};

use super::{share, sizes};
use crate::layer::{
    Activation, Chain, Dropout, Fork, LastStep, LinearConfig, LtcConfig, TimeMajor, Wiring,
};
use crate::loss::StopLoss;
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// The dual network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dual {
    /// Features that stand still.
    pub still: usize,
    /// Steps of the series.
    pub steps: usize,
    /// Values of a step.
    pub inputs: usize,
    /// Units of the dense branch.
    pub dense: usize,
    /// Units of the liquid branch.
    pub units: usize,
    /// Motor units: what the liquid branch gives.
    pub motor: usize,
    /// Share of synapses left out, in 0.1..=0.9.
    pub sparsity: f64,
    /// Seed of the wiring.
    pub wiring_seed: u64,
    /// Share dropped in the dense branch.
    pub dropout: f64,
    /// Slope of the leaky ReLU.
    pub slope: f64,
    /// How it is taught.
    pub loss: StopLoss,
}

impl Default for Dual {
    fn default() -> Dual {
        Dual {
            still: 8,
            steps: 32,
            inputs: 10,
            dense: 32,
            units: 32,
            motor: 8,
            sparsity: 0.5,
            wiring_seed: 1,
            dropout: 0.1,
            slope: 0.01,
            loss: StopLoss::default(),
        }
    }
}

impl Dual {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let Dual { still, steps, inputs, dense, units, motor, .. } = *self;
        let all = [("still", still), ("steps", steps), ("inputs", inputs), ("dense", dense)];
        sizes("dual", &all)?;
        sizes("dual", &[("units", units), ("motor", motor)])?;
        share("dual", "dropout", self.dropout)?;
        self.loss.check("dual")?;
        if motor + 2 >= units {
            let what = format!("{units} units leave none between the series and {motor} motors");
            return Err(Error::Build { network: "dual", what });
        }
        let mut plan = Plan::default();
        let bent = Activation::LeakyRelu(self.slope);
        let left =
            plan.within("dense", |plan| LinearConfig::new(still, dense).then(bent).build(plan));
        let left = Chain::new(left).then(Dropout::new(dense, self.dropout));
        let seed = Seed::root(self.wiring_seed).child("wiring");
        let wiring = Wiring::auto_ncp(inputs, (units, motor), self.sparsity, seed);
        let liquid = plan.within("liquid", |plan| LtcConfig::new(steps, wiring).build(plan));
        let right = Chain::new(TimeMajor { steps, width: inputs });
        let right = right.then(liquid).then(LastStep { steps, width: motor });
        let all = still + steps * inputs;
        let both = Fork::new(all).on(0..still, left).on(still..all, right);
        let merged = LinearConfig::new(dense + motor, dense).then(bent);
        let merged = plan.within("merge", |plan| merged.build(plan));
        let head = plan.within("head", |plan| LinearConfig::new(dense, 2).build(plan));
        let layer = Box::new(Chain::new(both).then(merged).then(head));
        Ok(Network { layer, plan, loss: Box::new(self.loss) })
    }
}
