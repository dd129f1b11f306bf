//! The line over the network: requests over HTTP on threads of their own, the stream of trade
//! updates on another.
//!
//! - One request is under way for each worker; a request waits its turn, and longer where Alpaca
//!   says that it was asked too often.
//! - After a failure of the network the next request waits, longer each time, at most half a minute.
//! - The stream is opened again when it breaks; it counts as there once Alpaca has said that it
//!   listens.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::Ts;
use desk::live::Live;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::account::Account;
use super::line::{Ask, Line, Method, News};
use crate::clock::{Clock, rest};
use crate::{Error, Secret, thread};

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(10);
/// Silence of the stream after which it is asked whether it is there, and after twice of which it
/// is not.
const SILENCE: Duration = Duration::from_secs(15);
/// First and longest wait after a failure.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// Longest that a server may put us off.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Requests under way at once.
const WORKERS: usize = 4;
/// Longest answer that is read.
const LONGEST: u64 = 64 << 20;

/// Where the servers are. Nobody can write one down: [`Servers::live`] alone leads to real money,
/// and asks for signed terms.
///
/// ```compile_fail,E0451
/// use brokers::alpaca::Servers;
///
/// let mine = Servers { trading: "https://api.alpaca.markets".to_owned(), ..Servers::paper() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// Of the trading API, without a slash at the end.
    pub(super) trading: String,
    /// Of the stream of trade updates.
    pub(super) stream: String,
    /// Of market data, without a slash at the end.
    pub(super) data: String,
    /// Of the stream of prices, without the name of a source and the slash before it.
    pub(super) prices: String,
}

/// Where Alpaca tells prices as they are made, to all accounts alike.
const PRICES: &str = "wss://stream.data.alpaca.markets/v2";

/// The broker's word in signed terms.
pub(super) const NAME: &str = "alpaca";
/// Where real money is.
const LIVE: &str = "api.alpaca.markets";
/// Where none is.
const PLAY: &str = "paper-api.alpaca.markets";

impl Servers {
    /// Alpaca's paper account.
    pub fn paper() -> Servers {
        Servers {
            trading: format!("https://{PLAY}"),
            stream: format!("wss://{PLAY}/stream"),
            data: "https://data.alpaca.markets".to_owned(),
            prices: PRICES.to_owned(),
        }
    }

    /// Alpaca's account with real money. Only signed terms lead there.
    ///
    /// # Errors
    /// [`Error::AdmitAccount`] where the terms are for another broker.
    pub fn live(live: &Live) -> Result<Servers, Error> {
        live.covers_account(NAME, &live.terms().account).map_err(Error::AdmitAccount)?;
        Ok(Servers {
            trading: format!("https://{LIVE}"),
            stream: format!("wss://{LIVE}/stream"),
            data: "https://data.alpaca.markets".to_owned(),
            prices: PRICES.to_owned(),
        })
    }

    /// A server at another address, as the paper exchange is: `http://host:port`. It serves market
    /// data too. Of Alpaca's own servers only that of the paper account may be named: no spelling
    /// of another one leads to real money.
    ///
    /// # Errors
    /// [`Error::ReadAddress`] where it is none, or one of Alpaca's that may hold real money.
    pub fn at(address: &str) -> Result<Servers, Error> {
        let wrong = |fault: &str| Error::ReadAddress {
            address: address.to_owned(),
            fault: fault.to_owned(),
        };
        let url: url::Url = address.parse().map_err(|error| wrong(&format!("{error}")))?;
        let host = url.host_str().unwrap_or_default();
        if is_of_alpaca(host) && host != PLAY {
            return Err(wrong(
                "that may be an account with real money: leave the address out, and say \
                 --mode live with signed terms",
            ));
        }
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let scheme = match url.scheme() {
            _ if !is_plain => return Err(wrong("write no more than a host, a port and a path")),
            "https" => "wss",
            "http" if is_here(host) => "ws",
            // Keys would travel in the open.
            "http" => return Err(wrong("without TLS only this machine may be spoken to")),
            _ => return Err(wrong("write http://127.0.0.1:8711 or https://…")),
        };
        // What was looked at is what is spoken to, whatever was written.
        let trading = url.as_str().trim_end_matches('/').to_owned();
        let rest = trading.split_once("://").map_or("", |(_, rest)| rest);
        let stream = format!("{scheme}://{rest}/stream");
        let prices = format!("{scheme}://{rest}/v2");
        Ok(Servers { stream, prices, data: trading.clone(), trading })
    }
}

