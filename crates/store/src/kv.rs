//! Small facts under a name: markers and settings that have no table of their own.

use base::Ts;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx};

record! {
    /// A value under a name.
    Note in "kv" by [name] {
        /// The name.
        name: String,
        /// The value.
        body: Json,
        /// When it was last written.
        updated: Ts,
    }
}

impl Tx<'_> {
    /// Writes a value under a name, in place of the one before.
    pub fn set(&self, name: &str, body: Json) -> Result<(), Error> {
        self.put(&Note { name: name.to_owned(), body, updated: self.now() })
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Result<Option<Note>, Error> {
        self.find(vec![name.into()])
    }
}
