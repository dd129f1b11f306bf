//! The options of one expiry side by side: what they imply together, and where they contradict
//! each other.
//!
//! Prices are plain numbers per unit of the underlying. Parity and its forward hold for European
//! exercise only; American options of a share may differ from it without any arbitrage.

mod check;
mod parity;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use check::{Basis, Kind, Violation, check, check_calendar};
pub use parity::{Implied, Rate, implied_term};

use crate::surface::{Strip, Term, VolQuote};
use crate::{Error, Right, implied, positive};

/// What an option can be sold and bought for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Quote {
    /// Highest price somebody pays; `None` if nobody does.
    pub bid: Option<f64>,
    /// Lowest price somebody sells for; `None` if nobody does.
    pub ask: Option<f64>,
}

impl Quote {
    /// Both sides.
    pub fn new(bid: f64, ask: f64) -> Quote {
        Quote { bid: Some(bid), ask: Some(ask) }
    }

    /// The middle, where both sides are there.
    pub fn mid(&self) -> Option<f64> {
        Some(0.5 * (self.bid? + self.ask?))
    }

    /// Ask less bid, where both sides are there.
    pub fn spread(&self) -> Option<f64> {
        Some(self.ask? - self.bid?)
    }

    fn check(&self) -> Result<(), Error> {
        for side in [self.bid, self.ask].into_iter().flatten() {
            crate::not_negative("quote", side)?;
        }
        Ok(())
    }
}

/// Call and put of one strike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The strike.
    pub strike: f64,
    /// Quote of the call.
    pub call: Quote,
    /// Quote of the put.
    pub put: Quote,
}

impl Pair {
    /// The quote of one of the two.
    pub fn quote(&self, right: Right) -> Quote {
        match right {
            Right::Call => self.call,
            Right::Put => self.put,
        }
    }
}

/// The options of one expiry, strikes ascending.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    years: f64,
    pairs: Vec<Pair>,
}

impl Chain {
    /// A chain of `pairs`, which it sorts by strike.
    ///
    /// # Errors
    /// [`Error::Value`] for years or a strike not above 0, a price below 0, anything not finite,
    /// or a strike given twice.
    pub fn new(years: f64, mut pairs: Vec<Pair>) -> Result<Chain, Error> {
        positive("years to expiry", years)?;
        for pair in &pairs {
            positive("strike", pair.strike)?;
            pair.call.check()?;
            pair.put.check()?;
        }
        pairs.sort_by(|x, y| x.strike.total_cmp(&y.strike));
        match pairs.windows(2).find(|two| two[0].strike == two[1].strike) {
            Some(two) => {
                let allowed = "there once";
                Err(Error::Value { what: "strike", value: two[0].strike, allowed })
            }
            None => Ok(Chain { years, pairs }),
        }
    }

    /// Time to expiry in years.
    pub fn years(&self) -> f64 {
        self.years
    }

    /// Calls and puts by strike, ascending.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Implied volatilities of the options out of the money, which carry the most information:
    /// puts below the forward, calls from it on. Left out are those without both sides and those
    /// whose bid has no volatility; how many there were is the second result.
    ///
    /// # Errors
    /// [`Error::Value`] if the term is none.
    pub fn strip(&self, term: Term) -> Result<(Strip, usize), Error> {
        term.checked()?;
        let quotes: Vec<VolQuote> = self.pairs.iter().filter_map(|p| quoted(p, term)).collect();
        let left_out = self.pairs.len() - quotes.len();
        Ok((Strip { term, quotes }, left_out))
    }
}

fn quoted(pair: &Pair, term: Term) -> Option<VolQuote> {
    let right = if pair.strike < term.forward { Right::Put } else { Right::Call };
    let quote = pair.quote(right);
    let volatility = |price: f64| {
        let price = price / term.discount;
        let found = implied::deviation(right, price, term.forward, pair.strike).ok()?;
        Some(found / term.years.sqrt()).filter(|volatility| *volatility > 0.0)
    };
    let (bid, mid) = (volatility(quote.bid?)?, volatility(quote.mid()?)?);
    let ask = volatility(quote.ask?).filter(|ask| *ask >= bid)?;
    Some(VolQuote { k: term.moneyness(pair.strike), bid, mid: mid.clamp(bid, ask), ask })
}
