//! Agents on bars: trained, broken off, gone on with, judged once.

use std::fmt::Write as _;

use base::{Day, Ts};
use books::intraday::{BarEnvConfig, Costs};
use lake::Lake;
use pipeline::agents::{
    Eyes, Figure, Job, Judged, Kept, School, Source, Tape, Wanted, open_held_out, train, usual,
};
use pipeline::modelling::Ports;
use pipeline::modelling::judging::Asker;
use pipeline::{Error, Progress, Silent};
use store::Store;
use tempfile::TempDir;

use crate::modelling::{Impatient, Table};

fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_file(&folder.path().join("state.db")).unwrap();
    (folder, store)
}

fn made(sessions: u32, reversion_bps: f64) -> Wanted {
    let source = Source::Made { sessions, minutes: 5, seed: 7, reversion_bps };
    Wanted { source, symbol: None, from: None, to: None }
}

fn job(wanted: &Wanted, steps: u64) -> Job {
    Job {
        name: "a".to_owned(),
        algorithm: usual("ppo", steps, Eyes::Window).unwrap(),
        eyes: Eyes::Window,
        schools: vec![School::Naive, School::Aware],
        members: 3,
        steps,
        environments: 8,
        market: BarEnvConfig { episode: 78, ..BarEnvConfig::default() },
        wanted: wanted.clone(),
        held_out_share: 0.3,
        seed: 7,
        code_revision: "test".to_owned(),
        at: Ts::from_seconds(5),
    }
}

/// A desk where agents are trained.
struct Place {
    store: Store,
    _folder: TempDir,
    shelf: Table,
}

impl Place {
    fn new() -> Place {
        let (folder, store) = store();
        Place { store, _folder: folder, shelf: Table::default() }
    }

    fn train(&self, tape: &Tape, job: &Job, progress: &dyn Progress) -> Result<Kept, Error> {
        let (store, shelf) = (&self.store, &self.shelf);
        let ports = Ports { store, shelf, progress, is_due: &|| false };
        train(tape, job, &ports).map(|outcome| outcome.kept)
    }

    fn open(&self, kept: &Kept, tape: &Tape) -> Result<Judged, Error> {
        let asker = Asker { by: "test".to_owned(), at: Ts::from_seconds(9) };
        open_held_out(kept, tape, asker, (&self.store, &Silent))
    }
}

fn read(wanted: &Wanted) -> Tape {
    wanted.read(&Lake::at("nowhere")).unwrap()
}

fn net(judged: &Judged, who: &str) -> Figure {
    judged.lines.iter().find(|line| line.who == who).unwrap().net_bps
}

#[test]
fn a_training_that_was_stopped_goes_on_to_the_same_agents() {
    let wanted = made(20, 0.0);
    let (tape, job) = (read(&wanted), job(&wanted, 4_000));
    let whole = Place::new().train(&tape, &job, &Silent).unwrap();
    let place = Place::new();
    let stopped = place.train(&tape, &job, &Impatient::after(130)).unwrap_err();
    assert!(matches!(stopped, Error::Stopped), "{stopped}");
    assert!(place.shelf.names().iter().any(|name| name.ends_with(".checkpoint")));
    assert_eq!(place.train(&tape, &job, &Silent).unwrap().digest, whole.digest);
    assert_eq!(place.shelf.names(), Vec::<String>::new());
}

#[test]
fn a_planted_edge_is_found() {
    let wanted = made(60, 30.0);
    let tape = read(&wanted);
    let place = Place::new();
    let kept = place.train(&tape, &job(&wanted, 12_000), &Silent).unwrap();
    let found = net(&place.open(&kept, &tape).unwrap(), "aware, their vote");
    assert!(found.interval.unwrap().0 > 0.0, "{found:?}");
}

