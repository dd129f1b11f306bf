//! The quality gate (DAT-5): what is impossible is set aside with the reason, what is odd is kept
//! and told.
//!
//! Set aside: prices that are no numbers, not positive or beyond all measure; a high below the
//! low; open or close outside of high and low by more than 0.001; a second row for the same time;
//! a bar on a day without a session that repeats the last prices or has no volume; a spike, which
//! is a close that leaves its neighbours by more than twenty of their usual moves and comes back
//! the next day. Told: rows out of order, missing sessions, runs of bars without volume, bars on
//! days without a session, moves of more than 60 % in a day.

use std::collections::BTreeMap;

use base::Day;
use market::Calendar;

use super::gathered::RawBar;
use super::sessions::Sessions;
use crate::manifest::Quality;
use crate::rows::RefusedRow;

/// Prices above this are no prices.
const MOST: f64 = 1e9;
/// Rounding of sources that keep four bytes a price.
const SLACK: f64 = 0.001;
/// Usual moves a spike is away from both neighbours, and the least move that can be one.
const SPIKE_MOVES: f64 = 20.0;
const SPIKE_LEAST: f64 = 0.5;
/// Neighbours on each side that say what is usual.
const NEIGHBOURS: usize = 20;
/// A move that is told.
const LARGE_MOVE: f64 = 0.6;
/// Ratios of two closes that are no spike and no large move: most need no logarithm.
const SMALL_RATIOS: std::ops::Range<f64> = 0.65..1.55;
/// Bars without volume in a row that are told.
const STALE_BARS: usize = 5;

/// What a symbol's bars are held against.
pub(crate) struct Gate {
    /// Sessions of its exchange, where it has any.
    pub calendar: Option<&'static Calendar>,
}

/// A symbol's bars after the gate.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub bars: Vec<RawBar>,
    pub refused: Vec<RefusedRow>,
    pub quality: Quality,
}

impl Gate {
    /// Passes one symbol's bars.
    pub(crate) fn pass(&self, symbol: &str, mut bars: Vec<RawBar>) -> Passed {
        let mut passed = Passed::default();
        passed.quality.rows_in = bars.len() as u64;
        let key = |bar: &RawBar| (bar.day, bar.time);
        let unsorted = bars.windows(2).filter(|pair| key(&pair[0]) > key(&pair[1])).count();
        if unsorted > 0 {
            bars.sort_by_key(|bar| (bar.day, bar.time, bar.line));
            let found = passed.quality.flagged.entry("out of order".to_owned()).or_default();
            found.count = unsorted as u64;
            found.examples.push(symbol.to_owned());
        }
        let mut sessions = Sessions::of(self.calendar);
        let mut last: Option<RawBar> = None;
        bars.retain(|bar| {
            let reason =
                impossible(bar).or_else(|| contradicts(bar, last.as_ref()?, &mut sessions));
            match reason {
                Some(reason) => passed.refuse(symbol, bar, reason),
                None => last = Some(*bar),
            }
            reason.is_none()
        });
        passed.bars = bars;
        passed.refuse_spikes(symbol);
        passed.tell(symbol, Sessions::of(self.calendar));
        passed
    }
}

/// What is wrong with a bar after the last one that was kept.
fn contradicts(bar: &RawBar, last: &RawBar, sessions: &mut Sessions<'_>) -> Option<&'static str> {
    if (last.day, last.time) == (bar.day, bar.time) {
        return Some("second row for the same time");
    }
    let prices = |bar: &RawBar| [bar.open, bar.high, bar.low, bar.close];
    let own_trade = bar.time.is_some() || (bar.volume != 0.0 && prices(last) != prices(bar));
    (!own_trade && sessions.closed(bar.day)).then_some("no session, and no trade of its own")
}

/// Why a bar can't be.
fn impossible(bar: &RawBar) -> Option<&'static str> {
    let prices = [bar.open, bar.high, bar.low, bar.close];
    if prices.iter().any(|price| !price.is_finite()) || bar.volume.is_nan() {
        return Some("a value is missing or no number");
    }
    if prices.iter().any(|price| *price <= 0.0) {
        return Some("price is not positive");
    }
    if prices.iter().any(|price| *price > MOST) || bar.volume > 1e15 {
        return Some("value is beyond all measure");
    }
    if bar.volume < 0.0 {
        return Some("volume is negative");
    }
    if bar.high < bar.low {
        return Some("high is below low");
    }
    let outside = |price: f64| price > bar.high + SLACK || price < bar.low - SLACK;
    (outside(bar.open) || outside(bar.close)).then_some("open or close outside of high and low")
}

impl Passed {
    fn refuse(&mut self, symbol: &str, bar: &RawBar, reason: &'static str) {
        let found = self.quality.quarantined.entry(reason.to_owned()).or_default();
        found.add(|| format!("{symbol} {}", bar.day));
        let row = format!(
            "{{\"open\":{:?},\"high\":{:?},\"low\":{:?},\"close\":{:?},\"volume\":{:?}}}",
            bar.open, bar.high, bar.low, bar.close, bar.volume
        );
        let (day, line) = (bar.day, bar.line);
        self.refused.push(RefusedRow { symbol: symbol.to_owned(), day, line, reason, row });
    }

