//! What can go wrong in this room. The variant names the operation that failed.

use std::io;
use std::path::{Path, PathBuf};

/// Any cause.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An operation on the lake that failed: where, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder or file of the lake or of a source can't be read.
    #[error("read {path}: {advice}")]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the lake can't be written. Nothing was committed.
    #[error("write {path}: {advice}; nothing was committed")]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process writes to this lake.
    #[error("lock {path}: another process writes to this lake; wait for it or stop it")]
    Lock {
        /// The lock file.
        path: PathBuf,
    },
    /// A Parquet file can't be read.
    #[error("read parquet {path}: the file is truncated, damaged or not Parquet; fetch it again")]
    ReadParquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Rows can't be encoded.
    #[error("encode rows for {path}; nothing was committed")]
    EncodeRows {
        /// The file being made.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A zip archive can't be read.
    #[error("read zip {path}: the archive is truncated or damaged; fetch it again")]
    ReadZip {
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The transaction log does not say what it must.
    #[error("read log {path}: {fault}")]
    ReadLog {
        /// The log file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// The name of a dataset is not usable as a folder name.
    #[error("name dataset {name:?}: use 1 to 64 of a-z, 0-9 and _")]
    NameDataset {
        /// The name given.
        name: String,
    },
    /// A dataset that no append has written.
    #[error(
        "find dataset {name:?} in table {table}: there is {known}; `trimtab data ls` lists all"
    )]
    FindDataset {
        /// The dataset asked for.
        name: String,
        /// The table.
        table: &'static str,
        /// The datasets there are.
        known: String,
    },
    /// A version that the table does not have.
    #[error("find version {wanted} of table {table}: the newest is {newest}")]
    FindVersion {
        /// The version asked for.
        wanted: u64,
        /// The table.
        table: &'static str,
        /// The newest there is.
        newest: u64,
    },
    /// A symbol that a dataset does not have.
    #[error("find symbol {symbol:?} in {dataset}{hint}")]
    FindSymbol {
        /// The symbol.
        symbol: String,
        /// The dataset.
        dataset: String,
        /// Near ones, as a question.
        hint: String,
    },
    /// The columns of a source can't be told apart or are missing.
    #[error("map columns of {path}: {fault}")]
    MapColumns {
        /// The source.
        path: PathBuf,
        /// What is wrong and what to give.
        fault: String,
    },
    /// A source holds nothing that can be kept.
    #[error("ingest {path}: {fault}")]
    Ingest {
        /// The source.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A file or an answer that is no table of named columns.
    #[error("read columns of {what}: {fault}")]
    ReadFrame {
        /// The file, or the answer to a question.
        what: String,
        /// What is wrong and where.
        fault: String,
    },
    /// Rows handed to a writer out of order.
    #[error("append symbol {symbol:?}: {fault}")]
    AppendSymbol {
        /// The symbol.
        symbol: String,
        /// What is wrong.
        fault: String,
    },
    /// A query in SQL that can't be answered.
    #[error("answer sql")]
    AnswerSql(#[source] Box<datafusion::error::DataFusionError>),
    /// The thread that runs queries can't be started.
    #[error("start query runtime")]
    StartRuntime(#[source] io::Error),
    /// A calendar refused.
    #[error("ask calendar")]
    AskCalendar(#[from] market::Error),
}

impl Error {
    pub(crate) fn read(path: &Path, source: io::Error) -> Error {
        let advice = match source.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the path",
            io::ErrorKind::PermissionDenied => "no permission to read; check owner and mode",
            io::ErrorKind::NotADirectory => "a file is in the way; choose another folder",
            _ => "the disk refused; check it and try again",
        };
        Error::ReadFile { path: path.to_owned(), advice, source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Error {
        let advice = match source.kind() {
            io::ErrorKind::StorageFull => "the disk is full; free space or choose another folder",
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                "the folder is read-only; make it writable or choose another one"
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "something is in the way; choose another folder"
            }
            _ => "the disk refused; check it and try again",
        };
        Error::WriteFile { path: path.to_owned(), advice, source }
    }

    pub(crate) fn parquet(path: &Path, source: impl Into<Cause>) -> Error {
        Error::ReadParquet { path: path.to_owned(), source: source.into() }
    }

    /// A failed write hidden in a Parquet error comes out as what it is: a full disk, for example.
    pub(crate) fn encode(path: &Path, source: parquet::errors::ParquetError) -> Error {
        if let parquet::errors::ParquetError::External(inner) = source {
            return match inner.downcast::<io::Error>() {
                Ok(io) => Error::write(path, *io),
                Err(source) => Error::EncodeRows { path: path.to_owned(), source },
            };
        }
        Error::EncodeRows { path: path.to_owned(), source: Box::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_full_disk_is_named() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let fault = full.write_all(b"x").unwrap_err();
        let error = Error::write(Path::new("/dev/full"), fault);
        assert!(error.to_string().contains("disk is full"), "{error}");
    }

    #[test]
    fn a_full_disk_is_named_through_the_parquet_encoder() {
        let io = io::Error::from(io::ErrorKind::StorageFull);
        let fault = parquet::errors::ParquetError::External(Box::new(io));
        let error = Error::encode(Path::new("part-0.parquet"), fault);
        assert!(matches!(error, Error::WriteFile { .. }), "{error}");
    }
}
