//! After a restart: what the journal says is out, and what was heard.

use base::{Span, Ts};
use market::OrderState;
use market::remote::{Said, Wire};

use super::{Clocks, Courier, Patience, Tracked};
use crate::journal::State;

impl<W: Wire> Courier<W> {
    /// The courier of an engine that its journal restored. Whether an order left before the end,
    /// nobody knows: it counts as sent now, and the books decide. An opening order that is older
    /// than patience allows is not sent again: its moment has passed.
    ///
    /// `lived` is when the journal began and when it ended. Books reach back to its end, however
    /// long nobody was there.
    pub fn restore(
        (wire, patience): (W, Patience),
        clocks: Clocks,
        state: &State,
        lived: Option<(Ts, Ts)>,
    ) -> Courier<W> {
        let mut courier = Courier::new(wire, patience, clocks);
        let now = clocks.steady;
        if let Some((began, last)) = lived {
            courier.began = began.min(clocks.wall);
            courier.last = Some(last);
        }
        courier.heard = state.told.keys().cloned().collect();
        let fees = state.told.iter().filter_map(|(id, told)| Some((id.clone(), told.fee?)));
        courier.fees = fees.collect();
        let mut out: Vec<_> = state.orders.iter().collect();
        out.sort_by_key(|order| order.sent);
        for order in out {
            courier.wire.recall(&order.request, order.filled.abs(), order.reduced);
            if order.cancelling {
                // The wire hears so before the first books, or it would place it anew.
                courier.outgoing.push(Said::Cancel(order.request.id.clone()));
            }
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
