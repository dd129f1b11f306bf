//! The quotes that stand, and what is left of them.

use std::collections::BTreeMap;
use std::ops::Bound;

use base::Day;
use market::{InstrumentId, OptionContract, OptionQuote, Price};

use super::quote::Spot;

/// The latest quote of each contract and the latest price of each underlying.
#[derive(Debug, Clone, Default)]
pub struct Board {
    quotes: BTreeMap<OptionContract, OptionQuote>,
    spots: BTreeMap<InstrumentId, Spot>,
}

impl Board {
    /// Puts up a quote, unless a later one stands.
    pub fn quote(&mut self, quote: &OptionQuote) {
        match self.quotes.get_mut(&quote.contract) {
            Some(standing) if standing.known > quote.known => {}
            Some(standing) => *standing = *quote,
            None => {
                self.quotes.insert(quote.contract, *quote);
            }
        }
    }

    /// Puts up the price of an underlying, unless a later one stands.
    pub fn spot(&mut self, spot: Spot) {
        let standing = self.spots.entry(spot.instrument).or_insert(spot);
        if standing.known <= spot.known {
            *standing = spot;
        }
    }

    /// The quote of a contract.
    pub fn quote_of(&self, contract: &OptionContract) -> Option<&OptionQuote> {
        self.quotes.get(contract)
    }

    /// The price of an underlying.
    pub fn spot_of(&self, instrument: InstrumentId) -> Option<&Spot> {
        self.spots.get(&instrument)
    }

    /// How many contracts have a quote.
    pub fn len(&self) -> usize {
        self.quotes.len()
    }

    /// True without quotes.
    pub fn is_empty(&self) -> bool {
        self.quotes.is_empty()
    }

    /// The quotes of one underlying that expire within these days, both included, by expiry and
    /// strike.
    pub fn chain(
        &self,
        underlying: InstrumentId,
        from: Day,
        to: Day,
    ) -> impl Iterator<Item = &OptionQuote> {
        let end = |expiry: Day, strike: i64| {
            let strike = Price::from_raw(strike);
            let right = market::OptionRight::Call;
            OptionContract::on_shares(underlying, right, strike, expiry)
        };
        // No contract has a strike at either end, so that the rest of the key does not matter.
        let (first, last) = (end(from, i64::MIN), end(to, i64::MAX));
        let range = if first <= last {
            (Bound::Included(first), Bound::Included(last))
        } else {
            (Bound::Included(first), Bound::Excluded(first))
        };
        self.quotes.range(range).map(|(_, quote)| quote)
    }

    /// Takes down what was filled, so that no quote fills more than it showed.
    pub(super) fn take(&mut self, contract: &OptionContract, qty: i64) {
        if let Some(quote) = self.quotes.get_mut(contract) {
            let side = if qty > 0 { &mut quote.ask } else { &mut quote.bid };
            if let Some(offer) = side {
                let filled = u32::try_from(qty.unsigned_abs()).unwrap_or(u32::MAX);
                offer.size = offer.size.saturating_sub(filled);
            }
        }
    }

    /// Takes down the quotes and the price of an underlying: they speak of what it was before a
    /// corporate action.
    pub fn clear(&mut self, underlying: InstrumentId) {
        self.quotes.retain(|contract, _| contract.underlying != underlying);
        self.spots.remove(&underlying);
    }

    /// Takes down the quotes of contracts that expired before a day.
    pub fn forget_before(&mut self, day: Day) {
        self.quotes.retain(|contract, _| contract.expiry >= day);
    }
}
