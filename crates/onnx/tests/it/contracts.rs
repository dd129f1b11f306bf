//! A model is held to its contract, and a refusal says both sides.

use learn::Model;
use onnx::{Contract, Error, Kind, Missing, OnnxModel};

use crate::data::{golden, panel, told};

#[test]
fn a_contract_that_makes_no_sense_is_refused() {
    let bad = |change: fn(&mut Contract)| {
        let mut contract = golden("torch_mlp").contract();
        change(&mut contract);
        let error = OnnxModel::register(golden("torch_mlp").onnx, contract).unwrap_err();
        assert!(matches!(error, Error::CheckContract { .. }), "{error:?}");
        told(&error)
    };
    assert!(bad(|it| it.name.clear()).contains("`name`"));
    assert!(bad(|it| it.features.clear()).contains("`features`"));
    assert!(bad(|it| it.features[1] = it.features[0].clone()).contains("twice"));
    assert!(bad(|it| it.steps = Some(0)).contains("`steps`"));
    assert!(bad(|it| it.steps = Some(usize::MAX)).contains("`steps`"));
    assert!(bad(|it| it.check.clear()).contains("`check`"));
    assert!(bad(|it| it.check[0].input.truncate(2)).contains("2 inputs, the model reads 5"));
    assert!(bad(|it| it.check[0].output.push(1.0)).contains("2 outputs"));
    assert!(bad(|it| it.check[0].input[0] = None).contains("missing"));
    assert!(bad(|it| it.kind = Kind::Classes { count: 1 }).contains("`count`"));
}

#[test]
fn unknown_fields_of_a_contract_are_named() {
    let json = br#"{"name": "m", "features": ["a"], "kind": "number", "chek": []}"#;
    let error = Contract::from_json(json).unwrap_err();
    assert!(told(&error).contains("chek"), "{}", told(&error));
}

#[test]
fn a_contract_read_back_is_the_same() {
    for golden in crate::data::ALL {
        let contract = golden.contract();
        assert_eq!(Contract::from_json(&contract.to_json().unwrap()).unwrap(), contract);
    }
}

#[test]
fn a_width_other_than_the_models_says_both() {
    let mut contract = golden("torch_mlp").contract();
    contract.features.pop();
    contract.check.iter_mut().for_each(|row| row.input.truncate(4));
    let error = OnnxModel::register(golden("torch_mlp").onnx, contract).unwrap_err();
    assert!(matches!(error, Error::MatchInput { .. }), "{error:?}");
    let told = told(&error);
    assert!(told.contains("[rows, 4 features]") && told.contains("[any, 5]"), "{told}");
}

#[test]
fn steps_other_than_the_models_say_both() {
    let mut contract = golden("torch_gru").contract();
    contract.steps = Some(5);
    contract.check.iter_mut().for_each(|row| row.input.truncate(25));
    let error = OnnxModel::register(golden("torch_gru").onnx, contract).unwrap_err();
    let told = told(&error);
    assert!(told.contains("5 steps") && told.contains("[any, 6, 5]"), "{told}");
}

#[test]
fn an_output_that_is_not_there_lists_those_that_are() {
    let mut contract = golden("sk_logistic").contract();
    contract.output = Some("chance".to_owned());
    let error = OnnxModel::register(golden("sk_logistic").onnx, contract).unwrap_err();
    let told = told(&error);
    assert!(told.contains("\"label\", \"probabilities\""), "{told}");
}

#[test]
fn a_kind_other_than_the_models_says_both() {
    let mut contract = golden("sk_logistic_three").contract();
    contract.kind = Kind::Classes { count: 4 };
    contract.check.iter_mut().for_each(|row| row.output.push(0.0));
    let error = OnnxModel::register(golden("sk_logistic_three").onnx, contract).unwrap_err();
    let told = told(&error);
    assert!(told.contains("4 a row") && told.contains("[1, 3]"), "{told}");
}

#[test]
fn a_known_row_that_comes_out_otherwise_is_shown() {
    let mut contract = golden("torch_mlp").contract();
    let expected = contract.check[1].output[0];
    contract.check[1].output[0] += 0.001;
    let error = OnnxModel::register(golden("torch_mlp").onnx, contract).unwrap_err();
    let Error::CheckRow { row, output, found, .. } = error else { panic!("{error:?}") };
    assert_eq!((row, output), (1, 0));
    assert!((found - expected).abs() < 1e-5);
}

#[test]
fn a_column_that_is_missing_is_named() {
    let golden = golden("torch_mlp");
    let (model, rows) = (golden.register(), golden.panel());
    let others: Vec<String> = rows.names().iter().filter(|it| *it != "gap").cloned().collect();
    let error = model.predict(&rows.select(&others).unwrap()).unwrap_err();
    assert!(matches!(error, learn::Error::MatchColumns { .. }), "{error:?}");
    assert!(told(&error).contains("\"gap\""), "{}", told(&error));
}

#[test]
fn a_value_that_is_not_available_is_named_with_its_row() {
    let golden = golden("torch_mlp");
    let mut rows = golden.expected().rows;
    rows[7][3] = None;
    let model = golden.register();
    let error = model.predict(&panel(model.features(), &rows)).unwrap_err();
    let told = told(&error);
    assert!(told.contains("\"gap\" is NaN in row 7"), "{told}");
}

#[test]
fn a_value_without_end_is_refused_even_where_missing_ones_pass() {
    let golden = golden("sk_hist");
    assert_eq!(golden.contract().missing, Missing::Pass);
    let mut rows = golden.expected().rows;
    rows[2][0] = Some(1e300);
    let model = golden.register();
    let told = told(&model.predict(&panel(model.features(), &rows)).unwrap_err());
    assert!(told.contains("in row 2"), "{told}");
}

#[test]
fn a_model_of_numbers_has_no_probability_of_a_win() {
    let golden = golden("xgb_number");
    let told = told(&golden.register().predict_proba(&golden.panel()).unwrap_err());
    assert!(told.contains("not the probability of a win"), "{told}");
}

#[test]
fn probabilities_of_a_win_are_those_of_the_second_class() {
    for name in ["sk_logistic", "torch_gru", "xgb_win"] {
        let golden = golden(name);
        let (model, panel) = (golden.register(), golden.panel());
        let forecasts = model.predict(&panel).unwrap();
        let probs = model.predict_proba(&panel).unwrap();
        for (prob, row) in probs.iter().zip(forecasts.rows()) {
            assert_eq!(f64::from(*prob), f64::from(*row.last().unwrap()));
        }
    }
}

#[test]
fn a_row_has_the_same_forecast_alone_and_among_many() {
    for golden in crate::data::ALL {
        let (model, panel) = (golden.register(), golden.panel());
        let all = model.predict(&panel).unwrap();
        for (row, among) in all.rows().enumerate() {
            let alone = model.predict(&panel.take(&[row])).unwrap();
            for (alone, among) in alone.values().iter().zip(among) {
                assert!((alone - among).abs() <= 2e-6, "{} row {row}", golden.name);
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let golden = golden("torch_mlp");
    let model = golden.register();
    let rows: Vec<_> = golden.expected().rows.into_iter().cycle().take(3000).collect();
    let panel = panel(model.features(), &rows);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model.predict(&panel).unwrap())
    };
    assert_eq!(with(1), with(4));
}
