//! Recorded quotes as moments of a backtest: what became known together, with the price of the
//! underlying that it implies.

use std::collections::BTreeMap;

use base::{Day, Rounding, Span, Ts};
use market::{Calendar, OptionContract, OptionQuote, Price, Settlement};
use sim::options::backtest::Moment;
use sim::options::life::{OptionAction, Upcoming};
use sim::options::{Spot, Trades};

use super::recorded::UNDERLYING;
use super::spot::{Carry, ImpliedSpot, implied_spot};

/// What the recording does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// Interest and payments.
    pub carry: Carry,
    /// Splits: the first day of the new shares, new ones, for so many old ones.
    pub splits: Vec<(Day, u32, u32)>,
    /// Quotes older than this do not speak of the underlying.
    pub oldest: Span,
}

/// Moments of a recording, oldest first.
#[derive(Debug)]
pub struct Moments<'a> {
    quotes: &'a [OptionQuote],
    around: &'a Around,
    standing: BTreeMap<OptionContract, OptionQuote>,
    today: Option<Day>,
    opened: bool,
}

impl<'a> Moments<'a> {
    /// Moments of quotes, which lie by the time they were known.
    pub fn new(quotes: &'a [OptionQuote], around: &'a Around) -> Moments<'a> {
        Moments { quotes, around, standing: BTreeMap::new(), today: None, opened: false }
    }

    /// Splits and payments that are in force from a day on, and were not on the last one.
    fn actions(&mut self, day: Day) -> Vec<OptionAction> {
        let Some(last) = self.today else { return Vec::new() };
        let new = |at: &Day| *at > last && *at <= day;
        let splits = self.around.splits.iter().filter(|(at, ..)| new(at));
        let splits: Vec<OptionAction> =
            splits.map(|(_, new, old)| OptionAction::Split { new: *new, old: *old }).collect();
        if !splits.is_empty() {
            // Quotes of the old contracts say nothing of the new ones.
            self.standing.clear();
        }
        let paid = self.around.carry.dividends.iter().filter(|(at, _)| new(at));
        let paid = paid.filter_map(|(_, cash)| cents(*cash, Rounding::HalfEven));
        splits.into_iter().chain(paid.map(OptionAction::Dividend)).collect()
    }

    fn implied(&self, now: Ts) -> Option<ImpliedSpot> {
        let fresh = |quote: &&OptionQuote| now - quote.at <= self.around.oldest;
        implied_spot(self.standing.values().filter(fresh), now, &self.around.carry)
    }

    /// True where no later moment of the session comes.
    fn is_last(&self, now: Ts, day: Day) -> bool {
        let session = Calendar::of("XNYS").ok().and_then(|it| it.session(day).ok().flatten());
        let Some(close) = session.map(|session| session.close) else { return false };
        let later = self.quotes.first().is_some_and(|next| next.known <= close);
        now <= close && !later
    }
}

/// A price in whole cents.
fn cents(value: f64, rounding: Rounding) -> Option<Price> {
    let cent = Price::from_raw(Price::SCALE / 100);
    let price = Price::from_f64(value, rounding).ok()?.round_to(cent, rounding);
    (price.raw() > 0).then_some(price)
}

impl Iterator for Moments<'_> {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let now = self.quotes.first()?.known;
        let day = now.utc_day();
        let count = self.quotes.partition_point(|quote| quote.known <= now);
        let (batch, rest) = self.quotes.split_at(count);
        self.quotes = rest;
        let is_new = self.today.is_none_or(|last| day > last);
        let actions = if is_new { self.actions(day) } else { Vec::new() };
        if is_new {
            (self.today, self.opened) = (Some(day), false);
            self.standing.retain(|contract, _| contract.expiry >= day);
        }
        self.standing.extend(batch.iter().map(|quote| (quote.contract, *quote)));
        let implied = self.implied(now);
        let shares = batch.first().is_some_and(|it| it.contract.settlement == Settlement::Physical);
        let trades = if shares { Trades::AsShares } else { Trades::Not };
        let spot = implied.and_then(|it| {
            let bid = cents(it.bid, Rounding::Down)?;
            let ask = cents(it.ask, Rounding::Up)?;
            Some(Spot { instrument: UNDERLYING, at: now, known: now, bid, ask, trades })
        });
        let settles = implied.and_then(|it| cents(it.mid(), Rounding::HalfEven));
        let settles: Vec<_> = settles.map(|price| (UNDERLYING, price)).into_iter().collect();
        let opens = if self.opened { Vec::new() } else { settles.clone() };
        self.opened |= !opens.is_empty();
        let coming = self.around.carry.dividends.iter().filter(|(ex_day, _)| *ex_day > day);
        let upcoming = |(ex_day, cash): &(Day, f64)| {
            let amount = cents(*cash, Rounding::HalfEven)?;
            Some(Upcoming { underlying: UNDERLYING, ex_day: *ex_day, amount })
        };
        Some(Moment {
            now,
            day,
            actions: actions.into_iter().map(|action| (UNDERLYING, action)).collect(),
            dividends: coming.filter_map(upcoming).collect(),
            opens,
            spots: spot.into_iter().collect(),
            quotes: batch.to_vec(),
            closes: if self.is_last(now, day) { settles } else { Vec::new() },
        })
    }
}
