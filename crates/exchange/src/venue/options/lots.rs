//! Contracts that are held.

use base::Rounding;
use market::{Cash, InstrumentId, OptionContract, Price, Qty};
use serde::{Deserialize, Serialize};

use super::margin;
use super::{STANDARD, Thing};
use crate::Venue;
use crate::figures::value_of;

/// Contracts of one kind that are held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub(crate) contract: OptionContract,
    /// Below nothing where they were sold.
    pub(crate) count: i64,
    /// What one unit cost on average.
    pub(crate) price: Price,
    /// How many were held when the session began, and their price then.
    pub(crate) overnight: i64,
    pub(crate) close: Option<Price>,
}

/// All contracts that are held, in the order of contracts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(super) lots: Vec<Lot>,
}

impl Options {
    pub(super) fn place(&self, contract: &OptionContract) -> Result<usize, usize> {
        self.lots.binary_search_by(|lot| lot.contract.cmp(contract))
    }

    /// Takes in a trade of so many contracts; gives what the part earned that closed something.
    pub(super) fn trade(
        &mut self,
        contract: &OptionContract,
        count: i64,
        price: Price,
    ) -> Option<Cash> {
        let place = self.place(contract).unwrap_or_else(|place| {
            let lot = Lot { contract: *contract, count: 0, price, overnight: 0, close: None };
            self.lots.insert(place, lot);
            place
        });
        let lot = &mut self.lots[place];
        let before = lot.count;
        lot.count += count;
        let mut earned = None;
        if before.signum() * count.signum() >= 0 {
            let paid = i128::from(lot.price.raw()) * i128::from(before.abs())
                + i128::from(price.raw()) * i128::from(count.abs());
            let all = i128::from(lot.count.abs().max(1));
            lot.price = Price::from_raw(base::fixed::divide(paid, all, Rounding::HalfEven) as i64);
        } else {
            let closed = before.abs().min(count.abs()) * before.signum();
            let units = Qty::whole(closed * STANDARD);
            earned = Some(value_of(price, units) - value_of(lot.price, units));
            if lot.count.signum() != before.signum() {
                lot.price = price;
            }
        }
        if lot.count == 0 {
            self.lots.remove(place);
        }
        earned
    }
}

impl Venue {
    /// Contracts that are held.
    pub(crate) fn lots(&self) -> &[Lot] {
        &self.state.options.lots
    }

    /// What is held of a contract.
    pub(crate) fn lot(&self, contract: &OptionContract) -> Option<&Lot> {
        let options = &self.state.options;
        options.place(contract).ok().map(|place| &options.lots[place])
    }

    /// How many are held of a thing, with their sign; of a share its whole part.
    pub(crate) fn count_of(&self, thing: &Thing) -> i64 {
        match thing {
            Thing::Share(instrument) => {
                let held = self.position_of(*instrument).map_or(Qty::ZERO, |held| held.qty);
                held.raw() / Qty::SCALE
            }
            Thing::Option(contract) => self.lot(contract).map_or(0, |lot| lot.count),
        }
    }

    /// The price that a contract is valued at: the middle of its quote.
    pub(crate) fn lot_price(&self, lot: &Lot) -> Price {
        self.option_quote(&lot.contract).map_or(lot.price, |quoted| quoted.mid())
    }

    /// What a lot is worth; below nothing where it was sold.
    pub(crate) fn lot_value(&self, lot: &Lot) -> Cash {
        value_of(self.lot_price(lot), Qty::whole(lot.count * STANDARD))
    }

    /// What all contracts are worth: those held, and those sold, which is below nothing.
    pub(crate) fn options_worth(&self) -> (Cash, Cash) {
        let mut worth = (Cash::ZERO, Cash::ZERO);
        for lot in self.lots() {
            let side = if lot.count < 0 { &mut worth.1 } else { &mut worth.0 };
            *side += self.lot_value(lot);
        }
        worth
    }

    /// What must lie in the account for the contracts that are held.
    pub(crate) fn options_margin(&self) -> Cash {
        margin::of_all(self.lots().iter().map(|lot| (lot.contract, lot.count)))
            .unwrap_or(Cash::ZERO)
    }

    /// What must lie in the account for one share's contracts, were some of them traded; `None`
    /// where a sold one would be uncovered.
    pub(crate) fn margin_with(
        &self,
        underlying: InstrumentId,
        trades: &[(OptionContract, i64)],
    ) -> Option<Cash> {
        let held = self.lots().iter().map(|lot| (lot.contract, lot.count));
        let held = held.filter(|(contract, _)| contract.underlying == underlying);
        margin::of_all(held.chain(trades.iter().copied()))
    }
}
