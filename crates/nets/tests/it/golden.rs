//! Values and gradients against PyTorch and `ncps`, written by `proving/peers/golden_networks.py`.

use std::collections::BTreeMap;
use std::path::Path;

use nets::layer::activation::{Activate, Softmax};
use nets::layer::wiring::Synapse;
use nets::layer::{
    Activation, Ahead, AttentionConfig, Axis, Back, CfcConfig, Class, ConvConfig, EmbeddingConfig,
    Gaussian, GruConfig, KanConfig, Layer, LinearConfig, LstmConfig, LtcConfig, MaxPool, Mode,
    NormConfig, PoolingConfig, Position, Sight, TokensConfig, Wiring, wired_cfc,
};
use nets::loss::{
    Bce, CrossEntropy, Focal, GaussianKl, Huber, Judged, Listwise, Loss, Pairwise, Quantile,
    Squared,
};
use nets::net::{DeepLob, Design, RegimeTransformer};
use nets::optim::{Descent, Optimiser};
use nets::weights::{Init, Role};
use nets::{Plan, Real};

/// Tensors by name.
struct Golden(BTreeMap<String, Vec<f64>>);

impl Golden {
    fn read(name: &str) -> Golden {
        let folder = Path::new("tests").join("golden");
        #[allow(clippy::disallowed_methods)]
        let bytes = std::fs::read(folder.join(format!("{name}.safetensors"))).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let values = |data: &[u8]| -> Vec<f64> {
            data.chunks_exact(8)
                .map(|eight| f64::from_le_bytes(eight.try_into().unwrap()))
                .collect()
        };
        let tensors = file.tensors().into_iter();
        Golden(tensors.map(|(name, view)| (name, values(view.data()))).collect())
    }

    fn get<R: Real>(&self, name: &str) -> Vec<R> {
        self.0[name].iter().map(|value| R::of(*value)).collect()
    }

    /// A wiring with these synapses; signs are among the weights.
    fn wiring(&self, (inputs, units, outputs): (usize, usize, usize)) -> Wiring {
        let synapses = |name: &str| -> Vec<Synapse> {
            let pairs = self.0[name].chunks_exact(2);
            pairs.map(|p| Synapse { from: p[0] as usize, to: p[1] as usize, sign: 1.0 }).collect()
        };
        // AutoNCP(12, 2): six inter, four command and two motor neurons.
        let layers = vec![6..12, 2..6, 0..2];
        let (sensory, inner) = (synapses("wiring.sensory"), synapses("wiring.inner"));
        Wiring { inputs, units, outputs, sensory, inner, layers }
    }
}

type Build<R> = fn(&Golden, &mut Plan) -> Box<dyn Layer<R>>;

fn activate<R: Real>(activation: Activation) -> Box<dyn Layer<R>> {
    Box::new(Activate { width: 7, activation })
}

fn conv<R: Real>(height: Axis, width: Axis, plan: &mut Plan) -> Box<dyn Layer<R>> {
    let activation = Activation::None;
    Box::new(ConvConfig { height, width, channels: 2, outputs: 3, activation }.build(plan))
}

fn attention<R: Real>(sight: Sight, plan: &mut Plan) -> Box<dyn Layer<R>> {
    Box::new(AttentionConfig { steps: 4, width: 6, heads: 2, sight }.build(plan))
}

fn cfc<R: Real>(backbone: Option<usize>, plan: &mut Plan) -> Box<dyn Layer<R>> {
    let config = CfcConfig { steps: 3, inputs: 4, units: 3, backbone, elapsed: 0.7, mask: None };
    Box::new(config.build(plan))
}

fn tokens<R: Real>(position: Position, class: Class, plan: &mut Plan) -> Box<dyn Layer<R>> {
    Box::new(TokensConfig { steps: 3, width: 6, position, class }.build(plan))
}

/// The layers of a network, with its tensors.
fn whole<R: Real>(design: Design, plan: &mut Plan) -> Box<dyn Layer<R>> {
    let network = design.build().unwrap();
    *plan = network.plan;
    network.layer
}

