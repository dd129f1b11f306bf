//! What is traded.

/// One leg of a combination.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ComboLeg {
    #[prost(int32, optional, tag = "1")]
    pub(crate) con_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) ratio: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub(crate) action: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) exchange: Option<String>,
}

/// What is traded, as far as the sender says it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Contract {
    #[prost(int32, optional, tag = "1")]
    pub(crate) con_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) sec_type: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) last_trade_date_or_contract_month: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub(crate) strike: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub(crate) right: Option<String>,
    #[prost(double, optional, tag = "7")]
    pub(crate) multiplier: Option<f64>,
    #[prost(string, optional, tag = "8")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub(crate) primary_exch: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub(crate) currency: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub(crate) local_symbol: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub(crate) trading_class: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub(crate) sec_id_type: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub(crate) sec_id: Option<String>,
    #[prost(message, repeated, tag = "20")]
    pub(crate) combo_legs: Vec<ComboLeg>,
}

/// Asks which contracts fit.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContractDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
}

/// All about a contract.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContractDetails {
    #[prost(string, optional, tag = "1")]
    pub(crate) market_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) min_tick: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) order_types: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) valid_exchanges: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) price_magnifier: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub(crate) under_con_id: Option<i32>,
    #[prost(string, optional, tag = "7")]
    pub(crate) long_name: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) contract_month: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub(crate) time_zone_id: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub(crate) trading_hours: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub(crate) liquid_hours: Option<String>,
    #[prost(string, optional, tag = "19")]
    pub(crate) under_symbol: Option<String>,
    #[prost(string, optional, tag = "20")]
    pub(crate) under_sec_type: Option<String>,
    #[prost(string, optional, tag = "21")]
    pub(crate) market_rule_ids: Option<String>,
    #[prost(string, optional, tag = "22")]
    pub(crate) real_expiration_date: Option<String>,
    #[prost(string, optional, tag = "23")]
    pub(crate) stock_type: Option<String>,
    #[prost(string, optional, tag = "24")]
    pub(crate) min_size: Option<String>,
    #[prost(string, optional, tag = "25")]
    pub(crate) size_increment: Option<String>,
    #[prost(string, optional, tag = "26")]
    pub(crate) suggested_size_increment: Option<String>,
}

/// A contract that fits.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContractData {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) contract_details: Option<ContractDetails>,
}

/// Asks for symbols that contain a text.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MatchingSymbolsRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) pattern: Option<String>,
}

/// A contract that was found, and what is derived from it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContractDescription {
    #[prost(message, optional, tag = "1")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) derivative_sec_types: Vec<String>,
}

/// All that was found.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SymbolSamples {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) contract_descriptions: Vec<ContractDescription>,
}

/// Asks for the steps of prices.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MarketRuleRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) market_rule_id: Option<i32>,
}

/// The step of prices from a price on.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PriceIncrement {
    #[prost(double, optional, tag = "1")]
    pub(crate) low_edge: Option<f64>,
    #[prost(double, optional, tag = "2")]
    pub(crate) increment: Option<f64>,
}

/// All steps of a rule.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MarketRule {
    #[prost(int32, optional, tag = "1")]
    pub(crate) market_rule_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) price_increments: Vec<PriceIncrement>,
}
