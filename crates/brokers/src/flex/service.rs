//! The Flex Web Service: ask for a statement, ask again until it is made.
//!
//! An [`Errand`] is a state machine without any I/O, and without the token: that one is known to
//! the [`Fetch`] alone, which puts it into the address and takes it out of all that is told.
//!
//! Source: ibkrguides.com, "Flex Web Service", version 3: `SendRequest` answers with a reference
//! code and an address, `GetStatement` there with the statement; both with error codes.

use std::fmt;
use std::ops::ControlFlow;

use base::Span;

use super::xml::{Part, walk};

/// What is asked for: an address, and the number of a query or of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The address, without query and token.
    pub address: String,
    /// The number, in the query as `q`.
    pub number: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Status of HTTP.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The network, and the token.
pub trait Fetch {
    /// Asks once, with the token and the version of the service; gives the answer, or why there is
    /// none. Neither holds the token.
    ///
    /// # Errors
    /// Words for what went wrong on the way.
    fn fetch(&mut self, request: &Request) -> Result<Page, String>;

    /// Whether the token may be sent to an address.
    fn trusts(&self, address: &str) -> bool;
}

/// How often is asked, and how long is waited between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Between two questions; doubled each time.
    pub first: Span,
    /// The longest of these waits.
    pub longest: Span,
    /// All of them together.
    pub most: Span,
}

impl Default for Patience {
    /// Ten questions a minute are allowed to a token, and a statement takes up to minutes.
    fn default() -> Patience {
        Patience {
            first: Span::from_seconds(5),
            longest: Span::from_seconds(40),
            most: Span::from_minutes(10),
        }
    }
}

/// What is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask this.
    Ask(Request),
    /// Wait so long.
    Wait(Span),
    /// Here it is: bytes for [`super::read`].
    Done(Vec<u8>),
    /// It will not come.
    Refused(Refusal),
}

/// Why there is no statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The service says so.
    Told {
        /// Its code.
        code: u32,
        /// Its words.
        message: String,
    },
    /// It asked for patience for too long; what it said last.
    TooLong(String),
    /// Another status of HTTP than that of an answer.
    Status(u16),
    /// An answer that is none of the service's.
    Unreadable(String),
    /// The statement lies where the token is not sent.
    Elsewhere(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Told { code, message } => {
                write!(f, "the service says {code}, {message:?}: {}", advice(*code))
            }
            Refusal::TooLong(last) => write!(f, "it takes too long; the last answer was {last}"),
            Refusal::Status(status) => write!(f, "the service answers with status {status}"),
            Refusal::Unreadable(why) => write!(f, "the service's answer can't be read: {why}"),
            Refusal::Elsewhere(address) => {
                write!(f, "the statement lies at {address}, where the token is not sent")
            }
        }
    }
}

/// What a person can do about a code.
fn advice(code: u32) -> &'static str {
    match code {
        1003 => "the query covers a period for which there is no statement",
        1010 => "make an Activity Flex Query of the old one",
        1011 | 1016 => "see the account's state in the Client Portal",
        1012 => "the token has ended: make a new one under Settings, Flex Web Service",
        1013 => "allow this machine's address for the token, or leave that field empty",
        1014 => "check the number of the query",
        1015 => "check the token",
        _ => "see the Flex Web Service in the Client Portal",
    }
}

/// Codes after which the same may be asked again.
fn may_pass(code: u32) -> bool {
    matches!(code, 1001 | 1004..=1009 | 1018 | 1019 | 1021)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// For the statement to be made.
    Request,
    /// For the statement.
    Statement,
}

/// The way to one statement.
#[derive(Debug, Clone)]
pub struct Errand {
    patience: Patience,
    phase: Phase,
    request: Request,
    wait: Span,
    waited: Span,
    last: String,
    next: Option<Step>,
}

impl Errand {
    /// For a query, by its number, at a service: `…/FlexWebService`.
    pub fn new(service: &str, query: &str, patience: Patience) -> Errand {
        let address = format!("{}/SendRequest", service.trim_end_matches('/'));
        let request = Request { address, number: query.to_owned() };
        Errand {
            patience,
            phase: Phase::Request,
            next: Some(Step::Ask(request.clone())),
            request,
            wait: patience.first,
            waited: Span::ZERO,
            last: String::new(),
        }
    }

    /// What is next; after an [`Step::Ask`] its answer goes to [`Errand::hear`] first.
    pub fn step(&mut self) -> Step {
        match self.next.take() {
            Some(step @ (Step::Done(_) | Step::Refused(_))) => {
                self.next = Some(step.clone());
                step
            }
            Some(Step::Wait(wait)) => {
                self.next = Some(Step::Ask(self.request.clone()));
                Step::Wait(wait)
            }
            Some(step) => step,
            None => Step::Ask(self.request.clone()),
        }
    }

