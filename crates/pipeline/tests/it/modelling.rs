//! Models on rows of files: trained, broken off, gone on with, judged once, explained.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Seed, Span, Ts};
use lake::{Frame, Lake};
use learn::family::{Family, FamilyLearner};
use learn::search::{Method, Pruning, State, TpePlan, Trial};
use learn::{Model as _, Targets};
use pipeline::modelling::judging::Asker;
use pipeline::modelling::tuning::FIRST_STEP;
use pipeline::modelling::{
    Job, Kept, Labelled, Ports, Roles, Search, Shelf, Source, TargetKind, Texts, evaluate, explain,
    keeping, open_held_out, train, tune,
};
use pipeline::{Error, Progress, Silent};
use store::Store;
use tempfile::TempDir;

mod claims;

/// A shelf in memory.
#[derive(Default)]
pub(crate) struct Table(Mutex<BTreeMap<String, Vec<u8>>>);

impl Table {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

impl Shelf for Table {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn has(&self, name: &str) -> bool {
        self.0.lock().unwrap().contains_key(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
}

/// Somebody who loses patience after so many steps.
pub(crate) struct Impatient {
    left: AtomicU64,
    stop: AtomicBool,
}

impl Impatient {
    pub(crate) fn after(steps: u64) -> Impatient {
        Impatient { left: AtomicU64::new(steps), stop: AtomicBool::new(false) }
    }
}

impl Progress for Impatient {
    fn begin(&self, _: &str, _: u64) {}

    fn step(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn end(&self) {}

    fn stop(&self) -> &AtomicBool {
        &self.stop
    }
}

/// A desk with rows: two symbols a day, whose first column says more often than not what wins.
struct Desk {
    folder: TempDir,
    store: Store,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_file(&folder.path().join("state.db")).unwrap();
        Desk { folder, store }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn rows(&self, model: &str, target: &str) -> (Labelled, Job) {
        let source = Source::File(self.file("rows.csv", &rows(0..240)));
        let family = Family::named(model).unwrap();
        let small = [("n_estimators", "20"), ("epochs", "12"), ("batch", "32")];
        let family = small.iter().fold(family, |family, (path, value)| {
            let value = serde_json::from_str(value).unwrap();
            family.with(path, &value).unwrap_or(family)
        });
        let learner = FamilyLearner { family, seed: Seed::root(5) };
        let roles = roles(target);
        let frame = source.read(&Lake::at(self.folder.path())).unwrap();
        let labelled = Labelled::of(&frame, &roles, keeping::texts(&learner)).unwrap();
        let job = Job {
            name: format!("{model}-{target}"),
            learner,
            source,
            folds: 2,
            held_out_share: 0.25,
            embargo: Span::from_days(1),
            calibrate: None,
            search: None,
            code_revision: "test".to_owned(),
            at: Ts::from_seconds(1_700_000_000),
        };
        (labelled, job)
    }

    fn train(&self, (labelled, job): &(Labelled, Job)) -> Kept {
        let silent = Silent;
        self.try_train((labelled, job), &Table::default(), (&silent, 0)).unwrap()
    }

