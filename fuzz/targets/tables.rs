//! Parquet tables of order books, whatever their bytes.

#![no_main]

#[path = "../../crates/tape/tests/it/whatever.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(
    // A panic of the Parquet reader is caught and becomes an error: it must not end the run.
    init: drop(std::panic::take_hook()),
    |bytes: &[u8]| whatever::tables(bytes)
);
