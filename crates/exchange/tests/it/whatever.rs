//! What must hold of any bytes that a client of TWS may send. Fuzzing runs this too.
//!
//! The first byte says how the rest is cut: raw, as they would come over a socket; or as messages,
//! each of a number, a length and a body, on two lines that greeted and began their sessions.

use std::sync::{Arc, LazyLock};

use exchange::{Lines, Opening, Tape, Venue};
use sim::SynthConfig;
use sim::synth::Market;

static TAPE: LazyLock<Arc<Tape>> = LazyLock::new(|| {
    let config = SynthConfig { symbols: 2, years: 1, ..SynthConfig::default() };
    Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 30).unwrap())
});

/// What a client says first: versions, and the beginning of its session as number 1.
const GREETING: &[u8] = b"API\0\0\0\0\x09v100..222";
const BEGIN: &[u8] = b"\0\0\0\x06\0\0\x01\x0f\x08\x01";
/// Added to the number of a message in the binary form.
const BINARY: u32 = 200;
/// In place of a message: a bar is worked.
const STEP: u8 = 255;
/// Bars that are worked for one input.
const MOST_BARS: usize = 40;

/// Whatever is said, what is answered are whole frames, and what is kept is whole.
pub(crate) fn tws(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let mut lines = Lines::new(Venue::open(Arc::clone(&TAPE), &Opening::default()).unwrap());
    match first % 2 {
        0 => {
            for part in rest.chunks(usize::from(*first) + 1) {
                lines.hear(1, part);
                check(&mut lines);
            }
        }
        _ => messages(&mut lines, rest),
    }
    let state = lines.venue().write().unwrap();
    let again = Venue::restore(Arc::clone(&TAPE), &state).unwrap();
    assert_eq!(again.write().unwrap(), state);
}

fn messages(lines: &mut Lines, mut rest: &[u8]) {
    for (line, client) in [(1, 1), (2, 2)] {
        lines.hear(line, GREETING);
        let mut begin = BEGIN.to_vec();
        begin[9] = client;
        lines.hear(line, &begin);
        check(lines);
    }
    let mut bars = 0;
    while let [number, length, after @ ..] = rest {
        let length = usize::from(*length).min(after.len());
        let (body, next) = after.split_at(length);
        rest = next;
        if *number == STEP {
            bars += 1;
            if bars <= MOST_BARS {
                lines.step(1).unwrap();
            }
        } else {
            let line = 1 + u64::from(number >> 7);
            let mut frame = (4 + body.len() as u32).to_be_bytes().to_vec();
            frame.extend((BINARY + u32::from(number & 127)).to_be_bytes());
            frame.extend(body);
            lines.hear(line, &frame);
        }
        check(lines);
    }
}

/// Frames that are sent are whole.
fn check(lines: &mut Lines) {
    for (_, bytes) in lines.take() {
        let length: [u8; 4] = bytes[..4].try_into().unwrap();
        assert_eq!(u32::from_be_bytes(length) as usize, bytes.len() - 4);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seeds_and_what_was_found_hold() {
        let kept = crate::inputs("tws");
        assert!(kept.len() >= 2);
        for bytes in kept {
            tws(&bytes);
        }
    }

    #[test]
    fn a_client_that_greets_and_begins_is_answered_as_over_a_socket() {
        let mut lines = Lines::new(Venue::open(Arc::clone(&TAPE), &Opening::default()).unwrap());
        lines.hear(1, GREETING);
        assert!(lines.take()[0].1[4..].starts_with(b"222\0"), "a welcome");
        lines.hear(1, BEGIN);
        let told = lines.take();
        assert!(told.iter().any(|(_, bytes)| bytes.windows(2).any(|two| two == b"DU")));
        // The same client again is turned away, and hears no more.
        lines.hear(2, GREETING);
        lines.hear(2, BEGIN);
        let told = lines.take();
        assert!(told.iter().any(|(line, _)| *line == 2));
        lines.hear(3, b"GET / HTTP/1.1\r\n");
        assert!(lines.take().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn any_bytes_hold(bytes: Vec<u8>) {
            tws(&bytes);
        }
    }
}
