//! The wire to Alpaca over real sockets, to the paper exchange as it is served. Breaking the line
//! means to stop the server; the market may go on without it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base::{Span, Ts};
use brokers::Secret;
use brokers::alpaca::{Access, Alpaca, Line as _, Online, Servers, Waits, patience};
use desk::courier::{Clocks, Courier};
use exchange::{Keep, Keys, Pace, Settings, Tape, Venue, Work};
use market::{Broker as _, BrokerEvent, ClientOrderId, OrderRequest, Snapshot};

use crate::rig::{Prices, Rig, tape};
use crate::world::{truth, venue};

/// The account as it was kept last.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Keep for Memory {
    fn keep(&mut self, state: &[u8]) -> io::Result<()> {
        *self.0.lock().unwrap() = state.to_vec();
        Ok(())
    }
}

struct Server {
    stop: &'static AtomicBool,
    thread: JoinHandle<Result<(), exchange::Error>>,
}

struct Sockets {
    tape: Arc<Tape>,
    memory: Memory,
    address: SocketAddr,
    server: Option<Server>,
    courier: Courier<Alpaca<Online>>,
    told: Vec<BrokerEvent>,
}

pub(crate) fn rig(bars: &[Prices]) -> Box<dyn Rig> {
    let tape = tape(bars);
    let memory = Memory::default();
    memory.clone().keep(&venue(Arc::clone(&tape)).write().unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = serve(listener, &tape, &memory);
    let servers = Servers::at(&format!("http://{address}/")).unwrap();
    let access = Access { key: "key".to_owned(), secret: Secret::new("secret") };
    let mut line = Online::start(servers, access).unwrap();
    let clocks = Clocks { wall: now(&tape, &memory), steady: line.now() };
    line.hear(&mut Vec::new());
    let waits = Waits {
        partial: Span::from_nanos(300_000_000),
        again: Span::from_nanos(100_000_000),
        ..Waits::default()
    };
    let wire = Alpaca::new(line, tape.universe().clone(), waits);
    let courier = Courier::new(wire, patience(), clocks);
    let server = Some(server);
    let mut sockets = Sockets { tape, memory, address, server, courier, told: Vec::new() };
    sockets.settle();
    Box::new(sockets)
}

fn restored(tape: &Arc<Tape>, memory: &Memory) -> Venue {
    Venue::restore(Arc::clone(tape), &memory.0.lock().unwrap()).unwrap()
}

fn now(tape: &Arc<Tape>, memory: &Memory) -> Ts {
    restored(tape, memory).now()
}

fn serve(listener: TcpListener, tape: &Arc<Tape>, memory: &Memory) -> Server {
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
    let thread = std::thread::spawn(move || exchange::serve(listener, work, &settings, stop));
    Server { stop, thread }
}

impl Sockets {
    fn turn(&mut self) {
        let steady = self.courier.wire().line().now();
        let wall = now(&self.tape, &self.memory) + Span::from_seconds(1);
        self.courier.turn(Clocks { wall, steady });
        self.courier.drain(&mut self.told);
        self.courier.flush();
        std::thread::sleep(Duration::from_millis(4));
    }

    fn stop(&mut self) {
        let Some(server) = self.server.take() else { return };
        server.stop.store(true, Ordering::SeqCst);
        server.thread.join().unwrap().unwrap();
    }

    /// A request of the market's owner.
    fn control(&mut self, path: &str) {
        let url = format!("http://{}{path}", self.address);
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

impl Drop for Sockets {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop.store(true, Ordering::SeqCst);
        }
    }
}

impl Rig for Sockets {
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
                venue.step(1).unwrap();
                self.memory.keep(&venue.write().unwrap()).unwrap();
            }
        }
        self.turn_for(Duration::from_millis(50));
    }

    fn cut(&mut self) {
        self.stop();
        self.turn_for(Duration::from_millis(200));
    }

    fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.server = Some(serve(listener, &self.tape, &self.memory));
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
