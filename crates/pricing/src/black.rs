//! The formula of Black (1976) without discounting: the value at expiry's money of an option on a
//! forward whose logarithm ends normally distributed.
//!
//! With `x = ln(F/K)` and deviation `s = σ √T`: call `= F Φ(x/s + s/2) − K Φ(x/s − s/2)`.

use implied_vol::{DefaultSpecialFn, PriceBlackScholes};

use crate::{Error, Right, not_negative, payoff, positive};

/// Undiscounted price of an option.
///
/// `forward` and `strike` are above 0, `deviation` is volatility times the square root of the
/// years to expiry. At deviation 0 the price is the intrinsic value, exactly. Out of the money
/// the price keeps its relative accuracy however small it is, because it is not computed as a
/// difference of the two terms (Jäckel 2015, "Let's Be Rational", section 6).
///
/// # Errors
/// [`Error::Value`] for a number out of its range or not finite.
#[inline]
pub fn price(right: Right, forward: f64, strike: f64, deviation: f64) -> Result<f64, Error> {
    positive("forward", forward)?;
    positive("strike", strike)?;
    not_negative("deviation", deviation)?;
    Ok(worth(right, forward, strike, deviation))
}

/// What the price holds above the intrinsic value of the forward: the same for a call and a put
/// of one strike, and the price of the one that is out of the money.
///
/// # Errors
/// As [`price`].
pub fn time_value(forward: f64, strike: f64, deviation: f64) -> Result<f64, Error> {
    let outside = if forward < strike { Right::Call } else { Right::Put };
    price(outside, forward, strike, deviation)
}

/// [`price`] of numbers already checked.
#[inline]
pub(crate) fn worth(right: Right, forward: f64, strike: f64, deviation: f64) -> f64 {
    let intrinsic = payoff::exercise(right, forward, strike);
    if deviation == 0.0 {
        return intrinsic;
    }
    // A put out of the money is a call with forward and strike swapped: one path for all.
    let asked = PriceBlackScholes::builder()
        .forward(forward.min(strike))
        .strike(forward.max(strike))
        .volatility(deviation)
        .expiry(1.0)
        .is_call(true)
        .build_unchecked();
    intrinsic + asked.calculate::<DefaultSpecialFn>()
}

/// `ln(forward / strike)`, exact where the two are close.
#[inline]
pub(crate) fn log_moneyness(forward: f64, strike: f64) -> f64 {
    let gap = forward - strike;
    if gap.abs() <= 0.5 * strike { (gap / strike).ln_1p() } else { (forward / strike).ln() }
}
