//! What a session is to look for, and how long it waits for what.

use base::{Seed, Span};

use super::accounts::Mode;
use super::backoff::Backoff;
use super::ports::Ports;
use super::windows::{Region, Window};

/// What the broker's clock is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockRule {
    /// Ours may be off by so much.
    Within(Span),
    /// It shows the time of a made market, as the paper exchange's does. Of a live session the
    /// rule is [`ClockRule::STRICT`] all the same.
    Foreign,
}

impl ClockRule {
    /// Two seconds: the broker tells whole seconds, and an answer takes a part of one.
    pub const STRICT: ClockRule = ClockRule::Within(Span::from_seconds(2));
}

/// How long is waited for what. All by the clock that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For a port to answer.
    pub knock: Span,
    /// For a session to greet.
    pub greet: Span,
    /// For accounts, and again for time, positions and open orders.
    pub read: Span,
    /// Between two questions whether a line is alive.
    pub beat: Span,
    /// For the answer to one; twice without one is dead.
    pub answer: Span,
    /// For Gateway to find its servers again, before its line is given up.
    pub upstream: Span,
    /// For all to be well again, before there is an alarm. Counted outside the hours of resets.
    pub patience: Span,
    /// For which a line must have been well, so that the next try after its end is the first.
    pub settled: Span,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            knock: Span::from_seconds(3),
            greet: Span::from_seconds(20),
            read: Span::from_seconds(30),
            beat: Span::from_seconds(15),
            answer: Span::from_seconds(10),
            upstream: Span::from_minutes(5),
            patience: Span::from_minutes(3),
            settled: Span::from_minutes(1),
        }
    }
}

/// What a session is to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Real money or not.
    pub mode: Mode,
    /// The account; the only one of a session where none is named.
    pub account: Option<String>,
    /// Ports that are tried.
    pub ports: Ports,
    /// What the broker's clock is held to.
    pub clock: ClockRule,
    /// When the line may be away.
    pub windows: Vec<Window>,
    /// How long is waited for what.
    pub waits: Waits,
    /// Between two rounds over the ports.
    pub backoff: Backoff,
    /// The same in the hours of resets.
    pub gentle: Backoff,
    /// Of the waits.
    pub seed: Seed,
}

impl Settings {
    /// As it should be for a mode, with the hours of resets of a region.
    pub fn of(mode: Mode, region: Region, seed: Seed) -> Settings {
        Settings {
            mode,
            account: None,
            ports: Ports::Known,
            clock: ClockRule::STRICT,
            windows: region.windows(),
            waits: Waits::default(),
            backoff: Backoff { first: Span::from_seconds(1), longest: Span::from_seconds(30) },
            gentle: Backoff { first: Span::from_seconds(10), longest: Span::from_minutes(1) },
            seed: seed.child("gateway"),
        }
    }

    /// By how much ours may be off; `None` where it does not matter.
    pub(super) fn tolerance(&self) -> Option<Span> {
        match (self.clock, self.mode) {
            (ClockRule::Within(span), _) => Some(span),
            (ClockRule::Foreign, Mode::Paper) => None,
            (ClockRule::Foreign, Mode::Live) => match ClockRule::STRICT {
                ClockRule::Within(span) => Some(span),
                ClockRule::Foreign => None,
            },
        }
    }
}
