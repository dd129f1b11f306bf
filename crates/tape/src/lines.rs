//! Lines out of a stream of bytes, without copying them.

use std::io::{ErrorKind, Read};

use memchr::memchr;

use crate::Error;

/// Bytes read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// A longer line is no line: a snapshot of a full order book takes less.
const LONGEST_LINE_BYTES: usize = 64 << 20;

/// A text being read.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
    /// Bytes of the file before the buffer.
    offset: u64,
    is_at_end: bool,
    line: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(source: R) -> Lines<R> {
        Lines {
            source,
            buffer: vec![0; BLOCK_BYTES],
            taken: 0,
            filled: 0,
            offset: 0,
            is_at_end: false,
            line: 0,
        }
    }

    /// The number of the line that came last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.line
    }

    /// The next line without its end; the last one may have none.
    ///
    /// # Errors
    /// Where the bytes don't come, or a line does not end.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let mut searched = self.taken;
        loop {
            if let Some(found) = memchr(b'\n', &self.buffer[searched..self.filled]) {
                let (start, end) = (self.taken, searched + found);
                self.taken = end + 1;
                self.line += 1;
                return Ok(Some(without_return(&self.buffer[start..end])));
            }
            if self.is_at_end {
                let rest = self.taken..self.filled;
                self.taken = self.filled;
                self.line += u64::from(!rest.is_empty());
                let line = &self.buffer[rest];
                return Ok((!line.is_empty()).then(|| without_return(line)));
            }
            let unfinished = self.filled - self.taken;
            self.refill()?;
            searched = self.taken + unfinished;
        }
    }

    fn refill(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.offset += self.taken as u64;
        self.filled -= self.taken;
        self.taken = 0;
        if self.filled == self.buffer.len() {
            if self.filled >= LONGEST_LINE_BYTES {
                let fault = format!("it has {} bytes and does not end", self.filled);
                return Err(Error::ReadLine { line: self.line + 1, fault });
            }
            self.buffer.resize(2 * self.filled, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(got) => {
                    self.filled += got;
                    self.is_at_end = got == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    let offset = self.offset + self.filled as u64;
                    return Err(Error::ReadBytes { offset, source });
                }
            }
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_of_the_standard_library(
            text in "[a\r\n]{0,40}", long in 0_usize..600_000,
        ) {
            let text = format!("{text}{}\n{text}", "x".repeat(long));
            let mut lines = Lines::new(text.as_bytes());
            let mut got = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                got.push(String::from_utf8(line.to_vec()).unwrap());
            }
            let wanted: Vec<&str> =
                text.split_terminator('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
            prop_assert_eq!(got, wanted);
        }
    }
}
