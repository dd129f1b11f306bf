//! The messages of the protocol, as far as they are spoken here: fields with their numbers, and
//! the numbers of the messages. Fields that nobody reads or tells are left out; the protocol lets
//! both sides skip what they don't know.

pub(crate) mod account;
pub(crate) mod contracts;
pub(crate) mod data;
pub(crate) mod options;
pub(crate) mod orders;
pub(crate) mod session;

/// What a client asks; the numbers of its messages.
pub(crate) mod ask {
    pub(crate) const MARKET_DATA: u32 = 1;
    pub(crate) const CANCEL_MARKET_DATA: u32 = 2;
    pub(crate) const PLACE_ORDER: u32 = 3;
    pub(crate) const CANCEL_ORDER: u32 = 4;
    pub(crate) const OPEN_ORDERS: u32 = 5;
    pub(crate) const ACCOUNT_DATA: u32 = 6;
    pub(crate) const EXECUTIONS: u32 = 7;
    pub(crate) const IDS: u32 = 8;
    pub(crate) const CONTRACT_DATA: u32 = 9;
    pub(crate) const LOG_LEVEL: u32 = 14;
    pub(crate) const AUTO_OPEN_ORDERS: u32 = 15;
    pub(crate) const ALL_OPEN_ORDERS: u32 = 16;
    pub(crate) const MANAGED_ACCOUNTS: u32 = 17;
    pub(crate) const HISTORICAL_DATA: u32 = 20;
    pub(crate) const CANCEL_HISTORICAL_DATA: u32 = 25;
    pub(crate) const CURRENT_TIME: u32 = 49;
    pub(crate) const REAL_TIME_BARS: u32 = 50;
    pub(crate) const CANCEL_REAL_TIME_BARS: u32 = 51;
    pub(crate) const GLOBAL_CANCEL: u32 = 58;
    pub(crate) const MARKET_DATA_TYPE: u32 = 59;
    pub(crate) const POSITIONS: u32 = 61;
    pub(crate) const ACCOUNT_SUMMARY: u32 = 62;
    pub(crate) const CANCEL_ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const CANCEL_POSITIONS: u32 = 64;
    pub(crate) const START_API: u32 = 71;
    pub(crate) const POSITIONS_MULTI: u32 = 74;
    pub(crate) const CANCEL_POSITIONS_MULTI: u32 = 75;
    pub(crate) const ACCOUNT_UPDATES_MULTI: u32 = 76;
    pub(crate) const CANCEL_ACCOUNT_UPDATES_MULTI: u32 = 77;
    pub(crate) const CHAIN: u32 = 78;
    pub(crate) const MATCHING_SYMBOLS: u32 = 81;
    pub(crate) const HEAD_TIMESTAMP: u32 = 87;
    pub(crate) const CANCEL_HEAD_TIMESTAMP: u32 = 90;
    pub(crate) const MARKET_RULE: u32 = 91;
    pub(crate) const PNL: u32 = 92;
    pub(crate) const CANCEL_PNL: u32 = 93;
    pub(crate) const PNL_SINGLE: u32 = 94;
    pub(crate) const CANCEL_PNL_SINGLE: u32 = 95;
    pub(crate) const TICK_BY_TICK: u32 = 97;
    pub(crate) const CANCEL_TICK_BY_TICK: u32 = 98;
    pub(crate) const COMPLETED_ORDERS: u32 = 99;
    pub(crate) const CURRENT_TIME_IN_MILLIS: u32 = 105;
    pub(crate) const CANCEL_CONTRACT_DATA: u32 = 106;
}

/// What the server tells; the numbers of its messages.
pub(crate) mod tell {
    pub(crate) const TICK_PRICE: u32 = 1;
    pub(crate) const TICK_SIZE: u32 = 2;
    pub(crate) const ORDER_STATUS: u32 = 3;
    pub(crate) const ERROR: u32 = 4;
    pub(crate) const OPEN_ORDER: u32 = 5;
    pub(crate) const ACCOUNT_VALUE: u32 = 6;
    pub(crate) const PORTFOLIO_VALUE: u32 = 7;
    pub(crate) const ACCOUNT_UPDATE_TIME: u32 = 8;
    pub(crate) const NEXT_VALID_ID: u32 = 9;
    pub(crate) const CONTRACT_DATA: u32 = 10;
    pub(crate) const EXECUTION: u32 = 11;
    pub(crate) const MANAGED_ACCOUNTS: u32 = 15;
    pub(crate) const HISTORICAL_DATA: u32 = 17;
    pub(crate) const TICK_OPTION: u32 = 21;
    pub(crate) const TICK_STRING: u32 = 46;
    pub(crate) const CURRENT_TIME: u32 = 49;
    pub(crate) const REAL_TIME_BAR: u32 = 50;
    pub(crate) const CONTRACT_DATA_END: u32 = 52;
    pub(crate) const OPEN_ORDERS_END: u32 = 53;
    pub(crate) const ACCOUNT_DATA_END: u32 = 54;
    pub(crate) const EXECUTIONS_END: u32 = 55;
    pub(crate) const SNAPSHOT_END: u32 = 57;
    pub(crate) const MARKET_DATA_TYPE: u32 = 58;
    pub(crate) const COMMISSION: u32 = 59;
    pub(crate) const POSITION: u32 = 61;
    pub(crate) const POSITION_END: u32 = 62;
    pub(crate) const ACCOUNT_SUMMARY: u32 = 63;
    pub(crate) const ACCOUNT_SUMMARY_END: u32 = 64;
    pub(crate) const POSITION_MULTI: u32 = 71;
    pub(crate) const POSITION_MULTI_END: u32 = 72;
    pub(crate) const ACCOUNT_UPDATE_MULTI: u32 = 73;
    pub(crate) const ACCOUNT_UPDATE_MULTI_END: u32 = 74;
    pub(crate) const CHAIN: u32 = 75;
    pub(crate) const CHAIN_END: u32 = 76;
    pub(crate) const SYMBOL_SAMPLES: u32 = 79;
    pub(crate) const TICK_REQ_PARAMS: u32 = 81;
    pub(crate) const HEAD_TIMESTAMP: u32 = 88;
    pub(crate) const HISTORICAL_DATA_UPDATE: u32 = 90;
    pub(crate) const MARKET_RULE: u32 = 93;
    pub(crate) const PNL: u32 = 94;
    pub(crate) const PNL_SINGLE: u32 = 95;
    pub(crate) const TICK_BY_TICK: u32 = 99;
    pub(crate) const COMPLETED_ORDER: u32 = 101;
    pub(crate) const COMPLETED_ORDERS_END: u32 = 102;
    pub(crate) const HISTORICAL_DATA_END: u32 = 108;
    pub(crate) const CURRENT_TIME_IN_MILLIS: u32 = 109;
}
