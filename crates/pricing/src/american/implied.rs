//! The volatility at which the grid gives a price.

use super::grid::{self, Fineness};
use super::{Dividend, Exercise};
use crate::implied::{self, NoVolatility};
use crate::{Error, Market, Right, Vanilla, payoff};

/// The least volatility looked at; below it a grid shows its own diffusion.
const LEAST: f64 = 5e-3;
/// The greatest.
const MOST: f64 = 20.0;
/// Where to look first if nothing is known.
const TYPICAL: f64 = 0.3;
/// First factor of the search around a guess that may be far off.
const WIDE: f64 = 1.2;
/// First factor around the volatility of a coarser grid.
const NARROW: f64 = 1.005;
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
/// The reason why there is none. [`NoVolatility::BelowIntrinsic`] names the value of exercise now
/// or, if the price is above that, the value at a volatility of half a percent.
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
    let intrinsic = payoff::exercise(right, market.spot, strike);
    if price <= intrinsic {
        return Err(NoVolatility::BelowIntrinsic { price, intrinsic });
    }
    let most = if right == Right::Call { market.spot } else { strike };
    let on = |fineness: Fineness| {
        move |volatility: f64| -> Result<f64, NoVolatility> {
            let market = Market { volatility, ..*market };
            let exercise = Exercise::American;
            let found = grid::value(option, &market, dividends, exercise, &fineness)?;
            Ok(found.value - price)
        }
    };
    // A sixteenth of the work tells where to look.
    let Fineness { half, steps } = *fineness;
    let coarse = on(Fineness { half: half / 4, steps: steps / 4 });
    let first = european(option, price, market, dividends).unwrap_or(TYPICAL);
    let near = match bracket(first, WIDE, coarse)? {
        Found::Inside(ends) => root(ends, coarse)?,
        Found::AllAbove(_) | Found::AllBelow => first,
    };
    let fine = on(*fineness);
    match bracket(near, NARROW, fine)? {
        Found::Inside(ends) => root(ends, fine),
        Found::AllAbove(excess) => {
            Err(NoVolatility::BelowIntrinsic { price, intrinsic: price + excess })
        }
        Found::AllBelow => Err(NoVolatility::AboveMost { price, most }),
    }
}

/// The volatility that the price would have without early exercise, the dividends taken off the
/// spot at once: near the one looked for, mostly above it.
fn european(
    option: &Vanilla,
    price: f64,
    market: &Market,
    dividends: &[Dividend],
) -> Result<f64, NoVolatility> {
    let inside = dividends.iter().filter(|dividend| dividend.years <= option.years);
    let paid: f64 = inside.map(|dividend| dividend.cash * market.discount(dividend.years)).sum();
    let forward = Market { spot: market.spot - paid, ..*market }.forward(option.years);
    implied::volatility(option, price, forward, market.discount(option.years))
}

/// Where the sign changes.
enum Found {
    /// Between two volatilities.
    Inside([(f64, f64); 2]),
    /// Nowhere: the least volatility is worth this much more than the price.
    AllAbove(f64),
    /// Nowhere: the greatest is worth less.
    AllBelow,
}

/// Goes from `guess` by growing factors to where the sign changes.
fn bracket<E>(guess: f64, mut factor: f64, of: impl Fn(f64) -> Result<f64, E>) -> Result<Found, E> {
    let guess = guess.clamp(LEAST, MOST);
    let mut near = (guess, of(guess)?);
    let upward = near.1 < 0.0;
    loop {
        let next = if upward { near.0 * factor } else { near.0 / factor }.clamp(LEAST, MOST);
        if next == near.0 {
            return Ok(if upward { Found::AllBelow } else { Found::AllAbove(near.1) });
        }
        let found = (next, of(next)?);
        if (found.1 < 0.0) != upward {
            return Ok(Found::Inside([near, found]));
        }
        near = found;
        factor = (factor * factor).min(2.0);
    }
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
