//! What TWS says of the market and of the account as a whole: asked one by one, each answer waited
//! for.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Day, Ts};
use ibapi::market_data::historical::{Bar, BarSize, BarTimestamp, ToDuration as _};
use market::{Candle, Cash};

use super::gateway::Gateway;
use super::line::{Answer, Part};
use super::{driving, words};

/// Days around a session that are asked for, so that weekends lie between.
const AROUND: i32 = 7;
/// The most days back that a session may lie.
const MOST: i32 = 365;
/// Errors that say that there is no bar: of the data service, and of a stock that it does not know.
const NO_BAR: [i32; 2] = [162, 200];

/// Questions that are answered while one waits.
#[derive(Debug)]
pub struct Inquiry {
    gateway: Arc<Gateway>,
    /// Bars that were told: TWS answers some sixty such questions in ten minutes, and what was
    /// told before it had enough need not be asked again.
    told: BTreeMap<(Day, String), Option<Candle>>,
}

impl Inquiry {
    /// Questions over a session.
    pub fn new(gateway: Arc<Gateway>) -> Inquiry {
        Inquiry { gateway, told: BTreeMap::new() }
    }

    /// The time there.
    ///
    /// # Errors
    /// In words.
    pub fn time(&self) -> Result<Ts, String> {
        driving::time(&self.gateway.standing()?.client)
    }

    /// The account's cash.
    ///
    /// # Errors
    /// In words; of an account that is not kept in dollars too.
    pub fn cash(&self) -> Result<Cash, String> {
        match self.gateway.read(&self.gateway.standing()?.client, Part::Cash)? {
            Answer::Cash(cash) => Ok(cash),
            _ => Err("TWS tells no cash".to_owned()),
        }
    }

    /// Daily bars of a session; symbols without one are left out.
    ///
    /// # Errors
    /// In words.
    pub fn daily(
        &mut self,
        day: Day,
        symbols: &[String],
    ) -> Result<BTreeMap<String, Candle>, String> {
        self.told.retain(|(told, _), _| *told == day);
        let back = self.time()?.utc_day().number() - day.number();
        let days = (back.max(0) + AROUND).min(MOST);
        for symbol in symbols {
            let key = (day, symbol.clone());
            if !self.told.contains_key(&key) {
                let bar = self.bar(day, symbol, days)?;
                self.told.insert(key, bar);
            }
        }
        let found = symbols.iter().filter_map(|symbol| {
            let bar = self.told.get(&(day, symbol.clone())).copied()??;
            Some((symbol.clone(), bar))
        });
        Ok(found.collect())
    }

    fn bar(&self, day: Day, symbol: &str, days: i32) -> Result<Option<Candle>, String> {
        let client = self.gateway.standing()?.client;
        let contract = words::stock(symbol);
        let asked = client.historical_data(&contract, BarSize::Day).duration(days.days());
        let bars = match asked.fetch() {
            Ok(data) => data.bars,
            Err(ibapi::Error::Notice(notice)) if is_none(&notice) => return Ok(None),
            Err(error) => return Err(format!("ask TWS for bars of {symbol}: {error}")),
        };
        let bar = bars.iter().find(|bar| is_of(bar, day));
        Ok(bar.map(|bar| Candle {
            day,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
        }))
    }
}

/// The data service says 162 too where it was asked too often.
pub(super) fn is_none(notice: &ibapi::Notice) -> bool {
    let is_pace = notice.message.to_lowercase().contains("pacing");
    NO_BAR.contains(&notice.code) && !is_pace
}

fn is_of(bar: &Bar, day: Day) -> bool {
    match bar.date {
        BarTimestamp::Date(date) => {
            let ymd = (date.year(), u8::from(date.month()), date.day());
            let (year, month, of_month) = day.ymd();
            ymd == (year, month as u8, of_month as u8)
        }
        BarTimestamp::DateTime(_) => false,
    }
}
