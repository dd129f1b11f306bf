//! Compressed bytes made plain.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes read from the source at a time.
const BLOCK_BYTES: usize = 128 << 10;

/// A wrapping that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// None.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstandard,
}

impl Wrapping {
    /// By the first four bytes.
    pub fn of(first: &[u8]) -> Wrapping {
        match first {
            [0x1f, 0x8b, ..] => Wrapping::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Wrapping::Zstandard,
            _ => Wrapping::Plain,
        }
    }
}

/// Takes off the wrapping that the first bytes show, if any.
///
/// # Errors
/// Where the source can't be read.
pub fn unpack<'a>(source: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut source = BufReader::with_capacity(BLOCK_BYTES, source);
    Ok(match Wrapping::of(source.fill_buf()?) {
        Wrapping::Plain => Box::new(source),
        Wrapping::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
        Wrapping::Zstandard => Box::new(zstd::Decoder::with_buffer(source)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        unpack(bytes)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn what_was_packed_comes_out_again() {
        let text = b"one line\nand another\n".repeat(1000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let zstandard = zstd::encode_all(text.as_slice(), 1).unwrap();
        assert_eq!(unpacked(&text).unwrap(), text);
        assert_eq!(unpacked(&gzip.finish().unwrap()).unwrap(), text);
        assert_eq!(unpacked(&zstandard).unwrap(), text);
    }

    #[test]
    fn a_cut_wrapping_is_an_error_and_not_an_end() {
        let whole = zstd::encode_all(b"one line\n".repeat(1000).as_slice(), 1).unwrap();
        assert!(unpacked(&whole[..whole.len() - 3]).is_err());
    }
}
