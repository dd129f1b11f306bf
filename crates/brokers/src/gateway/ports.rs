//! Which ports Gateway and TWS listen on, and how to find out.
//!
//! Source: interactivebrokers.github.io/tws-api, "Initial Setup": the ports that each comes with.

use std::net::{IpAddr, SocketAddr, TcpStream};
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

/// Ports in the order in which they are tried: the one given, then those that come with the mode,
/// then the others, since a port can be set to anything.
pub fn order(mode: Mode, given: Option<u16>) -> Vec<u16> {
    let of = |wanted: bool| {
        let known = KNOWN.iter().filter(move |known| (known.mode == mode) == wanted);
        known.map(|known| known.port)
    };
    let mut ports: Vec<u16> = given.into_iter().collect();
    for port in of(true).chain(of(false)) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
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
#[derive(Debug, Clone, Copy)]
pub struct Tcp {
    /// The machine.
    pub host: IpAddr,
    /// How long an answer is waited for.
    pub wait: Duration,
}

impl Knock for Tcp {
    fn knock(&mut self, port: u16) -> bool {
        TcpStream::connect_timeout(&SocketAddr::new(self.host, port), self.wait).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn the_ports_of_the_mode_come_before_the_others_and_a_given_one_before_all() {
        assert_eq!(order(Mode::Paper, None), [4002, 7497, 4001, 7496]);
        assert_eq!(order(Mode::Live, None), [4001, 7496, 4002, 7497]);
        assert_eq!(order(Mode::Paper, Some(4100)), [4100, 4002, 7497, 4001, 7496]);
        assert_eq!(order(Mode::Paper, Some(7497)), [7497, 4002, 4001, 7496]);
    }

    #[test]
    fn a_listener_is_found_and_one_that_is_gone_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut tcp = Tcp { host, wait: Duration::from_secs(2) };
        assert!(tcp.knock(port));
        drop(listener);
        assert!(!tcp.knock(port));
    }
}
