//! The volatility at which the grid gives a price.

use super::grid::{self, Fineness};
use super::{Dividend, Exercise};
use crate::implied::NoVolatility;
use crate::{Error, Market, Right, Vanilla, payoff};

/// The least volatility looked at; below it a grid shows its own diffusion.
const LEAST: f64 = 5e-3;
/// The greatest.
const MOST: f64 = 20.0;
/// Closeness in volatility at which the search ends.
const CLOSE: f64 = 1e-9;
/// Evaluations at most; the bracket is halved at the latest by every third.
const ROUNDS: usize = 150;

impl From<Error> for NoVolatility {
    fn from(error: Error) -> NoVolatility {
        match error {
            Error::Value { what, value, .. } => NoVolatility::Unusable { what, value },
            Error::Overflow { what } => NoVolatility::Unusable { what, value: f64::INFINITY },
            Error::Corner { .. } => NoVolatility::Expired { years: 0.0 },
            Error::Length { what, given, .. } => {
                NoVolatility::Unusable { what, value: given as f64 }
            }
        }
    }
}

/// Volatility per year of an option with early exercise that trades at `price`. The volatility of
/// `market` is not read.
///
/// # Errors
/// The reason why there is none. [`NoVolatility::BelowIntrinsic`] names the greater of the value
/// of exercise now and the value at a volatility of half a percent.
pub fn volatility(
    option: &Vanilla,
    price: f64,
    market: &Market,
    dividends: &[Dividend],
    fineness: &Fineness,
) -> Result<f64, NoVolatility> {
    let Vanilla { right, strike, years } = *option;
    if years <= 0.0 {
        return Err(NoVolatility::Expired { years });
    }
    if !price.is_finite() {
        return Err(NoVolatility::Unusable { what: "price", value: price });
    }
    let at = |volatility: f64| -> Result<f64, NoVolatility> {
        let market = Market { volatility, ..*market };
        let found = grid::value(option, &market, dividends, Exercise::American, fineness)?;
        Ok(found.value - price)
    };
    let least = at(LEAST)?;
    let intrinsic = payoff::exercise(right, market.spot, strike);
    if least > 0.0 || price <= intrinsic {
        let intrinsic = intrinsic.max(least + price);
        return Err(NoVolatility::BelowIntrinsic { price, intrinsic });
    }
    let most = if right == Right::Call { market.spot } else { strike };
    let mut bracket = [(LEAST, least), (2.0 * LEAST, at(2.0 * LEAST)?)];
    while bracket[1].1 < 0.0 {
        let next = 2.0 * bracket[1].0;
        if next > MOST || price >= most {
            return Err(NoVolatility::AboveMost { price, most });
        }
        bracket = [bracket[1], (next, at(next)?)];
    }
    root(bracket, at)
}

/// The root inside a bracket (Brent 1973, "Algorithms for Minimization Without Derivatives",
/// chapter 4, in the form of Chandrupatla 1997, Advances in Engineering Software 28, p. 145).
fn root<E>([low, high]: [(f64, f64); 2], of: impl Fn(f64) -> Result<f64, E>) -> Result<f64, E> {
    let (mut best, mut other) = (high, low);
    let mut share = 0.5;
    for _ in 0..ROUNDS {
        let place = best.0 + share * (other.0 - best.0);
        let found = (place, of(place)?);
        let third = if (found.1 > 0.0) == (best.1 > 0.0) {
            best
        } else {
            std::mem::replace(&mut other, best)
        };
        best = found;
        let nearest = if best.1.abs() < other.1.abs() { best } else { other };
        let width = (other.0 - best.0).abs();
        if nearest.1 == 0.0 || width <= CLOSE {
            return Ok(nearest.0);
        }
        share =
            next_share(best, other, third).clamp(0.25 * CLOSE / width, 1.0 - 0.25 * CLOSE / width);
    }
    Ok(best.0)
}

/// Where between `best` and `other` to look next: by inverse quadratic interpolation if the three
/// points bend little enough for it, else halfway.
fn next_share(best: (f64, f64), other: (f64, f64), third: (f64, f64)) -> f64 {
    let xi = (best.0 - other.0) / (third.0 - other.0);
    let phi = (best.1 - other.1) / (third.1 - other.1);
    if !(phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi) {
        return 0.5;
    }
    let along = best.1 / (other.1 - best.1) * third.1 / (other.1 - third.1);
    let across = (third.0 - best.0) / (other.0 - best.0) * best.1 / (third.1 - best.1);
    along + across * other.1 / (third.1 - other.1)
}
