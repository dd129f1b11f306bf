//! The wires over real sockets, to the paper exchange as it is served. Breaking the line means to
//! stop the server; the market may go on without it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base::{Span, Ts};
use brokers::alpaca::{Alpaca, Line as _};
use brokers::ibkr::{Ibkr, Line as _};
use brokers::{Secret, alpaca, ibkr};
use desk::courier::{Clocks, Courier, Patience};
use exchange::tws::Hall;
use exchange::{Doors, Keep, Keys, Pace, Settings, Tape, Venue, Work};
use market::remote::Wire;
use market::{Broker as _, BrokerEvent, ClientOrderId, OrderRequest, Snapshot, Universe};

use crate::rig::{Prices, Rig, tape};
use crate::world::{truth, venue};

/// The account as it is kept: a state, and what happened since.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    state: Vec<u8>,
    journal: Vec<u8>,
    /// The time there, for a journal of that length.
    time: Option<(usize, Ts)>,
}

impl Memory {
    pub(crate) fn begin(&self, venue: &Venue) {
        let state = venue.write().unwrap();
        *self.0.lock().unwrap() = Kept { state, ..Kept::default() };
    }
}

impl Keep for Memory {
    fn append(&mut self, page: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().journal.extend_from_slice(page);
        Ok(())
    }

    fn renew(&mut self, snapshot: exchange::Snapshot) -> io::Result<()> {
        let mut state = Vec::new();
        snapshot.write(&mut state)?;
        let journal = exchange::journal::HEADING.to_vec();
        *self.0.lock().unwrap() = Kept { state, journal, time: None };
        Ok(())
    }

    fn kept(&mut self) -> io::Result<Option<u64>> {
        Ok(Some(self.0.lock().unwrap().state.len() as u64))
    }

    fn wait(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) struct Server {
    stop: &'static AtomicBool,
    thread: JoinHandle<Result<(), exchange::Error>>,
}

impl Server {
    /// Ends it and waits until it has; what it answered is kept.
    pub(crate) fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap().unwrap();
    }
}

/// A wire over sockets.
pub(crate) trait Remote: Wire + Sized + 'static {
    fn open(at: Addresses, universe: Universe) -> Self;
    /// The line's own time.
    fn now(&mut self) -> Ts;
    fn patience() -> Patience;
}

/// Where the exchange is served: to those who speak HTTP, and to clients of TWS.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    http: SocketAddr,
    tws: SocketAddr,
}

/// Waits that a test has time for.
const PARTIAL: Span = Span::from_nanos(300_000_000);
const AGAIN: Span = Span::from_nanos(100_000_000);

impl Remote for Alpaca<alpaca::Online> {
    fn open(at: Addresses, universe: Universe) -> Self {
        let servers = alpaca::Servers::at(&format!("http://{}/", at.http)).unwrap();
        let access = alpaca::Access { key: "key".to_owned(), secret: Secret::new("secret") };
        let account = alpaca::Account::open(servers, access, None).unwrap();
        let mut line = alpaca::Online::start(&account).unwrap();
        line.hear(&mut Vec::new());
        let waits = alpaca::Waits { partial: PARTIAL, again: AGAIN, ..alpaca::Waits::default() };
        Alpaca::new(line, universe, waits)
    }

    fn now(&mut self) -> Ts {
        self.line().now()
    }

    fn patience() -> Patience {
        alpaca::patience()
    }
}

impl Remote for Ibkr<ibkr::Online> {
    fn open(at: Addresses, universe: Universe) -> Self {
        let gateway = ibkr::Gateway::open(crate::gateway::access(at.tws)).unwrap();
        let line = ibkr::Online::start(&gateway).unwrap();
        let waits = ibkr::Waits { quiet: PARTIAL, again: AGAIN, ..ibkr::Waits::default() };
        Ibkr::new(line, universe, waits)
    }

    fn now(&mut self) -> Ts {
        self.line().now()
    }

    fn patience() -> Patience {
        ibkr::patience()
    }
}

struct Sockets<W> {
    tape: Arc<Tape>,
    memory: Memory,
    at: Addresses,
    server: Option<Server>,
    courier: Courier<W>,
    told: Vec<BrokerEvent>,
}

pub(crate) fn rig<W: Remote>(bars: &[Prices]) -> Box<dyn Rig> {
    let tape = tape(bars);
    let memory = Memory::default();
    memory.begin(&venue(Arc::clone(&tape)));
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (http, tws) = (bind(), bind());
    let at = Addresses { http: http.local_addr().unwrap(), tws: tws.local_addr().unwrap() };
    let server = Some(serve((http, tws), &tape, &memory));
    let mut wire = W::open(at, tape.universe().clone());
    let clocks = Clocks { wall: now(&tape, &memory), steady: wire.now() };
    let courier = Courier::new(wire, W::patience(), clocks);
    let mut sockets = Sockets { tape, memory, at, server, courier, told: Vec::new() };
    sockets.settle();
    Box::new(sockets)
}

