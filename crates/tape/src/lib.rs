//! Recorded order-book and option files, read into the words of [`market::depth`].
//!
//! **For**: bytes of a file in, messages out, in the order of the recording. A damaged file gives
//! a clear error that says where; a strange message is counted, never repaired.
//! **Must never know**: what is done with the messages. It opens no file: bytes come in through
//! [`std::io::Read`].
//! **Start reading** at [`messages`], then [`dbn`]; [`recording`] opens all formats alike.

pub mod binance;
pub mod bitstamp;
pub mod dbn;
mod decimal;
pub mod lean;
mod lines;
pub mod lobster;
pub mod messages;
pub mod options;
pub mod pack;
pub mod recording;
mod rows;
mod table;
pub mod unpack;

pub use messages::Messages;
pub use recording::Recording;

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes end or break off in the middle of a record.
    #[error("read record {record}: {fault}")]
    ReadRecord {
        /// Which record, from 0.
        record: u64,
        /// What is wrong.
        fault: String,
    },
    /// A line of text that is not what its format says.
    #[error("read line {line}: {fault}")]
    ReadLine {
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        fault: String,
    },
    /// The file's beginning, which says what follows.
    #[error("read the head of the {format} file: {fault}")]
    ReadHead {
        /// The format.
        format: &'static str,
        /// What is wrong and what to do.
        fault: String,
    },
    /// The bytes don't come any more.
    #[error("read bytes after {offset}")]
    ReadBytes {
        /// Bytes that came before.
        offset: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds several instruments, and none was chosen.
    #[error("choose an instrument of {known}: one at a time is read; name one")]
    ChooseInstrument {
        /// What there is.
        known: String,
    },
    /// Messages can't be written in that format.
    #[error("write {format}: {fault}")]
    Write {
        /// The format.
        format: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// A grid that the prices of the file can't have.
    #[error("find the grid of the file: {fault}")]
    FindGrid {
        /// What is wrong and what to do.
        fault: String,
    },
}
