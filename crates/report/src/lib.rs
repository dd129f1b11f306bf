//! Numbers to self-contained pages.
//!
//! **For**: reports that a trader reads and can trust: each figure stands on its data version,
//! each number has its interval, and what is synthetic says so.
//! **Must never know**: how a number was made, where a page is kept. No I/O; a page is a `String`.
//! **Start reading** at [`page`], then [`table`], then one chart such as [`chart::candles`].

pub mod chart;
pub mod html;
pub mod page;
pub mod provenance;
pub mod table;

pub use chart::Chart;
pub use page::{Page, Part, Section, Verdict};
pub use provenance::{Origin, Provenance};
pub use table::{Cell, Table, counted};
