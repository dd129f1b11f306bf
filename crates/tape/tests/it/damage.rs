//! Damaged files: errors and faults, never a panic, never without end.

use proptest::prelude::*;
use tape::recording::Hints;

use crate::recordings::table;
use crate::samples::{BINANCE, BITSTAMP, LEAN_QUOTES, LOBSTER, committed, grid, open};

/// A valid file and its name.
fn valid(which: usize) -> (&'static str, Vec<u8>) {
    let unpacked = |name: &str| zstd::decode_all(committed(name).as_slice()).unwrap();
    match which {
        0 => ("x.jsonl", BINANCE.into()),
        1 => ("AMZN_2012-06-21_message_1.csv", LOBSTER.into()),
        2 => ("orders.csv", BITSTAMP.into()),
        3 => ("20131007_tick_quote.csv", LEAN_QUOTES.into()),
        4 => ("a.dbn", unpacked("test_data.mbo.v3.dbn.zst")),
        5 => ("a.dbn", unpacked("test_data.mbp-10.v3.dbn.zst")),
        6 => ("a.dbn", unpacked("test_data.definition.v1.dbn.zst")),
        7 => ("a.dbn.zst", committed("test_data.cmbp-1.v3.dbn.zst")),
        _ => ("orders.parquet", table()),
    }
}

/// One wound.
#[derive(Debug, Clone)]
enum Wound {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn wound() -> impl Strategy<Value = Wound> {
    prop_oneof![
        8 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, to)| Wound::Flip(at, to)),
        1 => any::<prop::sample::Index>().prop_map(Wound::Cut),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(from, to)| Wound::Repeat(from, to)),
    ]
}

fn hurt(bytes: &mut Vec<u8>, wound: &Wound) {
    if bytes.is_empty() {
        return;
    }
    match wound {
        Wound::Flip(at, to) => {
            let at = at.index(bytes.len());
            bytes[at] = *to;
        }
        Wound::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Wound::Repeat(from, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.extend(part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_wound_makes_a_reader_panic_or_run_on(
        which in 0_usize..9, wounds in prop::collection::vec(wound(), 1..6),
    ) {
        let (name, mut bytes) = valid(which);
        wounds.iter().for_each(|wound| hurt(&mut bytes, wound));
        for grid in [None, Some(grid("0.01", "1"))] {
            let hints = Hints { grid, ..Hints::default() };
            if let Ok((messages, _)) = open(name, &bytes, &hints) {
                prop_assert!(messages.len() <= 64 * 1024);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_head_panic(
        which in 0_usize..4, mut bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let magic: &[u8] = [&b"DBN\x01"[..], b"PAR1", b"PK\x03\x04", b"1 {"][which];
        bytes.splice(0..0, magic.iter().copied());
        if let Ok((messages, _)) = open("any", &bytes, &Hints::default()) {
            prop_assert!(messages.len() <= bytes.len());
        }
    }
}
