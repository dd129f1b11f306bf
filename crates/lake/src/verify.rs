//! Proves that every version still reads back as it was written.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base::{Day, Digest};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::content::ContentHasher;
use crate::{Error, FileEntry, Lake, Table, log};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Version of the table that added it.
    pub version: u64,
    /// What is wrong.
    pub fault: String,
}

/// What was looked at, and what was wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Versions that read back exactly.
    pub versions: u64,
    /// Files whose bytes and values have the hashes in their manifests.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// What is not as it was written; empty when all is well.
    pub faults: Vec<Fault>,
}

impl Lake {
    /// Reads all files of all versions: the bytes against their hashes, the values against
    /// theirs, the files of the log against those of the manifest. `told` hears of each file.
    pub fn verify(&self, told: &dyn Fn(&Path)) -> Result<Verified, Error> {
        let mut verified = Verified::default();
        for table in Table::ALL {
            let folder = self.folder(table);
            for commit in log::commits(&folder)? {
                let version = commit.version;
                let before = verified.faults.len();
                let mut fault = |path: PathBuf, fault: String| {
                    verified.faults.push(Fault { path, version, fault });
                };
                let Some(manifest) = commit.manifest else {
                    fault(folder.clone(), "this version has no manifest".to_owned());
                    continue;
                };
                let listed: Vec<&str> = commit.added.iter().map(|a| a.path.as_str()).collect();
                let told_of: Vec<&str> = manifest.files.iter().map(|f| f.path.as_str()).collect();
                if listed != told_of || manifest.version != version {
                    fault(folder.clone(), "log and manifest name different files".to_owned());
                }
                let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
                if rows != manifest.rows {
                    fault(folder.clone(), format!("{rows} rows in files, {} told", manifest.rows));
                }
                for entry in &manifest.files {
                    let path = folder.join(&entry.path);
                    told(&path);
                    if let Some(found) = check(&path, entry) {
                        fault(path, found);
                    } else {
                        verified.files += 1;
                        verified.rows += entry.rows;
                        verified.bytes += entry.bytes;
                    }
                }
                if verified.faults.len() == before {
                    verified.versions += 1;
                }
            }
        }
        Ok(verified)
    }

    /// First and last day over all appends to a dataset.
    pub fn days_of(&self, table: Table, dataset: &str) -> Result<Option<(Day, Day)>, Error> {
        let manifests = self.manifests(table)?;
        let days = manifests.iter().filter(|m| m.dataset == dataset).filter_map(|m| m.days);
        Ok(days.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
    }
}

/// What is wrong with a file, if anything.
fn check(path: &Path, entry: &FileEntry) -> Option<String> {
    match hash(path) {
        Err(fault) => return Some(format!("can't be read: {fault}")),
        Ok(found) if found != entry.sha256 => {
            return Some(format!(
                "its bytes hash to {}, not {}",
                found.short(),
                entry.sha256.short()
            ));
        }
        Ok(_) => {}
    }
    match content(path) {
        Err(fault) => Some(format!("can't be decoded: {fault}")),
        Ok((rows, digest)) if rows != entry.rows || digest != entry.content => {
            Some(format!("its {rows} rows are not the {} that were written", entry.rows))
        }
        Ok(_) => None,
    }
}

pub(crate) fn hash(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = base::hash::Hasher::default();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn content(path: &Path) -> Result<(u64, Digest), crate::error::Cause> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mut hasher = ContentHasher::default();
    for batch in reader.with_batch_size(1 << 16).build()? {
        hasher.update(&[batch?]);
    }
    Ok(hasher.finish())
}
