//! Databento Binary Encoding, versions 1 to 3, plain or compressed with Zstandard.
//!
//! What the venue says about single orders (`mbo`) becomes words about orders. Trades (`T`) and
//! fills (`F`) change no book in this format: a cancel or a change of the order follows in the
//! same event (databento.com/docs, "State management of resting orders"). A cancel of an order
//! that a fill of the same event named is therefore told as [`DepthChange::Execute`], any other
//! as [`DepthChange::Reduce`]; a changed order is told as [`DepthChange::Replace`], filled or not,
//! because only the venue knows whether an iceberg refilled it.
//! Best quotes and levels (`mbp-1`, `mbp-10`, `bbo`, `cmbp-1` and kin) become words about levels,
//! said only where they changed.
//!
//! [`DepthChange::Execute`]: market::depth::DepthChange::Execute
//! [`DepthChange::Reduce`]: market::depth::DepthChange::Reduce
//! [`DepthChange::Replace`]: market::depth::DepthChange::Replace

mod definition;
mod head;
mod mbo;
mod quotes;
mod reader;
mod record;
mod write;

pub use definition::{Definition, definitions};
pub use head::{Head, Listed};
/// Data set of files that this platform made itself; no venue has that name.
pub const SYNTHETIC: &str = "SYNTHETIC";

pub use reader::{Options, Pick, Reader};
pub use write::{INSTRUMENT, Writer};
