//! Order books: the words they are spoken of in, and the books themselves.
//!
//! A recorded feed, a simulated market and a live one all become [`DepthMessage`]s, in the order
//! in which they could be seen. Prices are whole [`Ticks`] and sizes whole [`Lots`] of a
//! [`Grid`], so that comparing, summing and looking up are exact and fast. What a feed should
//! not have said is a [`Fault`]: refused, counted by kind, explained, never guessed around.
//!
//! Start reading at [`message`].

pub mod fault;
pub mod grid;
pub mod message;

pub use fault::{Fault, FaultCounts};
pub use grid::{Grid, Lots, Ticks};
pub use message::{BookSide, DepthChange, DepthMessage, OrderKey, Packet};
