//! What a server that says it is Alpaca may say.

#![no_main]

#[path = "../../crates/brokers/tests/it/whatever.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whatever::alpaca(bytes));
