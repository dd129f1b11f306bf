//! The two streams: messages of the account, and market data.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use sim::BarPrint;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::feed::{Codec, Wanted};
use super::{Shared, until_ended};

/// Time to say who one is.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages of a stranger before the line is cut.
const MOST_TRIES: usize = 5;

fn binary(value: &Value) -> Message {
    Message::Binary(Bytes::from(value.to_string()))
}

/// The bytes of a message that says something; `None` for one that only keeps the line open.
fn said(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Text(text) => Some(text.as_bytes()),
        Message::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

/// A word as text, wherever it may stand in a message.
fn word<'a>(message: &'a Value, names: [&str; 2]) -> &'a str {
    let [first, second] = names;
    let inner = &message["data"];
    [&inner[first], &message[second]].into_iter().find_map(Value::as_str).unwrap_or_default()
}

/// Messages of the account: authenticate, listen, then each change of an order.
pub(super) async fn account(mut socket: WebSocket, shared: Arc<Shared>) {
    let mut updates = shared.door.updates.subscribe();
    let mut ended = shared.ended.clone();
    let (mut is_known, mut listens, mut tries) = (false, false, 0);
    loop {
        let message = tokio::select! {
            () = until_ended(&mut ended) => break,
            update = updates.recv() => match update {
                Ok(update) if listens => {
                    if socket.send(binary(&update)).await.is_err() { return; }
                    continue;
                }
                Ok(_) => continue,
                // A listener that lost messages must begin anew rather than believe it has all.
                Err(RecvError::Lagged(_)) if listens => break,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => break,
            },
            message = heard(&mut socket, is_known) => match message {
                Some(message) => message,
                None => break,
            },
        };
        let Some(bytes) = said(&message) else { continue };
        let answer = match serde_json::from_slice::<Value>(bytes) {
            Ok(message) => match message["action"].as_str() {
                Some(action @ ("authenticate" | "auth")) => {
                    let key = word(&message, ["key_id", "key"]);
                    is_known = shared.keys.fits(key, word(&message, ["secret_key", "secret"]));
                    let status = if is_known { "authorized" } else { "unauthorized" };
                    json!({
                        "stream": "authorization",
                        "data": { "status": status, "action": action },
                    })
                }
                Some("listen") if is_known => {
                    let streams = message["data"]["streams"].as_array().cloned();
                    let streams = streams.unwrap_or_default();
                    listens = streams.iter().any(|stream| stream == "trade_updates");
                    let kept: &[&str] = if listens { &["trade_updates"] } else { &[] };
                    json!({ "stream": "listening", "data": { "streams": kept } })
                }
                Some("listen") => json!({
                    "stream": "authorization",
                    "data": { "status": "unauthorized", "action": "listen" },
                }),
                _ => refused("invalid action"),
            },
            Err(_) => refused("invalid message: it is not JSON"),
        };
        tries += usize::from(!is_known);
        if socket.send(binary(&answer)).await.is_err() {
            return;
        }
        if tries >= MOST_TRIES {
            break;
        }
    }
    close(socket).await;
}

fn refused(text: &str) -> Value {
    json!({ "stream": "error", "data": { "error": text } })
}

/// The next message; a stranger is not waited for long.
async fn heard(socket: &mut WebSocket, is_known: bool) -> Option<Message> {
    let message = match is_known {
        true => socket.recv().await,
        false => timeout(PATIENCE, socket.recv()).await.ok()?,
    };
    message?.ok().filter(|message| !matches!(message, Message::Close(_)))
}

async fn close(mut socket: WebSocket) {
    let frame = CloseFrame { code: 1000, reason: "".into() };
    // The other side may be gone already.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

fn error(code: u16, text: &str) -> Value {
    json!([{ "T": "error", "code": code, "msg": text }])
}

fn success(text: &str) -> Value {
    json!([{ "T": "success", "msg": text }])
}

/// What a listener to market data is.
struct Listener {
    codec: Codec,
    is_known: bool,
    wanted: Wanted,
}

/// Market data: authenticate, subscribe, then bars, trades and quotes as they become known.
pub(super) async fn market(mut socket: WebSocket, shared: Arc<Shared>, codec: Codec) {
    let mut prints = shared.door.prints.subscribe();
    let mut ended = shared.ended.clone();
    let mut listener = Listener { codec, is_known: false, wanted: Wanted::default() };
    if socket.send(listener.framed(&success("connected"))).await.is_err() {
        return;
    }
    let mut tries = 0;
    loop {
        let message = tokio::select! {
            () = until_ended(&mut ended) => break,
            news = prints.recv() => match news {
                Ok(news) => {
                    if let Some(frame) = listener.news(&news, &shared)
                        && socket.send(frame).await.is_err()
                    {
                        return;
                    }
                    continue;
                }
                Err(RecvError::Lagged(_)) if listener.is_known => {
                    let _ = socket.send(listener.framed(&error(407, "slow client"))).await;
                    break;
                }
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => break,
            },
            message = heard(&mut socket, listener.is_known) => match message {
                Some(message) => message,
                None => break,
            },
        };
        let Some(bytes) = said(&message) else { continue };
        let answer = listener.answer(bytes, &shared);
        tries += usize::from(!listener.is_known);
        if socket.send(listener.framed(&answer)).await.is_err() {
            return;
        }
        if tries >= MOST_TRIES {
            break;
        }
    }
    close(socket).await;
}

impl Listener {
    fn framed(&self, messages: &Value) -> Message {
        let bytes = self.codec.write(messages);
        match self.codec {
            Codec::MessagePack => Message::Binary(Bytes::from(bytes)),
            Codec::Json => Message::Text(String::from_utf8(bytes).unwrap_or_default().into()),
        }
    }

    fn news(&self, prints: &[BarPrint], shared: &Shared) -> Option<Message> {
        if !self.is_known {
            return None;
        }
        let told = self.wanted.of(prints, &shared.tape, shared.half_spread_bps);
        (!told.is_empty()).then(|| self.framed(&Value::Array(told)))
    }

    fn answer(&mut self, bytes: &[u8], shared: &Shared) -> Value {
        let Some(message) = self.codec.read(bytes) else { return error(400, "invalid syntax") };
        match (message["action"].as_str(), self.is_known) {
            (Some("auth"), true) => error(403, "already authenticated"),
            (Some("auth"), false) => {
                let key = message["key"].as_str().unwrap_or_default();
                let secret = message["secret"].as_str().unwrap_or_default();
                self.is_known = shared.keys.fits(key, secret);
                match self.is_known {
                    true => success("authenticated"),
                    false => error(402, "auth failed"),
                }
            }
            (Some("subscribe" | "unsubscribe"), true) => {
                self.wanted.change(&message);
                self.wanted.told()
            }
            (Some("subscribe" | "unsubscribe"), false) => error(401, "not authenticated"),
            _ => error(400, "invalid syntax"),
        }
    }
}
