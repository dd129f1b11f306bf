//! How far a long job is.

/// Hears of long work. Called from many threads.
pub trait Progress: Sync {
    /// Work of so many pieces begins.
    fn begin(&self, label: &str, total: u64);

    /// One more piece is done.
    fn step(&self);

    /// The work that began last is done.
    fn end(&self);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn step(&self) {}
    fn end(&self) {}
}
