//! Chains of options, what they are worth, and conditions of orders.

/// Asks for the days and strikes of a chain.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ChainRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) underlying_symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) fut_fop_exchange: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) underlying_sec_type: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) underlying_con_id: Option<i32>,
}

/// Days and strikes of a chain.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ChainTold {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) exchange: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) underlying_con_id: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(crate) trading_class: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) multiplier: Option<String>,
    #[prost(string, repeated, tag = "6")]
    pub(crate) expirations: Vec<String>,
    #[prost(double, repeated, tag = "7")]
    pub(crate) strikes: Vec<f64>,
}

/// What a contract is worth by its model, and how that answers to its causes.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TickOptionComputation {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) tick_type: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) tick_attrib: Option<i32>,
    #[prost(double, optional, tag = "4")]
    pub(crate) implied_vol: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) delta: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub(crate) opt_price: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub(crate) pv_dividend: Option<f64>,
    #[prost(double, optional, tag = "8")]
    pub(crate) gamma: Option<f64>,
    #[prost(double, optional, tag = "9")]
    pub(crate) vega: Option<f64>,
    #[prost(double, optional, tag = "10")]
    pub(crate) theta: Option<f64>,
    #[prost(double, optional, tag = "11")]
    pub(crate) und_price: Option<f64>,
}

/// What an order waits for.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OrderCondition {
    /// 1 is a price.
    #[prost(int32, optional, tag = "1")]
    pub(crate) kind: Option<i32>,
    #[prost(bool, optional, tag = "2")]
    pub(crate) is_conjunction: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) is_more: Option<bool>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) con_id: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub(crate) exchange: Option<String>,
    #[prost(double, optional, tag = "10")]
    pub(crate) price: Option<f64>,
    #[prost(int32, optional, tag = "11")]
    pub(crate) trigger_method: Option<i32>,
}
