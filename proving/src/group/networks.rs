//! Small networks beside PyTorch and ncps: the same rows, the same number of steps of Adam.
//!
//! In mixed precision, too, where the processor takes products in bfloat16: beside PyTorch in
//! `f32` or under its `autocast`, whichever is faster.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context as _, Result};
use base::Seed;
use learn::networks::Precision;
use nets::layer::{
    Activation, Chain, LastStep, LinearConfig, LtcConfig, Position, TimeMajor, Wiring,
};
use nets::loss::CrossEntropy;
use nets::net::mlp::Answer;
use nets::net::recurrent::Cell;
use nets::net::{DeepLob, Design, Health, Mlp, Recurrent, RegimeTransformer};
use nets::optim::Optimiser;
use nets::real::taken;
use nets::training::{Batch, Network, Regime, Training};
use nets::{Brief, Plan, Real};
use rand::RngExt as _;

use crate::clock::timed;
use crate::line::{Bar, Line};
use crate::peer::Peer;
use crate::{Bench, columns};

const ROWS: usize = 1024;
const BATCH: usize = 64;

/// A shape by name, and how many times the peer's rate is asked for.
struct Shape {
    name: &'static str,
    bar: Bar,
}

/// Rates of training on one thread and two, the loss reached, and inference of one row.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (steps, rounds) = (bench.size.pick(240, 16), bench.size.pick(5, 1));
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    let problems: Vec<Problem> = shapes()
        .into_iter()
        .map(|shape| Problem::write(shape, folder.path()))
        .collect::<Result<_>>()?;
    let mut lines = Vec::new();
    for threads in [1, 2] {
        let place = folder.path().display().to_string();
        let numbers = [steps.to_string(), threads.to_string()];
        let mut peer = Peer::start(bench, "networks.py", &[&place, &numbers[0], &numbers[1]]);
        for problem in &problems {
            lines.extend(problem.measure((steps, rounds, threads), &mut peer)?);
        }
    }
    lines.extend(inference()?);
    Ok(lines)
}

fn shapes() -> Vec<Shape> {
    let shape = |name, times| Shape { name, bar: Bar::RatioAtLeast(times) };
    vec![
        shape("gru", 5.0),
        shape("mlp", 10.0),
        shape("ltc_ncp", 9.0),
        shape("ltc_full", 9.0),
        shape("transformer", 2.0),
        shape("autoencoder", 5.0),
        shape("cnn_lstm", 1.5),
    ]
}

/// The network of a shape.
fn build<R: Real>(name: &str) -> Result<Network<R>> {
    let design = match name {
        "gru" => Design::Recurrent(gru()),
        "mlp" => Design::Mlp(mlp()),
        "ltc_ncp" => return Ok(ltc(Wiring::auto_ncp(10, (32, 5), 0.5, Seed::root(1)))),
        "ltc_full" => return Ok(ltc(Wiring::full(10, 32, 32, Seed::root(1)))),
        "transformer" => Design::RegimeTransformer(transformer()),
        "autoencoder" => {
            Design::Health(Health { inputs: 32, hidden: vec![64, 32], ..Health::default() })
        }
        "cnn_lstm" => Design::DeepLob(DeepLob::default()),
        other => anyhow::bail!("no shape {other:?}"),
    };
    Ok(design.build()?)
}

fn classes(count: usize) -> Answer {
    Answer::Classes { count, weights: Vec::new(), smoothing: 0.0 }
}

fn gru() -> Recurrent {
    let answer = classes(5);
    Recurrent { steps: 21, inputs: 10, cell: Cell::Gru, units: 64, layers: 2, answer }
}

fn mlp() -> Mlp {
    let (hidden, activation) = (vec![64, 64], Activation::Relu);
    Mlp { inputs: 240, hidden, activation, dropout: 0.0, answer: classes(3) }
}

fn transformer() -> RegimeTransformer {
    let position = Position::Learned;
    RegimeTransformer { dropout: 0.0, position, ..RegimeTransformer::default() }
}

