//! What is asked and what is answered, free of any network.

use serde_json::{Value, json};

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

/// A request whose sender is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub method: Method,
    /// The path, without the question mark.
    pub path: String,
    /// Words after the question mark, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, path_and_query: &str) -> Request {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let query = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Request { method, path: path.to_owned(), query, body: Vec::new() }
    }

    /// The same with a JSON body.
    pub fn with(self, body: &Value) -> Request {
        Request { body: body.to_string().into_bytes(), ..self }
    }

    /// The last value of a name; an empty one counts as none.
    pub fn word(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// True where a name says so, however it is written.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.word(name).is_some_and(|word| word.eq_ignore_ascii_case("true") || word == "1")
    }

    /// The words of a comma-separated list.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let words = self.word(name).unwrap_or_default().split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// An answer: a status of HTTP, and JSON unless there is nothing to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What is said.
    pub body: Option<Value>,
}

impl Answer {
    /// All is well.
    pub fn ok(body: impl Into<Value>) -> Answer {
        Answer { status: 200, body: Some(body.into()) }
    }

    /// A refusal with the broker's code and words.
    pub fn refuse(status: u16, code: u32, message: impl Into<String>) -> Answer {
        let message: String = message.into();
        Answer { status, body: Some(json!({ "code": code, "message": message })) }
    }

    /// A value that can't be.
    pub(crate) fn invalid(message: impl Into<String>) -> Answer {
        Answer::refuse(422, 40_010_001, message)
    }

    /// Something that can be asked but not done.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Answer {
        Answer::refuse(422, 42_210_000, message)
    }

    /// Something that the account may not do.
    pub(crate) fn forbidden(message: impl Into<String>) -> Answer {
        Answer::refuse(403, 40_310_000, message)
    }

    /// Something that is not there.
    pub(crate) fn missing(message: impl Into<String>) -> Answer {
        Answer::refuse(404, 40_410_000, message)
    }

    /// The same with another field beside code and message.
    pub(crate) fn saying(mut self, name: &str, value: impl Into<Value>) -> Answer {
        if let Some(Value::Object(fields)) = &mut self.body {
            fields.insert(name.to_owned(), value.into());
        }
        self
    }
}
