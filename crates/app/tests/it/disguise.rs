//! What lies between a client of TWS and the paper exchange and can make its account look like one
//! with real money.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Letters with which accounts begin: on paper, and with real money.
const PAPER: [u8; 2] = *b"DU";
const LIVE: [u8; 2] = *b"UU";

/// A port behind which the exchange lies.
pub(crate) struct Disguise {
    pub(crate) at: String,
    is_live: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<TcpStream>>>,
}

impl Disguise {
    pub(crate) fn of(server: &str) -> Disguise {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let is_live = Arc::new(AtomicBool::new(false));
        let lines: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (server, seems, kept) = (server.to_owned(), Arc::clone(&is_live), Arc::clone(&lines));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(there) = TcpStream::connect(&server) else { return };
                kept.lock().unwrap().push(client.try_clone().unwrap());
                let back = (there.try_clone().unwrap(), client.try_clone().unwrap());
                pass((client, there), (LIVE, PAPER), &seems, 4);
                pass(back, (PAPER, LIVE), &seems, 0);
            }
        });
        Disguise { at, is_live, lines }
    }

    /// The account looks like one with real money from now on, or does no more; lines are broken.
    pub(crate) fn seem_live(&self, is_live: bool) {
        self.is_live.store(is_live, Ordering::SeqCst);
        for line in self.lines.lock().unwrap().drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
    }
}

/// Passes frames on behind so many bytes, with one pair of letters for another while it seems live.
fn pass(
    (mut from, mut to): (TcpStream, TcpStream),
    (old, new): ([u8; 2], [u8; 2]),
    seems: &Arc<AtomicBool>,
    begin: usize,
) {
    let seems = Arc::clone(seems);
    std::thread::spawn(move || {
        let mut all = || -> std::io::Result<()> {
            let mut greeting = vec![0; begin];
            from.read_exact(&mut greeting)?;
            to.write_all(&greeting)?;
            loop {
                let mut length = [0; 4];
                from.read_exact(&mut length)?;
                let mut body = vec![0; u32::from_be_bytes(length) as usize];
                from.read_exact(&mut body)?;
                for at in 1..body.len() {
                    if seems.load(Ordering::SeqCst) && body[at - 1..=at] == old {
                        body[at - 1..=at].copy_from_slice(&new);
                    }
                }
                to.write_all(&[length.as_slice(), &body].concat())?;
            }
        };
        let _ = all();
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
