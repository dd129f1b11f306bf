//! The lake on disk: what goes in comes out, and nothing else.

// These tests are about files.
#![allow(clippy::disallowed_methods)]

mod bad_input;
mod point_in_time;
mod sources;

use std::path::{Path, PathBuf};

use base::{Day, Ts};
use lake::ingest::{Outcome, Request, Stamp, ingest};
use lake::{Adjusted, Append, Error, Lake, Origin, Source};
use market::{Calendar, Candle};

/// A time long after all rows of these tests.
pub(crate) fn late() -> Ts {
    Ts::from_seconds(4_000_000_000)
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn candle(day: &str, close: f64) -> Candle {
    let day = self::day(day);
    Candle { day, open: close, high: close + 1.0, low: close - 1.0, close, volume: 1_000.0 }
}

pub(crate) fn append(dataset: &str, name: &str) -> Append {
    Append {
        dataset: dataset.to_owned(),
        source: Source {
            name: name.to_owned(),
            bytes: 0,
            sha256: base::Digest::of(name.as_bytes()),
        },
        read_as: "test".to_owned(),
        origin: Origin::Recorded,
        adjusted: Adjusted::None,
        at: Ts::from_seconds(1_700_000_000),
    }
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn take_in(lake: &Lake, path: &Path) -> Result<Outcome, Error> {
    let request = Request {
        path: path.to_owned(),
        dataset: "test".to_owned(),
        names: Default::default(),
        adjusted: Adjusted::None,
        calendar: Some(Calendar::of("XNYS").unwrap()),
        stamp: Stamp::Start,
        at: Ts::from_seconds(1_700_000_000),
    };
    ingest(lake, &request, &|_, _| {})
}
