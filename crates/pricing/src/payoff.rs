//! What exercise brings.

use crate::{Error, Right, not_negative};

/// Value of exercise at once: `max(price − strike, 0)` for a call, `max(strike − price, 0)` for a
/// put. A price of 0 is allowed: a share can become worthless.
///
/// # Errors
/// [`Error::Value`] if either number is below 0 or not finite.
pub fn intrinsic(right: Right, price: f64, strike: f64) -> Result<f64, Error> {
    not_negative("price", price)?;
    not_negative("strike", strike)?;
    Ok(exercise(right, price, strike))
}

/// [`intrinsic`] of numbers already checked.
#[inline]
pub(crate) fn exercise(right: Right, price: f64, strike: f64) -> f64 {
    (right.sign() * (price - strike)).max(0.0)
}
