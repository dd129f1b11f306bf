//! Ctrl-C: the first asks long work to end with what it did on record; the second ends at once.
//! SIGUSR1 pulls the kill switch (EXE-4).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use crate::failure::Failure;

/// True once a person pressed Ctrl-C.
pub(crate) static ASKED: AtomicBool = AtomicBool::new(false);

/// True once the signal came, until the kill switch is on record.
static KILL: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether the signal of the kill switch came and is not on record yet.
pub(crate) fn is_kill_asked() -> bool {
    KILL.load(Ordering::SeqCst)
}

/// The kill switch is on record.
pub(crate) fn kill_is_kept() {
    KILL.store(false, Ordering::SeqCst);
}

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Begins to listen.
pub(crate) fn listen() -> Result<(), Failure> {
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&KILL))
        .map_err(|error| Failure::new(format!("listen for SIGUSR1: {error}")))?;
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        eprintln!("\nending after the piece of work at hand; Ctrl-C again ends at once");
    })
    .map_err(|error| Failure::new(format!("listen for Ctrl-C: {error}")))
}
