//! Manifests: what one append was, so that it can be proven later.

use std::collections::BTreeMap;
use std::fmt;

use base::{Day, Digest, Ts};
use serde::{Deserialize, Serialize};

/// What has already been done to the prices of a dataset by its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjusted {
    /// Raw prices, as traded.
    #[default]
    None,
    /// Prices divided by later splits.
    Splits,
    /// Prices rescaled for later splits and dividends.
    SplitsDividends,
}

impl fmt::Display for Adjusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Adjusted::None => "raw",
            Adjusted::Splits => "splits",
            Adjusted::SplitsDividends => "splits and dividends",
        })
    }
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A market.
    #[default]
    Recorded,
    /// A generator. Everything made of it must say so.
    Synthetic,
}

/// Where the rows of an append were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its path, or the generator's name and settings.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// Their hash, or that of the settings.
    pub sha256: Digest,
}

/// One file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path inside the table folder.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Their hash.
    pub sha256: Digest,
    /// Its rows.
    pub rows: u64,
    /// Hash of the values, whatever their encoding.
    pub content: Digest,
}

/// One append to one table. Kept in the commit itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Hash of the source and of how it was read. The same again is a no-op.
    pub id: String,
    /// The table.
    pub table: String,
    /// The dataset.
    pub dataset: String,
    /// Where the rows come from.
    pub source: Source,
    /// How the source was read: layout and columns.
    pub read_as: String,
    /// Recorded or synthetic.
    pub origin: Origin,
    /// What the source did to the prices.
    pub adjusted: Adjusted,
    /// First and last day in it.
    pub days: Option<(Day, Day)>,
    /// Earliest and latest `known` in it.
    pub known: Option<(Ts, Ts)>,
    /// Rows appended.
    pub rows: u64,
    /// What the quality gate said.
    pub quality: Quality,
    /// Files appended.
    pub files: Vec<FileEntry>,
    /// Version of the table after this append.
    pub version: u64,
}

/// What the quality gate found in one source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Rows read.
    pub rows_in: u64,
    /// Rows refused, by reason; they are in the table `quarantine`.
    pub quarantined: BTreeMap<String, Finding>,
    /// Rows kept though something about them is odd.
    pub flagged: BTreeMap<String, Finding>,
}

/// How often something was found, and where first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Finding {
    /// How often.
    pub count: u64,
    /// The first few places: symbol and day.
    pub examples: Vec<String>,
}

/// Places kept of each finding.
const EXAMPLES: usize = 5;

impl Finding {
    /// Counts one more.
    pub(crate) fn add(&mut self, place: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(place());
        }
    }
}

/// Names exact data: a table, its version, and a hash over the hashes of the files read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataVersion {
    /// The table.
    pub table: String,
    /// The dataset.
    pub dataset: String,
    /// Version of the table at which the dataset last changed.
    pub version: u64,
    /// Hash over the file hashes, in the order of the log.
    pub hash: Digest,
    /// Recorded or synthetic.
    pub origin: Origin,
    /// What the source did to the prices.
    pub adjusted: Adjusted,
    /// The same of the dataset's corporate actions, where it has any: adjusted prices hang on them.
    pub actions: Option<(u64, Digest)>,
}

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataVersion { table, dataset, version, hash, .. } = self;
        write!(f, "{table}/{dataset}@{version}#{}", hash.short())?;
        match &self.actions {
            Some((version, hash)) => write!(f, "+actions@{version}#{}", hash.short()),
            None => Ok(()),
        }
    }
}