fn restored(tape: &Arc<Tape>, memory: &Memory) -> Venue {
    venue_of(tape, &memory.0.lock().unwrap())
}

fn venue_of(tape: &Arc<Tape>, kept: &Kept) -> Venue {
    let mut venue = Venue::restore(Arc::clone(tape), &kept.state).unwrap();
    venue.replay(&kept.journal).unwrap();
    venue
}

pub(crate) fn now(tape: &Arc<Tape>, memory: &Memory) -> Ts {
    let mut kept = memory.0.lock().unwrap();
    let length = kept.journal.len();
    if let Some((_, time)) = kept.time.filter(|(of, _)| *of == length) {
        return time;
    }
    let time = venue_of(tape, &kept).now();
    kept.time = Some((length, time));
    time
}

pub(crate) fn serve(
    (http, tws): (TcpListener, TcpListener),
    tape: &Arc<Tape>,
    memory: &Memory,
) -> Server {
    let stop: &'static AtomicBool = Box::leak(Box::default());
    let settings = Settings {
        keys: Keys::new("key", "secret"),
        requests_per_minute: 100_000,
        body_bytes: 1 << 20,
        pace: Pace::Stepped,
    };
    let begun = Instant::now();
    let clock = Arc::new(move || begun.elapsed());
    let venue = restored(tape, memory);
    let (tape, keep) = (Arc::clone(tape), Box::new(memory.clone()));
    let work = Work { venue, tape, keep, clock };
    let doors = Doors { http, tws: Some(tws) };
    let thread = std::thread::spawn(move || exchange::serve_doors(doors, work, &settings, stop));
    Server { stop, thread }
}

impl<W: Remote> Sockets<W> {
    fn turn(&mut self) {
        let steady = self.courier.wire().now();
        let wall = now(&self.tape, &self.memory) + Span::from_seconds(1);
        self.courier.turn(Clocks { wall, steady });
        self.courier.drain(&mut self.told);
        self.courier.flush();
        std::thread::sleep(Duration::from_millis(4));
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
    }

    /// A request of the market's owner.
    fn control(&mut self, path: &str) {
        let url = format!("http://{}{path}", self.at.http);
        let request = ureq::post(&url)
            .header("APCA-API-KEY-ID", "key")
            .header("APCA-API-SECRET-KEY", "secret");
        request.send_empty().unwrap();
    }

    fn turn_for(&mut self, time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.turn();
        }
    }
}

impl<W> Drop for Sockets<W> {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop.store(true, Ordering::SeqCst);
        }
    }
}

impl<W: Remote> Rig for Sockets<W> {
    fn submit(&mut self, order: &OrderRequest) {
        self.courier.submit(Ts::from_seconds(0), order);
    }

    fn cancel(&mut self, order: &ClientOrderId) {
        self.courier.cancel(Ts::from_seconds(0), order);
    }

    fn settle(&mut self) {
        if self.server.is_none() {
            return self.turn_for(Duration::from_millis(200));
        }
        // Long enough for any machine; it takes a fraction of a second.
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 25 {
            self.turn();
            quiet = if self.courier.is_settled() { quiet + 1 } else { 0 };
            assert!(begun.elapsed() < Duration::from_secs(100), "nothing settles");
        }
        // What waits for a partly filled entry has had its time.
        self.turn_for(Duration::from_millis(400));
    }

    fn bar(&mut self) {
        match self.server {
            Some(_) => self.control("/control/step?bars=1"),
            None => {
                let mut venue = restored(&self.tape, &self.memory);
                let turn = venue.step(1).unwrap();
                // The door for TWS hears of every turn, whoever listens there.
                Hall::default().news(&mut venue, &turn);
                self.memory.begin(&venue);
            }
        }
        self.turn_for(Duration::from_millis(50));
    }

    fn cut(&mut self) {
        self.stop();
        self.turn_for(Duration::from_millis(200));
    }

    fn mend(&mut self) {
        let bind = |at: SocketAddr| TcpListener::bind(at).unwrap();
        let listeners = (bind(self.at.http), bind(self.at.tws));
        self.server = Some(serve(listeners, &self.tape, &self.memory));
        // The stream is opened again by itself.
        self.turn_for(Duration::from_secs(2));
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        self.courier.drain(&mut self.told);
        into.append(&mut self.told);
    }

    fn truth(&self) -> Snapshot {
        truth(&mut restored(&self.tape, &self.memory), self.tape.universe())
    }
}
