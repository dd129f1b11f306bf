//! Gradients of every layer against finite differences in `f64`.

use base::Seed;
use nets::Plan;
use nets::layer::activation::{Activate, Softmax};
use nets::layer::chain::{Chain, EachStep, Fork, Residual, TimeMajor};
use nets::layer::{
    Activation, Ahead, AttentionConfig, Axis, Back, CfcConfig, Class, ConvConfig, EmbeddingConfig,
    Gaussian, GruConfig, KanConfig, LastStep, Layer, LinearConfig, LstmConfig, LtcConfig, MaxPool,
    Mode, NormConfig, PoolingConfig, Position, Sight, TokensConfig, Wiring, wired_cfc,
};
use nets::weights::Role;
use rand::RngExt as _;

/// A layer of the suite: how it is built, and the inputs it likes.
struct Case {
    name: &'static str,
    build: fn(&mut Plan) -> Box<dyn Layer<f64>>,
    mode: Mode,
    /// Inputs are whole numbers below this; there is no gradient by them.
    words: Option<usize>,
}

fn case(name: &'static str, build: fn(&mut Plan) -> Box<dyn Layer<f64>>) -> Case {
    Case { name, build, mode: Mode::Predict, words: None }
}

fn activate(activation: Activation) -> Box<dyn Layer<f64>> {
    Box::new(Activate { width: 7, activation })
}

fn cfc(backbone: Option<usize>) -> CfcConfig {
    CfcConfig { steps: 3, inputs: 4, units: 3, backbone, elapsed: 0.7, mask: None }
}

fn attention(sight: Sight) -> AttentionConfig {
    AttentionConfig { steps: 4, width: 6, heads: 2, sight }
}

fn conv(height: Axis, width: Axis, activation: Activation) -> ConvConfig {
    ConvConfig { height, width, channels: 2, outputs: 3, activation }
}

/// One line a layer.
fn layers() -> Vec<Case> {
    vec![
        case("linear", |plan| Box::new(LinearConfig::new(5, 3).build(plan))),
        case("linear then gelu", |plan| {
            Box::new(LinearConfig::new(5, 9).then(Activation::Gelu).build(plan))
        }),
        case("linear then tanh", |plan| {
            Box::new(LinearConfig::new(5, 9).then(Activation::Tanh).build(plan))
        }),
        case("relu", |_| activate(Activation::Relu)),
        case("leaky relu", |_| activate(Activation::LeakyRelu(0.1))),
        case("gelu", |_| activate(Activation::Gelu)),
        case("tanh", |_| activate(Activation::Tanh)),
        case("sigmoid", |_| activate(Activation::Sigmoid)),
        case("silu", |_| activate(Activation::Silu)),
        case("lecun tanh", |_| activate(Activation::LecunTanh)),
        case("softmax", |_| Box::new(Softmax { width: 5 })),
        case("norm", |plan| Box::new(NormConfig::new(11).build(plan))),
        Case {
            words: Some(6),
            ..case("embedding", |plan| {
                Box::new(EmbeddingConfig { fields: 2, words: 6, width: 3 }.build(plan))
            })
        },
        Case {
            mode: Mode::Train { draws: 11 },
            ..case("dropout", |_| Box::new(nets::layer::Dropout::new(10, 0.4)))
        },
        case("gru", |plan| Box::new(GruConfig { steps: 4, inputs: 3, units: 5 }.build(plan))),
        case("lstm", |plan| Box::new(LstmConfig { steps: 4, inputs: 3, units: 5 }.build(plan))),
        case("ltc, full", |plan| {
            let wiring = Wiring::full(3, 4, 2, Seed::root(5));
            Box::new(LtcConfig::new(3, wiring).build(plan))
        }),
        case("ltc, ncp", |plan| {
            let wiring = Wiring::auto_ncp(3, (12, 2), 0.5, Seed::root(5));
            Box::new(LtcConfig { unfolds: 2, ..LtcConfig::new(3, wiring) }.build(plan))
        }),
        case("cfc with a backbone", |plan| Box::new(cfc(Some(7)).build(plan))),
        case("cfc without", |plan| Box::new(cfc(None).build(plan))),
        case("cfc, ncp", |plan| {
            let wiring = Wiring::auto_ncp(3, (12, 2), 0.5, Seed::root(5));
            Box::new(wired_cfc::<f64>(3, &wiring, plan))
        }),
        case("attention", |plan| Box::new(attention(Sight::All).build(plan))),
        case("causal attention", |plan| Box::new(attention(Sight::Causal).build(plan))),
        case("attention pooling", |plan| {
            Box::new(PoolingConfig { steps: 4, width: 5 }.build(plan))
        }),
        case("tokens", |plan| {
            let (position, class) = (Position::Learned, Class::Token);
            Box::new(TokensConfig { steps: 3, width: 4, position, class }.build(plan))
        }),
        case("tokens with sines", |plan| {
            let (position, class) = (Position::Sines, Class::Token);
            Box::new(TokensConfig { steps: 3, width: 5, position, class }.build(plan))
        }),
        case("tokens without a class", |plan| {
            let (position, class) = (Position::Sines, Class::Absent);
            Box::new(TokensConfig { steps: 3, width: 4, position, class }.build(plan))
        }),
        case("kan", |plan| Box::new(KanConfig::new(3, 4).build(plan))),
        Case {
            mode: Mode::Train { draws: 3 },
            ..case("gaussian", |_| Box::new(Gaussian { latent: 4 }))
        },
        case("last step", |_| Box::new(LastStep { steps: 3, width: 2 })),
    ]
}

