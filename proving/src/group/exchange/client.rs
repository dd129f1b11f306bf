//! A connection that is kept, and as little reading of answers as will do.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Longest time until an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where to ask, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) address: SocketAddr,
    /// Lines that each request carries.
    pub(super) heads: String,
    pub(super) key: &'static str,
    pub(super) secret: &'static str,
}

impl Door {
    pub(super) fn connect(&self) -> Result<TcpStream> {
        let line = TcpStream::connect(self.address).context("connect")?;
        line.set_nodelay(true)?;
        line.set_read_timeout(Some(PATIENCE))?;
        Ok(line)
    }
}

/// A connection that is used again and again.
pub(super) struct Line {
    stream: TcpStream,
    heads: String,
    bytes: Vec<u8>,
}

impl Line {
    pub(super) fn open(door: &Door) -> Result<Line> {
        Ok(Line { stream: door.connect()?, heads: door.heads.clone(), bytes: Vec::new() })
    }

    /// Sends a request; gives the status and the body of the answer.
    pub(super) fn ask(&mut self, what: &str, body: &str) -> Result<(u16, &str)> {
        let (heads, length) = (&self.heads, body.len());
        let request =
            format!("{what} HTTP/1.1\r\nHost: a\r\n{heads}Content-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes())?;
        self.bytes.clear();
        let (mut from, mut whole) = (0, None);
        let mut buffer = [0; 8_192];
        while whole.is_none_or(|whole| self.bytes.len() < whole) {
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "{what}: the line was cut");
            self.bytes.extend_from_slice(&buffer[..count]);
            if whole.is_none() {
                let ends = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
                from = ends.map_or(0, |place| place + 4);
                whole = ends.map(|_| from + stated_length(&self.bytes[..from]));
            }
        }
        let head = str::from_utf8(&self.bytes[..from])?;
        let status = head.get(9..12).and_then(|word| word.parse().ok()).unwrap_or(0);
        Ok((status, str::from_utf8(&self.bytes[from..])?))
    }

    /// The same for a request that must go well.
    pub(super) fn well(&mut self, what: &str, body: &str) -> Result<&str> {
        let (status, answer) = self.ask(what, body)?;
        ensure!(status < 300, "{what} {body}: {status} {answer}");
        Ok(answer)
    }
}

fn stated_length(head: &[u8]) -> usize {
    let text = str::from_utf8(head).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    found.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// The text of a field in an answer, without reading the rest.
pub(super) fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mark = format!("\"{name}\":\"");
    let from = answer.find(&mark)? + mark.len();
    answer[from..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let answer = r#"{"client_order_id":"c","id":"o","side":"buy"}"#;
        assert_eq!((field(answer, "id"), field(answer, "x")), (Some("o"), None));
        assert_eq!(stated_length(b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"), 42);
    }
}
