//! What lies between a client of TWS and the paper exchange: it may seem to have real money, fall
//! silent, say what the exchange never says, and break.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message as _;

use crate::tws::{self, ask, tell};

/// Added to the number of each message after the greeting.
const BINARY: u32 = 200;

#[derive(Default)]
struct Shared {
    is_live: AtomicBool,
    is_euro: AtomicBool,
    is_silent: AtomicBool,
    is_shut: AtomicBool,
    /// Lines that were begun.
    begun: AtomicUsize,
    /// Numbers of what was asked, on all lines.
    asked: Mutex<Vec<u32>>,
    /// Clients that are there.
    clients: Mutex<Vec<Arc<Mutex<TcpStream>>>>,
    /// What is told when that is asked, in place of the answer.
    instead: Mutex<Option<(u32, Vec<u8>)>>,
}

/// A port behind which the exchange lies.
pub(crate) struct Between {
    pub(crate) at: SocketAddr,
    shared: Arc<Shared>,
}

impl Between {
    pub(crate) fn start(server: SocketAddr) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if of_thread.is_shut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(server) else { return };
                of_thread.join(client, server);
            }
        });
        Between { at, shared }
    }

    /// What is said of `DU` becomes `UU` from now on, or does no more.
    pub(crate) fn seem_live(&self, is_live: bool) {
        self.shared.is_live.store(is_live, Ordering::SeqCst);
    }

    /// Sums of the account are told in euros from now on.
    pub(crate) fn seem_euro(&self) {
        self.shared.is_euro.store(true, Ordering::SeqCst);
    }

    /// Nothing passes either way from now on, or does again.
    pub(crate) fn fall_silent(&self, is_silent: bool) {
        self.shared.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Whoever comes from now on is hung up on, or is no more.
    pub(crate) fn shut(&self, is_shut: bool) {
        self.shared.is_shut.store(is_shut, Ordering::SeqCst);
        self.cut();
    }

    /// Breaks all lines.
    pub(crate) fn cut(&self) {
        for client in self.shared.clients.lock().unwrap().drain(..) {
            let _ = client.lock().unwrap().shutdown(Shutdown::Both);
        }
    }

    /// Says a message of the system to all that are there.
    pub(crate) fn say(&self, code: i32, text: &str) {
        for client in self.shared.clients.lock().unwrap().iter() {
            let _ = client.lock().unwrap().write_all(&message(code, text));
        }
    }

    /// Says these bytes to all that are there.
    pub(crate) fn say_bytes(&self, bytes: &[u8]) {
        for client in self.shared.clients.lock().unwrap().iter() {
            let _ = client.lock().unwrap().write_all(bytes);
        }
    }

    /// Says a message of the system whenever that is asked, in place of the answer.
    pub(crate) fn say_instead(&self, asked: u32, code: i32, text: &str) {
        self.say_bytes_instead(asked, message(code, text));
    }

    /// Says these bytes whenever that is asked, in place of the answer.
    pub(crate) fn say_bytes_instead(&self, asked: u32, bytes: Vec<u8>) {
        *self.shared.instead.lock().unwrap() = Some((asked, bytes));
    }

    /// Answers come as the server gives them again.
    pub(crate) fn say_the_truth(&self) {
        *self.shared.instead.lock().unwrap() = None;
    }

    /// Lines that were begun.
    pub(crate) fn begun(&self) -> usize {
        self.shared.begun.load(Ordering::SeqCst)
    }

    /// Numbers of what was asked, on all lines.
    pub(crate) fn asked(&self) -> Vec<u32> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Shared {
    fn join(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        let _ = client.set_write_timeout(Some(Duration::from_secs(5)));
        let mut from_client = client.try_clone().unwrap();
        let mut to_server = server.try_clone().unwrap();
        let mut from_server = server;
        let to_client = Arc::new(Mutex::new(client));
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        let answers = Arc::clone(&to_client);
        std::thread::spawn(move || {
            let _ = up.pass_up(&mut from_client, &mut to_server, &answers);
            // Who hung up here hangs up there, so that the client id is free again.
            let _ = to_server.shutdown(Shutdown::Both);
        });
        std::thread::spawn(move || {
            let _ = down.pass_down(&mut from_server, &to_client);
            let _ = to_client.lock().unwrap().shutdown(Shutdown::Both);
        });
    }

    fn pass_up(
        &self,
        from: &mut TcpStream,
        to: &mut TcpStream,
        client: &Arc<Mutex<TcpStream>>,
    ) -> std::io::Result<()> {
        let mut begin = [0; 4];
        from.read_exact(&mut begin)?;
        to.write_all(&begin)?;
        to.write_all(&frame(from)?)?;
        loop {
            let frame = frame(from)?;
            let number = u32::from_be_bytes(frame[4..8].try_into().unwrap()) - BINARY;
            self.asked.lock().unwrap().push(number);
            if number == ask::START_API {
                self.begun.fetch_add(1, Ordering::SeqCst);
                self.clients.lock().unwrap().push(Arc::clone(client));
            }
            let instead = self.instead.lock().unwrap().clone();
            match instead {
                _ if self.is_silent.load(Ordering::SeqCst) => {}
                Some((asked, told)) if asked == number => {
                    client.lock().unwrap().write_all(&told)?;
                }
                _ => to.write_all(&frame)?,
            }
        }
    }

    fn pass_down(&self, from: &mut TcpStream, to: &Mutex<TcpStream>) -> std::io::Result<()> {
        loop {
            let mut frame = frame(from)?;
            if self.is_silent.load(Ordering::SeqCst) {
                continue;
            }
            if self.is_live.load(Ordering::SeqCst) {
                for at in 5..frame.len() {
                    if frame[at - 1..=at] == *b"DU" {
                        frame[at - 1] = b'U';
                    }
                }
            }
            let is_summary = frame[4..8] == (tell::ACCOUNT_SUMMARY + BINARY).to_be_bytes();
            if is_summary && self.is_euro.load(Ordering::SeqCst) {
                for at in 7..frame.len() {
                    if frame[at - 2..=at] == *b"USD" {
                        frame[at - 2..=at].copy_from_slice(b"EUR");
                    }
                }
            }
            to.lock().unwrap().write_all(&frame)?;
        }
    }
}

/// A length and as many bytes.
fn frame(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut frame = length.to_vec();
    frame.resize(4 + u32::from_be_bytes(length) as usize, 0);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}

fn message(code: i32, text: &str) -> Vec<u8> {
    let message = tws::ErrorMessage {
        id: Some(-1),
        error_code: Some(code),
        error_msg: Some(text.to_owned()),
    };
    framed(tell::ERROR, &message.encode_to_vec())
}

/// A message with its number and length.
pub(crate) fn framed(id: u32, body: &[u8]) -> Vec<u8> {
    framed_as(id + BINARY, body)
}

/// Anything with that number and its length.
pub(crate) fn framed_as(number: u32, body: &[u8]) -> Vec<u8> {
    let mut frame = (4 + body.len() as u32).to_be_bytes().to_vec();
    frame.extend(number.to_be_bytes());
    frame.extend(body);
    frame
}
