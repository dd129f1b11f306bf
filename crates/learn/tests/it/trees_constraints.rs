//! Monotone columns and columns of categories.

use base::{Panel, RowKey, Seed, Ts};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeModel, TreeParams};
use learn::{Learner as _, Model as _, Samples, Targets};

use crate::data;
use crate::tree_cases::cases;

fn fit(params: TreeParams, samples: &Samples) -> TreeModel {
    TreeLearner { params, seed: Seed::root(2) }.fit(&everything(samples)).unwrap()
}

/// Margins of a row as one of its columns takes these values.
fn sweep(model: &TreeModel, row: &[f64], column: usize, values: &[f64]) -> Vec<f32> {
    let mut panel = Panel::new((0..row.len()).map(|at| format!("f{at}")));
    for (at, &value) in values.iter().enumerate() {
        let mut cells = row.to_vec();
        cells[column] = value;
        panel.push(RowKey { at: Ts::from_seconds(at as i64), id: 0 }, &cells).unwrap();
    }
    model.margins(&panel).unwrap()
}

#[test]
fn margins_never_move_against_a_constraint() {
    let case = cases().into_iter().find(|case| case.name == "monotone").unwrap();
    let samples = case.samples(0, 3_000);
    let params = TreeParams { n_estimators: 60, max_depth: 6, ..case.params.clone() };
    let model = fit(params.clone(), &samples);
    let free = fit(TreeParams { monotone: Default::default(), ..params }, &samples);
    let steps: Vec<f64> = (0..=100).map(|step| f64::from(step) / 100.0).collect();
    let fresh = data::samples(800_000, 40);
    let mut freely_falling = 0;
    for row in 0..40 {
        let cells = fresh.panel().row(row);
        let rising = sweep(&model, &cells, 0, &steps);
        assert!(rising.windows(2).all(|pair| pair[0] <= pair[1]), "row {row}: {rising:?}");
        let falling = sweep(&model, &cells, 2, &steps);
        assert!(falling.windows(2).all(|pair| pair[0] >= pair[1]), "row {row}: {falling:?}");
        let free = sweep(&free, &cells, 0, &steps);
        freely_falling += usize::from(free.windows(2).any(|pair| pair[0] > pair[1]));
    }
    assert!(freely_falling > 20, "the constraint has nothing to do: {freely_falling}");
}

#[test]
fn categories_are_worth_more_than_their_codes() {
    let case = cases().into_iter().find(|case| case.name == "partitions").unwrap();
    let (train, test) = (case.samples(0, 3_000), case.samples(90_000, 3_000));
    let error = |params: TreeParams| {
        let found = fit(params, &train).predict(test.panel()).unwrap();
        let gap = |row: usize| test.targets().number(row) - f64::from(found.values()[row]);
        ((0..test.len()).map(|row| gap(row).powi(2)).sum::<f64>() / test.len() as f64).sqrt()
    };
    let params = TreeParams { n_estimators: 15, ..case.params };
    let as_numbers = TreeParams { categorical: Default::default(), ..params.clone() };
    let one_hot = TreeParams { max_cat_to_onehot: 100, ..params.clone() };
    let (sets, codes, single) = (error(params), error(as_numbers), error(one_hot));
    assert!(sets < codes - 0.01 && sets < single, "sets {sets}, codes {codes}, one {single}");
}

#[test]
fn a_category_never_seen_is_like_none_of_those_that_matter() {
    // Categories 2 and 5 matter; the rest, which is larger, does not.
    let mut panel = Panel::new(["f0"]);
    let numbers = (0..400).map(|row| f64::from(row % 8)).collect::<Vec<_>>();
    for (row, &code) in numbers.iter().enumerate() {
        panel.push(RowKey { at: Ts::from_seconds(row as i64), id: 0 }, &[code]).unwrap();
    }
    let targets: Vec<f64> =
        numbers.iter().map(|&c| if c == 2.0 || c == 5.0 { 4.0 } else { 0.0 }).collect();
    let spans = panel.keys().iter().map(|key| learn::LabelSpan { starts: key.at, ends: key.at });
    let spans = spans.collect();
    let samples = Samples::of(panel, Targets::Numbers(targets), spans).unwrap();
    let params = TreeParams {
        objective: learn::trees::Objective::SquaredError,
        categorical: ["f0".to_owned()].into(),
        n_estimators: 30,
        learning_rate: 0.3,
        max_depth: 2,
        ..TreeParams::default()
    };
    let model = fit(params, &samples);
    let found = sweep(&model, &[0.0], 0, &[2.0, 5.0, 0.0, 7.0, 99.0, -3.0]);
    for (value, wanted) in found.iter().zip([4.0, 4.0, 0.0, 0.0, 0.0, 0.0]) {
        assert!((value - wanted).abs() < 0.05, "{found:?}");
    }
}

#[test]
fn a_cell_that_is_no_category_is_refused_with_its_row() {
    let case = cases().into_iter().find(|case| case.name == "partitions").unwrap();
    let samples = case.samples(0, 100);
    let params = TreeParams { categorical: ["f0".to_owned()].into(), ..case.params };
    let learner = TreeLearner { params, seed: Seed::root(1) };
    let said = learner.fit(&everything(&samples)).unwrap_err().to_string();
    assert!(
        said.contains("\"f0\"") && said.contains("row 0") && said.contains("0..=254"),
        "{said}"
    );
}
