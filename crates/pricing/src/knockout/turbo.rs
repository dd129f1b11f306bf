//! One certificate: strike, barrier, ratio, and how a night changes them.

use market::Side;
use serde::{Deserialize, Serialize};

use crate::{Error, finite, not_negative, positive};

/// What the issuer asks for the strike it lends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Financing {
    /// Overnight rate a year, simple; may be negative, as the euro's was from 2014 to 2022.
    pub reference_rate: f64,
    /// The issuer's margin a year: added for a long, taken off for a short. Never negative.
    pub margin: f64,
    /// Days that make a year of interest: 360 for the euro and the dollar, 365 for sterling.
    pub year_days: f64,
}

/// Where the barrier stands when the strike moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarrierRule {
    /// At the strike, always: an open-end turbo. A touch leaves nothing.
    AtStrike,
    /// On the near side of the strike: a mini future. It stands still within a month and is set
    /// to strike × (1 ± `fraction`) when a month begins. A touch leaves about the buffer.
    Buffer {
        /// Distance from the strike when set, as a part of the strike.
        fraction: f64,
    },
}

/// What does not change in a certificate's life.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Long gains from a rise.
    pub side: Side,
    /// Units of the index in one certificate; 0.01 is also written 100:1.
    pub ratio: f64,
    /// What a night costs.
    pub financing: Financing,
    /// How the barrier follows the strike.
    pub rule: BarrierRule,
}

/// Whether a month begins with the day after a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthTurn {
    /// The month goes on.
    #[default]
    Within,
    /// A month begins: barriers with a buffer are set anew.
    Begins,
}

/// A living certificate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Turbo {
    terms: Terms,
    strike: f64,
    barrier: f64,
}

/// A certificate as it was written down, not yet checked.
#[derive(Deserialize)]
struct Written {
    terms: Terms,
    strike: f64,
    barrier: f64,
}

impl TryFrom<Written> for Turbo {
    type Error = Error;
    fn try_from(written: Written) -> Result<Turbo, Error> {
        Turbo::new(written.terms, written.strike, written.barrier)
    }
}

/// The issuer's two prices of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The holder sells here; never below zero.
    pub bid: f64,
    /// The holder buys here.
    pub ask: f64,
}

impl Terms {
    /// Refuses a ratio or a rate that no certificate has.
    pub fn check(&self) -> Result<(), Error> {
        positive("ratio", self.ratio)?;
        finite("reference rate", self.financing.reference_rate)?;
        not_negative("financing margin", self.financing.margin)?;
        positive("days of a year", self.financing.year_days)?;
        if let BarrierRule::Buffer { fraction } = self.rule {
            positive("buffer", fraction)?;
            below_one("buffer", fraction)?;
        }
        Ok(())
    }

    /// By what part of itself the strike grows a day: (rate ± margin) / days of a year.
    pub fn growth_per_day(&self) -> f64 {
        let Financing { reference_rate, margin, year_days } = self.financing;
        (reference_rate + self.side.sign() * margin) / year_days
    }
}

impl Turbo {
    /// A certificate as its issuer lists it.
    ///
    /// Refused: terms that no certificate has, a strike or barrier that is not positive, and a
    /// strike beyond its barrier, which would leave the holder a debt at the touch.
    pub fn new(terms: Terms, strike: f64, barrier: f64) -> Result<Turbo, Error> {
        terms.check()?;
        positive("strike", strike)?;
        positive("barrier", barrier)?;
        let room = terms.side.sign() * (barrier - strike);
        let (fits, allowed) = match (terms.rule, terms.side) {
            (BarrierRule::AtStrike, _) => (room == 0.0, "equal to the strike, as the terms say"),
            (BarrierRule::Buffer { .. }, Side::Long) => (room >= 0.0, "at or above the strike"),
            (BarrierRule::Buffer { .. }, Side::Short) => (room >= 0.0, "at or below the strike"),
        };
        if fits {
            Ok(Turbo { terms, strike, barrier })
        } else {
            Err(Error::Value { what: "barrier", value: barrier, allowed })
        }
    }

