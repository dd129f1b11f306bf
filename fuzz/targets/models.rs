//! ONNX files, whatever their bytes, held to the contract of a small model.

#![no_main]

use learn::model::Model as _;
use onnx::{Contract, OnnxModel};

const CONTRACT: &[u8] =
    include_bytes!("../../crates/onnx/tests/golden/sk_linear_number.contract.json");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let contract = Contract::from_json(CONTRACT).expect("a contract of the tests");
    // A model or a refusal: never a panic that the runtime's guard lets through.
    drop(OnnxModel::register(bytes, contract));
    drop(OnnxModel::from_bytes(bytes));
});
