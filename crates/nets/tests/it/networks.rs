//! Every network: its gradient, what it learns, threads, and the way to disk and back.

use std::collections::BTreeMap;

use base::Seed;
use nets::layer::{Activation, Ahead, Back, Mode, Position};
use nets::loss::{Judged, StopLoss};
use nets::net::health::Latent;
use nets::net::mlp::Answer;
use nets::net::recurrent::Cell;
use nets::net::{
    DeepLob, Design, Dual, Health, KanNet, Mlp, Recurrent, RegimeGru, RegimeTransformer,
};
use nets::optim::Optimiser;
use nets::training::{Batch, Network, Regime, Training};
use nets::{Error, saving};
use rand::RngExt as _;

fn classes(count: usize) -> Answer {
    Answer::Classes { count, weights: Vec::new(), smoothing: 0.0 }
}

/// A row of targets for a class and its inputs.
type Aim = fn(usize, &[f64]) -> Vec<f64>;

/// Small ones of each kind, and how a row of targets is made of its class.
fn suite() -> Vec<(Design, Aim)> {
    let class: Aim = |class, _| vec![class as f64];
    let health: Aim = |class, x| {
        let heads = [(class > 0) as u8 as f64, class as f64, class as f64];
        heads.iter().chain(x).copied().collect()
    };
    let stop: Aim = |class, _| match class {
        0 => vec![0.02, 0.001, 0.03],
        _ => vec![-0.02, 0.03, 0.001],
    };
    let book: Aim = |class, _| vec![class as f64, class as f64, class as f64 - 1.0];
    let small = Health { inputs: 5, hidden: vec![7], latent: 3, ..Health::default() };
    let drawn = Health { kind: Latent::Drawn { divergence_weight: 0.01 }, ..small.clone() };
    let gru = RegimeGru { steps: 4, inputs: 3, units: 6, classes: 3, ..RegimeGru::default() };
    let transformer = RegimeTransformer {
        steps: 4,
        inputs: 3,
        width: 8,
        heads: 2,
        layers: 1,
        forward: 10,
        position: Position::Learned,
        classes: 3,
        ..RegimeTransformer::default()
    };
    let usual = RegimeTransformer { position: Position::Sines, ..transformer.clone() };
    let dual =
        Dual { still: 3, steps: 4, inputs: 2, dense: 6, units: 9, motor: 2, ..Dual::default() };
    let recurrent =
        |cell| Recurrent { steps: 4, inputs: 3, cell, units: 6, layers: 2, answer: classes(3) };
    let kan = KanNet { inputs: 4, hidden: vec![5], intervals: 4, degree: 3, answer: classes(3) };
    let lob =
        DeepLob { steps: 6, levels: 2, filters: 8, branch: 6, units: 8, ..DeepLob::default() };
    let mlp = Mlp {
        inputs: 6,
        hidden: vec![9, 7],
        activation: Activation::Tanh,
        dropout: 0.1,
        answer: classes(3),
    };
    vec![
        (Design::Mlp(mlp), class),
        (Design::Recurrent(recurrent(Cell::Gru)), class),
        (Design::Recurrent(recurrent(Cell::Lstm)), class),
        (Design::RegimeGru(gru), class),
        (Design::RegimeTransformer(transformer), class),
        (Design::RegimeTransformer(usual), class),
        (Design::Health(small), health),
        (Design::Health(drawn), health),
        (Design::Dual(dual), stop),
        (Design::Kan(KanNet { answer: Answer::Stopped(StopLoss::default()), ..kan.clone() }), stop),
        (Design::Kan(kan), class),
        (Design::DeepLob(lob), book),
    ]
}

fn regime(shard_rows: usize, rows: usize) -> Regime {
    let optimiser = Optimiser::ADAM;
    Regime { optimiser, clip: Some(5.0), shard_rows, batch_rows: rows, seed: Seed::root(9) }
}