/// Whether a host is one of Alpaca's; a dot at the end names the same one.
fn is_of_alpaca(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.strip_suffix("alpaca.markets").is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_here(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Access {
    /// The key's name.
    pub key: String,
    /// The key's secret.
    pub secret: Secret,
}

/// The line over the network.
#[derive(Debug)]
pub struct Online {
    asks: Sender<Ask>,
    news: Receiver<News>,
    clock: Clock,
}

impl Online {
    /// Starts the threads. They end when the line is dropped, the stream's at its next message.
    ///
    /// # Errors
    /// [`Error::StartThread`].
    pub fn start(account: &Account) -> Result<Online, Error> {
        let (servers, access) = (account.servers().clone(), account.access().clone());
        let (asks, waiting) = channel();
        let (out, news) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let http = Http::new(access.clone());
        for _ in 0..WORKERS {
            let (waiting, out) = (Arc::clone(&waiting), out.clone());
            let worker = Worker { http: http.clone(), server: servers.trading.clone() };
            thread::start("alpaca requests", move || worker.work(&waiting, &out))?;
        }
        thread::start("alpaca stream", move || stream(&servers, &access, &out))?;
        Ok(Online { asks, news, clock: Clock::start() })
    }
}

impl Line for Online {
    fn ask(&mut self, ask: Ask) {
        // Threads that are gone answer nothing, which the desk takes for a lost message.
        let _ = self.asks.send(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        into.extend(self.news.try_iter());
    }

    fn now(&self) -> Ts {
        self.clock.now()
    }
}

/// Requests over HTTP with the keys of an account.
#[derive(Debug, Clone)]
pub(super) struct Http {
    agent: ureq::Agent,
    access: Access,
}

impl Http {
    pub(super) fn new(access: Access) -> Http {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("trimtab/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Http { agent, access }
    }

    /// Asks once; gives the status, and the body, which is null where it is no JSON.
    pub(super) fn ask(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), ureq::Error> {
        self.ask_at_pace(method, url, body).map(|(status, body, _)| (status, body))
    }

    /// The same; also how long the server wants not to be asked again, where it says so.
    fn ask_at_pace(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value, Option<Duration>), ureq::Error> {
        let method = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("APCA-API-KEY-ID", &self.access.key)
            .header("APCA-API-SECRET-KEY", self.access.secret.reveal())
            .header("content-type", "application/json");
        let text = body.map(Value::to_string).unwrap_or_default();
        let mut answer = self.agent.run(request.body(text)?)?;
        let status = answer.status().as_u16();
        let later = answer.headers().get("retry-after").and_then(|text| text.to_str().ok());
        let later = later.and_then(seconds);
        let body = answer.body_mut().with_config().limit(LONGEST).read_to_string()?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null), later))
    }
}

/// `Retry-After` in whole seconds (RFC 9110, 10.2.3). One that names a date is passed over: its
/// clock is not ours.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The wait after being told that it was asked too often: longer than the last one, and no less
/// than was asked for, but for a minute at most: stops may wait behind it.
fn asked_too_often(last: Duration, later: Option<Duration>) -> Duration {
    longer(last).max(later.unwrap_or_default().min(LONGEST_WAIT))
}

struct Worker {
    http: Http,
    server: String,
}

impl Worker {
    fn work(&self, waiting: &Mutex<Receiver<Ask>>, out: &Sender<News>) {
        let mut wait = Duration::ZERO;
        loop {
            let next = {
                let waiting = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                waiting.recv()
            };
            let Ok(ask) = next else { return };
            rest(wait);
            let news = self.answer(&ask);
            wait = match &news {
                News::Unanswered { why, .. } => {
                    tracing::warn!(path = ask.path, why, "ask Alpaca");
                    longer(wait)
                }
                _ => Duration::ZERO,
            };
            if out.send(news).is_err() {
                return;
            }
        }
    }

    /// Asks until it is answered otherwise than that it was asked too often.
    fn answer(&self, ask: &Ask) -> News {
        let mut wait = Duration::ZERO;
        loop {
            let url = format!("{}{}", self.server, ask.path);
            match self.http.ask_at_pace(ask.method, &url, ask.body.as_ref()) {
                Ok((429, _, later)) => {
                    let rested = asked_too_often(wait, later);
                    wait = longer(wait);
                    rest(rested);
                }
                Ok((status, body, _)) => {
                    return News::Answer { number: ask.number, status, body };
                }
                Err(error) => {
                    return News::Unanswered { number: ask.number, why: error.to_string() };
                }
            }
        }
    }
}

pub(super) fn longer(wait: Duration) -> Duration {
    (wait * 2).clamp(WAITS.0, WAITS.1)
}

/// Keeps the stream open until nobody listens any more.
fn stream(servers: &Servers, access: &Access, out: &Sender<News>) {
    let mut wait = Duration::ZERO;
    loop {
        let mut is_there = false;
        let ended = listen(servers, access, out, &mut is_there);
        if is_there {
            wait = Duration::ZERO;
            if out.send(News::Lost).is_err() {
                return;
            }
        }
        match ended {
            Ended::Unheard => return,
            Ended::Broken(why) => tracing::warn!(why, "listen to Alpaca"),
        }
        wait = longer(wait);
        rest(wait);
    }
}

enum Ended {
    /// Nobody listens any more.
    Unheard,
    Broken(String),
}

type Socket = WebSocket<tungstenite::stream::MaybeTlsStream<std::net::TcpStream>>;

fn listen(servers: &Servers, access: &Access, out: &Sender<News>, is_there: &mut bool) -> Ended {
    let broken = |error: tungstenite::Error| Ended::Broken(error.to_string());
    let mut socket = match open(servers, access) {
        Ok(socket) => socket,
        Err(error) => return broken(error),
    };
    let mut silent = Duration::ZERO;
    loop {
        let message = match socket.read() {
            Ok(message) => message,
            Err(tungstenite::Error::Io(error)) if is_silence(&error) => {
                silent += SILENCE;
                if silent > SILENCE {
                    return Ended::Broken("it fell silent".to_owned());
                }
                if let Err(error) = socket.send(Message::Ping(Default::default())) {
                    return broken(error);
                }
                continue;
            }
            Err(error) => return broken(error),
        };
        silent = Duration::ZERO;
        let bytes = match &message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
            _ => continue,
        };
        let Ok(said) = serde_json::from_slice::<Value>(bytes) else { continue };
        let news = match said["stream"].as_str() {
            Some("authorization") if said["data"]["status"] != "authorized" => {
                return Ended::Broken("the keys are refused".to_owned());
            }
            Some("listening") if !*is_there => {
                *is_there = true;
                News::Connected
            }
            Some("trade_updates") => News::Update(said["data"].clone()),
            _ => continue,
        };
        if out.send(news).is_err() {
            return Ended::Unheard;
        }
    }
}

