//! What trees learn, objective by objective: as well as XGBoost does from the same rows.

use std::collections::BTreeMap;

use base::{Seed, Span};
use learn::split::{everything, k_fold};
use learn::trees::{Direction, Flow, Objective, Round, TreeLearner, TreeModel, TreeParams, Watch};
use learn::{Learner as _, Model as _, Samples, Targets};

use crate::tree_cases::{Case, cases};

fn learner(params: TreeParams) -> TreeLearner {
    TreeLearner { params, seed: Seed::root(3) }
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// The metric of the objective, through the same watcher a user has: the loss after the last
/// round, on rows of one fold.
fn rounds_of(
    params: &TreeParams,
    samples: &Samples,
    patience: Option<u32>,
) -> (Vec<Round>, TreeModel) {
    let pairs = k_fold(samples, 2, Span::ZERO).unwrap();
    let mut rounds = Vec::new();
    let mut after_round = |round| {
        rounds.push(round);
        Flow::Go
    };
    let watch = Watch { valid: &pairs[1].valid, patience, after_round: &mut after_round };
    let model = learner(params.clone()).fit_watched(&pairs[1].train, watch).unwrap();
    (rounds, model)
}

/// The loss by its definition, from predictions.
fn loss(objective: Objective, model: &TreeModel, samples: &Samples) -> f64 {
    let found = model.predict(samples.panel()).unwrap();
    let targets = samples.targets();
    let count = samples.len();
    let mean = |of_row: &dyn Fn(usize) -> f64| (0..count).map(of_row).sum::<f64>() / count as f64;
    let value = |row: usize| f64::from(found.values()[row]);
    match objective {
        Objective::SquaredError => mean(&|row| (value(row) - targets.number(row)).powi(2)).sqrt(),
        Objective::Quantile { alpha } => mean(&|row| {
            let gap = targets.number(row) - value(row);
            (alpha * gap).max((alpha - 1.0) * gap)
        }),
        Objective::Softmax { classes } => mean(&|row| {
            let own = row * classes as usize + targets.number(row) as usize;
            -f64::from(found.values()[own]).ln()
        }),
        Objective::Logistic => mean(&|row| {
            let p = value(row);
            -if targets.number(row) > 0.0 { p.ln() } else { (1.0 - p).ln() }
        }),
        Objective::RankPairwise | Objective::RankNdcg => {
            ordering_loss(objective, found.values(), targets)
        }
    }
}

fn ordering_loss(objective: Objective, values: &[f32], targets: &Targets) -> f64 {
    let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    (0..values.len())
        .for_each(|row| groups.entry(targets.group(row).unwrap()).or_default().push(row));
    let (mut wrong, mut pairs, mut ndcg) = (0.0, 0.0, 0.0);
    for rows in groups.values() {
        for (a, b) in rows.iter().flat_map(|&a| rows.iter().map(move |&b| (a, b))) {
            if targets.number(a) > targets.number(b) {
                pairs += 1.0;
                wrong += f64::from(u8::from(values[a] < values[b]));
                wrong += 0.5 * f64::from(u8::from(values[a] == values[b]));
            }
        }
        let gain = |rows: &[usize]| -> f64 {
            let gain = |row: usize| targets.number(row).exp2() - 1.0;
            rows.iter().enumerate().map(|(at, &row)| gain(row) / (at as f64 + 2.0).log2()).sum()
        };
        let (mut ours, mut ideal) = (rows.clone(), rows.clone());
        ours.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        ideal.sort_by(|&a, &b| targets.number(b).total_cmp(&targets.number(a)));
        ndcg += if gain(&ideal) > 0.0 { gain(&ours) / gain(&ideal) } else { 1.0 };
    }
    match objective {
        Objective::RankPairwise => wrong / pairs,
        _ => 1.0 - ndcg / groups.len() as f64,
    }
}

#[test]
fn every_objective_is_learnt_as_well_as_by_xgboost() {
    #[derive(serde::Deserialize)]
    struct Expected {
        loss: Option<f64>,
    }
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("../golden/theirs_expected.json")).unwrap();
    for case in cases() {
        let Some(theirs) = expected.get(case.name).and_then(|expected| expected.loss) else {
            continue;
        };
        let params = TreeParams {
            n_estimators: 80,
            max_depth: 4,
            learning_rate: 0.1,
            ..case.params.clone()
        };
        let model = learner(params).fit(&everything(&case.samples(0, 10_000))).unwrap();
        let ours = loss(case.params.objective, &model, &case.samples(1_000_000, 10_000));
        assert!(ours < theirs * 1.01, "{}: ours {ours:.5}, xgboost {theirs:.5}", case.name);
    }
}

