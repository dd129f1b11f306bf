//! The socket protocol, as the client crate `ibapi` speaks it over a real socket.

mod account;
mod lines;
mod options;
mod orders;
mod returns;

use std::time::Duration;

use ibapi::client::blocking::{Client, Subscription};
use ibapi::contracts::Contract;
use ibapi::orders::{Order, OrderUpdate};
use ibapi::subscriptions::SubscriptionItem;

use crate::{Server, Wish};

const WAIT: Duration = Duration::from_secs(20);

fn connect(server: &Server, id: i32) -> Client {
    Client::connect(&server.tws.to_string(), id).unwrap()
}

fn stock(symbol: &str) -> Contract {
    Contract::stock(symbol).build()
}

/// A client with a server of its own, and all that it hears of its orders.
struct Trader {
    client: Client,
    updates: Subscription<OrderUpdate>,
    server: Server,
}

impl Trader {
    fn new() -> Trader {
        Trader::on(Server::start(Wish::default()), 7)
    }

    fn on(server: Server, id: i32) -> Trader {
        let client = connect(&server, id);
        let updates = client.order_update_stream().unwrap();
        Trader { client, updates, server }
    }

    /// Works bars, after all that was sent before has arrived: a line is answered in its order.
    fn step(&self, bars: u32) {
        self.client.server_time().unwrap();
        self.server.well(&format!("POST /control/step?bars={bars}"), "");
    }

    /// The last price of a symbol, in whole cents.
    fn price(&self, symbol: &str) -> f64 {
        let told = self.server.well(&format!("GET /v2/stocks/{symbol}/quotes/latest"), "");
        told["quote"]["bp"].as_f64().unwrap()
    }

    fn place(&self, order: &Order) -> i32 {
        self.place_on("SPY", order)
    }

    fn place_on(&self, symbol: &str, order: &Order) -> i32 {
        let id = self.client.next_order_id();
        self.client.submit_order(id, &stock(symbol), order).unwrap();
        id
    }

    /// What is heard up to a line that begins so.
    fn until(&self, start: &str) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(item) = self.updates.next_timeout(WAIT) {
            heard.push(line(&item.unwrap()));
            if heard.last().unwrap().starts_with(start) {
                return heard;
            }
        }
        panic!("not heard: {start}; {heard:?}");
    }

    /// Places an order and hears that it is refused.
    fn refused(&self, symbol: &str, order: &Order, code: i32) {
        let id = self.place_on(symbol, order);
        self.until(&format!("notice {id} {code}"));
    }
}

/// What was heard as a short text.
fn line(item: &SubscriptionItem<OrderUpdate>) -> String {
    match item {
        SubscriptionItem::Notice(notice) => {
            format!("notice {} {} {}", notice.request_id.unwrap_or(-1), notice.code, notice.message)
        }
        SubscriptionItem::Data(OrderUpdate::OpenOrder(open)) => {
            let (order, state) = (&open.order, &open.order_state);
            let (kind, held) = (&order.order_type, order.total_quantity);
            format!("open {} {kind} {held} {}", open.order_id, state.status)
        }
        SubscriptionItem::Data(OrderUpdate::OrderStatus(status)) => {
            let (filled, left) = (status.filled, status.remaining);
            format!(
                "status {} {} {filled}/{left} {}",
                status.order_id, status.status, status.why_held
            )
        }
        SubscriptionItem::Data(OrderUpdate::ExecutionData(data)) => {
            let made = &data.execution;
            format!(
                "trade {} {} {} {}",
                made.order_id, made.side, made.shares, made.order_reference
            )
        }
        SubscriptionItem::Data(OrderUpdate::CommissionReport(report)) => {
            format!("commission {}", report.commission)
        }
        SubscriptionItem::Data(OrderUpdate::OrderBound(_)) => "bound".to_owned(),
    }
}
