//! What a client of the paper exchange may say over the socket protocol.

#![no_main]

#[path = "../../crates/exchange/tests/it/whatever.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whatever::tws(bytes));
