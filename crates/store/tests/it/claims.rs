//! Trials that several processes share: one has each, none is lost, the first record stands.

use base::{Span, Ts};
use serde_json::json;
use store::{Error, Experiment, Store, Trial, TrialState, Tx, Written};

use crate::database::on_each;

fn experiment() -> Experiment {
    let at = Ts::from_seconds(1_700_000_000);
    Experiment {
        id: "e".to_owned(),
        created: at,
        data_version: "7".to_owned(),
        seed: 1,
        spec: json!({}),
    }
}

fn trial(number: u32, state: TrialState, value: Option<f64>) -> Trial {
    Trial {
        experiment: "e".to_owned(),
        number,
        state,
        params: json!({ "depth": 3 }),
        value,
        further: vec![],
        intermediate: vec![],
        seed: 9,
        started: Ts::from_seconds(1_700_000_001),
        finished: None,
    }
}

fn claim(store: &Store, number: u32, worker: &str, lease: Span) -> bool {
    let running = trial(number, TrialState::Running, None);
    let body = |tx: &Tx<'_>| -> Result<bool, Error> {
        tx.ensure_experiment(&experiment())?;
        tx.claim_trial(&running, worker, lease)
    };
    store.transaction("claim", body).unwrap()
}

fn end(store: &Store, value: f64) -> Written {
    let ended = trial(0, TrialState::Complete, Some(value));
    store.transaction("end", |tx| tx.end_trial(&ended)).unwrap()
}

/// The clock of these stores goes one second at each reading.
const LONG: Span = Span::from_hours(1);
const SHORT: Span = Span::from_seconds(1);

#[test]
fn a_claimed_trial_is_nobody_elses_until_it_is_given_back() {
    on_each(|fresh| {
        let store = fresh.open();
        assert!(claim(&store, 0, "a", LONG));
        assert!(!claim(&store, 0, "b", LONG), "{}", fresh.name);
        assert!(claim(&store, 1, "b", LONG));
        store.transaction("back", |tx| tx.give_back("e", 0, "b")).unwrap();
        assert!(!claim(&store, 0, "b", LONG), "b cannot give back what a has");
        store.transaction("back", |tx| tx.give_back("e", 0, "a")).unwrap();
        assert!(claim(&store, 0, "b", LONG), "{}", fresh.name);
    });
}

#[test]
fn a_claim_runs_out_unless_it_is_renewed() {
    on_each(|fresh| {
        let store = fresh.open();
        assert!(claim(&store, 0, "a", SHORT));
        store.transaction("renew", |tx| tx.renew_claim(("e", 0), "a", LONG)).unwrap();
        assert!(!claim(&store, 0, "b", SHORT), "{}", fresh.name);
        assert!(claim(&store, 1, "a", SHORT));
        assert!(claim(&store, 1, "b", LONG), "{}", fresh.name);
        // What a no longer has, it cannot renew.
        store.transaction("renew", |tx| tx.renew_claim(("e", 1), "a", LONG)).unwrap();
        let claims = store.read(|tx| tx.trial_claims("e")).unwrap();
        let workers: Vec<&str> = claims.iter().map(|claim| claim.worker.as_str()).collect();
        assert_eq!(workers, ["a", "b"], "{}", fresh.name);
    });
}

#[test]
fn a_running_trial_is_on_record_and_its_first_end_stands() {
    on_each(|fresh| {
        let store = fresh.open();
        assert!(claim(&store, 0, "a", SHORT));
        assert_eq!(store.read(|tx| tx.trial_count("e")).unwrap(), 1);
        assert!(claim(&store, 0, "b", SHORT), "a's claim has run out");
        assert_eq!((end(&store, 1.0), end(&store, 2.0)), (Written::New, Written::Already));
        let kept = store.read(|tx| tx.trials("e")).unwrap();
        assert_eq!(kept, [trial(0, TrialState::Complete, Some(1.0))], "{}", fresh.name);
        assert!(!claim(&store, 0, "c", LONG), "what has ended is not tried again");
    });
}

#[test]
fn of_many_that_ask_at_once_one_is_told_yes() {
    on_each(|fresh| {
        drop(fresh.open());
        let told: Vec<usize> = std::thread::scope(|scope| {
            let ask = |worker: usize| {
                scope.spawn(move || {
                    let store = fresh.open();
                    (0..12).filter(|&n| claim(&store, n, &worker.to_string(), LONG)).count()
                })
            };
            let all: Vec<_> = (0..4).map(ask).collect();
            all.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(told.iter().sum::<usize>(), 12, "{}: {told:?}", fresh.name);
    });
}
