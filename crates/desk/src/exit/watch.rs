//! What bars do to a running plan: breakeven, trail, add-on, expiry.

use base::{Day, Ts};
use market::{Bar, BarSize, Fill, FillRule, OrderKind, Price, Qty, Side};
use serde::{Deserialize, Serialize};

use super::keeper::{Action, ExitReason, Keeper, Phase};
use super::plan::{AddAt, Ratchet, TrailStart, beyond, scaled, toward};
use crate::ledger::divided;
use crate::usual::is_usual;

/// A bar as the keeper sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// When it began.
    pub start: Ts,
    /// How long it is.
    pub size: BarSize,
    /// Its prices.
    pub bar: Bar,
}

/// What bars have shown since the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// The session last seen.
    pub day: Day,
    /// Sessions begun since the entry, the entry's included; while nothing has filled, since the
    /// entry order was sent.
    pub sessions: u16,
    /// True once the session last seen has closed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub closed: bool,
    /// When the entry filled, and how the bar it filled on is to be read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub filled: Option<(Ts, Counts)>,
    /// Low and high of the running session.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub running: Range,
    /// Low and high of the last two completed sessions, the older first.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub sessions_seen: [Range; 2],
    /// Last close seen.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub close: Price,
    /// Best and worst price since the entry, for MFE and MAE.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub best: Price,
    /// The worst of them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub worst: Price,
    /// A closing order was refused; it is tried again after a while, or at the next bar.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub exit_refused: bool,
}

/// How much of the bar that held the entry came after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Filled at the open: the whole bar came after.
    Whole,
    /// Filled inside: only its close surely came after.
    CloseOnly,
    /// Filled at the close: nothing came after.
    Nothing,
    /// A broker's fill, which has a time: the whole bar where it began no earlier, else its close.
    ByTime,
}

/// Low and high; zero prices where nothing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Range {
    /// Lowest price.
    pub low: Price,
    /// Highest price.
    pub high: Price,
}

impl Range {
    /// The range with another inside it.
    fn with(self, low: Price, high: Price) -> Range {
        if self == Range::default() {
            return Range { low, high };
        }
        Range { low: self.low.min(low), high: self.high.max(high) }
    }
}

impl Watch {
    /// Begins at the first fill.
    pub fn begin(fill: &Fill) -> Watch {
        let (start, counts) = match &fill.evidence {
            None => (fill.at, Counts::ByTime),
            Some(evidence) => {
                let counts = match evidence.rule {
                    FillRule::NextOpen | FillRule::LimitGap | FillRule::StopGap => Counts::Whole,
                    FillRule::AtClose | FillRule::Expiry => Counts::Nothing,
                    _ => Counts::CloseOnly,
                };
                (evidence.bar_start, counts)
            }
        };
        Watch {
            day: start.utc_day(),
            sessions: 1,
            filled: Some((start, counts)),
            close: fill.price,
            best: fill.price,
            worst: fill.price,
            ..Watch::default()
        }
    }

    /// Divides its prices by the ratio of a split.
    pub fn split(&mut self, ratio: f64) {
        let ranges = self.sessions_seen.iter_mut().chain([&mut self.running]);
        for range in ranges {
            range.low = divided(range.low, ratio);
            range.high = divided(range.high, ratio);
        }
        for price in [&mut self.close, &mut self.best, &mut self.worst] {
            *price = divided(*price, ratio);
        }
    }

    /// Stretches best and worst to a price that was reached.
    pub fn note(&mut self, side: Side, price: Price) {
        if beyond(side, price, self.best) {
            self.best = price;
        }
        if beyond(side, self.worst, price) {
            self.worst = price;
        }
    }

    /// The part of a bar that came after the entry, as low and high.
    fn after_entry(&self, seen: &Seen) -> Option<(Price, Price)> {
        let (start, counts) = self.filled?;
        let end = seen.start + seen.size.span();
        if end <= start {
            return None;
        }
        let holds_entry = start == seen.start || (start > seen.start && start < end);
        match (holds_entry, counts) {
            (true, Counts::Nothing) => None,
            (true, Counts::CloseOnly) => Some((seen.bar.close, seen.bar.close)),
            (true, Counts::ByTime) if start > seen.start => Some((seen.bar.close, seen.bar.close)),
            _ => Some((seen.bar.low, seen.bar.high)),
        }
    }
}

impl Keeper {
    /// Takes in a bar of its instrument.
    pub fn on_bar(&mut self, seen: &Seen, step: Qty, out: &mut Vec<Action>) {
        self.watch.exit_refused = false;
        let day = seen.start.utc_day();
        if day > self.watch.day {
            self.begin_session(day, step, out);
        }
        self.watch.running = self.watch.running.with(seen.bar.low, seen.bar.high);
        self.watch.close = seen.bar.close;
        if let Some((low, high)) = self.watch.after_entry(seen) {
            self.note_range(low, high);
        }
        if seen.size == BarSize::Daily {
            self.end_session(step, out);
        }
    }

    /// The session closed; daily bars say so themselves.
    pub fn on_session_close(&mut self, day: Day, step: Qty, out: &mut Vec<Action>) {
        if day == self.watch.day {
            self.end_session(step, out);
        }
    }

    /// Shortly before the close: the only time at which the close itself can still be traded.
    pub fn on_before_close(&mut self, step: Qty, out: &mut Vec<Action>) {
        let due = self.plan.add_on.is_some_and(|add| add.session == self.watch.sessions);
        if due && !self.watch.closed && self.watch.filled.is_some() {
            self.decide_add_on(OrderKind::MarketOnClose, step, out);
        }
    }

