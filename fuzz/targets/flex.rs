//! Statements of Interactive Brokers, whatever their bytes.

#![no_main]

#[path = "../../crates/brokers/tests/it/flex/whatever.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whatever::flex(bytes));
