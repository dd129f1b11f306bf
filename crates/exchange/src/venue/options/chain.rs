//! Which contracts are listed: eight weeks of Fridays and twelve months of third Fridays, and
//! strikes around last night's close. What is listed once can be traded until it expires.

use base::Day;
use market::{Calendar, InstrumentId, OptionContract, OptionRight, Price, Qty};

use super::names::standard;
use super::{STANDARD, Thing};
use crate::Venue;

/// Fridays ahead on which something expires.
const WEEKS: i32 = 8;
/// Months ahead whose third Friday is one of them.
const MONTHS: usize = 12;
/// Steps between strikes, in cents.
const STEPS: [i64; 9] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000];
/// A step is at least such a part of the price.
const STEPS_IN_PRICE: i64 = 100;
/// Every strike on this grid can be traded, listed or not, within a quarter and four times of the
/// price.
const GRID: i64 = Price::SCALE / 2;

impl Venue {
    /// Last night's close, by which strikes are listed: they stay all day.
    fn reference(&self, underlying: InstrumentId) -> Option<Price> {
        let at = underlying.index();
        self.state.closes[at].or(self.state.marks[at])
    }

    /// Last days of trading, the next one first. Where a Friday is no session, the one before.
    pub(crate) fn expiries(&self) -> Vec<Day> {
        let Ok(calendar) = Calendar::of("XNYS") else { return Vec::new() };
        let today = self.today();
        let is_over = self.session().is_some_and(|on| self.state.slot >= self.tape.slots(on));
        let friday = today.plus(4 - today.weekday() as i32);
        let (_, covered) = calendar.covers();
        let mut days = Vec::new();
        let mut months = 0;
        for week in 0..(5 * MONTHS as i32) {
            let friday = friday.plus(7 * week);
            if friday > covered {
                break;
            }
            // The third Friday of a month lies in 15..=21.
            let of_month: i32 = friday.to_string()[8..10].parse().unwrap_or_default();
            let is_third = (15..=21).contains(&of_month) && months < MONTHS;
            months += usize::from(is_third);
            if week >= WEEKS && !is_third {
                continue;
            }
            let Some(last) = calendar.between(friday.plus(-4), friday).last() else { continue };
            if last.day > today || (last.day == today && !is_over) {
                days.push(last.day);
            }
        }
        days
    }

    /// Strikes that are listed on a share.
    pub(crate) fn strikes(&self, underlying: InstrumentId) -> Vec<Price> {
        let Some(price) = self.reference(underlying) else { return Vec::new() };
        let cent = Price::SCALE / 100;
        let least = price.raw() / cent / STEPS_IN_PRICE;
        let step = STEPS.into_iter().find(|step| *step >= least).unwrap_or(STEPS[8]) * cent;
        let (low, high) = (price.raw() / 10 * 7, price.raw() / 10 * 13);
        let first = ((low + step - 1) / step).max(1);
        (first..=high / step).map(|steps| Price::from_raw(steps * step)).collect()
    }

    /// Whether anything is written on a listing.
    pub(crate) fn has_options(&self, underlying: InstrumentId) -> bool {
        self.tape.is_tradable(underlying) && self.tape.is_active(underlying, self.today())
    }

    /// The contracts that are listed on a share, by day, strike and right.
    pub(crate) fn chain(&self, underlying: InstrumentId) -> Vec<OptionContract> {
        if !self.has_options(underlying) {
            return Vec::new();
        }
        let strikes = self.strikes(underlying);
        let mut chain = Vec::new();
        for expiry in self.expiries() {
            for strike in &strikes {
                for right in [OptionRight::Call, OptionRight::Put] {
                    chain.push(standard(underlying, (expiry, *strike, right)));
                }
            }
        }
        chain
    }

    /// Whether a contract can be traded: on a day of the list and the grid of strikes, or held.
    pub(crate) fn has_contract(&self, contract: &OptionContract) -> bool {
        if self.lot(contract).is_some() {
            return true;
        }
        let is_near = self.reference(contract.underlying).is_some_and(|price| {
            let strike = contract.strike.raw();
            strike >= price.raw() / 4 && strike <= price.raw().saturating_mul(4)
        });
        let (expiry, strike) = (contract.expiry, contract.strike);
        contract.shares == Qty::whole(STANDARD)
            && self.has_options(contract.underlying)
            && *contract == standard(contract.underlying, (expiry, strike, contract.right))
            && strike.raw() % GRID == 0
            && is_near
            && self.expiries().contains(&expiry)
    }

    /// The contract of a name, where it can be traded.
    pub(crate) fn find_contract(&self, name: &str) -> Option<OptionContract> {
        let held = self.state.options.lots.iter().map(|lot| lot.contract);
        let mut named = held.filter(|contract| self.contract_name(contract) == name);
        named.next().or_else(|| {
            super::names::read(&self.tape, name).filter(|contract| self.has_contract(contract))
        })
    }

    /// The name of a contract.
    pub(crate) fn contract_name(&self, contract: &OptionContract) -> String {
        super::names::symbol(&self.tape, contract)
    }

    /// The name of what can be traded.
    pub(crate) fn name_of(&self, thing: &Thing) -> String {
        match thing {
            Thing::Share(instrument) => self.tape.universe().get(*instrument).symbol.clone(),
            Thing::Option(contract) => self.contract_name(contract),
        }
    }
}
