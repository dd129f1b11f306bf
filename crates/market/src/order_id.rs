//! Our names for orders.

use std::cmp::Ordering;
use std::fmt;

use base::Digest;
use serde::{Deserialize, Serialize, Serializer};

/// Bytes of the names that we derive: `tt-` and twenty hexadecimal digits, and one to spare.
const SHORT: usize = 24;

/// Our name for an order, derived from the intent behind it, so that asking twice is asking once.
///
/// Names are copied and compared at every step of an order's life, and ours are short: they are
/// kept in place, not behind a pointer. Ordered as text.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub struct ClientOrderId(Name);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    /// A text of at most [`SHORT`] bytes and no zero among them, padded with zeros.
    Short([u8; SHORT]),
    /// Any other text.
    Long(Box<str>),
}

impl ClientOrderId {
    /// Derives the id from what makes the order what it is: the intent and the leg.
    pub fn derive(intent: &str, leg: &str) -> ClientOrderId {
        let digest = Digest::of_parts([intent, "\n", leg].map(str::as_bytes));
        let mut name = [0; SHORT];
        name[..3].copy_from_slice(b"tt-");
        name[3..23].copy_from_slice(&digest.as_str().as_bytes()[..20]);
        ClientOrderId(Name::Short(name))
    }

    /// True for a name that [`ClientOrderId::derive`] gave.
    pub fn is_ours(&self) -> bool {
        self.as_str().starts_with("tt-")
    }

    /// An id read back from a store or a broker.
    pub fn from_text(text: impl Into<String>) -> ClientOrderId {
        ClientOrderId::from(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Short(bytes) => {
                let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(SHORT);
                // Made from a text and cut only where it ends, so it is one.
                std::str::from_utf8(&bytes[..end]).unwrap_or_default()
            }
            Name::Long(text) => text,
        }
    }
}

impl From<String> for ClientOrderId {
    fn from(text: String) -> ClientOrderId {
        if text.len() > SHORT || text.contains('\0') {
            return ClientOrderId(Name::Long(text.into_boxed_str()));
        }
        let mut name = [0; SHORT];
        name[..text.len()].copy_from_slice(text.as_bytes());
        ClientOrderId(Name::Short(name))
    }
}

impl From<ClientOrderId> for String {
    fn from(id: ClientOrderId) -> String {
        id.as_str().to_owned()
    }
}

impl Serialize for ClientOrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Ord for ClientOrderId {
    #[inline]
    fn cmp(&self, other: &ClientOrderId) -> Ordering {
        match (&self.0, &other.0) {
            // Zero comes before every byte of a text, so padding sorts as its end does.
            (Name::Short(a), Name::Short(b)) => words(a).cmp(&words(b)),
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}

/// Three numbers that sort as the bytes do; comparing them needs no call.
#[inline]
fn words(bytes: &[u8; SHORT]) -> [u64; SHORT / 8] {
    let mut words = [0; SHORT / 8];
    for (word, part) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_be_bytes(*part);
    }
    words
}

impl PartialOrd for ClientOrderId {
    fn partial_cmp(&self, other: &ClientOrderId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_follows_from_intent_and_leg_alone() {
        let id = ClientOrderId::derive("2024-06-28/AAPL/long", "entry");
        assert_eq!(id, ClientOrderId::derive("2024-06-28/AAPL/long", "entry"));
        assert_ne!(id, ClientOrderId::derive("2024-06-28/AAPL/long", "stop"));
    }

    #[test]
    fn an_id_is_the_one_that_stores_have_kept() {
        let text = format!("tt-{}", &Digest::of(b"a\nb").as_str()[..20]);
        assert_eq!(ClientOrderId::derive("a", "b").as_str(), text);
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_went_in_and_sorts_as_text(
            a in "[a-c\\x00é]{0,30}",
            b in "[a-c\\x00é]{0,30}",
        ) {
            let [first, second] = [&a, &b].map(|text| ClientOrderId::from_text(text.as_str()));
            prop_assert_eq!(first.as_str(), &a);
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
            prop_assert_eq!(first == second, a == b);
            prop_assert_eq!(ClientOrderId::from(String::from(first.clone())), first);
        }
    }
}
