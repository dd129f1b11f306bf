//! What was read since the line is there, and when it last answered.

use std::collections::BTreeMap;

use base::{Span, Ts};
use desk::courier::Clocks;

use super::spoken::{Answer, Question};
use super::why::WhyNot;
use super::{between, later};

/// The broker tells whole seconds: its time may be later than told by less than that.
const WHOLE: Span = Span::from_seconds(1);

/// The last answer to the question for the time.
#[derive(Debug, Clone, Copy)]
struct Compared {
    at: Clocks,
    /// By how much the broker's clock showed more than ours.
    ahead: Span,
}

/// Questions under way on one line, and what their answers said.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    asked: BTreeMap<u64, (Question, Clocks)>,
    has_positions: bool,
    has_orders: bool,
    time: Option<Compared>,
    /// Since when the newest question for the time waits.
    waits: Option<Ts>,
    missed: u32,
}

impl Checks {
    /// A question was asked.
    pub(super) fn ask(&mut self, number: u64, what: Question, now: Clocks) {
        self.asked.insert(number, (what, now));
        if what == Question::Time {
            self.waits = Some(now.steady);
        }
    }

    /// An answer came. False where nobody asked for it.
    pub(super) fn take(&mut self, number: u64, answer: &Answer, now: Clocks) -> bool {
        let fits = |(what, _): &(Question, Clocks)| *what == answer.question();
        if !self.asked.get(&number).is_some_and(fits) {
            return false;
        }
        let Some((_, asked)) = self.asked.remove(&number) else { return false };
        match answer {
            Answer::Accounts(_) => {}
            Answer::Positions => self.has_positions = true,
            Answer::Orders => self.has_orders = true,
            Answer::Time(told) => {
                self.time = Some(Compared { at: now, ahead: ahead(*told, asked.wall, now.wall) });
                self.waits = None;
                self.missed = 0;
                self.asked.retain(|_, (what, _)| *what != Question::Time);
            }
        }
        true
    }

    /// Whether all was read.
    pub(super) fn are_done(&self) -> bool {
        self.has_positions && self.has_orders && self.time.is_some()
    }

    /// When the question whether the line is alive is due, or its answer overdue.
    pub(super) fn beat_at(&self, beat: Span, answer: Span) -> Ts {
        match (self.waits, self.time) {
            (Some(since), _) => later(since, answer),
            (None, Some(compared)) => later(compared.at.steady, beat),
            (None, None) => Ts::MIN,
        }
    }

    /// An answer is overdue: how many were missed one after another.
    pub(super) fn miss(&mut self) -> u32 {
        if self.waits.take().is_some() {
            self.missed += 1;
        }
        self.missed
    }

    /// What stands against trading: what was not read, how far the clocks are apart, silence of
    /// longer than `silence`.
    pub(super) fn why_not(
        &self,
        now: Clocks,
        tolerance: Option<Span>,
        silence: Span,
        into: &mut Vec<WhyNot>,
    ) {
        if !self.has_positions {
            into.push(WhyNot::PositionsUnread);
        }
        if !self.has_orders {
            into.push(WhyNot::OrdersUnread);
        }
        let Some(Compared { at, ahead }) = self.time else {
            into.push(WhyNot::TimeUnread);
            return;
        };
        if between(at.steady, now.steady) > silence {
            into.push(WhyNot::Silent);
        }
        let Some(tolerance) = tolerance.map(|span| span.nanos()) else { return };
        if ahead.nanos().saturating_abs() > tolerance {
            into.push(WhyNot::ClockOff(ahead));
        }
        let (wall, steady) = (between(at.wall, now.wall), between(at.steady, now.steady));
        if wall.nanos().saturating_sub(steady.nanos()).saturating_abs() > tolerance {
            into.push(WhyNot::ClockJumped);
        }
    }
}

/// By how much the broker's clock shows more than ours: zero where what it told fits some moment
/// between question and answer.
fn ahead(told: Ts, asked: Ts, answered: Ts) -> Span {
    let (first, last) = (asked.min(answered), asked.max(answered));
    if told > last {
        between(last, told)
    } else if later(told, WHOLE) < first {
        between(first, later(told, WHOLE))
    } else {
        Span::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_by_what_question_and_answer_can_not_explain() {
        let at = |seconds: f64| Ts::from_nanos((seconds * 1e9) as i64);
        // Told, asked, answered, ahead.
        let cases = [
            (100.0, 100.2, 100.3, 0.0),
            (100.0, 100.9, 101.4, 0.0),
            (101.0, 100.9, 101.4, 0.0),
            (102.0, 100.9, 101.4, 0.6),
            (100.0, 101.5, 101.6, -0.5),
            (3_700.0, 100.0, 100.1, 3_599.9),
        ];
        for (told, asked, answered, wanted) in cases {
            let off = ahead(at(told), at(asked), at(answered)).seconds();
            assert!((off - wanted).abs() < 1e-6, "{told} {asked} {answered}: {off}");
        }
        assert_eq!(ahead(Ts::MAX, Ts::MIN, Ts::MIN).nanos(), i64::MAX);
    }
}
