//! What fuzzing found stays found: each kept sequence is told to the books again.

use base::Seed;

use crate::dice::twins;

#[test]
fn sequences_that_were_found_are_answered_as_by_the_twins() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/found/books");
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        #[expect(clippy::disallowed_methods, reason = "a test reads its own samples")]
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        twins(&bytes);
    }
}

#[test]
fn sizes_that_do_not_fit_a_level_are_answered_as_by_the_twins() {
    for run in 0..200 {
        let seed = Seed::root(43).child("vast").index(run);
        let mut bytes = vec![run as u8 | 16];
        bytes.extend((0..300).flat_map(|step| seed.index(step).number().to_be_bytes()));
        twins(&bytes);
    }
}
