//! How long messages travel.
//!
//! A feed's own delay is in the recording: the time between `at` and `known`. What has to be
//! assumed is how long an order takes to the venue and its answer takes back. Orders of one
//! connection never overtake each other: see [`Line`].

use std::collections::VecDeque;

use base::{Seed, Span, Ts};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::Error;

/// How long one way takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum Latency {
    /// Always the same.
    Constant {
        /// Nanoseconds.
        span: Span,
    },
    /// As recorded at that time, between two records in proportion; before the first and after
    /// the last as there.
    Recorded {
        /// When, and how long it took then; in order of time.
        points: Vec<(Ts, Span)>,
    },
    /// Drawn from recorded spans, each as likely as any other. The draw depends on the seed and
    /// on the number of the message, so that a run can be repeated.
    Drawn {
        /// The spans to draw from.
        spans: Vec<Span>,
        /// The seed.
        seed: Seed,
    },
}

impl Latency {
    /// No delay at all; for tests, no market is like that.
    pub const NONE: Latency = Latency::Constant { span: Span::ZERO };

    /// A constant one.
    pub const fn constant_nanos(nanos: i64) -> Latency {
        Latency::Constant { span: Span::from_nanos(nanos) }
    }

    /// Refuses negative spans, times out of order and empty tables.
    pub fn check(&self) -> Result<(), Error> {
        let fault = match self {
            Latency::Constant { span } => (span.nanos() < 0).then_some("a negative span"),
            Latency::Recorded { points } => {
                let spans = points.iter().map(|point| point.1);
                let ordered = points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
                match ordered {
                    true => fault_of(spans),
                    false => Some("times that run backwards"),
                }
            }
            Latency::Drawn { spans, .. } => fault_of(spans.iter().copied()),
        };
        fault.map_or(Ok(()), |fault| Err(Error::ReadLatency { fault }))
    }

    /// How long the `number`th message of a line takes that is sent then.
    pub fn of(&self, sent: Ts, number: u64) -> Span {
        match self {
            Latency::Constant { span } => *span,
            Latency::Recorded { points } => between(points, sent),
            Latency::Drawn { spans, seed } => {
                let mut rng = seed.index(number).rng();
                spans[rng.random_range(0..spans.len())]
            }
        }
    }
}

fn fault_of(spans: impl Iterator<Item = Span>) -> Option<&'static str> {
    let mut none = true;
    for span in spans {
        none = false;
        if span.nanos() < 0 {
            return Some("a negative span");
        }
    }
    none.then_some("no record at all")
}

fn between(points: &[(Ts, Span)], sent: Ts) -> Span {
    let after = points.partition_point(|point| point.0 <= sent);
    let Some(&(first, early)) = points.get(after.wrapping_sub(1)) else {
        return points.first().map_or(Span::ZERO, |point| point.1);
    };
    let Some(&(last, late)) = points.get(after) else {
        return early;
    };
    let gone = (sent - first).nanos() as f64 / (last - first).nanos() as f64;
    let grown = (late.nanos() - early.nanos()) as f64 * gone;
    Span::from_nanos(early.nanos() + grown.round() as i64)
}

/// Messages under way on one connection: first in, first out.
#[derive(Debug, Clone)]
pub struct Line<T> {
    latency: Latency,
    under_way: VecDeque<(Ts, T)>,
    sent: u64,
}

impl<T> Line<T> {
    /// An empty line.
    pub fn new(latency: Latency) -> Line<T> {
        Line { latency, under_way: VecDeque::new(), sent: 0 }
    }

    /// Sends a message. It arrives no earlier than the one in front of it.
    pub fn send(&mut self, message: T, at: Ts) {
        let arrives = at + self.latency.of(at, self.sent);
        let arrives = self.under_way.back().map_or(arrives, |last| last.0.max(arrives));
        self.sent += 1;
        self.under_way.push_back((arrives, message));
    }

    /// When the next message arrives.
    pub fn next_arrival(&self) -> Option<Ts> {
        self.under_way.front().map(|message| message.0)
    }

    /// Takes the next message if it has arrived by then.
    pub fn receive(&mut self, by: Ts) -> Option<(Ts, T)> {
        match self.next_arrival()? <= by {
            true => self.under_way.pop_front(),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(nanos: i64) -> Span {
        Span::from_nanos(nanos)
    }

    #[test]
    fn a_span_between_two_records_lies_between_theirs() {
        let points = vec![(Ts::from_nanos(100), nanos(10)), (Ts::from_nanos(200), nanos(30))];
        let latency = Latency::Recorded { points };
        let cases = [(0, 10), (100, 10), (150, 20), (175, 25), (200, 30), (900, 30)];
        for (sent, wanted) in cases {
            assert_eq!(latency.of(Ts::from_nanos(sent), 0), nanos(wanted), "sent at {sent}");
        }
    }

    #[test]
    fn a_drawn_span_depends_on_the_number_alone() {
        let spans: Vec<Span> = (1..=50).map(nanos).collect();
        let latency = Latency::Drawn { spans, seed: Seed::root(7) };
        let draw = |number| latency.of(Ts::from_nanos(5), number);
        assert_eq!(draw(3), latency.of(Ts::from_nanos(99), 3));
        assert!((0..50).any(|number| draw(number) != draw(0)));
    }

    #[test]
    fn messages_of_one_line_do_not_overtake_each_other() {
        let points = vec![(Ts::from_nanos(0), nanos(100)), (Ts::from_nanos(10), nanos(1))];
        let mut line = Line::new(Latency::Recorded { points });
        line.send('a', Ts::from_nanos(0));
        line.send('b', Ts::from_nanos(10));
        assert_eq!(line.receive(Ts::from_nanos(99)), None);
        assert_eq!(line.receive(Ts::from_nanos(100)), Some((Ts::from_nanos(100), 'a')));
        assert_eq!(line.receive(Ts::from_nanos(100)), Some((Ts::from_nanos(100), 'b')));
    }

    #[test]
    fn tables_that_no_recording_gives_are_refused() {
        let backwards = vec![(Ts::from_nanos(2), nanos(1)), (Ts::from_nanos(1), nanos(1))];
        let cases = [
            Latency::constant_nanos(-1),
            Latency::Recorded { points: Vec::new() },
            Latency::Recorded { points: backwards },
            Latency::Drawn { spans: Vec::new(), seed: Seed::root(1) },
        ];
        for latency in cases {
            assert!(latency.check().is_err(), "{latency:?}");
        }
    }
}
