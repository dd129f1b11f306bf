//! Recordings as LOBSTER ships them: one text of messages and one of the book after each, or
//! both in one Parquet table.
//!
//! Messages: seconds after midnight in New York, type, order, size, price × 10,000, direction of
//! the resting order (1 buys). Types: 1 new, 2 part taken back, 3 deleted, 4 executed, 5 executed
//! while hidden, 6 traded in a cross, 7 halt. Book: ask price, ask size, bid price, bid size for
//! each level (lobsterdata.com, "Data structure").
//!
//! The text of messages leaves out orders that rested before it begins or lie deeper than its
//! levels, so a book of orders is not whole; the book's columns are. [`Words`] chooses between
//! the two. The columns also verify the messages: [`Agreement`].

mod agree;
mod reader;
mod row;

pub use agree::Agreement;
pub use reader::{Options, Reader, Words};
pub use row::day_of;
