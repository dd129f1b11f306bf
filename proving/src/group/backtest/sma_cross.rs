//! The strategy that every engine runs: long while the mean of 10 closes is above that of 50.

use desk::engine::Change;
use desk::exit::plan::{Target, TargetAt};
use desk::{Amount, Book, Decision, Entry, ExitPlan, Intent, View};
use market::{Event, InstrumentId, Price, Qty, Side, What};

const FAST: usize = 10;
const SLOW: usize = 50;

/// How a position ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exits {
    /// At the opposite cross alone.
    Cross,
    /// At the opposite cross, or before it by a plan: stop, target, breakeven.
    CrossAndPlan,
}

/// The book.
pub(super) struct SmaCross {
    lanes: Vec<Lane>,
    quantity: Qty,
    exits: Exits,
    wishes: usize,
}

/// Sums over the last closes of one symbol, in raw units of price: no rounding ever.
#[derive(Clone)]
struct Lane {
    closes: [i64; SLOW],
    place: usize,
    seen: usize,
    fast: i64,
    slow: i64,
    is_long: bool,
}

impl SmaCross {
    /// A book for so many symbols that trades so much of each.
    pub(super) fn new(symbols: usize, quantity: Qty, exits: Exits) -> SmaCross {
        let closes = [0; SLOW];
        let lane = Lane { closes, place: 0, seen: 0, fast: 0, slow: 0, is_long: false };
        SmaCross { lanes: vec![lane; symbols], quantity, exits, wishes: 0 }
    }

    fn intent(&mut self, instrument: InstrumentId, close: Price) -> Intent {
        self.wishes += 1;
        let part = |thousandths: i64| Price::from_raw(close.raw() / 1_000 * thousandths);
        let plan = ExitPlan {
            targets: vec![Target { at: TargetAt::Price(part(1_015)), fraction: 1.0 }],
            breakeven_r: Some(0.5),
            ..ExitPlan::stop_only(close, part(990))
        };
        Intent {
            id: format!("sma/{}", self.wishes),
            book: "sma".to_owned(),
            instrument,
            side: Side::Long,
            entry: Entry::market().decided_at(close),
            amount: Amount::Units(self.quantity),
            plan: (self.exits == Exits::CrossAndPlan).then_some(plan),
            group: None,
            why: String::new(),
        }
    }
}

impl Lane {
    /// Takes a close; says whether the fast mean crossed to the other side. The 51st bar is the
    /// first that decides: backtesting.py passes over the first one that could.
    #[inline]
    fn crosses(&mut self, close: i64) -> bool {
        let before_fast =
            if self.place >= FAST { self.place - FAST } else { self.place + SLOW - FAST };
        self.fast += close - self.closes[before_fast];
        self.slow += close - self.closes[self.place];
        self.closes[self.place] = close;
        self.place = if self.place + 1 == SLOW { 0 } else { self.place + 1 };
        self.seen += 1;
        let lead = self.fast * (SLOW / FAST) as i64 - self.slow;
        let crosses = self.seen > SLOW && if self.is_long { lead < 0 } else { lead > 0 };
        self.is_long ^= crosses;
        crosses
    }
}

impl Book for SmaCross {
    fn on(&mut self, event: &Event, _: &View<'_>, decision: &mut Decision) {
        let What::Bar { instrument, bar, .. } = &event.what else { return };
        let lane = &mut self.lanes[instrument.index()];
        if !lane.crosses(bar.close.raw()) {
            return;
        }
        if lane.is_long {
            decision.want(self.intent(*instrument, bar.close));
        } else {
            decision.change(Change::CloseInstrument(*instrument));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crosses_agree_with_means_computed_afresh() {
        let closes: Vec<i64> = (0..2_000_i64).map(|n| 10_000 + (n * n * 7_919) % 613).collect();
        let mut lane = SmaCross::new(1, Qty::whole(1), Exits::Cross).lanes.remove(0);
        let mut is_long = false;
        for (at, &close) in closes.iter().enumerate() {
            lane.crosses(close);
            if at >= SLOW {
                let mean = |n: usize| closes[at + 1 - n..=at].iter().sum::<i64>() * 50 / n as i64;
                let (fast, slow) = (mean(FAST), mean(SLOW));
                is_long = if is_long { fast >= slow } else { fast > slow };
            }
            assert_eq!(lane.is_long, is_long, "bar {at}");
        }
    }
}
