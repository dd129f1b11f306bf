//! Whether an account can stand the worst case of what it holds.

use std::collections::BTreeSet;

use base::Rounding;
use market::{Cash, InstrumentId, OptionContract, OptionRight, Price, Qty};
use pricing::margin::rules::required;
use pricing::margin::{Class, Stage, Underlying};
use pricing::strategy::{Instrument, Leg};
use serde::{Deserialize, Serialize};

use super::account::{Account, Holding};
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
    /// The strategy-based margin of [`pricing::margin::rules`] on opening, by the kind of
    /// underlying: the account's equity covers what is asked beside what the short options
    /// brought. An underlying without a price can't be margined, so that nothing on it is
    /// opened.
    StrategyBased(Class),
}

/// Part of the underlying's value that an uncovered call needs.
const UNCOVERED: f64 = 0.20;

impl MarginRule {
    /// Cash that must be there; negative where the holdings can't be worth less than that.
    pub fn needed(self, account: &Account, board: &Board) -> Cash {
        let underlyings: BTreeSet<InstrumentId> =
            account.holdings().map(|(asset, _)| asset.underlying()).collect();
        let each = underlyings.into_iter();
        match self {
            MarginRule::None => Cash::from_raw(-MOST),
            MarginRule::WorstCase => each.map(|on| of_one(account, board, on)).sum(),
            MarginRule::StrategyBased(class) => {
                let asked = each.map(|on| by_strategy(account, board, on, class));
                let asked = asked.sum::<Option<f64>>().unwrap_or(f64::INFINITY);
                let most = MOST as f64 / Cash::SCALE as f64;
                let asked = Cash::from_f64(asked.min(most), Rounding::Up);
                asked.unwrap_or(Cash::from_raw(MOST)) - account.value()
            }
        }
    }
}

/// More cash than any account has, in raw units; sums of it still fit.
const MOST: i64 = i64::MAX / 16;

/// Equity that the holdings on one underlying ask for.
fn by_strategy(
    account: &Account,
    board: &Board,
    underlying: InstrumentId,
    class: Class,
) -> Option<f64> {
    let spot = board.spot_of(underlying)?.mid();
    let leg = |(asset, held): (&Asset, &Holding)| {
        let (instrument, multiplier) = match asset {
            Asset::Shares(_) => (Instrument::Underlying, 1.0),
            Asset::Option(contract) => {
                let right = contract.right;
                // Only which expires later matters: years are counted from 1970.
                let years = f64::from(contract.expiry.number()) / 365.25;
                let strike = contract.strike.to_f64();
                let multiplier = f64::from(contract.multiplier);
                (Instrument::Option { right, strike, years }, multiplier)
            }
        };
        let (quantity, price) = (held.qty as f64, held.mark.to_f64());
        Leg { instrument, quantity, multiplier, price }
    };
    let on = account.holdings().filter(|(asset, _)| asset.underlying() == underlying);
    let legs: Vec<Leg> = on.map(leg).collect();
    let asked = required(&legs, &Underlying { class, spot }, Stage::Initial).ok()?;
    Some(asked.deposit())
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
