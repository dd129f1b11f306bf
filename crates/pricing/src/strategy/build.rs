//! The usual strategies. Each is opened once per `lot.quantity`; a negative quantity is the other
//! side of it. Strikes must ascend in the order of the parameters.

use serde::{Deserialize, Serialize};

use super::{Instrument, Leg, Strategy};
use crate::{Error, Right};

/// How much of a strategy, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lot {
    /// Contracts of each leg; negative for the other side.
    pub quantity: f64,
    /// Units of the underlying in one contract.
    pub multiplier: f64,
    /// Years to expiry.
    pub years: f64,
}

/// A strike, and the price per unit of its option.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Struck {
    /// The strike.
    pub strike: f64,
    /// What the option costs.
    pub price: f64,
}

/// The four spreads of two strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Vertical {
    /// The lower call bought, the higher sold: a debit, gains as the price rises.
    BullCall,
    /// The lower call sold, the higher bought: a credit, gains as the price falls.
    BearCall,
    /// The lower put bought, the higher sold: a credit, gains as the price rises.
    BullPut,
    /// The lower put sold, the higher bought: a debit, gains as the price falls.
    BearPut,
}

impl Lot {
    fn option(&self, right: Right, at: Struck, count: f64) -> Leg {
        let instrument = Instrument::Option { right, strike: at.strike, years: self.years };
        let quantity = count * self.quantity;
        Leg { instrument, quantity, multiplier: self.multiplier, price: at.price }
    }

    fn call(&self, at: Struck, count: f64) -> Leg {
        self.option(Right::Call, at, count)
    }

    fn put(&self, at: Struck, count: f64) -> Leg {
        self.option(Right::Put, at, count)
    }

    fn shares(&self, price: f64) -> Leg {
        let Lot { quantity, multiplier, .. } = *self;
        Leg { instrument: Instrument::Underlying, quantity, multiplier, price }
    }
}

fn ascending(strikes: &[Struck]) -> Result<(), Error> {
    match strikes.windows(2).find(|pair| pair[0].strike >= pair[1].strike) {
        Some(pair) => {
            let (what, value) = ("strike", pair[1].strike);
            Err(Error::Value { what, value, allowed: "above the strike before it" })
        }
        None => Ok(()),
    }
}

/// Two strikes of one right.
///
/// # Errors
/// [`Error::Value`] for strikes that do not ascend, or numbers no leg can have.
pub fn vertical(kind: Vertical, low: Struck, high: Struck, lot: Lot) -> Result<Strategy, Error> {
    ascending(&[low, high])?;
    let (right, count) = match kind {
        Vertical::BullCall => (Right::Call, 1.0),
        Vertical::BearCall => (Right::Call, -1.0),
        Vertical::BullPut => (Right::Put, 1.0),
        Vertical::BearPut => (Right::Put, -1.0),
    };
    Strategy::new(vec![lot.option(right, low, count), lot.option(right, high, -count)])
}

/// A put spread and a call spread sold: a credit, kept if the price ends between the inner
/// strikes. In order: put bought, put sold, call sold, call bought.
///
/// # Errors
/// As [`vertical`].
pub fn iron_condor(strikes: [Struck; 4], lot: Lot) -> Result<Strategy, Error> {
    ascending(&strikes)?;
    let [wing, put, call, far_wing] = strikes;
    let sold = [lot.put(put, -1.0), lot.call(call, -1.0)];
    Strategy::new(vec![lot.put(wing, 1.0), sold[0], sold[1], lot.call(far_wing, 1.0)])
}

/// An iron condor whose inner strikes are one: put bought, put and call sold, call bought.
///
/// # Errors
/// As [`vertical`]; also if put and call differ in strike.
pub fn iron_butterfly(strikes: [Struck; 4], lot: Lot) -> Result<Strategy, Error> {
    let [wing, put, call, far_wing] = strikes;
    ascending(&[wing, put])?;
    ascending(&[call, far_wing])?;
    same(put, call)?;
    let sold = [lot.put(put, -1.0), lot.call(call, -1.0)];
    Strategy::new(vec![lot.put(wing, 1.0), sold[0], sold[1], lot.call(far_wing, 1.0)])
}

