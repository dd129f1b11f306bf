//! What went wrong, as rows that a person reads and settles.

use base::{Day, Digest, Ts};
use serde_json::{Value, json};
use store::{Incident, Severity};

/// Kind of the incidents that freeze an instrument, or the account, until a person settles them.
pub(crate) const DIFFERENCE: &str = "reconcile";
/// Kind of those that the desk has met and dealt with.
const MET: &str = "desk";
/// Kind of those on the way to the broker. They are settled by themselves, once it is well again.
pub(crate) const WAY: &str = "way";

/// Our account and the broker's differ. `name` tells one difference of a day from another.
pub(crate) fn difference((day, at): (Day, Ts), name: &str, detail: Value) -> Incident {
    incident(DIFFERENCE, Severity::Critical, (format!("{day}/{DIFFERENCE}/{name}"), at), detail)
}

/// Something that the desk met and dealt with; the number is that of its line in the journal.
pub(crate) fn met((day, at): (Day, Ts), line: u64, what: &str) -> Incident {
    incident(MET, Severity::Warning, (format!("{day}/{MET}/{line}"), at), json!({"what": what}))
}

/// An alarm on the way to the broker; the number tells one of a kind from another of that day.
pub(crate) fn on_the_way(
    (day, at): (Day, Ts),
    (kind, number): (&str, u32),
    what: &str,
) -> Incident {
    let id = format!("{day}/{WAY}/{kind}/{number}");
    incident(WAY, Severity::Warning, (id, at), json!({"alarm": kind, "what": what}))
}

/// A short name for what was seen: other words are another incident, the same ones are written
/// once.
pub(crate) fn digest_of(words: &str) -> String {
    let digest = Digest::of(words.as_bytes()).to_string();
    digest[..6].to_owned()
}

fn incident(kind: &str, severity: Severity, (id, at): (String, Ts), detail: Value) -> Incident {
    let kind = kind.to_owned();
    Incident { id, at, severity, kind, detail, resolved: None, resolution: None }
}
