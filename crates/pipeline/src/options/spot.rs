//! The price of an underlying that its options agree on.
//!
//! Files of option quotes hold no price of the underlying. A call bought and a put sold are the
//! underlying less the discounted strike, so the tightest such pair near the money gives a bid and
//! an ask at which the underlying could have been had (Stoll 1969, Journal of Finance 24). Early
//! exercise leaves `S − K ≤ C − P ≤ S − K exp(−rT)`: with the nearest expiry the error is at most
//! the interest on the strike for its few days.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{OptionQuote, OptionRight, Price};
use serde::Serialize;
use sim::options::trading_ends;

/// Bid and ask of an underlying, by a pair of options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ImpliedSpot {
    /// What selling call and buying put brings, plus the discounted strike.
    pub bid: f64,
    /// What buying call and selling put costs, plus the discounted strike.
    pub ask: f64,
    /// Expiry of the pair.
    pub expiry: Day,
    /// Strike of the pair.
    pub strike: Price,
}

impl ImpliedSpot {
    /// Halfway.
    pub fn mid(&self) -> f64 {
        0.5 * (self.bid + self.ask)
    }
}

/// Interest, and payments in cash by their ex-days.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Carry {
    /// Interest a year, continuously compounded.
    pub rate: f64,
    /// Yield of the underlying a year, continuously compounded.
    pub yield_rate: f64,
    /// Ex-day and cash a share.
    pub dividends: Vec<(Day, f64)>,
}

const SECONDS_A_YEAR: f64 = 365.25 * 86_400.0;
/// Strikes further from the price than this part of it are not asked.
const NEAR: f64 = 0.05;
/// Least time to expiry: quotes of the last minutes are ticks.
const LEAST_YEARS: f64 = 3_600.0 / SECONDS_A_YEAR;

/// Years until trading in an expiry ends, by one of its quotes; none where it has ended.
pub fn years_left(quote: &OptionQuote, now: Ts) -> Option<f64> {
    let left = (trading_ends(&quote.contract)? - now).seconds() / SECONDS_A_YEAR;
    (left > 0.0).then_some(left)
}

impl Carry {
    /// What 1 in so many years is worth now.
    pub fn discount(&self, years: f64) -> f64 {
        (-self.rate * years).exp()
    }

    /// Payments after a day and until another, each at its value now, in years from that day.
    pub fn between(&self, from: Day, to: Day) -> Vec<(f64, f64)> {
        let inside = self.dividends.iter().filter(|(day, _)| *day > from && *day <= to);
        inside.map(|(day, cash)| (f64::from(*day - from) / 365.25, *cash)).collect()
    }

    /// Value now of the payments until a day.
    pub fn paid(&self, from: Day, to: Day) -> f64 {
        self.between(from, to).iter().map(|(years, cash)| cash * self.discount(*years)).sum()
    }
}

/// Call and put of a strike, as bids and asks.
#[derive(Default, Clone, Copy)]
struct Sides {
    call: Option<(f64, f64)>,
    put: Option<(f64, f64)>,
}

/// The price of the underlying by the tightest pair near the money, of the nearest expiry that
/// has three pairs; with fewer pairs anywhere, of the nearest that has one.
pub fn implied_spot<'a>(
    quotes: impl Iterator<Item = &'a OptionQuote>,
    now: Ts,
    carry: &Carry,
) -> Option<ImpliedSpot> {
    let mut expiries: BTreeMap<Day, (f64, BTreeMap<Price, Sides>)> = BTreeMap::new();
    for quote in quotes {
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else { continue };
        let (bid, ask) = (bid.price.to_f64(), ask.price.to_f64());
        let Some(years) = years_left(quote, now).filter(|years| *years > LEAST_YEARS) else {
            continue;
        };
        if bid >= ask || bid <= 0.0 {
            continue;
        }
        let of =
            &mut expiries.entry(quote.contract.expiry).or_insert_with(|| (years, BTreeMap::new()));
        let sides = of.1.entry(quote.contract.strike).or_default();
        match quote.contract.right {
            OptionRight::Call => sides.call = Some((bid, ask)),
            OptionRight::Put => sides.put = Some((bid, ask)),
        }
    }
    let pairs: Vec<(Day, Vec<ImpliedSpot>)> = expiries
        .into_iter()
        .map(|(day, (years, strikes))| (day, of_expiry(day, years, &strikes, now, carry)))
        .collect();
    let fullest = pairs.iter().find(|(_, pairs)| pairs.len() >= 3);
    let (_, pairs) = fullest.or_else(|| pairs.iter().find(|(_, pairs)| !pairs.is_empty()))?;
    tightest(pairs)
}

fn of_expiry(
    expiry: Day,
    years: f64,
    strikes: &BTreeMap<Price, Sides>,
    now: Ts,
    carry: &Carry,
) -> Vec<ImpliedSpot> {
    let paid = carry.paid(now.utc_day(), expiry);
    let (discount, growth) = (carry.discount(years), (carry.yield_rate * years).exp());
    let pair = |(strike, sides): (&Price, &Sides)| {
        let (call, put) = (sides.call?, sides.put?);
        let owed = strike.to_f64() * discount;
        let spot = |gap: f64| (gap + owed) * growth + paid;
        let (bid, ask) = (spot(call.0 - put.1), spot(call.1 - put.0));
        (bid > 0.0).then_some(ImpliedSpot { bid, ask, expiry, strike: *strike })
    };
    strikes.iter().filter_map(pair).collect()
}

/// Of the pairs whose strike is near the median of what they say, the one that says it most
/// narrowly; of all, where none is near.
fn tightest(pairs: &[ImpliedSpot]) -> Option<ImpliedSpot> {
    let middles: Vec<f64> = pairs.iter().map(ImpliedSpot::mid).collect();
    let middle = base::stats::median(&middles);
    let near = |pair: &&ImpliedSpot| (pair.strike.to_f64() / middle - 1.0).abs() <= NEAR;
    let width = |pair: &ImpliedSpot| pair.ask - pair.bid;
    let least = |a: &&ImpliedSpot, b: &&ImpliedSpot| width(a).total_cmp(&width(b));
    pairs.iter().filter(near).min_by(least).or_else(|| pairs.iter().min_by(least)).copied()
}
