//! The opposing book (BRK-24): fades breakouts the model does not believe in.
//!
//! Read for a long primary with entry E, 50 % target line T and stop S; a short one mirrors it.
//! Where the breakout candle closed strong, the booked target lies beyond T; the fade still uses
//! T, since its stop is said to stand at the 50 % line.
//!
//! 1. The model's confidence is below 0.50.
//! 2. The price runs 75 % of the way from E to T: the level L. If S or T is touched before the
//!    next point, there is no fade.
//! 3. **Alert**: two bars in a row, the first closing up, the second closing below the first's
//!    low. The alert level is the lower of the two lows.
//! 4. Dual entry: a limit at L and a stop order at the alert level. One fills, the other is taken
//!    back; a bar that reaches both fills the stop order, as the exchange does. They live for ten
//!    sessions, and die when S or T is touched.
//! 5. Stop at T. Take-profit one R of the fill toward S, and not beyond S.
//!
//! Outcomes are decided on hours where there are finer bars of a day, on the day's bar otherwise.
//! One bar that holds stop and take-profit is a loss, and so is one that fills the entry and
//! touches the stop; both are counted as decided conservatively.

use base::Day;
use features::Setup;
use features::label::Decided;
use market::{Candle, Side, TimedCandle};

/// Share of the way to the 50 % line that the price must have run.
const RUN: f64 = 0.75;
/// Sessions for which the entries live.
const ENTRY_SESSIONS: usize = 10;
/// Nanoseconds of an hour.
const HOUR: i64 = 3_600_000_000_000;

/// A fade that ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fade {
    /// Side of the fade: against the primary's.
    pub side: Side,
    /// Day of its entry.
    pub day: Day,
    /// Fill before costs.
    pub entry: f64,
    /// Its stop: the 50 % target line.
    pub stop: f64,
    /// Price at which it ended.
    pub exit: f64,
    /// Result in R of its own fill, before costs.
    pub r_multiple: f64,
    /// How it was decided.
    pub decided: Decided,
}

/// The state of a watch on one primary.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    sign: f64,
    run: f64,
    line: f64,
    primary_stop: f64,
    phase: Phase,
    last: Option<Candle>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Waits for the run.
    Running,
    /// Waits for the alert.
    Reached,
    /// The entries are out.
    Alert { level: f64, since: Day, sessions: usize },
    /// No fade any more.
    Over,
}

/// Which of the two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// A limit at 75 % of the way to the 50 % line.
    Limit,
    /// A stop order at the alert level.
    Alert,
}

/// The two entries that are laid out after an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Price of the limit.
    pub limit: f64,
    /// Price of the stop order.
    pub alert: f64,
    /// Protective stop: the 50 % line.
    pub stop: f64,
    /// The primary's stop, beyond which no profit is taken.
    pub farthest: f64,
}

impl Watch {
    /// Watches a primary from the bar after its breakout.
    pub fn new(setup: &Setup) -> Watch {
        let line = setup.targets[0];
        Watch {
            sign: setup.side.sign(),
            run: setup.entry + RUN * (line - setup.entry),
            line,
            primary_stop: setup.stop,
            phase: Phase::Running,
            last: None,
        }
    }

    /// Takes the next bar; gives the entry when it ends an alert.
    pub fn bar(&mut self, bar: &Candle) -> Option<Entry> {
        let beyond = |price: f64, level: f64| self.sign * (price - level) >= 0.0;
        let (far, near) = if self.sign > 0.0 { (bar.high, bar.low) } else { (bar.low, bar.high) };
        let dead = beyond(far, self.line) || beyond(self.primary_stop, near);
        let last = self.last.replace(*bar);
        match self.phase {
            Phase::Over => return None,
            _ if dead => self.phase = Phase::Over,
            Phase::Running if beyond(far, self.run) => self.phase = Phase::Reached,
            Phase::Reached => {
                let first = last?;
                let up = self.sign * (first.close - first.open) > 0.0;
                let edge = if self.sign > 0.0 { first.low } else { first.high };
                if up && self.sign * (edge - bar.close) > 0.0 {
                    let level = if self.sign > 0.0 { edge.min(near) } else { edge.max(near) };
                    self.phase = Phase::Alert { level, since: bar.day, sessions: 0 };
                    return Some(self.entry(level));
                }
            }
            Phase::Alert { level, since, sessions } if since != bar.day => {
                let sessions = sessions + 1;
                self.phase = match sessions >= ENTRY_SESSIONS {
                    true => Phase::Over,
                    false => Phase::Alert { level, since: bar.day, sessions },
                };
            }
            Phase::Running | Phase::Alert { .. } => {}
        }
        None
    }

    /// True once there will be no fade any more.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn entry(&self, alert: f64) -> Entry {
        Entry { limit: self.run, alert, stop: self.line, farthest: self.primary_stop }
    }
}