    /// Trains with a checkpoint after every so many steps, 0 for none.
    fn try_train(
        &self,
        (labelled, job): (&Labelled, &Job),
        shelf: &Table,
        (progress, every): (&dyn Progress, u64),
    ) -> Result<Kept, Error> {
        let asked = AtomicU64::new(0);
        let is_due = || every > 0 && asked.fetch_add(1, Ordering::Relaxed) % every == every - 1;
        let ports = Ports { store: &self.store, shelf, progress, is_due: &is_due };
        train(labelled, job, &ports).map(|outcome| outcome.kept)
    }
}

fn roles(target: &str) -> Roles {
    let targets: Vec<String> = target.split(',').map(str::to_owned).collect();
    let drop = ["won", "ret", "mood", "size", "way", "fall", "rise"].map(str::to_owned);
    let drop = drop.into_iter().filter(|name| !targets.contains(name)).collect();
    let ends = Some("known_at".to_owned());
    Roles { targets, ends, drop, steps: 1, ..Roles::default() }
}

fn rows(days: std::ops::Range<u32>) -> String {
    let mut text = "date,symbol,signal,noise,won,ret,mood,size,way,fall,rise,known_at\n".to_owned();
    for day in days {
        for (at, symbol) in ["AAA", "BBB"].iter().enumerate() {
            let draw = |name: &str| {
                let bits = Seed::root(1).child(name).index(u64::from(day * 2 + at as u32)).number();
                (bits >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            };
            let (signal, noise) = (draw("signal"), draw("noise"));
            let ret = signal + 0.4 * draw("luck");
            let way = usize::from(ret > -0.2) + usize::from(ret > 0.2);
            let mood = ["down", "flat", "up"][way];
            let size = u8::from(signal.abs() > 0.15) + u8::from(signal.abs() > 0.35);
            let (fall, rise) = (0.1 + (-ret).max(0.0), 0.1 + ret.max(0.0));
            let date = base::Day::from_number(18_000 + day as i32);
            let (won, known) = (u8::from(ret > 0.0), date.plus(2));
            text.push_str(&format!(
                "{date},{symbol},{signal:.6},{noise:.6},{won},{ret:.6},{mood},{size},{way},\
                 {fall:.6},{rise:.6},{known}\n"
            ));
        }
    }
    text
}

#[test]
fn each_kind_of_target_is_learned_and_beats_blind_guessing() {
    let desk = Desk::new();
    for (model, target) in
        [("trees", "won"), ("logistic", "won"), ("mlp", "won"), ("trees", "ret"), ("trees", "mood")]
    {
        let kept = desk.train(&desk.rows(model, target));
        let sheet = kept.card().unwrap().walked.clone().unwrap();
        let (found, blind) = (sheet.figures[&sheet.main], sheet.blind[&sheet.main]);
        assert!(found.high < blind, "{model} {target}: {found:?} against {blind}");
        assert_eq!(kept.model.features(), ["signal", "noise"], "{model} {target}");
    }
}

#[test]
fn what_was_mended_in_training_is_told_and_stays_with_the_model() {
    let desk = Desk::new();
    let (labelled, mut job) = desk.rows("mlp", "won");
    job.learner.family = job.learner.family.with("batch", &250.into()).unwrap();
    let (shelf, progress) = (Table::default(), &Silent);
    let ports = Ports { store: &desk.store, shelf: &shelf, progress, is_due: &|| false };
    let outcome = train(&labelled, &job, &ports).unwrap();
    let told = |notes: &[String], words: &str| notes.iter().any(|note| note.starts_with(words));
    assert!(told(&outcome.notes, "step 1 of 2: a batch of 250 rows"), "{:?}", outcome.notes);
    assert!(!told(&outcome.notes, "a batch"), "all rows fill a batch: {:?}", outcome.notes);
    let kept = keeping::find(&desk.store, &job.name, None).unwrap();
    assert_eq!(kept.card().unwrap().notes, outcome.notes);
    job.learner.family = job.learner.family.with("batch", &1000.into()).unwrap();
    let outcome = train(&labelled, &job, &ports).unwrap();
    assert!(told(&outcome.notes, "a batch of 1000 rows"), "{:?}", outcome.notes);
}

#[test]
fn a_network_with_several_heads_is_judged_head_by_head() {
    let desk = Desk::new();
    let (labelled, mut job) = desk.rows("health", "won,size,way");
    job.learner.family = job.learner.family.with("epochs", &serde_json::json!(60)).unwrap();
    let kept = desk.train(&(labelled, job));
    let sheet = kept.card().unwrap().walked.clone().unwrap();
    assert_eq!(sheet.main, "relative_loss");
    assert!(sheet.figures["relative_loss"].high < 1.0, "{sheet:?}");
    for figure in ["health.auc", "volatility.accuracy", "behaviour.accuracy"] {
        assert!(sheet.figures[figure].value > sheet.blind.get(figure).copied().unwrap_or(0.5));
    }
}

#[test]
fn a_network_taught_by_a_stop_loss_is_judged_by_what_it_would_have_made() {
    let desk = Desk::new();
    let (labelled, mut job) = desk.rows("dual", "ret,fall,rise");
    let small = [("still", 1.0), ("steps", 1.0), ("inputs", 1.0), ("loss.low", 0.1)];
    let family = job.learner.family.with("epochs", &serde_json::json!(40)).unwrap();
    let set = |family: Family, (path, value): (&str, f64)| {
        let value = match value.fract() == 0.0 {
            true => serde_json::json!(value as u64),
            false => serde_json::json!(value),
        };
        family.with(&format!("design.{path}"), &value).unwrap()
    };
    // The farthest barrier first, so that it never lies below the nearest.
    job.learner.family = small.into_iter().fold(set(family, ("loss.high", 0.5)), set);
    let kept = desk.train(&(labelled, job));
    let sheet = kept.card().unwrap().walked.clone().unwrap();
    let (found, blind) = (sheet.figures[&sheet.main], sheet.blind[&sheet.main]);
    assert_eq!(sheet.main, "lost_per_barrier");
    assert!(found.high < blind, "{found:?} against {blind}");
    assert!(sheet.figures["won"].value > 0.7, "{sheet:?}");
}

#[test]
fn a_kan_taught_by_a_stop_loss_is_judged_as_the_dual_network_is() {
    let desk = Desk::new();
    let (labelled, mut job) = desk.rows("kan_stop_loss", "ret,fall,rise");
    let rule =
        serde_json::json!({"stopped": {"low": 0.1, "high": 0.5, "width": 1e-3, "cost": 0.0}});
    let family = job.learner.family.with("epochs", &serde_json::json!(40)).unwrap();
    job.learner.family = family.with("design.answer", &rule).unwrap();
    let sheet = desk.train(&(labelled, job)).card().unwrap().walked.clone().unwrap();
    let (found, blind) = (sheet.figures[&sheet.main], sheet.blind[&sheet.main]);
    assert_eq!(sheet.main, "lost_per_barrier");
    assert!(found.high < blind, "{found:?} against {blind}");
}

#[test]
fn a_stop_loss_without_fall_and_rise_is_refused() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("kan_stop_loss", "ret");
    let fault = desk.try_train((&labelled, &job), &Table::default(), (&Silent, 0)).unwrap_err();
    assert!(fault.to_string().contains("taught by three targets"), "{fault}");
}

#[test]
fn targets_that_are_not_those_of_the_heads_are_refused_by_name() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("health", "won,ret,way");
    let ended = desk.try_train((&labelled, &job), &Table::default(), (&Silent, 0));
    let fault = ended.unwrap_err();
    let said = fault.to_string();
    assert!(
        said.contains("\"volatility\" of row 0") && said.contains("a class from 0 to 2"),
        "{said}"
    );
}

#[test]
fn a_training_broken_off_again_and_again_ends_as_if_it_had_not_been() {
    let desk = Desk::new();
    for model in ["trees", "mlp"] {
        let rows = desk.rows(model, "won");
        let whole = desk.train(&rows);
        let (shelf, mut stops) = (Table::default(), 0);
        let ended = loop {
            let impatient = Impatient::after(7);
            match desk.try_train((&rows.0, &rows.1), &shelf, (&impatient, 0)) {
                Err(Error::Stopped) => stops += 1,
                ended => break ended.unwrap(),
            }
        };
        assert!(stops >= 3, "{model}: stopped {stops} times");
        assert_eq!(ended.digest, whole.digest, "{model}");
        assert_eq!(shelf.names(), [""; 0], "{model} leaves nothing behind");
    }
}

#[test]
fn checkpoints_on_the_way_change_nothing() {
    let desk = Desk::new();
    for model in ["trees", "mlp"] {
        let rows = desk.rows(model, "won");
        let silent = Silent;
        let often = desk.try_train((&rows.0, &rows.1), &Table::default(), (&silent, 3)).unwrap();
        assert_eq!(often.digest, desk.train(&rows).digest, "{model}");
    }
}

#[test]
fn a_killed_training_leaves_a_checkpoint_that_only_its_own_job_finds() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("mlp", "won");
    let shelf = Table::default();
    let stopped = desk.try_train((&labelled, &job), &shelf, (&Impatient::after(5), 0));
    assert!(matches!(stopped, Err(Error::Stopped)));
    let other = Job { folds: 3, ..job };
    let kept = desk.try_train((&labelled, &other), &shelf, (&Silent, 0)).unwrap();
    assert_eq!(kept.digest, desk.train(&(labelled, other)).digest);
    assert_eq!(shelf.names().len(), 1, "the checkpoint of the first job stays");
}

#[test]
fn a_checkpoint_cut_short_is_refused_with_advice() {
    let desk = Desk::new();
    for model in ["trees", "mlp"] {
        let (labelled, job) = desk.rows(model, "won");
        let shelf = Table::default();
        let _ = desk.try_train((&labelled, &job), &shelf, (&Impatient::after(5), 0));
        let name = shelf.names().remove(0);
        let bytes = shelf.read(&name).unwrap().unwrap();
        shelf.write(&name, &bytes[..bytes.len() / 2]).unwrap();
        let fault = desk.try_train((&labelled, &job), &shelf, (&Silent, 0)).unwrap_err();
        assert!(fault.to_string().contains("remove them"), "{model}: {fault}");
    }
}

#[test]
fn held_out_rows_open_once_and_refuse_another_model_of_the_same_name() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("logistic", "won");
    let kept = desk.train(&(labelled.clone(), job.clone()));
    let asker = || Asker { by: "test".to_owned(), at: Ts::from_seconds(1_700_000_001) };
    let first = open_held_out(&kept, &labelled, asker(), (&desk.store, &Silent)).unwrap();
    assert!(!first.from_record && first.sheet.rows == 120);
    let again = open_held_out(&kept, &labelled, asker(), (&desk.store, &Silent)).unwrap();
    assert!(again.from_record && again.sheet == first.sheet);
    let family = job.learner.family.with("penalty", &0.5.into()).unwrap();
    let learner = FamilyLearner { family, ..job.learner };
    let second = desk.train(&(labelled.clone(), Job { learner, ..job }));
    let fault = open_held_out(&second, &labelled, asker(), (&desk.store, &Silent)).unwrap_err();
    assert!(fault.to_string().contains("held-out"), "{fault}");
}

#[test]
fn rows_that_changed_since_training_do_not_open_the_held_out_part() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("logistic", "won");
    let kept = desk.train(&(labelled, job));
    let more = Source::File(desk.file("more.csv", &rows(0..241)));
    let frame = more.read(&Lake::at(desk.folder.path())).unwrap();
    let labelled = Labelled::of(&frame, &kept.roles(), Texts::Refused).unwrap();
    let asker = Asker { by: "test".to_owned(), at: Ts::from_seconds(0) };
    let fault = open_held_out(&kept, &labelled, asker, (&desk.store, &Silent)).unwrap_err();
    assert!(matches!(fault, Error::ChangeRows { .. }), "{fault}");
}

