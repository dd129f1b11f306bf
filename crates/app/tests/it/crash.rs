//! BRK-30, EXE-1: the day killed at every point it passes, and run again, ends as one that was
//! not.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base::{Day, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use market::Calendar;
use pipeline::Silent;
use pipeline::lake_history::{LakeHistory, Parts};
use store::{Address, OpenOptions, Store};

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
    let parts = Parts {
        stocks: "s".to_owned(),
        funds: None,
        volatility: None,
        finer: None,
        days: (Day::MIN, Day::from_number(i32::MAX)),
    };
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

fn store(home: &Path) -> Store {
    let address = Address::file(&home.join("state.db"));
    Store::open_with(address, OpenOptions::default()).unwrap()
}

/// All that was recorded, in one text.
fn dump(home: &Path, sessions: &[Day]) -> String {
    let store = store(home);
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
    begun: PathBuf,
    _begun: tempfile::TempDir,
    end: String,
    points: Vec<String>,
}

/// An uninterrupted run of two days, and what it passes on the second.
fn world() -> World {
    let market = market();
    let mut sessions = sessions(market.path());
    sessions.truncate(2);
    let home = fresh(market.path());
    run(&mut day(home.path(), None, sessions[0]));
    let saved = tempfile::tempdir().unwrap();
    let begun = saved.path().join("state.db");
    std::fs::copy(home.path().join("state.db"), &begun).unwrap();
    let list = home.path().join("points");
    run(day(home.path(), None, sessions[1]).env("TRIMTAB_TEST_POINTS", &list));
    let end = dump(home.path(), &sessions);
    World { points: points(&list), market, sessions, begun, _begun: saved, end }
}

fn killed_at(world: &World, point: &str) {
    let home = fresh(world.market.path());
    std::fs::copy(&world.begun, home.path().join("state.db")).unwrap();
    let died = day(home.path(), None, world.sessions[1]).env("TRIMTAB_TEST_DIE_AT", point).output();
    assert!(!died.unwrap().status.success(), "{point} was not reached");
    run(&mut day(home.path(), None, world.sessions[1]));
    assert_eq!(dump(home.path(), &world.sessions), world.end, "killed at {point}");
}

#[test]
fn a_day_killed_at_any_point_and_run_again_ends_as_one_that_was_not() {
    let world = world();
    assert!(world.end.contains("FillRecord {"), "the days must trade, or they show nothing");
    assert!(world.points.len() > 40, "{} points", world.points.len());
    let half = world.points.len() / 2;
    let (first, second) = world.points.split_at(half);
    std::thread::scope(|scope| {
        for part in [first, second] {
            let world = &world;
            scope.spawn(move || part.iter().for_each(|point| killed_at(world, point)));
        }
    });
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
