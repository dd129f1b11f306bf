//! A recording made ready for a replay: one clock, two orders of reading.

use base::{Span, Ts};
use market::depth::{DepthMessage, Fault, FaultCounts, Grid};
use serde::{Deserialize, Serialize};

/// How the recorder's clock is read beside the venue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Both clocks are right.
    AsRecorded,
    /// The recorder's clock was set differently: it is shifted so that the fastest message of the
    /// recording took this long. Without a shift a message could be known before it happened.
    Shifted {
        /// Delay of the fastest message.
        least_delay: Span,
    },
}

/// A recording: each message at the venue's time and at ours.
#[derive(Debug, Clone)]
pub struct Tape {
    grid: Grid,
    messages: Vec<DepthMessage>,
    /// Numbers of the messages in the venue's order; empty where it is the order of arrival.
    venue_order: Vec<u32>,
    faults: FaultCounts,
    shift: Span,
}

impl Tape {
    /// Makes a recording ready. Messages must come in the order in which they were received; one
    /// whose time of receipt runs backwards is counted and taken at the later time.
    pub fn new(grid: Grid, mut messages: Vec<DepthMessage>, clock: Clock) -> Tape {
        let mut faults = FaultCounts::default();
        let shift = shift_of(&messages, clock);
        let mut last = Ts::MIN;
        for message in &mut messages {
            message.known = message.known + shift;
            if message.known < last {
                faults.count(Fault::ClockBackwards, message.known);
                message.known = last;
            }
            last = message.known;
        }
        let venue_order = venue_order(&messages);
        Tape { grid, messages, venue_order, faults, shift }
    }

    /// Steps of prices and sizes.
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The messages in the order in which we hear them.
    pub fn messages(&self) -> &[DepthMessage] {
        &self.messages
    }

    /// What was wrong with the clock.
    pub const fn faults(&self) -> &FaultCounts {
        &self.faults
    }

    /// What was added to the recorder's clock.
    pub const fn shift(&self) -> Span {
        self.shift
    }

    /// The earliest time in it.
    pub fn start(&self) -> Option<Ts> {
        let first = self.messages.first()?.known;
        Some(self.venue(0).map_or(first, |message| message.1.at.min(first)))
    }

    /// The latest time in it.
    pub fn end(&self) -> Option<Ts> {
        let last = self.messages.last()?.known;
        let at = self.messages.len() - 1;
        Some(self.venue(at).map_or(last, |message| message.1.at.max(last)))
    }

    /// The message that happened as the `place`th at the venue, and its number in the recording.
    #[inline]
    pub(super) fn venue(&self, place: usize) -> Option<(u64, &DepthMessage)> {
        let number = match self.venue_order.is_empty() {
            true => place,
            false => *self.venue_order.get(place)? as usize,
        };
        Some((number as u64, self.messages.get(number)?))
    }
}

fn shift_of(messages: &[DepthMessage], clock: Clock) -> Span {
    let Clock::Shifted { least_delay } = clock else {
        return Span::ZERO;
    };
    let least = messages.iter().map(|message| (message.known - message.at).nanos()).min();
    Span::from_nanos(least_delay.nanos() - least.unwrap_or(0))
}

fn venue_order(messages: &[DepthMessage]) -> Vec<u32> {
    if messages.is_sorted_by_key(|message| message.at) {
        return Vec::new();
    }
    let mut order: Vec<u32> = (0..messages.len() as u32).collect();
    order.sort_by_key(|number| messages[*number as usize].at);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::depth::{DepthChange, Packet};
    use market::{Price, Qty};

    fn message(at: i64, known: i64) -> DepthMessage {
        let (at, known) = (Ts::from_nanos(at), Ts::from_nanos(known));
        DepthMessage { at, known, change: DepthChange::Clear, packet: Packet::Last }
    }

    fn tape(times: &[(i64, i64)], clock: Clock) -> Tape {
        let grid = Grid::new(Price::from_raw(1), Qty::whole(1)).unwrap();
        Tape::new(grid, times.iter().map(|(at, known)| message(*at, *known)).collect(), clock)
    }

    #[test]
    fn a_slow_clock_is_shifted_until_nothing_is_known_before_it_happened() {
        let clock = Clock::Shifted { least_delay: Span::from_nanos(3) };
        let tape = tape(&[(100, 60), (110, 65), (120, 90)], clock);
        let delays: Vec<i64> =
            tape.messages().iter().map(|message| (message.known - message.at).nanos()).collect();
        assert_eq!(delays, [8, 3, 18]);
        assert_eq!(tape.shift(), Span::from_nanos(48));
    }

    #[test]
    fn the_venue_reads_in_the_order_of_its_own_clock() {
        let tape = tape(&[(5, 10), (3, 11), (5, 12)], Clock::AsRecorded);
        let order: Vec<u64> = (0..3).map(|place| tape.venue(place).unwrap().0).collect();
        assert_eq!(order, [1, 0, 2]);
        assert_eq!((tape.start().unwrap().nanos(), tape.end().unwrap().nanos()), (3, 12));
    }

    #[test]
    fn a_clock_that_runs_backwards_is_counted() {
        let tape = tape(&[(1, 10), (2, 8), (3, 12)], Clock::AsRecorded);
        assert_eq!(tape.messages()[1].known.nanos(), 10);
        assert_eq!(tape.faults().of(Fault::ClockBackwards), 1);
    }
}
