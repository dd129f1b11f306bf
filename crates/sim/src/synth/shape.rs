//! How rally, base and breakout arise without any drift.
//!
//! A martingale may not plan a rally, but its *volatility* may depend on the past. A stock
//! becomes excited for some sessions; if it happens to have moved far by then, it rests: its
//! volatility and volume fall for at least one and a half times as long. Then it wakes until it
//! closes beyond the base. All of it is decided from sessions already made.

use base::{Day, Seed};
use market::Side;

use super::config::SynthConfig;
use super::draw::Draw;

/// A move of at least this many standard deviations of the excitement becomes a rally.
const RALLY_DEVIATIONS: f64 = 0.9;
/// Factor on a stock's own volatility while it is excited.
const EXCITEMENT: f64 = 1.75;
/// Sessions over which a move without excitement is looked at, and how many usual deviations
/// of it make a rally.
const CHANCE_SESSIONS: usize = 10;
const CHANCE_DEVIATIONS: f64 = 2.0;
/// Longest wait for a breakout after the base, in sessions.
const LONGEST_WAIT: u32 = 20;

/// How a session is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mood {
    /// Factor on the stock's own volatility.
    pub(super) own: f64,
    /// Factor on its loadings on market and sector.
    pub(super) load: f64,
    /// Added to the log of volume.
    pub(super) volume: f64,
    /// No announcements while it rests.
    pub(super) rests: bool,
}

/// A session as it came out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) day: Day,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    /// Log of volume against what is usual.
    pub(super) busy: f64,
    /// Log return, and the part of it beyond market and sector.
    pub(super) whole: f64,
    pub(super) own: f64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Quiet,
    Excited { length: u32, past: u32, moved: Moved },
    Base { rally: Rally, past: u32, length: u32, high: f64, low: f64 },
}

/// How far a stock came over some sessions.
#[derive(Debug, Clone, Copy)]
struct Moved {
    whole: f64,
    high: f64,
    low: f64,
}

impl Moved {
    const NOTHING: Moved = Moved { whole: 0.0, high: 0.0, low: f64::INFINITY };

    fn and(self, seen: &Seen) -> Moved {
        Moved {
            whole: self.whole + seen.whole,
            high: self.high.max(seen.high),
            low: self.low.min(seen.low),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Rally {
    length: u32,
    side: Side,
    dry: bool,
}

/// One stock's phases.
pub(super) struct Shape {
    phase: Phase,
    draw: Draw,
    start_chance: f64,
    usual_sd: f64,
    recent: [Seen; CHANCE_SESSIONS],
    quiet_for: usize,
}

impl Shape {
    pub(super) fn new(seed: Seed, config: &SynthConfig, usual_sd: f64) -> Shape {
        Shape {
            phase: Phase::Quiet,
            draw: Draw::new(seed),
            start_chance: config.excitements_per_year / 252.0,
            usual_sd,
            recent: [Seen::default(); CHANCE_SESSIONS],
            quiet_for: 0,
        }
    }

    /// How the next session is to be drawn.
    pub(super) fn mood(&self) -> Mood {
        let mood = |own, load, volume| Mood { own, load, volume, rests: false };
        match self.phase {
            Phase::Quiet => mood(1.0, 1.0, 0.0),
            Phase::Excited { .. } => mood(EXCITEMENT, 1.0, 0.45),
            Phase::Base { rally, past, length, .. } => {
                let volume = if rally.dry { -0.9 } else { -0.1 };
                match past < length {
                    true => Mood { rests: true, ..mood(0.42, 0.65, volume) },
                    false => mood(1.1, 1.0, volume * 0.5),
                }
            }
        }
    }

    /// Takes in the session and decides the next phase.
    pub(super) fn after(&mut self, seen: &Seen) {
        self.phase = match self.phase {
            Phase::Quiet => self.quiet(seen),
            Phase::Excited { length, past, moved } => {
                let (past, moved) = (past + 1, moved.and(seen));
                match past < length {
                    true => Phase::Excited { length, past, moved },
                    false => self.rest_or_calm(length, RALLY_DEVIATIONS * EXCITEMENT, &moved),
                }
            }
            Phase::Base { rally, past, length, high, low } => {
                self.base(rally, (past + 1, length), (high, low), seen)
            }
        };
    }

    /// In quiet times a stock may become excited, or may have come far by chance.
    fn quiet(&mut self, seen: &Seen) -> Phase {
        self.recent.rotate_left(1);
        self.recent[CHANCE_SESSIONS - 1] = *seen;
        let excited = self.draw.chance(self.start_chance);
        self.quiet_for = if excited { 0 } else { self.quiet_for + 1 };
        if excited {
            let length = self.draw.whole(5, 16);
            return Phase::Excited { length, past: 0, moved: Moved::NOTHING };
        }
        if self.quiet_for < CHANCE_SESSIONS {
            return Phase::Quiet;
        }
        let moved = self.recent.iter().fold(Moved::NOTHING, |moved, seen| moved.and(seen));
        self.rest_or_calm(CHANCE_SESSIONS as u32, CHANCE_DEVIATIONS, &moved)
    }

    /// A base when the stock has come as far as so many usual deviations, otherwise calm.
    fn rest_or_calm(&mut self, length: u32, deviations: f64, moved: &Moved) -> Phase {
        let Moved { whole, high, low } = *moved;
        let usual_move = self.usual_sd * f64::from(length).sqrt();
        if whole.abs() < deviations * usual_move {
            return Phase::Quiet;
        }
        self.quiet_for = 0;
        let side = if whole > 0.0 { Side::Long } else { Side::Short };
        let rally = Rally { length, side, dry: self.draw.chance(0.5) };
        // The base lies between the rally's far end and its own lowest price.
        let (high, low) = match side {
            Side::Long => (high, f64::INFINITY),
            Side::Short => (0.0, low),
        };
        let shortest = (length * 3).div_ceil(2) + 1;
        let length = self.draw.whole(shortest, shortest + length + 3);
        Phase::Base { rally, past: 0, length, high, low }
    }

    fn base(&mut self, rally: Rally, time: (u32, u32), range: (f64, f64), seen: &Seen) -> Phase {
        let ((past, length), (high, low)) = (time, range);
        let above = seen.close > high || seen.close < low;
        match rally.side {
            _ if above && past * 2 > rally.length * 3 => Phase::Quiet,
            _ if past >= length + LONGEST_WAIT => Phase::Quiet,
            _ => {
                let (high, low) = (high.max(seen.high), low.min(seen.low));
                Phase::Base { rally, past, length, high, low }
            }
        }
    }
}
