//! Wires to brokers: what the desk says becomes a broker's requests, and its answers what the desk
//! hears.
//!
//! **For**: one room a broker, each a [`market::remote::Wire`] that does no I/O of its own: the
//! network lies behind a port, so that the same code runs against the broker, the paper exchange
//! and a line that loses messages. Beside it the line over the real network, and the prices of a
//! running session ([`feed`]).
//! **Must never know**: books, models, plans, why an order is sent, where the journal lies.
//! **Start reading** at [`alpaca`] or [`ibkr`]; orders of option legs at [`spread`].

pub mod alpaca;
pub mod both;
mod clock;
pub mod feed;
pub mod flex;
pub mod gateway;
pub mod ibkr;
mod secret;
mod shelf;
pub mod spread;
mod thread;

pub use secret::Secret;

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that is none.
    #[error("read address {address}: {fault}")]
    ReadAddress {
        /// As given.
        address: String,
        /// What is wrong with it.
        fault: String,
    },
    /// An account of which the broker tells nothing, or nothing that can be worked with.
    #[error("reach the broker for the account: {fault}")]
    AskAccount {
        /// What is wrong, and what to do about it.
        fault: String,
    },
    /// An account that the signed terms do not name.
    #[error("admit account")]
    AdmitAccount(#[source] desk::live::Refusal),
    /// An account with real money, and no signed terms.
    #[error(
        "meet account {account}: it is no paper account, and the mode is not live; use the keys of \
         the paper account, or sign terms with `trimtab live sign`"
    )]
    MeetRealMoney {
        /// The account.
        account: String,
    },
    /// A broker's statement that can't be read.
    #[error("read statement, up to byte {at}: {fault}")]
    ReadStatement {
        /// Bytes that could be read.
        at: u64,
        /// What is wrong there.
        fault: String,
    },
    /// No session of TWS or the gateway that may be traded on.
    #[error("reach TWS at {address}: {fault}")]
    ReachGateway {
        /// As given.
        address: String,
        /// What is wrong.
        fault: String,
        /// What a person can do about it.
        advice: String,
    },
    /// A thread that could not be started.
    #[error("start a thread for the network")]
    StartThread(#[source] std::io::Error),
}
