//! How a failure is told: where, what, and what to do. The exit code is never 0.

use std::error::Error;
use std::fmt;

/// A failure in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    advice: Option<String>,
}

impl Failure {
    /// A failure told in one sentence.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), advice: None }
    }

    /// The same with what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.advice = Some(advice.into());
        self
    }

    /// The same, with what was being done when it happened.
    pub(crate) fn within(self, what: &str) -> Failure {
        Failure { message: format!("{what}: {}", self.message), ..self }
    }

    /// With that advice beside its own.
    pub(crate) fn advise_too(self, advice: &str) -> Failure {
        let own = self.advice.map(|own| format!("{own}; or {advice}"));
        Failure { advice: Some(own.unwrap_or_else(|| advice.to_owned())), ..self }
    }

    /// An error of a room with the chain of what caused it.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Failure {
        let mut parts = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if parts.last().is_some_and(|last| !last.contains(&text)) {
                parts.push(text);
            }
            cause = error.source();
        }
        Failure::new(parts.join(": "))
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::of(&error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  try: {advice}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_of_causes_is_told_once() {
        let inner = "no-day".parse::<base::Day>().unwrap_err();
        let failure = Failure::from(market::Error::MakeMoney(inner));
        assert_eq!(
            failure.to_string(),
            "error: make money: read day from \"no-day\": expected YYYY-MM-DD"
        );
    }
}
