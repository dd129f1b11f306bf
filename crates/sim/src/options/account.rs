//! Cash, holdings, and what was earned: exact at every event.

use std::collections::BTreeMap;

use base::Rounding;
use base::fixed::divide;
use market::{Cash, Price};
use serde::{Deserialize, Serialize};

use super::order::Asset;

/// A position in one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// How many; negative is short.
    pub qty: i64,
    /// What was paid for them, fees apart; negative of a short position.
    pub basis: Cash,
    /// What one would fetch, or cost to buy back, a unit of the underlying.
    pub mark: Price,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Cash.
    pub cash: Cash,
    /// Earned by positions that are closed, before fees.
    pub realised: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Dividends got, less those owed on short shares.
    pub dividends: Cash,
    #[serde(with = "pairs")]
    holdings: BTreeMap<Asset, Holding>,
}

impl Account {
    /// An account that holds cash alone.
    pub fn new(cash: Cash) -> Account {
        let none = Cash::ZERO;
        Account { cash, realised: none, fees: none, dividends: none, holdings: BTreeMap::new() }
    }

    /// What is held, in order of assets.
    pub fn holdings(&self) -> impl Iterator<Item = (&Asset, &Holding)> {
        self.holdings.iter()
    }

    /// How many of an asset are held; negative is short.
    pub fn held(&self, asset: &Asset) -> i64 {
        self.holdings.get(asset).map_or(0, |holding| holding.qty)
    }

    /// True where nothing is held.
    pub fn is_flat(&self) -> bool {
        self.holdings.is_empty()
    }

    /// What the holdings would fetch at their marks.
    pub fn value(&self) -> Cash {
        self.holdings.iter().map(|(asset, held)| asset.amount(held.mark, held.qty)).sum()
    }

    /// Cash and holdings.
    pub fn equity(&self) -> Cash {
        self.cash + self.value()
    }

    /// What the holdings would fetch more than was paid for them.
    pub fn unrealised(&self) -> Cash {
        self.value() - self.holdings.values().map(|held| held.basis).sum()
    }

    /// Books a trade: a positive number bought, a negative one sold. What closes realises its
    /// part of the basis, rounded half-even to the last decimal of cash; the rest keeps the rest.
    pub fn trade(&mut self, asset: Asset, qty: i64, price: Price, fee: Cash) {
        self.cash -= asset.amount(price, qty) + fee;
        self.fees += fee;
        self.shift(asset, qty, price);
    }

    /// Books a trade in the holdings, not in cash.
    fn shift(&mut self, asset: Asset, qty: i64, price: Price) {
        if qty == 0 {
            return;
        }
        let none = Holding { qty: 0, basis: Cash::ZERO, mark: price };
        let held = self.holdings.entry(asset).or_insert(none);
        let closes = held.qty.signum() == -qty.signum();
        let closed = if closes { qty.signum() * qty.abs().min(held.qty.abs()) } else { 0 };
        if closed != 0 {
            let part = i128::from(held.basis.raw()) * i128::from(closed.abs());
            let released = divide(part, i128::from(held.qty.abs()), Rounding::HalfEven);
            let released = Cash::from_raw(released as i64);
            self.realised += -asset.amount(price, closed) - released;
            held.basis -= released;
        }
        held.basis += asset.amount(price, qty - closed);
        held.qty += qty;
        held.mark = price;
        if held.qty == 0 {
            self.holdings.remove(&asset);
        }
    }

    /// Values a holding anew.
    pub fn mark(&mut self, asset: &Asset, price: Price) {
        if let Some(held) = self.holdings.get_mut(asset) {
            held.mark = price;
        }
    }

    /// Pays a dividend of so much a share on the shares held; short shares owe it.
    pub fn dividend(&mut self, asset: &Asset, amount: Price) {
        let paid = asset.amount(amount, self.held(asset));
        self.cash += paid;
        self.dividends += paid;
    }

    /// Puts so many of one asset in the place of another, for each pair: the same basis, and the
    /// same value but for the rounding of the new mark. All are taken off before any is put on.
    pub(super) fn exchange_all(&mut self, pairs: &[(Asset, Asset, i64)]) {
        let taken: Vec<Option<Holding>> =
            pairs.iter().map(|(from, ..)| self.holdings.remove(from)).collect();
        for ((from, to, count), old) in pairs.iter().zip(taken) {
            let Some(old) = old.filter(|_| *count != 0) else { continue };
            let mark = mark_of(to, *count, from.amount(old.mark, old.qty));
            let into = Holding { qty: 0, basis: Cash::ZERO, mark };
            let into = self.holdings.entry(*to).or_insert(into);
            *into = Holding { qty: into.qty + count, basis: into.basis + old.basis, mark };
        }
        // Strikes that round to one price may meet, one bought and one sold: they are closed, and
        // what was paid for both is gone.
        let realised = &mut self.realised;
        self.holdings.retain(|_, held| {
            let is_open = held.qty != 0;
            if !is_open {
                *realised -= held.basis;
            }
            is_open
        });
    }

    /// Puts `whole` shares in the place of those held before a split into `new` parts; `rest`
    /// parts of a share, of which `new` were an old share, are paid in cash at the mark.
    pub(super) fn split_shares(&mut self, shares: &Asset, whole: i64, rest: i64, new: u32) {
        let Some(old) = self.holdings.remove(shares) else { return };
        let rest = i128::from(old.mark.raw()) * i128::from(rest) / i128::from(new.max(1));
        let paid =
            Cash::from_raw((rest * i128::from(Cash::SCALE) / i128::from(Price::SCALE)) as i64);
        let value = shares.amount(old.mark, old.qty);
        self.cash += paid;
        if whole == 0 {
            self.realised += paid - old.basis;
            return;
        }
        let mark = mark_of(shares, whole, value - paid);
        let basis = old.basis - paid;
        self.holdings.insert(*shares, Holding { qty: whole, basis, mark });
    }
}

/// The price at which so many are worth this.
fn mark_of(asset: &Asset, count: i64, value: Cash) -> Price {
    let unit = asset.amount(Price::from_raw(Price::SCALE), count).raw();
    let raw = i128::from(value.raw()) * i128::from(Price::SCALE) / i128::from(unit);
    Price::from_raw(raw as i64)
}

/// Holdings are written as pairs: keys of JSON are words.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Asset, Holding};

    pub(super) fn serialize<S: Serializer>(
        holdings: &BTreeMap<Asset, Holding>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(holdings)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Asset, Holding>, D::Error> {
        Ok(Vec::<(Asset, Holding)>::deserialize(deserializer)?.into_iter().collect())
    }
}
