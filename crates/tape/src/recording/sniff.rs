//! Which format a file has, by its first bytes and its name.

use std::io::{self, Read};

use crate::bitstamp;
use crate::unpack::unpack;

/// Bytes that are looked at.
const ENOUGH_BYTES: u64 = 4096;

/// A format that this room reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// [`crate::dbn`].
    Databento,
    /// [`crate::binance`].
    Binance,
    /// [`crate::lobster`] as text.
    Lobster,
    /// [`crate::bitstamp`] as text.
    Bitstamp,
    /// [`crate::lean`] as text.
    Lean,
    /// [`crate::lean`] in a zip archive.
    LeanZip,
    /// A Parquet table; its columns say of which kind.
    Table,
}

/// The first bytes of a file, its wrapping taken off.
///
/// # Errors
/// Where the bytes don't come.
pub fn first_bytes(source: impl Read + Send) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    unpack(source)?.take(ENOUGH_BYTES).read_to_end(&mut first)?;
    Ok(first)
}

/// The format, by the file's first bytes without wrapping ([`first_bytes`]) and its name; `None`
/// where it is none of these.
pub fn sniff(name: &str, first: &[u8]) -> Option<Format> {
    match first {
        [b'D', b'B', b'N', ..] => return Some(Format::Databento),
        [b'P', b'A', b'R', b'1', ..] => return Some(Format::Table),
        [b'P', b'K', 3, 4, ..] => return Some(Format::LeanZip),
        _ => {}
    }
    let line = first.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
    let is_time = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if line.split_once(' ').is_some_and(|(time, event)| is_time(time) && event.starts_with('{')) {
        return Some(Format::Binance);
    }
    let fields: Vec<&str> = line.split(',').collect();
    let name = name.to_ascii_lowercase();
    match fields.len() {
        7 if line.replace('"', "") == bitstamp::HEADER => Some(Format::Bitstamp),
        7 if ["created", "changed", "deleted"].contains(&fields[5]) => Some(Format::Bitstamp),
        6 | 7 if name.contains("message") && fields[0].contains('.') => Some(Format::Lobster),
        6 if fields[0].contains('.') && is_time(fields[1]) => Some(Format::Lobster),
        6 | 8 if is_time(fields[0]) => Some(Format::Lean),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_known_by_its_first_line() {
        let cases: [(&str, &[u8], Option<Format>); 10] = [
            ("a", b"DBN\x03", Some(Format::Databento)),
            ("a", b"PAR1", Some(Format::Table)),
            ("20131007_trade.zip", b"PK\x03\x04", Some(Format::LeanZip)),
            ("a.jsonl", b"1723161256172216566 {\"e\":1}\n", Some(Format::Binance)),
            ("a", b"34200.017,5,0,1,2238200,-1\n", Some(Format::Lobster)),
            ("a", b"14400054,0,0,1836300,100,Q,1,0\n", Some(Format::Lean)),
            ("a", b"14430270,1815200,283,P,20,0\n", Some(Format::Lean)),
            ("orders.csv", bitstamp::HEADER.as_bytes(), Some(Format::Bitstamp)),
            ("notes.txt", b"once upon a time\n", None),
            ("empty", b"", None),
        ];
        for (name, first, wanted) in cases {
            assert_eq!(sniff(name, first), wanted, "{name}");
        }
    }
}
