//! A crash at every named point of a step, then a restart: the same end as without a crash.
//!
//! The crash is a panic in the fail point, which stops all further writes just there. (That the
//! operating system kills the process at the same point is tested with the binary.)

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::Day;
use serde_json::json;
use store::{Error, FailPoint, JournalRecord, StepKey, Store};

use crate::database::{Fresh, on_each};

/// Writes down the points reached; panics at one of them.
#[derive(Default)]
struct CrashAt {
    point: Option<String>,
    reached: Mutex<Vec<String>>,
}

impl FailPoint for CrashAt {
    fn reached(&self, name: &str) {
        self.reached.lock().unwrap().push(name.to_owned());
        assert!(self.point.as_deref() != Some(name), "crash at {name}");
    }
}

fn walk(store: &Store) -> Result<i64, Error> {
    let day = Day::from_ymd(2024, 6, 28).unwrap();
    let mut last = 0;
    for (name, seq) in [("plan", 1), ("execute", 2)] {
        let key = StepKey::new(day, "breakout", name);
        let outcome = store.step(&key, "digest", |tx| {
            tx.set(name, json!(seq))?;
            let (at, kind) = (base::Ts::from_seconds(seq), name.to_owned());
            tx.append_journal(&JournalRecord { seq, at, kind, record: json!(null) })?;
            Ok::<_, Error>(seq)
        })?;
        last = outcome.output().unwrap_or_default();
    }
    Ok(last)
}

/// All that a walk leaves, without the times.
fn left(fresh: &Fresh) -> BTreeMap<String, String> {
    let day = Day::from_ymd(2024, 6, 28).unwrap();
    let read = fresh.open().read(|tx| {
        let mut left = BTreeMap::new();
        for step in tx.steps_of_day(day, "breakout")? {
            left.insert(step.name, format!("{} {} {:?}", step.state, step.output, step.error));
        }
        for record in tx.journal_from(1, 99)? {
            left.insert(record.seq.to_string(), record.kind);
        }
        for name in ["plan", "execute"] {
            left.insert(format!("kv {name}"), format!("{:?}", tx.get(name)?.map(|n| n.body)));
        }
        Ok::<_, Error>(left)
    });
    read.unwrap()
}

fn points_of_a_whole_walk(fresh: &Fresh) -> Vec<String> {
    let watch = Arc::new(CrashAt::default());
    walk(&fresh.open_with(Some(watch.clone())).unwrap()).unwrap();
    watch.reached.lock().unwrap().clone()
}

#[test]
fn a_crash_at_any_point_ends_as_if_there_had_been_none() {
    on_each(|whole| {
        let points = points_of_a_whole_walk(whole);
        assert!(points.iter().any(|p| p == "breakout.execute/after_write_2"), "{points:?}");
        let wanted = left(whole);
        assert_eq!(wanted.len(), 6, "{wanted:?}");
        for point in points {
            let fresh = whole.another();
            let crash = CrashAt { point: Some(point.clone()), ..CrashAt::default() };
            let store = fresh.open_with(Some(Arc::new(crash))).unwrap();
            let body = std::panic::AssertUnwindSafe(|| walk(&store));
            assert!(std::panic::catch_unwind(body).is_err(), "{point} was not reached");
            drop(store);
            assert_eq!(walk(&fresh.open()).unwrap(), 2);
            assert_eq!(left(&fresh), wanted, "after a crash at {point}");
        }
    });
}