#[test]
fn rows_of_the_time_learned_from_are_named_when_they_are_judged() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("logistic", "won");
    let kept = desk.train(&(labelled.clone(), job));
    let judged = evaluate(&kept, &labelled, &Silent).unwrap();
    assert!(judged.notes.iter().any(|note| note.contains("flatters")), "{:?}", judged.notes);
    let text = rows(400..460);
    let later = Frame::read(&desk.file("later.csv", &text)).unwrap();
    let later = Labelled::of(&later, &kept.roles(), Texts::Refused).unwrap();
    let judged = evaluate(&kept, &later, &Silent).unwrap();
    assert!(!judged.notes.iter().any(|note| note.contains("flatters")), "{:?}", judged.notes);
}

#[test]
fn the_column_that_matters_is_found_by_every_explanation() {
    let desk = Desk::new();
    for model in ["trees", "logistic", "mlp"] {
        let (labelled, job) = desk.rows(model, "won");
        let kept = desk.train(&(labelled.clone(), job));
        let told = explain(&kept, &labelled.developed(&kept).unwrap(), 4, &Silent).unwrap();
        assert_eq!(told.rises[0].feature, "signal", "{model}");
        assert!(told.rises[0].rise.low > 0.0, "{model}: {:?}", told.rises[0]);
        match model {
            "trees" => assert_eq!(told.contributions[0][0].feature, "signal"),
            "logistic" => assert_eq!(told.slopes[0].0, "signal"),
            _ => assert!(told.contributions.is_empty() && told.slopes.is_empty()),
        }
    }
}

