//! Orders and trades in the protocol's messages.

use market::Qty;

use super::book::{Book, Ticket, Trade, permanent};
use super::combos;
use super::commission;
use super::contracts;
use super::hall::account_name;
use super::messages::orders::{
    CommissionAndFeesReport, CompletedOrder, Execution, ExecutionDetails, OpenOrder, Order,
    OrderState, OrderStatus,
};
use super::terms;
use super::times::stamp;
use crate::Venue;
use crate::figures::money;
use crate::venue;
use crate::venue::{Side, Status};

/// An order of the account with the client's words for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) venue: &'a Venue,
    pub(super) book: &'a Book,
    /// `None` for one that came through another door.
    pub(super) ticket: Option<&'a Ticket>,
    pub(super) number: usize,
    pub(super) order: &'a venue::Order,
}

/// How far an order has come.
struct Progress {
    filled: Qty,
    remaining: Qty,
    /// Average price of all fills; 0 without one.
    average: f64,
}

impl Shown<'_> {
    fn progress(&self) -> Progress {
        let (before, spent) =
            self.ticket.map_or_else(Default::default, |t| t.before(self.venue, self.number));
        let filled = before + self.order.filled;
        let left = self.order.qty.unwrap_or(Qty::ZERO) - self.order.filled;
        let average = match filled == Qty::ZERO {
            true => 0.0,
            false => rounded((spent + self.order.value).to_f64() / filled.to_f64()),
        };
        Progress { filled, remaining: left.max(Qty::ZERO), average }
    }

    /// The broker's word for where it stands.
    pub(super) fn status(&self) -> &'static str {
        let order = self.order;
        match order.status {
            Status::Filled => "Filled",
            Status::Canceled | Status::Expired | Status::Replaced => "Cancelled",
            Status::Rejected => "Inactive",
            Status::PartiallyFilled => "Submitted",
            Status::Accepted => "PreSubmitted",
            Status::Held if self.waits_for_parent() => "PreSubmitted",
            Status::New if order.combo.as_ref().is_some_and(|combo| combo.condition.is_some()) => {
                "PreSubmitted"
            }
            Status::New | Status::Held if order.is_stop() || order.tif.is_timed() => "PreSubmitted",
            Status::New | Status::Held => "Submitted",
        }
    }

    fn waits_for_parent(&self) -> bool {
        let parent = self.order.parent.and_then(|parent| self.venue.order(parent));
        parent.is_some_and(|parent| parent.filled == Qty::ZERO)
    }

    fn why_held(&self) -> &'static str {
        match self.order.status.is_open() {
            true if self.waits_for_parent() => "child",
            true if self.order.is_stop() && self.order.filled == Qty::ZERO => "trigger",
            _ => "",
        }
    }

    /// Words that differ where there is something new to tell.
    pub(super) fn key(&self) -> String {
        let Progress { filled, remaining, .. } = self.progress();
        let (status, held) = (self.status(), self.why_held());
        let number = self.number;
        format!("{number} {status} {held} {filled} {remaining}")
    }

    /// The symbol of the share that it is on.
    pub(super) fn symbol(&self) -> String {
        self.venue.tape().universe().get(self.order.instrument).symbol.clone()
    }

    fn names(&self) -> (i32, i32) {
        self.ticket.map_or((0, 0), |ticket| (ticket.client, ticket.order))
    }

    fn permanent(&self) -> i64 {
        self.ticket.map_or(permanent(self.number), Ticket::permanent)
    }

    fn terms(&self) -> Order {
        let (client, id) = self.names();
        let Progress { filled, remaining, .. } = self.progress();
        let (oca_group, oca_type) = match (self.ticket, &self.order.group) {
            (Some(ticket), _) if !ticket.oca_group.is_empty() => {
                (Some(ticket.oca_group.clone()), Some(ticket.oca_type))
            }
            // Orders that wait for the same one are a group without the client's saying so.
            (_, Some(group)) => {
                (Some(group.rsplit('/').next().unwrap_or_default().to_owned()), Some(3))
            }
            _ => (None, None),
        };
        let mut told = Order {
            client_id: Some(client),
            order_id: Some(id),
            perm_id: Some(self.permanent()),
            parent_id: Some(self.ticket.map_or(0, |ticket| ticket.parent)),
            total_quantity: Some((filled + remaining).to_string()),
            filled_quantity: Some(filled.to_string()),
            account: Some(account_name(self.venue)),
            order_ref: Some(self.reference()),
            oca_group,
            oca_type,
            outside_rth: Some(self.ticket.is_some_and(|ticket| ticket.outside_hours)),
            transmit: Some(true),
            ..Order::default()
        };
        let order = self.order;
        terms::write(order.kind, order.side, order.tif, &mut told);
        told.conditions = combos::shown_condition(order);
        if let Some(ticket) = self.ticket {
            write_date(ticket, &mut told);
        }
        told
    }

    /// The client's words for it, or the name that it has at the other door.
    fn reference(&self) -> String {
        self.ticket.map_or_else(|| self.order.client_id.clone(), |ticket| ticket.reference.clone())
    }

    pub(super) fn open_order(&self) -> OpenOrder {
        OpenOrder {
            order_id: Some(self.names().1),
            contract: Some(combos::shown_order(self.venue, self.book, self.order)),
            order: Some(self.terms()),
            order_state: Some(OrderState {
                status: Some(self.status().to_owned()),
                ..OrderState::default()
            }),
        }
    }

    /// `last` is the price of the last trade.
    pub(super) fn order_status(&self, last: Option<f64>) -> OrderStatus {
        let (client, id) = self.names();
        let Progress { filled, remaining, average } = self.progress();
        OrderStatus {
            order_id: Some(id),
            status: Some(self.status().to_owned()),
            filled: Some(filled.to_string()),
            remaining: Some(remaining.to_string()),
            avg_fill_price: Some(average),
            perm_id: Some(self.permanent()),
            parent_id: Some(self.ticket.map_or(0, |ticket| ticket.parent)),
            last_fill_price: Some(last.unwrap_or(0.0)),
            client_id: Some(client),
            why_held: Some(self.why_held().to_owned()),
            mkt_cap_price: Some(0.0),
        }
    }

    /// An order that is done. Its total is what was left unfilled, as the broker tells it.
    pub(super) fn completed(&self) -> CompletedOrder {
        let mut order = self.terms();
        let Progress { filled, remaining, .. } = self.progress();
        order.total_quantity = Some(remaining.to_string());
        let ended = match self.order.status {
            Status::Filled => format!("Filled Size: {filled}"),
            Status::Expired => "Cancelled by expiry".to_owned(),
            Status::Rejected => "Rejected".to_owned(),
            _ => "Cancelled by Trader".to_owned(),
        };
        CompletedOrder {
            contract: Some(combos::shown_order(self.venue, self.book, self.order)),
            order: Some(order),
            order_state: Some(OrderState {
                status: Some(self.status().to_owned()),
                completed_time: Some(stamp(self.order.updated_at)),
                completed_status: Some(ended),
                ..OrderState::default()
            }),
        }
    }

    pub(super) fn execution(&self, trade: &Trade, request: i32) -> ExecutionDetails {
        let (client, id) = self.names();
        let contract = match &trade.leg {
            Some((thing, _)) => combos::shown_thing(self.venue, self.book, thing),
            None => combos::shown_order(self.venue, self.book, self.order),
        };
        let side = trade.leg.map_or(self.order.side, |(_, side)| side);
        let side = if side == Side::Buy { "BOT" } else { "SLD" };
        ExecutionDetails {
            req_id: Some(request),
            contract: Some(contract),
            execution: Some(Execution {
                order_id: Some(id),
                exec_id: Some(trade.id.clone()),
                time: Some(stamp(trade.at)),
                acct_number: Some(account_name(self.venue)),
                exchange: Some("NYSE".to_owned()),
                side: Some(side.to_owned()),
                shares: Some(trade.qty.to_string()),
                price: Some(trade.price.to_f64()),
                perm_id: Some(self.permanent()),
                client_id: Some(client),
                is_liquidation: Some(false),
                cum_qty: Some(trade.filled.to_string()),
                avg_price: Some(rounded(trade.average)),
                order_ref: Some(self.reference()),
                last_liquidity: Some(if self.order.kind.limit().is_some() { 1 } else { 2 }),
            }),
        }
    }
}