/// One line a file.
fn suite<R: Real>() -> Vec<(&'static str, Build<R>)> {
    vec![
        ("linear", |_, plan| Box::new(LinearConfig::new(5, 9).build(plan))),
        ("relu", |_, _| activate(Activation::Relu)),
        ("leaky_relu", |_, _| activate(Activation::LeakyRelu(0.1))),
        ("gelu", |_, _| activate(Activation::Gelu)),
        ("tanh", |_, _| activate(Activation::Tanh)),
        ("sigmoid", |_, _| activate(Activation::Sigmoid)),
        ("silu", |_, _| activate(Activation::Silu)),
        ("softmax", |_, _| Box::new(Softmax { width: 7 })),
        ("norm", |_, plan| Box::new(NormConfig::new(11).build(plan))),
        ("embedding", |_, plan| {
            Box::new(EmbeddingConfig { fields: 2, words: 6, width: 3 }.build(plan))
        }),
        ("gru", |_, plan| Box::new(GruConfig { steps: 4, inputs: 3, units: 5 }.build(plan))),
        ("lstm", |_, plan| Box::new(LstmConfig { steps: 4, inputs: 3, units: 5 }.build(plan))),
        ("attention", |_, plan| attention(Sight::All, plan)),
        ("attention_causal", |_, plan| attention(Sight::Causal, plan)),
        ("conv_1d_causal", |_, plan| conv(Axis::causal(7, 3), Axis::flat(), plan)),
        ("conv_2d_same_tiled", |_, plan| conv(Axis::same(4, 3), Axis::tiled(6, 2), plan)),
        ("conv_2d_valid", |_, plan| conv(Axis::valid(5, 4), Axis::valid(3, 2), plan)),
        ("max_pool", |_, _| Box::new(MaxPool::new(Axis::same(5, 3), Axis::flat(), 2))),
        ("pooling", |_, plan| Box::new(PoolingConfig { steps: 4, width: 5 }.build(plan))),
        ("kan", |_, plan| Box::new(KanConfig::new(3, 4).build(plan))),
        ("ltc_full", |golden, plan| {
            Box::new(LtcConfig::new(3, golden.wiring((3, 4, 2))).build(plan))
        }),
        ("ltc_ncp", |golden, plan| {
            Box::new(LtcConfig::new(3, golden.wiring((3, 12, 2))).build(plan))
        }),
        ("cfc_backbone", |_, plan| cfc(Some(7), plan)),
        ("cfc", |_, plan| cfc(None, plan)),
        ("cfc_ncp", |golden, plan| Box::new(wired_cfc(3, &golden.wiring((3, 12, 2)), plan))),
        ("tokens_learned", |_, plan| tokens(Position::Learned, Class::Token, plan)),
        ("tokens_sines", |_, plan| tokens(Position::Sines, Class::Token, plan)),
        ("tokens_without_class", |_, plan| tokens(Position::Sines, Class::Absent, plan)),
        ("deep_lob", |_, plan| {
            let (steps, levels, filters, branch, units) = (6, 2, 3, 4, 5);
            let sizes = DeepLob { steps, levels, filters, branch, units, ..DeepLob::default() };
            whole(Design::DeepLob(sizes), plan)
        }),
        ("regime_transformer", |_, plan| {
            let sizes = RegimeTransformer {
                steps: 4,
                inputs: 3,
                width: 6,
                heads: 2,
                forward: 5,
                dropout: 0.0,
                classes: 3,
                ..RegimeTransformer::default()
            };
            assert_eq!(sizes.position, Position::Sines);
            whole(Design::RegimeTransformer(sizes), plan)
        }),
    ]
}

fn compare<R: Real>(what: &str, found: &[R], wanted: &[f64], room: f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let off = (found.f64() - wanted).abs();
        assert!(off <= room * (1.0 + wanted.abs()), "{what}[{at}]: {found} is not {wanted}");
    }
}

fn check<R: Real>(room: f64) {
    for (name, build) in suite::<R>() {
        let golden = Golden::read(name);
        let mut plan = Plan::default();
        let layer = build(&golden, &mut plan);
        let mut weights: Vec<R> = plan.draw(base::Seed::root(1));
        let given = |name: &str| golden.0.contains_key(&format!("w.{name}"));
        for entry in plan.entries().iter().filter(|entry| entry.role != Role::Fixed) {
            assert!(given(&entry.name), "{name}: {} is not among the golden weights", entry.name);
            let values = golden.get::<R>(&format!("w.{}", entry.name));
            entry.slot.of_mut(&mut weights).copy_from_slice(&values);
        }
        let (x, dy) = (golden.get::<R>("x"), golden.get::<R>("dy"));
        let mut trace = layer.trace(x.len() / layer.inputs());
        let (mut y, mut dx) = (vec![R::ZERO; dy.len()], vec![R::ZERO; x.len()]);
        let mut grads = vec![R::ZERO; plan.len()];
        let ahead = Ahead { weights: &weights, x: &x, mode: Mode::Predict };
        layer.forward(ahead, &mut y, &mut trace);
        compare(&format!("{name} y"), &y, &golden.0["y"], room);
        let back =
            Back { weights: &weights, x: &x, y: &y, dy: &dy, grads: &mut grads, dx: Some(&mut dx) };
        layer.backward(back, &mut trace);
        if let Some(wanted) = golden.0.get("dx") {
            compare(&format!("{name} dx"), &dx, wanted, room);
        }
        for entry in plan.entries().iter().filter(|entry| entry.role != Role::Fixed) {
            let wanted = &golden.0[&format!("g.{}", entry.name)];
            let found = entry.slot.of(&grads);
            compare(&format!("{name} gradient of {}", entry.name), found, wanted, room);
        }
    }
}

