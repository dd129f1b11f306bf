//! Beginning a session, the clock, and errors.

/// Begins the session of a client.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StartApiRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) client_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) optional_capabilities: Option<String>,
}

/// The first order id that nobody used.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct NextValidId {
    #[prost(int32, optional, tag = "1")]
    pub(crate) order_id: Option<i32>,
}

/// Names of accounts, with commas between them.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ManagedAccounts {
    #[prost(string, optional, tag = "1")]
    pub(crate) accounts_list: Option<String>,
}

/// Seconds since 1970.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CurrentTime {
    #[prost(int64, optional, tag = "1")]
    pub(crate) current_time: Option<i64>,
}

/// Milliseconds since 1970.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CurrentTimeInMillis {
    #[prost(int64, optional, tag = "1")]
    pub(crate) current_time_in_millis: Option<i64>,
}

/// A refusal or a notice; an id of -1 concerns no request.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ErrorMessage {
    #[prost(int32, optional, tag = "1")]
    pub(crate) id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub(crate) error_time: Option<i64>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) error_code: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(crate) error_msg: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) advanced_order_reject_json: Option<String>,
}

/// A message with nothing in it, or whose content does not matter.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Nothing {}

/// Any message that begins with the id of a request and of which no more is needed.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OfRequest {
    #[prost(int32, optional, tag = "1")]
    pub(crate) req_id: Option<i32>,
}
