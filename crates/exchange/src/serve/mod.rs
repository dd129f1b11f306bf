//! The network: HTTP and WebSocket on one address, the socket protocol of TWS on another, thin
//! around the [`Venue`].
//!
//! Everything here is about senders, limits and bytes; what a request means is decided by the
//! venue, in a thread of its own (`desk`).

mod desk;
mod feed;
mod gate;
mod sockets;
mod tws;

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method as HttpMethod, Response, StatusCode, header};
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use tokio::sync::watch;

use crate::{Answer, Error, Keep, Method, Request, Tape, Venue};
pub use desk::Pace;
use desk::{Desk, Door};
use feed::Codec;
pub use gate::Keys;
use gate::{Rate, Room};

/// Time on a clock that never goes back. Counted from 1970, headers tell the time of day.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How often it is looked whether the server shall stop.
const LOOK: Duration = Duration::from_millis(100);
/// Time that open requests have once the server shall stop.
const GRACE: Duration = Duration::from_secs(2);
/// Largest message of a stream.
const LARGEST_MESSAGE: usize = 1 << 20;

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may ask.
    pub keys: Keys,
    /// Requests a minute; more are refused.
    pub requests_per_minute: usize,
    /// Largest body of a request in bytes.
    pub body_bytes: usize,
    /// How the market's time runs.
    pub pace: Pace,
}

/// What every request sees.
struct Shared {
    door: Door,
    tape: Arc<Tape>,
    half_spread_bps: f64,
    keys: Keys,
    rate: Mutex<Rate>,
    body_bytes: usize,
    clock: Clock,
    ended: watch::Receiver<bool>,
}

/// What the server works on.
pub struct Work {
    /// The account and its market.
    pub venue: Venue,
    /// The same market, for streams.
    pub tape: Arc<Tape>,
    /// Where the account is kept.
    pub keep: Box<dyn Keep>,
    /// The clock behind pace and rate.
    pub clock: Clock,
}

/// Where clients are heard.
pub struct Doors {
    /// HTTP and WebSocket.
    pub http: TcpListener,
    /// The socket protocol of TWS. It knows no keys: whoever can connect can trade.
    pub tws: Option<TcpListener>,
}

/// Serves HTTP and WebSocket until `stop` is set, or until a state can't be kept.
pub fn serve(
    listener: TcpListener,
    work: Work,
    settings: &Settings,
    stop: &'static AtomicBool,
) -> Result<(), Error> {
    serve_doors(Doors { http: listener, tws: None }, work, settings, stop)
}

/// Serves at every door until `stop` is set, or until a state can't be kept.
pub fn serve_doors(
    doors: Doors,
    work: Work,
    settings: &Settings,
    stop: &'static AtomicBool,
) -> Result<(), Error> {
    for listener in [Some(&doors.http), doors.tws.as_ref()].into_iter().flatten() {
        listener.set_nonblocking(true).map_err(Error::Serve)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Serve)?;
    let (ended, has_ended) = watch::channel(false);
    let half_spread_bps = work.venue.half_spread_bps();
    let (venue, pace, clock) = (work.venue, settings.pace, Arc::clone(&work.clock));
    let (door, thread) = desk::open(Desk { venue, keep: work.keep, pace, clock }, ended);
    let lines = doors.tws.map(|listener| (listener, door.clone()));
    let shared = Arc::new(Shared {
        door,
        tape: work.tape,
        half_spread_bps,
        keys: settings.keys.clone(),
        rate: Mutex::new(Rate::new(settings.requests_per_minute)),
        body_bytes: settings.body_bytes,
        clock: work.clock,
        ended: has_ended.clone(),
    });
    let served = runtime.block_on(async {
        if let Some((listener, door)) = lines {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(Error::Serve)?;
            tokio::spawn(tws::listen(listener, door, has_ended.clone()));
        }
        listen(doors.http, shared, has_ended, stop).await
    });
    runtime.shutdown_timeout(GRACE);
    let worked = thread.join().unwrap_or(Err(Error::WorkAccount));
    served.and(worked)
}

