//! Writes a model of ours for each objective and constraint into `tests/golden`, for XGBoost to
//! read: `cargo run -p learn --example trees_export`, then
//! `python proving/peers/trees_golden.py ours`.
#![allow(clippy::disallowed_methods, unreachable_pub, dead_code)]

use std::path::Path;

use base::Seed;
use learn::split::everything;
use learn::trees::TreeLearner;
use learn::{Learner as _, Model as _};

#[path = "../tests/it/data.rs"]
mod data;
#[path = "../tests/it/tree_cases.rs"]
mod tree_cases;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for case in tree_cases::cases() {
        let learner = TreeLearner { params: case.params.clone(), seed: Seed::root(1) };
        let model = learner.fit(&everything(&case.samples(0, 1_500)))?;
        std::fs::write(folder.join(format!("ours_{}.json", case.name)), model.to_bytes()?)?;
    }
    Ok(())
}