impl Entry {
    /// The take-profit of a fill: one R toward the primary's stop, and not beyond it.
    pub fn target(&self, fill: f64) -> f64 {
        let one_r = fill - (self.stop - fill);
        match self.stop > fill {
            true => one_r.max(self.farthest),
            false => one_r.min(self.farthest),
        }
    }

    /// Price of one of the two.
    pub fn level(&self, leg: Leg) -> f64 {
        match leg {
            Leg::Limit => self.limit,
            Leg::Alert => self.alert,
        }
    }

    /// Where a bar fills one of them. `sign` is the primary's. A gap fills at the open, which is
    /// better for a limit and worse for a stop order.
    fn fill(&self, bar: &Candle, sign: f64) -> Option<f64> {
        let (far, near) = if sign > 0.0 { (bar.high, bar.low) } else { (bar.low, bar.high) };
        let higher = |a: f64, b: f64| if sign > 0.0 { a.max(b) } else { a.min(b) };
        let lower = |a: f64, b: f64| if sign > 0.0 { a.min(b) } else { a.max(b) };
        // At the open only one of them can be behind the price: it fills there.
        if sign * (bar.open - self.limit) >= 0.0 {
            return Some(higher(self.limit, bar.open));
        }
        if sign * (self.alert - near) >= 0.0 {
            return Some(lower(self.alert, bar.open));
        }
        (sign * (far - self.limit) >= 0.0).then_some(self.limit)
    }
}

/// The fade of a primary, if there was one and it has ended. `later` are the days after the
/// breakout, `finer` bars of the same days where there are any.
pub fn decide(
    setup: &Setup,
    later: &[Candle],
    finer: &[TimedCandle],
    most_sessions: usize,
) -> Option<Fade> {
    let mut watch = Watch::new(setup);
    let mut laid_out: Option<Entry> = None;
    let mut open: Option<Open> = None;
    for day in later.iter().take(most_sessions) {
        for (bar, decided) in hours(day, finer) {
            if let Some(position) = &open {
                if let Some(fade) = position.end(&bar, decided, setup.side) {
                    return Some(fade);
                }
                continue;
            }
            let found = laid_out.and_then(|e| Some((e, e.fill(&bar, setup.side.sign())?)));
            if let Some((plan, entry)) = found {
                let wrong_side = setup.side.sign() * (plan.stop - entry) <= 0.0;
                if wrong_side {
                    return None;
                }
                let position = Open { plan, entry, day: day.day };
                // The bar of the entry may also reach the stop: then it did so after the fill.
                if let Some(fade) = position.stopped(&bar, setup.side) {
                    return Some(fade);
                }
                open = Some(position);
                continue;
            }
            if let Some(found) = watch.bar(&bar) {
                laid_out = Some(found);
            }
            if watch.is_over() {
                return None;
            }
        }
    }
    let position = open?;
    let last = later.get(most_sessions.checked_sub(1)?)?;
    Some(position.close(last.close, Decided::ByBar, setup.side))
}

struct Open {
    plan: Entry,
    entry: f64,
    day: Day,
}

impl Open {
    fn stopped(&self, bar: &Candle, primary: Side) -> Option<Fade> {
        let far = if primary.sign() > 0.0 { bar.high } else { bar.low };
        let hit = primary.sign() * (far - self.plan.stop) >= 0.0;
        hit.then(|| self.close(self.plan.stop, Decided::Conservatively, primary))
    }

    fn end(&self, bar: &Candle, decided: Decided, primary: Side) -> Option<Fade> {
        let sign = primary.sign();
        let target = self.plan.target(self.entry);
        if sign * (bar.open - self.plan.stop) >= 0.0 {
            return Some(self.close(bar.open, decided, primary));
        }
        if sign * (target - bar.open) >= 0.0 {
            return Some(self.close(bar.open, decided, primary));
        }
        let (far, near) = if sign > 0.0 { (bar.high, bar.low) } else { (bar.low, bar.high) };
        let stopped = sign * (far - self.plan.stop) >= 0.0;
        let won = sign * (target - near) >= 0.0;
        match (stopped, won) {
            (true, true) => Some(self.close(self.plan.stop, Decided::Conservatively, primary)),
            (true, false) => Some(self.close(self.plan.stop, decided, primary)),
            (false, true) => Some(self.close(target, decided, primary)),
            (false, false) => None,
        }
    }

    fn close(&self, exit: f64, decided: Decided, primary: Side) -> Fade {
        let stop = self.plan.stop;
        Fade {
            side: match primary {
                Side::Long => Side::Short,
                Side::Short => Side::Long,
            },
            day: self.day,
            entry: self.entry,
            stop,
            exit,
            r_multiple: (self.entry - exit) / (stop - self.entry),
            decided,
        }
    }
}

