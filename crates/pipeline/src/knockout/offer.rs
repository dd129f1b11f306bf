//! What an issuer offers: the terms that all certificates of a run share.

use market::{Price, Side};
use pricing::knockout::{BarrierRule, Financing, Terms, Turbo};
use serde::Serialize;
use sim::knockout::{IssuerRules, SpreadRule};

use super::refuse;
use crate::Error;

/// The spread where none is given, as a part of the index.
const USUAL_SPREAD: f64 = 1e-4;
/// The most index that one certificate holds where no ratio is given, in money.
const USUAL_HOLDING: f64 = 250.0;

/// Terms of certificates as they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Kind {
    /// Units of the index in one certificate; chosen by the index when left out.
    pub ratio: Option<f64>,
    /// Interest on the strike.
    pub financing: Financing,
    /// Distance of the barrier from the strike, as a part of the strike; zero is an open-end turbo.
    pub buffer: f64,
    /// The issuer's spread in points of the index; a hundredth of a percent of it when left out.
    pub spread_points: Option<f64>,
    /// Step of the issuer's prices.
    pub tick: Price,
}

/// Terms of certificates on an index at some level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Offer {
    /// Units of the index in one certificate.
    pub ratio: f64,
    /// Interest on the strike.
    pub financing: Financing,
    /// How the barrier follows the strike.
    pub rule: BarrierRule,
    /// The issuer's spread in points of the index.
    pub spread_points: f64,
    /// Step of the issuer's prices.
    pub tick: Price,
}

/// One certificate as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Asked {
    /// Long gains from a rise.
    pub side: Side,
    /// The index now.
    pub index: f64,
    /// Where it stands.
    pub level: Level,
}

/// Where a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// By its strike, and by its barrier where that is another.
    Strike {
        /// The financing level.
        strike: f64,
        /// The level that kills; the strike when left out.
        barrier: Option<f64>,
    },
    /// By the distance of its barrier, as a part of the index.
    Distance(f64),
}

impl Kind {
    /// The terms on an index at this level.
    pub fn on(&self, index: f64) -> Result<Offer, Error> {
        if !(index > 0.0 && index < 1e9) {
            return refuse(format!("an index at {index}; give a level above 0"));
        }
        if self.tick <= Price::ZERO {
            return refuse(format!("a step of prices of {}; give one above 0", self.tick));
        }
        if !(0.0..1.0).contains(&self.buffer) {
            return refuse("a buffer outside 0 to 100 percent of the strike");
        }
        let usual = [1.0, 0.1].into_iter().find(|ratio| ratio * index <= USUAL_HOLDING);
        Ok(Offer {
            ratio: self.ratio.unwrap_or(usual.unwrap_or(0.01)),
            financing: self.financing,
            rule: barrier_rule(self.buffer),
            spread_points: self.spread_points.unwrap_or(USUAL_SPREAD * index),
            tick: self.tick,
        })
    }
}

fn barrier_rule(buffer: f64) -> BarrierRule {
    match buffer > 0.0 {
        true => BarrierRule::Buffer { fraction: buffer },
        false => BarrierRule::AtStrike,
    }
}

impl Offer {
    /// The terms of one side.
    pub fn terms(&self, side: Side) -> Terms {
        Terms { side, ratio: self.ratio, financing: self.financing, rule: self.rule }
    }

    /// The issuer in Frankfurt with this spread and step.
    pub fn rules(&self) -> IssuerRules {
        let usual = IssuerRules::dax();
        let spread = SpreadRule { points: self.spread_points, ..usual.spread };
        IssuerRules { spread, tick: self.tick, ..usual }
    }

    /// The certificate that was asked for.
    pub fn turbo(&self, asked: &Asked) -> Result<Turbo, Error> {
        let terms = self.terms(asked.side);
        let found = match asked.level {
            Level::Distance(distance) => Turbo::at_distance(terms, asked.index, distance),
            Level::Strike { strike, barrier } => {
                let barrier = barrier.unwrap_or(strike);
                let rule = barrier_rule((barrier / strike - 1.0).abs());
                Turbo::new(Terms { rule, ..terms }, strike, barrier)
            }
        };
        found.map_err(Error::ValueKnockOut)
    }

    /// The issuer's bid and ask of one certificate in quiet hours, on its step.
    pub fn prices(&self, turbo: &Turbo, index: f64) -> Result<(Price, Price), Error> {
        // Refused here where the certificate is dead, or the spread no spread.
        turbo.quote(index, self.spread_points).map_err(Error::ValueKnockOut)?;
        let rules = self.rules();
        let bid = rules.bid(turbo, index, self.spread_points).map_err(Error::HoldKnockOut)?;
        let ask = rules.ask(turbo, index, self.spread_points).map_err(Error::HoldKnockOut)?;
        Ok((bid, ask))
    }
}