async fn listen(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut ended: watch::Receiver<bool>,
    stop: &'static AtomicBool,
) -> Result<(), Error> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(Error::Serve)?;
    let routes = Router::new()
        .route("/stream", get(account_stream))
        .route("/v2/{feed}", any(feed_stream))
        .fallback(handle)
        .with_state(shared);
    let stopped = async move {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = looks.tick() => if stop.load(Ordering::Relaxed) { return },
                () = until_ended(&mut ended) => return,
            }
        }
    };
    // Answers are small: none waits to be sent together with the next.
    let listener = listener.tap_io(|line| drop(line.set_nodelay(true)));
    let served = std::future::IntoFuture::into_future(axum::serve(listener, routes));
    tokio::select! {
        done = served => done.map_err(Error::Serve),
        () = stopped => Ok(()),
    }
}

/// Waits until the account's thread has ended.
async fn until_ended(ended: &mut watch::Receiver<bool>) {
    // The thread that says so may be gone, which says the same.
    let _ = ended.wait_for(|ended| *ended).await;
}

async fn account_stream(State(shared): State<Arc<Shared>>, up: WebSocketUpgrade) -> Response<Body> {
    up.max_message_size(LARGEST_MESSAGE).on_upgrade(|socket| sockets::account(socket, shared))
}

/// Market data streams lie beside the paths of requests.
async fn feed_stream(
    State(shared): State<Arc<Shared>>,
    Path(feed): Path<String>,
    up: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: axum::extract::Request,
) -> Response<Body> {
    match (feed.as_str(), up) {
        ("iex" | "sip" | "test" | "delayed_sip", Ok(up)) => {
            let kind = request.headers().get(header::CONTENT_TYPE);
            let packs = kind.is_some_and(|kind| kind.as_bytes().ends_with(b"msgpack"));
            let codec = if packs { Codec::MessagePack } else { Codec::Json };
            up.max_message_size(LARGEST_MESSAGE)
                .on_upgrade(move |socket| sockets::market(socket, shared, codec))
        }
        _ => handle(State(shared), request).await,
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let said = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let key = said("APCA-API-KEY-ID").unwrap_or_default();
    let secret = said("APCA-API-SECRET-KEY").unwrap_or_default();
    if !shared.keys.fits(key, secret) {
        return written(gate::stranger(&path, !key.is_empty()), None);
    }
    let room = {
        let mut rate = shared.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.count((shared.clock)())
    };
    if room.left.is_none() {
        let refusal = Answer::refuse(429, 42_910_000, "rate limit exceeded");
        return written(refusal, Some(room));
    }
    let method = match head.method {
        HttpMethod::GET => Method::Get,
        HttpMethod::POST => Method::Post,
        HttpMethod::PATCH => Method::Patch,
        HttpMethod::DELETE => Method::Delete,
        _ => {
            let refusal = Answer::refuse(405, 40_510_000, "method not allowed");
            return written(refusal, Some(room));
        }
    };
    let body = match read_body(&head.headers, body, shared.body_bytes).await {
        Ok(body) => body,
        Err(refusal) => return written(refusal, Some(room)),
    };
    let query = head.uri.query().unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let query = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let answer = shared.door.ask(Request { method, path, query, body }).await;
    let gone = || Answer::refuse(500, 50_010_000, "the account could not be worked");
    written(answer.unwrap_or_else(gone), Some(room))
}

async fn read_body(headers: &HeaderMap, body: Body, most: usize) -> Result<Vec<u8>, Answer> {
    let too_large =
        || Answer::refuse(413, 41_310_000, format!("request body is larger than {most} bytes"));
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if stated.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Err(too_large());
    }
    match to_bytes(body, most).await {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(error) if error.to_string().contains("length limit") => Err(too_large()),
        Err(_) => Err(Answer::refuse(400, 40_010_000, "request body could not be read")),
    }
}

fn written(answer: Answer, room: Option<Room>) -> Response<Body> {
    let body = answer.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(room) = room {
        headers.insert("X-RateLimit-Limit", HeaderValue::from(room.limit));
        headers.insert("X-RateLimit-Remaining", HeaderValue::from(room.left.unwrap_or(0)));
        headers.insert("X-RateLimit-Reset", HeaderValue::from(room.reset_at.as_secs()));
    }
    response
}
