//! The search for settings beside Optuna's samplers: what is found in the same number of trials,
//! and what a trial costs.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use base::stats::{mean, median};
use base::{Panel, RowKey, Seed, Span, Ts};
use learn::score::brier;
use learn::search::example::{branin, hartmann_6, rosenbrock};
use learn::search::{
    Domain, GpPlan, Method, Outcome, Params, Ports, Run, Silent, Space, Study, TpePlan,
    TrialMemory, Value, best,
};
use learn::split::k_fold;
use learn::trees::TreeLearner;
use learn::tune::tree_params;
use learn::{LabelSpan, Learner as _, Model as _, Samples};
use rand::RngExt as _;

use crate::Bench;
use crate::clock::timed;
use crate::line::{Bar, Line};
use crate::peer::Peer;

/// Ours, the peer's sampler, and what the pair is called.
type Pair = (Method, &'static str, &'static str);

fn pairs() -> [Pair; 3] {
    let (tpe, gp) = (Method::Tpe(TpePlan::default()), Method::Gp(GpPlan::default()));
    [(tpe, "tpe", "tpe"), (tpe, "tpe_univariate", "tpe_beside_univariate"), (gp, "gp", "gp")]
}

/// A function on the unit cube with its least value taken off.
struct Function {
    name: &'static str,
    width: usize,
    loss: fn(&[f64]) -> f64,
}

const FUNCTIONS: [Function; 3] = [
    Function { name: "branin", width: 2, loss: branin },
    Function { name: "hartmann_6", width: 6, loss: hartmann_6 },
    Function { name: "rosenbrock_4", width: 4, loss: rosenbrock },
];

/// Median regrets over the same number of seeds, time a trial, and a tuning job.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut peer = Peer::start(bench, "search.py", &[]);
    let mut lines = Vec::new();
    let (seeds, trials) = bench.size.pick((20, 100), (2, 20));
    for pair in pairs() {
        for function in &FUNCTIONS {
            lines.extend(pool.install(|| regret((pair, function), (seeds, trials), &mut peer))?);
        }
    }
    let long = bench.size.pick(1_000, 60);
    lines.push(pool.install(|| overhead(long, &mut peer))?);
    lines.extend(pool.install(|| tuning(bench, &mut peer))?);
    Ok(lines)
}

fn who(peer: &Result<Peer>, sampler: &str) -> String {
    let who = Peer::who(peer, "Optuna");
    if peer.is_ok() { format!("{who} {sampler}") } else { who }
}

/// The peer's regret of a seed and its seconds a trial; `None` where it can't run.
fn theirs(peer: &mut Result<Peer>, ask: &str) -> Result<Option<(f64, f64)>> {
    match peer {
        Ok(peer) => peer.round(ask),
        Err(_) => Ok(None),
    }
}

fn regret(
    ((method, sampler, called), function): (Pair, &Function),
    (seeds, trials): (u64, usize),
    peer: &mut Result<Peer>,
) -> Result<Vec<Line>> {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for seed in 0..seeds {
        ours.push(search(function, method, (seed, trials))?);
        let ask = format!("regret {sampler} {} {seed} {trials}", function.name);
        others.extend(theirs(peer, &ask)?);
    }
    let line = |what: &str, of: fn(&(f64, f64)) -> f64, bar| {
        let middle = |all: &[(f64, f64)]| median(&all.iter().map(of).collect::<Vec<_>>());
        Line {
            name: format!("search/{called}_{}_{what}", function.name),
            ours: Some(middle(&ours)),
            peer: (!others.is_empty()).then(|| middle(&others)),
            who: who(peer, sampler),
            bar,
        }
    };
    Ok(vec![
        line("regret", |run| run.0, Bar::RatioAtMost(1.0)),
        line("ms_per_trial", |run| 1e3 * run.1, Bar::RatioAtMost(0.1)),
    ])
}

/// Seconds a trial when there are many.
fn overhead(trials: usize, peer: &mut Result<Peer>) -> Result<Line> {
    let function = &FUNCTIONS[1];
    let (_, ours) = search(function, Method::Tpe(TpePlan::default()), (1, trials))?;
    let others = theirs(peer, &format!("regret tpe {} 1 {trials}", function.name))?;
    Ok(Line {
        name: format!("search/tpe_{trials}_trials_ms_per_trial"),
        ours: Some(1e3 * ours),
        peer: others.map(|run| 1e3 * run.1),
        who: who(peer, "tpe"),
        bar: Bar::RatioAtMost(0.1),
    })
}

/// Regret and seconds a trial of ours.
fn search(function: &Function, method: Method, (seed, trials): (u64, usize)) -> Result<(f64, f64)> {
    let axis = |at: usize| (format!("x{at}"), Domain::Float { low: 0.0, high: 1.0 });
    let space = Space::new((0..function.width).map(axis))?;
    let loss = |params: &Params| {
        let at: Vec<f64> = params.values().filter_map(Value::number).collect();
        Ok((function.loss)(&at))
    };
    let (seconds, found) = timed(|| least(space, method, (seed, trials), &loss));
    Ok((found?, seconds / trials as f64))
}