/// Work that tells how far it is.
type Work<'a> = dyn Fn(&dyn Progress) -> Result<(), Error> + 'a;

#[test]
fn judging_and_explaining_tell_how_far_they_are_and_end_when_asked() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("trees", "won");
    let kept = desk.train(&(labelled.clone(), job));
    let asker = || Asker { by: "test".to_owned(), at: Ts::from_seconds(1_700_000_001) };
    let judged = |progress: &dyn Progress| evaluate(&kept, &labelled, progress).map(drop);
    let opened = |progress: &dyn Progress| {
        open_held_out(&kept, &labelled, asker(), (&desk.store, progress)).map(drop)
    };
    let explained = |progress: &dyn Progress| explain(&kept, &labelled, 4, progress).map(drop);
    // One part of the rows, then draws of intervals; eight shuffles, then two parts of the rows.
    let works: [(&Work<'_>, &[u64]); 3] =
        [(&judged, &[1, 2, 1000]), (&opened, &[1, 500]), (&explained, &[1, 3, 8, 9])];
    for (at, (work, stops)) in works.into_iter().enumerate() {
        for steps in stops {
            let impatient = Impatient::after(*steps);
            let ended = work(&impatient);
            assert!(matches!(ended, Err(Error::Stopped)), "work {at} after {steps}: {ended:?}");
            let more = 0u64.wrapping_sub(impatient.left.load(Ordering::Relaxed));
            assert!(more <= 1, "work {at}: {more} steps after it was asked to stop");
        }
        work(&Silent).unwrap();
    }
}

#[test]
fn a_search_that_is_stopped_goes_on_to_the_same_trials_and_model() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("logistic", "won");
    let search = Search {
        space: job.learner.family.space().unwrap(),
        method: Method::Tpe(TpePlan::default()),
        trials: 15,
        batch: 3,
        pruning: None,
    };
    let run = |store: &Store, progress: &dyn Progress| {
        let shelf = Table::default();
        let ports = Ports { store, shelf: &shelf, progress, is_due: &|| false };
        tune(&labelled, (&job, &search), None, &ports)
    };
    let whole = run(&desk.store, &Silent).unwrap();
    let other = Desk::new();
    assert!(matches!(run(&other.store, &Impatient::after(7)), Err(Error::Stopped)));
    let resumed = run(&other.store, &Silent).unwrap();
    assert_eq!(resumed.trials, whole.trials);
    assert_eq!(resumed.outcome.kept.digest, whole.outcome.kept.digest);
    assert_eq!(whole.outcome.kept.card().unwrap().search.as_ref().unwrap().1, 15);
}

