//! Recorded order-book and option files, read into the words of [`market::depth`].
//!
//! **For**: bytes of a file in, messages out, in the order of the recording. A damaged file gives
//! a clear error that says where; a strange message is counted, never repaired.
//! **Must never know**: what is done with the messages. It opens no file: bytes come in through
//! [`std::io::Read`].

pub mod options;

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
}
