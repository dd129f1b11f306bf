//! From trades in legs to trades in units. A unit is done once each of its legs is.
//!
//! What a trade is called and what it cost follow from the legs' trades alone, however often and
//! in however many lives they are looked at: units are cut wherever any leg's trades are.

use std::collections::BTreeSet;

use base::Ts;
use market::{Cash, Price, Qty};

use crate::spread::{LegFilled, LegTrade};

/// Shares of one contract.
const SHARES: i64 = 100;

/// Units that were done together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnitTrade {
    /// When the last of their legs was.
    pub at: Ts,
    /// Units of the order that were done, these being the last.
    pub filled: u32,
    /// How many they are.
    pub units: u32,
    /// What one of them cost; below zero it brought that.
    pub price: Price,
    /// Commission and fees.
    pub fee: Cash,
}

/// What an order did in whole units; `None` where the cost of a trade is not told yet.
pub(super) fn units(legs: &[LegFilled]) -> Option<Vec<UnitTrade>> {
    if legs.iter().flat_map(|leg| &leg.trades).any(|trade| trade.fee.is_none()) {
        return None;
    }
    let whole = |leg: &LegFilled| ends(leg).last().unwrap_or(0) / ratio(leg);
    let done = legs.iter().map(whole).min().unwrap_or(0);
    let cuts = legs.iter().flat_map(|leg| ends(leg).map(|end| end / ratio(leg)));
    let cuts: BTreeSet<u32> = cuts.filter(|cut| (1..=done).contains(cut)).collect();
    let mut before = 0;
    let mut told = Vec::new();
    for cut in cuts {
        told.push(between(legs, before, cut));
        before = cut;
    }
    Some(told)
}

/// The units after `from` up to `to`.
fn between(legs: &[LegFilled], from: u32, to: u32) -> UnitTrade {
    let (mut cost, mut fee, mut at) = (0i64, Cash::ZERO, Ts::MIN);
    for leg in legs {
        let (first, last) = (from * ratio(leg), to * ratio(leg));
        let mut begin = 0;
        for trade in &leg.trades {
            let end = begin + trade.contracts;
            let share = end.min(last).saturating_sub(begin.max(first));
            cost += trade.price.raw() * i64::from(share) * i64::from(leg.ratio.signum());
            if share > 0 {
                at = at.max(trade.at);
            }
            if (first + 1..=last).contains(&end) {
                fee += trade.fee.unwrap_or_default();
            }
            begin = end;
        }
    }
    let units = to - from;
    let price = Price::from_raw(cost * SHARES / i64::from(units));
    UnitTrade { at, filled: to, units, price, fee }
}

/// Contracts after each trade.
fn ends(leg: &LegFilled) -> impl Iterator<Item = u32> + '_ {
    leg.trades.iter().scan(0, |sum, trade: &LegTrade| {
        *sum += trade.contracts;
        Some(*sum)
    })
}

fn ratio(leg: &LegFilled) -> u32 {
    leg.ratio.unsigned_abs().max(1)
}

impl UnitTrade {
    /// The quantity of an order that buys units, or sells them.
    pub(super) fn qty(&self, buys: bool) -> Qty {
        let qty = Qty::whole(i64::from(self.units));
        if buys { qty } else { -qty }
    }
}

#[cfg(test)]
mod tests {
    use base::Day;
    use market::OptionRight;
    use proptest::prelude::*;

    use super::*;
    use crate::spread::Series;

    fn leg(ratio: i32, trades: &[(u32, &str)]) -> LegFilled {
        let series = Series {
            underlying: "A".to_owned(),
            expiry: Day::from_number(19_000),
            right: OptionRight::Call,
            strike: Price::from_raw(1),
        };
        let trade = |(number, (contracts, price)): (usize, &(u32, &str))| LegTrade {
            at: Ts::from_seconds(number as i64),
            contracts: *contracts,
            price: price.parse().unwrap(),
            fee: Some(Cash::from_raw(i64::from(*contracts))),
        };
        let contracts = trades.iter().map(|it| i64::from(it.0)).sum();
        let trades = trades.iter().enumerate().map(trade).collect();
        LegFilled { series, ratio, contracts, price: None, trades }
    }

    #[test]
    fn units_are_cut_where_a_leg_is_and_cost_what_their_legs_did() {
        let legs = [leg(1, &[(1, "5"), (2, "5.5")]), leg(-1, &[(3, "2")])];
        let told = units(&legs).unwrap();
        let of = |it: &UnitTrade| (it.filled, it.units, it.price.to_string());
        assert_eq!(
            told.iter().map(of).collect::<Vec<_>>(),
            [(1, 1, "300".to_owned()), (3, 2, "350".to_owned())]
        );
    }

    #[test]
    fn a_leg_that_is_not_done_holds_its_unit_back() {
        let legs = [leg(1, &[(3, "5")]), leg(-2, &[(3, "2")])];
        let told = units(&legs).unwrap();
        assert_eq!((told.len(), told[0].filled, told[0].price), (1, 1, "100".parse().unwrap()));
        assert_eq!(units(&[leg(1, &[(3, "5")]), leg(-1, &[])]), Some(Vec::new()));
    }

    #[test]
    fn a_trade_whose_cost_is_not_told_holds_all_back() {
        let mut legs = [leg(1, &[(1, "5")]), leg(-1, &[(1, "2")])];
        legs[1].trades[0].fee = None;
        assert_eq!(units(&legs), None);
    }

    proptest! {
        #[test]
        fn what_was_told_once_is_told_alike_whatever_fills_later(
            bought in prop::collection::vec(1u32..4, 1..6),
            sold in prop::collection::vec(1u32..4, 1..6),
            seen in (0usize..6, 0usize..6),
        ) {
            let trades = |all: &[u32]| all.iter().map(|n| (*n, "1.25")).collect::<Vec<_>>();
            let (bought, sold) = (trades(&bought), trades(&sold));
            let early = [
                leg(1, &bought[..seen.0.min(bought.len())]),
                leg(-1, &sold[..seen.1.min(sold.len())]),
            ];
            let late = [leg(1, &bought), leg(-1, &sold)];
            let (early, late) = (units(&early).unwrap(), units(&late).unwrap());
            prop_assert_eq!(&early[..], &late[..early.len()]);
        }
    }
}
