//! From the sound quotes of an expiry to volatilities, and from those to surfaces.

use pricing::american::grid::Fineness;
use pricing::american::{Dividend, implied};
use pricing::chain::Chain;
use pricing::surface::fit::{ssvi, svi};
use pricing::surface::{Fault, FitError, RawSvi, Strip, Surface, Term, VolQuote};
use pricing::{Market, Right, Vanilla};
use rayon::prelude::*;
use serde::Serialize;

use super::spot::Carry;
use crate::Error;

/// How a surface is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Five numbers an expiry.
    Svi,
    /// Three numbers for all, and one an expiry.
    Ssvi,
}

/// The smile of one expiry as a model has it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SliceFit {
    /// Which model.
    pub model: Model,
    /// What the expiry is measured by.
    pub term: Term,
    /// Its numbers.
    pub smile: RawSvi,
    /// What it misses.
    pub error: FitError,
}

impl SliceFit {
    /// Volatility at a strike.
    pub fn volatility(&self, strike: f64) -> f64 {
        self.smile.volatility(self.term.moneyness(strike), self.term.years)
    }

    /// Volatility at the forward.
    pub fn at_money(&self) -> f64 {
        self.smile.volatility(0.0, self.term.years)
    }
}

/// Both surfaces over all expiries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fits {
    /// One for each model and expiry: first all of SVI.
    pub slices: Vec<SliceFit>,
    /// Arbitrage left, by model.
    pub faults: Vec<(Model, Fault)>,
}

/// Fits both models; `spot` is that of the underlying.
pub(super) fn both(spot: f64, strips: &[Strip]) -> Result<Fits, Error> {
    let mut slices = Vec::new();
    let mut faults = Vec::new();
    if strips.is_empty() {
        return Ok(Fits { slices, faults });
    }
    let one = svi(spot, strips).map_err(Error::ValueOptions)?;
    let (_, other) = ssvi(spot, strips).map_err(Error::ValueOptions)?;
    for (model, fit) in [(Model::Svi, one), (Model::Ssvi, other)] {
        let each = Surface::slices(&fit.surface).iter().zip(&fit.errors);
        slices.extend(each.map(|(slice, error)| SliceFit {
            model,
            term: slice.term,
            smile: slice.smile,
            error: *error,
        }));
        faults.extend(fit.faults.iter().map(|fault| (model, *fault)));
    }
    Ok(Fits { slices, faults })
}

/// Who may exercise when, which decides how a price is turned into a volatility.
pub(super) struct Early<'a> {
    /// Price of the underlying.
    pub(super) spot: f64,
    /// Interest and payments.
    pub(super) carry: &'a Carry,
    /// Payments until expiry, with their years.
    pub(super) dividends: Vec<(f64, f64)>,
}

/// Coarse, but the same on both sides of a difference.
const FINENESS: Fineness = Fineness { half: 120, steps: 60 };

/// The volatilities of a chain out of the money, and how many strikes have none. Those of
/// American options are lowered by what early exercise adds to the middle, so that they are those
/// of European ones.
pub(super) fn strip(
    chain: &Chain,
    term: Term,
    early: Option<&Early<'_>>,
) -> Result<(Strip, usize), Error> {
    let (mut strip, none) = chain.strip(term).map_err(Error::ValueOptions)?;
    let pays = |it: &&Early<'_>| it.carry.rate != 0.0 || !it.dividends.is_empty();
    if let Some(early) = early.filter(pays) {
        let quotes: Vec<VolQuote> =
            strip.quotes.par_iter().map(|quote| european(quote, chain, term, early)).collect();
        strip.quotes = quotes;
    }
    Ok((strip, none))
}

/// The quote without the premium of early exercise; as it is, where that can't be told.
fn european(quote: &VolQuote, chain: &Chain, term: Term, early: &Early<'_>) -> VolQuote {
    let strike = term.forward * quote.k.exp();
    let near = |a: f64| (a - strike).abs();
    let pair = chain.pairs().iter().min_by(|a, b| near(a.strike).total_cmp(&near(b.strike)));
    let right = if strike < term.forward { Right::Put } else { Right::Call };
    let found = pair.and_then(|pair| {
        let mid = pair.quote(right).mid()?;
        let option = Vanilla { right, strike: pair.strike, years: term.years };
        let dividends: Vec<Dividend> = early
            .dividends
            .iter()
            .map(|(years, cash)| Dividend { years: *years, cash: *cash })
            .collect();
        let paid: f64 =
            early.dividends.iter().map(|(years, cash)| cash * early.carry.discount(*years)).sum();
        // The yield that makes the forward of the model the one that calls and puts agree on.
        let growth = (term.forward / (early.spot - paid)).ln() / term.years;
        let rate = early.carry.rate;
        let market =
            Market { spot: early.spot, rate, yield_rate: rate - growth, volatility: quote.mid };
        implied::volatility(&option, mid, &market, &dividends, &FINENESS).ok()
    });
    match found {
        Some(american) if american > 0.0 => {
            let lower = (american - quote.mid).min(0.0);
            let least = 0.1 * quote.bid;
            let moved = |volatility: f64| (volatility + lower).max(least);
            VolQuote {
                bid: moved(quote.bid),
                mid: moved(quote.mid),
                ask: moved(quote.ask),
                ..*quote
            }
        }
        _ => *quote,
    }
}
