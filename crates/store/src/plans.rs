//! Exit plans under way: what guards each position, as the desk left it.

use base::Ts;
use serde_json::Value as Json;

use crate::record::{record, words};
use crate::{Error, Tx};

words! {
    /// Whether a plan still guards something.
    PlanStatus {
        /// It does.
        Open = "open",
        /// Its position is closed.
        Closed = "closed",
    }
}

record! {
    /// An exit plan and how far it has come.
    Plan in "plans" by [id] {
        /// Its name, that of the intent.
        id: String,
        /// The book.
        book: String,
        /// The symbol.
        symbol: String,
        /// Whether it still guards something.
        status: PlanStatus,
        /// When it last changed.
        updated: Ts,
        /// Stop, targets, trail, add-on, expiry.
        state: Json,
    }
}

impl Tx<'_> {
    /// Writes a plan, in place of what it was.
    pub fn put_plan(&self, plan: &Plan) -> Result<(), Error> {
        self.put(plan)
    }

    /// The plan of this name.
    pub fn plan(&self, id: &str) -> Result<Option<Plan>, Error> {
        self.find(vec![id.into()])
    }

    /// The open plans of a book, in order of name.
    pub fn open_plans(&self, book: &str) -> Result<Vec<Plan>, Error> {
        self.select("where book = $1 and status = 'open' order by id", vec![book.into()])
    }
}
