//! Gateway: the program of Interactive Brokers' that every order to them goes through. Which one is
//! it, is it well, and may orders be sent now?
//!
//! A [`Session`] is a state machine without any I/O: what happened goes in as [`News`] with the
//! time, what is to be done comes out as [`Act`]s. It knocks at the ports one after another, asks
//! the session behind an open one for its accounts, hangs up where one of them is of the other mode,
//! and reads time, positions and open orders before it says that orders may be sent. Then it asks
//! for the time again and again: a line without an answer is dead, and a clock that is off stops
//! all trading. What is away is tried again, slower each time. Within the hours in which the
//! broker's servers start anew ([`windows`]) nobody is alarmed.
//!
//! Who drives it, as [`crate::ibkr::Gateway`] does: asks for nothing on a line except what an
//! [`Act::Ask`] says until orders may be sent, sends none while [`Session::why_not`] gives reasons,
//! and calls [`Session::hear`] with [`News::Tick`] by [`Session::wake_at`].
//!
//! Source: interactivebrokers.github.io/tws-api, "Connection", "System Message Codes"; where times
//! and ports are from stands with them.

pub mod accounts;
mod alarms;
mod backoff;
mod checks;
pub mod ports;
mod session;
mod settings;
mod spoken;
mod ways;
mod why;
pub mod windows;
mod zones;

pub use accounts::{Mode, Wrong};
pub use alarms::{Alarm, AlarmKind};
pub use backoff::Backoff;
pub use ports::{Knock, Ports, Tcp};
pub use session::Session;
pub use settings::{ClockRule, Settings, Waits};
pub use spoken::{Act, Answer, LineId, News, Question, Told};
pub use ways::{Way, way};
pub use why::{Cause, WhyNot};
pub use windows::{Away, Region, Window};
pub use zones::Zone;

use base::{Span, Ts};

/// A time so much later, or the end of all times.
fn later(at: Ts, wait: Span) -> Ts {
    Ts::from_nanos(at.nanos().saturating_add(wait.nanos()))
}

/// From one time to another, as far as a length of time can tell.
fn between(from: Ts, to: Ts) -> Span {
    Span::from_nanos(to.nanos().saturating_sub(from.nanos()))
}
