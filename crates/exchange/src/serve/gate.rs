//! Who may ask, and how often.

use std::collections::VecDeque;
use std::time::Duration;

use base::Digest;
use serde::{Deserialize, Serialize};

use crate::Answer;

/// The one key of the account. The secret itself is kept nowhere, only its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The public half.
    pub key: String,
    /// SHA-256 of the secret half.
    pub secret_digest: Digest,
}

impl Keys {
    /// Keys from both halves.
    pub fn new(key: &str, secret: &str) -> Keys {
        Keys { key: key.to_owned(), secret_digest: Digest::of(secret.as_bytes()) }
    }

    /// True for the right pair. What is compared are digests, so the time it takes says nothing
    /// about the secret.
    pub fn fits(&self, key: &str, secret: &str) -> bool {
        Digest::of(key.as_bytes()) == Digest::of(self.key.as_bytes())
            && Digest::of(secret.as_bytes()) == self.secret_digest
    }
}

/// Length of the window in which requests are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Requests of the last minute.
#[derive(Debug)]
pub(super) struct Rate {
    most: usize,
    seen: VecDeque<Duration>,
}

/// What a request finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub limit: usize,
    /// Requests that are left; `None` where this one was too many.
    pub left: Option<usize>,
    /// When there is room for more.
    pub reset_at: Duration,
}

impl Rate {
    pub(super) fn new(most: usize) -> Rate {
        Rate { most, seen: VecDeque::new() }
    }

    /// Counts a request at a time on a clock that never goes back.
    pub(super) fn count(&mut self, now: Duration) -> Room {
        while self.seen.front().is_some_and(|first| *first + WINDOW <= now) {
            self.seen.pop_front();
        }
        let fits = self.seen.len() < self.most;
        if fits {
            self.seen.push_back(now);
        }
        let first = self.seen.front().copied().unwrap_or(now);
        Room {
            limit: self.most,
            left: fits.then(|| self.most - self.seen.len()),
            reset_at: first + WINDOW,
        }
    }
}

/// The refusal of a sender who is not known, in the words of the part that was asked.
pub(super) fn stranger(path: &str, has_key: bool) -> Answer {
    let message = |status: u16, text: &str| Answer {
        status,
        body: Some(serde_json::json!({ "message": text })),
    };
    match (path.starts_with("/v2/stocks"), has_key) {
        (true, true) => message(403, "forbidden."),
        (true, false) => message(401, "Unauthorized"),
        (false, _) => Answer::refuse(401, 40_110_000, "request is not authorized"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_pair_fits() {
        let keys = Keys::new("key", "secret");
        assert!(keys.fits("key", "secret"));
        for (key, secret) in [("key", "wrong"), ("other", "secret"), ("", ""), ("key", "")] {
            assert!(!keys.fits(key, secret), "{key} {secret}");
        }
        assert!(!format!("{keys:?}").contains("\"secret\""));
    }

    #[test]
    fn a_minute_has_room_for_so_many_requests() {
        let mut rate = Rate::new(2);
        let at = Duration::from_secs;
        assert_eq!(rate.count(at(0)).left, Some(1));
        assert_eq!(rate.count(at(30)).left, Some(0));
        let full = rate.count(at(59));
        assert_eq!((full.left, full.reset_at), (None, at(60)));
        assert_eq!(rate.count(at(60)).left, Some(0));
        assert_eq!(rate.count(at(61)).left, None);
    }
}
