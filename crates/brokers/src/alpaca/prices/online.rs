//! The line of the stream over the network, on a thread of its own.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use super::super::online::{Access, Servers, is_silence, longer, wait_at_most};
use super::talk::Talk;
use crate::Error;
use crate::clock::rest;
use crate::feed::{Far, Stream, Told, Unheard};

/// Longest silence between two looks at what is wanted.
const LOOK: Duration = Duration::from_millis(250);
/// Looks in silence after which the stream is asked whether it is there, and after twice of which
/// it is not.
const SILENT: u32 = 60;

/// Which exchanges the prices are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// IEX alone, some hundredths of all trades: what a plan without fee has.
    #[default]
    Iex,
    /// All exchanges of the US.
    Sip,
}

impl Source {
    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Source::Iex => "iex",
            Source::Sip => "sip",
        }
    }
}

/// Starts the stream of prices over the network.
///
/// # Errors
/// [`Error::StartThread`].
pub fn start(servers: &Servers, source: Source, access: Access) -> Result<Stream, Error> {
    let address = format!("{}/{}", servers.prices, source.name());
    Stream::start("alpaca prices", move |far| {
        Line { address, access, far, wanted: BTreeSet::new() }.keep();
    })
}

struct Line {
    address: String,
    access: Access,
    far: Far,
    wanted: BTreeSet<String>,
}

/// Why a line ended.
enum Ended {
    /// Nobody listens any more.
    Unheard,
    Broken(String),
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

impl Line {
    /// Keeps the stream open until nobody listens any more.
    fn keep(&mut self) {
        let mut wait = Duration::ZERO;
        loop {
            let mut is_there = false;
            let Ended::Broken(why) = self.listen(&mut is_there) else { return };
            if self.far.tell(Told::Lost(why)).is_err() {
                return;
            }
            wait = if is_there { longer(Duration::ZERO) } else { longer(wait) };
            rest(wait);
        }
    }

    fn listen(&mut self, is_there: &mut bool) -> Ended {
        let broken = |error: tungstenite::Error| Ended::Broken(error.to_string());
        let mut socket = match open(&self.address) {
            Ok(socket) => socket,
            Err(error) => return broken(error),
        };
        let mut talk = Talk::new(self.wanted.clone());
        let (mut say, mut told, mut silent) = (Vec::new(), Vec::new(), 0);
        loop {
            match self.far.wanted() {
                Ok(None) => {}
                Ok(Some(wanted)) => {
                    self.wanted.clone_from(&wanted);
                    talk.want(wanted, &mut say);
                }
                Err(Unheard) => return Ended::Unheard,
            }
            if let Err(error) = speak(&mut socket, &mut say) {
                return broken(error);
            }
            let message = match socket.read() {
                Ok(message) => message,
                Err(tungstenite::Error::Io(error)) if is_silence(&error) => {
                    silent += 1;
                    if silent > 2 * SILENT {
                        return Ended::Broken("it fell silent".to_owned());
                    }
                    if silent == SILENT
                        && let Err(error) = socket.send(Message::Ping(Default::default()))
                    {
                        return broken(error);
                    }
                    continue;
                }
                Err(error) => return broken(error),
            };
            silent = 0;
            let bytes = match &message {
                Message::Text(text) => text.as_bytes(),
                Message::Binary(bytes) => bytes,
                _ => continue,
            };
            if let Err(why) = talk.hear(bytes, &self.access, &mut say, &mut told) {
                return Ended::Broken(why);
            }
            for one in told.drain(..) {
                *is_there |= matches!(one, Told::Hears(_));
                if self.far.tell(one).is_err() {
                    return Ended::Unheard;
                }
            }
        }
    }
}

fn speak(socket: &mut Socket, say: &mut Vec<Value>) -> Result<(), tungstenite::Error> {
    for message in say.drain(..) {
        socket.send(Message::Text(message.to_string().into()))?;
    }
    Ok(())
}

fn open(address: &str) -> Result<Socket, tungstenite::Error> {
    // A redirect would carry the keys elsewhere.
    let (mut socket, _) = tungstenite::client::connect_with_config(address, None, 0)?;
    wait_at_most(&mut socket, LOOK)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_stream_that_leads_elsewhere_is_not_followed() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = elsewhere.local_addr().unwrap();
        let leads = TcpListener::bind("127.0.0.1:0").unwrap();
        let first = format!("ws://{}/", leads.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let (mut socket, _) = leads.accept().unwrap();
            let _ = socket.read(&mut [0; 1_024]).unwrap();
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: ws://{address}/\r\nContent-Length: 0\r\n\r\n"
            );
            socket.write_all(answer.as_bytes()).unwrap();
        });
        assert!(open(&first).is_err());
        served.join().unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let nobody = elsewhere.accept().unwrap_err().kind();
        assert_eq!(nobody, std::io::ErrorKind::WouldBlock);
    }
}
