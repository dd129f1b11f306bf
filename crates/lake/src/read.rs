//! Reads of what was known at a time.
//!
//! There is no other way to read bars, series or figures: every read goes through [`AsOf`], which
//! hides rows that became known later, and of several rows for one day shows the one that was
//! known last by then (DAT-2).

mod bars;
mod small;

pub use bars::{Bars, DailyQuery, IntradayBar};

use base::{Digest, Ts};

use crate::log::{self, Commit};
use crate::{DataVersion, Error, Lake, Manifest, Table};

/// The lake as it was known at one time.
#[derive(Debug, Clone, Copy)]
pub struct AsOf<'a> {
    pub(crate) lake: &'a Lake,
    pub(crate) known_by: Ts,
}

impl Lake {
    /// The lake as it was known at that time.
    pub fn as_of(&self, known_by: Ts) -> AsOf<'_> {
        AsOf { lake: self, known_by }
    }

    /// Names of the datasets of a table, in order.
    pub fn datasets(&self, table: Table) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> =
            self.manifests(table)?.into_iter().map(|manifest| manifest.dataset).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// The files of one dataset at one version of its table.
pub(crate) struct Pinned {
    /// Paths inside the table folder, oldest first.
    pub files: Vec<String>,
    /// Their version.
    pub version: DataVersion,
}

/// Pins the files of a dataset, at the newest version or at an older one.
pub(crate) fn pin(
    lake: &Lake,
    table: Table,
    dataset: &str,
    version: Option<u64>,
) -> Result<Pinned, Error> {
    let commits = log::commits(&lake.folder(table))?;
    let newest = commits.len().saturating_sub(1) as u64;
    if let Some(wanted) = version.filter(|wanted| *wanted > newest) {
        return Err(Error::FindVersion { wanted, table: table.name(), newest });
    }
    let last = version.unwrap_or(newest);
    let commits: Vec<Commit> = commits.into_iter().filter(|c| c.version <= last).collect();
    let of_dataset = |m: &&Manifest| m.dataset == dataset;
    let manifests: Vec<&Manifest> =
        commits.iter().filter_map(|c| c.manifest.as_ref()).filter(of_dataset).collect();
    let Some(newest) = manifests.last() else {
        return Err(unknown_dataset(&commits, table, dataset));
    };
    let mut hasher = base::hash::Hasher::default();
    for file in manifests.iter().flat_map(|m| &m.files) {
        hasher.update(file.sha256.as_str().as_bytes());
    }
    let hash: Digest = hasher.finish();
    let added = commits.iter().flat_map(|c| &c.added).filter(|a| a.dataset == dataset);
    Ok(Pinned {
        files: added.map(|a| a.path.clone()).collect(),
        version: DataVersion {
            table: table.name().to_owned(),
            dataset: dataset.to_owned(),
            // Not the table's: other datasets must not change the name of this one's data.
            version: newest.version,
            hash,
            origin: newest.origin,
            adjusted: newest.adjusted,
            actions: None,
        },
    })
}

fn unknown_dataset(commits: &[Commit], table: Table, dataset: &str) -> Error {
    let mut known: Vec<&str> = commits
        .iter()
        .filter_map(|c| c.manifest.as_ref())
        .map(|manifest| manifest.dataset.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    Error::FindDataset { name: dataset.to_owned(), table: table.name(), known }
}
