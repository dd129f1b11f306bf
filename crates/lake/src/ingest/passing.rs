//! Bars of a file that are used at once and not kept.

use market::Candle;

use super::refine::Refined;
use super::{Layout, Request, gather, hash_each, source, text};
use crate::Error;
use crate::manifest::{Quality, Source};
use crate::rows::ShortBar;

/// The bars of one symbol behind the gate, oldest first: of sessions, or shorter ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SymbolBars {
    /// The symbol; of quotes with `.bid` or `.ask` behind it.
    pub symbol: String,
    /// Bars of a session, each with when it was known.
    pub daily: Vec<(Candle, base::Ts)>,
    /// Shorter bars.
    pub shorter: Vec<ShortBar>,
}

/// The bars of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Passing {
    /// One entry a symbol.
    pub symbols: Vec<SymbolBars>,
    /// What the gate said.
    pub quality: Quality,
    /// Name, size and hash of the source.
    pub source: Source,
}

/// Reads the bars of a file or folder through the same gate as an ingest, and keeps nothing. Of a
/// request neither the dataset nor the time is used. A source without bars has no symbol.
pub fn bars(request: &Request) -> Result<Passing, Error> {
    let layout = Layout::of(&request.path)?;
    let files = layout.files(&request.path)?;
    let quiet = |_: u64| {};
    let (gathered, hashes) = match layout {
        Layout::Csv => text::gather(&files, &request.names, &quiet)?,
        Layout::Parquet | Layout::Lean => {
            (gather(layout, &files, request, &quiet)?, hash_each(&files)?)
        }
    };
    let source = source(request, &files, &hashes);
    let (symbols, quality) = Refined::of(gathered, request)?.into_bars();
    Ok(Passing { symbols, quality, source })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use base::Ts;
    use market::Calendar;

    use super::*;
    use crate::ingest::{Names, Stamp};

    fn request(path: &Path, calendar: Option<&str>) -> Request {
        Request {
            path: path.to_owned(),
            dataset: String::new(),
            names: Names::new(),
            adjusted: crate::Adjusted::None,
            calendar: calendar.map(|code| Calendar::of(code).unwrap()),
            stamp: Stamp::Start,
            at: Ts::MIN,
        }
    }

    #[test]
    fn short_bars_come_in_utc_and_bad_rows_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dax.csv");
        let rows = "ts,open,high,low,close\n2024-07-01 09:00,100,101,99,100\n\
                    2024-07-01 09:05,100,101,99,100\n2024-07-01 09:10,100,98,99,100\n";
        std::fs::write(&path, rows).unwrap();
        let found = bars(&request(&path, Some("XETR"))).unwrap();
        let only = &found.symbols[0];
        assert_eq!((only.symbol.as_str(), only.shorter.len(), only.daily.len()), ("DAX", 2, 0));
        assert_eq!(only.shorter[0].0.to_string(), "2024-07-01T07:00:00Z");
        assert_eq!(only.shorter[0].1, 5);
        assert_eq!(found.quality.quarantined.values().map(|one| one.count).sum::<u64>(), 1);
        assert_eq!(found.source.bytes, rows.len() as u64);
    }
}
