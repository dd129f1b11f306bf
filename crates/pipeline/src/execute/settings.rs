//! What is to be worked, how, and over which stretches of a recording.

use base::{Span, Ts};
use desk::execution::{AlmgrenChriss, Bounds, Pace, Parent, Style, TapeOf, VolumeProfile};
use market::depth::{BookSide, Lots, Ticks};
use market::{InstrumentId, Side};
use serde::Serialize;
use sim::replay::Rules;

use crate::Error;

/// Steps of an Almgren-Chriss trajectory.
const INTERVALS: u32 = 60;
/// Children refused in a row until a parent stops itself.
const REJECTS: u32 = 5;
/// Most urgency: beyond it the whole order goes within a thousandth of the time.
const MOST_URGENCY: f64 = 500.0;

/// Which way the parents trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// All buy.
    Buy,
    /// All sell.
    Sell,
    /// The first buys, the next sells, and so on: the market's drift then cancels out in part.
    Alternate,
}

/// Worst price of the children.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Any.
    None,
    /// A price.
    At(Ticks),
    /// So many basis points worse than the middle that each parent knew at its start.
    Bps(f64),
}

/// Where the urgency of an Almgren-Chriss trajectory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// κT itself: how many times over e the holdings would fall; 0 is TWAP.
    Urgency(f64),
    /// From a dislike of variance and a market.
    Market {
        /// λ, per unit of money.
        aversion: f64,
        /// σ, in price over the square root of a second.
        volatility: f64,
        /// η, in price for one unit a second.
        temporary: f64,
    },
}

/// How much shall be done by when.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "pace")]
pub enum PaceChoice {
    /// In proportion to time.
    Twap,
    /// In proportion to an expected volume. The recording's own volume is not used: it was not
    /// known before it had been traded.
    Vwap {
        /// Shares of volume in equal steps from the first start to the last end; `None`: the U
        /// that is assumed where nothing is known.
        volumes: Option<Vec<f64>>,
    },
    /// In proportion to the volume that others traded so far.
    Pov {
        /// Our part of all volume.
        rate: f64,
        /// Largest part of the volume since the child before.
        catch_up: f64,
    },
    /// Early, as a dislike of variance has it.
    AlmgrenChriss {
        /// How early.
        risk: Risk,
    },
}

/// What is to be worked, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Which way.
    pub side: Sides,
    /// Size of each parent.
    pub size: Lots,
    /// First moment; the first whole book when left out.
    pub from: Option<Ts>,
    /// Last moment; the recording's when left out.
    pub to: Option<Ts>,
    /// How many parents, spread evenly.
    pub parents: u32,
    /// Time each is worked for; four fifths of its share of the recording when left out.
    pub length: Option<Span>,
    /// Paces; the first is what the others are measured against.
    pub paces: Vec<PaceChoice>,
    /// How children are priced.
    pub posture: Posture,
    /// How long a child may rest; half the time of a slice when left out.
    pub patience: Option<Span>,
    /// A child is no smaller than the parent divided by this.
    pub slices: u32,
    /// Largest child.
    pub largest_child: Option<Lots>,
    /// Worst price.
    pub limit: Limit,
    /// Largest part of the volume since the start that we may be.
    pub participation: Option<f64>,
    /// So long before the end all that is left takes; when left out a twentieth of the time, and
    /// nothing for POV, whose part of the volume it would break.
    pub finish: Option<Span>,
    /// How often a worker looks.
    pub every: Span,
    /// How long after the end a price counts as what stayed; a quarter of the time, at most a
    /// minute, when left out.
    pub reversion: Option<Span>,
    /// Assumptions of the replay.
    pub rules: Rules,
}

/// How children are priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Posture {
    /// They take at once.
    Aggressive,
    /// They wait first, then take.
    PassiveFirst,
}

/// A stretch of time in which one parent is worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Number of the parent, from 1.
    pub number: u32,
    /// When it begins.
    pub start: Ts,
    /// When it must be over.
    pub end: Ts,
}

