//! A session of minutes, stepped as fast as a book on it can answer, and the night after it.
//!
//! The book hears bars from the stream of market data and fills from the stream of the account.
//! Each minute it looks at every twentieth symbol: what rose is bought, what is held is sold.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use base::{Day, Span, Ts};
use serde::Deserialize;
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use super::client::{Door, Line, field};
use super::served::Served;

/// One symbol in so many is looked at each minute.
const PARTS: usize = 20;
/// Connections that send the orders of a minute.
const HANDS: usize = 4;
/// Minutes of a day.
const DAY: usize = 1_440;
/// Longest time until the bars of a minute.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a day.
pub(super) struct Lived {
    /// For the session alone.
    pub(super) seconds: f64,
    pub(super) orders: usize,
    pub(super) fills: usize,
    /// At the start, after half of the session, and a day after the start.
    pub(super) memory_mib: [f64; 3],
}

/// A bar as the stream tells it.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "S", default)]
    symbol: String,
    #[serde(rename = "c", default)]
    close: f64,
}

/// Shares held by symbol, and how often something filled.
type Held = Arc<Mutex<(BTreeMap<String, i64>, usize)>>;

/// Runs so many minutes, then the rest of twenty-four hours.
pub(super) fn run(served: &Served, minutes: usize) -> Result<Lived> {
    let door = served.door();
    let bars = listen_to_bars(&door)?;
    let held = listen_to_fills(&door)?;
    let mut lines = (0..HANDS).map(|_| Line::open(&door)).collect::<Result<Vec<Line>>>()?;
    let status = lines[0].well("GET /control/status", "")?;
    let start = field(status, "now").context("read the market's time")?.to_owned();
    let mut closes: BTreeMap<String, f64> = BTreeMap::new();
    let (mut orders, mut memory_mib) = (0, [f64::NAN; 3]);
    let begun = Instant::now();
    for minute in 0..minutes {
        lines[0].well("POST /control/step?bars=1", "")?;
        let told = bars.recv_timeout(PATIENCE).context("wait for the bars of a minute")?;
        let rose = |bar: &Told| closes.get(&bar.symbol).is_some_and(|before| bar.close > *before);
        let looked = told.iter().enumerate().filter(|(at, _)| at % PARTS == minute % PARTS);
        let wishes = looked.filter_map(|(_, bar)| {
            let known = held.lock().unwrap_or_else(PoisonError::into_inner);
            let shares = known.0.get(&bar.symbol).copied().unwrap_or(0);
            match shares {
                0 => rose(bar).then(|| (bar.symbol.clone(), "buy", 10)),
                shares if shares < 0 => Some((bar.symbol.clone(), "buy", -shares)),
                shares => Some((bar.symbol.clone(), "sell", shares)),
            }
        });
        let wishes: Vec<(String, &str, i64)> = wishes.collect();
        orders += send(&mut lines, &wishes, minute)?;
        closes.extend(told.into_iter().map(|bar| (bar.symbol, bar.close)));
        match minute {
            0 => memory_mib[0] = served.memory_mib()?,
            _ if minute == minutes / 2 => memory_mib[1] = served.memory_mib()?,
            _ => {}
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let start = moment(&start).with_context(|| format!("read {start}"))?;
    for minute in minutes + 1..=DAY {
        let until = start + Span::from_minutes(minute as i64);
        lines[0].well(&format!("POST /control/advance?until={until}"), "")?;
    }
    memory_mib[2] = served.memory_mib()?;
    let fills = held.lock().unwrap_or_else(PoisonError::into_inner).1;
    Ok(Lived { seconds, orders, fills, memory_mib })
}

/// A moment as the exchange writes it, to the minute.
fn moment(text: &str) -> Option<Ts> {
    let (day, time) = text.split_once('T')?;
    let day: Day = day.parse().ok()?;
    let mut parts = time.split(':').map(str::parse::<i64>);
    let (Some(Ok(hours)), Some(Ok(minutes))) = (parts.next(), parts.next()) else { return None };
    Some(day.start() + Span::from_minutes(hours * 60 + minutes))
}

/// Sends the orders of a minute over several connections at once; how many were taken.
fn send(lines: &mut [Line], wishes: &[(String, &str, i64)], minute: usize) -> Result<usize> {
    let part = wishes.len().div_ceil(lines.len()).max(1);
    std::thread::scope(|scope| {
        let of = |(line, wishes)| scope.spawn(move || send_part(line, wishes, minute));
        let threads: Vec<_> = lines.iter_mut().zip(wishes.chunks(part)).map(of).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|sent| sent.unwrap_or_else(|_| Err(anyhow!("a connection broke")))).sum()
    })
}

fn send_part(line: &mut Line, wishes: &[(String, &str, i64)], minute: usize) -> Result<usize> {
    let mut taken = 0;
    for (symbol, side, shares) in wishes {
        let body = format!(
            r#"{{"symbol":"{symbol}","qty":"{shares}","side":"{side}","type":"market",
                "time_in_force":"day","client_order_id":"{symbol}-{minute}"}}"#
        );
        let (status, answer) = line.ask("POST /v2/orders", &body)?;
        // A symbol of which little trades may still be buying when it is to be sold.
        ensure!(matches!(status, 200 | 403), "{body}: {status} {answer}");
        taken += usize::from(status == 200);
    }
    Ok(taken)
}

