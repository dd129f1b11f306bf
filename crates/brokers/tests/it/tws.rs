//! The messages of TWS's protocol, as far as a wire needs them, in the numbers of the published
//! definitions.

use prost::Message;

/// Numbers of what is asked.
pub(crate) mod ask {
    pub(crate) const PLACE_ORDER: u32 = 3;
    pub(crate) const CANCEL_ORDER: u32 = 4;
    pub(crate) const EXECUTIONS: u32 = 7;
    pub(crate) const ALL_OPEN_ORDERS: u32 = 16;
    pub(crate) const POSITIONS: u32 = 61;
    pub(crate) const ACCOUNT_SUMMARY: u32 = 62;
    pub(crate) const CANCEL_ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const CANCEL_POSITIONS: u32 = 64;
    pub(crate) const START_API: u32 = 71;
    pub(crate) const COMPLETED_ORDERS: u32 = 99;
}

/// Numbers of what is told.
pub(crate) mod tell {
    pub(crate) const ORDER_STATUS: u32 = 3;
    pub(crate) const ERROR: u32 = 4;
    pub(crate) const OPEN_ORDER: u32 = 5;
    pub(crate) const NEXT_VALID_ID: u32 = 9;
    pub(crate) const EXECUTION: u32 = 11;
    pub(crate) const OPEN_ORDERS_END: u32 = 53;
    pub(crate) const EXECUTIONS_END: u32 = 55;
    pub(crate) const COMMISSION: u32 = 59;
    pub(crate) const POSITION: u32 = 61;
    pub(crate) const POSITION_END: u32 = 62;
    pub(crate) const ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const ACCOUNT_SUMMARY_END: u32 = 64;
    pub(crate) const COMPLETED_ORDER: u32 = 101;
    pub(crate) const COMPLETED_ORDERS_END: u32 = 102;
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Contract {
    #[prost(string, optional, tag = "2")]
    pub(crate) symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) sec_type: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) exchange: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub(crate) currency: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
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
    #[prost(string, optional, tag = "27")]
    pub(crate) oca_group: Option<String>,
    #[prost(string, optional, tag = "28")]
    pub(crate) order_ref: Option<String>,
    #[prost(int32, optional, tag = "30")]
    pub(crate) oca_type: Option<i32>,
    #[prost(bool, optional, tag = "66")]
    pub(crate) transmit: Option<bool>,
    #[prost(string, optional, tag = "115")]
    pub(crate) filled_quantity: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct OrderState {
    #[prost(string, optional, tag = "1")]
    pub(crate) status: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PlaceOrder {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) order: Option<Order>,
}

/// One number and nothing more.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Number {
    #[prost(int32, optional, tag = "1")]
    pub(crate) number: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
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

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CompletedOrder {
    #[prost(message, optional, tag = "1")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "2")]
    pub(crate) order: Option<Order>,
    #[prost(message, optional, tag = "3")]
    pub(crate) order_state: Option<OrderState>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct OrderStatus {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) status: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) filled: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) remaining: Option<String>,
    #[prost(int64, optional, tag = "6")]
    pub(crate) perm_id: Option<i64>,
    #[prost(int32, optional, tag = "9")]
    pub(crate) client_id: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutionFilter {
    #[prost(int32, optional, tag = "8")]
    pub(crate) last_n_days: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutionRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) filter: Option<ExecutionFilter>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Execution {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) exec_id: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) time: Option<String>,
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
    #[prost(string, optional, tag = "14")]
    pub(crate) order_ref: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutionDetails {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub(crate) execution: Option<Execution>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Commission {
    #[prost(string, optional, tag = "1")]
    pub(crate) exec_id: Option<String>,
    #[prost(double, optional, tag = "2")]
    pub(crate) fee: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Position {
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) position: Option<String>,
    #[prost(double, optional, tag = "4")]
    pub(crate) avg_cost: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) group: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tags: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Summary {
    #[prost(string, optional, tag = "4")]
    pub(crate) value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorMessage {
    #[prost(int32, optional, tag = "1")]
    pub(crate) id: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) error_code: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(crate) error_msg: Option<String>,
}
