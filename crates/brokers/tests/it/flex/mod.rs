//! Statements: read, held against books, fetched.

mod against;
mod ending;
mod fetched;
mod told;
pub(crate) mod whatever;

use brokers::flex::{Reading, Report, read};

/// A statement with a row of each kind.
pub(crate) const SAMPLE: &[u8] = include_bytes!("../../samples/statement.xml");

fn report(bytes: &[u8]) -> Report {
    read(bytes, &Reading::default()).unwrap()
}

/// The sample with some of its text changed.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = str::from_utf8(SAMPLE).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}
