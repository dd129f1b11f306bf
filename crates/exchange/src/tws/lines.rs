//! Lines of the socket protocol without sockets: bytes in, bytes out. What the server does over
//! real ones, in one thread and without waiting; tests and fuzzing drive it.

use std::collections::BTreeMap;

use super::frames::{Frames, Said};
use super::hall::{Hall, LineId, Out};
use crate::{Error, Turn, Venue};

/// An account, and lines of clients to it.
#[derive(Debug)]
pub struct Lines {
    venue: Venue,
    hall: Hall,
    frames: BTreeMap<LineId, Frames>,
}

impl Lines {
    /// Nobody is connected yet.
    pub fn new(venue: Venue) -> Lines {
        Lines { venue, hall: Hall::default(), frames: BTreeMap::new() }
    }

    /// Takes in bytes of a line; one that was not heard of opens.
    pub fn hear(&mut self, line: u64, bytes: &[u8]) {
        self.frames.entry(line).or_default().take(bytes);
        loop {
            let Some(frames) = self.frames.get_mut(&line) else { return };
            match frames.next() {
                Ok(None) => return,
                Ok(Some(Said::Greeting { version })) => {
                    self.hall.open(line, version, self.venue.now());
                }
                Ok(Some(Said::Frame { id, body })) => {
                    let turn = self.hall.hear(&mut self.venue, line, (id, &body));
                    self.tell(&turn);
                }
                // Nothing that follows can be read.
                Err(_) => self.end(line),
            }
        }
    }

    /// Works the next bars of the market.
    ///
    /// # Errors
    /// Those of [`Venue::step`].
    pub fn step(&mut self, bars: u32) -> Result<(), Error> {
        let turn = self.venue.step(bars)?;
        self.tell(&turn);
        Ok(())
    }

    /// What is to be sent, by line, in its order. A line whose end is said hears no more.
    pub fn take(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut sent = Vec::new();
        for (line, out) in self.hall.take() {
            match out {
                Out::Bytes(bytes) => sent.push((line, bytes)),
                Out::Cut => self.end(line),
            }
        }
        sent
    }

    /// The account.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    fn tell(&mut self, turn: &Turn) {
        self.hall.news(&mut self.venue, turn);
    }

    fn end(&mut self, line: LineId) {
        self.frames.remove(&line);
        self.hall.close(line);
    }
}
