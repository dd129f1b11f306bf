//! Bytes to frames and back: four bytes of length, then that many bytes, of which the first four
//! are the number of the message. The very first thing a client says is another form: `API`, a
//! zero, and a framed text with the versions that it speaks.

use prost::Message;

/// Added to the number of a message whose body is in the binary form of protocol buffers. All are,
/// from server version 213 on; the older form of texts is not spoken here.
pub(crate) const BINARY: u32 = 200;
/// The oldest version with all messages in binary form.
pub(crate) const OLDEST_VERSION: i32 = 213;
/// The newest version spoken here. From 220 on sizes are in shares, from 222 on they may be parts.
pub(crate) const NEWEST_VERSION: i32 = 222;
/// Longest frame that is read. Orders with all their fields take a few hundred bytes.
pub(crate) const LONGEST_FRAME: usize = 1 << 16;
/// Longest text of versions.
const LONGEST_GREETING: usize = 256;
const PREFIX: &[u8; 4] = b"API\0";

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It speaks versions of the protocol from one to another; the one that both sides will speak.
    Greeting {
        /// The newest that both know.
        version: i32,
    },
    /// A message.
    Frame {
        /// Its number, with [`BINARY`] added where it is.
        id: u32,
        body: Vec<u8>,
    },
}

/// Bytes after which nothing that follows can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is another protocol.
    NoClient,
    /// The client speaks no version that is spoken here.
    OtherVersion,
    /// A frame longer than any that makes sense.
    TooLong,
    /// A frame without the number of a message.
    TooShort,
}

/// Gathers bytes as they come and cuts them into frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    kept: Vec<u8>,
    is_greeted: bool,
}

impl Frames {
    /// Takes in what came.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }

    /// The next whole thing that was said; `None` until more bytes come.
    pub(crate) fn next(&mut self) -> Result<Option<Said>, Fault> {
        match self.is_greeted {
            true => self.frame(),
            false => self.greeting(),
        }
    }

    fn greeting(&mut self) -> Result<Option<Said>, Fault> {
        let seen = self.kept.len().min(PREFIX.len());
        if self.kept[..seen] != PREFIX[..seen] {
            return Err(Fault::NoClient);
        }
        let Some(length) = length_at(&self.kept, PREFIX.len()) else { return Ok(None) };
        if length > LONGEST_GREETING {
            return Err(Fault::NoClient);
        }
        let (from, to) = (PREFIX.len() + 4, PREFIX.len() + 4 + length);
        let Some(text) = self.kept.get(from..to) else { return Ok(None) };
        let version = agreed(text).ok_or(Fault::OtherVersion)?;
        self.kept.drain(..to);
        self.is_greeted = true;
        Ok(Some(Said::Greeting { version }))
    }

    fn frame(&mut self) -> Result<Option<Said>, Fault> {
        let Some(length) = length_at(&self.kept, 0) else { return Ok(None) };
        match length {
            0..4 => return Err(Fault::TooShort),
            4..=LONGEST_FRAME => {}
            _ => return Err(Fault::TooLong),
        }
        let (Some(id), Some(body)) = (length_at(&self.kept, 4), self.kept.get(8..4 + length))
        else {
            return Ok(None);
        };
        let said = Said::Frame { id: id as u32, body: body.to_vec() };
        self.kept.drain(..4 + length);
        Ok(Some(said))
    }
}

/// Four bytes as a number, the highest first.
fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(four) as usize)
}

/// The newest version that both sides know, from a text like `v100..222` and perhaps more words.
fn agreed(text: &[u8]) -> Option<i32> {
    let text = str::from_utf8(text).ok()?;
    let versions = text.split(' ').next()?.strip_prefix('v')?;
    let (oldest, newest) = versions.split_once("..").unwrap_or((versions, versions));
    let (oldest, newest): (i32, i32) = (oldest.parse().ok()?, newest.parse().ok()?);
    let version = newest.min(NEWEST_VERSION);
    (version >= oldest.max(OLDEST_VERSION)).then_some(version)
}