pub(super) fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// Lets a read end after a silence.
pub(super) fn wait_at_most(socket: &mut Socket, silence: Duration) -> std::io::Result<()> {
    let plain = match socket.get_ref() {
        tungstenite::stream::MaybeTlsStream::Plain(plain) => Some(plain),
        tungstenite::stream::MaybeTlsStream::Rustls(tls) => Some(tls.get_ref()),
        _ => None,
    };
    plain.map_or(Ok(()), |plain| plain.set_read_timeout(Some(silence)))
}

fn open(servers: &Servers, access: &Access) -> Result<Socket, tungstenite::Error> {
    // A redirect would carry the keys elsewhere.
    let (mut socket, _) =
        tungstenite::client::connect_with_config(servers.stream.as_str(), None, 0)?;
    wait_at_most(&mut socket, SILENCE)?;
    let auth = json!({
        "action": "auth",
        "key": access.key,
        "secret": access.secret.reveal(),
    });
    let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}});
    socket.send(Message::Text(auth.to_string().into()))?;
    socket.send(Message::Text(listen.to_string().into()))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Servers {
        /// Whether real money is there.
        fn are_live(&self) -> bool {
            self.trading == format!("https://{LIVE}")
        }
    }

    #[test]
    fn an_address_without_tls_is_of_this_machine_alone() {
        let here = Servers::at("http://127.0.0.1:8711/").unwrap();
        assert_eq!(here.trading, "http://127.0.0.1:8711");
        assert_eq!(here.stream, "ws://127.0.0.1:8711/stream");
        assert!(Servers::at("http://example.com").is_err());
        assert!(Servers::at("example").is_err());
        assert_eq!(Servers::at("https://example.com").unwrap().stream, "wss://example.com/stream");
    }

    #[test]
    fn a_server_that_says_when_is_not_asked_before_then() {
        let second = Duration::from_secs(1);
        let waits = |text: &str| asked_too_often(Duration::ZERO, seconds(text));
        assert_eq!(waits("7"), second * 7);
        assert_eq!(waits(" 0 "), WAITS.0);
        assert_eq!(waits("86400"), LONGEST_WAIT);
        assert_eq!(waits("Wed, 21 Oct 2015 07:28:00 GMT"), WAITS.0);
        assert_eq!(asked_too_often(second * 20, Some(second)), WAITS.1);
    }

    #[test]
    fn no_spelling_of_an_address_leads_to_real_money() {
        for address in [
            "https://api.alpaca.markets",
            "https://API.alpaca.markets/v2",
            "https://api.alpaca.markets.",
            "https://api.alpaca.markets:443/",
            "https://api%2Ealpaca.markets",
            "https://api\u{3002}alpaca.markets",
            "https://me@api.alpaca.markets",
            "https:api.alpaca.markets",
            "https://\tapi.alpaca.markets",
            "https://broker-api.alpaca.markets",
        ] {
            let error = Servers::at(address).unwrap_err().to_string();
            assert!(error.contains("real money"), "{address:?}: {error}");
        }
        assert!(!Servers::at("https://paper-api.alpaca.markets").unwrap().are_live());
        assert!(Servers::at("https://not-alpaca.markets").is_ok());
    }

    #[test]
    fn what_was_looked_at_is_what_is_spoken_to() {
        let servers = Servers::at("https://example.com\\@api.alpaca.markets").unwrap();
        assert_eq!(servers.trading, "https://example.com/@api.alpaca.markets");
        for address in ["https://me:word@example.com", "https://example.com?a", "https://a.com#b"] {
            assert!(Servers::at(address).is_err(), "{address}");
        }
    }

    #[test]
    fn terms_for_alpaca_lead_to_real_money_and_those_for_another_broker_nowhere() {
        let servers = Servers::live(&signed("alpaca")).unwrap();
        assert_eq!(servers.trading, "https://api.alpaca.markets");
        assert_eq!(servers.stream, "wss://api.alpaca.markets/stream");
        assert!(servers.are_live());
        assert!(matches!(Servers::live(&signed("ibkr")), Err(Error::AdmitAccount(_))));
        assert!(!Servers::paper().are_live());
    }

    fn signed(broker: &str) -> Live {
        let day = "2026-01-06".parse().unwrap();
        let terms = desk::live::Terms {
            broker: broker.to_owned(),
            account: "123456789".to_owned(),
            book: "breakout".to_owned(),
            largest_order: "2500".parse().unwrap(),
            largest_gross: "10000".parse().unwrap(),
            first_day: day,
            last_day: day,
            options: false,
        };
        let key = desk::live::SigningKey::of_seed(&[7; 32]).unwrap();
        key.sign(terms).check(&key.public(), day).unwrap()
    }

    #[test]
    fn a_line_that_is_looked_at_shows_no_secret() {
        let access = Access { key: "name".to_owned(), secret: Secret::new("hunter2") };
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
