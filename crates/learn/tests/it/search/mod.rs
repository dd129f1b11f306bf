//! Searches: what they find, that they resume, that threads and processes change nothing.

mod behaviour;
mod pruning;
mod quality;
mod several_losses;
mod sharing;

use std::sync::atomic::AtomicBool;

use base::Seed;
use learn::Error;
use learn::search::{
    Domain, GeneticPlan, GpPlan, Method, Objective, Outcome, Params, Ports, Pruning, Run, Silent,
    Space, Study, TpePlan, Trial, TrialLog, TrialMemory, Value,
};

fn named<const N: usize>(domains: [(&str, Domain); N]) -> Space {
    Space::new(domains.map(|(name, domain)| (name.to_owned(), domain))).unwrap()
}

fn floats(count: usize, low: f64, high: f64) -> Space {
    let domain = |at: usize| (format!("x{at:02}"), Domain::Float { low, high });
    Space::new((0..count).map(domain)).unwrap()
}

fn choice(names: &[&str]) -> Domain {
    Domain::Choice(names.iter().map(|&name| name.to_owned()).collect())
}

fn when(setting: &str, is: &str, then: Domain) -> Domain {
    Domain::When { setting: setting.to_owned(), is: vec![is.to_owned()], then: Box::new(then) }
}

fn numbers(params: &Params) -> Vec<f64> {
    params.values().map(|value| value.number().unwrap()).collect()
}

fn study(space: Space, method: Method, seed: u64) -> Study {
    let seed = Seed::root(seed);
    let name = "test".to_owned();
    Study { name, space, method, trials: 100, batch: 1, pruning: None, seed }
}

fn run_in(
    study: &Study,
    objective: &Objective<'_>,
    log: &mut dyn TrialLog,
) -> Result<Vec<Trial>, Error> {
    let stop = AtomicBool::new(false);
    study.run(objective, &mut Ports { log, progress: &Silent, stop: &stop })
}

fn run(study: &Study, loss: impl Fn(&[f64]) -> f64 + Sync) -> Vec<Trial> {
    let objective = |run: &mut Run<'_>| Ok(Outcome::Value(loss(&numbers(run.params))));
    run_in(study, &objective, &mut TrialMemory::default()).unwrap()
}

/// A method of each kind that learns.
fn learners() -> [Method; 3] {
    [
        Method::Tpe(TpePlan::default()),
        Method::Gp(GpPlan::default()),
        Method::Genetic(GeneticPlan { population: 10, ..GeneticPlan::default() }),
    ]
}

/// A tree has a depth, a net has a cell and a rate, and a long cell has gates.
fn conditional() -> Space {
    named([
        ("cell", when("kind", "net", choice(&["short", "long"]))),
        ("depth", when("kind", "tree", Domain::Int { low: 2, high: 9 })),
        ("gates", when("cell", "long", Domain::Int { low: 1, high: 40 })),
        ("kind", choice(&["line", "net", "tree"])),
        ("rate", when("kind", "net", Domain::LogFloat { low: 1e-4, high: 1.0 })),
    ])
}

/// Zero for a net with a long cell of 23 gates at rate 0.02; a tree of depth 5 comes to 0.5.
fn conditional_loss(params: &Params) -> f64 {
    let number = |name: &str| params[name].number().unwrap();
    let is = |name: &str, wanted: &str| params.get(name) == Some(&Value::Choice(wanted.to_owned()));
    if is("kind", "line") {
        return 2.0;
    }
    if is("kind", "tree") {
        return 0.5 + 0.3 * (number("depth") - 5.0).abs();
    }
    let rate = (number("rate") / 0.02).ln().abs() / 3.0;
    if is("cell", "long") { rate + (number("gates") - 23.0).abs() / 20.0 } else { 0.8 + rate }
}

/// Least at count 7, kind "high", rate 0.03; reports three steps.
fn stepwise(run: &mut Run<'_>) -> Result<Outcome, Error> {
    let number = |name: &str| run.params[name].number().unwrap();
    let kind = if run.params["kind"] == Value::Choice("high".into()) { 0.0 } else { 1.0 };
    let loss = (number("count") - 7.0).abs() / 5.0 + kind + (number("rate") / 0.03).ln().abs();
    for step in 0..3 {
        if run.report(step, loss + f64::from(2 - step)) == learn::trees::Flow::Stop {
            return Ok(Outcome::Pruned);
        }
    }
    Ok(Outcome::Value(loss))
}

/// A study of [`stepwise`] in batches, with pruning.
fn mixed(method: Method) -> Study {
    let space = named([
        ("count", Domain::Int { low: 1, high: 20 }),
        ("kind", choice(&["low", "high"])),
        ("rate", Domain::LogFloat { low: 1e-3, high: 1.0 }),
    ]);
    let pruning = Some(Pruning::Median { warm_trials: 5, warm_steps: 1 });
    Study { trials: 42, batch: 4, pruning, ..study(space, method, 9) }
}
