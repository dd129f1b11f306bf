//! What fuzzing found stays found: each kept input is read again, as a file of its format.

use crate::recordings::table;
use crate::samples::{BINANCE, BITSTAMP, LEAN_QUOTES, LOBSTER, LOBSTER_BOOK, committed};
use crate::whatever;

/// Reads what is kept in `tests/found/<format>`.
fn again(format: &str, read: fn(&[u8])) {
    let folder = format!("{}/tests/found/{format}", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        #[expect(clippy::disallowed_methods, reason = "a test reads its own samples")]
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        read(&bytes);
    }
}

#[test]
fn inputs_that_were_found_are_read() {
    again("databento", whatever::databento);
    again("binance", whatever::binance);
    again("lobster", whatever::lobster);
    again("bitstamp", whatever::bitstamp);
    again("lean", whatever::lean);
    again("tables", whatever::tables);
    again("options", whatever::options);
}

#[test]
fn what_holds_for_whatever_bytes_holds_for_the_samples() {
    whatever::databento(
        &zstd::decode_all(committed("test_data.mbo.v3.dbn.zst").as_slice()).unwrap(),
    );
    whatever::binance(BINANCE.as_bytes());
    whatever::lobster(format!("{LOBSTER}|{LOBSTER_BOOK}").as_bytes());
    whatever::bitstamp(BITSTAMP.as_bytes());
    whatever::lean(LEAN_QUOTES.as_bytes());
    whatever::tables(&table());
    whatever::options(&table());
}
