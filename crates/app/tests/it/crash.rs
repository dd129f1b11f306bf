//! BRK-30, EXE-1: the day killed at every point it passes, and run again, ends as one that was
//! not.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base::{Day, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use market::Calendar;
use pipeline::Silent;
use pipeline::lake_history::{LakeHistory, Parts};
use store::{Address, OpenOptions, Store};

use crate::database::{Begun, Kind, server};
use crate::{run, trimtab};

const BOOK: &str = "breakout";
/// Long after the synthetic market's last day.
const LATE: Ts = Ts::from_seconds(4_000_000_000);

/// A home with a small synthetic market.
fn market() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let words = ["synth", "--symbols", "50", "--years", "2", "--seed", "5", "--dataset", "s"];
    run(&mut trimtab(home.path(), &words));
    home
}

/// Three sessions in a row after the day with the most signals.
fn sessions(home: &Path) -> Vec<Day> {
    let parts = Parts::of("s");
    let lake = Lake::at(home.join("lake"));
    let history = LakeHistory::open(&lake, &parts, LATE).unwrap();
    let found = pipeline::study::scan(&history, &BreakoutConfig::default(), &Silent).unwrap();
    let mut days: Vec<Day> = found.iter().map(|signal| signal.setup.day).collect();
    days.sort_unstable();
    let groups = days[..days.len() - days.len() / 10].chunk_by(|a, b| a == b);
    let busiest = groups.max_by_key(|group| group.len()).unwrap()[0];
    let calendar = Calendar::of("XNYS").unwrap();
    calendar.between(busiest.plus(1), busiest.plus(10))[..3].iter().map(|s| s.day).collect()
}

fn day(home: &Path, url: Option<&str>, session: Day) -> Command {
    let session = session.to_string();
    let mut command = trimtab(home, &["day", "--session", &session, "--stocks", "s"]);
    command.args(["--mode", "paper", "--unattended", "--scanner-only"]);
    if let Some(url) = url {
        command.args(["--db", url]);
    }
    command
}

/// A home of its own over the same lake.
fn fresh(market: &Path) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(market.join("lake"), home.path().join("lake")).unwrap();
    home
}

/// All that was recorded, in one text.
fn dump(home: &Path, sessions: &[Day]) -> String {
    dump_of(&Address::file(&home.join("state.db")), sessions)
}

fn dump_of(address: &Address, sessions: &[Day]) -> String {
    let store = Store::open_with(address.clone(), OpenOptions::default()).unwrap();
    let mut text = String::new();
    store
        .read(|tx| -> Result<(), store::Error> {
            for session in sessions {
                let mut steps = tx.steps_of_day(*session, BOOK)?;
                steps.extend(tx.steps_of_day(*session, pipeline::day::DRY_RUN)?);
                for step in steps {
                    writeln!(text, "{} {} {:?} {}", step.day, step.name, step.state, step.output)
                        .unwrap();
                }
                for intent in tx.intents_of_day(*session, BOOK)? {
                    writeln!(text, "{intent:?} {:?}", tx.approval(&intent.id)?).unwrap();
                    for order in tx.orders_of_intent(&intent.id)? {
                        writeln!(text, "{order:?} {:?}", tx.order_history(&order.id)?).unwrap();
                    }
                }
                writeln!(text, "{:?}", tx.signals_of_day(*session, BOOK)?).unwrap();
            }
            writeln!(text, "{:?}", tx.fills_between(Ts::from_seconds(0), LATE)?).unwrap();
            writeln!(text, "{:?}", tx.balances()?).unwrap();
            writeln!(text, "{:?}", tx.open_positions(BOOK)?).unwrap();
            writeln!(text, "{:?}", tx.equity_curve(BOOK)?).unwrap();
            writeln!(text, "{:?}", tx.open_incidents()?).unwrap();
            writeln!(text, "{:?}", tx.simulated_account(BOOK)?).unwrap();
            for line in tx.journal_from(1, 100_000)? {
                writeln!(text, "{line:?}").unwrap();
            }
            Ok(())
        })
        .unwrap();
    text
}

/// The points of one day, each once, in order.
fn points(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut seen = BTreeSet::new();
    text.lines().filter(|name| seen.insert((*name).to_owned())).map(str::to_owned).collect()
}

struct World {
    market: tempfile::TempDir,
    sessions: Vec<Day>,
    /// State after the first day, to begin from.
    begun: Begun,
    end: String,
    points: Vec<String>,
    /// How long the second day took.
    took: Duration,
}

/// An uninterrupted run of two days, and what it passes on the second.
fn world(kind: &Kind) -> World {
    let market = market();
    let mut sessions = sessions(market.path());
    sessions.truncate(2);
    let home = fresh(market.path());
    let whole = kind.empty(home.path());
    run(&mut day(home.path(), whole.url(), sessions[0]));
    let begun = whole.keep();
    let list = home.path().join("points");
    let since = Instant::now();
    run(day(home.path(), whole.url(), sessions[1]).env("TRIMTAB_TEST_POINTS", &list));
    let took = since.elapsed();
    let end = dump_of(&whole.address(), &sessions);
    assert!(end.contains("FillRecord {"), "the days must trade, or they show nothing");
    World { points: points(&list), market, sessions, begun, end, took }
}

