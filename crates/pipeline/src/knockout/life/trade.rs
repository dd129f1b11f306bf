//! One certificate from its purchase to its end, and where its money went.

use base::Ts;
use market::{Price, Side};
use pricing::knockout::Turbo;
use serde::Serialize;
use sim::knockout::{Proof, Rule};

use super::chance::Chance;
use super::meter::Weather;
use super::rule::Start;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Sold by the rule.
    Sold,
    /// Died.
    KnockedOut,
    /// Still held when the bars ended.
    Open,
}

/// Where the money of a certificate went, all pieces together. Gains less costs are the result.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Split {
    /// What the way of the index brought, up to the barrier where it died.
    pub index: f64,
    /// Paid to the issuer beyond the intrinsic value, at purchase and sale; its step included.
    pub spread: f64,
    /// Interest on the strike; negative is earned.
    pub financing: f64,
    /// Lost beyond the barrier because the index leapt over it.
    pub leapt: f64,
    /// Lost beyond the barrier inside the bar that touched it, by where the issuer unwound.
    pub slid: f64,
    /// The broker's.
    pub fees: f64,
}

impl Split {
    /// The result.
    pub fn result(&self) -> f64 {
        self.index - self.costs()
    }

    /// All but the index.
    pub fn costs(&self) -> f64 {
        self.spread + self.financing + self.leapt + self.slid + self.fees
    }

    /// The parts that cost, with their names.
    pub fn parts(&self) -> [(&'static str, f64); 5] {
        [
            ("spread", self.spread),
            ("financing", self.financing),
            ("leapt over the barrier", self.leapt),
            ("slid beyond the barrier", self.slid),
            ("fees", self.fees),
        ]
    }
}

/// A purchase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bought {
    /// Number of the print in which it was filled.
    pub print: usize,
    /// When.
    pub at: Ts,
    /// The certificate then.
    pub turbo: Turbo,
    /// The index then.
    pub index: f64,
    /// Pieces.
    pub pieces: i64,
    /// Paid for one.
    pub paid: Price,
    /// What was expected of the index.
    pub weather: Weather,
    /// Local day and part of the session.
    pub start: Start,
    /// Sessions begun so far.
    pub session: u32,
    /// What the fill rests on.
    pub proof: Proof,
}

/// An end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Closed {
    /// When.
    pub at: Ts,
    /// The certificate then.
    pub turbo: Turbo,
    /// The index at which it was sold, or at which the issuer unwound.
    pub index: f64,
    /// Received for one.
    pub received: Price,
    /// What it rests on.
    pub proof: Proof,
}

/// One certificate that was held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trade {
    /// Counted from one.
    pub number: usize,
    /// Its purchase.
    pub bought: Bought,
    /// Its end; `None` where it is still held.
    pub closed: Option<Closed>,
    /// How it ended.
    pub ended: Ended,
    /// Where its money went; of one still held nothing is said.
    pub split: Split,
    /// What was said of its death, and whether it came true.
    pub chance: Chance,
}

impl Trade {
    /// Long or short.
    pub fn side(&self) -> Side {
        self.bought.turbo.terms().side
    }

    /// Paid for all pieces.
    pub fn paid(&self) -> f64 {
        self.bought.paid.to_f64() * self.bought.pieces as f64
    }

    /// Return on what was paid; `None` while held.
    pub fn part(&self) -> Option<f64> {
        self.closed.map(|_| self.split.result() / self.paid())
    }

    /// True where the end was a leap over the barrier.
    pub fn leapt(&self) -> bool {
        self.closed.is_some_and(|closed| closed.proof.rule == Rule::BarrierGap)
    }
}

/// Splits the money of a certificate; the parts come out to the result exactly. `fees` are those
/// of all its fills.
pub(super) fn split(bought: &Bought, closed: &Closed, fees: f64) -> Split {
    let pieces = bought.pieces as f64;
    let terms = bought.turbo.terms();
    let units = terms.side.sign() * terms.ratio * pieces;
    let paid_over = bought.paid.to_f64() * pieces - bought.turbo.intrinsic(bought.index) * pieces;
    let financing = units * (closed.turbo.strike() - bought.turbo.strike());
    let received = closed.received.to_f64() * pieces;
    let mut split = Split { spread: paid_over, financing, fees, ..Split::default() };
    let leapt = closed.proof.rule == Rule::BarrierGap;
    if leapt || closed.proof.rule == Rule::BarrierTouched {
        let barrier = closed.turbo.barrier();
        split.index = units * (barrier - bought.index);
        let beyond = closed.turbo.intrinsic(barrier) * pieces - received;
        match leapt {
            true => split.leapt = beyond,
            false => split.slid = beyond,
        }
    } else {
        split.index = units * (closed.index - bought.index);
        split.spread += units * (closed.index - closed.turbo.strike()) - received;
    }
    split
}
