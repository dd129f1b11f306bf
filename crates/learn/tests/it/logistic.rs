//! Logistic regression: scikit-learn's slopes, files, bad input.

use base::{Panel, RowKey, Ts};
use learn::logistic::{LogisticModel, LogisticParams};
use learn::split::everything;
use learn::{LabelSpan, Learner as _, Model as _, Samples, Targets};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    x: Vec<Vec<f64>>,
    y: Vec<u8>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    penalty: f64,
    l1_share: f64,
    intercept: f64,
    slopes: Vec<f64>,
}

fn golden() -> (Golden, Samples) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/logistic.json")).unwrap();
    let mut panel = Panel::new(["a", "b", "c", "d", "e"]);
    let mut spans = Vec::new();
    for (row, x) in golden.x.iter().enumerate() {
        let at = Ts::from_seconds(row as i64);
        panel.push(RowKey { at, id: 0 }, x).unwrap();
        spans.push(LabelSpan { starts: at, ends: at });
    }
    let labels = golden.y.iter().map(|y| *y == 1).collect();
    let samples = Samples::new(panel, labels, spans).unwrap();
    (golden, samples)
}

#[test]
fn slopes_are_those_of_scikit_learn() {
    let (golden, samples) = golden();
    for case in &golden.cases {
        let (penalty, l1_share) = (case.penalty, case.l1_share);
        let params = LogisticParams { penalty, l1_share, ..LogisticParams::default() };
        let model = params.fit(&everything(&samples)).unwrap();
        assert!((model.intercept() - case.intercept).abs() < 1e-5, "{}", model.intercept());
        for ((name, found), wanted) in model.slopes().into_iter().zip(&case.slopes) {
            assert!((found - wanted).abs() < 1e-5, "λ {penalty}, {name}: {found} {wanted}");
        }
    }
}

#[test]
fn a_model_on_disk_predicts_what_it_did() {
    let (_, samples) = golden();
    let model = LogisticParams::default().fit(&everything(&samples)).unwrap();
    let again = LogisticModel::from_artifact(&model.to_artifact().unwrap()).unwrap();
    let probs = model.predict_proba(samples.panel()).unwrap();
    assert_eq!(again.predict_proba(samples.panel()).unwrap(), probs);
    assert!(LogisticModel::from_bytes(b"{}").is_err());
}

#[test]
fn a_win_weighs_as_much_as_it_is_told() {
    let (_, samples) = golden();
    let twice = LogisticParams { win_weight: 2.0, ..LogisticParams::default() };
    let weights = samples.labels().iter().map(|win| if *win { 2.0 } else { 1.0 }).collect();
    let weighted = samples.clone().with_weights(weights).unwrap();
    let one = twice.fit(&everything(&samples)).unwrap();
    let other = LogisticParams::default().fit(&everything(&weighted)).unwrap();
    assert_eq!(one.slopes(), other.slopes());
}

#[test]
fn what_it_does_not_learn_is_refused() {
    let (_, samples) = golden();
    let numbers = Targets::Numbers(vec![1.0; samples.len()]);
    let spans = samples.spans().to_vec();
    let numbers = Samples::of(samples.panel().clone(), numbers, spans.clone()).unwrap();
    let said = |params: LogisticParams, samples: &Samples| {
        params.fit(&everything(samples)).unwrap_err().to_string()
    };
    assert!(said(LogisticParams::default(), &numbers).contains("numbers"));
    let all = Samples::new(samples.panel().clone(), vec![true; samples.len()], spans).unwrap();
    assert!(said(LogisticParams::default(), &all).contains("one class"));
    let wrong = LogisticParams { l1_share: 1.5, ..LogisticParams::default() };
    assert!(said(wrong, &samples).contains("l1_share"));
}
