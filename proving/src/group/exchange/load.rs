//! Connections that place and cancel orders as fast as they are answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};

use super::client::{Door, Line, field};

const CONNECTIONS: usize = 50;

/// What came of a load.
pub(super) struct Loaded {
    pub(super) seconds: f64,
    /// Of each order that was placed, in milliseconds.
    pub(super) latencies: Vec<f64>,
    /// Orders and cancels.
    pub(super) requests: usize,
    /// Orders a second in the first and in the last tenth.
    pub(super) early: f64,
    pub(super) late: f64,
}

/// What one connection saw: when each order was answered, how long it took, how many requests.
type Seen = (Vec<(f64, f64)>, usize);

/// Places so many orders, each with a name of its own, in all symbols by turns: of ten one at the
/// market and nine far from it, of which seven are cancelled again by the next request.
pub(super) fn run(door: &Door, symbols: &[String], (count, name): (usize, &str)) -> Result<Loaded> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let place = || -> Result<Seen> {
        let mut line = Line::open(door)?;
        let (mut seen, mut requests) = (Vec::new(), 0);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok((seen, requests));
            }
            let body = order(&symbols[number % symbols.len()], number, name);
            let asked = Instant::now();
            let answer = line.well("POST /v2/orders", &body)?;
            seen.push((begun.elapsed().as_secs_f64(), asked.elapsed().as_secs_f64() * 1e3));
            requests += 1;
            if matches!(number % 10, 0..=6) {
                let id = field(answer, "id").context("find the order's id")?;
                let path = format!("DELETE /v2/orders/{id}");
                line.well(&path, "")?;
                requests += 1;
            }
        }
    };
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(place)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|seen| seen.unwrap_or_else(|_| Err(anyhow!("a connection broke"))))
            .collect::<Result<Vec<Seen>>>()
    })?;
    let requests = all.iter().map(|(_, requests)| requests).sum();
    let mut seen: Vec<(f64, f64)> = all.into_iter().flat_map(|(seen, _)| seen).collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let times: Vec<f64> = seen.iter().map(|(at, _)| *at).collect();
    let rate = |from: usize, to: usize| {
        (to - from) as f64 / (times.get(to).unwrap_or(&0.0) - times.get(from).unwrap_or(&0.0))
    };
    let (tenth, last) = (times.len() / 10, times.len().saturating_sub(1));
    Ok(Loaded {
        seconds: times.last().copied().unwrap_or(f64::NAN),
        early: rate(0, tenth),
        late: rate(last - tenth, last),
        latencies: seen.into_iter().map(|(_, latency)| latency).collect(),
        requests,
    })
}

fn order(symbol: &str, number: usize, name: &str) -> String {
    let terms = match number % 10 {
        9 => r#""type":"market","time_in_force":"day""#,
        _ => r#""type":"limit","limit_price":"1.00","time_in_force":"gtc""#,
    };
    format!(
        r#"{{"symbol":"{symbol}","qty":"1","side":"buy",{terms},
            "client_order_id":"{name}-{number}"}}"#
    )
}
