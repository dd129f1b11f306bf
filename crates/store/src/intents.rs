//! What a book wants, and who allowed it: planned → approved → executed, or one of the ways out.

use base::{Day, Ts};
use serde_json::Value as Json;

use crate::record::{record, words};
use crate::{Error, Tx, Written};

words! {
    /// How an intent stands.
    IntentState {
        /// Proposed by a book.
        Planned = "planned",
        /// A person, or the rule for unattended mode, allowed it.
        Approved = "approved",
        /// A person said no.
        Rejected = "rejected",
        /// Its time ran out.
        Expired = "expired",
        /// Its orders were sent.
        Executed = "executed",
        /// Risk checks or the broker said no.
        Refused = "refused",
    }
}

impl IntentState {
    /// True where one step leads from this state to the other.
    pub const fn may_become(self, to: IntentState) -> bool {
        use IntentState::{Approved, Executed, Expired, Planned, Refused, Rejected};
        match self {
            Planned => matches!(to, Approved | Rejected | Expired | Refused),
            Approved => matches!(to, Executed | Expired | Refused),
            Rejected | Expired | Executed | Refused => false,
        }
    }
}

words! {
    /// What a person decided.
    Decision {
        /// Go ahead.
        Approve = "approve",
        /// Do not.
        Reject = "reject",
    }
}

record! {
    /// What a book wants to do and why.
    Intent in "intents" by [id] {
        /// Its name; client order ids derive from it.
        id: String,
        /// The trading day.
        day: Day,
        /// The book that wants it.
        book: String,
        /// The symbol.
        symbol: String,
        /// How it stands.
        state: IntentState,
        /// When it was planned.
        created: Ts,
        /// When its state last changed.
        updated: Ts,
        /// Side, size, prices, reasons.
        payload: Json,
    }
}

record! {
    /// Who decided on an intent, and why.
    Approval in "approvals" by [intent] {
        /// The intent.
        intent: String,
        /// Who.
        who: String,
        /// When.
        at: Ts,
        /// What.
        decision: Decision,
        /// Why.
        reason: String,
    }
}

impl Tx<'_> {
    /// Writes down an intent when it is planned. Planned again with the same contents it keeps
    /// the state it has reached.
    pub fn plan_intent(&self, intent: &Intent) -> Result<Written, Error> {
        if let Some(there) = self.intent(&intent.id)? {
            let same = Intent { state: there.state, updated: there.updated, ..intent.clone() };
            return self.insert_once(&same);
        }
        self.insert_once(intent)
    }

    /// The intent of this name.
    pub fn intent(&self, id: &str) -> Result<Option<Intent>, Error> {
        self.find(vec![id.into()])
    }

    /// The intents of a book's day, in order of name.
    pub fn intents_of_day(&self, day: Day, book: &str) -> Result<Vec<Intent>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        self.select("where day = $1 and book = $2 order by id", values)
    }

    /// Moves an intent to a state; moving it to where it is changes nothing.
    pub fn move_intent(&self, id: &str, to: IntentState) -> Result<Written, Error> {
        let mut intent: Intent = self.hold(vec![id.into()])?;
        if intent.state == to {
            return Ok(Written::Already);
        }
        if !intent.state.may_become(to) {
            return Err(Error::MoveState {
                table: "intents",
                key: id.to_owned(),
                from: intent.state.as_str(),
                to: to.as_str(),
            });
        }
        intent.state = to;
        intent.updated = self.now();
        self.put(&intent)?;
        Ok(Written::New)
    }

    /// Writes down a decision and moves the intent accordingly. The first decision stands: the
    /// same again changes nothing, another is refused.
    pub fn decide(&self, approval: &Approval) -> Result<Written, Error> {
        let written = self.insert_once(approval)?;
        if written == Written::New {
            let to = match approval.decision {
                Decision::Approve => IntentState::Approved,
                Decision::Reject => IntentState::Rejected,
            };
            self.move_intent(&approval.intent, to)?;
        }
        Ok(written)
    }

    /// The decision on an intent.
    pub fn approval(&self, intent: &str) -> Result<Option<Approval>, Error> {
        self.find(vec![intent.into()])
    }
}
