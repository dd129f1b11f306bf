//! What the scanner found, and what the models think of it.

use base::Day;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx};

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
    /// Writes down what a scanner found on a book's day, in place of what it found there before.
    /// Scores of signals that are gone go with them.
    pub fn set_signals_of_day(
        &self,
        day: Day,
        book: &str,
        signals: &[Signal],
    ) -> Result<(), Error> {
        for there in self.signals_of_day(day, book)? {
            if signals.iter().all(|signal| signal.id != there.id) {
                self.delete("scores", "signal", &there.id)?;
                self.delete("signals", "id", &there.id)?;
            }
        }
        signals.iter().try_for_each(|signal| self.put(signal))
    }

    /// The signals of a book's day, in order of name.
    pub fn signals_of_day(&self, day: Day, book: &str) -> Result<Vec<Signal>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        self.select("where day = $1 and book = $2 order by id", values)
    }

    /// Writes down a score, in place of what the model said before.
    pub fn put_score(&self, score: &Score) -> Result<(), Error> {
        self.put(score)
    }

    /// The scores of the signals of a book's day, in order of signal and model.
    pub fn scores_of_day(&self, day: Day, book: &str) -> Result<Vec<Score>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        let rest = "where signal in (select id from signals where day = $1 and book = $2) \
                    order by signal, model";
        self.select(rest, values)
    }
}