/// Writes the date of an order that is good till one.
fn write_date(ticket: &Ticket, into: &mut Order) {
    if !ticket.good_till.is_empty() {
        into.tif = Some("GTD".to_owned());
        into.good_till_date = Some(ticket.good_till.clone());
    }
}

/// What a trade cost, and what it earned after that.
pub(super) fn commission(trade: &Trade) -> CommissionAndFeesReport {
    CommissionAndFeesReport {
        exec_id: Some(trade.id.clone()),
        commission_and_fees: Some(trade.commission.to_f64()),
        currency: Some("USD".to_owned()),
        realized_pnl: trade.earned.map(|earned| (earned - trade.commission).to_f64()),
    }
}

/// An order that its client has not transmitted yet.
pub(super) fn draft(venue: &Venue, ticket: &Ticket, draft: &terms::Terms) -> OpenOrder {
    let mut order = Order {
        client_id: Some(ticket.client),
        order_id: Some(ticket.order),
        perm_id: Some(0),
        parent_id: Some(ticket.parent),
        total_quantity: Some(draft.qty.to_string()),
        account: Some(account_name(venue)),
        order_ref: Some(ticket.reference.clone()),
        oca_group: Some(ticket.oca_group.clone()),
        oca_type: Some(ticket.oca_type),
        transmit: Some(false),
        ..Order::default()
    };
    terms::write(draft.kind, draft.side, draft.tif, &mut order);
    write_date(ticket, &mut order);
    OpenOrder {
        order_id: Some(ticket.order),
        contract: Some(contracts::shown(venue, draft.instrument)),
        order: Some(order),
        order_state: Some(OrderState {
            status: Some("ApiPending".to_owned()),
            ..OrderState::default()
        }),
    }
}

