//! Why no order may be sent, and why a line ended, in words that say what to do.

use std::fmt;

use base::Span;

use super::accounts::{Mode, Wrong};
use super::ports::named;

/// Why no order may be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// There is no line.
    NoLine,
    /// A session was found, and it is not the one to trade on.
    Wrong(Wrong),
    /// The accounts were not read since the line is there.
    AccountsUnread,
    /// The broker's time was not read since.
    TimeUnread,
    /// Positions were not read since.
    PositionsUnread,
    /// Open orders were not read since.
    OrdersUnread,
    /// Gateway has no line to the broker.
    NoServers,
    /// The broker's clock shows so much more than ours.
    ClockOff(Span),
    /// Ours was set since it was compared.
    ClockJumped,
    /// The line has not answered for too long.
    Silent,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::NoLine => f.write_str("there is no line to Gateway"),
            WhyNot::Wrong(wrong) => wrong.fmt(f),
            WhyNot::AccountsUnread => f.write_str("its accounts are not read yet"),
            WhyNot::TimeUnread => f.write_str("the broker's time is not read yet"),
            WhyNot::PositionsUnread => f.write_str("positions are not read yet"),
            WhyNot::OrdersUnread => f.write_str("open orders are not read yet"),
            WhyNot::NoServers => f.write_str("Gateway has no line to the broker"),
            WhyNot::ClockOff(off) => f.write_str(&clock_words(*off)),
            WhyNot::ClockJumped => f.write_str("the clock of this machine was set just now"),
            WhyNot::Silent => f.write_str("Gateway does not answer"),
        }
    }
}

/// By how much the clock of this machine is off, in words; whole hours are said as such.
pub(super) fn clock_words(broker_ahead: Span) -> String {
    let seconds = broker_ahead.nanos().unsigned_abs().div_ceil(1_000_000_000);
    let side = if broker_ahead > Span::ZERO { "behind" } else { "ahead of" };
    let hours = (seconds + 30) / 3_600;
    let is_whole = hours > 0 && seconds.abs_diff(hours * 3_600) <= 30;
    match (is_whole, hours) {
        (true, 1) => format!("the clock of this machine is one hour {side} the broker's"),
        (true, _) => format!("the clock of this machine is {hours} hours {side} the broker's"),
        (false, _) => format!("the clock of this machine is {seconds} s {side} the broker's"),
    }
}

/// Why the last try came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nothing listens on any port.
    Closed(Vec<u16>),
    /// Something listens and does not greet.
    Ungreeted {
        /// Where.
        port: u16,
        /// What is known of it.
        why: String,
    },
    /// The client id is taken.
    Taken {
        /// Where.
        port: u16,
    },
    /// It is not the session to trade on.
    Wrong(Wrong),
    /// It takes no orders.
    ReadOnly {
        /// Where.
        port: u16,
    },
    /// It was there, and its questions were not answered.
    Unread {
        /// Where.
        port: u16,
    },
    /// It was there, and the line broke.
    Broke {
        /// Where.
        port: u16,
        /// What is known of it.
        why: String,
    },
    /// It was there, and fell silent.
    Dead {
        /// Where.
        port: u16,
    },
    /// It was there, and had no line to the broker for too long.
    NoServers {
        /// Where.
        port: u16,
    },
}

impl Cause {
    /// How much it says: of all ports of a round, the cause that says most is told.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Cause::Closed(_) => 0,
            Cause::Ungreeted { .. } => 1,
            Cause::Broke { .. } | Cause::Dead { .. } | Cause::NoServers { .. } => 2,
            Cause::Unread { .. } => 3,
            Cause::Taken { .. } => 4,
            Cause::ReadOnly { .. } => 5,
            Cause::Wrong(_) => 6,
        }
    }

    /// What a person can do about it.
    pub fn advice(&self, mode: Mode) -> String {
        match self {
            Cause::Closed(_) | Cause::Broke { .. } | Cause::Dead { .. } => {
                format!("start IB Gateway and log in to the {mode} account")
            }
            Cause::Ungreeted { .. } => "in Gateway's API settings enable socket clients and put \
                                        this machine among the trusted IPs"
                .to_owned(),
            Cause::Taken { .. } => "end the other program, or take another client id".to_owned(),
            Cause::ReadOnly { .. } => "turn Read-Only API off in Gateway's API settings".to_owned(),
            Cause::Wrong(Wrong::Mode { .. }) => {
                format!(
                    "log in to the {mode} account; both may run side by side on ports of theirs"
                )
            }
            Cause::Wrong(Wrong::Account { .. }) => {
                "log in as its owner, or name another".to_owned()
            }
            Cause::Wrong(Wrong::Several { .. }) => "name one of them".to_owned(),
            Cause::Unread { .. } => "see whether Gateway shows a question or a login".to_owned(),
            Cause::NoServers { .. } => {
                "see the broker's system status and this machine's network".to_owned()
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Closed(ports) => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                write!(f, "nothing listens on {}", ports.join(", "))
            }
            Cause::Ungreeted { port, why } => write!(f, "{} does not greet: {why}", named(*port)),
            Cause::Taken { port } => write!(f, "{} has another client of this id", named(*port)),
            Cause::Wrong(wrong) => wrong.fmt(f),
            Cause::ReadOnly { port } => write!(f, "{} takes no orders", named(*port)),
            Cause::Unread { port } => write!(f, "{} does not answer questions", named(*port)),
            Cause::Broke { port, why } => write!(f, "{} is gone: {why}", named(*port)),
            Cause::Dead { port } => write!(f, "{} fell silent", named(*port)),
            Cause::NoServers { port } => write!(f, "{} has no line to the broker", named(*port)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_in_seconds_or_whole_hours() {
        let cases = [
            (Span::from_seconds(3), "3 s behind"),
            (Span::from_seconds(-90), "90 s ahead of"),
            (Span::from_hours(1), "one hour behind"),
            (Span::from_nanos(-3_599_500_000_000), "one hour ahead of"),
            (Span::from_hours(-5), "5 hours ahead of"),
            (Span::from_nanos(i64::MIN), "ahead of"),
        ];
        for (off, words) in cases {
            assert!(clock_words(off).contains(words), "{} {words}", clock_words(off));
        }
    }
}
