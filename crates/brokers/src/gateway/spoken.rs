//! What a session hears and what it asks for.

use base::Ts;

use super::alarms::{Alarm, AlarmKind};

/// Which connection: counted from 1, none is used twice. What is heard of an earlier one is
/// passed over.
pub type LineId = u64;

/// What is asked on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which accounts it has.
    Accounts,
    /// What time it is at the broker. Also asked to see whether the line is alive.
    Time,
    /// All positions.
    Positions,
    /// All open orders, also those of other clients.
    Orders,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The codes of the accounts.
    Accounts(Vec<String>),
    /// The broker's time; it tells whole seconds.
    Time(Ts),
    /// All positions were read.
    Positions,
    /// All open orders were read.
    Orders,
}

impl Answer {
    /// What it answers.
    pub fn question(&self) -> Question {
        match self {
            Answer::Accounts(_) => Question::Accounts,
            Answer::Time(_) => Question::Time,
            Answer::Positions => Question::Positions,
            Answer::Orders => Question::Orders,
        }
    }
}

/// What is heard on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The handshake is done: questions can be asked.
    Greeted,
    /// The line ended, or never came to be.
    Lost(String),
    /// An answer.
    Answer {
        /// The number of the question.
        number: u64,
        /// What was answered.
        answer: Answer,
    },
    /// A message of the system, by its number. Those that are of no matter here are passed over.
    Message {
        /// Its number: 1100 and 2110 (Gateway lost its servers), 1101 and 1102 (it has them again),
        /// 1300 (it moved to another port), 326 (the client id is taken), 502 and 504 (no line),
        /// 321 with the words "Read-Only" (it takes no orders).
        code: i32,
        /// Its words.
        text: String,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A port was knocked at.
    Knocked {
        /// Which.
        port: u16,
        /// Whether something listens.
        is_open: bool,
    },
    /// Something was heard on a line.
    Line {
        /// Which.
        line: LineId,
        /// What.
        told: Told,
    },
    /// Time went on.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// See whether something listens on a port, and tell.
    Knock {
        /// Which.
        port: u16,
    },
    /// Open a line and greet, and tell.
    Connect {
        /// Where.
        port: u16,
        /// What the line is called from now on.
        line: LineId,
    },
    /// End a line, also one that is still being opened. Nothing needs to be told.
    HangUp {
        /// Which.
        line: LineId,
    },
    /// Ask a question, and tell the answer under the same number.
    Ask {
        /// On which line.
        line: LineId,
        /// The number of the question.
        number: u64,
        /// What.
        what: Question,
    },
    /// Alarm a person. The same kind again takes the place of the alarm before.
    Raise(Alarm),
    /// It is well again.
    Clear(AlarmKind),
}
