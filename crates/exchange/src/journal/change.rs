//! One change of an account: what brought it about, when, and which state it made of which.

use base::Ts;

use super::frame::Page;
use crate::{Method, Request};

/// What brought a change about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A request.
    Ask(Request),
    /// A message of a client on a line of the socket protocol.
    Line { client: i32, message: u32, body: Vec<u8> },
    /// The clock ran to a time.
    Advance(Ts),
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The time in the market before it.
    pub(crate) at: Ts,
    /// Counts of changes before and after it.
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) cause: Cause,
}

const ASK: u8 = 1;
const LINE: u8 = 2;
const ADVANCE: u8 = 3;

/// Places are the methods' numbers.
const METHODS: [Method; 4] = [Method::Get, Method::Post, Method::Patch, Method::Delete];

impl Change {
    /// Writes it behind the others of a page.
    pub(crate) fn write(&self, page: &mut Page) {
        let to = page.body();
        to.extend(self.at.nanos().to_le_bytes());
        to.extend(self.before.to_le_bytes());
        to.extend(self.after.to_le_bytes());
        match &self.cause {
            Cause::Ask(request) => {
                let method = METHODS.iter().position(|method| *method == request.method);
                to.extend([ASK, method.unwrap_or_default() as u8]);
                write_bytes(to, request.path.as_bytes());
                to.extend((request.query.len() as u32).to_le_bytes());
                for (name, value) in &request.query {
                    write_bytes(to, name.as_bytes());
                    write_bytes(to, value.as_bytes());
                }
                write_bytes(to, &request.body);
            }
            Cause::Line { client, message, body } => {
                to.push(LINE);
                to.extend(client.to_le_bytes());
                to.extend(message.to_le_bytes());
                write_bytes(to, body);
            }
            Cause::Advance(until) => {
                to.push(ADVANCE);
                to.extend(until.nanos().to_le_bytes());
            }
        }
    }

    /// Takes the next one off the front of a page; `None` where there is none.
    pub(super) fn read(from: &mut &[u8]) -> Option<Change> {
        let at = Ts::from_nanos(i64::from_le_bytes(take(from)?));
        let before = u64::from_le_bytes(take(from)?);
        let after = u64::from_le_bytes(take(from)?);
        let [kind] = take(from)?;
        let cause = match kind {
            ASK => {
                let [method] = take(from)?;
                let method = *METHODS.get(usize::from(method))?;
                let path = read_text(from)?;
                let count = u32::from_le_bytes(take(from)?);
                let pair = |_| Some((read_text(from)?, read_text(from)?));
                let query = (0..count).map(pair).collect::<Option<_>>()?;
                Cause::Ask(Request { method, path, query, body: read_bytes(from)? })
            }
            LINE => {
                let client = i32::from_le_bytes(take(from)?);
                let message = u32::from_le_bytes(take(from)?);
                Cause::Line { client, message, body: read_bytes(from)? }
            }
            ADVANCE => Cause::Advance(Ts::from_nanos(i64::from_le_bytes(take(from)?))),
            _ => return None,
        };
        Some(Change { at, before, after, cause })
    }
}

fn write_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend((bytes.len() as u32).to_le_bytes());
    to.extend(bytes);
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*first)
}

fn read_bytes(from: &mut &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(take(from)?) as usize;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes.to_vec())
}

fn read_text(from: &mut &[u8]) -> Option<String> {
    String::from_utf8(read_bytes(from)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cause() -> impl Strategy<Value = Cause> {
        let text = || ".{0,12}";
        let body = || prop::collection::vec(any::<u8>(), 0..40);
        let pairs = prop::collection::vec((text(), text()), 0..4);
        prop_oneof![
            (0usize..4, text(), pairs, body()).prop_map(|(method, path, query, body)| {
                Cause::Ask(Request { method: METHODS[method], path, query, body })
            }),
            (any::<i32>(), any::<u32>(), body()).prop_map(|(client, message, body)| Cause::Line {
                client,
                message,
                body
            }),
            any::<i64>().prop_map(|nanos| Cause::Advance(Ts::from_nanos(nanos))),
        ]
    }

    proptest! {
        #[test]
        fn changes_are_read_as_they_were_written(
            causes in prop::collection::vec((cause(), any::<(i64, u64, u64)>()), 1..6),
        ) {
            let of = |(cause, (at, before, after)): (Cause, (i64, u64, u64))| {
                Change { at: Ts::from_nanos(at), before, after, cause }
            };
            let changes: Vec<Change> = causes.into_iter().map(of).collect();
            let mut page = Page::default();
            changes.iter().for_each(|change| change.write(&mut page));
            let bytes = page.body().clone();
            let mut rest = &bytes[12..];
            for change in &changes {
                let read = Change::read(&mut rest);
                prop_assert_eq!(read.as_ref(), Some(change));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_a_change_or_none(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut rest = &bytes[..];
            while Change::read(&mut rest).is_some() {}
        }
    }
}
