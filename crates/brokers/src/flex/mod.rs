//! Statements of Interactive Brokers: a Flex Query's answer as typed records, fetched or from a
//! file, and held against what was booked here.
//!
//! [`read`] takes the XML apart. A file that is none, or has a document type (no statement has, and
//! entities hide there), is refused whole; a row with a number or a time that is none is a
//! [`Fault`] beside the rows that are well. Attributes that are not known are passed over, words
//! that are not known are kept as they are, and an execution told twice counts once.
//! [`compare`] says what is missing on either side and what differs, [`compare_ending`] what shares
//! and cash differ at the end. [`Errand`] fetches a statement
//! from the Flex Web Service.
//!
//! Of a query it needs, in "Trades", the executions with: Symbol, Conid, Asset Class, Currency,
//! Date/Time, Quantity, TradePrice, IB Commission and its currency, Buy/Sell, IB Execution ID,
//! Level of Detail and Order Reference. Dates are best written `yyyyMMdd`.
//!
//! Source: ibkrguides.com, "Flex Queries", "Activity Flex Query Reference"; "Flex Web Service".

mod compare;
mod decimals;
mod ending;
mod fields;
mod records;
mod rows;
mod service;
mod times;
mod web;
mod xml;

pub use compare::{Booked, Comparison, Difference, Differs, Tolerance, compare};
pub use ending::{Ending, compare_ending};
pub use records::{
    Asset, Cash as CashLine, CashKind, CorporateAction, Level, OpenClose, Position, Rate, Right,
    Side, Trade, Transfer,
};
pub use rows::{Fault, Report, Statement, read};
pub use service::{Errand, Fetch, Page, Patience, Refusal, Request, Step};
pub use times::{Moment, Reading, Slashes};
pub use web::Web;