pub(super) fn refuse<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::SetExecution { what: what.into() })
}

impl PaceChoice {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            PaceChoice::Twap => "TWAP",
            PaceChoice::Vwap { .. } => "VWAP",
            PaceChoice::Pov { .. } => "POV",
            PaceChoice::AlmgrenChriss { .. } => "Almgren-Chriss",
        }
    }

    fn pace(&self, slot: Slot, whole: (Ts, Ts)) -> Result<Pace, Error> {
        Ok(match self {
            PaceChoice::Twap => Pace::Twap,
            PaceChoice::Vwap { volumes } => Pace::Vwap { profile: profile(volumes, whole)? },
            PaceChoice::Pov { rate, catch_up } => Pace::Pov { rate: *rate, catch_up: *catch_up },
            PaceChoice::AlmgrenChriss { risk } => {
                Pace::AlmgrenChriss { plan: risk.plan((slot.end - slot.start).seconds())? }
            }
        })
    }
}

fn profile(volumes: &Option<Vec<f64>>, whole: (Ts, Ts)) -> Result<VolumeProfile, Error> {
    let (from, to) = whole;
    let found = match volumes {
        None => VolumeProfile::assumed(from, to),
        Some(volumes) => {
            // Rounded up, so that the last step reaches the end.
            let steps = volumes.len().max(1) as i64;
            let step = Span::from_nanos((to - from).nanos() / steps + 1);
            VolumeProfile::new(from, step, volumes)
        }
    };
    found.map_err(Error::WorkParent)
}

impl Risk {
    /// A plan with this urgency over so many seconds. Only its shape counts.
    fn plan(self, seconds: f64) -> Result<AlmgrenChriss, Error> {
        let plan = AlmgrenChriss {
            qty: 1.0,
            horizon: seconds,
            intervals: INTERVALS,
            volatility: 1.0,
            permanent: 0.0,
            temporary: 1.0,
            fixed: 0.0,
            risk_aversion: 0.0,
        };
        match self {
            Risk::Urgency(urgency) if !(0.0..=MOST_URGENCY).contains(&urgency) => refuse(format!(
                "an urgency of {urgency}; give one from 0, which is TWAP, to {MOST_URGENCY}"
            )),
            // κ̃ = √λ where σ = η = 1, and κ̃τ = 2 sinh(κτ ÷ 2): equations 15 and 16 backwards.
            Risk::Urgency(urgency) => {
                let steps = f64::from(INTERVALS);
                let tilde = 2.0 * (urgency / steps / 2.0).sinh() / (seconds / steps);
                Ok(AlmgrenChriss { risk_aversion: tilde * tilde, ..plan })
            }
            Risk::Market { aversion, volatility, temporary } => {
                Ok(AlmgrenChriss { risk_aversion: aversion, volatility, temporary, ..plan })
            }
        }
    }
}

impl Settings {
    /// The stretches, for a recording with whole books from a first to a last moment.
    pub(super) fn slots(&self, whole: (Ts, Ts)) -> Result<Vec<Slot>, Error> {
        let (from, to) = (self.from.unwrap_or(whole.0), self.to.unwrap_or(whole.1));
        if from < whole.0 || to > whole.1 || from >= to {
            return refuse(format!(
                "from {from} to {to}: the recording has whole books from {} to {}; give a start \
                 and a later end within",
                whole.0, whole.1
            ));
        }
        if self.parents == 0 || self.slices == 0 {
            return refuse("no parents, or no slices; give at least one");
        }
        let share = Span::from_nanos((to - from).nanos() / i64::from(self.parents));
        let length = self.length.unwrap_or(Span::from_nanos(share.nanos() / 5 * 4));
        let slot = |at: u32| {
            let start = from + Span::from_nanos(share.nanos() * i64::from(at));
            Slot { number: at + 1, start, end: start + length }
        };
        let least = self.rules.to_venue.of(from, 0).max(self.every);
        if length > share || length <= least {
            return refuse(format!(
                "{} parents of {} s in {:.3} s: each has {:.3} s, and needs more than the {} s \
                 that an order travels or a worker waits; give fewer parents, or another --over-s",
                self.parents,
                length.seconds(),
                (to - from).seconds(),
                share.seconds(),
                least.seconds()
            ));
        }
        if self.every <= Span::ZERO {
            return refuse("a worker that looks without a pause; give --every-ms above zero");
        }
        Ok((0..self.parents).map(slot).collect())
    }

