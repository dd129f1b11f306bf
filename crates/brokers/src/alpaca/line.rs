//! The port to Alpaca's servers: requests go out, answers and messages come in. The network lies
//! behind it, and so does the paper exchange in a test.

use base::Ts;
use serde_json::Value;

/// What is to be done with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Change.
    Patch,
    /// Take away.
    Delete,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Its number, which the answer bears.
    pub number: u64,
    /// What is to be done.
    pub method: Method,
    /// Path and query, as after the address of the server.
    pub path: String,
    /// The body, where there is one.
    pub body: Option<Value>,
}

/// What comes in.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// An answer.
    Answer {
        /// Of the request.
        number: u64,
        /// Status of HTTP.
        status: u16,
        /// The body; null where it is empty.
        body: Value,
    },
    /// No answer came; whether the request arrived, nobody knows.
    Unanswered {
        /// Of the request.
        number: u64,
        /// What went wrong.
        why: String,
    },
    /// A message of the stream of trade updates: its `data`.
    Update(Value),
    /// The stream is there: from now on no update is missed.
    Connected,
    /// The stream broke: updates may be missed until it is there again.
    Lost,
}

/// A line to the servers. Nothing here blocks. A line waits by itself where the server says that it
/// was asked too often, and before it tries again what could not be sent.
pub trait Line {
    /// Sends a request. Those of one order are sent one after another by who asks.
    fn ask(&mut self, ask: Ask);

    /// Moves out what came in since the last call.
    fn hear(&mut self, into: &mut Vec<News>);

    /// Time since some beginning, which never jumps.
    fn now(&self) -> Ts;
}
