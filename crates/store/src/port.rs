//! What the store asks of whoever opens it: the time, and a place to be stopped at.

use base::Ts;

/// Tells the time that is written beside records of work.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Ts;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that the others are given")]
    fn now(&self) -> Ts {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock set before 1970 reads as 1970: the store records times, it does not reckon.
        let micros = since.map_or(0, |length| length.as_micros());
        Ts::from_micros(i64::try_from(micros).unwrap_or(i64::MAX / 1_000))
    }
}

/// Is told the name of every point at which a crash would be interesting.
///
/// Names are `<label>/before_begin`, `<label>/after_write_<n>` (counted from 1),
/// `<label>/before_commit` and `<label>/after_commit`, where the label is that of the
/// transaction; a step `scan` of the book `breakout` has the labels `breakout.scan.start` and
/// `breakout.scan`. A test ends the process in here; whoever starts again must find the same end.
pub trait FailPoint: Send + Sync {
    /// The point named was reached.
    fn reached(&self, name: &str);
}