#[test]
fn the_loss_watched_is_the_loss_of_the_predictions() {
    for case in cases() {
        let params = TreeParams { n_estimators: 7, ..case.params.clone() };
        let samples = case.samples(0, 3_000);
        let (rounds, model) = rounds_of(&params, &samples, None);
        let pairs = k_fold(&samples, 2, Span::ZERO).unwrap();
        let valid = samples.take(pairs[1].valid.rows());
        let (seen, wanted) = (rounds[6].valid_loss, loss(params.objective, &model, &valid));
        assert!((seen - wanted).abs() < 1e-5, "{}: {seen} {wanted}", case.name);
        assert!(seen < rounds[0].valid_loss, "{}: nothing was learnt", case.name);
    }
}

#[test]
fn patience_keeps_whole_rounds_of_the_best_loss() {
    for case in cases() {
        let params = TreeParams {
            n_estimators: 150,
            max_depth: 6,
            learning_rate: 0.5,
            ..case.params.clone()
        };
        let (rounds, model) = rounds_of(&params, &case.samples(0, 600), Some(4));
        let best = rounds.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
        let outputs = if case.name == "softprob" { 3 } else { 1 };
        assert!(rounds.len() < 150, "{}: it never tired", case.name);
        assert_eq!(model.tree_count(), best.trees as usize * outputs, "{}", case.name);
    }
}

#[test]
fn no_objective_depends_on_the_thread_count() {
    for case in cases() {
        // Enough rows that work is shared out.
        let samples = case.samples(0, 40_000);
        let params = TreeParams {
            n_estimators: 2,
            subsample: 0.9,
            colsample_bytree: 0.8,
            ..case.params.clone()
        };
        let fit = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let model = pool.install(|| learner(params.clone()).fit(&everything(&samples)));
            model.unwrap().to_artifact().unwrap().digest
        };
        assert_eq!(fit(1), fit(2), "{}", case.name);
        assert_eq!(fit(1), fit(5), "{}", case.name);
    }
}

#[test]
fn quantiles_hold_their_share_of_the_rows() {
    let case = case("quantile");
    let (train, test) = (case.samples(0, 4_000), case.samples(70_000, 4_000));
    let alphas = [0.1, 0.5, 0.9];
    let params = TreeParams { n_estimators: 60, learning_rate: 0.1, ..case.params.clone() };
    let models = learner(params).fit_quantiles(&everything(&train), &alphas).unwrap();
    let mut found = Vec::new();
    for (alpha, model) in alphas.iter().zip(&models) {
        assert_eq!(model.objective(), Objective::Quantile { alpha: *alpha });
        let values = model.predict(test.panel()).unwrap();
        let below = (0..test.len())
            .filter(|&row| test.targets().number(row) <= f64::from(values.values()[row]))
            .count();
        found.push(below as f64 / test.len() as f64);
    }
    for (share, alpha) in found.iter().zip(alphas) {
        assert!((share - alpha).abs() < 0.04, "{found:?}");
    }
}

