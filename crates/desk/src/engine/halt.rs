//! What stops trading: the kill switch, a frozen instrument, a position closed at the market.

use market::{Broker, InstrumentId, OrderKind, OrderRequest, Qty, Side, TimeInForce};

use super::OnKill;
use super::answers::Told;
use super::core::{Core, Ports};
use crate::Error;
use crate::exit::ExitReason;
use crate::journal::{Journal, Record};
use crate::orders::Role;
use crate::risk::Reason;

impl Core {
    /// The kill switch: nothing new, entries taken back, waiting intents refused; positions stay
    /// behind their stops or are closed, as configured.
    pub(super) fn kill<B: Broker, J: Journal>(
        &mut self,
        why: &str,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        self.state.killed = Some(why.to_owned());
        self.write(ports.journal, || Record::Killed { reason: why.to_owned() });
        let waiting: Vec<String> = self.state.waiting.keys().cloned().collect();
        for name in waiting {
            self.refuse(&name, Reason::Killed, ports.journal);
        }
        self.take_back(|_| true, ports);
        if self.config.on_kill == OnKill::KeepProtected {
            return Ok(());
        }
        let held = self.state.ledger.positions().map(|(id, _)| id);
        let mut instruments: Vec<_> = held.chain(self.state.plans.keys().copied()).collect();
        instruments.sort_unstable();
        instruments.dedup();
        for instrument in instruments {
            self.close(instrument, ExitReason::Killed, ports)?;
        }
        Ok(())
    }

    /// Takes back the opening orders of some instruments.
    pub(super) fn take_back<B: Broker, J: Journal>(
        &mut self,
        of: impl Fn(InstrumentId) -> bool,
        ports: &mut Ports<'_, B, J>,
    ) {
        let opening = self.state.orders.iter().filter(|order| order.role.opens());
        let opening = opening.filter(|order| of(order.request.instrument));
        let opening: Vec<_> = opening.map(|order| order.request.id.clone()).collect();
        for order in opening {
            self.cancel(&order, ports);
        }
    }

    /// Takes back all orders of an instrument, those that close too.
    pub(super) fn take_back_all<B: Broker, J: Journal>(
        &mut self,
        of: InstrumentId,
        ports: &mut Ports<'_, B, J>,
    ) {
        let orders = self.state.orders.iter().filter(|order| order.request.instrument == of);
        let orders: Vec<_> = orders.map(|order| order.request.id.clone()).collect();
        for order in orders {
            self.cancel(&order, ports);
        }
    }

    /// The kill switch is released. What it took back stays back.
    pub(super) fn resume<J: Journal>(&mut self, why: &str, journal: &mut J) {
        if self.state.killed.take().is_some() {
            self.write(journal, || Record::Resumed { reason: why.to_owned() });
        }
    }

    /// Our account and the broker's differ: opening orders are taken back, none is sent.
    pub(super) fn freeze<B: Broker, J: Journal>(
        &mut self,
        instrument: Option<InstrumentId>,
        incident: &str,
        ports: &mut Ports<'_, B, J>,
    ) {
        self.state.freeze(instrument, incident);
        let incident = incident.to_owned();
        self.write(ports.journal, || Record::Frozen { instrument, incident });
        self.take_back(|other| instrument.is_none_or(|frozen| frozen == other), ports);
    }

    pub(super) fn thaw<J: Journal>(&mut self, instrument: Option<InstrumentId>, journal: &mut J) {
        self.state.thaw(instrument);
        self.write(journal, || Record::Thawed { instrument });
    }

    /// Closes all of an instrument: its plans, and what no plan keeps.
    pub(super) fn close<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        reason: ExitReason,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        self.with_plans(instrument, ports, |keeper, _| {
            keeper.leave(reason);
            Told::IfChanged
        })?;
        let kept = self.state.kept(instrument);
        let held = self.hot(instrument).map_or(Qty::ZERO, |hot| hot.qty);
        let coming: Qty = self.closing(instrument).iter().map(|(_, left)| *left).sum();
        let qty = kept - held - coming;
        if qty != Qty::ZERO {
            self.close_at_market(instrument, qty, ports);
        }
        Ok(())
    }

    /// An order at the market for what no plan keeps.
    pub(super) fn close_at_market<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        qty: Qty,
        ports: &mut Ports<'_, B, J>,
    ) {
        let side = if qty.is_negative() { Side::Short } else { Side::Long };
        let request = OrderRequest {
            id: market::ClientOrderId::derive(
                &format!("close/{}/{}", instrument.0, self.state.next_seq),
                "close",
            ),
            instrument,
            qty: side.signed(qty),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            oco_group: None,
            parent: None,
            reduce_only: true,
        };
        self.submit((request, Role::Close), "", ports);
    }
}
