//! Portfolio margin: the largest loss over a range of prices of the underlying.
//!
//! FINRA Rule 4210(g) and Cboe Rule 10.4 take the valuation points of the Options Clearing
//! Corporation's Theoretical Intermarket Margin System: ten, at equal steps on each side.

use serde::{Deserialize, Serialize};

use crate::strategy::{Instrument, Moment, Strategy};
use crate::{Error, positive};

/// How far the underlying is moved, as shares of its price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Range {
    /// A broad index of high capitalisation: 8 % down, 6 % up (Rule 4210(g)(2)(F)).
    HighCapitalisationIndex,
    /// Another broad index: 10 % either way.
    BroadIndex,
    /// Shares and all else: 15 % either way.
    Equity,
    /// What a broker's house asks, both above 0 and `down` below 1.
    House {
        /// Share down.
        down: f64,
        /// Share up.
        up: f64,
    },
}

impl Range {
    fn shares(self) -> Result<(f64, f64), Error> {
        let (down, up) = match self {
            Range::HighCapitalisationIndex => (0.08, 0.06),
            Range::BroadIndex => (0.10, 0.10),
            Range::Equity => (0.15, 0.15),
            Range::House { down, up } => (down, up),
        };
        positive("share up of a range", up)?;
        if !(down > 0.0 && down < 1.0) {
            let what = "share down of a range";
            return Err(Error::Value { what, value: down, allowed: "between 0 and 1" });
        }
        Ok((down, up))
    }
}

/// Points on each side of the current price.
const STEPS: i32 = 5;

/// Least requirement per unit of each option, long or short: 37.5 cents, or $37.50 for a contract
/// of a hundred (Rule 4210(g)(2)(G)).
const LEAST_PER_UNIT: f64 = 0.375;

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Prices of the underlying and the profit there against current prices, prices ascending.
    pub points: Vec<(f64, f64)>,
    /// The least that is asked, whatever the points say.
    pub least: f64,
    /// What is asked: the largest loss, or the least.
    pub required: f64,
}

/// Portfolio margin of a strategy whose legs' prices are the current ones. Options are valued at
/// `moment`, its spot moved, each at its own volatility.
///
/// # Errors
/// [`Error::Value`] for a range that is none, and those of [`Strategy::profit`].
pub fn required(
    strategy: &Strategy,
    moment: &Moment,
    volatility: &dyn Fn(f64, f64) -> f64,
    range: Range,
) -> Result<Scan, Error> {
    let (down, up) = range.shares()?;
    let steps = (-STEPS..=STEPS).filter(|step| *step != 0).map(|step| {
        let share = f64::from(step) / f64::from(STEPS);
        moment.spot * (1.0 + share * if step < 0 { down } else { up })
    });
    let at = |spot: f64| Ok((spot, strategy.profit(&Moment { spot, ..*moment }, volatility)?));
    let points = steps.map(at).collect::<Result<Vec<_>, Error>>()?;
    let least = strategy.legs().iter().map(|leg| match leg.instrument {
        Instrument::Option { .. } => leg.units().abs() * LEAST_PER_UNIT,
        _ => 0.0,
    });
    let least: f64 = least.sum();
    let required = points.iter().map(|point| -point.1).fold(least, f64::max);
    Ok(Scan { points, least, required })
}
