//! How probable prices at expiry are.

use super::{Moment, Strategy};
use crate::surface::{Slice, Term};
use crate::{Error, normal, not_negative};

/// Probability, under the pricing measure, that a lognormal underlying ends at or below a price:
/// `Φ((ln(price / forward) + s²/2) / s)` with `s = volatility · √years`.
///
/// # Errors
/// [`Error::Value`] if the term is none or the volatility is below 0.
pub fn lognormal_below(term: Term, volatility: f64) -> Result<impl Fn(f64) -> f64, Error> {
    term.checked()?;
    let deviation = not_negative("volatility", volatility)? * term.years.sqrt();
    Ok(move |price: f64| match price {
        price if price <= 0.0 => 0.0,
        price if deviation == 0.0 => f64::from(u8::from(price >= term.forward)),
        price => normal::cumulative(term.moneyness(price) / deviation + 0.5 * deviation),
    })
}

/// The same from a slice of a surface, whose smile says more than one volatility.
pub fn smile_below(slice: Slice) -> impl Fn(f64) -> f64 {
    move |price: f64| {
        if price <= 0.0 { 0.0 } else { slice.smile.probability_below(slice.term.moneyness(price)) }
    }
}

/// Probability of the stretches between `roots` on which `profit` is above nothing.
pub(super) fn share_above(
    roots: &[f64],
    profit: impl Fn(f64) -> f64,
    below: impl Fn(f64) -> f64,
) -> f64 {
    let mut from = 0.0;
    let mut sum = 0.0;
    for &root in roots {
        if root > from && profit(0.5 * (from + root)) > 0.0 {
            sum += below(root) - below(from);
        }
        from = root;
    }
    let beyond = if from > 0.0 { 2.0 * from } else { 1.0 };
    if profit(beyond) > 0.0 { sum + 1.0 - below(from) } else { sum }
}

impl Strategy {
    /// Probability of a profit above nothing if the strategy is closed at a moment, where its
    /// options need not expire together. Roots are those of [`Strategy::breakevens_at`]; outside
    /// of its range the sign at the range's ends is taken to go on.
    ///
    /// # Errors
    /// As [`Strategy::breakevens_at`].
    pub fn probability_of_profit_at(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
        range: (f64, f64, usize),
        below: impl Fn(f64) -> f64,
    ) -> Result<f64, Error> {
        let roots = self.breakevens_at(moment, volatility, range)?;
        let profit = |spot: f64| {
            let spot = spot.clamp(range.0, range.1);
            self.profit(&Moment { spot, ..*moment }, volatility).unwrap_or(f64::NAN)
        };
        Ok(share_above(&roots, profit, below))
    }
}