    /// A close far from both neighbours, which are near each other.
    fn refuse_spikes(&mut self, symbol: &str) {
        let large = |pair: &[RawBar]| !SMALL_RATIOS.contains(&(pair[1].close / pair[0].close));
        if !self.bars.windows(2).any(large) {
            return;
        }
        let closes: Vec<f64> = self.bars.iter().map(|bar| bar.close.ln()).collect();
        let suspect = |at: usize| {
            let (before, after) = (closes[at] - closes[at - 1], closes[at + 1] - closes[at]);
            before.abs() > SPIKE_LEAST
                && before * after < 0.0
                && (before + after).abs() < 0.2 * before.abs()
                && before.abs() > SPIKE_MOVES * usual_move(&closes, at)
        };
        let spikes: Vec<usize> =
            (1..closes.len().saturating_sub(1)).filter(|at| suspect(*at)).collect();
        for at in spikes.into_iter().rev() {
            let bar = self.bars.remove(at);
            self.refuse(symbol, &bar, "spike that reverts");
        }
    }

    fn tell(&mut self, symbol: &str, mut sessions: Sessions<'_>) {
        let mut flagged: BTreeMap<&str, crate::manifest::Finding> = BTreeMap::new();
        let mut flag = |what, day: Day, times: u64| {
            let found = flagged.entry(what).or_default();
            found.add(|| format!("{symbol} {day}"));
            found.count += times - 1;
        };
        for pair in self.bars.windows(2) {
            let day = pair[1].day;
            let ratio = pair[1].close / pair[0].close;
            if !SMALL_RATIOS.contains(&ratio) && ratio.ln().abs() > LARGE_MOVE.ln_1p() {
                flag("move beyond 60 %", day, 1);
            }
            let missing = sessions.between(pair[0].day, day);
            if missing > 0 {
                flag("missing session", day, missing as u64);
            }
            if sessions.closed(day) {
                flag("bar on a day without a session", day, 1);
            }
        }
        for run in
            self.bars.chunk_by(|a, b| a.volume == 0.0 && b.volume == 0.0 && a.close == b.close)
        {
            if run.len() >= STALE_BARS && run[0].volume == 0.0 && run[0].time.is_none() {
                flag("stale: no volume and the same close", run[0].day, run.len() as u64);
            }
        }
        let flagged = flagged.into_iter().map(|(what, found)| (what.to_owned(), found));
        self.quality.flagged.extend(flagged);
    }
}

/// Median absolute move of the neighbours of a close, itself left out.
fn usual_move(closes: &[f64], at: usize) -> f64 {
    let (from, to) = (at.saturating_sub(NEIGHBOURS), (at + NEIGHBOURS).min(closes.len() - 1));
    let mut moves: Vec<f64> = (from..to)
        .filter(|i| *i != at && *i + 1 != at)
        .map(|i| (closes[i + 1] - closes[i]).abs())
        .collect();
    if moves.is_empty() {
        return f64::INFINITY;
    }
    moves.sort_by(f64::total_cmp);
    moves[moves.len() / 2].max(1e-4)
}

impl Quality {
    /// Adds what was found in another symbol.
    pub(crate) fn absorb(&mut self, other: Quality) {
        self.rows_in += other.rows_in;
        for (into, from) in
            [(&mut self.quarantined, other.quarantined), (&mut self.flagged, other.flagged)]
        {
            for (what, found) in from {
                let sum = into.entry(what).or_default();
                sum.count += found.count;
                let room = 5usize.saturating_sub(sum.examples.len());
                sum.examples.extend(found.examples.into_iter().take(room));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(day: i32, close: f64) -> RawBar {
        RawBar {
            day: Day::from_number(day),
            time: None,
            open: close,
            high: close,
            low: close,
            close,
            volume: 100.0,
            adjusted_close: f64::NAN,
            known: None,
            line: day as u64,
        }
    }

    fn reasons(bars: Vec<RawBar>) -> Vec<&'static str> {
        let passed = Gate { calendar: None }.pass("X", bars);
        passed.refused.iter().map(|row| row.reason).collect()
    }

    #[test]
    fn each_impossible_bar_is_set_aside_with_its_reason() {
        let table: [(fn(&mut RawBar), &str); 8] = [
            (|b| b.open = 0.0, "price is not positive"),
            (|b| b.low = -1.0, "price is not positive"),
            (|b| b.close = f64::NAN, "a value is missing or no number"),
            (|b| b.high = f64::INFINITY, "a value is missing or no number"),
            (|b| b.high = 1e308, "value is beyond all measure"),
            (|b| b.volume = -5.0, "volume is negative"),
            (|b| (b.high, b.low) = (9.0, 11.0), "high is below low"),
            (|b| b.close = 12.0, "open or close outside of high and low"),
        ];
        for (spoil, reason) in table {
            let mut spoilt = bar(2, 10.0);
            spoil(&mut spoilt);
            assert_eq!(reasons(vec![bar(1, 10.0), spoilt, bar(3, 10.0)]), [reason]);
        }
    }

    #[test]
    fn a_spike_that_reverts_is_set_aside_and_a_crash_that_stays_is_kept() {
        let spike = |at: i32| {
            (0..60).map(move |day| {
                let close = 10.0 + 0.1 * f64::from(day % 3);
                bar(day, if day == at { 100.0 } else { close })
            })
        };
        assert_eq!(reasons(spike(30).collect()), ["spike that reverts"]);
        let crash = (0..60).map(|day| bar(day, if day < 30 { 10.0 } else { 1.0 }));
        assert!(reasons(crash.collect()).is_empty());
    }

    #[test]
    fn unsorted_rows_are_sorted_and_a_second_row_for_a_day_is_set_aside() {
        let passed =
            Gate { calendar: None }.pass("X", vec![bar(3, 10.0), bar(1, 10.0), bar(1, 11.0)]);
        assert_eq!(passed.bars.iter().map(|b| b.day.number()).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(passed.refused[0].reason, "second row for the same time");
        assert_eq!(passed.quality.flagged["out of order"].count, 1);
    }
}