#[test]
fn hyperband_gives_trials_up_at_steps_that_are_counted_from_one() {
    let desk = Desk::new();
    let (labelled, job) = desk.rows("logistic", "won");
    let folds = 4;
    let pruning = Pruning::Hyperband { first_step: FIRST_STEP, last_step: folds, factor: 2 };
    let search = Search {
        space: job.learner.family.space().unwrap(),
        method: Method::Random,
        trials: 16,
        batch: 4,
        pruning: Some(pruning),
    };
    let job = Job { folds: folds as usize, ..job };
    let (shelf, progress) = (Table::default(), &Silent);
    let ports = Ports { store: &desk.store, shelf: &shelf, progress, is_due: &|| false };
    let found = tune(&labelled, (&job, &search), None, &ports).unwrap();
    let steps = |trial: &Trial| trial.intermediate.iter().map(|seen| seen.0).collect::<Vec<_>>();
    for trial in &found.trials {
        match trial.state {
            State::Complete => assert_eq!(steps(trial), [1, 2, 3, 4]),
            State::Pruned => assert!([1, 2].contains(steps(trial).last().unwrap()), "{trial:?}"),
            State::Failed => panic!("{trial:?}"),
        }
    }
    let given_up_at = |step| found.trials.iter().filter(|trial| steps(trial) == [step]).count();
    assert!(given_up_at(FIRST_STEP) > 0, "the strictest bracket looks at the first step");
}

