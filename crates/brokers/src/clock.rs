//! The clock under the lines over a network: it never jumps, and it waits.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base::Ts;
use desk::courier::Clocks;

/// Time since a line began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the line is the port through which time comes in"
    )]
    pub(crate) fn start() -> Clock {
        Clock { began: Instant::now() }
    }

    pub(crate) fn now(&self) -> Ts {
        let nanos = self.began.elapsed().as_nanos();
        Ts::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The same beside what the clock of this machine shows.
    #[expect(
        clippy::disallowed_methods,
        reason = "the line is the port through which time comes in"
    )]
    pub(crate) fn both(&self) -> Clocks {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Ts::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
        Clocks { wall, steady: self.now() }
    }
}

/// Leaves a server in trouble alone for a while.
#[expect(clippy::disallowed_methods, reason = "a thread of its own has nothing else to do")]
pub(crate) fn rest(wait: Duration) {
    std::thread::sleep(wait);
}
