//! Rates of training on the reference shapes, in samples a second. `rates [SECONDS] [NAME]`.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use base::Seed;
use nets::Plan;
use nets::layer::{
    Activation, Chain, LastStep, LinearConfig, LtcConfig, Position, TimeMajor, Wiring,
};
use nets::loss::CrossEntropy;
use nets::net::mlp::Answer;
use nets::net::recurrent::Cell;
use nets::net::{DeepLob, Design, Health, Mlp, Recurrent, RegimeTransformer};
use nets::optim::Optimiser;
use nets::training::{Batch, Network, Regime, Training};
use std::time::Instant;

fn classes(count: usize) -> Answer {
    Answer::Classes { count, weights: Vec::new(), smoothing: 0.0 }
}

fn ltc(wiring: Wiring) -> Network<f32> {
    let (steps, width, outputs) = (32, wiring.inputs, wiring.outputs);
    let mut plan = Plan::default();
    let cell = plan.within("0", |p| LtcConfig::new(steps, wiring).build(p));
    let head = plan.within("1", |p| LinearConfig::new(outputs, 5).build(p));
    let chain = Chain::new(TimeMajor { steps, width }).then(cell);
    let layer = Box::new(chain.then(LastStep { steps, width: outputs }).then(head));
    Network { layer, plan, loss: Box::new(CrossEntropy::new(5)) }
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(2.0);
    let only = std::env::args().nth(2);
    let mlp = Mlp {
        inputs: 240,
        hidden: vec![64, 64],
        activation: Activation::Relu,
        dropout: 0.0,
        answer: classes(3),
    };
    let gru = Recurrent {
        steps: 21,
        inputs: 10,
        cell: Cell::Gru,
        units: 64,
        layers: 2,
        answer: classes(5),
    };
    let tf = RegimeTransformer {
        dropout: 0.0,
        position: Position::Learned,
        ..RegimeTransformer::default()
    };
    let ae = Health { inputs: 32, hidden: vec![64, 32], ..Health::default() };
    let build = |d: Design| d.build::<f32>().unwrap();
    let all = [
        ("mlp", build(Design::Mlp(mlp))),
        ("gru", build(Design::Recurrent(gru))),
        ("tf", build(Design::RegimeTransformer(tf))),
        ("ltc full", ltc(Wiring::full(10, 32, 32, Seed::root(1)))),
        ("ltc ncp", ltc(Wiring::auto_ncp(10, (32, 5), 0.5, Seed::root(1)))),
        ("ae", build(Design::Health(ae))),
        ("lob", build(Design::DeepLob(DeepLob::default()))),
    ];
    for (name, network) in all {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let (inputs, targets) = (network.layer.inputs(), network.loss.targets());
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
        let target: Vec<f32> = (0..64 * targets).map(|i| (i / targets % 3) as f32).collect();
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
