//! Market data: append-only tables on disk, where each row says when it became known.
//!
//! **For**: taking in files of many layouts through a quality gate, keeping them so that any past
//! version reads back exactly, and giving out only what was known at a stated time.
//! **Must never know**: features, models, strategies, orders. It does I/O on a folder and nothing
//! else; it never asks what time it is, its caller says.
//! **Start reading** at [`Lake`], then [`ingest`], then [`read`].

// This room is where files of market data are read and written.
#![allow(clippy::disallowed_methods)]

mod content;
mod error;
mod frame;
pub mod ingest;
mod log;
mod manifest;
pub mod read;
mod rows;
mod segment;
mod sql;
mod table;
mod verify;
mod writer;

use std::path::{Path, PathBuf};

pub use error::Error;
pub use frame::{Column, Frame};
pub use manifest::{Adjusted, DataVersion, FileEntry, Finding, Manifest, Origin, Quality, Source};
pub use rows::{FundamentalRow, InstrumentRow, MacroRow, ShortBar};
pub use sql::Answer;
pub use table::Table;
pub use verify::{Fault, Verified};
pub use writer::{Append, Writer};

/// A folder of tables.
#[derive(Debug, Clone)]
pub struct Lake {
    root: PathBuf,
}

impl Lake {
    /// The lake in a folder, which need not exist yet. Nothing is read or written.
    pub fn at(root: impl Into<PathBuf>) -> Lake {
        Lake { root: root.into() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All appends to a table, oldest first.
    pub fn manifests(&self, table: Table) -> Result<Vec<Manifest>, Error> {
        let commits = log::commits(&self.folder(table))?;
        Ok(commits.into_iter().filter_map(|commit| commit.manifest).collect())
    }

    /// The append of this name, where it was made before.
    pub fn find_append(&self, table: Table, id: &str) -> Result<Option<Manifest>, Error> {
        Ok(self.manifests(table)?.into_iter().find(|manifest| manifest.id == id))
    }

    fn folder(&self, table: Table) -> PathBuf {
        self.root.join(table.name())
    }
}
