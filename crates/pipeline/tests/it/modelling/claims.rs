//! Claims of trials that several processes share, while one is being fitted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use base::{Span, Ts};
use learn::family::Family;
use learn::search::{Domain, Method, Space};
use pipeline::modelling::{Ports, Search, tune};
use pipeline::trials::Shared;
use pipeline::{Error, Progress};
use store::{Address, Clock, OpenOptions, Store};

use super::{Desk, Table};

/// Somebody who asks to stop when the clock that they read has been read often enough. It moves on
/// ten seconds at each reading.
struct Watchful {
    left: AtomicI64,
    stop: AtomicBool,
}

impl Clock for Watchful {
    fn now(&self) -> Ts {
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        if left == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ts::from_seconds(1_700_000_000 - 10 * left)
    }
}

impl Progress for Watchful {
    fn begin(&self, _: &str, _: u64) {}
    fn step(&self) {}
    fn end(&self) {}

    fn stop(&self) -> &AtomicBool {
        &self.stop
    }
}

#[test]
fn a_shared_trial_is_kept_alive_and_stopped_between_the_epochs_of_a_fit() {
    let desk = Desk::new();
    for model in ["mlp", "trees"] {
        let (labelled, mut job) = desk.rows(model, "won");
        let long = [("epochs", 300), ("patience", 300), ("n_estimators", 300)];
        let longer = |family: Family, (path, value): (&str, i32)| {
            family.with(path, &value.into()).unwrap_or(family)
        };
        job.learner.family = long.into_iter().fold(job.learner.family, longer);
        job.folds = 1;
        let rate = if model == "mlp" { "schedule.constant.rate" } else { "learning_rate" };
        let axis = (rate.to_owned(), Domain::Float { low: 0.001, high: 0.01 });
        let search = Search {
            space: Space::new([axis]).unwrap(),
            method: Method::Random,
            trials: 1,
            batch: 1,
            pruning: None,
        };
        // A claim is renewed when a third of its lease has passed: the clock is read every epoch.
        let watchful =
            Arc::new(Watchful { left: AtomicI64::new(40), stop: AtomicBool::new(false) });
        let options = OpenOptions { clock: watchful.clone(), ..OpenOptions::default() };
        let address = Address::file(&desk.folder.path().join(format!("{model}.db")));
        let store = Store::open_with(address, options).unwrap();
        let shelf = Table::default();
        let ports = Ports { store: &store, shelf: &shelf, progress: &*watchful, is_due: &|| false };
        let pause = || std::thread::yield_now();
        let shared = Shared { worker: "one", lease: Span::from_seconds(120), pause: &pause };
        let ended = tune(&labelled, (&job, &search), Some(shared), &ports);
        assert!(matches!(ended, Err(Error::Stopped)), "{model}: it went on to the end");
        let read = 40 - watchful.left.load(Ordering::Relaxed);
        assert!(read < 60, "{model}: {read} readings, 20 after it was asked to stop");
    }
}
