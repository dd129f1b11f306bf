//! A venue of one instrument: an order book that matches.
//!
//! Price first, then displayed before hidden, then time. A [`Venue`] takes one command at a time,
//! carries it out wholly (the stops it wakes and the pegged orders it moves included), and writes
//! what came of it to the caller's [`Outbox`]: events, and on request the messages that a feed
//! would show. It draws nothing at random and asks no clock; one sequence of commands gives one
//! sequence of events.
//!
//! Start reading at [`order`], then [`venue`].

mod amend;
pub mod auction;
mod check;
pub mod event;
mod kill;
mod matching;
pub mod order;
mod pegs;
mod rest;
mod roster;
mod snapshot;
mod stops;
#[cfg(test)]
mod tests;
pub mod venue;

pub use auction::Indication;
pub use event::{CancelReason, FeedDepth, Outbox, Priority, RejectReason, Trade, VenueEvent};
pub use order::{
    Command, Display, Guard, Kind, Life, NewOrder, Owner, PegTo, Phase, Posting, Session,
};
pub use venue::{Venue, VenueConfig, Waiting};
