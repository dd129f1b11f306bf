//! Money and positions.

use super::contracts::Contract;

/// Subscribes to some values of the account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountSummaryRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) group: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tags: Option<String>,
}

/// One value of a summary.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountSummary {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) tag: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) value: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) currency: Option<String>,
}

/// Subscribes to all about the account, or ends that.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountDataRequest {
    #[prost(bool, optional, tag = "1")]
    pub(crate) subscribe: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub(crate) acct_code: Option<String>,
}

/// One value of the account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountValue {
    #[prost(string, optional, tag = "1")]
    pub(crate) key: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) value: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) currency: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) account_name: Option<String>,
}

/// One position and its worth.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PortfolioValue {
    #[prost(message, optional, tag = "1")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "2")]
    pub(crate) position: Option<String>,
    #[prost(double, optional, tag = "3")]
    pub(crate) market_price: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) market_value: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) average_cost: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub(crate) unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub(crate) realized_pnl: Option<f64>,
    #[prost(string, optional, tag = "8")]
    pub(crate) account_name: Option<String>,
}

/// Hours and minutes of the last update.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountUpdateTime {
    #[prost(string, optional, tag = "1")]
    pub(crate) time_stamp: Option<String>,
}

/// The account was told whole.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountDataEnd {
    #[prost(string, optional, tag = "1")]
    pub(crate) account_name: Option<String>,
}

/// One position.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Position {
    #[prost(string, optional, tag = "1")]
    pub(crate) account: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub(crate) position: Option<String>,
    #[prost(double, optional, tag = "4")]
    pub(crate) avg_cost: Option<f64>,
}

/// Subscribes to positions of an account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PositionsMultiRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) model_code: Option<String>,
}

/// One position of an account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PositionMulti {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(message, optional, tag = "3")]
    pub(crate) contract: Option<Contract>,
    #[prost(string, optional, tag = "4")]
    pub(crate) position: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub(crate) avg_cost: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub(crate) model_code: Option<String>,
}

/// Subscribes to values of an account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountUpdatesMultiRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) model_code: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub(crate) ledger_and_nlv: Option<bool>,
}

/// One value of an account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AccountUpdateMulti {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) model_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) key: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) value: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) currency: Option<String>,
}

/// Subscribes to the profit of the account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PnLRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) model_code: Option<String>,
}

/// Profit of the account.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PnL {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(double, optional, tag = "2")]
    pub(crate) daily_pnl: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub(crate) unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) realized_pnl: Option<f64>,
}

/// Subscribes to the profit of a position.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PnLSingleRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) account: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) model_code: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) con_id: Option<i32>,
}

/// Profit of a position.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PnLSingle {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) position: Option<String>,
    #[prost(double, optional, tag = "3")]
    pub(crate) daily_pnl: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(crate) unrealized_pnl: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(crate) realized_pnl: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub(crate) value: Option<f64>,
}
