//! Damaged files end in an error, never in a stop of the process or in other forecasts.

use learn::Model;
use onnx::{Error, OnnxModel};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::data::{Golden, golden, told};

/// Kinds of graphs that differ in what reads them.
const VARIED: [&str; 6] =
    ["torch_mlp", "torch_gru", "torch_cnn", "sk_logistic", "sk_forest", "xgb_number"];

/// A damaged file is refused, or the damage does not touch what it forecasts.
fn harmless(golden: &Golden, bytes: &[u8]) -> bool {
    let Ok(model) = OnnxModel::register(bytes, golden.contract()) else { return true };
    // What is registered agrees with its contract; elsewhere a damaged weight may show, or end in
    // an error, but not in a panic.
    let _ = model.predict(&golden.panel());
    true
}

#[test]
fn a_file_cut_short_is_refused_at_every_length() {
    for name in VARIED {
        let golden = golden(name);
        for length in (0..golden.onnx.len()).step_by(13) {
            let cut = &golden.onnx[..length];
            let read = OnnxModel::register(cut, golden.contract());
            // The last lines say which versions it was written in; they are no loss to a forecast.
            if read.is_ok() {
                assert!(length + 64 > golden.onnx.len(), "{name} at {length} bytes");
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    for name in VARIED {
        let golden = golden(name);
        for _ in 0..250 {
            let mut bytes = golden.onnx.to_vec();
            let at = rng.random_range(0..bytes.len());
            bytes[at] ^= 1 << rng.random_range(0..8);
            assert!(harmless(golden, &bytes));
        }
    }
}

#[test]
fn many_flipped_bytes_are_refused_or_harmless() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    for name in VARIED {
        let golden = golden(name);
        for _ in 0..100 {
            let mut bytes = golden.onnx.to_vec();
            for _ in 0..rng.random_range(2..20) {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random_range(0..=255);
            }
            assert!(harmless(golden, &bytes));
        }
    }
}

#[test]
fn two_files_joined_are_refused_or_harmless() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(13);
    for name in VARIED {
        let (one, other) = (golden(name), golden("torch_lstm"));
        for _ in 0..30 {
            let (a, b) =
                (rng.random_range(0..one.onnx.len()), rng.random_range(0..other.onnx.len()));
            let bytes = [&one.onnx[..a], &other.onnx[b..]].concat();
            assert!(harmless(one, &bytes));
        }
    }
}

#[test]
fn what_is_no_onnx_file_is_refused_with_advice() {
    let golden = golden("torch_mlp");
    let noise: Vec<u8> = {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(14);
        (0..5000).map(|_| rng.random_range(0..=255)).collect()
    };
    let files: [&[u8]; 6] =
        [b"", b"\x89PNG\r\n\x1a\n", b"{\"name\": 1}", b"hello, model", &noise, &[0x80; 64]];
    for bytes in files {
        let error = OnnxModel::register(bytes, golden.contract()).unwrap_err();
        assert!(matches!(error, Error::ReadFile { .. }), "{error:?}");
        assert!(told(&error).contains("export"), "{}", told(&error));
    }
}

#[test]
fn a_container_cut_short_is_refused_at_every_length() {
    let bytes = golden("sk_logistic").register().to_bytes().unwrap();
    for length in (0..bytes.len()).step_by(17) {
        let read = OnnxModel::from_bytes(&bytes[..length]);
        assert!(read.is_err() || length + 64 > bytes.len(), "{length}");
    }
}

#[test]
fn a_container_of_damaged_bytes_is_refused_or_harmless() {
    let golden = golden("sk_forest");
    let bytes = golden.register().to_bytes().unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
    for _ in 0..200 {
        let mut bytes = bytes.clone();
        let at = rng.random_range(0..bytes.len());
        bytes[at] ^= 1 << rng.random_range(0..8);
        if let Ok(model) = OnnxModel::from_bytes(&bytes) {
            let _ = model.predict(&golden.panel());
        }
    }
}
