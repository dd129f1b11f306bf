//! Quotes, trades and bars as they come.

use market::InstrumentId;
use sim::BarPrint;

use super::contracts;
use super::hall::Desk;
use super::history::shown_price;
use super::messages::data::{
    HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, MarketDataRequest, MarketDataType,
    MarketDataTypeRequest, RealTimeBarTick, RealTimeBarsRequest, TickByTickData, TickByTickRequest,
    TickPrice, TickReqParams, TickSize, TickString,
};
use super::messages::session::OfRequest;
use super::messages::tell;
use super::refusals::Refusal;
use super::times::seconds;
use super::wants::{Shown, TickKind, Wants};

/// Numbers of ticks.
pub(super) const BID: i32 = 1;
pub(super) const ASK: i32 = 2;
const LAST: i32 = 4;
const HIGH: i32 = 6;
const LOW: i32 = 7;
const VOLUME: i32 = 8;
const CLOSE: i32 = 9;
const OPEN: i32 = 14;
const LAST_TIME: i32 = 45;
/// Shares on each side of a quote.
const QUOTED_SHARES: u64 = 100;
/// Data of the moment, as opposed to late ones.
pub(super) const LIVE: i32 = 1;

/// Shares of the trade at the end of a bar.
fn traded_shares(print: &BarPrint) -> u64 {
    (print.bar.volume / 100).max(1)
}

