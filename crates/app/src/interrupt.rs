//! Ctrl-C: the first asks long work to end with what it did on record; the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

/// True once a person pressed Ctrl-C.
pub(crate) static ASKED: AtomicBool = AtomicBool::new(false);

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Begins to listen.
pub(crate) fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        eprintln!("\nending after the piece of work at hand; Ctrl-C again ends at once");
    })
    .map_err(|error| Failure::new(format!("listen for Ctrl-C: {error}")))
}
