//! Bars of a running session over real sockets: the stream of the paper exchange, its history where
//! the stream broke, and what is told in the end.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Span, Ts};
use brokers::Secret;
use brokers::alpaca::{Access, Inquiry, Servers, Source, prices};
use brokers::feed::{Feed, History, Session, Told, Whole};
use brokers::ibkr;
use exchange::{Listing, Tape, TapeSource};
use market::{BarSize, Calendar, Candle, Instrument, Price, TimedCandle};

use crate::online::{Memory, Server, serve};
use crate::rig::begin;
use crate::world::venue;

const MINUTES: i64 = 60;
const LENGTH: u16 = 5;

fn price(minute: i64) -> f64 {
    50.0 + (minute * 7 % 11) as f64
}

/// Two days of an hour of minutes, of which some did not trade.
fn tape() -> Arc<Tape> {
    let calendar = Calendar::of("XNYS").unwrap();
    let days = calendar.between(begin().plus(-1), begin().plus(30));
    let listings = ["AAA", "BBB"].map(|symbol| {
        let instrument = Instrument { symbol: symbol.into(), ..Instrument::default() };
        let mut listing = Listing { instrument, ..Listing::default() };
        for session in days.iter().take(3) {
            let candle = |price: f64, volume: f64| {
                let (open, high, low, close) = (price, price + 1.0, price - 1.0, price);
                Candle { day: session.day, open, high, low, close, volume }
            };
            listing.candles.push(candle(50.0, 6_000.0));
            for minute in 0..MINUTES {
                if (minute + i64::from(symbol == "BBB")) % 4 == 0 {
                    continue;
                }
                let start = session.open + Span::from_minutes(minute);
                let candle = candle(price(minute), 100.0);
                listing.finer.push(TimedCandle { start, size: BarSize::Minutes(1), candle });
            }
        }
        listing
    });
    let listings = listings.into();
    let source = TapeSource { name: "minutes".into(), seed: 1, minutes: 1, listings };
    Arc::new(Tape::new(source).unwrap())
}

struct Market {
    tape: Arc<Tape>,
    memory: Memory,
    http: SocketAddr,
    tws: SocketAddr,
    server: Option<Server>,
}

impl Market {
    fn open() -> Market {
        let tape = tape();
        let memory = Memory::default();
        memory.begin(&venue(Arc::clone(&tape)));
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, tws) = (bind(), bind());
        let at = [&http, &tws].map(|listener| listener.local_addr().unwrap());
        let server = Some(serve((http, tws), &tape, &memory));
        Market { tape, memory, http: at[0], tws: at[1], server }
    }

    fn session(&self, ports: Ports) -> (market::Session, Session<Box<dyn Feed>, Box<dyn History>>) {
        let calendar = Calendar::of("XNYS").unwrap();
        let mut day = calendar.between(begin(), begin().plus(9))[0];
        day.close = day.open + Span::from_minutes(MINUTES);
        (day, Session::new(ports, (day.open, day.close), LENGTH))
    }

    fn alpaca(&self) -> Ports {
        let (servers, access) = self.access("secret");
        let feed = prices::start(&servers, Source::Iex, access.clone()).unwrap();
        (Box::new(feed), Box::new(Inquiry::new(servers, Source::Iex, access)))
    }

    fn ibkr(&self) -> Ports {
        let gateway = ibkr::Gateway::open(crate::gateway::access(self.tws)).unwrap();
        let feed =
            ibkr::prices::start(Arc::clone(&gateway), ibkr::prices::Parts::BarsAndQuotes).unwrap();
        (Box::new(feed), Box::new(ibkr::prices::Past::new(gateway)))
    }

    fn access(&self, secret: &str) -> (Servers, Access) {
        let servers = Servers::at(&format!("http://{}", self.http)).unwrap();
        (servers, Access { key: "key".to_owned(), secret: Secret::new(secret) })
    }

    fn step(&self, bars: u32) {
        let url = format!("http://{}/control/step?bars={bars}", self.http);
        let request = ureq::post(&url)
            .header("APCA-API-KEY-ID", "key")
            .header("APCA-API-SECRET-KEY", "secret");
        request.send_empty().unwrap();
    }

    fn now(&self) -> Ts {
        crate::online::now(&self.tape, &self.memory)
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
    }

    fn begin_again(&mut self) {
        let bind = |at: SocketAddr| TcpListener::bind(at).unwrap();
        self.server = Some(serve((bind(self.http), bind(self.tws)), &self.tape, &self.memory));
    }
}

type Ports = (Box<dyn Feed>, Box<dyn History>);

fn both() -> BTreeSet<String> {
    ["AAA", "BBB"].map(str::to_owned).into()
}