    fn begin_session(&mut self, day: Day, step: Qty, out: &mut Vec<Action>) {
        // Finer bars without a session event: the next day's first bar tells of the close.
        if self.watch.sessions > 0 && !self.watch.closed {
            self.end_session(step, out);
        }
        let watch = &mut self.watch;
        watch.day = day;
        watch.sessions = watch.sessions.saturating_add(1);
        watch.closed = false;
        watch.running = Range::default();
    }

    fn note_range(&mut self, low: Price, high: Price) {
        let (good, bad) = match self.side {
            Side::Long => (high, low),
            Side::Short => (low, high),
        };
        self.watch.note(self.side, good);
        self.watch.note(self.side, bad);
        let Some(trigger_r) = self.plan.breakeven_r else { return };
        let trigger = toward(self.side, self.basis(), scaled(self.risk, trigger_r));
        if !beyond(self.side, trigger, self.watch.best) {
            self.tighten(self.average_entry(), ExitReason::Breakeven);
        }
    }

    /// Moves the stop if that is tighter, never otherwise.
    pub fn tighten(&mut self, stop: Price, by: ExitReason) -> bool {
        let tighter = self.plan.has_stop() && beyond(self.side, stop, self.stop);
        if tighter {
            self.stop = stop;
            self.stop_by = by;
        }
        tighter
    }

    fn end_session(&mut self, step: Qty, out: &mut Vec<Action>) {
        if self.watch.closed {
            return;
        }
        self.watch.closed = true;
        self.watch.sessions_seen = [self.watch.sessions_seen[1], self.watch.running];
        if self.phase != Phase::Open {
            return;
        }
        if self.watch.filled.is_none() {
            let over = self.entry.valid_sessions.is_some_and(|n| self.watch.sessions >= n);
            if over && !self.first.done {
                out.push(Action::Cancel(self.first.id.clone()));
            }
            return;
        }
        let sessions = self.watch.sessions;
        if self.plan.max_sessions.is_some_and(|most| sessions >= most) {
            self.leave(ExitReason::Expired);
            return;
        }
        self.follow();
        if self.plan.add_on.is_some_and(|add| sessions >= add.session) {
            self.decide_add_on(OrderKind::Market, step, out);
        }
    }

    fn follow(&mut self) {
        let Some(trail) = self.plan.trail else { return };
        let begun = match trail.start {
            TrailStart::AtEntry => true,
            TrailStart::AtBreakeven => self.stop_by != ExitReason::Stop,
            TrailStart::AtSession(session) => self.watch.sessions >= session,
        };
        if !begun {
            return;
        }
        if let Some(stop) = trail.first_stop {
            self.tighten(stop, ExitReason::Trail);
        }
        let stop = match trail.ratchet {
            Ratchet::TwoBars => {
                let [older, newer] = self.watch.sessions_seen;
                if older == Range::default() {
                    return;
                }
                match self.side {
                    Side::Long => older.low.min(newer.low),
                    Side::Short => older.high.max(newer.high),
                }
            }
            Ratchet::RiskFraction(fraction) => {
                let distance = scaled(self.risk, fraction);
                toward(self.side, self.watch.close, -distance)
            }
        };
        self.tighten(stop, ExitReason::Trail);
    }

    /// Brings the risk from here down to the stop toward its multiple of the original risk.
    fn decide_add_on(&mut self, at_close: OrderKind, step: Qty, out: &mut Vec<Action>) {
        let Some(add) = self.plan.add_on else { return };
        if self.add_decided || !self.first.done {
            return;
        }
        self.add_decided = true;
        let (kind, price) = match add.at {
            AddAt::Close => (at_close, self.watch.close),
            AddAt::SignalEntry => {
                (OrderKind::Limit { limit: super::plan::to_tick(self.plan.entry) }, self.plan.entry)
            }
        };
        let holds = beyond(self.side, self.watch.close, self.average_entry());
        let protected = beyond(self.side, price, self.stop);
        if !protected || (add.at == AddAt::Close && !holds) {
            return;
        }
        let distance = (price - self.stop).abs().to_f64();
        let wanted = self.risk_cash.to_f64() * add.risk_multiple / distance;
        let held = self.open().to_f64();
        let more = (wanted - held).min(held * add.max_growth);
        let steps = (more * Qty::SCALE as f64 / step.raw() as f64).floor();
        if steps >= 1.0 {
            let qty = Qty::from_raw(steps as i64 * step.raw());
            out.push(Action::AskAddOn(qty, kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brokers_fill_counts_the_whole_bar_only_from_its_open_on() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let bar = Bar::from_f64(10.0, 12.0, 9.0, 11.0).unwrap();
        let start = Ts::from_seconds(1_000);
        let seen = Seen { start, size: BarSize::Minutes(5), bar };
        let after = |seconds: i64| {
            let watch = Watch {
                filled: Some((Ts::from_seconds(seconds), Counts::ByTime)),
                ..Watch::default()
            };
            watch.after_entry(&seen)
        };
        assert_eq!(after(900), Some((price("9"), price("12"))));
        assert_eq!(after(1_000), Some((price("9"), price("12"))));
        assert_eq!(after(1_001), Some((price("11"), price("11"))));
        assert_eq!(after(1_299), Some((price("11"), price("11"))));
        assert_eq!(after(1_300), None, "it ended before the entry");
    }
}
