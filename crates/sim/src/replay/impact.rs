//! Our own footprint: what we took is gone, and comes back only with time.
//!
//! A recording does not know of our orders: it shows the size that we have taken as if it still
//! stood there. So that nobody takes the same lot twice, what was taken is remembered by price
//! and subtracted from what the recording shows, and it fades: others refill the book. The
//! refill is exponential, after Obizhaeva and Wang, "Optimal trading strategy and supply/demand
//! dynamics", Journal of Financial Markets 16 (2013), section 3; the half-life is assumed, and
//! stated in every result.

use base::{Span, Ts};
use market::depth::{Lots, Ticks};
use serde::{Deserialize, Serialize};

/// How fast the book heals where we took from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum Impact {
    /// Half of what was taken is back after the half-life.
    Heals {
        /// The half-life.
        half_life: Span,
    },
    /// What was taken never comes back at that price. The most pessimistic.
    Stays,
    /// Our orders leave no trace: the same lot may be taken again and again. For comparisons
    /// with programs that assume it.
    Nothing,
}

impl Default for Impact {
    /// A book that is half healed after a second.
    fn default() -> Impact {
        Impact::Heals { half_life: Span::from_seconds(1) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Hole {
    price: Ticks,
    lots: f64,
    at: Ts,
}

/// What we took from one side of the book and what has come back since.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    impact: Impact,
    holes: Vec<Hole>,
}

impl Footprint {
    /// No footprint yet.
    pub const fn new(impact: Impact) -> Footprint {
        Footprint { impact, holes: Vec::new() }
    }

    /// True where nothing of ours is missing anywhere.
    pub const fn is_empty(&self) -> bool {
        self.holes.is_empty()
    }

    /// What is left to take at a price where the recording shows so much.
    pub fn left(&self, price: Ticks, shown: Lots, now: Ts) -> Lots {
        let Some(hole) = self.holes.iter().find(|hole| hole.price == price) else {
            return shown;
        };
        Lots((shown.0 - self.open(hole, now).round() as i64).max(0))
    }

    /// We took so much at a price.
    pub fn take(&mut self, price: Ticks, size: Lots, now: Ts) {
        if self.impact == Impact::Nothing {
            return;
        }
        self.forget_healed(now);
        match self.holes.iter().position(|hole| hole.price == price) {
            Some(at) => {
                let open = self.open(&self.holes[at], now);
                self.holes[at] = Hole { price, lots: open + size.0 as f64, at: now };
            }
            None => self.holes.push(Hole { price, lots: size.0 as f64, at: now }),
        }
    }

    /// The recording shows the level without anything: what stands there later is new.
    pub fn level_gone(&mut self, price: Ticks) {
        self.holes.retain(|hole| hole.price != price);
    }

    /// The book is built anew.
    pub fn clear(&mut self) {
        self.holes.clear();
    }

    fn open(&self, hole: &Hole, now: Ts) -> f64 {
        let Impact::Heals { half_life } = self.impact else {
            return hole.lots;
        };
        let lives = (now - hole.at).nanos() as f64 / half_life.nanos().max(1) as f64;
        hole.lots * (-lives).exp2()
    }

    fn forget_healed(&mut self, now: Ts) {
        let mut holes = std::mem::take(&mut self.holes);
        holes.retain(|hole| self.open(hole, now) >= 0.5);
        self.holes = holes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Ts {
        Ts::from_seconds(seconds)
    }

    #[test]
    fn half_of_what_was_taken_is_back_after_the_half_life() {
        let half_life = Span::from_seconds(2);
        let mut footprint = Footprint::new(Impact::Heals { half_life });
        footprint.take(Ticks(5), Lots(40), seconds(0));
        assert_eq!(footprint.left(Ticks(5), Lots(100), seconds(0)), Lots(60));
        assert_eq!(footprint.left(Ticks(5), Lots(100), seconds(2)), Lots(80));
        assert_eq!(footprint.left(Ticks(5), Lots(100), seconds(4)), Lots(90));
        assert_eq!(footprint.left(Ticks(6), Lots(100), seconds(0)), Lots(100));
    }

    #[test]
    fn a_lot_is_taken_once() {
        let mut footprint = Footprint::new(Impact::Stays);
        footprint.take(Ticks(5), Lots(70), seconds(0));
        footprint.take(Ticks(5), Lots(30), seconds(9));
        assert_eq!(footprint.left(Ticks(5), Lots(100), seconds(1_000)), Lots(0));
    }

    #[test]
    fn a_level_that_was_gone_comes_back_whole() {
        let mut footprint = Footprint::new(Impact::Stays);
        footprint.take(Ticks(5), Lots(70), seconds(0));
        footprint.level_gone(Ticks(5));
        assert_eq!(footprint.left(Ticks(5), Lots(10), seconds(1)), Lots(10));
    }

    #[test]
    fn without_impact_nothing_is_remembered() {
        let mut footprint = Footprint::new(Impact::Nothing);
        footprint.take(Ticks(5), Lots(70), seconds(0));
        assert_eq!(footprint.left(Ticks(5), Lots(100), seconds(0)), Lots(100));
    }
}
