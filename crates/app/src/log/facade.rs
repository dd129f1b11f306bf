//! Crates that speak through the facade `log` (ureq and the client of TWS among them): their
//! warnings and errors are lines like any other's. What they say below that is never heard, for it
//! shows headers and messages.

use log::{Level, LevelFilter, Log, Metadata, Record};

struct Facade;

impl Log for Facade {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        let (from, said) = (record.target(), record.args());
        match record.level() {
            Level::Error => tracing::error!(target: "log", from, "{said}"),
            Level::Warn => tracing::warn!(target: "log", from, "{said}"),
            Level::Info | Level::Debug | Level::Trace => {}
        }
    }

    fn flush(&self) {}
}

/// Begins to listen to them, once in a process.
pub(super) fn listen() {
    if log::set_logger(&Facade).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}

#[cfg(test)]
pub(super) fn hear(record: &Record<'_>) {
    Facade.log(record);
}