/// Symbol, minute of the start, low, high and volume of all bars there are to be.
fn truth() -> Vec<(String, i64, f64, f64, u64)> {
    let mut truth = Vec::new();
    for start in (0..MINUTES).step_by(usize::from(LENGTH)) {
        for (symbol, skip) in [("AAA", 0), ("BBB", 1)] {
            let minutes = (start..start + i64::from(LENGTH)).filter(|m| (m + skip) % 4 != 0);
            let prices: Vec<f64> = minutes.map(price).collect();
            let low = prices.iter().copied().fold(f64::INFINITY, f64::min) - 1.0;
            let high = prices.iter().copied().fold(0.0, f64::max) + 1.0;
            truth.push((symbol.to_owned(), start, low, high, 100 * prices.len() as u64));
        }
    }
    truth
}

fn shown(open: Ts, whole: &[Whole]) -> Vec<(String, i64, f64, f64, u64)> {
    let shown = whole.iter().map(|(symbol, start, bar)| {
        let minute = (*start - open).nanos() / Span::from_minutes(1).nanos();
        let [low, high] = [bar.low, bar.high].map(Price::to_f64);
        (symbol.clone(), minute, low, high, bar.volume)
    });
    shown.collect()
}

fn bars_are_whole(open: fn(&Market) -> Ports) {
    let mut market = Market::open();
    let (day, mut session) = market.session(open(&market));
    let mut whole = Vec::new();
    let begun = Instant::now();
    while market.now() < day.close {
        market.step(1);
        if market.now() == day.open + Span::from_minutes(20) {
            market.stop();
            // What was on its way is of the time before.
            std::thread::sleep(Duration::from_millis(200));
            whole.extend(session.bars(market.now(), &both()).unwrap_or_default());
            let unanswered = session.bars(market.now() + Span::from_minutes(9), &both());
            assert!(unanswered.is_err(), "nobody could say what traded");
            market.begin_again();
        }
        std::thread::sleep(Duration::from_millis(20));
        whole.extend(session.bars(market.now(), &both()).unwrap_or_default());
        assert!(begun.elapsed() < Duration::from_secs(100));
    }
    let late = day.close + Span::from_minutes(1);
    while whole.len() < truth().len() {
        whole.extend(session.bars(late, &both()).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(20));
        assert!(begun.elapsed() < Duration::from_secs(100), "{:?}", shown(day.open, &whole));
    }
    assert_eq!(shown(day.open, &whole), truth());
}

#[test]
fn bars_from_alpaca_are_whole_though_the_server_is_gone_for_a_while() {
    bars_are_whole(Market::alpaca);
}

#[test]
fn bars_from_ibkr_are_whole_though_the_server_is_gone_for_a_while() {
    bars_are_whole(Market::ibkr);
}

#[test]
fn alpaca_tells_bars_and_quotes_of_what_is_wanted_alone() {
    only_what_is_wanted(Market::alpaca);
}

#[test]
fn ibkr_tells_bars_and_quotes_of_what_is_wanted_alone() {
    only_what_is_wanted(Market::ibkr);
}

fn only_what_is_wanted(open: fn(&Market) -> Ports) {
    let market = Market::open();
    let (mut feed, _history) = open(&market);
    let only: BTreeSet<String> = ["BBB".to_owned()].into();
    feed.want(&only);
    let (mut told, begun) = (Vec::new(), Instant::now());
    while !told.iter().any(|one| *one == Told::Hears(only.clone())) {
        feed.hear(&mut told);
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < Duration::from_secs(100));
    }
    market.step(3);
    let of = |told: &[Told]| -> BTreeSet<String> {
        let symbols = told.iter().filter_map(|one| match one {
            Told::Minute(minute) => Some(format!("bar {}", minute.symbol)),
            Told::Quote(quote) => Some(format!("quote {}", quote.symbol)),
            _ => None,
        });
        symbols.collect()
    };
    while of(&told).len() < 2 {
        feed.hear(&mut told);
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < Duration::from_secs(100));
    }
    assert_eq!(of(&told), ["bar BBB".to_owned(), "quote BBB".to_owned()].into());
}

#[test]
fn wrong_keys_are_said_and_not_shown() {
    let market = Market::open();
    let (servers, access) = market.access("hunter2");
    let mut feed = prices::start(&servers, Source::Sip, access).unwrap();
    let (mut told, begun) = (Vec::new(), Instant::now());
    while told.is_empty() {
        feed.hear(&mut told);
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < Duration::from_secs(100));
    }
    let words = format!("{told:?}");
    assert!(words.contains("Lost") && !words.contains("hunter2"), "{words}");
}
