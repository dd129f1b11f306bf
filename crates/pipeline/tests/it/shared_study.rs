//! Several processes on one study in one store come to the trials of one process alone.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use base::{Seed, Span, Ts};
use learn::Error;
use learn::search::{
    Domain, Method, Outcome, Params, Ports, Run, Silent, Space, Study, TpePlan, Trial, TrialMemory,
};
use pipeline::trials::{Enrolment, Shared, StoreTrials};
use store::Store;

fn study() -> Study {
    let axis = |name: &str| (name.to_owned(), Domain::Float { low: -1.0, high: 1.0 });
    Study {
        name: "bowl".to_owned(),
        space: Space::new([axis("x"), axis("y")]).unwrap(),
        method: Method::Tpe(TpePlan::default()),
        trials: 36,
        batch: 6,
        pruning: None,
        seed: Seed::root(3),
    }
}

fn loss(params: &Params) -> f64 {
    params.values().filter_map(|value| value.number()).map(|at| (at - 0.3).powi(2)).sum()
}

fn objective(run: &mut Run<'_>) -> Result<Outcome, Error> {
    let loss = loss(run.params);
    run.report(1, 2.0 * loss);
    Ok(Outcome::Values(vec![loss, -loss]))
}

fn enrolment() -> Enrolment {
    Enrolment {
        at: Ts::from_seconds(1_700_000_000),
        data_version: "7".to_owned(),
        seed: 3,
        spec: serde_json::json!({}),
    }
}

fn run(log: &mut dyn learn::search::TrialLog) -> Vec<Trial> {
    let stop = AtomicBool::new(false);
    study().run(&objective, &mut Ports { log, progress: &Silent, stop: &stop }).unwrap()
}

/// One process, with a store and threads of its own.
fn process(place: &Path, worker: &str) -> Vec<Trial> {
    let store = Store::open_file(place).unwrap();
    let pause = || std::thread::yield_now();
    let shared = Shared { worker, lease: Span::from_minutes(5), pause: &pause };
    let mut log = StoreTrials::shared(&store, enrolment(), shared);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(|| run(&mut log))
}

#[test]
fn three_processes_come_to_the_trials_of_one() {
    let wanted = run(&mut TrialMemory::default());
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    drop(Store::open_file(&place).unwrap());
    std::thread::scope(|scope| {
        let start = |worker| {
            scope.spawn({
                let place = &place;
                move || process(place, worker)
            })
        };
        let all: Vec<_> = ["a", "b", "c"].map(start).into();
        for one in all {
            assert_eq!(one.join().unwrap(), wanted);
        }
    });
    let store = Store::open_file(&place).unwrap();
    assert_eq!(run(&mut StoreTrials::alone(&store, enrolment())), wanted, "all are on record");
    assert!(store.read(|tx| tx.trial_claims("bowl")).unwrap().is_empty(), "no claim is left");
}
