//! Taking orders back.

use base::Ts;
use market::Qty;
use serde_json::json;

use super::Venue;
use super::order::{Class, Status};
use crate::Answer;

impl Venue {
    /// Takes an order back and says so; legs that wait for it end with it.
    pub(super) fn take_back(&mut self, number: usize, ended: Status, at: Ts) {
        let instrument = self.state.orders[number].instrument;
        self.recall(number, at);
        self.end(number, ended, at);
        self.take_answers(instrument, at);
    }

    /// Writes down that an order ended early.
    pub(super) fn end(&mut self, number: usize, ended: Status, at: Ts) {
        let order = &mut self.state.orders[number];
        if !order.status.is_open() {
            return;
        }
        order.status = ended;
        order.updated_at = at;
        let stamp = match ended {
            Status::Expired => &mut order.expired_at,
            Status::Rejected => &mut order.failed_at,
            Status::Replaced => &mut order.replaced_at,
            _ => &mut order.canceled_at,
        };
        *stamp = Some(at);
        self.close_order(number);
        self.tell(ended.word(), number, at);
        self.keep_protection(number, at);
    }

    /// Legs of an order that ended with a part filled protect that part.
    fn keep_protection(&mut self, number: usize, at: Ts) {
        let order = &self.state.orders[number];
        if order.filled != Qty::ZERO && order.class != Class::Oco {
            self.wake_legs(number, at);
        }
    }

    /// All that goes with an order when a person takes it back: its legs, or its siblings.
    fn family(&self, number: usize) -> Vec<usize> {
        // The order itself first, so that it is not told after its siblings.
        let mut family = vec![number];
        family.extend(self.open_group_of(number).into_iter().filter(|other| *other != number));
        family
    }

    /// Cancels as asked.
    pub(super) fn cancel(&mut self, number: usize) -> Answer {
        let status = self.state.orders[number].status;
        if !status.is_open() {
            let word = status.word();
            return Answer::unprocessable(format!("order is already in \"{word}\" state"));
        }
        let now = self.state.now;
        for one in self.family(number) {
            if self.state.orders[one].status.is_open() {
                self.tell("pending_cancel", one, now);
                self.take_back(one, Status::Canceled, now);
            }
        }
        Answer { status: 204, body: None }
    }

    /// Cancels all that is open and says of each how that went.
    pub(super) fn cancel_all(&mut self) -> Answer {
        let open: Vec<usize> = self.state.open.iter().copied().collect();
        let mut told = Vec::new();
        for number in open {
            if self.state.orders[number].status.is_open() {
                self.cancel(number);
            }
            told.push(json!({ "id": self.state.orders[number].id, "status": 200 }));
        }
        Answer { status: 207, body: Some(told.into()) }
    }
}