fn same(one: Struck, other: Struck) -> Result<(), Error> {
    if one.strike == other.strike {
        return Ok(());
    }
    Err(Error::Value { what: "strike", value: other.strike, allowed: "that of the other leg" })
}

/// One low and one high strike bought, two of the middle sold. Wings of different width are
/// allowed.
///
/// # Errors
/// As [`vertical`].
pub fn butterfly(right: Right, strikes: [Struck; 3], lot: Lot) -> Result<Strategy, Error> {
    ascending(&strikes)?;
    let [low, middle, high] = strikes;
    let legs = [(low, 1.0), (middle, -2.0), (high, 1.0)];
    Strategy::new(legs.map(|(at, count)| lot.option(right, at, count)).to_vec())
}

/// Put and call of one strike bought.
///
/// # Errors
/// As [`vertical`]; also if put and call differ in strike.
pub fn straddle(put: Struck, call: Struck, lot: Lot) -> Result<Strategy, Error> {
    same(put, call)?;
    Strategy::new(vec![lot.put(put, 1.0), lot.call(call, 1.0)])
}

/// A put and a call of a higher strike bought.
///
/// # Errors
/// As [`vertical`].
pub fn strangle(put: Struck, call: Struck, lot: Lot) -> Result<Strategy, Error> {
    ascending(&[put, call])?;
    Strategy::new(vec![lot.put(put, 1.0), lot.call(call, 1.0)])
}

/// An option of one strike sold until `lot.years`, and bought until `far_years`.
///
/// # Errors
/// As [`diagonal`]; also if the strikes differ.
pub fn calendar(
    right: Right,
    near: Struck,
    far: Struck,
    far_years: f64,
    lot: Lot,
) -> Result<Strategy, Error> {
    same(near, far)?;
    diagonal(right, near, far, far_years, lot)
}

/// An option sold until `lot.years`, and another strike bought until `far_years`.
///
/// # Errors
/// [`Error::Value`] if the far expiry is not later, or for numbers no leg can have.
pub fn diagonal(
    right: Right,
    near: Struck,
    far: Struck,
    far_years: f64,
    lot: Lot,
) -> Result<Strategy, Error> {
    if far_years.is_nan() || far_years <= lot.years {
        let (what, allowed) = ("years to the far expiry", "above those of the near one");
        return Err(Error::Value { what, value: far_years, allowed });
    }
    let later = Lot { years: far_years, ..lot };
    Strategy::new(vec![lot.option(right, near, -1.0), later.option(right, far, 1.0)])
}

/// The underlying held, a call sold on it.
///
/// # Errors
/// [`Error::Value`] for numbers no leg can have.
pub fn covered_call(price: f64, call: Struck, lot: Lot) -> Result<Strategy, Error> {
    Strategy::new(vec![lot.shares(price), lot.call(call, -1.0)])
}

/// The underlying held, a put bought for it.
///
/// # Errors
/// As [`covered_call`].
pub fn protective_put(price: f64, put: Struck, lot: Lot) -> Result<Strategy, Error> {
    Strategy::new(vec![lot.shares(price), lot.put(put, 1.0)])
}

/// The underlying held, a put bought and a call of a higher strike sold.
///
/// # Errors
/// As [`vertical`].
pub fn collar(price: f64, put: Struck, call: Struck, lot: Lot) -> Result<Strategy, Error> {
    ascending(&[put, call])?;
    Strategy::new(vec![lot.shares(price), lot.put(put, 1.0), lot.call(call, -1.0)])
}

/// A put sold and a call of a higher strike bought: the underlying's rise for its fall.
///
/// # Errors
/// As [`vertical`].
pub fn risk_reversal(put: Struck, call: Struck, lot: Lot) -> Result<Strategy, Error> {
    ascending(&[put, call])?;
    Strategy::new(vec![lot.put(put, -1.0), lot.call(call, 1.0)])
}