fn convolutions() -> Vec<Case> {
    vec![
        case("conv in one dimension", |plan| {
            let height = Axis::causal(7, 3);
            Box::new(conv(height, Axis::flat(), Activation::None).build(plan))
        }),
        case("conv in two dimensions", |plan| {
            let activation = Activation::LeakyRelu(0.1);
            Box::new(conv(Axis::same(4, 3), Axis::tiled(6, 2), activation).build(plan))
        }),
        case("conv then gelu", |plan| {
            let (height, width) = (Axis::valid(5, 4), Axis::valid(3, 2));
            Box::new(conv(height, width, Activation::Gelu).build(plan))
        }),
        case("max pool", |_| Box::new(MaxPool::new(Axis::same(5, 3), Axis::flat(), 2))),
    ]
}

/// Layers put together.
fn compounds() -> Vec<Case> {
    vec![
        case("chain", |plan| {
            let first = plan.within("0", |plan| LinearConfig::new(4, 6).build(plan));
            let second = plan.within("1", |plan| LinearConfig::new(6, 2).build(plan));
            let middle = Activate { width: 6, activation: Activation::Tanh };
            Box::new(Chain::new(first).then(middle).then(second))
        }),
        case("fork", |plan| {
            let all = plan.within("0", |plan| LinearConfig::new(5, 2).build(plan));
            let some = plan.within("1", |plan| LinearConfig::new(2, 3).build(plan));
            Box::new(Fork::new(5).and(all).on(1..3, some))
        }),
        case("fork of sequences", |plan| {
            let wide = plan.within("0", |plan| LinearConfig::new(2, 2).build(plan));
            let narrow = plan.within("1", |plan| LinearConfig::new(2, 1).build(plan));
            let fork = Fork::new(6).stepped(3);
            Box::new(fork.and(EachStep::new(3, wide)).and(EachStep::new(3, narrow)))
        }),
        case("residual", |plan| Box::new(Residual::new(LinearConfig::new(4, 4).build(plan)))),
        case("time major", |plan| {
            let gru = GruConfig { steps: 3, inputs: 2, units: 2 }.build(plan);
            Box::new(Chain::new(TimeMajor { steps: 3, width: 2 }).then(gru))
        }),
    ]
}

/// The scalar `Σ y c` for fixed numbers c, so that its gradient by y is c.
struct Probe {
    layer: Box<dyn Layer<f64>>,
    mode: Mode,
    rows: usize,
    aim: Vec<f64>,
}

