//! Where an edge is planted: breakouts, found and scored from sessions already made.

use base::Day;
use market::Side;

use super::config::DRIFT_SESSIONS;
use super::shape::Seen;

/// Sessions kept, and those that a breakout must exceed.
const KEPT: usize = 64;
const WINDOW: usize = 24;
/// Least age of the farthest price, in sessions: the base.
const SHORTEST_BASE: usize = 5;
/// Sessions before the farthest price in which its rally lies, and its least size.
const RALLY: usize = 15;
const RALLY_DEVIATIONS: f64 = 2.5;
/// Volume dried up when its log in the base lies this far below that of the rally.
const DRY: f64 = -0.3;
/// A rally is strong when its part beyond market and sector has so many usual deviations.
const STRONG_DEVIATIONS: f64 = 2.0;

/// A breakout from a base in the direction of its rally.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breakout {
    /// Day of the close beyond the base.
    pub day: Day,
    /// Direction of rally and breakout.
    pub side: Side,
    /// +1, 0 or −1; see [`super::Edge::Planted`].
    pub score: i8,
    /// Planted log drift a session over the next [`DRIFT_SESSIONS`], signed; 0 without an edge.
    pub drift: f64,
    /// The stock's usual daily volatility.
    pub usual_sd: f64,
}

/// One stock's last sessions, and the drift that is under way.
pub(super) struct Watch {
    ring: [Seen; KEPT],
    count: usize,
    strength: f64,
    usual_sd: f64,
    left: u32,
    drift: f64,
    pub(super) breakouts: Vec<Breakout>,
}

impl Watch {
    pub(super) fn new(strength: f64, usual_sd: f64) -> Watch {
        Watch {
            ring: [Seen::default(); KEPT],
            count: 0,
            strength,
            usual_sd,
            left: 0,
            drift: 0.0,
            breakouts: Vec::new(),
        }
    }

    /// Log drift of the next session.
    pub(super) fn drift(&self) -> f64 {
        if self.left > 0 { self.drift } else { 0.0 }
    }

    /// Takes in a session.
    pub(super) fn after(&mut self, seen: &Seen) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.count >= KEPT {
            for side in [Side::Long, Side::Short] {
                self.look(seen, side);
            }
        }
        self.ring[self.count % KEPT] = *seen;
        self.count += 1;
    }

    /// The session so many before the one that is being taken in; 1 is the last.
    fn ago(&self, sessions: usize) -> &Seen {
        &self.ring[(self.count - sessions) % KEPT]
    }

    fn look(&mut self, seen: &Seen, side: Side) {
        let far = |seen: &Seen| match side {
            Side::Long => seen.high,
            Side::Short => -seen.low,
        };
        let close = seen.close * side.sign();
        if close <= far(self.ago(1)) {
            return;
        }
        let mut top = 1;
        for ago in 2..=WINDOW {
            if far(self.ago(ago)) > far(self.ago(top)) {
                top = ago;
            }
        }
        if close <= far(self.ago(top)) || top < SHORTEST_BASE {
            return;
        }
        if self.rally(top, side) < RALLY_DEVIATIONS * self.usual_sd {
            return;
        }
        let score = self.score(top, side);
        let drift = self.strength * f64::from(score) * self.usual_sd * side.sign();
        (self.left, self.drift) = (DRIFT_SESSIONS + 1, drift);
        let usual_sd = self.usual_sd;
        self.breakouts.push(Breakout { day: seen.day, side, score, drift, usual_sd });
    }

    /// Log size of the move that ended so many sessions ago.
    fn rally(&self, top: usize, side: Side) -> f64 {
        let sessions = (top..top + RALLY).map(|ago| self.ago(ago));
        match side {
            Side::Long => {
                let low = sessions.map(|seen| seen.low).fold(f64::INFINITY, f64::min);
                (self.ago(top).high / low).ln()
            }
            Side::Short => {
                let high = sessions.map(|seen| seen.high).fold(0.0, f64::max);
                (high / self.ago(top).low).ln()
            }
        }
    }

    fn score(&self, top: usize, side: Side) -> i8 {
        let busy = |from: usize, to: usize| {
            (from..to).map(|ago| self.ago(ago).busy).sum::<f64>() / (to - from) as f64
        };
        let dry = busy(1, top) - busy(top, top + RALLY) < DRY;
        let own: f64 = (top..top + RALLY).map(|ago| self.ago(ago).own * side.sign()).sum();
        let strong = own > STRONG_DEVIATIONS * self.usual_sd;
        i8::from(dry) + i8::from(strong) - 1
    }
}
