//! A simulated market and account, served as brokers serve them.
//!
//! **For**: programs that were written for a broker's interface and that shall run against a
//! made or a recorded market, unchanged. Today the interface of Alpaca, trading and market data,
//! and the socket protocol of TWS over the same account.
//! **Must never know**: what the wall clock shows, where bars and states are kept, features,
//! models, books. It listens where it is told to; the account lives in a [`Venue`], which is a
//! function of requests and of time and does no I/O; a `journal` of them is what is kept.
//! **Start reading** at [`venue`], then [`tape`], then [`serve`]; the other broker's words are in
//! [`tws`].

pub mod answer;
mod chunks;
mod figures;
pub mod journal;
pub mod serve;
pub mod tape;
pub mod tws;
pub mod venue;

pub use answer::{Answer, Method, Request};
pub use journal::{Keep, Replayed};
pub use serve::{Clock, Doors, Keys, Pace, Settings, Work, serve, serve_doors};
pub use tape::{Listing, Tape, TapeSource};
pub use tws::Lines;
pub use venue::{Commission, Opening, Snapshot, Turn, Venue};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A market that can't be replayed.
    #[error("open tape: {fault}")]
    OpenTape {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Two listings of one symbol.
    #[error("list instruments")]
    ListInstruments(#[source] market::Error),
    /// The synthetic market could not be made.
    #[error("make market")]
    MakeMarket(#[source] sim::Error),
    /// The calendar has no such exchange or no such day.
    #[error("look up trading calendar")]
    LookUpCalendar(#[source] market::Error),
    /// The account could not be opened.
    #[error("open account")]
    OpenAccount(#[source] sim::Error),
    /// A bar or a corporate action that the exchange refuses. The replay must stop.
    #[error("replay bar")]
    ReplayBar(#[source] sim::Error),
    /// The day on which the replay should begin is not on the tape.
    #[error("begin at {day}: the market covers {first} to {last}")]
    Begin {
        /// The day asked for.
        day: base::Day,
        /// First session.
        first: base::Day,
        /// Last session.
        last: base::Day,
    },
    /// A state that is none.
    #[error("read state")]
    ReadState(#[source] serde_json::Error),
    /// A state of another market, or of another version of the program.
    #[error("continue state: it is of {found}, not of {wanted}")]
    ContinueState {
        /// What the state is of.
        found: String,
        /// What it should be of.
        wanted: String,
    },
    /// The state could not be written as text.
    #[error("write state")]
    WriteState(#[source] serde_json::Error),
    /// A journal that was damaged, or is none.
    #[error("read journal at byte {at}: {fault}")]
    ReadJournal {
        /// Where.
        at: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A journal that does not follow the state, or that another program worked otherwise.
    #[error(
        "replay journal: it comes to change {found} where it should come to {wanted}; \
         it is of another state, or of another version of the program"
    )]
    ReplayJournal {
        /// The change that it should come to.
        wanted: u64,
        /// The change that it comes to.
        found: u64,
    },
    /// A change could not be kept. Nothing was answered that was not kept before.
    #[error("keep state")]
    KeepState(#[source] std::io::Error),
    /// The server could not be started or broke.
    #[error("serve")]
    Serve(#[source] std::io::Error),
    /// The thread that holds the account ended before the server did.
    #[error("work the account: its thread ended")]
    WorkAccount,
}
