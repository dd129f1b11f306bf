//! What must lie in the account for contracts: the most that they can lose when they expire,
//! whatever their share costs then. A position whose loss has no bound has no margin; it is
//! refused.
//!
//! Contracts of one share and day are looked at together: the loss is greatest at no price at
//! all, at one of the strikes, or beyond them, since it is straight between. Where a day has more
//! sold than bought contracts of a right, bought ones of a later day cover the rest: they are
//! worth at least what exercise brings, so that a pair loses no more than the distance of its
//! strikes. That is the rule for spreads of Cboe's "Margin Manual" (April 2000), page 7.

use std::collections::BTreeMap;

use base::{Day, Rounding};
use market::{Cash, InstrumentId, OptionContract, OptionRight, Price, Qty};

/// Contracts with their counts; those sold are below nothing.
type Counts = BTreeMap<OptionContract, i64>;

/// The sum over all shares; `None` where one of them has no bound.
pub(super) fn of_all(held: impl Iterator<Item = (OptionContract, i64)>) -> Option<Cash> {
    let mut shares: BTreeMap<InstrumentId, Counts> = BTreeMap::new();
    for (contract, count) in held {
        *shares.entry(contract.underlying).or_default().entry(contract).or_default() += count;
    }
    shares.into_values().map(of_one).sum::<Option<Cash>>()
}

fn of_one(mut counts: Counts) -> Option<Cash> {
    counts.retain(|_, count| *count != 0);
    if counts.values().all(|count| *count > 0) {
        return Some(Cash::ZERO);
    }
    let mut asked = across(&mut counts, OptionRight::Call);
    asked += across(&mut counts, OptionRight::Put);
    let mut days: BTreeMap<Day, Vec<(OptionContract, i64)>> = BTreeMap::new();
    for (contract, count) in counts {
        days.entry(contract.expiry).or_default().push((contract, count));
    }
    for day in days.values() {
        asked += most_lost(day)?;
    }
    Some(asked)
}

/// Takes out pairs of a sold contract and a later bought one, where the sold ones of a day are
/// more than the bought; gives what the pairs can lose.
fn across(counts: &mut Counts, right: OptionRight) -> Cash {
    let mut asked = Cash::ZERO;
    while let Some((sold, bought, pairs)) = next_pair(counts, right) {
        asked += many(width(&sold, &bought).times(sold.shares).max(Cash::ZERO), pairs);
        for (contract, change) in [(sold, pairs), (bought, -pairs)] {
            if let Some(count) = counts.get_mut(&contract) {
                *count += change;
            }
        }
        counts.retain(|_, count| *count != 0);
    }
    asked
}

/// Of the first day with more sold than bought, the pair with the smallest distance.
fn next_pair(counts: &Counts, right: OptionRight) -> Option<(OptionContract, OptionContract, i64)> {
    let of_right = || counts.iter().filter(|(contract, _)| contract.right == right);
    let mut nets: BTreeMap<(Day, Qty), i64> = BTreeMap::new();
    for (contract, count) in of_right() {
        *nets.entry((contract.expiry, contract.shares)).or_default() += count;
    }
    let pairs = of_right().filter(|(_, count)| **count < 0).flat_map(|(sold, sold_count)| {
        let open = nets.get(&(sold.expiry, sold.shares)).copied().unwrap_or_default();
        let nets = &nets;
        of_right().filter_map(move |(bought, count)| {
            let over = nets.get(&(bought.expiry, bought.shares)).copied().unwrap_or_default();
            let fits = *count > 0
                && open < 0
                && over > 0
                && bought.expiry > sold.expiry
                && bought.shares == sold.shares;
            let pairs = (-*sold_count).min(*count).min(-open).min(over);
            fits.then_some((*sold, *bought, pairs))
        })
    });
    pairs.min_by_key(|(sold, bought, _)| {
        (sold.expiry, width(sold, bought).max(Price::ZERO), *sold, *bought)
    })
}

/// How much worse the strike of the bought contract is, a unit.
fn width(sold: &OptionContract, bought: &OptionContract) -> Price {
    match sold.right {
        OptionRight::Call => bought.strike - sold.strike,
        OptionRight::Put => sold.strike - bought.strike,
    }
}

/// The most that contracts of one day can lose then; `None` where it has no bound.
fn most_lost(held: &[(OptionContract, i64)]) -> Option<Cash> {
    let calls = held.iter().filter(|(contract, _)| contract.right == OptionRight::Call);
    let slope: i128 =
        calls.map(|(contract, count)| i128::from(contract.shares.raw()) * i128::from(*count)).sum();
    if slope < 0 {
        return None;
    }
    let paid = |spot: Price| -> Cash {
        held.iter().map(|(contract, count)| many(contract.intrinsic(spot), *count)).sum()
    };
    let corners = held.iter().flat_map(|(contract, _)| corners(contract));
    let least = corners.chain([Price::ZERO]).map(paid).min().unwrap_or(Cash::ZERO);
    Some((-least).max(Cash::ZERO))
}

/// So many times an amount.
pub(super) fn many(amount: Cash, count: i64) -> Cash {
    Cash::from_raw(amount.raw().saturating_mul(count))
}

/// Where what a contract pays has its corner; where that lies between two prices, both.
fn corners(contract: &OptionContract) -> [Price; 2] {
    let paid = i128::from(contract.strike.raw()) * i128::from(contract.multiplier);
    let amount = paid * i128::from(Qty::SCALE);
    let by = i128::from(contract.shares.raw().max(1));
    [Rounding::Down, Rounding::Up]
        .map(|rounding| Price::from_raw(base::fixed::divide(amount, by, rounding) as i64))
}

#[cfg(test)]
mod tests;