/// A message as it goes over the line.
pub(crate) fn framed<M: Message>(id: u32, message: &M) -> Vec<u8> {
    let length = 4 + message.encoded_len();
    let mut bytes = Vec::with_capacity(4 + length);
    bytes.extend((length as u32).to_be_bytes());
    bytes.extend((id + BINARY).to_be_bytes());
    bytes.extend(message.encode_to_vec());
    bytes
}

/// The answer to a greeting: the version and the time, each with a zero behind it.
pub(crate) fn welcome(version: i32, time: &str) -> Vec<u8> {
    let text = format!("{version}\0{time}\0");
    let mut bytes = (text.len() as u32).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn greeting(text: &str) -> Vec<u8> {
        [&b"API\0"[..], &(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()
    }

    fn greeted() -> Frames {
        let mut frames = Frames::default();
        frames.take(&greeting("v100..225"));
        assert_eq!(frames.next(), Ok(Some(Said::Greeting { version: NEWEST_VERSION })));
        frames
    }

    #[test]
    fn both_sides_speak_the_newest_version_that_both_know() {
        let cases = [
            ("v100..225", Ok(Some(Said::Greeting { version: NEWEST_VERSION }))),
            ("v213..215 +PACEAPI", Ok(Some(Said::Greeting { version: 215 }))),
            ("v100..178", Err(Fault::OtherVersion)),
            ("v300..400", Err(Fault::OtherVersion)),
            ("hello", Err(Fault::OtherVersion)),
        ];
        for (text, wanted) in cases {
            let mut frames = Frames::default();
            frames.take(&greeting(text));
            assert_eq!(frames.next(), wanted, "{text}");
        }
    }

    #[test]
    fn another_protocol_is_known_by_its_first_byte() {
        for text in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03", b"APJ", b"API\0\xff\xff\xff\xff"] {
            let mut frames = Frames::default();
            frames.take(text);
            assert_eq!(frames.next(), Err(Fault::NoClient), "{text:?}");
        }
    }

    #[test]
    fn frames_come_whole_however_their_bytes_come() {
        let mut frames = greeted();
        let body = vec![7; 300];
        let mut bytes = 304_u32.to_be_bytes().to_vec();
        bytes.extend(271_u32.to_be_bytes());
        bytes.extend(&body);
        for byte in &bytes[..bytes.len() - 1] {
            frames.take(&[*byte]);
            assert_eq!(frames.next(), Ok(None));
        }
        frames.take(&bytes[bytes.len() - 1..]);
        assert_eq!(frames.next(), Ok(Some(Said::Frame { id: 271, body })));
        assert_eq!(frames.next(), Ok(None));
    }

    #[test]
    fn lengths_that_make_no_sense_end_the_line_before_anything_is_waited_for() {
        for (length, wanted) in [
            (0, Fault::TooShort),
            (3, Fault::TooShort),
            (LONGEST_FRAME as u32 + 1, Fault::TooLong),
            (u32::MAX, Fault::TooLong),
        ] {
            let mut frames = greeted();
            frames.take(&length.to_be_bytes());
            assert_eq!(frames.next(), Err(wanted), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_frames_or_faults(parts: Vec<Vec<u8>>, greets: bool) {
            let mut frames = if greets { greeted() } else { Frames::default() };
            'lines: for part in parts {
                frames.take(&part);
                loop {
                    match frames.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => break 'lines,
                    }
                }
            }
        }

        #[test]
        fn what_is_framed_is_read_back(id in 0u32..500, cut in 0usize..400) {
            let text = "x".repeat(cut);
            let message = super::super::messages::session::ManagedAccounts {
                accounts_list: Some(text),
            };
            let mut frames = greeted();
            frames.take(&framed(id, &message));
            let body = message.encode_to_vec();
            prop_assert_eq!(frames.next(), Ok(Some(Said::Frame { id: id + BINARY, body })));
        }
    }
}
