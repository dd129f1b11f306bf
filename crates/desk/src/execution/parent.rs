//! A parent order: what is to be traded, by when, how, and within which limits.

use base::{Span, Ts};
use market::depth::{Lots, Ticks};
use market::{InstrumentId, Side};
use serde::{Deserialize, Serialize};

use super::{AlmgrenChriss, VolumeProfile};
use crate::Error;

/// What is to be traded over a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    /// Unique name; the names of its children derive from it.
    pub id: String,
    /// What.
    pub instrument: InstrumentId,
    /// Buys or sells.
    pub side: Side,
    /// How much.
    pub size: Lots,
    /// When it may begin.
    pub start: Ts,
    /// When it must be over: no child is sent from then on, and open ones are taken back.
    pub end: Ts,
    /// The pace.
    pub pace: Pace,
    /// How children are priced.
    pub style: Style,
    /// What it may never do.
    pub bounds: Bounds,
}

/// How much shall be done by when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "algorithm")]
pub enum Pace {
    /// In proportion to time.
    Twap,
    /// In proportion to the volume that a profile expects.
    Vwap {
        /// The session's profile.
        profile: VolumeProfile,
    },
    /// In proportion to the volume that is traded, up to now, since the start.
    Pov {
        /// Our part of all volume, ours included: above 0, below 1.
        rate: f64,
        /// After volume was missed, a child may be as large as this part of what has traded since
        /// the child before; at least `rate`. Equal to it, nothing is ever caught up quickly.
        catch_up: f64,
    },
    /// Along the trajectory that is best for its dislike of variance; between the ends of its
    /// intervals in a straight line. Its `qty` and `horizon` are taken as shape only.
    AlmgrenChriss {
        /// The market and the order.
        plan: AlmgrenChriss,
    },
}

/// How children are priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "style")]
pub enum Style {
    /// At the other side's best price, at once. What is left of a child after `patience` is taken
    /// back and sent anew.
    Aggressive {
        /// How long a child may rest.
        patience: Span,
    },
    /// At our side's best price as it is when the child is sent; after `patience` the child is
    /// taken back, and what is left goes at the other side's best price. The next slice begins
    /// passively again.
    PassiveFirst {
        /// How long a child may rest.
        patience: Span,
    },
}

impl Style {
    /// How long a child may rest.
    pub const fn patience(self) -> Span {
        match self {
            Style::Aggressive { patience } | Style::PassiveFirst { patience } => patience,
        }
    }
}

/// What a parent may never do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Worst price of any child.
    pub limit: Option<Ticks>,
    /// Largest part of the volume since the start that we may be, ours included.
    pub participation: Option<f64>,
    /// Whether the tape we are shown has our own trades in it.
    pub tape: TapeOf,
    /// Smallest child; only the very last one, for what is left of the parent, may be smaller.
    pub least_child: Lots,
    /// Largest child.
    pub largest_child: Option<Lots>,
    /// So long before the end all that is left goes at the other side's best price, whatever the
    /// pace; price limit and participation still hold.
    pub finish: Option<Span>,
    /// Children refused in a row until the parent stops itself.
    pub rejects: u32,
}

/// Whose trades a tape shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapeOf {
    /// Everyone's, ours too: a live feed.
    All,
    /// Everyone's but ours: a recording.
    Others,
}

impl Bounds {
    /// No limits but one lot a child and five refusals in a row, on a tape that shows our trades.
    pub const fn loose() -> Bounds {
        Bounds {
            limit: None,
            participation: None,
            tape: TapeOf::All,
            least_child: Lots(1),
            largest_child: None,
            finish: None,
            rejects: 5,
        }
    }
}

impl Parent {
    /// Refuses a parent that can't be worked, with the reason.
    pub fn check(&self) -> Result<(), Error> {
        let fault = |fault: &str| Err(self.refuse(fault));
        let part = |value: f64| value > 0.0 && value < 1.0;
        let bounds = &self.bounds;
        if self.size.0 <= 0 {
            return fault("its size is not positive");
        }
        if self.end <= self.start {
            return fault("it ends before it starts");
        }
        if bounds.least_child.0 <= 0 {
            return fault("its smallest child is not positive");
        }
        if bounds.largest_child.is_some_and(|largest| largest < bounds.least_child) {
            return fault("its largest child is smaller than its smallest");
        }
        if bounds.participation.is_some_and(|most| !part(most)) {
            return fault("its participation is not between 0 and 1");
        }
        if bounds.finish.is_some_and(|finish| finish < Span::ZERO) {
            return fault("it would finish after its end");
        }
        if self.style.patience() <= Span::ZERO {
            return fault("its children have no time to rest");
        }
        match &self.pace {
            Pace::Pov { rate, .. } if !part(*rate) => {
                fault("its rate of volume is not between 0 and 1")
            }
            Pace::Pov { rate, catch_up } if !(part(*catch_up) && catch_up >= rate) => {
                fault("its catch-up is not between its rate and 1")
            }
            Pace::Vwap { profile }
                if profile.share_by(self.end) <= profile.share_by(self.start) =>
            {
                fault("its profile expects no volume between its start and its end")
            }
            Pace::AlmgrenChriss { plan } => plan.trajectory().map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The error of this parent.
    pub(super) fn refuse(&self, fault: &str) -> Error {
        Error::WorkParent { parent: self.id.clone(), fault: fault.to_owned() }
    }

    /// Lots that shall be done by a moment, for the lots that others have traded since the start.
    pub fn target(&self, at: Ts, others: Lots) -> Result<Lots, Error> {
        if at >= self.end {
            return Ok(self.size);
        }
        if at <= self.start {
            return Ok(Lots::ZERO);
        }
        let part = match &self.pace {
            Pace::Twap => self.elapsed(at),
            Pace::Vwap { profile } => {
                let [from, now, to] = [self.start, at, self.end].map(|ts| profile.share_by(ts));
                (now - from) / (to - from)
            }
            Pace::Pov { rate, .. } => return Ok(Lots(ours_of(*rate, others)).min(self.size)),
            Pace::AlmgrenChriss { plan } => plan.done_by(self.elapsed(at))?,
        };
        Ok(Lots((part * self.size.0 as f64).floor() as i64).min(self.size))
    }

    fn elapsed(&self, at: Ts) -> f64 {
        (at - self.start).nanos() as f64 / (self.end - self.start).nanos() as f64
    }
}

/// The lots of ours that are a part of all, for so many of others.
pub(super) fn ours_of(part: f64, others: Lots) -> i64 {
    (part / (1.0 - part) * others.0 as f64).floor() as i64
}
