//! Chains at the end of a day: last prices, and volatilities as a vendor states them.
//!
//! The stated ones are shown beside those of the prices and never fitted: vendors compute them with
//! prices of other moments, and some are off by a factor of five.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{ExerciseStyle, OptionContract, OptionQuote, OptionRight, Price};
use pricing::chain::{Chain, Pair, Quote};
use pricing::surface::{Term, VolQuote};
use sim::options::Refusal;
use tape::options::ChainRow;

use super::chain::{Expiry, Forward, Look, Mark, Question, Seen, SpotFrom, asked};
use super::fit::{self, Early};
use super::recorded::Recorded;
use super::spot::{Carry, years_left};
use crate::Error;

/// What a last price may be off by at the least: a tick of cheap options.
const TICK: f64 = 0.01;

/// A row of a contract that traded.
type Traded<'a> = (&'a ChainRow, OptionContract);

/// What a day's file shows.
pub(super) fn seen(
    recorded: &Recorded,
    rows: &[ChainRow],
    question: &Question,
) -> Result<Seen, Error> {
    let days = days(rows);
    let wanted = question.day.or(question.at.map(Ts::utc_day));
    let found = match wanted {
        Some(day) => days.get_key_value(&day),
        None => days.iter().max_by_key(|(day, (traded, _))| (*traded, **day)),
    };
    let Some((day, (_, at))) = found else {
        let known: Vec<String> = days.keys().map(Day::to_string).collect();
        let known = known.join(", ");
        return Err(asked(format!("there is no chain of that day; there are {known}")));
    };
    let of_day = || rows.iter().filter(|row| row.file_day == *day);
    let underlying = of_day().find(|row| row.contract.is_none()).map(|row| row.close.to_f64());
    let stated = underlying.filter(|spot| *spot > 0.0).map(|spot| (spot, SpotFrom::Stated));
    let spot = question.spot.map(|spot| (spot, SpotFrom::Given)).or(stated);
    let told = "the file states no price of the underlying: give --spot";
    let spot = spot.ok_or_else(|| asked(told.to_owned()))?;
    let mut look = Look::new(recorded, *at, spot, &question.carry);
    let ends = |found: Option<(&Day, &(u64, Ts))>| found.map(|(_, (_, at))| *at);
    look.moments = (days.len(), ends(days.first_key_value()), ends(days.last_key_value()));
    let mut terms = Vec::new();
    for (day, rows) in look.by_expiry(of_day()) {
        terms.push(look.of_expiry(day, &rows, &question.carry)?);
    }
    let strips = look.strips(terms, question.least_days);
    Ok(Seen { look, strips })
}

/// The days of a file: how many contracts traded, and when that could be seen.
fn days(rows: &[ChainRow]) -> BTreeMap<Day, (u64, Ts)> {
    let mut days: BTreeMap<Day, (u64, Ts)> = BTreeMap::new();
    for row in rows {
        let of = days.entry(row.file_day).or_insert((0, row.known));
        of.0 += u64::from(row.contract.is_some() && row.volume > 0);
    }
    days
}

impl Look {
    /// Rows of contracts by expiry; those past it are counted and left.
    fn by_expiry<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a ChainRow>,
    ) -> BTreeMap<Day, Vec<Traded<'a>>> {
        let mut found: BTreeMap<Day, Vec<Traded<'_>>> = BTreeMap::new();
        for (row, contract) in rows.filter_map(|row| Some((row, row.contract?))) {
            self.quotes += 1;
            match self.years(contract) {
                Some(_) => found.entry(contract.expiry).or_default().push((row, contract)),
                None => *self.refused.entry(Refusal::Expired).or_default() += 1,
            }
        }
        found
    }

    fn years(&self, contract: OptionContract) -> Option<f64> {
        let at = self.at;
        years_left(&OptionQuote { contract, at, known: at, bid: None, ask: None }, at)
    }

    /// Volatilities of the last prices of an expiry, out of the money.
    fn of_expiry(
        &mut self,
        day: Day,
        rows: &[Traded<'_>],
        carry: &Carry,
    ) -> Result<(Term, Vec<VolQuote>), Error> {
        let (spot, today) = (self.spot, self.at.utc_day());
        let years = rows.first().and_then(|(_, contract)| self.years(*contract)).unwrap_or(0.0);
        let discount = carry.discount(years);
        let paid = carry.paid(today, day);
        let forward = (spot * (-carry.yield_rate * years).exp() - paid) / discount;
        let term = Term { years, forward, discount };
        let mut expiry = Expiry::new(day, Some(years));
        expiry.quotes = rows.len() as u64;
        expiry.forward = Some(Forward { value: forward, error: None, pairs: 0 });
        let outside: BTreeMap<Price, &ChainRow> = rows
            .iter()
            .filter(|(_, it)| (it.strike.to_f64() < forward) == (it.right == OptionRight::Put))
            .map(|(row, contract)| (contract.strike, *row))
            .collect();
        let pairs = outside.iter().filter_map(|(strike, row)| pair(*strike, row)).collect();
        let mut quotes = Vec::new();
        if let Ok(chain) = Chain::new(years, pairs) {
            let dividends = carry.between(today, day);
            let american = self.style == ExerciseStyle::American;
            let early = american.then_some(Early { spot, carry, dividends });
            quotes = fit::strip(&chain, term, early.as_ref())?.0.quotes;
        }
        expiry.without = (outside.len() - quotes.len()) as u64;
        expiry.marks = quotes.iter().map(|quote| mark(quote, term, &outside)).collect();
        self.expiries.push(expiry);
        Ok((term, quotes))
    }
}

/// The last price and a tick to each side, as both rights of its strike: only the one out of the
/// money is looked at. None where nothing traded, or for a tick.
fn pair(strike: Price, row: &ChainRow) -> Option<Pair> {
    let last = row.close.to_f64();
    let sides = Quote { bid: Some(last - TICK), ask: Some(last + TICK) };
    let told = row.volume > 0 && last > TICK;
    told.then_some(Pair { strike: strike.to_f64(), call: sides, put: sides })
}

fn mark(quote: &VolQuote, term: Term, rows: &BTreeMap<Price, &ChainRow>) -> Mark {
    let strike = term.forward * quote.k.exp();
    let near = |at: &Price| (at.to_f64() - strike).abs();
    let row = rows.iter().min_by(|(a, _), (b, _)| near(a).total_cmp(&near(b)));
    let stated = row.and_then(|(_, row)| row.volatility);
    Mark { strike, bid: None, mid: quote.mid, ask: None, stated }
}
