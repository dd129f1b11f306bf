//! The socket protocol, as the client crate `ibapi` speaks it over a real socket.

use ibapi::client::blocking::Client;

use crate::{Server, Wish};

fn client(server: &Server, id: i32) -> Client {
    Client::connect(&server.tws.to_string(), id).unwrap()
}

#[test]
fn a_client_is_welcomed_with_its_account_and_a_first_order_id() {
    let server = Server::start(Wish::default());
    let client = client(&server, 7);
    assert_eq!(client.server_version(), 222);
    assert!(client.handshake_managed_accounts()[0].starts_with("DU"));
    assert_eq!(client.next_valid_order_id().unwrap(), 1);
    assert_eq!(client.server_time().unwrap().unix_timestamp(), 0);
}
