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
    let (mut socket, _) = tungstenite::connect(address)?;
    wait_at_most(&mut socket, LOOK)?;
    Ok(socket)
}