#[test]
fn layers_in_double_precision_are_those_of_pytorch_and_ncps() {
    check::<f64>(1e-7);
}

#[test]
fn layers_in_single_precision_are_those_of_pytorch_and_ncps() {
    check::<f32>(2e-5);
}

/// Forward and backward of a drawn latent, with the draws of the script.
fn draw(x: &[f64], dy: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let layer: Box<dyn Layer<f64>> = Box::new(Gaussian { latent: 4 });
    let mut trace = layer.trace(3);
    let (mut y, mut dx) = (vec![0.0; 12], vec![f64::NAN; 24]);
    let mode = Mode::Train { draws: 11 };
    layer.forward(Ahead { weights: &[], x, mode }, &mut y, &mut trace);
    let back = Back { weights: &[], x, y: &y, dy, grads: &mut [], dx: Some(&mut dx) };
    layer.backward(back, &mut trace);
    (y, dx)
}

#[test]
fn a_drawn_latent_is_that_of_pytorch_given_the_same_noise() {
    let golden = Golden::read("gaussian");
    let dy = &golden.0["dy"];
    let (noise, _) = draw(&[0.0; 24], dy);
    compare("noise", &noise, &golden.0["noise"], 1e-15);
    let (y, dx) = draw(&golden.0["x"], dy);
    compare("gaussian y", &y, &golden.0["y"], 1e-12);
    compare("gaussian dx", &dx, &golden.0["dx"], 1e-12);
}

fn losses() -> Vec<(&'static str, Box<dyn Loss<f64>>)> {
    let class_weights = vec![1.0, 0.5, 2.0];
    vec![
        ("cross_entropy", Box::new(CrossEntropy::new(3))),
        (
            "cross_entropy_smooth",
            Box::new(CrossEntropy {
                classes: 3,
                class_weights: class_weights.clone(),
                smoothing: 0.1,
            }),
        ),
        ("focal", Box::new(Focal { classes: 3, class_weights, gamma: 2.0 })),
        ("squared", Box::new(Squared { width: 2 })),
        ("huber", Box::new(Huber { width: 2, delta: 0.7 })),
        ("bce", Box::new(Bce { width: 2, positive_weight: 2.5 })),
        ("quantile", Box::new(Quantile { quantiles: vec![0.1, 0.5, 0.9] })),
        ("gaussian_kl", Box::new(GaussianKl { latent: 3 })),
        ("pairwise", Box::new(Pairwise)),
        ("listwise", Box::new(Listwise)),
    ]
}

#[test]
fn losses_and_their_gradients_are_those_of_pytorch() {
    for (name, loss) in losses() {
        let golden = Golden::read(&format!("loss_{name}"));
        let (y, target) = (&golden.0["y"], &golden.0["target"]);
        let mut dy = vec![0.0; y.len()];
        let scale = loss.outputs() as f64 / y.len() as f64;
        let found = loss.judge(Judged { y, target, weights: None, scale }, &mut dy);
        compare(name, &[found], &golden.0["loss"], 1e-10);
        compare(&format!("{name} dy"), &dy, &golden.0["dy"], 1e-8);
    }
}

#[test]
fn descents_are_those_of_pytorch() {
    let (beta1, beta2, epsilon, decay) = (0.9, 0.999, 1e-8, 0.1);
    let rules = [
        ("adam", Optimiser::Adam { beta1, beta2, epsilon, decay }),
        ("adam_w", Optimiser::adam_w(0.1)),
        ("sgd", Optimiser::Sgd { momentum: 0.9, decay }),
    ];
    for (name, rule) in rules {
        let golden = Golden::read(&format!("descent_{name}"));
        let mut plan = Plan::default();
        plan.add("p", &[5], (Role::Weight, Init::Given(golden.0["start"].clone())));
        let mut weights: Vec<f64> = plan.draw(base::Seed::root(1));
        let mut descent = Descent::new(rule, &plan);
        for grads in golden.0["grads"].chunks_exact(5) {
            descent.step(0.01, grads, &mut weights);
        }
        compare(name, &weights, &golden.0["end"], 1e-12);
    }
}
