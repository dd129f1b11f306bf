//! A made recording, as Binance's lines come.

use std::fmt::Write as _;
use std::path::Path;

/// A minute of a futures book as it was received: four units at each of two prices a side, and a
/// trade of a tenth each fifth of a second.
pub(crate) fn made(folder: &Path) -> String {
    let start = 1_723_161_255_000_i64;
    let mut text = format!(
        "{start}000000 {{\"lastUpdateId\":1,\"E\":{start},\"T\":{start},\
         \"bids\":[[\"100.0\",\"4.0\"],[\"99.9\",\"4.0\"]],\
         \"asks\":[[\"100.1\",\"4.0\"],[\"100.2\",\"4.0\"]]}}\n"
    );
    for step in 1..=300_i64 {
        let (now, last) = (start + 200 * step, step);
        let (first, update) = if step == 1 { (1, 2) } else { (last + 1, last + 1) };
        let size = if step % 2 == 0 { "4.0" } else { "3.9" };
        let _ = writeln!(
            text,
            "{now}000000 {{\"stream\":\"x@depth\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{now},\
             \"T\":{now},\"s\":\"X\",\"U\":{first},\"u\":{update},\"pu\":{last},\
             \"b\":[[\"99.9\",\"{size}\"]],\"a\":[]}}}}"
        );
        let _ = writeln!(
            text,
            "{now}000000 {{\"stream\":\"x@trade\",\"data\":{{\"e\":\"trade\",\"E\":{now},\
             \"T\":{now},\"s\":\"X\",\"t\":{step},\"p\":\"100.1\",\"q\":\"0.1\",\"X\":\"MARKET\",\
             \"m\":false}}}}"
        );
    }
    let path = folder.join("made.jsonl");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}
