//! Order books: the words they are spoken of in, and the books themselves.
//!
//! A recorded feed, a simulated market and a live one all become [`DepthMessage`]s, in the order
//! in which they could be seen. Prices are whole [`Ticks`] and sizes whole [`Lots`] of a
//! [`Grid`], so that comparing, summing and looking up are exact and fast. What a feed should
//! not have said is a [`Fault`]: refused, counted by kind, explained, never guessed around.
//!
//! A book is kept as deep as its feed tells it: [`Top`] holds the best prices, [`Ladder`] the
//! size at each price, [`Orders`] every order in its queue.
//!
//! Start reading at [`message`], then [`ladder`].

pub mod band;
pub mod fault;
pub mod grid;
mod judge;
pub mod ladder;
pub mod message;
pub mod orders;
pub mod queues;
pub mod table;
pub mod top;

pub use band::Band;
pub use fault::{Fault, FaultCounts};
pub use grid::{Grid, Lots, Ticks};
pub use judge::FARTHEST;
pub use ladder::Ladder;
pub use message::{BookSide, DepthChange, DepthMessage, OrderKey, Packet};
pub use orders::Orders;
pub use queues::{Level, Queues, Resting, Slot};
pub use table::KeyTable;
pub use top::Top;
