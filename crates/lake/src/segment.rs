//! Writes the Parquet files of one append, hashing bytes and values on the way.
//!
//! Files lie in the table folder but belong to no version until the commit names them. If the
//! append fails or is dropped, they are deleted; after a crash the next append deletes them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use base::hash::Hasher;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::content::ContentHasher;
use crate::{Error, FileEntry, Table};

/// Rows after which the next file begins: about 150 MB.
const ROWS_A_FILE: u64 = 4_000_000;
/// Rows that are collected before their row groups are encoded, all threads at once.
const ROWS_A_WAVE: usize = 1 << 17;

/// Writes files until [`SegmentWriter::finish`]; deletes them when dropped before that.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    table: Table,
    table_folder: PathBuf,
    stem: String,
    open: Option<OpenSegment>,
    done: Vec<FileEntry>,
    keep: bool,
}

#[derive(Debug)]
struct OpenSegment {
    relative: String,
    path: PathBuf,
    file: SerializedFileWriter<HashingFile>,
    encoders: ArrowRowGroupWriterFactory,
    content: ContentHasher,
    rows: u64,
    // Row groups wait twice: to be encoded, and to be written while the next are encoded.
    waiting: Vec<RecordBatch>,
    encoded: Vec<Vec<ArrowColumnChunk>>,
}

#[derive(Debug)]
struct HashingFile {
    file: BufWriter<File>,
    hasher: Hasher,
    bytes: u64,
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl SegmentWriter {
    /// Files named `dataset=<dataset>/part-<id>-<n>.parquet` under the table folder.
    pub(crate) fn new(table: Table, table_folder: &Path, dataset: &str, id: &str) -> SegmentWriter {
        let id: String = id.chars().take(24).collect();
        SegmentWriter {
            table,
            table_folder: table_folder.to_owned(),
            stem: format!("dataset={dataset}/part-{id}"),
            open: None,
            done: Vec::new(),
            keep: false,
        }
    }

    /// Writes one row group.
    pub(crate) fn write_group(&mut self, batch: RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.open.is_none() {
            self.open = Some(self.begin()?);
        }
        let Some(open) = self.open.as_mut() else { return Ok(()) };
        open.rows += batch.num_rows() as u64;
        open.waiting.push(batch);
        if open.waiting.iter().map(RecordBatch::num_rows).sum::<usize>() >= ROWS_A_WAVE {
            open.wave().map_err(|e| Error::encode(&open.path, e))?;
        }
        if open.rows >= ROWS_A_FILE {
            self.close_open()?;
        }
        Ok(())
    }

    /// Closes the last file and hands over the list; the files stay.
    pub(crate) fn finish(mut self) -> Result<Pending, Error> {
        self.close_open()?;
        self.keep = true;
        Ok(Pending {
            table_folder: self.table_folder.clone(),
            segments: std::mem::take(&mut self.done),
            keep: false,
        })
    }

    fn begin(&self) -> Result<OpenSegment, Error> {
        let relative = format!("{}-{:05}.parquet", self.stem, self.done.len());
        let path = self.table_folder.join(&relative);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::write(folder, e))?;
        }
        let file = File::create(&path).map_err(|e| Error::write(&path, e))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        let sink = HashingFile { file, hasher: Hasher::default(), bytes: 0 };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(usize::MAX))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_dictionary_enabled(false)
            .set_column_dictionary_enabled("symbol".into(), true)
            .set_column_encoding("day".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("known".into(), Encoding::DELTA_BINARY_PACKED)
            .build();
        let writer = ArrowWriter::try_new(sink, self.table.schema(), Some(properties))
            .map_err(|e| Error::encode(&path, e))?;
        let (file, encoders) =
            writer.into_serialized_writer().map_err(|e| Error::encode(&path, e))?;
        Ok(OpenSegment {
            relative,
            path,
            file,
            encoders,
            content: ContentHasher::default(),
            rows: 0,
            waiting: Vec::new(),
            encoded: Vec::new(),
        })
    }

    fn close_open(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let (path, relative) = (open.path.clone(), open.relative.clone());
        let entry = open.close(relative).inspect_err(|_| {
            let _ = std::fs::remove_file(&path);
        })?;
        self.done.push(entry);
        Ok(())
    }
}

impl OpenSegment {
    /// Encodes what waits, while what was encoded before is written and values are hashed.
    fn wave(&mut self) -> Result<(), ParquetError> {
        let (waiting, ready) =
            (std::mem::take(&mut self.waiting), std::mem::take(&mut self.encoded));
        let (encoders, file, content) = (&self.encoders, &mut self.file, &mut self.content);
        let (encoded, written) = rayon::join(
            || encode(encoders, &waiting),
            || {
                content.update(&waiting);
                ready.into_iter().try_for_each(|group| write(file, group))
            },
        );
        written?;
        self.encoded = encoded?;
        Ok(())
    }

    fn close(mut self, relative: String) -> Result<FileEntry, Error> {
        // The second wave writes what the first encoded.
        let last = self.wave().and_then(|()| self.wave());
        let path = &self.path;
        last.map_err(|e| Error::encode(path, e))?;
        let sink = self.file.into_inner().map_err(|e| Error::encode(path, e))?;
        let file = sink.file.into_inner().map_err(|e| Error::write(path, e.into_error()))?;
        file.sync_all().map_err(|e| Error::write(path, e))?;
        let (rows, content) = self.content.finish();
        let (bytes, sha256) = (sink.bytes, sink.hasher.finish());
        Ok(FileEntry { path: relative, bytes, sha256, rows, content })
    }
}

/// Row groups to column chunks: each column of each group by itself.
fn encode(
    encoders: &ArrowRowGroupWriterFactory,
    groups: &[RecordBatch],
) -> Result<Vec<Vec<ArrowColumnChunk>>, ParquetError> {
    let group = |batch: &RecordBatch| {
        let columns: Vec<(usize, ArrowColumnWriter)> =
            encoders.create_column_writers(0)?.into_iter().enumerate().collect();
        let column = |(at, mut writer): (usize, ArrowColumnWriter)| {
            for leaf in compute_leaves(batch.schema_ref().field(at), batch.column(at))? {
                writer.write(&leaf)?;
            }
            writer.close()
        };
        columns.into_par_iter().map(column).collect()
    };
    groups.par_iter().map(group).collect()
}

fn write(
    file: &mut SerializedFileWriter<HashingFile>,
    group: Vec<ArrowColumnChunk>,
) -> Result<(), ParquetError> {
    let mut writer = file.next_row_group()?;
    for chunk in group {
        chunk.append_to_row_group(&mut writer)?;
    }
    writer.close()?;
    Ok(())
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Some(open) = self.open.take() {
            let _ = std::fs::remove_file(&open.path);
        }
        remove(&self.table_folder, &self.done);
    }
}

/// Files written but not yet committed; deleted when dropped before [`Pending::keep`].
pub(crate) struct Pending {
    table_folder: PathBuf,
    /// The files.
    pub segments: Vec<FileEntry>,
    keep: bool,
}

impl Pending {
    /// The commit named them: they stay.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.keep {
            remove(&self.table_folder, &self.segments);
        }
    }
}

// A failed deletion leaves a file that no version names; the next append deletes it.
fn remove(table_folder: &Path, segments: &[FileEntry]) {
    for segment in segments {
        let _ = std::fs::remove_file(table_folder.join(&segment.path));
    }
}