#[test]
fn no_edge_is_found_on_a_martingale() {
    let wanted = made(60, 0.0);
    let tape = read(&wanted);
    let place = Place::new();
    let kept = place.train(&tape, &job(&wanted, 12_000), &Silent).unwrap();
    let judged = place.open(&kept, &tape).unwrap();
    for who in ["naive, their vote", "aware, their vote"] {
        let found = net(&judged, who);
        assert!(found.interval.unwrap().0 < 0.0, "{who}: {found:?}");
    }
}

#[test]
fn agents_that_met_high_costs_trade_less() {
    let wanted = made(40, 20.0);
    let tape = read(&wanted);
    let costs = Some(Costs { half_spread_bps: 5.0, ..Costs::default() });
    let mut job = job(&wanted, 20_000);
    job.market.costs = costs;
    let kept = Place::new().train(&tape, &job, &Silent).unwrap();
    let ratio = kept.card.on_learned.contrast.as_ref().unwrap().turnover_ratio;
    assert!(ratio.interval.unwrap().1 < 0.8, "{ratio:?}");
}

#[test]
fn held_out_bars_open_once_for_one_crew() {
    let wanted = made(20, 0.0);
    let tape = read(&wanted);
    let place = Place::new();
    let kept = place.train(&tape, &job(&wanted, 1_000), &Silent).unwrap();
    let (first, again) = (place.open(&kept, &tape).unwrap(), place.open(&kept, &tape).unwrap());
    assert_eq!((first.from_record, again.from_record), (false, true));
    assert_eq!(first.lines, again.lines);
    let other = place.train(&tape, &Job { seed: 8, ..job(&wanted, 1_000) }, &Silent).unwrap();
    let told = place.open(&other, &tape).unwrap_err().to_string();
    assert!(told.contains("is opened once per experiment"), "{told}");
}

/// A file of five-minute bars on some days, without the lines that are left out.
fn file(days: &[i32], left_out: impl Fn(usize) -> bool) -> (TempDir, Wanted) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.csv");
    let mut text = "ts,open,high,low,close,volume\n".to_owned();
    let minutes = days.iter().flat_map(|day| (0..78).map(move |bar| (*day, 570 + 5 * bar)));
    for (at, (day, minute)) in minutes.enumerate().filter(|(at, _)| !left_out(*at)) {
        let day = Day::from_number(day);
        let price = 100.0 + (at % 7) as f64 / 10.0;
        let (hour, minute) = (minute / 60, minute % 60);
        let (high, low) = (price + 0.1, price - 0.1);
        let _ = writeln!(
            text,
            "{day} {hour:02}:{minute:02},{price:.2},{high:.2},{low:.2},{price:.2},900"
        );
    }
    std::fs::write(&path, text).unwrap();
    let calendar = Some("XNYS".to_owned());
    let source = Source::File { path, names: Default::default(), calendar, ends: false };
    (folder, Wanted { source, symbol: None, from: None, to: None })
}

/// A Monday.
const MONDAY: i32 = 19_723 - 19_723 % 7 + 4;

#[test]
fn bars_that_are_missing_within_days_are_counted() {
    let (_folder, wanted) = file(&[MONDAY, MONDAY + 1], |at| at == 40 || at == 100);
    let tape = read(&wanted);
    assert_eq!((tape.bars.len(), tape.minutes, tape.usual_episode()), (154, Some(5), 77));
    let told = tape.notes.join("\n");
    assert!(told.contains("2 of 156 bars are missing"), "{told}");
}

#[test]
fn a_hole_of_weeks_is_refused_with_its_days() {
    let (_folder, wanted) = file(&[MONDAY, MONDAY + 28], |_| false);
    let told = wanted.read(&Lake::at("nowhere")).unwrap_err().to_string();
    assert!(told.contains("has no bar from") && told.contains("--from"), "{told}");
}

#[test]
fn bars_with_more_gaps_than_prices_are_refused() {
    let (_folder, wanted) = file(&[MONDAY, MONDAY + 1], |at| at % 3 == 1);
    let told = wanted.read(&Lake::at("nowhere")).unwrap_err().to_string();
    assert!(told.contains("are missing within days"), "{told}");
}
