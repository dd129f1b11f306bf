//! The session over real sockets, against the paper exchange as it is served: which account it
//! opens, which it leaves alone, and what it says of what is wrong.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use base::{Seed, Span};
use brokers::Error;
use brokers::gateway::{AlarmKind, Backoff, ClockRule, Mode, Region, Settings, Waits};
use brokers::ibkr::{Access, Gateway, Inquiry};
use desk::live::{Live, SigningKey, Terms};
use exchange::{Doors, Keep, Keys, Opening, Pace, Venue, Work};

use super::between::Between;
use crate::tws::ask;

struct Nowhere;

impl Keep for Nowhere {
    fn append(&mut self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn renew(&mut self, _: exchange::Snapshot) -> std::io::Result<()> {
        Ok(())
    }

    fn kept(&mut self) -> std::io::Result<Option<u64>> {
        Ok(Some(0))
    }

    fn wait(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The paper exchange, its port for clients of TWS, and the time there.
pub(crate) struct Server {
    pub(crate) tws: SocketAddr,
    stop: &'static AtomicBool,
    thread: Option<JoinHandle<Result<(), exchange::Error>>>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let tape = crate::rig::tape(&[]);
        let venue = Venue::open(Arc::clone(&tape), &Opening::default()).unwrap();
        let [http, tws] = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let address = tws.local_addr().unwrap();
        let stop: &'static AtomicBool = Box::leak(Box::default());
        let settings = exchange::Settings {
            keys: Keys::new("key", "secret"),
            requests_per_minute: 1_000,
            body_bytes: 4_096,
            pace: Pace::Stepped,
        };
        let begun = Instant::now();
        let clock = Arc::new(move || begun.elapsed());
        let work = Work { venue, tape, keep: Box::new(Nowhere), clock };
        let doors = Doors { http, tws: Some(tws) };
        let thread =
            std::thread::spawn(move || exchange::serve_doors(doors, work, &settings, stop));
        Server { tws: address, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Seconds by which the clock of the exchange may be off: it shows the time of its market.
const AGES: i64 = 100 * 366 * 86_400;

const fn millis(millis: i64) -> Span {
    Span::from_nanos(millis * 1_000_000)
}

/// What a session is held to that a test has time for.
pub(crate) fn settings() -> Settings {
    let backoff = Backoff { first: millis(50), longest: millis(200) };
    Settings {
        clock: ClockRule::Within(Span::from_seconds(AGES)),
        windows: Vec::new(),
        backoff,
        gentle: backoff,
        ..Settings::of(Mode::Paper, Region::NorthAmerica, Seed::root(3))
    }
}

/// A way to the exchange at an address.
pub(crate) fn access(at: SocketAddr) -> Access {
    access_of(at, settings(), None).unwrap()
}

pub(crate) fn access_of(
    at: SocketAddr,
    settings: Settings,
    live: Option<&Live>,
) -> Result<Access, Error> {
    Access::new(Access::CLIENT, settings, live)?.at(&at.to_string())
}

/// Signed terms for an account.
fn signed(account: &str) -> Live {
    let day = "2026-01-06".parse().unwrap();
    let terms = Terms {
        broker: "ibkr".to_owned(),
        account: account.to_owned(),
        book: "breakout".to_owned(),
        largest_order: "2500".parse().unwrap(),
        largest_gross: "10000".parse().unwrap(),
        first_day: day,
        last_day: day,
        options: false,
    };
    let key = SigningKey::of_seed(&[7; 32]).unwrap();
    key.sign(terms).check(&key.public(), day).unwrap()
}

/// Why a session is not opened, and what to do.
fn refused(access: Access) -> String {
    match Gateway::open(access) {
        Err(Error::ReachGateway { fault, advice, .. }) => format!("{fault}; {advice}"),
        other => panic!("{other:?}"),
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed().as_secs() < 100, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn the_paper_account_of_the_exchange_is_opened() {
    let server = Server::start();
    let gateway = Gateway::open(access(server.tws)).unwrap();
    assert!(gateway.account().starts_with("DU"), "{}", gateway.account());
    assert!(gateway.alarms().is_empty());
}

#[test]
fn a_live_account_is_refused_in_paper_mode_and_nothing_is_asked_of_it() {
    let server = Server::start();
    let between = Between::start(server.tws);
    between.seem_live(true);
    let told = refused(access(between.at));
    assert!(told.contains("the live account UU") && told.contains("paper account"), "{told}");
    assert_eq!(between.asked(), [ask::START_API]);
}

#[test]
fn a_paper_account_is_refused_in_live_mode_and_nothing_is_asked_of_it() {
    let server = Server::start();
    let between = Between::start(server.tws);
    let access = access_of(between.at, settings(), Some(&signed("U1234567"))).unwrap();
    let told = refused(access);
    assert!(told.contains("the paper account DU") && told.contains("live account"), "{told}");
    assert_eq!(between.asked(), [ask::START_API]);
}

#[test]
fn terms_for_another_account_than_that_of_the_session_open_nothing() {
    let server = Server::start();
    let between = Between::start(server.tws);
    between.seem_live(true);
    let access = access_of(between.at, settings(), Some(&signed("U1234567"))).unwrap();
    let told = refused(access);
    assert!(told.contains("not the account U1234567"), "{told}");
    assert_eq!(between.asked(), [ask::START_API]);
}

#[test]
fn terms_for_the_account_of_the_session_open_it() {
    let server = Server::start();
    let between = Between::start(server.tws);
    // Of another number, for TWS may take a while to free one.
    let other = Access::new(Access::CLIENT + 1, settings(), None).unwrap();
    let other = other.at(&between.at.to_string()).unwrap();
    let paper = Gateway::open(other).unwrap().account().to_owned();
    between.seem_live(true);
    let account = paper.replace("DU", "UU");
    let access = access_of(between.at, settings(), Some(&signed(&account))).unwrap();
    assert_eq!(Gateway::open(access).unwrap().account(), account);
}

#[test]
fn a_server_whose_clock_is_elsewhere_is_not_opened() {
    let server = Server::start();
    let strict = Settings { clock: ClockRule::STRICT, ..settings() };
    let told = refused(access_of(server.tws, strict, None).unwrap());
    assert!(told.contains("the clock of this machine is"), "{told}");
    assert!(told.contains("time server"), "{told}");
}

#[test]
fn where_nothing_listens_that_is_said() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = refused(access(gone));
    assert!(told.contains(&format!("nothing listens on {}", gone.port())), "{told}");
    assert!(told.contains("log in to the paper account"), "{told}");
}

#[test]
fn a_session_that_is_read_only_is_not_opened() {
    let server = Server::start();
    let between = Between::start(server.tws);
    let words = "Error validating request.-'bO' : cause - The API interface is currently in \
                 Read-Only mode.";
    between.say_instead(ask::ALL_OPEN_ORDERS, 321, words);
    let told = refused(access(between.at));
    assert!(told.contains("takes no orders") && told.contains("turn Read-Only API off"), "{told}");
}

#[test]
fn a_client_id_that_is_taken_is_said_to_be() {
    let server = Server::start();
    let _first = Gateway::open(access(server.tws)).unwrap();
    let told = refused(access(server.tws));
    assert!(told.contains("another client of this id"), "{told}");
}

#[test]
fn the_cash_of_an_account_in_another_currency_is_refused() {
    let server = Server::start();
    let between = Between::start(server.tws);
    let gateway = Gateway::open(access(between.at)).unwrap();
    let inquiry = Inquiry::new(Arc::clone(&gateway));
    assert!(inquiry.cash().is_ok());
    between.seem_euro();
    let refused = inquiry.cash().unwrap_err();
    assert!(refused.contains("is kept in \"EUR\"") && refused.contains("to USD"), "{refused}");
}

#[test]
fn another_account_that_logs_in_is_an_alarm_until_the_first_is_back() {
    let server = Server::start();
    let between = Between::start(server.tws);
    let gateway = Gateway::open(access(between.at)).unwrap();
    between.seem_live(true);
    between.cut();
    let kinds = || gateway.alarms().iter().map(|alarm| alarm.kind).collect::<Vec<_>>();
    until("an alarm", || kinds() == [AlarmKind::Wrong]);
    let words = gateway.alarms()[0].words.clone();
    assert!(words.contains("the live account UU"), "{words}");
    between.seem_live(false);
    until("all is well", || kinds().is_empty());
}

#[test]
fn what_does_not_greet_for_longer_than_patience_is_an_alarm_until_it_does() {
    let server = Server::start();
    let between = Between::start(server.tws);
    let waits = Waits { patience: millis(100), ..Waits::default() };
    let access = access_of(between.at, Settings { waits, ..settings() }, None).unwrap();
    let gateway = Gateway::open(access).unwrap();
    between.shut(true);
    let kinds = || gateway.alarms().iter().map(|alarm| alarm.kind).collect::<Vec<_>>();
    until("an alarm", || kinds() == [AlarmKind::Away]);
    between.shut(false);
    until("all is well", || kinds().is_empty());
}