/// Rows whose class shifts all their inputs.
fn problem<R: nets::Real>(network: &Network<R>, target: Aim, rows: usize) -> (Vec<R>, Vec<R>) {
    let mut rng = Seed::root(4).child("problem").rng();
    let (mut xs, mut targets) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let class = row % 3;
        let draw = |_| rng.random_range(-0.3..0.3) + (class as f64 - 1.0) * 0.5;
        let x: Vec<f64> = (0..network.layer.inputs()).map(draw).collect();
        let target = target(class, &x);
        xs.extend(x.iter().map(|value| R::of(*value)));
        targets.extend(target.iter().map(|value| R::of(*value)));
    }
    assert_eq!(targets.len(), rows * network.loss.targets());
    (xs, targets)
}

#[test]
fn every_network_and_its_loss_have_the_gradient_of_finite_differences() {
    for (design, target) in suite() {
        let network: Network<f64> = design.build().unwrap();
        let rows = 3;
        let (x, target) = problem(&network, target, rows);
        let (layer, loss) = (&*network.layer, &*network.loss);
        let weights: Vec<f64> = network.plan.draw(Seed::root(2));
        let mode = Mode::Train { draws: 77 };
        let value = |weights: &[f64]| {
            let (mut trace, mut y) = (layer.trace(rows), vec![0.0; rows * layer.outputs()]);
            layer.forward(Ahead { weights, x: &x, mode }, &mut y, &mut trace);
            let mut dy = vec![0.0; y.len()];
            let judged = Judged { y: &y, target: &target, weights: None, scale: 1.0 };
            (loss.judge(judged, &mut dy), y, dy, trace)
        };
        let (_, y, dy, mut trace) = value(&weights);
        let mut grads = vec![0.0; weights.len()];
        let back = Back { weights: &weights, x: &x, y: &y, dy: &dy, grads: &mut grads, dx: None };
        layer.backward(back, &mut trace);
        let mut rng = Seed::root(8).rng();
        for _ in 0..60 {
            let at = rng.random_range(0..weights.len());
            let moved = |by: f64| {
                let mut weights = weights.clone();
                weights[at] += by;
                value(&weights).0
            };
            let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let off = (grads[at] - wanted).abs();
            let (name, found) = (&design, grads[at]);
            assert!(off < 2e-6 * (1.0 + wanted.abs()), "{name:?} {at}: {found} {wanted}");
        }
    }
}

#[test]
fn every_network_learns_the_toy_problem() {
    for (design, target) in suite() {
        let network: Network<f32> = design.build().unwrap();
        let (x, target) = problem(&network, target, 60);
        let mut training = Training::new(network, regime(32, 60));
        let batch = Batch { x: &x, target: &target, weights: None };
        let before = training.loss(batch);
        for _ in 0..300 {
            training.step(batch, 0.01).unwrap();
        }
        let after = training.loss(batch);
        let better = match design {
            // Its loss is a negative outcome; the best is a return of 2 % over a barrier of 0.5 %.
            Design::Dual(_) => after < before - 0.5,
            _ => after < 0.35 * before,
        };
        assert!(better, "{design:?}: {before} became {after}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for (design, target) in suite() {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let network: Network<f32> = design.build().unwrap();
                let (x, target) = problem(&network, target, 50);
                let mut training = Training::new(network, regime(16, 50));
                for _ in 0..3 {
                    let batch = Batch { x: &x, target: &target, weights: None };
                    training.step(batch, 0.01).unwrap();
                }
                training.weights().iter().map(|weight| weight.to_bits()).collect::<Vec<u32>>()
            })
        };
        assert_eq!(run(1), run(3), "{design:?}");
    }
}

#[test]
fn a_saved_network_predicts_what_it_did() {
    for (design, target) in suite() {
        let network: Network<f32> = design.build().unwrap();
        let (x, target) = problem(&network, target, 12);
        let outputs = 12 * network.layer.outputs();
        let mut training = Training::new(network, regime(12, 12));
        training.step(Batch { x: &x, target: &target, weights: None }, 0.01).unwrap();
        let plan = &training.network().plan;
        let bytes = saving::save(plan, training.weights(), &BTreeMap::new(), &design).unwrap();
        let file: saving::Saved<Design> = saving::read(&bytes).unwrap();
        let network: Network<f32> = file.card.build().unwrap();
        let weights = file.weights::<f32>(&network.plan).unwrap();
        let mut again = Training::new(network, regime(12, 12));
        again.weights_mut().copy_from_slice(&weights);
        let (mut y, mut z) = (vec![0.0; outputs], vec![0.0; outputs]);
        training.predict(&x, &mut y);
        again.predict(&x, &mut z);
        assert_eq!(y, z, "{design:?}");
    }
}

