//! Plain bytes made smaller, on their way out.

use std::io::{self, Write};

use crate::unpack::Wrapping;

/// Zstandard's own default: smaller steps gain little and cost much.
const LEVEL: i32 = 3;

/// Wraps what is written. The same bytes come out as the same bytes.
pub enum Packer<W: Write> {
    /// As it is.
    Plain(W),
    /// RFC 8878.
    Zstandard(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Packer<W> {
    /// Begins a wrapping.
    ///
    /// # Errors
    /// Where the sink refuses, or for gzip, which nothing here writes.
    pub fn new(sink: W, wrapping: Wrapping) -> io::Result<Packer<W>> {
        match wrapping {
            Wrapping::Plain => Ok(Packer::Plain(sink)),
            Wrapping::Zstandard => {
                Ok(Packer::Zstandard(Box::new(zstd::Encoder::new(sink, LEVEL)?)))
            }
            Wrapping::Gzip => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "gzip is read and not written: use Zstandard",
            )),
        }
    }

    /// Writes what is left and gives the sink back.
    ///
    /// # Errors
    /// Where the sink refuses.
    pub fn finish(self) -> io::Result<W> {
        let mut sink = match self {
            Packer::Plain(sink) => sink,
            Packer::Zstandard(encoder) => encoder.finish()?,
        };
        sink.flush()?;
        Ok(sink)
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Plain(sink) => sink.write(bytes),
            Packer::Zstandard(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::Plain(sink) => sink.flush(),
            // An early flush would end a block; all is written at the end.
            Packer::Zstandard(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::unpack::unpack;

    #[test]
    fn what_is_packed_is_unpacked_and_smaller() {
        let text = b"one record and another\n".repeat(2_000);
        for wrapping in [Wrapping::Plain, Wrapping::Zstandard] {
            let mut packer = Packer::new(Vec::new(), wrapping).unwrap();
            packer.write_all(&text).unwrap();
            packer.flush().unwrap();
            let packed = packer.finish().unwrap();
            assert_eq!(Wrapping::of(&packed), wrapping);
            assert!(wrapping == Wrapping::Plain || packed.len() < text.len() / 10);
            let mut plain = Vec::new();
            unpack(packed.as_slice()).unwrap().read_to_end(&mut plain).unwrap();
            assert_eq!(plain, text);
        }
        assert!(Packer::new(Vec::new(), Wrapping::Gzip).is_err());
    }
}
