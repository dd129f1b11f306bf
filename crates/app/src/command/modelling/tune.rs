//! `trimtab tune`: a search for settings, then training with the best.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base::Span;
use learn::search::{GeneticPlan, GpPlan, Method, Pruning, State, TpePlan};
use pipeline::modelling::tuning::{FIRST_STEP, Found, settings_of};
use pipeline::modelling::{Search, tune};
use pipeline::trials::Shared;
use serde::Serialize;

use super::train::{self, Answer};
use super::{Workshop, job, settings, show, write_out};
use crate::cli::modelling::{MethodArg, PruningArg, StakesArgs, TuneArgs};
use crate::command::data::lake;
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

/// How long a trial belongs to a process that says nothing.
const LEASE_SECONDS: i64 = 120;
/// Best trials shown.
const SHOWN: usize = 5;

/// What tuning answers to programs.
#[derive(Serialize)]
struct Tuned {
    trials: usize,
    pruned: usize,
    failed: usize,
    best_loss: Option<f64>,
    settings: BTreeMap<String, String>,
    model: Answer,
}

pub(crate) fn run(
    args: &TuneArgs,
    place: (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let (labelled, job) = job((&args.rows, &args.learn), &lake(place.0))?;
    let space = settings::space(&job.learner.family, args.space.as_deref())?;
    let search = Search {
        space,
        method: method(args.method),
        trials: args.trials,
        batch: args.batch,
        pruning: pruning(args.pruning, args.learn.folds),
    };
    let worker = format!("{}-{}", std::process::id(), job.at.nanos());
    let pause = || std::thread::sleep(Duration::from_millis(200));
    let lease = Span::from_seconds(LEASE_SECONDS);
    let shared = args.shared.then_some(Shared { worker: &worker, lease, pause: &pause });
    let workshop = Workshop::open(place, terminal)?;
    let found = workshop.with(|ports| tune(&labelled, (&job, &search), shared, ports))?;
    write_out(&found.outcome.kept, args.learn.out.as_deref())?;
    let count = |state| found.trials.iter().filter(|trial| trial.state == state).count();
    let answer = Tuned {
        trials: found.trials.len(),
        pruned: count(State::Pruned),
        failed: count(State::Failed),
        best_loss: found.best.value,
        settings: settings_of(&found.best),
        model: train::answer(&found.outcome),
    };
    let text = text(&found, (answer.pruned, answer.failed), args.stakes);
    terminal.answer(&answer, text)
}

fn method(asked: MethodArg) -> Method {
    match asked {
        MethodArg::Tpe => Method::Tpe(TpePlan::default()),
        MethodArg::Gp => Method::Gp(GpPlan::default()),
        MethodArg::Genetic => Method::Genetic(GeneticPlan::default()),
        MethodArg::Random => Method::Random,
        MethodArg::Grid => Method::Grid { steps: 4 },
    }
}

fn pruning(asked: PruningArg, folds: usize) -> Option<Pruning> {
    match asked {
        PruningArg::None => None,
        PruningArg::Median => Some(Pruning::Median { warm_trials: 5, warm_steps: 0 }),
        PruningArg::Hyperband => {
            let last_step = u32::try_from(folds.max(1)).unwrap_or(u32::MAX);
            Some(Pruning::Hyperband { first_step: FIRST_STEP, last_step, factor: 2 })
        }
    }
}

fn text(found: &Found, (pruned, failed): (usize, usize), stakes: StakesArgs) -> String {
    let mut best: Vec<_> = found.trials.iter().filter(|trial| trial.value.is_some()).collect();
    best.sort_by(|a, b| a.value.unwrap_or(f64::NAN).total_cmp(&b.value.unwrap_or(f64::NAN)));
    let mut table = headed(["trial", "loss", "settings"]);
    for trial in best.into_iter().take(SHOWN) {
        let loss = trial.value.map(show::number).unwrap_or_default();
        let named = settings_of(trial).into_iter();
        let settings: Vec<String> = named.map(|(name, value)| format!("{name}={value}")).collect();
        table.add_row([trial.number.to_string(), loss, settings.join(" ")]);
    }
    let trials = found.trials.len();
    format!(
        "{trials} trials, {pruned} given up, {failed} failed; losses are means over the steps of \
         walking forward, the best of {trials} looks better than it is\n{table}\n{}",
        train::text(&found.outcome, stakes)
    )
}