impl Desk<'_> {
    pub(super) fn market_data_type(&mut self, _: &MarketDataTypeRequest) {
        // All data are of the moment, whatever else would do.
    }

    /// What is told before the first quote of a request, where there is room for one.
    pub(super) fn begin_quotes(&mut self, id: i32, exchange: &str) -> Result<(), Refusal> {
        Wants::check_room(&self.line.wants.quotes, id)?;
        Wants::check_room(&self.line.wants.options, id)?;
        let params = TickReqParams {
            req_id: Some(id),
            min_tick: Some("0.01".to_owned()),
            bbo_exchange: Some(exchange.to_owned()),
            snapshot_permissions: Some(3),
            last_price_precision: None,
            last_size_precision: None,
        };
        self.tell(tell::TICK_REQ_PARAMS, &params);
        let kind = MarketDataType { req_id: Some(id), market_data_type: Some(LIVE) };
        self.tell(tell::MARKET_DATA_TYPE, &kind);
        Ok(())
    }

    pub(super) fn market_data(&mut self, ask: &MarketDataRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        if super::combos::is_other(ask.contract.as_ref()) {
            return self.option_quotes(ask);
        }
        let instrument = contracts::wanted(self.venue, id, ask.contract.as_ref())?;
        self.begin_quotes(id, "NYSE")?;
        if let Some(print) = self.venue.last_bar(instrument) {
            self.tell_quote(id, &print);
        }
        self.tell_day(id, instrument);
        match ask.snapshot == Some(true) {
            true => self.tell(tell::SNAPSHOT_END, &OfRequest { req_id: Some(id) }),
            false => {
                self.line.wants.quotes.insert(id, instrument);
            }
        }
        Ok(())
    }

    pub(super) fn tell_price(&mut self, id: i32, tick: i32, price: f64, shares: Option<u64>) {
        let told = TickPrice {
            req_id: Some(id),
            tick_type: Some(tick),
            price: Some(price),
            size: shares.map(|shares| shares.to_string()),
            attr_mask: Some(0),
        };
        self.tell(tell::TICK_PRICE, &told);
    }

    fn tell_quote(&mut self, id: i32, print: &BarPrint) {
        let (bid, ask) = self.venue.quote(print.bar.close);
        self.tell_price(id, BID, bid, Some(QUOTED_SHARES));
        self.tell_price(id, ASK, ask, Some(QUOTED_SHARES));
        self.tell_price(id, LAST, print.bar.close.to_f64(), Some(traded_shares(print)));
        let value = Some(seconds(print.end).to_string());
        let told = TickString { req_id: Some(id), tick_type: Some(LAST_TIME), value };
        self.tell(tell::TICK_STRING, &told);
    }

    /// The session so far, and the close before it.
    fn tell_day(&mut self, id: i32, instrument: InstrumentId) {
        let day = self.venue.today();
        if let Some(close) = self.venue.tape().close_before(instrument, day) {
            self.tell_price(id, CLOSE, close.to_f64(), None);
        }
        let Some(bar) = self.venue.day_so_far(instrument) else { return };
        self.tell_price(id, OPEN, bar.open.to_f64(), None);
        self.tell_price(id, HIGH, bar.high.to_f64(), None);
        self.tell_price(id, LOW, bar.low.to_f64(), None);
        let size = Some(bar.volume.to_string());
        let told = TickSize { req_id: Some(id), tick_type: Some(VOLUME), size };
        self.tell(tell::TICK_SIZE, &told);
    }

    pub(super) fn real_time_bars(&mut self, ask: &RealTimeBarsRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let instrument = contracts::wanted(self.venue, id, ask.contract.as_ref())?;
        Wants::check_room(&self.line.wants.bars, id)?;
        let shown = shown_price(ask.what_to_show.as_deref())
            .ok_or_else(|| Refusal::invalid(id, "bars of this price are not told here"))?;
        self.line.wants.bars.insert(id, (instrument, shown));
        Ok(())
    }

    pub(super) fn tick_by_tick(&mut self, ask: &TickByTickRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let instrument = contracts::wanted(self.venue, id, ask.contract.as_ref())?;
        Wants::check_room(&self.line.wants.ticks, id)?;
        let kind = match ask.tick_type.as_deref().unwrap_or_default() {
            "Last" => TickKind::Last,
            "AllLast" => TickKind::AllLast,
            "BidAsk" => TickKind::BidAsk,
            "MidPoint" => TickKind::MidPoint,
            other => return Err(Refusal::invalid(id, format!("there are no ticks of '{other}'"))),
        };
        self.line.wants.ticks.insert(id, (instrument, kind));
        Ok(())
    }

    /// Tells the bars that became known to who listens.
    pub(super) fn tell_prints(&mut self, prints: &[BarPrint]) {
        for print in prints {
            self.tell_options(print);
            let wants = &self.line.wants;
            let of = |instrument: InstrumentId| instrument == print.instrument;
            let quotes: Vec<i32> =
                wants.quotes.iter().filter(|(_, id)| of(**id)).map(|(id, _)| *id).collect();
            let bars: Vec<(i32, Shown)> = wants
                .bars
                .iter()
                .filter(|(_, (instrument, _))| of(*instrument))
                .map(|(id, (_, shown))| (*id, *shown))
                .collect();
            let ticks: Vec<(i32, TickKind)> = wants
                .ticks
                .iter()
                .filter(|(_, (instrument, _))| of(*instrument))
                .map(|(id, (_, kind))| (*id, *kind))
                .collect();
            for id in quotes {
                self.tell_quote(id, print);
                self.tell_day(id, print.instrument);
            }
            for (id, shown) in bars {
                self.tell_bar(id, print, shown);
            }
            for (id, kind) in ticks {
                self.tell_tick(id, print, kind);
            }
        }
        if !prints.is_empty() {
            self.tell_kept();
        }
    }

    fn tell_bar(&mut self, id: i32, print: &BarPrint, shown: Shown) {
        let price = |price| Some(super::history::priced(self.venue, price, shown));
        let bar = &print.bar;
        let typical = (bar.high.to_f64() + bar.low.to_f64() + bar.close.to_f64()) / 3.0;
        let told = RealTimeBarTick {
            req_id: Some(id),
            time: Some(seconds(print.start)),
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: Some(bar.volume.to_string()),
            wap: Some(format!("{typical:.4}")),
            count: Some(traded_shares(print).min(1 << 30) as i32),
        };
        self.tell(tell::REAL_TIME_BAR, &told);
    }

    fn tell_tick(&mut self, id: i32, print: &BarPrint, kind: TickKind) {
        let time = Some(seconds(print.end));
        let (bid, ask) = self.venue.quote(print.bar.close);
        let mut told = TickByTickData { req_id: Some(id), ..TickByTickData::default() };
        match kind {
            TickKind::Last | TickKind::AllLast => {
                told.tick_type = Some(if kind == TickKind::Last { 1 } else { 2 });
                told.last = Some(HistoricalTickLast {
                    time,
                    price: Some(print.bar.close.to_f64()),
                    size: Some(traded_shares(print).to_string()),
                    exchange: Some("NYSE".to_owned()),
                    special_conditions: Some(String::new()),
                });
            }
            TickKind::BidAsk => {
                told.tick_type = Some(3);
                told.bid_ask = Some(HistoricalTickBidAsk {
                    time,
                    price_bid: Some(bid),
                    price_ask: Some(ask),
                    size_bid: Some(QUOTED_SHARES.to_string()),
                    size_ask: Some(QUOTED_SHARES.to_string()),
                });
            }
            TickKind::MidPoint => {
                let price =
                    Some(super::history::priced(self.venue, print.bar.close, Shown::Midpoint));
                told.tick_type = Some(4);
                told.mid_point = Some(HistoricalTick { time, price, size: Some("0".to_owned()) });
            }
        }
        self.tell(tell::TICK_BY_TICK, &told);
    }
}
