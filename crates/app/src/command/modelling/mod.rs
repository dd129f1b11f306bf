//! Models: what training, tuning, evaluating and explaining have in common.

pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod models;
mod settings;
pub(crate) mod shelf;
pub(crate) mod show;
pub(crate) mod train;
pub(crate) mod tune;

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base::{Seed, Span};
use lake::Lake;
use learn::family::FamilyLearner;
use pipeline::modelling::{Job, Labelled, Roles, Source, TargetKind, keeping};
use store::{Clock as _, MachineClock};

use crate::cli::modelling::{KindArg, LearnArgs, RowsArgs};
use crate::failure::Failure;

/// Time between two checkpoints of a training under way.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(20);

/// Says when a checkpoint is due.
pub(super) struct Due(Mutex<Instant>);

impl Due {
    pub(super) fn new() -> Due {
        Due(Mutex::new(Instant::now()))
    }

    pub(super) fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.elapsed() >= BETWEEN_CHECKPOINTS;
        if due {
            *last = Instant::now();
        }
        due
    }
}

/// Where rows come from, if anything is said of it.
pub(super) fn source(args: &RowsArgs) -> Option<Source> {
    let file = args.data.as_ref().map(|path| {
        // Whole, so that the record means the same from another folder.
        Source::File(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
    });
    file.or_else(|| args.sql.clone().map(Source::Sql))
}

/// What the words say of columns, over what is known.
pub(super) fn roles(args: &RowsArgs, known: Roles) -> Roles {
    let kind = args.kind.map(|kind| match kind {
        KindArg::Wins => TargetKind::Wins,
        KindArg::Numbers => TargetKind::Numbers,
        KindArg::Classes => TargetKind::Classes,
        KindArg::Ranks => TargetKind::Ranks,
    });
    let list = |told: &Vec<String>, known: Vec<String>| match told.is_empty() {
        true => known,
        false => told.clone(),
    };
    Roles {
        target: args.target.clone().unwrap_or(known.target),
        kind: kind.or(known.kind),
        time: args.time.clone().or(known.time),
        id: args.id.clone().or(known.id),
        ends: args.ends.clone().or(known.ends),
        group: args.group.clone().or(known.group),
        weight: args.weight.clone().or(known.weight),
        features: list(&args.features, known.features),
        drop: list(&args.drop, known.drop),
        steps: args.steps.unwrap_or(known.steps),
        categories: known.categories,
        classes: known.classes,
    }
}

/// The job that the words describe, and its rows.
pub(super) fn job(
    (rows, learn): (&RowsArgs, &LearnArgs),
    lake: &Lake,
) -> Result<(Labelled, Job), Failure> {
    let Some(source) = source(rows) else {
        return Err(Failure::new("train: there are no rows")
            .advise("name a CSV or Parquet file, or ask the lake with --sql"));
    };
    if rows.target.is_none() {
        return Err(Failure::new("train: no column is named as the target")
            .advise("say which column is foretold with --target"));
    }
    let (family, steps) = settings::family(learn, rows.steps)?;
    let learner = FamilyLearner { family, seed: Seed::root(learn.seed) };
    let known = Roles { steps, ..Roles::default() };
    let frame = source.read(lake)?;
    let labelled = Labelled::of(&frame, &roles(rows, known), keeping::texts(&learner))?;
    let job = Job {
        name: learn.name.clone().unwrap_or_else(|| name_of(&source, &learn.model)),
        learner,
        source,
        folds: learn.folds,
        held_out_share: learn.held_out,
        embargo: embargo(learn.embargo_days)?,
        search: None,
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
        at: MachineClock.now(),
    };
    Ok((labelled, job))
}

fn embargo(days: f64) -> Result<Span, Failure> {
    match (0.0..=36_500.0).contains(&days) {
        true => Ok(Span::from_seconds((days * 86_400.0) as i64)),
        false => Err(Failure::new(format!("read --embargo-days {days}: it is no number of days"))
            .advise("give a number from 0 on, 5 for example")),
    }
}

/// A name for a model that was given none.
fn name_of(source: &Source, model: &str) -> String {
    let stem = match source {
        Source::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Source::Sql(_) => Some("sql".to_owned()),
    };
    format!("{}-{model}", stem.unwrap_or_default())
}

/// Reads a file, or says what is wrong.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(format!("read {}: {error}", path.display())).advise("check the path")
    })
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    shelf::write_whole(path, bytes).map_err(|error| {
        Failure::new(format!("write {}: {error}", path.display()))
            .advise("free some space, or choose another place with --out")
    })
}
