//! What the index has done so far: its volatility by day and by night, its trend.

use std::collections::VecDeque;

use base::Day;
use base::stats::{mean, median};
use serde::Serialize;

/// A normal number is nearer to zero than this in half of all cases.
const HALF: f64 = 0.674_489_750_196_081_7;
/// A gap beyond so many usual ones is taken for a jump.
const JUMP: f64 = 4.0;

/// What is expected of a day, from what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Weather {
    /// Variance of the logarithm over a session.
    pub session_variance: f64,
    /// Deviation of the log gap of a night without a jump.
    pub night_deviation: f64,
    /// Part of nights with a jump, all nights seen so far.
    pub jump_chance: f64,
    /// Deviation of a jump.
    pub jump_deviation: f64,
}

impl Weather {
    /// Variance of a night, jumps included.
    pub fn night_variance(&self) -> f64 {
        self.night_deviation.powi(2) + self.jump_chance * self.jump_deviation.powi(2)
    }

    /// Volatility a year of day and night together.
    pub fn volatility(&self) -> f64 {
        (252.0 * (self.session_variance + self.night_variance())).sqrt()
    }
}

/// Measures the index session by session; a session counts when the next has begun.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meter {
    window: usize,
    trend: usize,
    /// Realised variances of the last sessions.
    sessions: VecDeque<f64>,
    /// Log gaps of all nights.
    gaps: Vec<f64>,
    /// Closes of the last sessions.
    closes: VecDeque<f64>,
    now: Option<Now>,
}

/// The session at hand.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Now {
    day: Day,
    last: f64,
    variance: f64,
}

impl Meter {
    pub(super) fn new(window: usize, trend: usize) -> Meter {
        let (sessions, closes) = (VecDeque::new(), VecDeque::new());
        Meter { window, trend, sessions, gaps: Vec::new(), closes, now: None }
    }

    /// Takes the opening and the close of a bar within a session.
    pub(super) fn take(&mut self, day: Day, (open, close): (f64, f64)) {
        let square = |from: f64, to: f64| (to / from).ln().powi(2);
        match &mut self.now {
            Some(now) if now.day == day => {
                now.variance += square(now.last, close);
                now.last = close;
            }
            now => {
                let variance = square(open, close);
                let before = now.replace(Now { day, last: close, variance });
                if let Some(before) = before {
                    self.gaps.push((open / before.last).ln());
                    push(&mut self.sessions, before.variance, self.window);
                    push(&mut self.closes, before.last, self.trend);
                }
            }
        }
    }

    /// What is expected; `None` until as many sessions are over as the window has, or where the
    /// index did not move.
    pub(super) fn weather(&self) -> Option<Weather> {
        if self.sessions.len() < self.window {
            return None;
        }
        let sizes: Vec<f64> = self.gaps.iter().map(|gap| gap.abs()).collect();
        let edge = JUMP * median(&sizes) / HALF;
        let squares = |gaps: &[f64], jumps: bool| -> Vec<f64> {
            let wanted = gaps.iter().filter(|gap| (gap.abs() > edge) == jumps);
            wanted.map(|gap| gap * gap).collect()
        };
        let jumps = squares(&self.gaps, true);
        let recent = squares(&self.gaps[self.gaps.len().saturating_sub(self.window)..], false);
        let root = |squares: &[f64]| if squares.is_empty() { 0.0 } else { mean(squares).sqrt() };
        let (sum, count) = (self.sessions.iter().sum::<f64>(), self.sessions.len() as f64);
        let weather = Weather {
            session_variance: sum / count,
            night_deviation: root(&recent),
            jump_chance: jumps.len() as f64 / self.gaps.len().max(1) as f64,
            jump_deviation: root(&jumps),
        };
        (weather.session_variance > 1e-12).then_some(weather)
    }

    /// Mean of the last closes; `None` until there are as many as the trend has.
    pub(super) fn mean_close(&self) -> Option<f64> {
        let count = self.closes.len();
        (count >= self.trend).then(|| self.closes.iter().sum::<f64>() / count as f64)
    }
}

fn push(into: &mut VecDeque<f64>, value: f64, most: usize) {
    into.push_back(value);
    if into.len() > most.max(1) {
        into.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(days: &[(f64, f64)]) -> Meter {
        let mut meter = Meter::new(3, 2);
        for (at, (open, close)) in days.iter().enumerate() {
            meter.take(Day::from_number(at as i32), (*open, *close));
        }
        meter
    }

    #[test]
    fn day_and_night_are_told_apart_and_today_is_not_counted() {
        let (up, gap) = (1.01f64, 1.02f64);
        let mut days = vec![(100.0, 100.0 * up)];
        for at in 1..5 {
            let open = days[at - 1].1 * gap;
            days.push((open, open * up));
        }
        days[4].1 = 7.0;
        let weather = meter(&days).weather().unwrap();
        assert!((weather.session_variance - up.ln().powi(2)).abs() < 1e-15, "{weather:?}");
        assert!((weather.night_deviation - gap.ln()).abs() < 1e-12);
        assert_eq!(weather.jump_chance, 0.0);
        assert_eq!(meter(&days[..3]).weather(), None);
        assert!((meter(&days).mean_close().unwrap() - 0.5 * (days[2].1 + days[3].1)).abs() < 1e-9);
    }

    #[test]
    fn a_rare_wide_gap_is_a_jump_and_not_part_of_the_usual_night() {
        let mut days = vec![(100.0, 100.5)];
        for at in 1..=20 {
            let gap = if at == 10 { 1.1 } else { 1.001 };
            let open = days[at - 1].1 * gap;
            days.push((open, open * 1.005));
        }
        let weather = meter(&days).weather().unwrap();
        assert!((weather.jump_chance - 0.05).abs() < 1e-12);
        assert!((weather.jump_deviation - 1.1f64.ln()).abs() < 1e-9);
        assert!((weather.night_deviation - 1.001f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn an_index_that_rests_has_no_weather() {
        assert_eq!(meter(&[(100.0, 100.0); 9]).weather(), None);
    }
}
