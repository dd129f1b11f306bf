//! Bars, quotes and trades.

use super::contracts::Contract;

/// Asks for bars of the past, and for those to come if wished.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) end_date_time: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) bar_size_setting: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) duration: Option<String>,
    #[prost(bool, optional, tag = "6")]
    pub(crate) use_rth: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub(crate) what_to_show: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub(crate) format_date: Option<i32>,
    #[prost(bool, optional, tag = "9")]
    pub(crate) keep_up_to_date: Option<bool>,
}

/// One bar; its date is a day or seconds since 1970.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalDataBar {
    #[prost(string, optional, tag = "1")]
    pub(crate) date: Option<String>,
    #[prost(double, optional, tag = "2")]
    pub(crate) open: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) high: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) low: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) close: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub(crate) volume: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) wap: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub(crate) bar_count: Option<i32>,
}

/// Bars of the past, the oldest first.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalData {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) historical_data_bars: Vec<HistoricalDataBar>,
}

/// The span that was asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalDataEnd {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) start_date_str: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) end_date_str: Option<String>,
}

/// A bar that came to be.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalDataUpdate {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) historical_data_bar: Option<HistoricalDataBar>,
}

/// Asks since when there are bars.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeadTimestampRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) use_rth: Option<bool>,
    #[prost(string, optional, tag = "4")]
    pub(crate) what_to_show: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) format_date: Option<i32>,
}

/// The start of the first bar.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeadTimestamp {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) head_timestamp: Option<String>,
}

/// Subscribes to quotes and trades.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MarketDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) generic_tick_list: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub(crate) snapshot: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub(crate) regulatory_snapshot: Option<bool>,
}

/// Says which data may be told where there are none of the moment.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MarketDataTypeRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) market_data_type: Option<i32>,
}

/// Says of what kind the data are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MarketDataType {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) market_data_type: Option<i32>,
}

/// How prices of a subscription are to be read.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickReqParams {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) min_tick: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) bbo_exchange: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) snapshot_permissions: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub(crate) last_price_precision: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) last_size_precision: Option<String>,
}

/// A price with its size.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickPrice {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) tick_type: Option<i32>,
    #[prost(double, optional, tag = "3")]
    pub(crate) price: Option<f64>,
    #[prost(string, optional, tag = "4")]
    pub(crate) size: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) attr_mask: Option<i32>,
}

/// A size.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickSize {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) tick_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub(crate) size: Option<String>,
}

/// A text.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickString {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) tick_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub(crate) value: Option<String>,
}

/// Subscribes to bars.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RealTimeBarsRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) bar_size: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(crate) what_to_show: Option<String>,
    #[prost(bool, optional, tag = "5")]
    pub(crate) use_rth: Option<bool>,
}

/// A bar as it ended.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RealTimeBarTick {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub(crate) time: Option<i64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) open: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) high: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) low: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub(crate) close: Option<f64>,
    #[prost(string, optional, tag = "7")]
    pub(crate) volume: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) wap: Option<String>,
    #[prost(int32, optional, tag = "9")]
    pub(crate) count: Option<i32>,
}

/// Subscribes to each trade or quote.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickByTickRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tick_type: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) number_of_ticks: Option<i32>,
    #[prost(bool, optional, tag = "5")]
    pub(crate) ignore_size: Option<bool>,
}

/// The middle between bid and ask.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalTick {
    #[prost(int64, optional, tag = "1")]
    pub(crate) time: Option<i64>,
    #[prost(double, optional, tag = "2")]
    pub(crate) price: Option<f64>,
    #[prost(string, optional, tag = "3")]
    pub(crate) size: Option<String>,
}

/// A trade.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalTickLast {
    #[prost(int64, optional, tag = "1")]
    pub(crate) time: Option<i64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) price: Option<f64>,
    #[prost(string, optional, tag = "4")]
    pub(crate) size: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) special_conditions: Option<String>,
}

/// A quote.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistoricalTickBidAsk {
    #[prost(int64, optional, tag = "1")]
    pub(crate) time: Option<i64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) price_bid: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) price_ask: Option<f64>,
    #[prost(string, optional, tag = "5")]
    pub(crate) size_bid: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) size_ask: Option<String>,
}

/// A trade, a quote or a middle as it came; one of the last three fields is there.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickByTickData {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) tick_type: Option<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) last: Option<HistoricalTickLast>,
    #[prost(message, optional, tag = "4")]
    pub(crate) bid_ask: Option<HistoricalTickBidAsk>,
    #[prost(message, optional, tag = "5")]
    pub(crate) mid_point: Option<HistoricalTick>,
}