#[test]
fn texts_are_categories_for_trees_and_refused_by_name_for_the_rest() {
    let desk = Desk::new();
    let text = "day,sector,x,y\n2024-01-01,oil,1,0\n2024-01-02,gas,2,1\n2024-01-03,oil,3,0\n";
    let frame = Frame::read(&desk.file("texts.csv", text)).unwrap();
    let roles = Roles { targets: vec!["y".to_owned()], steps: 1, ..Roles::default() };
    let labelled = Labelled::of(&frame, &roles, Texts::Codes).unwrap();
    assert_eq!(labelled.samples.panel().column("sector").unwrap(), [1.0, 0.0, 1.0]);
    let named = Roles { features: vec!["sector".to_owned()], ..roles };
    let fault = Labelled::of(&frame, &named, Texts::Refused).unwrap_err().to_string();
    assert!(fault.contains("\"sector\" holds text"), "{fault}");
}

#[test]
fn rows_without_a_target_are_left_out_and_said_so() {
    let desk = Desk::new();
    let frame = Frame::read(&desk.file("gap.csv", "x,y\n1,0.5\n2,\n3,0.7\n")).unwrap();
    let roles = Roles { targets: vec!["y".to_owned()], steps: 1, ..Roles::default() };
    let labelled = Labelled::of(&frame, &roles, Texts::Refused).unwrap();
    assert_eq!(labelled.samples.targets(), &Targets::Numbers(vec![0.5, 0.7]));
    assert_eq!(labelled.roles.kind, Some(TargetKind::Numbers));
    assert!(labelled.notes.iter().any(|note| note.contains("1 of 3 rows")), "{:?}", labelled.notes);
}

#[test]
fn the_same_rows_in_another_order_are_the_same_data() {
    let desk = Desk::new();
    let text = rows(0..20);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let digest = |name: &str, text: &str| {
        let frame = Frame::read(&desk.file(name, text)).unwrap();
        Labelled::of(&frame, &roles("won"), Texts::Refused).unwrap().samples.digest()
    };
    assert_eq!(digest("forth.csv", &text), digest("back.csv", &lines.join("\n")));
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let desk = Desk::new();
    let frame = Frame::read(&desk.file("few.csv", "x,y\n1,0\n2,1\n")).unwrap();
    let ask = |roles: Roles| Labelled::of(&frame, &roles, Texts::Refused).unwrap_err().to_string();
    let roles =
        |target: &str| Roles { targets: vec![target.to_owned()], steps: 1, ..Roles::default() };
    let said = ask(roles("z"));
    assert!(said.contains("no column \"z\" for the target; there is x, y"), "{said}");
    let said = ask(Roles { time: Some("when".to_owned()), ..roles("y") });
    assert!(said.contains("no column \"when\" for the time"), "{said}");
    let said = ask(Roles { drop: vec!["w".to_owned()], ..roles("y") });
    assert!(said.contains("no column \"w\" for the columns to drop"), "{said}");
}