impl World {
    /// The second day, killed as told, run again to its end.
    fn check(&self, told: &str, kill: impl Fn(Command) -> Ended) {
        let home = fresh(self.market.path());
        let database = self.begun.copy(home.path());
        let second = || day(home.path(), database.url(), self.sessions[1]);
        while kill(second()) == Ended::Killed {}
        run(&mut second());
        assert_eq!(dump_of(&database.address(), &self.sessions), self.end, "killed {told}");
    }

    fn killed_at(&self, point: &str) {
        let tries = std::cell::Cell::new(0);
        self.check(point, |mut command| {
            if tries.replace(1) == 1 {
                return Ended::ByItself;
            }
            let died = command.env("TRIMTAB_TEST_DIE_AT", point).output().unwrap();
            assert!(!died.status.success(), "{point} was not reached");
            Ended::Killed
        });
    }
}

#[derive(PartialEq)]
enum Ended {
    Killed,
    ByItself,
}

fn killed_at_any_point(kind: &Kind) {
    let world = world(kind);
    assert!(world.points.len() > 40, "{} points", world.points.len());
    let (first, second) = world.points.split_at(world.points.len() / 2);
    std::thread::scope(|scope| {
        for part in [first, second] {
            let world = &world;
            scope.spawn(move || part.iter().for_each(|point| world.killed_at(point)));
        }
    });
}

#[test]
fn a_day_killed_at_any_point_and_run_again_ends_as_one_that_was_not() {
    killed_at_any_point(&Kind::File);
}

#[test]
fn a_day_killed_at_any_point_ends_as_one_that_was_not_on_postgresql_too() {
    if let Some(server) = server() {
        killed_at_any_point(&Kind::Server(server));
    }
}

/// Not at a named point: whenever it comes, again and again, until the day gets through.
#[test]
fn a_day_killed_at_random_again_and_again_ends_as_one_that_was_not() {
    let world = world(&Kind::File);
    for round in 0..6 {
        let seed = base::Seed::root(round).child("kill");
        let count = std::cell::Cell::new(0);
        world.check(&format!("at random, round {round}"), |mut command| {
            count.set(count.get() + 1);
            let share = (seed.child(&count.get().to_string()).number() % 1_000) as f64 / 1_000.0;
            let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = quiet.spawn().unwrap();
            // Each try may take a little longer, so that the day ends at last.
            std::thread::sleep(world.took.mul_f64(share * (0.5 + 0.1 * count.get() as f64)));
            child.kill().unwrap();
            match child.wait().unwrap().success() {
                true => Ended::ByItself,
                false => Ended::Killed,
            }
        });
        assert!(count.get() > 1, "round {round} was never killed");
    }
}

#[test]
fn a_day_walked_twice_changes_nothing_and_a_dry_run_sends_nothing() {
    let market = market();
    let sessions = sessions(market.path());
    let home = fresh(market.path());
    run(&mut day(home.path(), None, sessions[0]));
    let once = dump(home.path(), &sessions);
    run(&mut day(home.path(), None, sessions[0]));
    assert_eq!(dump(home.path(), &sessions), once);
    let dry = fresh(market.path());
    let session = sessions[0].to_string();
    let words = ["day", "--session", &session, "--stocks", "s", "--scanner-only"];
    run(&mut trimtab(dry.path(), &words));
    let dumped = dump(dry.path(), &sessions);
    assert!(dumped.contains("would_send"), "{dumped}");
    assert!(!dumped.contains("Order {"), "a dry run wrote an order");
    assert!(!dumped.contains("Incident {"), "a dry run found a difference");
    run(&mut day(dry.path(), None, sessions[0]));
    assert!(dump(dry.path(), &sessions).contains("Order {"), "the dry run stood in for the day");
}

#[test]
fn a_person_approves_before_anything_is_sent_and_the_kill_switch_halts() {
    let market = market();
    let sessions = sessions(market.path());
    let home = fresh(market.path());
    let session = sessions[0].to_string();
    let words =
        ["day", "--session", &session, "--stocks", "s", "--scanner-only", "--mode", "paper"];
    let said = run(&mut trimtab(home.path(), &words));
    assert!(said.contains("waits for approval"), "{said}");
    assert!(!dump(home.path(), &sessions).contains("Order {"));
    run(&mut trimtab(home.path(), &["orders", "approve", "--all"]));
    let said = run(&mut trimtab(home.path(), &words));
    assert!(said.contains("day-"), "{said}");
    assert!(dump(home.path(), &sessions).contains("Order {"));
    let halted = fresh(market.path());
    std::fs::write(halted.path().join("KILL"), "by hand").unwrap();
    let said = run(&mut trimtab(halted.path(), &words));
    assert!(said.contains("the kill switch is on"), "{said}");
    assert!(!dump(halted.path(), &sessions).contains("Order {"));
}
