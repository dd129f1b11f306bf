//! A server that says as much as an answer to an order and does nothing: what the network and the
//! HTTP of this machine allow, under the same load.

use std::net::TcpListener;

use anyhow::{Result, anyhow};
use axum::Router;
use axum::serve::ListenerExt as _;

use super::client::Door;
use super::load;

/// As long as an order is shown.
const ANSWER: &str = r#"{"id":"00000000-0000-8000-a000-000000000000"}"#;
const LENGTH: usize = 1_300;

/// Requests a second.
pub(super) fn load(count: usize) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let answer = format!("{ANSWER:<LENGTH$}");
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let routes = Router::new().fallback(move || std::future::ready(answer.clone()));
        let listener = listener.tap_io(|line| drop(line.set_nodelay(true)));
        axum::serve(listener, routes).await
    });
    let door = Door { address, heads: String::new(), key: "", secret: "" };
    let symbols = ["SPY".to_owned()];
    let loaded = load::run(&door, &symbols, (count, "hello"))
        .map_err(|error| anyhow!("hello: {error:#}"))?;
    runtime.shutdown_background();
    Ok(loaded.requests as f64 / loaded.seconds)
}
