//! A session over real sockets, spoken to by the client crate, against the paper exchange as it is
//! served.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base::{Seed, Span, Ts};
use brokers::gateway::{
    Act, Answer, ClockRule, Knock as _, LineId, Mode, News, Question, Region, Session, Settings,
    Tcp, Told,
};
use desk::courier::Clocks;
use exchange::{Doors, Keep, Keys, Opening, Pace, Venue, Work};
use ibapi::accounts::PositionUpdate;
use ibapi::client::blocking::Client;

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
struct Server {
    tws: SocketAddr,
    now: Ts,
    stop: &'static AtomicBool,
    thread: Option<JoinHandle<Result<(), exchange::Error>>>,
}

impl Server {
    fn start() -> Server {
        let tape = crate::rig::tape(&[]);
        let venue = Venue::open(Arc::clone(&tape), &Opening::default()).unwrap();
        let now = venue.now();
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
        Server { tws: address, now, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A port behind which the same server seems to have real money: what it says of `DU` becomes `UU`.
fn disguised(server: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(there) = TcpStream::connect(server) else { return };
            let (mut from, mut to) = (client.try_clone().unwrap(), there.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                // Who hung up here hangs up there, so that the client id is free again.
                to.shutdown(std::net::Shutdown::Both)
            });
            let (mut from, mut to) = (there, client);
            std::thread::spawn(move || {
                let mut bytes = [0; 4_096];
                while let Ok(count @ 1..) = from.read(&mut bytes) {
                    let told = &mut bytes[..count];
                    for at in 1..told.len() {
                        if told[at - 1..=at] == *b"DU" {
                            told[at - 1] = b'U';
                        }
                    }
                    if to.write_all(told).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// Does what the session says, one thing after another, until it says nothing more.
struct Driver {
    session: Session,
    client: Option<(LineId, Client)>,
    began: Instant,
    wall: Ts,
}

impl Driver {
    fn new(mode: Mode, port: u16, wall: Ts) -> Driver {
        let settings = Settings {
            port: Some(port),
            // The time of the market stands still there.
            clock: ClockRule::Within(Span::from_hours(1)),
            ..Settings::of(mode, Region::NorthAmerica, Seed::root(3))
        };
        let now = Clocks { wall, steady: Ts::from_nanos(0) };
        Driver { session: Session::new(settings, now), client: None, began: Instant::now(), wall }
    }

    fn now(&self) -> Clocks {
        let steady = i64::try_from(self.began.elapsed().as_nanos()).unwrap();
        Clocks { wall: self.wall, steady: Ts::from_nanos(steady) }
    }

    /// One round over the ports, as far as the one that is given.
    fn run(&mut self) {
        let mut news = VecDeque::from([News::Tick]);
        while let Some(next) = news.pop_front() {
            let mut acts = Vec::new();
            self.session.hear(self.now(), next, &mut acts);
            for act in acts {
                news.extend(self.act(act));
            }
        }
    }

    fn act(&mut self, act: Act) -> Option<News> {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        match act {
            Act::Knock { port } => {
                let mut tcp = Tcp { host, wait: Duration::from_secs(2) };
                Some(News::Knocked { port, is_open: tcp.knock(port) })
            }
            Act::Connect { port, line } => {
                let told = match Client::connect(&SocketAddr::new(host, port).to_string(), 7) {
                    Ok(client) => {
                        self.client = Some((line, client));
                        Told::Greeted
                    }
                    Err(error) => Told::Lost(error.to_string()),
                };
                Some(News::Line { line, told })
            }
            Act::HangUp { line } => {
                let (open, _) = self.client.take().unwrap();
                assert_eq!(open, line);
                None
            }
            Act::Ask { line, number, what } => {
                let (_, client) = self.client.as_ref()?;
                let told = Told::Answer { number, answer: answer(client, what) };
                Some(News::Line { line, told })
            }
            Act::Raise(_) | Act::Clear(_) => None,
        }
    }

    fn why_not(&self) -> Vec<String> {
        self.session.why_not(self.now()).iter().map(ToString::to_string).collect()
    }
}

fn answer(client: &Client, what: Question) -> Answer {
    let wait = Duration::from_secs(20);
    match what {
        Question::Accounts => Answer::Accounts(client.managed_accounts().unwrap()),
        Question::Time => {
            Answer::Time(Ts::from_seconds(client.server_time().unwrap().unix_timestamp()))
        }
        Question::Positions => {
            let positions = client.positions().unwrap();
            while !matches!(
                positions.next_timeout(wait).unwrap().unwrap().into_data(),
                Some(PositionUpdate::PositionEnd)
            ) {}
            Answer::Positions
        }
        Question::Orders => {
            let orders = client.all_open_orders().unwrap();
            while orders.next_timeout(wait).is_some() {}
            Answer::Orders
        }
    }
}

#[test]
fn the_paper_exchange_is_found_and_may_be_traded_on() {
    let server = Server::start();
    let mut driver = Driver::new(Mode::Paper, server.tws.port(), server.now);
    driver.run();
    assert_eq!(driver.why_not(), [""; 0]);
    assert!(driver.session.account().unwrap().starts_with("DU"));
}

#[test]
fn an_account_that_looks_live_is_refused_and_its_positions_are_not_read() {
    let server = Server::start();
    let port = disguised(server.tws);
    let mut driver = Driver::new(Mode::Paper, port, server.now);
    driver.run();
    let why = driver.why_not().join("; ");
    assert!(why.contains("the live account UU"), "{why}");
    assert!(driver.client.is_none());
    let server = Server::start();
    let mut driver = Driver::new(Mode::Live, server.tws.port(), server.now);
    driver.run();
    assert!(driver.why_not().join("; ").contains("the paper account DU"));
}

#[test]
fn a_real_server_whose_clock_is_elsewhere_is_not_traded_on() {
    let server = Server::start();
    let ours = server.now + Span::from_hours(2);
    let mut driver = Driver::new(Mode::Paper, server.tws.port(), ours);
    driver.run();
    let why = driver.why_not();
    assert_eq!(why, ["the clock of this machine is 2 hours ahead of the broker's"]);
}
