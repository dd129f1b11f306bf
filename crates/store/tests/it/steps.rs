//! Steps of a day: each happens once.

use std::cell::Cell;

use base::Day;
use serde_json::json;
use store::{Error, StepKey, StepOutcome, StepState};

use crate::database::on_each;

fn key() -> StepKey {
    StepKey::new(Day::from_ymd(2024, 6, 28).unwrap(), "breakout", "scan")
}

#[test]
fn a_step_that_is_done_gives_its_output_without_running() {
    on_each(|fresh| {
        let store = fresh.open();
        let runs = Cell::new(0);
        let ask = || {
            store.step(&key(), "digest", |tx| {
                runs.set(runs.get() + 1);
                tx.set("found", json!(3))?;
                Ok::<_, Error>(vec!["AAPL".to_owned()])
            })
        };
        assert_eq!(ask().unwrap(), StepOutcome::Ran(vec!["AAPL".to_owned()]));
        assert_eq!(ask().unwrap(), StepOutcome::Recorded(vec!["AAPL".to_owned()]));
        assert_eq!(runs.get(), 1, "{}", fresh.name);
    });
}

#[test]
fn a_step_that_fails_leaves_only_its_reason_and_can_run_again() {
    on_each(|fresh| {
        let store = fresh.open();
        let failed = store.step(&key(), "digest", |tx| {
            tx.set("half", json!(1))?;
            Err::<u32, _>(Error::Find { table: "bars", key: "AAPL".to_owned() })
        });
        assert!(failed.is_err());
        let (half, step) = store
            .read(|tx| Ok::<_, Error>((tx.get("half")?, tx.step_record(&key())?.unwrap())))
            .unwrap();
        assert_eq!((half, step.state), (None, StepState::Failed));
        assert_eq!(step.error.as_deref(), Some("find AAPL in bars: there is none"));
        let again = store.step(&key(), "digest", |_| Ok::<_, Error>(7)).unwrap();
        assert_eq!(again, StepOutcome::Ran(7), "{}", fresh.name);
    });
}

#[test]
fn a_skipped_step_does_not_run_until_reopened() {
    on_each(|fresh| {
        let store = fresh.open();
        store.transaction("skip", |tx| tx.skip_step(&key(), "no data today")).unwrap();
        let ask = || store.step(&key(), "digest", |_| Ok::<_, Error>(7)).unwrap();
        assert_eq!(ask(), StepOutcome::Skipped);
        store.transaction("reopen", |tx| tx.reopen_step(&key())).unwrap();
        assert_eq!(ask(), StepOutcome::Ran(7), "{}", fresh.name);
    });
}

#[test]
fn a_step_that_is_done_cannot_be_skipped() {
    on_each(|fresh| {
        let store = fresh.open();
        store.step(&key(), "digest", |_| Ok::<_, Error>(7)).unwrap();
        let skipped = store.transaction("skip", |tx| tx.skip_step(&key(), "too late"));
        assert!(matches!(skipped, Err(Error::MoveState { .. })), "{}", fresh.name);
    });
}

#[test]
fn two_processes_that_ask_at_once_run_a_step_once() {
    on_each(|fresh| {
        let (first, second) = (fresh.open(), fresh.open());
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = [&first, &second]
                .into_iter()
                .map(|store| {
                    scope.spawn(move || {
                        store.step(&key(), "digest", |tx| {
                            let count = tx.next_journal_seq()?;
                            tx.append_journal(&store::JournalRecord {
                                seq: count,
                                at: tx.now(),
                                kind: "ran".to_owned(),
                                record: json!(null),
                            })?;
                            Ok::<_, Error>(count)
                        })
                    })
                })
                .collect();
            asking.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        assert!(outcomes.contains(&StepOutcome::Ran(1)), "{outcomes:?}");
        assert!(outcomes.contains(&StepOutcome::Recorded(1)), "{outcomes:?} {}", fresh.name);
    });
}

#[test]
fn a_prepared_step_lets_others_write_while_it_prepares() {
    on_each(|fresh| {
        let (first, second) = (fresh.open(), fresh.open());
        let outcome = first.prepared_step(
            &key(),
            "digest",
            || second.transaction("meanwhile", |tx| tx.set("other", json!(1))),
            |tx, ()| Ok::<_, Error>(tx.get("other")?.is_some()),
        );
        assert_eq!(outcome.unwrap(), StepOutcome::Ran(true), "{}", fresh.name);
    });
}

#[test]
fn the_steps_of_a_day_are_listed_by_name() {
    on_each(|fresh| {
        let store = fresh.open();
        for name in ["score", "plan", "scan"] {
            let key = StepKey { name: name.to_owned(), ..key() };
            store.step(&key, "digest", |_| Ok::<_, Error>(0)).unwrap();
        }
        let day = store.read(|tx| tx.steps_of_day(key().day, "breakout")).unwrap();
        let names: Vec<&str> = day.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["plan", "scan", "score"], "{}", fresh.name);
    });
}
