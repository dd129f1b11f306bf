//! What surrounds one stock: the funds of market and sector, the volatility index, market caps.
//!
//! Every series is kept whole and cut at the day asked for, so nothing later can be seen.

use std::collections::BTreeMap;

use base::Day;
use features::{Caps, Moment};
use market::Candle;

/// Series that many stocks share, forward-adjusted, ascending by day.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Nasdaq 100 fund.
    pub qqq: Vec<Candle>,
    /// S&P 500 fund.
    pub spy: Vec<Candle>,
    /// Volatility index.
    pub vix: Vec<Candle>,
    /// Sector funds by symbol.
    pub sectors: BTreeMap<String, Vec<Candle>>,
}

/// What is known of one stock beside its candles.
#[derive(Debug, Clone, Default)]
pub struct StockFacts {
    /// Symbol of its sector's fund; `None` where unknown.
    pub sector_etf: Option<String>,
    /// Market capitalisations by the day they were known from, ascending.
    pub caps: Vec<(Day, Caps)>,
}

/// Walks through the context beside one stock, day by day, without searching.
#[derive(Debug)]
pub struct Walk<'a> {
    context: &'a Context,
    sector: &'a [Candle],
    caps: &'a [(Day, Caps)],
    place: Places,
}

#[derive(Debug, Default)]
struct Places {
    sector: usize,
    qqq: usize,
    spy: usize,
    vix: usize,
    caps: usize,
}

impl<'a> Walk<'a> {
    /// A walk from the first day on.
    pub fn new(context: &'a Context, facts: &'a StockFacts) -> Walk<'a> {
        let sector = facts.sector_etf.as_ref().and_then(|symbol| context.sectors.get(symbol));
        Walk {
            context,
            sector: sector.map_or(&[], Vec::as_slice),
            caps: &facts.caps,
            place: Places::default(),
        }
    }

    /// All that is known at the last candle of `own`. Days must not go back between calls.
    pub fn moment(&mut self, own: &'a [Candle]) -> Moment<'a> {
        let Some(day) = own.last().map(|candle| candle.day) else {
            return Moment::default();
        };
        let context = self.context;
        Moment {
            own,
            sector: until(self.sector, day, &mut self.place.sector),
            qqq: until(&context.qqq, day, &mut self.place.qqq),
            spy: until(&context.spy, day, &mut self.place.spy),
            vix: until(&context.vix, day, &mut self.place.vix),
            caps: self.caps_at(day),
            setup: None,
        }
    }

    fn caps_at(&mut self, day: Day) -> Option<Caps> {
        while self.caps.get(self.place.caps).is_some_and(|(known, _)| *known <= day) {
            self.place.caps += 1;
        }
        self.place.caps.checked_sub(1).map(|last| self.caps[last].1)
    }
}

fn until<'a>(series: &'a [Candle], day: Day, place: &mut usize) -> &'a [Candle] {
    while series.get(*place).is_some_and(|candle| candle.day <= day) {
        *place += 1;
    }
    &series[..*place]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candles(days: impl IntoIterator<Item = i32>) -> Vec<Candle> {
        let candle = |n| Candle { day: Day::from_number(n), ..Candle::default() };
        days.into_iter().map(candle).collect()
    }

    #[test]
    fn nothing_later_than_the_day_is_seen() {
        let context = Context { spy: candles([1, 2, 4, 5, 9]), ..Context::default() };
        let caps = Caps { own: 1.0, industry: 2.0, sp500: 3.0 };
        let facts = StockFacts { sector_etf: None, caps: vec![(Day::from_number(4), caps)] };
        let own = candles([1, 3, 5, 8]);
        let mut walk = Walk::new(&context, &facts);
        let seen: Vec<(usize, bool)> = (1..=own.len())
            .map(|end| walk.moment(&own[..end]))
            .map(|moment| (moment.spy.len(), moment.caps.is_some()))
            .collect();
        assert_eq!(seen, [(1, false), (2, false), (4, true), (4, true)]);
    }
}
