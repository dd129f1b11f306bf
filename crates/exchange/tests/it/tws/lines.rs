//! Lines that say nonsense, half of something, or too much.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::connect;
use crate::{Server, Wish};

fn open(server: &Server) -> TcpStream {
    let line = TcpStream::connect(server.tws).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    line
}

fn greeted(server: &Server) -> TcpStream {
    let mut line = open(server);
    line.write_all(b"API\0\0\0\0\x09v100..225").unwrap();
    assert!(frame(&mut line).starts_with(b"222\0"));
    line
}

fn frame(line: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    line.read_exact(&mut length).unwrap();
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    line.read_exact(&mut body).unwrap();
    body
}

fn said(id: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 4) as u32;
    [&length.to_be_bytes()[..], &(id + 200).to_be_bytes(), body].concat()
}

/// True once the other side has hung up.
fn is_cut(line: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).is_ok() || rest.is_empty()
}

#[test]
fn another_protocol_or_version_is_hung_up_on() {
    let server = Server::start(Wish::default());
    for text in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"API\0\0\0\0\x09v100..178", b"API\0\xff\xff\xff\xff"]
    {
        let mut line = open(&server);
        line.write_all(text).unwrap();
        assert!(is_cut(&mut line), "{text:?}");
    }
    assert!(connect(&server, 1).server_time().is_ok());
}

#[test]
fn a_length_that_makes_no_sense_cuts_the_line_and_no_other() {
    let server = Server::start(Wish::default());
    let client = connect(&server, 1);
    for length in [0_u32, 3, 1 << 17, u32::MAX] {
        let mut line = greeted(&server);
        line.write_all(&length.to_be_bytes()).unwrap();
        assert!(is_cut(&mut line), "{length}");
    }
    assert!(client.server_time().is_ok());
}

#[test]
fn a_message_that_comes_byte_by_byte_is_a_message() {
    let server = Server::start(Wish::default());
    let mut line = greeted(&server);
    for byte in said(71, &[8, 4]) {
        line.write_all(&[byte]).unwrap();
        line.flush().unwrap();
    }
    // The account's name is the first thing told.
    assert_eq!(frame(&mut line)[..4], 215_u32.to_be_bytes());
}

#[test]
fn half_a_message_is_waited_for_and_harms_nobody() {
    let server = Server::start(Wish::default());
    let mut half = greeted(&server);
    half.write_all(&[0, 0, 1, 0, 0, 0]).unwrap();
    assert!(connect(&server, 2).server_time().is_ok());
    drop(half);
    assert!(connect(&server, 3).server_time().is_ok());
}

#[test]
fn what_can_not_be_read_is_answered_and_the_line_goes_on() {
    let server = Server::start(Wish::default());
    let mut line = greeted(&server);
    let mut code = |bytes: &[u8]| {
        line.write_all(bytes).unwrap();
        loop {
            let told = frame(&mut line);
            // Notices that all is well are no answers.
            if told[..4] == 204_u32.to_be_bytes() && !told.windows(4).any(|part| part == b"farm") {
                return String::from_utf8_lossy(&told).into_owned();
            }
        }
    };
    assert!(code(&said(3, b"")).contains("Not connected"));
    line_start(&mut code);
    assert!(code(&said(3, &[0xff; 20])).contains("Server error when reading"));
    assert!(code(&said(4_000, b"")).contains("request 4000"));
    assert!(code(&[0, 0, 0, 4, 0, 0, 0, 3]).contains("Unknown message id"));
    assert!(code(&said(71, &[8, 5])).contains("request 71"));
}

/// Begins a session and asks something that is refused, so that there is an answer to wait for.
fn line_start(code: &mut impl FnMut(&[u8]) -> String) {
    let both = [said(71, &[8, 4]), said(4_001, b"")].concat();
    assert!(code(&both).contains("request 4001"));
}

#[test]
fn more_lines_than_the_broker_takes_are_closed() {
    let server = Server::start(Wish::default());
    let mut lines: Vec<TcpStream> = (0..32).map(|_| greeted(&server)).collect();
    assert!(is_cut(&mut open(&server)));
    lines.pop();
    let client = (0..)
        .find_map(|_| ibapi::client::blocking::Client::connect(&server.tws.to_string(), 9).ok());
    assert!(client.unwrap().server_time().is_ok());
}

#[test]
fn who_asks_and_does_not_listen_is_cut_and_harms_nobody() {
    let server = Server::start(Wish::default());
    server.well("POST /control/advance?until=2016-03-20T00:00:00Z", "");
    let mut line = greeted(&server);
    line.write_all(&said(71, &[8, 4])).unwrap();
    // Minutes of thirty sessions, again and again, as the protocol writes that.
    let contract = b"\x12\x03SPY";
    let mut asked = vec![8, 1, 0x12, contract.len() as u8];
    asked.extend(contract);
    for (field, text) in [(4_u8, "1 min"), (5, "30 D"), (7, "TRADES")] {
        asked.extend([field << 3 | 2, text.len() as u8]);
        asked.extend(text.bytes());
    }
    let other = connect(&server, 5);
    let begun = Instant::now();
    while line.write_all(&said(20, &asked)).is_ok() {
        assert!(other.server_time().is_ok());
        assert!(begun.elapsed() < super::WAIT, "the line is not cut");
    }
}
