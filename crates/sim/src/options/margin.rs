//! Whether an account can stand the worst case of what it holds.

use std::collections::BTreeSet;

use market::{Cash, InstrumentId, OptionContract, OptionRight, Price, Qty};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::board::Board;
use super::order::Asset;

/// What a position needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginRule {
    /// Nothing is asked.
    None,
    /// Cash covers the worst value of the holdings at expiry, whatever the underlying does. What
    /// is short without end (calls without cover, shares) also needs 20 % of the underlying's
    /// value (FINRA rule 4210(f)(2)(D) asks that of an uncovered call on shares). Long contracts
    /// that expire before the last short one cover nothing.
    #[default]
    WorstCase,
}

/// Part of the underlying's value that an uncovered call needs.
const UNCOVERED: f64 = 0.20;

impl MarginRule {
    /// Cash that must be there; negative where the holdings can't be worth less than that.
    pub fn needed(self, account: &Account, board: &Board) -> Cash {
        if self == MarginRule::None {
            return Cash::from_raw(i64::MIN / 4);
        }
        let underlyings: BTreeSet<InstrumentId> =
            account.holdings().map(|(asset, _)| asset.underlying()).collect();
        underlyings.into_iter().map(|underlying| of_one(account, board, underlying)).sum()
    }
}

fn of_one(account: &Account, board: &Board, underlying: InstrumentId) -> Cash {
    let mut shares = 0;
    let mut options: Vec<(OptionContract, i64)> = Vec::new();
    for (asset, held) in account.holdings().filter(|(a, _)| a.underlying() == underlying) {
        match asset {
            Asset::Shares(_) => shares += held.qty,
            Asset::Option(contract) => options.push((*contract, held.qty)),
        }
    }
    let last = options.iter().filter(|(_, qty)| *qty < 0).map(|(contract, _)| contract.expiry);
    if let Some(last) = last.max() {
        options.retain(|(contract, qty)| *qty < 0 || contract.expiry >= last);
    }
    let worth = |spot: Price| -> Cash {
        let of = |(contract, qty): &(OptionContract, i64)| {
            Cash::from_raw(contract.intrinsic(spot).raw() * qty)
        };
        spot.times(Qty::whole(shares)) + options.iter().map(of).sum()
    };
    // Piecewise linear: worst at nothing, at a kink, or without end. The price at which exercise
    // is worth nothing is the strike but for adjusted contracts.
    let kinks = options.iter().map(|(contract, _)| kink(contract));
    let worst = kinks.chain([Price::ZERO]).map(worth).min().unwrap_or(Cash::ZERO);
    let calls = options.iter().filter(|(contract, _)| contract.right == OptionRight::Call);
    let slope = shares as f64
        + calls.map(|(contract, qty)| contract.shares.to_f64() * *qty as f64).sum::<f64>();
    let spot = board.spot_of(underlying).map_or(0.0, |spot| spot.mid());
    let uncovered = (-slope).max(0.0) * spot * UNCOVERED;
    let at_spot = -worth(Price::from_raw((spot * Price::SCALE as f64) as i64));
    let charge = Cash::from_raw((uncovered * Cash::SCALE as f64) as i64);
    if slope < 0.0 { (-worst).max(at_spot) + charge } else { -worst }
}

fn kink(contract: &OptionContract) -> Price {
    let shares = contract.shares.to_f64().max(1e-9);
    let spot = contract.exercise_amount().to_f64() / shares;
    Price::from_raw((spot * Price::SCALE as f64).round() as i64)
}
