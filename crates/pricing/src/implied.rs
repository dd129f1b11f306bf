//! The volatility at which Black's formula gives a price.
//!
//! The method is Jäckel 2015, "Let's Be Rational": a rational first guess in one of four regions
//! and third-order Householder steps on a transformed price, to the accuracy that the price
//! itself allows. An in-the-money price holds its volatility only in what exceeds the intrinsic
//! value: the fewer digits of it the price still carries, the fewer the volatility has.

use implied_vol::{DefaultSpecialFn, ImpliedBlackVolatility};

use crate::{Right, Vanilla, payoff};

/// Why a price has no volatility.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoVolatility {
    /// The price is below what exercise at expiry is worth with nothing moving.
    #[error("price {price} is below the intrinsic value {intrinsic}")]
    BelowIntrinsic {
        /// The price, undiscounted.
        price: f64,
        /// The intrinsic value of the forward.
        intrinsic: f64,
    },
    /// The price is not below what the option is worth at infinite volatility.
    #[error("price {price} is not below {most}, the most that the option can be worth")]
    AboveMost {
        /// The price, undiscounted.
        price: f64,
        /// The forward for a call, the strike for a put.
        most: f64,
    },
    /// Nothing is left to move in.
    #[error("the option has expired: {years} years are left")]
    Expired {
        /// Years to expiry as given, not above 0.
        years: f64,
    },
    /// A number is not finite, or not above zero where it must be.
    #[error("{what} of {value} can't be")]
    Unusable {
        /// Which number.
        what: &'static str,
        /// The number as given.
        value: f64,
    },
}

/// Prices below the intrinsic value by this many roundings of the larger of forward and strike
/// are taken for it: discounting and its undoing cost that much.
const SLACK: f64 = 4.0 * f64::EPSILON;

/// Volatility per year of an option that trades at `price` now.
///
/// `forward` is the price agreed today for delivery at expiry, `discount` what 1 paid then is
/// worth now. A price at the intrinsic value has volatility 0.
///
/// # Errors
/// The reason why there is none.
#[inline]
pub fn volatility(
    option: &Vanilla,
    price: f64,
    forward: f64,
    discount: f64,
) -> Result<f64, NoVolatility> {
    let Vanilla { right, strike, years } = *option;
    usable("years", years, years.is_finite())?;
    if years <= 0.0 {
        return Err(NoVolatility::Expired { years });
    }
    above_zero("discount factor", discount)?;
    let total = deviation(right, price / discount, forward, strike)?;
    Ok(total / years.sqrt())
}

/// Deviation (volatility times the square root of the years) of an option whose undiscounted
/// price is given.
///
/// # Errors
/// As [`volatility`], but for the years.
#[inline]
pub fn deviation(right: Right, price: f64, forward: f64, strike: f64) -> Result<f64, NoVolatility> {
    above_zero("forward", forward)?;
    above_zero("strike", strike)?;
    usable("price", price, price.is_finite())?;
    let intrinsic = payoff::exercise(right, forward, strike);
    if price <= intrinsic {
        let rounded = intrinsic - price <= SLACK * forward.max(strike) && price >= 0.0;
        let below = NoVolatility::BelowIntrinsic { price, intrinsic };
        return if rounded && intrinsic > 0.0 || price == intrinsic { Ok(0.0) } else { Err(below) };
    }
    let most = if right == Right::Call { forward } else { strike };
    // The time value is that of the call with the smaller as forward and the greater as strike.
    let asked = ImpliedBlackVolatility::builder()
        .option_price(price - intrinsic)
        .forward(forward.min(strike))
        .strike(forward.max(strike))
        .expiry(1.0)
        .is_call(true)
        .build_unchecked();
    match asked.calculate::<DefaultSpecialFn>() {
        Some(found) if price < most && found.is_finite() => Ok(found),
        _ => Err(NoVolatility::AboveMost { price, most }),
    }
}

#[inline]
fn above_zero(what: &'static str, value: f64) -> Result<(), NoVolatility> {
    usable(what, value, value > 0.0 && value < f64::INFINITY)
}

#[inline]
fn usable(what: &'static str, value: f64, fits: bool) -> Result<(), NoVolatility> {
    if fits { Ok(()) } else { Err(NoVolatility::Unusable { what, value }) }
}