impl Probe {
    fn value(&self, weights: &[f64], x: &[f64]) -> f64 {
        let mut trace = self.layer.trace(self.rows);
        let mut y = vec![0.0; self.aim.len()];
        self.layer.forward(Ahead { weights, x, mode: self.mode }, &mut y, &mut trace);
        y.iter().zip(&self.aim).map(|(y, aim)| y * aim).sum()
    }

    fn slopes(&self, weights: &[f64], x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut trace = self.layer.trace(self.rows);
        let mut y = vec![0.0; self.aim.len()];
        let (mut grads, mut dx) = (vec![0.0; weights.len()], vec![f64::NAN; x.len()]);
        self.layer.forward(Ahead { weights, x, mode: self.mode }, &mut y, &mut trace);
        let back = Back { weights, x, y: &y, dy: &self.aim, grads: &mut grads, dx: Some(&mut dx) };
        self.layer.backward(back, &mut trace);
        (grads, dx)
    }
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-6 * (1.0 + wanted.abs())
}

/// `(f(v + h) − f(v − h)) / 2h` by one value of many.
fn difference(values: &[f64], at: usize, of: impl Fn(&[f64]) -> f64) -> f64 {
    const STEP: f64 = 1e-5;
    let mut moved = values.to_vec();
    moved[at] = values[at] + STEP;
    let above = of(&moved);
    moved[at] = values[at] - STEP;
    (above - of(&moved)) / (2.0 * STEP)
}

#[test]
fn every_gradient_is_that_of_finite_differences() {
    for case in layers().into_iter().chain(convolutions()).chain(compounds()) {
        let mut plan = Plan::default();
        let layer = (case.build)(&mut plan);
        let mut rng = Seed::root(3).child(case.name).rng();
        let rows = 3;
        let weights: Vec<f64> = (0..plan.len()).map(|_| rng.random_range(-0.8..0.8)).collect();
        let mut draw = |count: usize| -> Vec<f64> {
            (0..count).map(|_| rng.random_range(-1.5..1.5)).collect()
        };
        let mut x = draw(rows * layer.inputs());
        let aim = draw(rows * layer.outputs());
        if let Some(words) = case.words {
            x.iter_mut().enumerate().for_each(|(at, x)| *x = (at % words) as f64);
        }
        let probe = Probe { layer, mode: case.mode, rows, aim };
        let (grads, dx) = probe.slopes(&weights, &x);
        let places: Vec<usize> = (0..plan.len()).collect();
        let learned = plan.entries().iter().filter(|entry| entry.role != Role::Fixed);
        for at in learned.flat_map(|entry| entry.slot.of(&places)).copied() {
            let found = grads[at];
            let wanted = difference(&weights, at, |weights| probe.value(weights, &x));
            assert!(near(found, wanted), "{} weight {at}: {found} {wanted}", case.name);
        }
        if case.words.is_some() {
            assert!(dx.iter().all(|slope| *slope == 0.0), "{}", case.name);
            continue;
        }
        for (at, found) in dx.iter().enumerate() {
            let wanted = difference(&x, at, |x| probe.value(&weights, x));
            assert!(near(*found, wanted), "{} x[{at}]: {found} {wanted}", case.name);
        }
    }
}

#[test]
fn gradients_of_weights_are_added_to_what_was_there() {
    let mut plan = Plan::default();
    let layer = LinearConfig::new(2, 2).build(&mut plan);
    let weights: Vec<f64> = plan.draw(Seed::root(1));
    let mut trace = layer.trace(1);
    let (x, mut y, mut grads) = ([1.0, 2.0], [0.0; 2], vec![10.0; plan.len()]);
    layer.forward(Ahead { weights: &weights, x: &x, mode: Mode::Predict }, &mut y, &mut trace);
    let back =
        Back { weights: &weights, x: &x, y: &y, dy: &[1.0, 0.0], grads: &mut grads, dx: None };
    layer.backward(back, &mut trace);
    assert_eq!(grads, [11.0, 10.0, 12.0, 10.0, 11.0, 10.0]);
}