/// The least loss that a study finds.
fn least(
    space: Space,
    method: Method,
    (seed, trials): (u64, usize),
    loss: &(dyn Fn(&Params) -> Result<f64, learn::Error> + Sync),
) -> Result<f64> {
    let (name, seed) = ("bench".to_owned(), Seed::root(seed));
    let study = Study { name, space, method, trials, batch: 1, pruning: None, seed };
    let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    let trials =
        study.run(&|run: &mut Run<'_>| loss(run.params).map(Outcome::Value), &mut ports)?;
    best(&trials).and_then(|trial| trial.value).context("no trial was complete")
}

/// Settings of boosted trees by their cross-validated Brier score, the same trees on both sides.
fn tuning(bench: &Bench, peer: &mut Result<Peer>) -> Result<Vec<Line>> {
    let (seeds, trials) = bench.size.pick((20, 60), (1, 8));
    let samples = samples(bench.size.pick(1_500, 400))?;
    let folds = k_fold(&samples, 3, Span::default())?;
    let loss = |params: &Params| {
        let mut losses = Vec::with_capacity(folds.len());
        for pair in &folds {
            let learner =
                TreeLearner { params: tree_params(params, &pair.train)?, seed: Seed::root(1) };
            let scores = learner.fit(&pair.train)?.predict_proba(&pair.valid.panel())?;
            losses.push(brier(&scores, &pair.valid.labels()));
        }
        Ok(mean(&losses))
    };
    let mut lines = Vec::new();
    for (method, sampler, called) in pairs() {
        let (mut ours, mut others) = (Vec::new(), Vec::new());
        for seed in 0..seeds {
            ours.push(least(space()?, method, (seed, trials), &loss)?);
            if let Ok(peer) = peer {
                others.extend(driven(peer, (sampler, seed, trials), &loss)?);
            }
        }
        lines.push(Line {
            name: format!("search/{called}_trees_brier"),
            ours: Some(median(&ours)),
            peer: (!others.is_empty()).then(|| median(&others)),
            who: who(peer, sampler),
            // The spread of the median over seeds is about this much.
            bar: Bar::RatioAtMost(1.005),
        });
    }
    Ok(lines)
}

/// The least loss when the peer proposes and we try.
fn driven(
    peer: &mut Peer,
    (sampler, seed, trials): (&str, u64, usize),
    loss: &dyn Fn(&Params) -> Result<f64, learn::Error>,
) -> Result<Option<f64>> {
    if peer.round::<Option<bool>>(&format!("start {sampler} {seed}"))?.is_none() {
        return Ok(None);
    }
    let mut least = f64::INFINITY;
    for _ in 0..trials {
        let asked: Option<BTreeMap<String, f64>> = peer.round("ask")?;
        let Some(asked) = asked else { return Ok(None) };
        let params = asked.into_iter().map(|(name, value)| (name, Value::Float(value))).collect();
        let found = loss(&params)?;
        least = least.min(found);
        peer.round::<Option<bool>>(&format!("tell {found}"))?;
    }
    Ok(Some(least))
}

/// The same domains as in `search.py`.
fn space() -> Result<Space> {
    let (log, even) =
        (|low, high| Domain::LogFloat { low, high }, |low, high| Domain::Float { low, high });
    let domains = [
        ("colsample_bytree", even(0.4, 1.0)),
        ("gamma", even(0.0, 5.0)),
        ("learning_rate", log(0.01, 0.3)),
        ("max_depth", Domain::Int { low: 2, high: 7 }),
        ("min_child_weight", log(0.5, 30.0)),
        ("n_estimators", Domain::Int { low: 20, high: 150 }),
        ("reg_lambda", log(0.01, 30.0)),
        ("subsample", even(0.5, 1.0)),
    ];
    Ok(Space::new(domains.map(|(name, domain)| (name.to_owned(), domain)))?)
}

/// Twelve even columns; the label hangs on a product, a threshold and a slope, with noise.
fn samples(rows: usize) -> Result<Samples> {
    const WIDTH: usize = 12;
    let mut rng = Seed::root(1).child("search").rng();
    let mut panel = Panel::new((0..WIDTH).map(|column| format!("f{column}")));
    let mut labels = Vec::with_capacity(rows);
    for row in 0..rows {
        let cells: Vec<f64> = (0..WIDTH).map(|_| 2.0 * rng.random::<f64>() - 1.0).collect();
        panel.push(RowKey { at: Ts::from_seconds(row as i64), id: 0 }, &cells)?;
        let steep = if cells[3] > 0.3 { 1.0 } else { 0.0 };
        let score = 3.0 * cells[0] * cells[1] + 1.5 * steep + cells[2] - 0.5;
        labels.push(rng.random::<f64>() < 1.0 / (1.0 + (-2.0 * score).exp()));
    }
    let spans = panel.keys().iter().map(|key| LabelSpan { starts: key.at, ends: key.at }).collect();
    Ok(Samples::new(panel, labels, spans)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_least_where_they_are_known_to_be() {
        let pi = std::f64::consts::PI;
        let known: [(usize, Vec<f64>); 3] = [
            (0, vec![(pi + 5.0) / 15.0, 2.275 / 15.0]),
            (
                1,
                vec![
                    0.201_689_51,
                    0.150_010_69,
                    0.476_873_97,
                    0.275_332_43,
                    0.311_651_62,
                    0.657_300_53,
                ],
            ),
            (2, vec![0.75; 4]),
        ];
        for (at, point) in known {
            let least = (FUNCTIONS[at].loss)(&point);
            assert!(least.abs() < 1e-9, "{}: {least}", FUNCTIONS[at].name);
        }
    }

    #[test]
    fn the_job_can_be_tuned() {
        let samples = samples(600).unwrap();
        let wins = samples.labels().iter().filter(|&&label| label).count();
        assert!((200..400).contains(&wins), "{wins}");
    }
}
