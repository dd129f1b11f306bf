//! Writes a model of ours and its predictions, for XGBoost to read.
//!
//! `cargo run -p learn --example trees_export -- MODEL.json PREDICTIONS.json`, then
//! `python crates/learn/tests/golden/make_trees.py check MODEL.json PREDICTIONS.json`.
#![allow(clippy::disallowed_methods)]

use base::Seed;
use learn::split::everything;
use learn::trees::{TreeLearner, TreeParams};
use learn::{Learner as _, Model as _};

#[path = "../tests/it/data.rs"]
mod data;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model_path, predictions_path] = arguments.as_slice() else {
        return Err("usage: trees_export MODEL.json PREDICTIONS.json".into());
    };
    let params = TreeParams { subsample: 0.8, scale_pos_weight: 2.0, ..TreeParams::default() };
    let train = data::samples(0, 4_000);
    let model = TreeLearner { params, seed: Seed::root(1) }.fit(&everything(&train))?;
    let fresh = data::samples(500_000, 200);
    let scores = model.predict_proba(fresh.panel())?;
    std::fs::write(model_path, model.to_json()?)?;
    std::fs::write(predictions_path, serde_json::to_vec(&scores)?)?;
    Ok(())
}
