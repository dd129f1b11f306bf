//! Orders and what becomes of them.

use super::contracts::Contract;

/// The terms of an order. The protocol has some hundred and forty fields; these are read or
/// told.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Order {
    #[prost(int32, optional, tag = "1")]
    pub(crate) client_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) order_id: Option<i32>,
    #[prost(int64, optional, tag = "3")]
    pub(crate) perm_id: Option<i64>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) parent_id: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub(crate) action: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) total_quantity: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) order_type: Option<String>,
    #[prost(double, optional, tag = "9")]
    pub(crate) lmt_price: Option<f64>,
    #[prost(double, optional, tag = "10")]
    pub(crate) aux_price: Option<f64>,
    #[prost(string, optional, tag = "11")]
    pub(crate) tif: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub(crate) account: Option<String>,
    #[prost(bool, optional, tag = "16")]
    pub(crate) all_or_none: Option<bool>,
    #[prost(bool, optional, tag = "19")]
    pub(crate) outside_rth: Option<bool>,
    #[prost(double, optional, tag = "22")]
    pub(crate) trailing_percent: Option<f64>,
    #[prost(double, optional, tag = "23")]
    pub(crate) trail_stop_price: Option<f64>,
    #[prost(string, optional, tag = "25")]
    pub(crate) good_after_time: Option<String>,
    #[prost(string, optional, tag = "26")]
    pub(crate) good_till_date: Option<String>,
    #[prost(string, optional, tag = "27")]
    pub(crate) oca_group: Option<String>,
    #[prost(string, optional, tag = "28")]
    pub(crate) order_ref: Option<String>,
    #[prost(int32, optional, tag = "30")]
    pub(crate) oca_type: Option<i32>,
    #[prost(string, optional, tag = "59")]
    pub(crate) hedge_type: Option<String>,
    #[prost(string, optional, tag = "61")]
    pub(crate) algo_strategy: Option<String>,
    #[prost(bool, optional, tag = "65")]
    pub(crate) what_if: Option<bool>,
    #[prost(bool, optional, tag = "66")]
    pub(crate) transmit: Option<bool>,
    #[prost(string, optional, tag = "93")]
    pub(crate) adjusted_order_type: Option<String>,
    #[prost(double, optional, tag = "99")]
    pub(crate) lmt_price_offset: Option<f64>,
    #[prost(double, optional, tag = "106")]
    pub(crate) cash_qty: Option<f64>,
    #[prost(string, optional, tag = "115")]
    pub(crate) filled_quantity: Option<String>,
    #[prost(int64, optional, tag = "121")]
    pub(crate) parent_perm_id: Option<i64>,
    #[prost(bool, optional, tag = "101")]
    pub(crate) conditions_cancel_order: Option<bool>,
    /// Read where the order is one on options or a combination.
    #[prost(bytes = "vec", repeated, tag = "100")]
    pub(crate) conditions: Vec<Vec<u8>>,
}

/// Where an order stands, and what it would do to the margin.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OrderState {
    #[prost(string, optional, tag = "1")]
    pub(crate) status: Option<String>,
    #[prost(double, optional, tag = "2")]
    pub(crate) init_margin_before: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) maint_margin_before: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) equity_with_loan_before: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) init_margin_change: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub(crate) maint_margin_change: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub(crate) equity_with_loan_change: Option<f64>,
    #[prost(double, optional, tag = "8")]
    pub(crate) init_margin_after: Option<f64>,
    #[prost(double, optional, tag = "9")]
    pub(crate) maint_margin_after: Option<f64>,
    #[prost(double, optional, tag = "10")]
    pub(crate) equity_with_loan_after: Option<f64>,
    #[prost(double, optional, tag = "11")]
    pub(crate) commission_and_fees: Option<f64>,
    #[prost(double, optional, tag = "12")]
    pub(crate) min_commission_and_fees: Option<f64>,
    #[prost(double, optional, tag = "13")]
    pub(crate) max_commission_and_fees: Option<f64>,
    #[prost(string, optional, tag = "14")]
    pub(crate) commission_and_fees_currency: Option<String>,
    #[prost(string, optional, tag = "15")]
    pub(crate) margin_currency: Option<String>,
    #[prost(string, optional, tag = "26")]
    pub(crate) reject_reason: Option<String>,
    #[prost(string, optional, tag = "28")]
    pub(crate) warning_text: Option<String>,
    #[prost(string, optional, tag = "29")]
    pub(crate) completed_time: Option<String>,
    #[prost(string, optional, tag = "30")]
    pub(crate) completed_status: Option<String>,
}

