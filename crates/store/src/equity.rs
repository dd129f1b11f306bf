//! What each book was worth at the end of each day.

use base::Day;
use market::{Cash, Currency};

use crate::record::record;
use crate::{Error, Tx};

record! {
    /// The worth of a book at the end of a day.
    Equity in "equity" by [book, day] {
        /// The book.
        book: String,
        /// The trading day.
        day: Day,
        /// The currency.
        currency: Currency,
        /// Cash.
        cash: Cash,
        /// Worth of what is held.
        positions: Cash,
    }
}

impl Equity {
    /// Cash and positions together, in millionths.
    pub fn total(&self) -> i128 {
        i128::from(self.cash.raw()) + i128::from(self.positions.raw())
    }
}

impl Tx<'_> {
    /// Writes the worth of a day, in place of an earlier one of the same day.
    pub fn put_equity(&self, equity: &Equity) -> Result<(), Error> {
        self.put(equity)
    }

    /// The worth of a book on all its days, first to last.
    pub fn equity_curve(&self, book: &str) -> Result<Vec<Equity>, Error> {
        self.select("where book = $1 order by day", vec![book.into()])
    }
}
