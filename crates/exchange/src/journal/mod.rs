//! What an account went through, written down change by change.
//!
//! The [`Venue`](crate::Venue) is a function of what it is asked and of time. So a change is kept
//! as what brought it about: it costs as much as the request was long, however old the account
//! is. A state that was written down, and the journal of what came after it, are the account.
//!
//! `frame` brings bytes to a file and back, `change` says what one change is, `clerk` writes
//! changes down as they happen, `replay` works them again. Who keeps them is behind [`Keep`].

mod change;
mod clerk;
mod frame;
mod replay;

use std::io;

pub(crate) use clerk::Clerk;
pub use frame::HEADING;
pub use replay::Replayed;

use crate::venue::Snapshot;

/// Where an account is kept. What a call returned from without an error survives the machine.
pub trait Keep: Send {
    /// Puts bytes behind all others in the journal.
    fn append(&mut self, page: &[u8]) -> io::Result<()>;

    /// Begins another journal, and begins to keep a state in the place of the one before. The
    /// journals before are needed until that is done.
    fn renew(&mut self, snapshot: Snapshot) -> io::Result<()>;

    /// Bytes of the state that was kept last; `None` while it is still being kept.
    fn kept(&mut self) -> io::Result<Option<u64>>;

    /// Waits until the state is kept.
    fn wait(&mut self) -> io::Result<()>;
}
