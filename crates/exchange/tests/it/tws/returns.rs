//! Who comes back finds everything again: orders, trades, numbers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ibapi::Error;
use ibapi::client::blocking::Client;
use ibapi::orders::order_builder::{limit_order, market_order, stop};
use ibapi::orders::{Action, ExecutionFilter, Executions, Order, Orders, TimeInForce};

use super::{Trader, WAIT, connect, stock};
use crate::{Memory, Server, Wish};

/// What a client finds when it asks: open orders and trades as text.
fn found(client: &Client) -> (Vec<String>, Vec<String>) {
    let open = client.open_orders().unwrap().collect_to_end_within(WAIT).unwrap();
    let filter = ExecutionFilter { last_n_days: 7, ..ExecutionFilter::default() };
    let trades = client.executions(filter).unwrap().collect_to_end_within(WAIT).unwrap();
    let open = open.iter().filter_map(|item| match item {
        Orders::OrderData(data) => {
            let order = &data.order;
            let parts = (data.order_id, order.perm_id, order.parent_id, &order.order_ref);
            Some(format!("{parts:?} {} {}", order.oca_group, data.order_state.status))
        }
        Orders::OrderStatus(_) => None,
    });
    let trades = trades.iter().map(|item| match item {
        Executions::ExecutionData(data) => format!("{:?}", data.execution),
        Executions::CommissionReport(report) => format!("{report:?}"),
    });
    let mut open: Vec<String> = open.collect();
    // A change that was on its way may be told into the answer.
    open.dedup();
    (open, trades.collect())
}

fn trade(trader: &Trader) {
    let price = trader.price("SPY");
    let held = Order { order_ref: "tt-entry".to_owned(), ..market_order(Action::Buy, 10.0) };
    let entry = trader.place(&Order { transmit: false, ..held });
    let exit = Order { parent_id: entry, ..stop(Action::Sell, 10.0, (price * 0.5).round()) };
    trader.place(&Order {
        tif: TimeInForce::GoodTillCanceled,
        order_ref: "tt-stop".to_owned(),
        ..exit
    });
    let waiting = limit_order(Action::Buy, 5.0, (price * 0.8).round());
    let waits = trader.place(&Order { tif: TimeInForce::GoodTillCanceled, ..waiting.clone() });
    let changed = Order { total_quantity: 6.0, tif: TimeInForce::GoodTillCanceled, ..waiting };
    trader.client.submit_order(waits, &stock("SPY"), &changed).unwrap();
    trader.until(&format!("status {waits} Submitted 0/6"));
    trader.step(1);
    trader.until(&format!("status {entry} Filled"));
}

#[test]
fn after_a_restart_orders_and_trades_have_the_numbers_they_had() {
    let memory = Memory::new();
    let wish = || Wish { memory: memory.clone(), ..Wish::default() };
    let trader = Trader::on(Server::start(wish()), 3);
    trade(&trader);
    let before = found(&trader.client);
    assert_eq!((before.0.len(), before.1.len()), (2, 2), "{before:?}");
    let next = trader.client.next_valid_order_id().unwrap();
    drop(trader);
    let trader = Trader::on(Server::start(wish()), 3);
    assert_eq!(found(&trader.client), before);
    assert_eq!(trader.client.next_valid_order_id().unwrap(), next);
    trader.client.global_cancel().unwrap();
    trader.until(&format!("notice {} 202", next - 1));
    assert_eq!(found(&trader.client).0, Vec::<String>::new());
}

#[test]
fn a_client_that_lost_its_line_comes_back_by_itself() {
    let memory = Memory::new();
    let wish = |tws_port| Wish { memory: memory.clone(), tws_port, ..Wish::default() };
    let trader = Trader::on(Server::start(wish(0)), 3);
    trade(&trader);
    let before = found(&trader.client);
    let Trader { client, server, .. } = trader;
    let port = server.tws.port();
    drop(server);
    while client.is_connected() {
        std::thread::yield_now();
    }
    let _server = Server::start(wish(port));
    client.wait_connected().unwrap();
    assert_eq!(found(&client), before);
}

