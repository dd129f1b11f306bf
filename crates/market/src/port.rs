//! The ports: what the outside world looks like from the inside.

use base::Ts;

use crate::{BrokerEvent, ClientOrderId, Event, OrderRequest, Snapshot};

/// A broker. Submitting never blocks and never answers; every answer comes as an event.
pub trait Broker {
    /// Takes an order. Sending the same client id twice is sending it once.
    fn submit(&mut self, at: Ts, order: &OrderRequest);

    /// Asks to take an order back.
    fn cancel(&mut self, at: Ts, order: &ClientOrderId);

    /// Moves out the answers given since the last call, oldest first.
    fn drain(&mut self, into: &mut Vec<BrokerEvent>);

    /// What the broker holds for us now.
    fn snapshot(&self) -> Snapshot;
}

/// A source of events in order of `known`.
pub trait Feed {
    /// The next event, or `None` at the end of the tape.
    fn next(&mut self) -> Option<Event>;
}
