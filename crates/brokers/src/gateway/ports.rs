//! Which ports Gateway and TWS listen on, and how to find out.
//!
//! Source: interactivebrokers.github.io/tws-api, "Initial Setup": the ports that each comes with.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::accounts::Mode;

/// A port that a program of the broker's listens on unless it was told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The port.
    pub port: u16,
    /// The program and its mode, in words.
    pub name: &'static str,
    /// The mode in which it comes with this port. Nothing trusts it: the account decides.
    pub mode: Mode,
}

/// Ports as the programs come with them, Gateway before TWS.
pub const KNOWN: [Known; 4] = [
    Known { port: 4002, name: "Gateway, paper", mode: Mode::Paper },
    Known { port: 7497, name: "TWS, paper", mode: Mode::Paper },
    Known { port: 4001, name: "Gateway, live", mode: Mode::Live },
    Known { port: 7496, name: "TWS, live", mode: Mode::Live },
];

/// Ports that are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Those that the programs come with.
    Known,
    /// That one alone.
    Only(u16),
}

impl Ports {
    /// In the order in which they are tried: those that come with the mode, then the others, since
    /// a port can be set to anything.
    pub fn order(self, mode: Mode) -> Vec<u16> {
        let of = |wanted: bool| {
            let known = KNOWN.iter().filter(move |known| (known.mode == mode) == wanted);
            known.map(|known| known.port)
        };
        match self {
            Ports::Known => of(true).chain(of(false)).collect(),
            Ports::Only(port) => vec![port],
        }
    }
}

/// The port, and the program that comes with it.
pub fn named(port: u16) -> String {
    match KNOWN.iter().find(|known| known.port == port) {
        Some(known) => format!("port {port} ({})", known.name),
        None => format!("port {port}"),
    }
}

/// Whether something listens on a port. The network lies behind it.
pub trait Knock {
    /// True where a connection was taken. Blocks for a while at most.
    fn knock(&mut self, port: u16) -> bool;
}

/// Knocks with a connection over TCP, which is closed at once.
#[derive(Debug, Clone)]
pub struct Tcp {
    /// The machine, by name or number.
    pub host: String,
    /// How long an answer is waited for.
    pub wait: Duration,
}

impl Knock for Tcp {
    fn knock(&mut self, port: u16) -> bool {
        let Ok(found) = format!("{}:{port}", self.host).to_socket_addrs() else { return false };
        let mut found = found.take(2);
        found.any(|at| TcpStream::connect_timeout(&at, self.wait).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_ports_of_the_mode_come_before_the_others_and_a_given_one_stands_alone() {
        assert_eq!(Ports::Known.order(Mode::Paper), [4002, 7497, 4001, 7496]);
        assert_eq!(Ports::Known.order(Mode::Live), [4001, 7496, 4002, 7497]);
        assert_eq!(Ports::Only(4100).order(Mode::Paper), [4100]);
    }

    #[test]
    fn a_listener_is_found_and_one_that_is_gone_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut tcp = Tcp { host: "127.0.0.1".to_owned(), wait: Duration::from_secs(2) };
        assert!(tcp.knock(port));
        drop(listener);
        assert!(!tcp.knock(port));
    }
}