    /// What one parent of a pace is told, for the best prices known at its start.
    pub(super) fn parent(
        &self,
        choice: &PaceChoice,
        slot: Slot,
        whole: (Ts, Ts),
        best: (Ticks, Ticks),
    ) -> Result<Parent, Error> {
        let side = self.side_of(slot);
        let length = slot.end - slot.start;
        let slice = Span::from_nanos(length.nanos() / i64::from(self.slices));
        let half = Span::from_nanos(slice.nanos() / 2).max(self.every);
        let patience = self.patience.unwrap_or(half);
        let parent = Parent {
            id: format!("{} {}", choice.name(), slot.number),
            instrument: InstrumentId(0),
            side,
            size: self.size,
            start: slot.start,
            end: slot.end,
            pace: choice.pace(slot, whole)?,
            style: match self.posture {
                Posture::Aggressive => Style::Aggressive { patience },
                Posture::PassiveFirst => Style::PassiveFirst { patience },
            },
            bounds: Bounds {
                limit: self.limit_of(side, best),
                participation: self.participation,
                tape: TapeOf::Others,
                least_child: self.least_child(),
                largest_child: self.largest_child,
                finish: self.finish_of(choice, length),
                rejects: REJECTS,
            },
        };
        parent.check().map_err(Error::WorkParent)?;
        Ok(parent)
    }

    /// Smallest child: a slice, rounded up; no larger than the largest.
    pub(super) fn least_child(&self) -> Lots {
        let slices = i64::from(self.slices);
        let slice = Lots((self.size.0.max(0) + slices - 1) / slices);
        self.largest_child.map_or(slice, |largest| slice.min(largest))
    }

    pub(super) fn side_of(&self, slot: Slot) -> Side {
        match self.side {
            Sides::Buy => Side::Long,
            Sides::Sell => Side::Short,
            Sides::Alternate if slot.number % 2 == 1 => Side::Long,
            Sides::Alternate => Side::Short,
        }
    }

    fn finish_of(&self, choice: &PaceChoice, length: Span) -> Option<Span> {
        match (self.finish, choice) {
            (Some(finish), _) => (finish > Span::ZERO).then_some(finish),
            (None, PaceChoice::Pov { .. }) => None,
            (None, _) => Some(Span::from_nanos(length.nanos() / 20)),
        }
    }

    /// The worst price in ticks, rounded to the careful side.
    fn limit_of(&self, side: Side, best: (Ticks, Ticks)) -> Option<Ticks> {
        let middle = (best.0.0 + best.1.0) as f64 / 2.0;
        match (self.limit, BookSide::from(side)) {
            (Limit::None, _) => None,
            (Limit::At(price), _) => Some(price),
            (Limit::Bps(bps), BookSide::Bid) => {
                Some(Ticks((middle * (1.0 + bps / 1e4)).floor() as i64))
            }
            (Limit::Bps(bps), BookSide::Ask) => {
                Some(Ticks((middle * (1.0 - bps / 1e4)).ceil() as i64))
            }
        }
    }

    /// How long after the end a price counts as what stayed.
    pub(super) fn reversion_of(&self, slot: Slot) -> Span {
        let quarter = Span::from_nanos((slot.end - slot.start).nanos() / 4);
        self.reversion.unwrap_or(quarter.min(Span::from_seconds(60)))
    }
}