fn ltc<R: Real>(wiring: Wiring) -> Network<R> {
    let (steps, width, outputs) = (32, wiring.inputs, wiring.outputs);
    let mut plan = Plan::default();
    let cell = plan.within("0", |plan| LtcConfig::new(steps, wiring).build(plan));
    let head = plan.within("1", |plan| LinearConfig::new(outputs, 5).build(plan));
    let chain = Chain::new(TimeMajor { steps, width }).then(cell);
    let layer = Box::new(chain.then(LastStep { steps, width: outputs }).then(head));
    Network { layer, plan, loss: Box::new(CrossEntropy::new(5)) }
}

/// Rows whose class shifts some of their values, and their targets.
struct Problem {
    shape: Shape,
    x: Vec<f32>,
    target: Vec<f32>,
}

impl Problem {
    fn write(shape: Shape, folder: &Path) -> Result<Problem> {
        let network = build::<f32>(shape.name)?;
        let (inputs, targets) = (network.layer.inputs(), network.loss.targets());
        let mut rng = Seed::root(6).child(shape.name).rng();
        let (mut x, mut target) = (Vec::new(), Vec::new());
        for _ in 0..ROWS {
            let class = rng.random_range(0..3u8);
            let shift = (f32::from(class) - 1.0) * 0.3;
            let row: Vec<f32> =
                (0..inputs).map(|_| shift + rng.random_range(-1.0f32..1.0)).collect();
            let class = f32::from(class);
            match shape.name {
                "autoencoder" => {
                    target.extend([f32::from(u8::from(class > 0.0)), class, class]);
                    target.extend(&row);
                }
                "cnn_lstm" => target.extend([class, class, class - 1.0]),
                _ => target.push(class),
            }
            x.extend(row);
        }
        anyhow::ensure!(target.len() == ROWS * targets, "targets of {}", shape.name);
        columns::write_f32(&folder.join(format!("{}.x.f32", shape.name)), x.iter().copied())?;
        columns::write_f32(&folder.join(format!("{}.t.f32", shape.name)), target.iter().copied())?;
        Ok(Problem { shape, x, target })
    }

    fn measure(
        &self,
        (steps, rounds, threads): (usize, usize, usize),
        peer: &mut Result<Peer>,
    ) -> Result<Vec<Line>> {
        let name = self.shape.name;
        let slow = ["ltc_full", "ltc_ncp", "cnn_lstm"].contains(&name);
        let steps = if slow { (steps / 8).max(6) } else { steps };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut runs = Runs::default();
        for round in 0..rounds as u64 {
            let whole = || self.train::<f32>(steps, threads, round);
            runs.whole.push(pool.install(whole)?);
            if nets::brief::is_fast_here() {
                let mixed = || self.train::<Brief>(steps, threads, round);
                runs.mixed.push(pool.install(mixed)?);
            }
            if let Ok(peer) = peer {
                runs.peer.push(peer.round::<(f64, f64)>(name)?);
                runs.peer_mixed.push(peer.round::<(f64, f64)>(&format!("{name} autocast"))?);
            }
        }
        let who = Peer::who(peer, "PyTorch");
        let mut lines = self.lines(Precision::Whole, threads, (&runs.whole, &runs.peer), &who)?;
        if !runs.mixed.is_empty() {
            let faster = middle_rate(&runs.peer_mixed) > middle_rate(&runs.peer);
            let peer = if faster { &runs.peer_mixed } else { &runs.peer };
            let word = if faster { "autocast" } else { "f32" };
            let who = format!("{who}, {word}");
            lines.extend(self.lines(Precision::Mixed, threads, (&runs.mixed, peer), &who)?);
        }
        Ok(lines)
    }