#[test]
fn open_orders_are_told_before_the_session_begins() {
    let trader = Trader::new();
    trade(&trader);
    let Trader { client, server, .. } = trader;
    drop(client);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = Arc::clone(&heard);
    let again = || {
        let ear = Arc::clone(&ear);
        Client::builder()
            .address(server.tws.to_string())
            .client_id(7)
            .startup_callback(move |message| {
                ear.lock().unwrap().push(format!("{:?}", message.message_type()));
            })
            .connect()
    };
    // The line that was dropped may be noticed a moment later.
    let client = loop {
        match again() {
            Ok(client) => break client,
            Err(Error::ClientIdInUse { .. }) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    };
    assert!(client.is_connected());
    let wanted = ["OpenOrder", "OrderStatus", "OpenOrder", "OrderStatus", "OpenOrderEnd"];
    assert_eq!(*heard.lock().unwrap(), wanted);
}

#[test]
fn a_client_id_belongs_to_one_line() {
    let server = Server::start(super::Wish::default());
    let first = connect(&server, 5);
    let second = Client::connect(&server.tws.to_string(), 5);
    assert!(matches!(second, Err(Error::ClientIdInUse { client_id: 5 })));
    assert!(first.server_time().is_ok());
    assert!(connect(&server, 6).server_time().is_ok());
}

#[test]
fn clients_hear_of_their_own_orders_alone() {
    let trader = Trader::new();
    let other = connect(&trader.server, 8);
    let id = trader.place(&limit_order(Action::Buy, 1.0, 1.5));
    trader.until(&format!("status {id}"));
    assert_eq!(found(&other).0, Vec::<String>::new());
    let all = other.all_open_orders().unwrap().collect_to_end_within(WAIT).unwrap();
    assert_eq!(all.len(), 2);
    // The number is the other client's: here it is not known.
    let told = other.cancel_order(id, "").unwrap();
    assert!(matches!(told.next_timeout(WAIT), Some(Err(_))));
    assert_eq!(found(&trader.client).0.len(), 1);
}

#[test]
fn orders_that_are_done_are_told_with_what_was_left() {
    let trader = Trader::new();
    let id = trader.place(&market_order(Action::Buy, 10.0));
    trader.step(1);
    trader.until(&format!("status {id} Filled"));
    let id = trader.place(&limit_order(Action::Buy, 4.0, 1.5));
    trader.until(&format!("status {id}"));
    trader.client.global_cancel().unwrap();
    trader.until(&format!("notice {id} 202"));
    let done = trader.client.completed_orders(true).unwrap();
    let told: Vec<(f64, f64, String)> = done
        .collect_to_end_within(WAIT)
        .unwrap()
        .into_iter()
        .filter_map(|item| match item {
            Orders::OrderData(data) => Some((
                data.order.total_quantity,
                data.order.filled_quantity,
                data.order_state.completed_status,
            )),
            Orders::OrderStatus(_) => None,
        })
        .collect();
    let wanted =
        [(0.0, 10.0, "Filled Size: 10".to_owned()), (4.0, 0.0, "Cancelled by Trader".to_owned())];
    assert_eq!(told, wanted);
}

#[test]
fn nothing_is_told_that_could_not_be_kept() {
    let memory = Memory::new();
    let trader = Trader::on(Server::start(Wish { memory: memory.clone(), ..Wish::default() }), 7);
    trader.client.server_time().unwrap();
    *memory.left.lock().unwrap() = 0;
    let id = trader.place(&market_order(Action::Buy, 1.0));
    // The server ends rather than tell of an order that is nowhere written down.
    let Trader { server, updates, client } = trader;
    assert!(server.end().is_err());
    let heard = updates.next_timeout(Duration::from_millis(50));
    assert!(!matches!(heard, Some(Ok(_))), "{id}: {heard:?}");
    drop(client);
}
