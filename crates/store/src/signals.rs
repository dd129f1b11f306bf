//! What the scanner found, and what the models think of it.

use base::Day;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// A setup that a scanner found.
    Signal in "signals" by [id] {
        /// Its name, derived from day, book and symbol.
        id: String,
        /// The trading day.
        day: Day,
        /// The book that scans.
        book: String,
        /// The symbol, which outlives the numbering of a universe.
        symbol: String,
        /// Prices, features, pattern.
        payload: Json,
    }
}

record! {
    /// What a model thinks of a signal.
    Score in "scores" by [signal, model] {
        /// The signal.
        signal: String,
        /// The model.
        model: String,
        /// Its version.
        model_version: String,
        /// Its confidence.
        score: f64,
        /// Whatever else it says.
        payload: Json,
    }
}

impl Tx<'_> {
    /// Writes down a signal.
    pub fn record_signal(&self, signal: &Signal) -> Result<Written, Error> {
        self.insert_once(signal)
    }

    /// The signals of a book's day, in order of name.
    pub fn signals_of_day(&self, day: Day, book: &str) -> Result<Vec<Signal>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        self.select("where day = $1 and book = $2 order by id", values)
    }

    /// Writes down a score.
    pub fn record_score(&self, score: &Score) -> Result<Written, Error> {
        self.insert_once(score)
    }

    /// The scores of the signals of a book's day, in order of signal and model.
    pub fn scores_of_day(&self, day: Day, book: &str) -> Result<Vec<Score>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        let rest = "where signal in (select id from signals where day = $1 and book = $2) \
                    order by signal, model";
        self.select(rest, values)
    }
}
