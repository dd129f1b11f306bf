//! The server as a client on the other side of a socket sees it.

// Clients here are plain sockets that block.
#![allow(clippy::disallowed_methods)]

mod http;
mod streams;
mod tws;
mod whatever;
mod whatever_rest;

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use exchange::{Doors, Error, Keep, Keys, Opening, Pace, Settings, Snapshot, Tape, Venue, Work};
use serde_json::Value;
use sim::SynthConfig;
use sim::synth::Market;

/// Inputs that fuzzing a target begins with, and those in which it found something.
pub(crate) fn inputs(target: &str) -> Vec<Vec<u8>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/");
    let found = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/found/");
    let folders = [root, found].map(|folder| std::fs::read_dir(format!("{folder}{target}")));
    let entries = folders.into_iter().filter_map(Result::ok).flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// The state that was kept last, what came after it, and how many more writes are taken.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) state: Arc<Mutex<Vec<u8>>>,
    pub(crate) journal: Arc<Mutex<Vec<u8>>>,
    pub(crate) left: Arc<Mutex<usize>>,
}

impl Memory {
    pub(crate) fn new() -> Memory {
        let left = Arc::new(Mutex::new(usize::MAX));
        Memory { state: Arc::default(), journal: Arc::default(), left }
    }

    fn take(&self) -> io::Result<()> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return Err(io::Error::other("the disk is full"));
        }
        *left -= 1;
        Ok(())
    }

    /// The account as it was kept, were the machine to stop now.
    pub(crate) fn copied(&self) -> Memory {
        let copy = |bytes: &Mutex<Vec<u8>>| Arc::new(Mutex::new(bytes.lock().unwrap().clone()));
        Memory { state: copy(&self.state), journal: copy(&self.journal), ..Memory::new() }
    }
}

impl Keep for Memory {
    fn append(&mut self, page: &[u8]) -> io::Result<()> {
        self.take()?;
        self.journal.lock().unwrap().extend_from_slice(page);
        Ok(())
    }

    fn renew(&mut self, snapshot: Snapshot) -> io::Result<()> {
        self.take()?;
        let mut state = Vec::new();
        snapshot.write(&mut state)?;
        *self.journal.lock().unwrap() = exchange::journal::HEADING.to_vec();
        *self.state.lock().unwrap() = state;
        Ok(())
    }

    fn kept(&mut self) -> io::Result<Option<u64>> {
        Ok(Some(self.state.lock().unwrap().len() as u64))
    }

    fn wait(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server in a thread of this process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) tws: SocketAddr,
    stop: &'static AtomicBool,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

pub(crate) struct Wish {
    pub(crate) pace: Pace,
    pub(crate) requests_per_minute: usize,
    pub(crate) memory: Memory,
    /// Port of the socket protocol; 0 takes a free one.
    pub(crate) tws_port: u16,
}

impl Default for Wish {
    fn default() -> Wish {
        Wish {
            pace: Pace::Stepped,
            requests_per_minute: 10_000,
            memory: Memory::new(),
            tws_port: 0,
        }
    }
}

pub(crate) fn tape() -> Arc<Tape> {
    let config = SynthConfig { symbols: 2, years: 1, ..SynthConfig::default() };
    Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 1).unwrap())
}

impl Server {
    pub(crate) fn start(wish: Wish) -> Server {
        let tape = tape();
        let kept = wish.memory.state.lock().unwrap().clone();
        let mut venue = match kept.is_empty() {
            true => Venue::open(Arc::clone(&tape), &Opening::default()).unwrap(),
            false => Venue::restore(Arc::clone(&tape), &kept).unwrap(),
        };
        venue.replay(&wish.memory.journal.lock().unwrap()).unwrap();
        let [http, lines] =
            [0, wish.tws_port].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let (address, tws) = (http.local_addr().unwrap(), lines.local_addr().unwrap());
        let doors = Doors { http, tws: Some(lines) };
        let stop: &'static AtomicBool = Box::leak(Box::default());
        let settings = Settings {
            keys: Keys::new("key", "secret"),
            requests_per_minute: wish.requests_per_minute,
            body_bytes: 4_096,
            pace: wish.pace,
        };
        let begun = Instant::now();
        let clock = Arc::new(move || begun.elapsed());
        let work = Work { venue, tape, keep: Box::new(wish.memory), clock };
        let thread =
            std::thread::spawn(move || exchange::serve_doors(doors, work, &settings, stop));
        Server { address, tws, stop, thread: Some(thread) }
    }

    /// Waits for the end and gives what the server said.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        self.thread.take().unwrap().join().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let line = TcpStream::connect(self.address).unwrap();
        line.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        line
    }

    /// Sends bytes as they are and reads all that comes back.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut line = self.connect();
        line.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // A line that is cut says no more; what was said counts.
        let _ = line.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request with a key; gives status, heads and body.
    pub(crate) fn ask(&self, what: &str, secret: &str, body: &str) -> (u16, String, Value) {
        let length = body.len();
        let answer = self.raw(
            format!(
                "{what} HTTP/1.1\r\nHost: here\r\nAPCA-API-KEY-ID: key\r\n\
                 APCA-API-SECRET-KEY: {secret}\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap_or_default().parse().unwrap_or(0);
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    /// A request of the account's owner that must go well.
    pub(crate) fn well(&self, what: &str, body: &str) -> Value {
        let (status, _, answer) = self.ask(what, "secret", body);
        assert!(status < 300, "{what}: {status} {answer}");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
