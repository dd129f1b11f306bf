//! The size of the company beside that of its surroundings.

use super::{at_bar, ratio};
use crate::spec::Input::MarketCap;
use crate::spec::Units;

at_bar! {
    MARKET_CAP_TO_SP500 = |m| m.caps.and_then(|caps| ratio(caps.own, caps.sp500));
    name: "market_cap_to_sp500",
    formula: "market capitalisation of the company ÷ of the S&P 500",
    window: 1,
    warmup: 1,
    inputs: &[MarketCap],
    units: Units::Ratio,
}

at_bar! {
    MARKET_CAP_TO_INDUSTRY_INDEX = |m| m.caps.and_then(|caps| ratio(caps.own, caps.industry));
    name: "market_cap_to_industry_index",
    formula: "market capitalisation of the company ÷ of its industry's index",
    window: 1,
    warmup: 1,
    inputs: &[MarketCap],
    units: Units::Ratio,
}
