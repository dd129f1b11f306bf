//! Forecasts equal those of the model's maker.

use learn::Model;
use onnx::{Kind, OnnxModel, TOLERANCE};

use crate::data::{ALL, golden};

fn meant(kind: Kind, raw: &[f64]) -> Vec<f64> {
    match kind {
        Kind::Win => vec![*raw.last().unwrap()],
        Kind::WinLogit => vec![1.0 / (1.0 + (-raw[0]).exp())],
        Kind::ClassScores { .. } => {
            let sum: f64 = raw.iter().map(|score| score.exp()).sum();
            raw.iter().map(|score| score.exp() / sum).collect()
        }
        _ => raw.to_vec(),
    }
}

#[test]
fn every_model_gives_what_its_maker_gives() {
    let mut wrong = vec![];
    for golden in ALL {
        let model = match OnnxModel::register(golden.onnx, golden.contract()) {
            Ok(model) => model,
            Err(error) => {
                wrong.push(format!("{}: {}", golden.name, crate::data::told(&error)));
                continue;
            }
        };
        let forecasts = model.predict(&golden.panel()).unwrap();
        for (row, (found, expected)) in forecasts.rows().zip(golden.expected().expected).enumerate()
        {
            for (found, expected) in found.iter().zip(meant(model.contract().kind, &expected)) {
                let apart = (f64::from(*found) - expected).abs();
                if apart > TOLERANCE * (1.0 + expected.abs()) {
                    wrong.push(format!("{} row {row}: {found} for {expected}", golden.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_model_read_back_gives_the_same_forecasts_bit_for_bit() {
    for golden in ALL {
        let model = golden.register();
        let back = OnnxModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        let panel = golden.panel();
        assert_eq!(
            back.predict(&panel).unwrap(),
            model.predict(&panel).unwrap(),
            "{}",
            golden.name
        );
    }
}

#[test]
fn columns_are_found_by_name() {
    for name in ["torch_mlp", "torch_gru", "sk_forest"] {
        let golden = golden(name);
        let (model, panel) = (golden.register(), golden.panel());
        let turned: Vec<String> = panel.names().iter().rev().cloned().collect();
        let other = panel.select(&turned).unwrap();
        assert_eq!(model.predict(&other).unwrap(), model.predict(&panel).unwrap());
    }
}
