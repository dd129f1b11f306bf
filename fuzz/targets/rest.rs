//! What a client of the paper exchange may ask over Alpaca's API.

#![no_main]

#[path = "../../crates/exchange/tests/it/whatever_rest.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whatever::rest(bytes));