#[test]
fn a_loss_that_explodes_is_an_error_and_moves_no_weight() {
    let (design, target) = suite().swap_remove(0);
    let network: Network<f32> = design.build().unwrap();
    let (mut x, target) = problem(&network, target, 6);
    x[7] = f32::NAN;
    let mut training = Training::new(network, regime(6, 6));
    let before = training.weights().to_vec();
    let batch = Batch { x: &x, target: &target, weights: None };
    let error = training.step(batch, 0.01).unwrap_err();
    assert!(matches!(error, Error::Train { step: 0, .. }), "{error}");
    assert_eq!(training.weights(), before);
}

#[test]
fn impossible_designs_are_refused_by_name() {
    let transformer = RegimeTransformer { heads: 5, ..RegimeTransformer::default() };
    let stop = StopLoss { low: 0.1, high: 0.05, ..StopLoss::default() };
    let weights = vec![1.0, 2.0];
    let weighed = Answer::Classes { count: 3, weights: weights.clone(), smoothing: 0.0 };
    let kan = KanNet { inputs: 4, hidden: vec![5], intervals: 4, degree: 3, answer: weighed };
    let below = vec![1.0, 1.0, -1.0, 1.0, 1.0];
    let negative = RegimeGru { class_weights: below, ..RegimeGru::default() };
    let gru = RegimeGru { class_weights: weights.clone(), ..RegimeGru::default() };
    let six = RegimeTransformer { class_weights: vec![1.0; 6], ..RegimeTransformer::default() };
    let designs = [
        (Design::Kan(kan.clone()), "2 class weights for 3 classes"),
        (Design::Kan(KanNet { answer: Answer::Stopped(stop), ..kan }), "stop loss"),
        (Design::RegimeGru(gru), "2 class weights for 5 classes"),
        (Design::RegimeGru(negative), "a class weight is -1"),
        (Design::RegimeTransformer(six), "6 class weights for 5 classes"),
        (Design::RegimeGru(RegimeGru { units: 0, ..RegimeGru::default() }), "units is 0"),
        (Design::RegimeGru(RegimeGru { dropout: 1.0, ..RegimeGru::default() }), "dropout"),
        (Design::RegimeTransformer(transformer), "5 heads"),
        (Design::Dual(Dual { motor: 31, ..Dual::default() }), "motors"),
        (Design::Dual(Dual { loss: stop, ..Dual::default() }), "stop loss"),
        (Design::DeepLob(DeepLob { levels: 0, ..DeepLob::default() }), "levels is 0"),
    ];
    for (design, said) in designs {
        let Err(error) = design.build::<f32>() else { panic!("{design:?} was built") };
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_misspelt_setting_is_refused() {
    let text = r#"{"network": "regime_gru", "step": 21}"#;
    let said = serde_json::from_str::<Design>(text).unwrap_err().to_string();
    assert!(said.contains("step"), "{said}");
}

#[test]
fn a_stream_says_what_the_network_says_of_the_sequence() {
    let (steps, inputs) = (7, 3);
    let answer = classes(4);
    let design = Recurrent { steps, inputs, cell: Cell::Gru, units: 10, layers: 2, answer };
    let network: Network<f32> = design.build().unwrap();
    let (x, _) = problem(&network, |_, _| vec![0.0], 1);
    let mut training = Training::new(network, regime(1, 1));
    let mut wanted = vec![0.0; 4];
    training.predict(&x, &mut wanted);
    let mut stream = design.stream().unwrap();
    for _ in 0..2 {
        stream.reset();
        let mut found = vec![0.0; 4];
        for x in x.chunks_exact(inputs) {
            stream.advance(training.weights(), x, &mut found);
        }
        let near = found.iter().zip(&wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6);
        assert!(near, "{found:?} {wanted:?}");
    }
}
