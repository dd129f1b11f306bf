//! What every model family must hold. A family enters with one line in [`families`].

use base::{Panel, RowKey, Seed, Ts};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeParams};
use learn::{Learner, Model};

use crate::data;

/// Runs all checks on one family.
fn conforms<L: Learner>(name: &str, make: impl Fn(u64) -> L + Sync)
where
    L::Fitted: PartialEq + std::fmt::Debug,
{
    round_trip(name, &make(1));
    one_seed_one_model(name, &make);
    any_thread_count(name, &make(1));
    learns_the_toy_problem(name, &make(1));
    rejects_misnamed_columns(name, &make(1));
    refuses_a_single_class(name, &make(1));
}

#[test]
fn families() {
    let small =
        TreeParams { n_estimators: 60, max_depth: 4, subsample: 0.7, ..TreeParams::default() };
    conforms("trees", |seed| TreeLearner { params: small.clone(), seed: Seed::root(seed) });
}

fn round_trip<L: Learner>(name: &str, learner: &L) {
    let samples = data::samples(0, 800);
    let model = learner.fit(&everything(&samples)).unwrap();
    let artifact = model.to_artifact().unwrap();
    let back = L::Fitted::from_artifact(&artifact).unwrap();
    let (before, after) =
        (model.predict_proba(samples.panel()).unwrap(), back.predict_proba(samples.panel()));
    assert_eq!(before, after.unwrap(), "{name}: other predictions after a round trip");
    let mut spoilt = artifact.clone();
    spoilt.bytes[40] ^= 1;
    assert!(L::Fitted::from_artifact(&spoilt).is_err(), "{name}: spoilt bytes were accepted");
}

fn one_seed_one_model<L: Learner>(name: &str, make: impl Fn(u64) -> L)
where
    L::Fitted: PartialEq + std::fmt::Debug,
{
    let samples = data::samples(0, 800);
    let fit = |seed| make(seed).fit(&everything(&samples)).unwrap();
    assert_eq!(fit(1), fit(1), "{name}: one seed, two models");
    assert_ne!(fit(1), fit(2), "{name}: the seed does nothing");
}

fn any_thread_count<L: Learner>(name: &str, learner: &L) {
    // Enough rows that the work is shared out.
    let samples = data::samples(0, 100_000);
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let model = pool.install(|| learner.fit(&everything(&samples))).unwrap();
        model.to_artifact().unwrap().digest
    };
    assert_eq!(fit(1), fit(3), "{name}: the thread count changes the model");
}

fn learns_the_toy_problem<L: Learner>(name: &str, learner: &L) {
    let (train, test) = (data::samples(0, 4_000), data::samples(90_000, 4_000));
    let model = learner.fit(&everything(&train)).unwrap();
    let auc = learn::score::roc_auc(&model.predict_proba(test.panel()).unwrap(), test.labels());
    assert!(auc > 0.735, "{name}: AUC {auc}");
}

fn rejects_misnamed_columns<L: Learner>(name: &str, learner: &L) {
    let samples = data::samples(0, 400);
    let model = learner.fit(&everything(&samples)).unwrap();
    let mut other = Panel::new(samples.panel().names().iter().map(|n| n.replace("f7", "g7")));
    other.push(RowKey { at: Ts::MIN, id: 0 }, &[0.5; 12]).unwrap();
    let error = model.predict_proba(&other).unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("\"f7\""), "{name}: {reason}");
}

fn refuses_a_single_class<L: Learner>(name: &str, learner: &L) {
    let samples = data::samples(0, 60);
    let wins: Vec<usize> = (0..60).filter(|&row| samples.labels()[row]).collect();
    let error = learner.fit(&everything(&samples.take(&wins))).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("positive"), "{name}: {error}");
}