#[test]
fn weights_count_as_copies_do() {
    for name in ["squared", "softprob"] {
        let case = case(name);
        // So few rows that each value has a bin of its own, weighted or copied.
        let samples = case.samples(0, 200);
        let weights: Vec<f64> = (0..200).map(|row| 1.0 + f64::from(row % 3)).collect();
        let copies: Vec<usize> = (0..200).flat_map(|row| vec![row; 1 + row % 3]).collect();
        let fit =
            |samples: &Samples| learner(case.params.clone()).fit(&everything(samples)).unwrap();
        let weighted = fit(&samples.clone().with_weights(weights).unwrap());
        let copied = fit(&samples.take(&copies));
        let (a, b) = (weighted.predict(samples.panel()), copied.predict(samples.panel()));
        let (a, b) = (a.unwrap(), b.unwrap());
        for (row, (a, b)) in a.values().iter().zip(b.values()).enumerate() {
            assert!((a - b).abs() < 1e-4, "{name}, {row}: {a} {b}");
        }
    }
}

#[test]
fn targets_of_another_kind_are_refused() {
    let squared = case("squared").samples(0, 60);
    let classes = case("softprob").samples(0, 60);
    for (params, samples, words) in [
        (TreeParams::default(), &squared, "targets that are numbers"),
        (case("ndcg").params, &squared, "rank:ndcg"),
        (case("squared").params, &classes, "targets that are classes"),
        (
            TreeParams { objective: Objective::Softmax { classes: 4 }, ..TreeParams::default() },
            &classes,
            "classes, 3 of them",
        ),
    ] {
        let said = learner(params).fit(&everything(samples)).unwrap_err().to_string();
        assert!(said.contains(words), "{said:?} lacks {words:?}");
    }
}

#[test]
fn rows_with_nothing_to_learn_are_refused() {
    let ranks = case("ndcg");
    let flat = ranks.samples(0, 60);
    let Targets::Ranks { groups, .. } = flat.targets().clone() else { panic!() };
    let targets = Targets::Ranks { relevance: vec![1.0; 60], groups };
    let flat = Samples::of(flat.panel().clone(), targets, flat.spans().to_vec()).unwrap();
    let said = learner(ranks.params).fit(&everything(&flat)).unwrap_err().to_string();
    assert!(said.contains("nothing to order"), "{said}");
    let classes = case("softprob");
    let samples = classes.samples(0, 200);
    let only: Vec<usize> = (0..200).filter(|&row| samples.targets().number(row) == 2.0).collect();
    let said = learner(classes.params).fit(&everything(&samples.take(&only))).unwrap_err();
    assert!(said.to_string().contains("of class 2"), "{said}");
}

#[test]
fn targets_that_overflow_give_an_error_and_no_model() {
    let case = case("squared");
    let samples = case.samples(0, 100);
    let targets = (0..100).map(|row| if row % 2 == 0 { 3e38 } else { -3e38 }).collect();
    let (panel, spans) = (samples.panel().clone(), samples.spans().to_vec());
    let samples = Samples::of(panel, Targets::Numbers(targets), spans).unwrap();
    let weighted = samples.clone().with_weights(vec![1e30; 100]).unwrap();
    for samples in [samples, weighted] {
        match learner(case.params.clone()).fit(&everything(&samples)) {
            Err(error) => assert!(error.to_string().contains("scale the targets"), "{error}"),
            Ok(model) => {
                let found = model.predict(samples.panel()).unwrap();
                assert!(found.values().iter().all(|value| value.is_finite()));
            }
        }
    }
}

#[test]
fn only_wins_have_a_probability_of_a_win() {
    let case = case("squared");
    let samples = case.samples(0, 200);
    let model = learner(case.params).fit(&everything(&samples)).unwrap();
    let said = model.predict_proba(samples.panel()).unwrap_err().to_string();
    assert!(said.contains("reg:squarederror"), "{said}");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let base = case("monotone");
    let samples = base.samples(0, 200);
    let quantiles = case("quantile");
    let mut both = base.params.clone();
    both.categorical.insert("f0".to_owned());
    let mut unknown = base.params.clone();
    unknown.monotone.insert("f99".to_owned(), Direction::Rising);
    let monotone = base.params.monotone.clone();
    for (params, words) in [
        (both, "can't be monotone"),
        (unknown, "\"f99\""),
        (TreeParams { monotone, ..quantiles.params }, "quantiles"),
    ] {
        let said = learner(params).fit(&everything(&samples)).unwrap_err().to_string();
        assert!(said.contains(words), "{said:?} lacks {words:?}");
    }
}
