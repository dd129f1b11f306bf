//! What each book holds.

use base::Ts;
use market::{Price, Qty};
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx};

record! {
    /// What a book holds of one symbol; kept at zero once closed.
    Position in "positions" by [book, symbol] {
        /// The book.
        book: String,
        /// The symbol.
        symbol: String,
        /// Signed quantity.
        qty: Qty,
        /// Average price paid.
        average_price: Price,
        /// When it was opened.
        opened: Ts,
        /// When it last changed.
        updated: Ts,
        /// The exit plan that guards it.
        plan: Option<String>,
        /// Whatever else belongs to it.
        payload: Json,
    }
}

impl Tx<'_> {
    /// Writes what is held of a symbol, in place of what was.
    pub fn put_position(&self, position: &Position) -> Result<(), Error> {
        self.put(position)
    }

    /// What a book holds of a symbol.
    pub fn position(&self, book: &str, symbol: &str) -> Result<Option<Position>, Error> {
        self.find(vec![book.into(), symbol.into()])
    }

    /// All that a book holds now, in order of symbol.
    pub fn open_positions(&self, book: &str) -> Result<Vec<Position>, Error> {
        self.select("where book = $1 and qty <> 0 order by symbol", vec![book.into()])
    }
}