/// How far an order has come that was never transmitted.
pub(super) fn draft_status(ticket: &Ticket, status: &str, left: Qty) -> OrderStatus {
    OrderStatus {
        order_id: Some(ticket.order),
        status: Some(status.to_owned()),
        filled: Some("0".to_owned()),
        remaining: Some(left.to_string()),
        avg_fill_price: Some(0.0),
        perm_id: Some(0),
        parent_id: Some(ticket.parent),
        last_fill_price: Some(0.0),
        client_id: Some(ticket.client),
        why_held: Some(String::new()),
        mkt_cap_price: Some(0.0),
    }
}

/// An order's margin: before it, by it, after it.
pub(super) fn margins(venue: &Venue, instrument: market::InstrumentId, qty: Qty) -> OrderState {
    let purse = venue.purse();
    let (initial, maintenance) = venue.margins_with(instrument, qty);
    let value = venue.mark(instrument).map_or(market::Cash::ZERO, |mark| mark.times(qty).abs());
    let cost = commission::due(venue.commission(), qty.abs(), value);
    let number = |amount: market::Cash| money(amount).parse::<f64>().ok();
    OrderState {
        status: Some("PreSubmitted".to_owned()),
        init_margin_before: number(purse.initial),
        maint_margin_before: number(purse.maintenance),
        equity_with_loan_before: number(purse.equity),
        init_margin_change: number(initial - purse.initial),
        maint_margin_change: number(maintenance - purse.maintenance),
        equity_with_loan_change: Some(0.0),
        init_margin_after: number(initial),
        maint_margin_after: number(maintenance),
        equity_with_loan_after: number(purse.equity),
        commission_and_fees: Some(cost.to_f64()),
        commission_and_fees_currency: Some("USD".to_owned()),
        margin_currency: Some("USD".to_owned()),
        ..OrderState::default()
    }
}

/// Eight decimals and no more.
fn rounded(price: f64) -> f64 {
    (price * 1e8).round() / 1e8
}
