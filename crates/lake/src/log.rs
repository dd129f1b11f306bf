//! The transaction log of a table, in the Delta Lake protocol: which files each version has.
//!
//! The log is plain JSON, one file a version (github.com/delta-io/delta, PROTOCOL.md, "Delta Log
//! Entries"). The tables are append-only (`delta.appendOnly`, writer version 2) and their log is
//! never cleaned, so the files of version n are those added by commits 0 to n. That is all of the
//! protocol that such a table needs; any engine that speaks Delta reads it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use base::Ts;
use serde::Deserialize;
use serde_json::json;

use crate::segment::Pending;
use crate::{Error, Manifest, Table};

/// Key of our manifest in the metadata of a commit.
const MANIFEST_KEY: &str = "trimtab.manifest";

/// A file added by a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Added {
    /// Path inside the table folder.
    pub path: String,
    /// Its dataset.
    pub dataset: String,
}

/// One version of a table.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    /// Its number.
    pub version: u64,
    /// The files it added.
    pub added: Vec<Added>,
    /// Our manifest, where the commit is one of our appends.
    pub manifest: Option<Manifest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddLine {
    path: String,
    #[serde(default)]
    partition_values: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    add: Option<AddLine>,
    remove: Option<serde_json::Value>,
    commit_info: Option<serde_json::Map<String, serde_json::Value>>,
}

fn entry(table_folder: &Path, version: u64) -> PathBuf {
    table_folder.join("_delta_log").join(format!("{version:020}.json"))
}

/// All commits of a table, oldest first; none where the table does not exist yet.
pub(crate) fn commits(table_folder: &Path) -> Result<Vec<Commit>, Error> {
    let mut commits = Vec::new();
    for version in 0.. {
        let path = entry(table_folder, version);
        match std::fs::read_to_string(&path) {
            Ok(text) => commits.push(read_commit(&path, version, &text)?),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => break,
            Err(fault) => return Err(Error::read(&path, fault)),
        }
    }
    Ok(commits)
}

fn read_commit(path: &Path, version: u64, text: &str) -> Result<Commit, Error> {
    let fault = |fault: String| Error::ReadLog { path: PathBuf::from(path), fault };
    let mut commit = Commit { version, added: Vec::new(), manifest: None };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|e| fault(e.to_string()))?;
        if line.remove.is_some() {
            return Err(fault("a file was removed, but the tables are append-only".to_owned()));
        }
        if let Some(add) = line.add {
            let dataset = add.partition_values.get("dataset").cloned().flatten();
            commit.added.push(Added { path: add.path, dataset: dataset.unwrap_or_default() });
        }
        if let Some(found) = line.commit_info.as_ref().and_then(|info| info.get(MANIFEST_KEY)) {
            let text = found.as_str().ok_or_else(|| fault("manifest is not a text".to_owned()))?;
            let manifest = serde_json::from_str(text).map_err(|e| fault(e.to_string()))?;
            commit.manifest = Some(manifest);
        }
    }
    Ok(commit)
}

/// Appends the files to the table: the one moment at which they come to be. The manifest must
/// name the version that comes next. If another writer was faster nothing happens.
pub(crate) fn append(
    table: Table,
    table_folder: &Path,
    (manifest, pending): (&Manifest, Pending),
    at: Ts,
) -> Result<(), Error> {
    let millis = at.micros() / 1_000;
    let mut lines = Vec::new();
    if manifest.version == 0 {
        lines.push(json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}));
        lines.push(json!({"metaData": metadata(table, millis)}));
    }
    for file in &manifest.files {
        lines.push(json!({"add": {
            "path": file.path,
            "partitionValues": {"dataset": manifest.dataset},
            "size": file.bytes,
            "modificationTime": millis,
            "dataChange": true,
            "stats": json!({"numRecords": file.rows}).to_string(),
        }}));
    }
    let text = serde_json::to_string(manifest).unwrap_or_default();
    lines.push(json!({"commitInfo": {
        "timestamp": millis,
        "operation": "WRITE",
        "operationParameters": {"mode": "Append", "partitionBy": "[\"dataset\"]"},
        "engineInfo": concat!("trimtab ", env!("CARGO_PKG_VERSION")),
        MANIFEST_KEY: text,
    }}));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    publish(&entry(table_folder, manifest.version), &text)?;
    pending.keep();
    Ok(())
}

/// Puts a whole entry in place, or nothing: written aside, then linked, which fails where another
/// writer has taken the number.
fn publish(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|e| Error::write(folder, e))?;
    let aside = path.with_extension(format!("{}.part", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&aside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::hard_link(&aside, path));
    let _ = std::fs::remove_file(&aside);
    written.map_err(|e| Error::write(path, e))
}

fn metadata(table: Table, millis: i64) -> serde_json::Value {
    let mut fields: Vec<serde_json::Value> = table
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let kind = match field.data_type() {
                DataType::Utf8 => "string",
                DataType::Date32 => "date",
                DataType::Float64 => "double",
                DataType::Int32 => "integer",
                DataType::Int64 => "long",
                _ => "timestamp",
            };
            json!({"name": field.name(), "type": kind, "nullable": field.is_nullable(),
                   "metadata": {}})
        })
        .collect();
    fields.push(json!({"name": "dataset", "type": "string", "nullable": false, "metadata": {}}));
    let id = base::Digest::of(format!("{}/{millis}", table.name()).as_bytes());
    let hex = id.as_str();
    json!({
        "id": format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]),
        "name": table.name(),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json!({"type": "struct", "fields": fields}).to_string(),
        "partitionColumns": ["dataset"],
        "createdTime": millis,
        "configuration": {"delta.appendOnly": "true"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_file_is_an_error_not_a_smaller_table() {
        let text = "{\"remove\":{\"path\":\"a.parquet\"}}\n";
        let error = read_commit(Path::new("0.json"), 0, text).unwrap_err();
        assert!(error.to_string().contains("append-only"));
    }

    #[test]
    fn a_file_carries_its_dataset() {
        let text = "{\"add\":{\"path\":\"dataset=x/a\",\"partitionValues\":{\"dataset\":\"x\"}}}";
        let commit = read_commit(Path::new("0.json"), 0, text).unwrap();
        assert_eq!(commit.added[0].dataset, "x");
    }

    #[test]
    fn a_taken_number_is_refused_and_the_first_entry_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = entry(folder.path(), 3);
        publish(&path, "first").unwrap();
        assert!(publish(&path, "second").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