/// Places an order, or changes one of the same id.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PlaceOrderRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) order: Option<Order>,
}

/// Takes an order back.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CancelOrderRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
}

/// Asks for orders that are done.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CompletedOrdersRequest {
    #[prost(bool, optional, tag = "1")]
    pub(crate) api_only: Option<bool>,
}

/// An order as the server holds it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OpenOrder {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) order: Option<Order>,
    #[prost(message, optional, tag = "4")]
    pub(crate) order_state: Option<OrderState>,
}

/// How far an order has come.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OrderStatus {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) status: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) filled: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) remaining: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub(crate) avg_fill_price: Option<f64>,
    #[prost(int64, optional, tag = "6")]
    pub(crate) perm_id: Option<i64>,
    #[prost(int32, optional, tag = "7")]
    pub(crate) parent_id: Option<i32>,
    #[prost(double, optional, tag = "8")]
    pub(crate) last_fill_price: Option<f64>,
    #[prost(int32, optional, tag = "9")]
    pub(crate) client_id: Option<i32>,
    #[prost(string, optional, tag = "10")]
    pub(crate) why_held: Option<String>,
    #[prost(double, optional, tag = "11")]
    pub(crate) mkt_cap_price: Option<f64>,
}

/// An order that is done.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CompletedOrder {
    #[prost(message, optional, tag = "1")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "2")]
    pub(crate) order: Option<Order>,
    #[prost(message, optional, tag = "3")]
    pub(crate) order_state: Option<OrderState>,
}

/// Which executions are asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutionFilter {
    #[prost(int32, optional, tag = "1")]
    pub(crate) client_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) acct_code: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) time: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) symbol: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) sec_type: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) side: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub(crate) last_n_days: Option<i32>,
    #[prost(int32, repeated, tag = "9")]
    pub(crate) specific_dates: Vec<i32>,
}

/// Asks for executions.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutionRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) execution_filter: Option<ExecutionFilter>,
}

/// A trade of an order.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Execution {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) exec_id: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) time: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) acct_number: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) side: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) shares: Option<String>,
    #[prost(double, optional, tag = "8")]
    pub(crate) price: Option<f64>,
    #[prost(int64, optional, tag = "9")]
    pub(crate) perm_id: Option<i64>,
    #[prost(int32, optional, tag = "10")]
    pub(crate) client_id: Option<i32>,
    #[prost(bool, optional, tag = "11")]
    pub(crate) is_liquidation: Option<bool>,
    #[prost(string, optional, tag = "12")]
    pub(crate) cum_qty: Option<String>,
    #[prost(double, optional, tag = "13")]
    pub(crate) avg_price: Option<f64>,
    #[prost(string, optional, tag = "14")]
    pub(crate) order_ref: Option<String>,
    #[prost(int32, optional, tag = "18")]
    pub(crate) last_liquidity: Option<i32>,
}

/// A trade and what was traded.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutionDetails {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) execution: Option<Execution>,
}

/// What a trade cost and earned.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CommissionAndFeesReport {
    #[prost(string, optional, tag = "1")]
    pub(crate) exec_id: Option<String>,
    #[prost(double, optional, tag = "2")]
    pub(crate) commission_and_fees: Option<f64>,
    #[prost(string, optional, tag = "3")]
    pub(crate) currency: Option<String>,
    #[prost(double, optional, tag = "4")]
    pub(crate) realized_pnl: Option<f64>,
}