    /// The certificate whose barrier lies `distance` of the spot away: 0.02 is 2 %.
    pub fn at_distance(terms: Terms, spot: f64, distance: f64) -> Result<Turbo, Error> {
        terms.check()?;
        positive("spot", spot)?;
        positive("distance of the barrier", distance)?;
        if terms.side == Side::Long {
            below_one("distance of the barrier", distance)?;
        }
        let barrier = spot * (1.0 - terms.side.sign() * distance);
        let strike = match terms.rule {
            BarrierRule::AtStrike => barrier,
            BarrierRule::Buffer { fraction } => barrier / (1.0 + terms.side.sign() * fraction),
        };
        Turbo::new(terms, strike, barrier)
    }

    /// What does not change.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The financing level.
    pub fn strike(&self) -> f64 {
        self.strike
    }

    /// The level that kills.
    pub fn barrier(&self) -> f64 {
        self.barrier
    }

    /// True when the index has reached the barrier, or gone beyond.
    #[inline]
    pub fn is_touched_by(&self, index: f64) -> bool {
        self.terms.side.sign() * (index - self.barrier) <= 0.0
    }

    /// What one certificate holds at a level of the index: the distance to the strike × ratio,
    /// never below zero. Also what is left after a knock-out, at the level where the issuer
    /// unwound its hedge: behind a gap that is less than the barrier promised, or nothing.
    #[inline]
    pub fn intrinsic(&self, index: f64) -> f64 {
        (self.terms.side.sign() * (index - self.strike)).max(0.0) * self.terms.ratio
    }

    /// The level of the index at which one certificate holds `intrinsic`.
    pub fn index_at(&self, intrinsic: f64) -> f64 {
        self.strike + self.terms.side.sign() * intrinsic / self.terms.ratio
    }

    /// The issuer's prices around the intrinsic value, with a spread in points of the index.
    /// Refused where the index has touched the barrier: a dead certificate has no quote.
    pub fn quote(&self, index: f64, spread_points: f64) -> Result<Quote, Error> {
        self.check_alive(index)?;
        not_negative("spread", spread_points)?;
        let (fair, half) = (self.intrinsic(index), 0.5 * spread_points * self.terms.ratio);
        Ok(Quote { bid: (fair - half).max(0.0), ask: fair + half })
    }

    /// By how many percent the fair value moves when the index moves by one: index ÷ distance to
    /// the strike, exact for any move that does not touch the barrier.
    pub fn leverage(&self, index: f64) -> Result<f64, Error> {
        self.check_alive(index)?;
        Ok(self.terms.ratio * index / self.intrinsic(index))
    }

    /// The distance of the index from the barrier, as a part of the index.
    pub fn distance(&self, index: f64) -> f64 {
        self.terms.side.sign() * (index - self.barrier) / index
    }

    /// The certificate after a night of so many calendar days; Friday to Monday has three.
    ///
    /// The strike earns simple interest over these days, so three nights cost slightly more than
    /// one night of three days. Refused where interest would eat the strike.
    pub fn after_night(&self, days: u32, turn: MonthTurn) -> Result<Turbo, Error> {
        let factor = 1.0 + self.terms.growth_per_day() * f64::from(days);
        positive("growth of the strike", factor)?;
        let (strike, sign) = (self.strike * factor, self.terms.side.sign());
        let barrier = match (self.terms.rule, turn) {
            (BarrierRule::AtStrike, _) => strike,
            (BarrierRule::Buffer { fraction }, MonthTurn::Begins) => {
                strike * (1.0 + sign * fraction)
            }
            // A strike that caught up takes its barrier along: beyond it there would be a debt.
            (BarrierRule::Buffer { .. }, MonthTurn::Within) => {
                sign * (sign * self.barrier).max(sign * strike)
            }
        };
        Ok(Turbo { strike, barrier, ..*self })
    }

    pub(super) fn check_alive(&self, index: f64) -> Result<(), Error> {
        positive("index", index)?;
        if !self.is_touched_by(index) {
            return Ok(());
        }
        let allowed = match self.terms.side {
            Side::Long => "above the barrier",
            Side::Short => "below the barrier",
        };
        Err(Error::Value { what: "index", value: index, allowed })
    }
}

fn below_one(what: &'static str, value: f64) -> Result<(), Error> {
    if value < 1.0 { Ok(()) } else { Err(Error::Value { what, value, allowed: "below 1" }) }
}
