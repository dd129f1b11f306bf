//! Rates of training on the reference shapes, in samples a second. `rates [SECONDS]`.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use base::Seed;
use nets::Plan;
use nets::layer::{Activation, Chain, GruConfig, LastStep, LinearConfig, TimeMajor};
use nets::loss::CrossEntropy;
use nets::optim::Optimiser;
use nets::training::{Batch, Network, Regime, Training};
use std::time::Instant;

fn mlp() -> Network<f32> {
    let mut plan = Plan::default();
    let a = plan.within("0", |p| LinearConfig::new(240, 64).then(Activation::Relu).build(p));
    let b = plan.within("1", |p| LinearConfig::new(64, 64).then(Activation::Relu).build(p));
    let c = plan.within("2", |p| LinearConfig::new(64, 3).build(p));
    let layer = Box::new(Chain::new(a).then(b).then(c));
    Network { layer, plan, loss: Box::new(CrossEntropy::new(3)) }
}

fn gru() -> Network<f32> {
    let mut plan = Plan::default();
    let a = plan.within("0", |p| GruConfig { steps: 21, inputs: 10, units: 64 }.build(p));
    let b = plan.within("1", |p| GruConfig { steps: 21, inputs: 64, units: 64 }.build(p));
    let c = plan.within("2", |p| LinearConfig::new(64, 5).build(p));
    let chain = Chain::new(TimeMajor { steps: 21, width: 10 }).then(a).then(b);
    let layer = Box::new(chain.then(LastStep { steps: 21, width: 64 }).then(c));
    Network { layer, plan, loss: Box::new(CrossEntropy::new(5)) }
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(2.0);
    for (name, network, classes) in [("mlp", mlp(), 3), ("gru", gru(), 5)] {
        let inputs = network.layer.inputs();
        let regime = Regime {
            optimiser: Optimiser::ADAM,
            clip: None,
            shard_rows: 64,
            batch_rows: 64,
            seed: Seed::root(1),
        };
        let mut training = Training::new(network, regime);
        let x: Vec<f32> =
            (0..64 * inputs).map(|i| ((i * 7919 % 1000) as f32) / 500.0 - 1.0).collect();
        let target: Vec<f32> = (0..64).map(|i| (i % classes) as f32).collect();
        let batch = Batch { x: &x, target: &target, weights: None };
        let mut rates = Vec::new();
        let mut loss = 0.0;
        for _ in 0..5 {
            let (begun, mut steps) = (Instant::now(), 0);
            while begun.elapsed().as_secs_f64() < seconds / 5.0 {
                loss = training.step(batch, 1e-3).unwrap().loss;
                steps += 1;
            }
            rates.push(64.0 * steps as f64 / begun.elapsed().as_secs_f64());
        }
        rates.sort_by(f64::total_cmp);
        println!("{name} {:.0} samples/s (best {:.0}), loss {loss:.5}", rates[2], rates[4]);
    }
}
