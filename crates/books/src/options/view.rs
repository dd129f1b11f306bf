//! What an agent sees. Of each underlying, in the order of the settings, [`MARKET`] numbers:
//!
//! 0. logarithm of its move since the moment before, times 100;
//! 1. standard deviation of the last twenty such moves;
//! 2. implied volatility a year at the money, of the expiry nearest to the middle of the days;
//! 3. implied volatility at 95 % of the price less that at 105 %, times 10;
//! 4. half the spread at the money as a part of the mid, times 10;
//!
//! then [`HELD`] numbers of what is held of it, each in parts of the cash at the start:
//!
//! 5. delta: what a move of the price by 1 % earns, times 100;
//! 6. gamma: by how much that delta grows with such a move, times 100;
//! 7. vega: what a point of volatility earns, times 100;
//! 8. theta: what a day earns, times 100;
//! 9. value of options and shares;
//! 10. days until the first expiry held, divided by 30; 0 where no option is held;
//!
//! and at the end [`WHOLE`] numbers of the account: what it earned since the start, times 10, and
//! its cash, both in parts of the cash at the start. A number that can't be had is 0. All are
//! held within ±10.

use std::collections::BTreeMap;

use base::stats;
use market::{InstrumentId, OptionRight};
use sim::options::life::OptionAction;
use sim::options::select::{Choice, Target};
use sim::options::{Account, Asset, Measured, measure};

use super::env::OptionEnvConfig;
use super::frame::Frame;

/// Numbers seen of the market of an underlying.
pub const MARKET: usize = 5;
/// Numbers seen of what is held of an underlying.
pub const HELD: usize = 6;
/// Numbers seen of the account.
pub const WHOLE: usize = 2;

/// Moves by which an underlying's unrest is measured.
const MOVES: usize = 20;

/// What is remembered of the markets, moment by moment.
pub(super) struct Markets {
    last: BTreeMap<InstrumentId, f64>,
    moves: BTreeMap<InstrumentId, Vec<f64>>,
    assumed: sim::options::Assumed,
}

impl Markets {
    pub(super) fn new(config: &OptionEnvConfig) -> Markets {
        Markets { last: BTreeMap::new(), moves: BTreeMap::new(), assumed: config.assumed }
    }

    /// A split is no move.
    pub(super) fn adjust(&mut self, underlying: InstrumentId, action: &OptionAction) {
        if let (OptionAction::Split { new, old }, Some(last)) =
            (action, self.last.get_mut(&underlying))
        {
            *last *= f64::from(*old) / f64::from(*new).max(1.0);
        }
    }

    /// What is seen of one underlying.
    pub(super) fn see(&mut self, choice: &Choice<'_>) -> [f32; MARKET] {
        let underlying = choice.underlying;
        let Some(spot) = choice.board.spot_of(underlying).copied() else { return [0.0; MARKET] };
        let before = self.last.insert(underlying, spot.mid()).unwrap_or(spot.mid());
        let moves = self.moves.entry(underlying).or_default();
        moves.push(100.0 * (spot.mid() / before).ln());
        if moves.len() > MOVES {
            moves.remove(0);
        }
        let at = |right, part| {
            let contract = choice.nearest(right, Target::Moneyness(part)).ok()?;
            let quote = choice.board.quote_of(&contract)?;
            Some((*quote, measure(quote, &spot, choice.now, &self.assumed)?))
        };
        let middle = at(OptionRight::Call, 1.0);
        let volatility = |found: Option<(_, Measured)>| found.map(|(_, m)| m.volatility);
        let (low, high) =
            (volatility(at(OptionRight::Put, 0.95)), volatility(at(OptionRight::Call, 1.05)));
        let skew = low.zip(high).map_or(0.0, |(low, high)| 10.0 * (low - high));
        let spread = middle.and_then(|(quote, _)| {
            let half = (quote.ask?.price - quote.bid?.price).to_f64() / 2.0;
            Some(10.0 * half / quote.mid()?)
        });
        let last = moves[moves.len() - 1];
        let level = volatility(middle).unwrap_or(0.0);
        let unrest = if moves.len() > 2 { stats::std_dev(moves) } else { 0.0 };
        [last, unrest, level, skew, spread.unwrap_or(0.0)].map(within)
    }
}

/// What is held of one underlying, in shares.
pub(super) fn delta_shares(
    account: &Account,
    frame: &Frame,
    underlying: InstrumentId,
    config: &OptionEnvConfig,
) -> f64 {
    greeks(account, frame, underlying, config)[0]
}

/// Delta, gamma, vega and theta of what is held, in units of the underlying.
fn greeks(
    account: &Account,
    frame: &Frame,
    underlying: InstrumentId,
    config: &OptionEnvConfig,
) -> [f64; 4] {
    let mut sums = [0.0; 4];
    let spot = frame.spots.iter().find(|spot| spot.instrument == underlying);
    for (asset, held) in account.holdings().filter(|(a, _)| a.underlying() == underlying) {
        let Some(contract) = asset.contract() else {
            sums[0] += held.qty as f64;
            continue;
        };
        let measured = spot
            .zip(frame.quote(contract))
            .and_then(|(spot, quote)| measure(quote, spot, frame.now, &config.assumed));
        let Some(m) = measured else { continue };
        let count = held.qty as f64 * f64::from(contract.multiplier);
        for (sum, each) in sums.iter_mut().zip([m.delta, m.gamma, m.vega, m.theta]) {
            *sum += count * each;
        }
    }
    sums
}

/// Fills an observation.
pub(super) fn show(
    account: &Account,
    frame: &Frame,
    config: &OptionEnvConfig,
    observation: &mut [f32],
) {
    let start = config.cash.to_f64();
    let (parts, whole) = observation.split_at_mut(config.underlyings.len() * (MARKET + HELD));
    for (at, underlying) in config.underlyings.iter().enumerate() {
        let part = &mut parts[at * (MARKET + HELD)..][..MARKET + HELD];
        part[..MARKET].copy_from_slice(&frame.seen[at]);
        let spot = frame.spots.iter().find(|spot| spot.instrument == *underlying);
        let percent = spot.map_or(0.0, |spot| 0.01 * spot.mid());
        let [delta, gamma, vega, theta] = greeks(account, frame, *underlying, config);
        let on = |(asset, _): &(&Asset, _)| asset.underlying() == *underlying;
        let value: f64 = account
            .holdings()
            .filter(on)
            .map(|(asset, held)| asset.amount(held.mark, held.qty).to_f64())
            .sum();
        let first = account
            .holdings()
            .filter(on)
            .filter_map(|(asset, _)| Some(asset.contract()?.expiry))
            .min();
        let held = [
            100.0 * delta * percent / start,
            100.0 * gamma * percent * percent / start,
            100.0 * 0.01 * vega / start,
            100.0 * theta / 365.0 / start,
            value / start,
            first.map_or(0.0, |expiry| f64::from(expiry - frame.day) / 30.0),
        ];
        part[MARKET..].copy_from_slice(&held.map(within));
    }
    let earned = (account.equity() - config.cash).to_f64();
    whole.copy_from_slice(&[10.0 * earned / start, account.cash.to_f64() / start].map(within));
}

fn within(value: f64) -> f32 {
    if value.is_finite() { value.clamp(-10.0, 10.0) as f32 } else { 0.0 }
}
