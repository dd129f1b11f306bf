//! Arbitrary sequences of messages, told to each order book and to its slow twin.

#![no_main]

#[path = "../../crates/market/tests/it/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "../../crates/market/tests/it/slow_book.rs"]
#[allow(dead_code)]
mod slow_book;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dice::twins(bytes));
