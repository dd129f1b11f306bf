//! Parquet tables of order books, whatever their bytes.

#![no_main]

#[path = "../../crates/tape/tests/it/whatever.rs"]
#[allow(dead_code)]
mod whatever;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whatever::tables(bytes));
