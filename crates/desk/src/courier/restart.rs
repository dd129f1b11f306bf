//! After a restart: what the journal says is out, and what was heard.

use base::Span;
use market::OrderState;
use market::remote::Wire;

use super::{Clocks, Courier, Patience, Tracked};
use crate::journal::State;

impl<W: Wire> Courier<W> {
    /// The courier of an engine that its journal restored. Whether an order left before the end,
    /// nobody knows: it counts as sent now, and the books decide. An opening order that is older
    /// than patience allows is not sent again: its moment has passed.
    pub fn restore(wire: W, patience: Patience, clocks: Clocks, state: &State) -> Courier<W> {
        let mut courier = Courier::new(wire, patience, clocks);
        let now = clocks.steady;
        courier.heard = state.told.keys().cloned().collect();
        let fees = state.told.iter().filter_map(|(id, told)| Some((id.clone(), told.fee?)));
        courier.fees = fees.collect();
        let mut out: Vec<_> = state.orders.iter().collect();
        out.sort_by_key(|order| order.sent);
        for order in out {
            courier.wire.recall(&order.request, order.filled.abs(), order.reduced);
            let acknowledged = order.state == OrderState::Working;
            let tracked = Tracked {
                request: order.request.clone(),
                asked: now,
                sent: Some(now),
                known: acknowledged.then_some(now - Span::from_nanos(1)),
                delivered: order.filled,
                ended: None,
                cancelling: order.cancelling.then_some(now - patience.answer),
                outdated: order.role.opens() && clocks.wall - order.sent > patience.opening,
            };
            courier.orders.insert(order.request.id.clone(), tracked);
        }
        courier
    }
}