    /// The rate, and on one thread the loss reached.
    fn lines(
        &self,
        precision: Precision,
        threads: usize,
        (ours, theirs): (&[(f64, f64)], &[(f64, f64)]),
        who: &str,
    ) -> Result<Vec<Line>> {
        let mixed = if precision == Precision::Mixed { "_mixed" } else { "" };
        let line = |figure: &str, of: fn(&[(f64, f64)]) -> Option<f64>, bar| -> Result<Line> {
            Ok(Line {
                name: format!("networks/{}{mixed}_{figure}", self.shape.name),
                ours: Some(of(ours).context("no round")?),
                peer: of(theirs),
                who: who.to_owned(),
                bar,
            })
        };
        let many = if threads == 1 { "" } else { "_2_threads" };
        let bar = if threads == 1 { self.shape.bar } else { Bar::None };
        let mut lines = vec![line(&format!("samples_per_s{many}"), middle_rate, bar)?];
        if threads == 1 {
            lines.push(line("loss_reached", mean_loss, Bar::RatioAtMost(1.1))?);
        }
        Ok(lines)
    }

    /// Samples a second, and the mean loss of the last tenth of the steps.
    fn train<R: Real>(&self, steps: usize, threads: usize, seed: u64) -> Result<(f64, f64)> {
        let network = build::<R>(self.shape.name)?;
        let (all_x, all_targets) = (taken::<R>(&self.x), taken::<R>(&self.target));
        let (inputs, targets) = (network.layer.inputs(), network.loss.targets());
        let regime = Regime {
            optimiser: Optimiser::ADAM,
            clip: None,
            shard_rows: BATCH / threads,
            batch_rows: BATCH,
            seed: Seed::root(1).index(seed),
        };
        let mut training = Training::new(network, regime);
        let mut losses = Vec::with_capacity(steps);
        let mut step = |at: usize| -> Result<()> {
            let begin = at * BATCH % ROWS;
            let x = &all_x[begin * inputs..(begin + BATCH) * inputs];
            let target = &all_targets[begin * targets..(begin + BATCH) * targets];
            losses.push(training.step(Batch { x, target, weights: None }, 1e-3)?.loss);
            Ok(())
        };
        step(0)?;
        let (seconds, done) = timed(|| (1..steps).try_for_each(&mut step));
        done?;
        let tail = &losses[steps - (steps / 10).max(1)..];
        let loss = tail.iter().sum::<f64>() / tail.len() as f64;
        Ok(((steps - 1) as f64 * BATCH as f64 / seconds, loss))
    }
}

/// Rates and losses of all rounds.
#[derive(Default)]
struct Runs {
    whole: Vec<(f64, f64)>,
    mixed: Vec<(f64, f64)>,
    peer: Vec<(f64, f64)>,
    peer_mixed: Vec<(f64, f64)>,
}

/// The middle of the rounds' rates.
fn middle_rate(runs: &[(f64, f64)]) -> Option<f64> {
    let mut all: Vec<f64> = runs.iter().map(|run| run.0).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// The mean of the rounds' losses: each round begins with weights of its own.
fn mean_loss(runs: &[(f64, f64)]) -> Option<f64> {
    let sum: f64 = runs.iter().map(|run| run.1).sum();
    (!runs.is_empty()).then(|| sum / runs.len() as f64)
}

/// Microseconds for one more step of a stream, and for one row of a policy.
fn inference() -> Result<Vec<Line>> {
    let regime = Regime {
        optimiser: Optimiser::ADAM,
        clip: None,
        shard_rows: 1,
        batch_rows: 1,
        seed: Seed::root(1),
    };
    let best = |once: &mut dyn FnMut()| {
        let each = |_| timed(|| (0..1000).for_each(|_| once())).0 / 1000.0 * 1e6;
        (0..15).map(each).fold(f64::INFINITY, f64::min)
    };
    let training = Training::new(gru().build::<f32>()?, regime);
    let (mut stream, mut y) = (gru().stream()?, [0.0; 5]);
    let x = [0.1; 240];
    let step = best(&mut || stream.advance(training.weights(), black_box(&x[..10]), &mut y));
    let mut policy = Training::new(mlp().build::<f32>()?, regime);
    let mut y = [0.0; 3];
    let row = best(&mut || policy.predict(black_box(&x), &mut y));
    Ok(vec![
        Line::alone("networks/gru_one_step_us", step, Bar::AtMost(5.0)),
        Line::alone("networks/policy_one_row_us", row, Bar::AtMost(1.0)),
    ])
}
