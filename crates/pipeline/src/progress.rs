//! How far a long job is, and whether it shall end.

use std::sync::atomic::AtomicBool;

/// Hears of long work, and may ask it to end. Called from many threads.
pub trait Progress: Sync {
    /// Work of so many pieces begins.
    fn begin(&self, label: &str, total: u64);

    /// One more piece is done.
    fn step(&self);

    /// Says something of the piece at hand, a loss for example.
    fn note(&self, _text: &str) {}

    /// Says something that a person should read now, whatever the work at hand.
    fn say(&self, _text: &str) {}

    /// The work that began last is done.
    fn end(&self);

    /// True once the work shall end: it then leaves what it did on record and goes on from there
    /// when it is run again.
    fn stop(&self) -> &AtomicBool;
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn step(&self) {}
    fn end(&self) {}

    fn stop(&self) -> &AtomicBool {
        static NEVER: AtomicBool = AtomicBool::new(false);
        &NEVER
    }
}
