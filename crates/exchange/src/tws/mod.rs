//! The socket protocol of TWS over the same account: another broker's words for the same orders,
//! positions and bars.
//!
//! It is free of any network. [`Frames`] cuts bytes into messages, a [`Hall`] answers them for
//! all lines, and what goes out is bytes again. What a client calls its orders, and every trade by
//! its name, stands in the [`Book`], which is kept as one with the account's state. The messages
//! themselves are in `messages`; only the door of this room reads and writes them.
//!
//! Start reading at [`Hall::hear`], then `orders` and `told`.

mod account;
mod book;
mod chains;
mod combos;
mod commission;
mod contracts;
mod frames;
mod hall;
mod history;
mod lines;
mod messages;
mod orders;
mod refusals;
mod shown;
mod stream;
mod terms;
mod times;
mod told;
mod wants;

pub(crate) use book::Book;
pub(crate) use frames::{Fault, Frames, Said};
pub use hall::{Hall, LineId, Out};
pub use lines::Lines;

#[cfg(test)]
pub(crate) mod tests;