/// The hours of a day where there are finer bars of it, else the day.
fn hours(day: &Candle, finer: &[TimedCandle]) -> Vec<(Candle, Decided)> {
    let start = finer.partition_point(|bar| bar.candle.day < day.day);
    let end = finer.partition_point(|bar| bar.candle.day <= day.day);
    if start == end {
        return vec![(*day, Decided::ByBar)];
    }
    let first = finer[start].start.nanos();
    let mut hours: Vec<(i64, Candle)> = Vec::new();
    for bar in &finer[start..end] {
        let hour = (bar.start.nanos() - first) / HOUR;
        match hours.last_mut() {
            Some((last, sum)) if *last == hour => {
                sum.high = sum.high.max(bar.candle.high);
                sum.low = sum.low.min(bar.candle.low);
                sum.close = bar.candle.close;
                sum.volume += bar.candle.volume;
            }
            _ => hours.push((hour, bar.candle)),
        }
    }
    hours.into_iter().map(|(_, candle)| (candle, Decided::ByFinerBars)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long primary: entry 100, stop 96, 50 % line 104, so that the fade runs from 103.
    fn setup() -> Setup {
        Setup {
            side: Side::Long,
            rally_start_ago: 20,
            rally_end_ago: 10,
            consol_start_ago: 9,
            rally_low: 90.0,
            rally_high: 98.0,
            consol_low: 95.0,
            consol_high: 98.0,
            atr: 2.0,
            entry: 100.0,
            stop: 96.0,
            targets: [104.0, 106.0, 108.0],
            booked_target: 108.0,
            stretched: true,
            reward_to_risk: 2.0,
            pattern_score: 1.0,
            day: Day::from_number(0),
        }
    }

    fn bar(day: i32, open: f64, high: f64, low: f64, close: f64) -> Candle {
        Candle { day: Day::from_number(day), open, high, low, close, volume: 1.0 }
    }

    /// A run to 103.2, an up bar, and a close below its low: an alert with level 101.5.
    fn alert() -> Vec<Candle> {
        vec![
            bar(1, 100.0, 103.2, 99.5, 102.4),
            bar(2, 102.4, 103.0, 102.0, 102.8),
            bar(3, 102.8, 102.9, 101.5, 101.6),
        ]
    }

    fn fade(more: &[Candle]) -> Option<Fade> {
        let later: Vec<Candle> = alert().into_iter().chain(more.iter().copied()).collect();
        decide(&setup(), &later, &[], 60)
    }

    #[test]
    fn brk_24_a_fall_through_the_alert_level_is_sold_and_pays_one_r() {
        let found = fade(&[bar(4, 101.6, 101.8, 101.0, 101.2), bar(5, 101.2, 101.3, 98.5, 99.0)]);
        let found = found.unwrap();
        assert_eq!(
            (found.side, found.entry, found.stop, found.exit),
            (Side::Short, 101.5, 104.0, 99.0)
        );
        assert!((found.r_multiple - 1.0).abs() < 1e-12);
    }

    #[test]
    fn brk_24_where_price_runs_on_the_limit_fills_and_is_stopped_at_the_line() {
        let mut later = alert();
        later[2] = bar(3, 102.8, 102.9, 98.0, 101.9);
        later.push(bar(4, 101.9, 103.1, 101.6, 102.9));
        later.push(bar(5, 102.9, 104.5, 102.5, 104.2));
        let found = decide(&setup(), &later, &[], 60).unwrap();
        assert_eq!((found.entry, found.exit), (103.0, 104.0));
        assert!((found.r_multiple + 1.0).abs() < 1e-12);
    }

    #[test]
    fn brk_24_a_bar_that_fills_and_touches_the_stop_is_a_loss_and_says_so() {
        let found = fade(&[bar(4, 102.0, 104.1, 101.0, 101.2)]).unwrap();
        assert_eq!((found.entry, found.exit), (101.5, 104.0));
        assert_eq!(found.decided, Decided::Conservatively);
    }

    #[test]
    fn brk_24_no_fade_without_a_run_or_after_the_line_was_touched() {
        let calm = [bar(1, 100.0, 101.0, 99.0, 100.5), bar(2, 100.5, 101.0, 99.0, 99.2)];
        assert_eq!(decide(&setup(), &calm, &[], 60), None);
        let straight = [bar(1, 100.0, 104.5, 99.9, 104.2), bar(2, 104.2, 104.3, 100.0, 100.1)];
        assert_eq!(decide(&setup(), &straight, &[], 60), None);
    }

    #[test]
    fn a_prefix_that_decides_a_fade_decides_it_like_the_whole() {
        let more: Vec<Candle> = (4..30)
            .map(|day| {
                let drift = f64::from(day % 7) * 0.3;
                bar(day, 101.6 - drift, 102.4 - drift, 100.6 - drift, 101.0 - drift)
            })
            .collect();
        let whole = fade(&more);
        for length in 0..more.len() {
            let part = fade(&more[..length]);
            assert!(part.is_none() || part == whole, "after {length} bars");
        }
    }
}
