//! Models: what training, tuning, evaluating and explaining have in common.

mod chances;
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
use learn::Model as _;
use learn::calibrate::Curve;
use learn::family::FamilyLearner;
use pipeline::modelling::{Job, Kept, Labelled, Ports, Roles, Source, TargetKind, keeping};
use store::{Clock as _, MachineClock, Store};

use crate::cli::modelling::{CurveArg, KeptArgs, KindArg, LearnArgs, RowsArgs};
use crate::command::data::lake;
use crate::failure::Failure;
use crate::terminal::{Bar, Terminal};
use crate::{files, state};
use shelf::FileShelf;

/// Time between two checkpoints of a training under way.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(20);

/// Where training is done: store, checkpoints, a bar.
pub(super) struct Workshop {
    pub(super) store: Store,
    shelf: FileShelf,
    bar: Bar,
    last_checkpoint: Mutex<Instant>,
}

impl Workshop {
    pub(super) fn open(
        (home, url): (&Path, Option<&str>),
        terminal: Terminal,
    ) -> Result<Workshop, Failure> {
        let (store, shelf) = (state::open(home, url)?, FileShelf::open(home)?);
        let last_checkpoint = Mutex::new(Instant::now());
        Ok(Workshop { store, shelf, bar: Bar::new(terminal), last_checkpoint })
    }

    /// Gives the ports of a training to the work.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Ports<'_>) -> T) -> T {
        let is_due = || self.is_due();
        let Workshop { store, shelf, bar, .. } = self;
        work(&Ports { store, shelf, progress: bar, is_due: &is_due })
    }

    /// True when so much time has passed that a checkpoint should be written.
    fn is_due(&self) -> bool {
        let last = self.last_checkpoint.lock();
        let mut last = last.unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.elapsed() >= BETWEEN_CHECKPOINTS;
        if due {
            *last = Instant::now();
        }
        due
    }
}

/// A kept model that is asked about rows.
pub(super) struct Asked {
    pub(super) store: Store,
    pub(super) kept: Kept,
    pub(super) rows: Labelled,
    /// True for the model's own rows, false for rows that were named.
    pub(super) own: bool,
}

impl Asked {
    /// Finds the model and reads the rows: those named, or the model's own.
    pub(super) fn open(
        doing: &str,
        (args, told): (&KeptArgs, &RowsArgs),
        (home, url): (&Path, Option<&str>),
    ) -> Result<Asked, Failure> {
        let store = state::open(home, url)?;
        let kept = keeping::find(&store, &args.name, args.version.as_deref())?;
        let named = source(told);
        let own = named.is_none();
        let Some(rows) = named.or_else(|| kept.card().map(|card| card.source.clone())) else {
            return Err(Failure::new(format!("{doing} {}: it has no rows of its own", kept.name))
                .advise("name a CSV or Parquet file with --target, or ask the lake with --sql"));
        };
        let roles = roles(told, kept.roles());
        if roles.targets.is_empty() {
            return Err(no_target(doing));
        }
        let rows = Labelled::of(&rows.read(&lake(home))?, &roles, kept.texts())?;
        Ok(Asked { store, kept, rows, own })
    }
}

fn no_target(doing: &str) -> Failure {
    Failure::new(format!("{doing}: no column is named as the target"))
        .advise("say which column is foretold with --target")
}

/// Writes a model where it was asked for, as other programs read it: without the curve that
/// calibrates it.
pub(super) fn write_out(kept: &Kept, out: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = out else { return Ok(()) };
    let bytes = match kept.model.own() {
        Some(model) => model.to_bytes()?,
        None => kept.model.to_bytes()?,
    };
    files::write(path, &bytes, "--out")
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
        targets: list(&args.target, known.targets),
        kind: kind.or(known.kind),
        time: args.time.clone().or(known.time),
        id: args.id.clone().or(known.id),
        ends: args.ends.clone().or(known.ends),
        group: args.group.clone().or(known.group),
        weight: args.weight.clone().or(known.weight),
        features: list(&args.features, known.features),
        drop: list(&args.drop, known.drop),
        steps: args.steps.unwrap_or(known.steps),
        still: list(&args.still, known.still),
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
    if rows.target.is_empty() {
        return Err(no_target("train"));
    }
    let (family, steps) = settings::family(learn, (rows.steps, rows.still.len()))?;
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
        calibrate: learn.calibrate.map(|curve| match curve {
            CurveArg::Best => Curve::Best,
            CurveArg::Platt => Curve::Platt,
            CurveArg::Isotonic => Curve::Isotonic,
        }),
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