    /// An answer came, or none. `trusts` says where the token may be sent.
    pub fn hear(&mut self, answer: Result<Page, String>, trusts: impl Fn(&str) -> bool) {
        let step = match answer {
            Err(why) => self.again(why),
            Ok(Page { status: 429 | 500..=599, .. }) => self.again("that it is busy".to_owned()),
            Ok(Page { status: 200, body }) => self.read(body, trusts),
            Ok(Page { status, .. }) => Step::Refused(Refusal::Status(status)),
        };
        self.next = Some(step);
    }

    /// Asks until there is a statement or a refusal; `rest` waits.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn run(
        mut self,
        fetch: &mut dyn Fetch,
        rest: &mut dyn FnMut(Span),
    ) -> Result<Vec<u8>, Refusal> {
        loop {
            match self.step() {
                Step::Ask(request) => {
                    let answer = fetch.fetch(&request);
                    self.hear(answer, |address| fetch.trusts(address));
                }
                Step::Wait(wait) => rest(wait),
                Step::Done(bytes) => return Ok(bytes),
                Step::Refused(refusal) => return Err(refusal),
            }
        }
    }

    fn again(&mut self, last: String) -> Step {
        self.last = last;
        let wait = self.wait;
        if self.waited + wait > self.patience.most {
            return Step::Refused(Refusal::TooLong(self.last.clone()));
        }
        self.waited = self.waited + wait;
        let doubled = wait.nanos().saturating_mul(2);
        self.wait = Span::from_nanos(doubled.min(self.patience.longest.nanos()));
        Step::Wait(wait)
    }

    fn read(&mut self, body: Vec<u8>, trusts: impl Fn(&str) -> bool) -> Step {
        let said = match Said::read(&body) {
            Ok(said) => said,
            Err(why) => return Step::Refused(Refusal::Unreadable(why)),
        };
        let Said::Response { code, message, reference, address } = said else {
            return match self.phase {
                Phase::Statement => Step::Done(body),
                Phase::Request => {
                    let why = "a statement before one was asked for".to_owned();
                    Step::Refused(Refusal::Unreadable(why))
                }
            };
        };
        match (code, reference, &self.phase) {
            (Some(code), _, _) if may_pass(code) => self.again(format!("{code}, {message:?}")),
            (Some(code), _, _) => Step::Refused(Refusal::Told { code, message }),
            (None, Some(number), Phase::Request) => {
                let own = self.request.address.replace("/SendRequest", "/GetStatement");
                let address = address.unwrap_or(own);
                if !trusts(&address) {
                    return Step::Refused(Refusal::Elsewhere(address));
                }
                self.phase = Phase::Statement;
                self.request = Request { address, number };
                // It is never there at once.
                self.again("that it is being made".to_owned())
            }
            _ => {
                let why = "neither a statement nor an error".to_owned();
                Step::Refused(Refusal::Unreadable(why))
            }
        }
    }
}

/// What an answer is.
enum Said {
    /// The beginning of a statement.
    Statement,
    /// A few words.
    Response {
        code: Option<u32>,
        message: String,
        reference: Option<String>,
        address: Option<String>,
    },
}

/// Longest text of one element that is kept.
const LONGEST_TEXT: usize = 1_000;

impl Said {
    fn read(body: &[u8]) -> Result<Said, String> {
        let (mut root, mut inner) = (String::new(), String::new());
        let mut texts = std::collections::BTreeMap::<String, String>::new();
        let walked = walk(body, &mut |part| {
            match part {
                Part::Open(name, _, 0) => {
                    root = name.to_owned();
                    if name != "FlexStatementResponse" {
                        return ControlFlow::Break(());
                    }
                }
                Part::Open(name, _, 1) => inner = name.to_owned(),
                Part::Text(text) if !inner.is_empty() => {
                    let kept = texts.entry(inner.clone()).or_default();
                    let room = LONGEST_TEXT.saturating_sub(kept.len());
                    kept.extend(text.chars().take(room));
                }
                Part::Close(1) => inner.clear(),
                Part::Open(..) | Part::Text(_) | Part::Close(_) => {}
            }
            ControlFlow::Continue(())
        });
        walked.map_err(|error| error.to_string())?;
        let mut text = |name: &str| texts.remove(name).map(|text| text.trim().to_owned());
        match root.as_str() {
            "FlexQueryResponse" => Ok(Said::Statement),
            "FlexStatementResponse" => {
                let told = text("ErrorCode").or_else(|| text("code"));
                let is_well = text("Status").is_some_and(|status| status == "Success");
                let code = match told.map(|code| code.parse()) {
                    Some(Ok(code)) => Some(code),
                    Some(Err(_)) => return Err("a code that is no number".to_owned()),
                    None if is_well => None,
                    None => return Err("a failure without a code".to_owned()),
                };
                let message = text("ErrorMessage").unwrap_or_default();
                let (reference, address) = (text("ReferenceCode"), text("Url").or(text("url")));
                let reference = reference.filter(|reference| !reference.is_empty());
                Ok(Said::Response { code, message, reference, address })
            }
            other => Err(format!(
                "its first element is {:?}",
                other.chars().take(40).collect::<String>()
            )),
        }
    }
}