type Stream = WebSocket<TcpStream>;

fn stream(door: &Door, path: &str) -> Result<Stream> {
    let request = format!("ws://{}{path}", door.address).into_client_request()?;
    let line = door.connect()?;
    line.set_read_timeout(None)?;
    Ok(tungstenite::client(request, line).map_err(|error| anyhow!("{path}: {error}"))?.0)
}

fn say(stream: &mut Stream, message: &Value) -> Result<()> {
    Ok(stream.send(Message::text(message.to_string()))?)
}

/// The bars of each minute; the index has no bars that are traded.
fn listen_to_bars(door: &Door) -> Result<Receiver<Vec<Told>>> {
    let mut stream = stream(door, "/v2/iex")?;
    say(&mut stream, &json!({ "action": "auth", "key": door.key, "secret": door.secret }))?;
    say(&mut stream, &json!({ "action": "subscribe", "bars": ["*"] }))?;
    for _ in 0..3 {
        stream.read().context("begin to listen to bars")?;
    }
    let (out, bars): (Sender<Vec<Told>>, _) = channel();
    std::thread::spawn(move || {
        while let Ok(message) = stream.read() {
            let Ok(mut told) = serde_json::from_slice::<Vec<Told>>(&message.into_data()) else {
                continue;
            };
            told.retain(|bar| bar.symbol != "VIX");
            if out.send(told).is_err() {
                return;
            }
        }
    });
    Ok(bars)
}

/// What is held by what filled.
fn listen_to_fills(door: &Door) -> Result<Held> {
    let mut stream = stream(door, "/stream")?;
    let data = json!({ "key_id": door.key, "secret_key": door.secret });
    say(&mut stream, &json!({ "action": "authenticate", "data": data }))?;
    say(&mut stream, &json!({ "action": "listen", "data": { "streams": ["trade_updates"] } }))?;
    for _ in 0..2 {
        stream.read().context("begin to listen to fills")?;
    }
    let held = Held::default();
    let kept = Arc::clone(&held);
    std::thread::spawn(move || {
        while let Ok(message) = stream.read() {
            let bytes = message.into_data();
            let text = str::from_utf8(&bytes).unwrap_or_default();
            if !matches!(field(text, "event"), Some("fill" | "partial_fill")) {
                continue;
            }
            let position = field(text, "position_qty").and_then(|qty| qty.parse::<f64>().ok());
            if let (Some(symbol), Some(shares)) = (field(text, "symbol"), position) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.0.insert(symbol.to_owned(), shares as i64);
                kept.1 += 1;
            }
        }
    });
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_s_time_is_read_to_the_minute() {
        let open = moment("2016-02-01T14:30:00Z").unwrap();
        assert_eq!(open.to_string(), "2016-02-01T14:30:00Z");
        assert_eq!(moment("soon"), None);
    }
}
