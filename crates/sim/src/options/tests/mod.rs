//! The exchange for options, from inside.

mod backtests;
mod fills;
mod lives;
mod sums;

use base::{Day, Span, Ts};
use market::{
    Calendar, Cash, InstrumentId, Offer, OptionContract, OptionQuote, OptionRight, Price,
};

use super::*;

pub(super) const STOCK: InstrumentId = InstrumentId(0);

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

/// An hour before the close of a session.
pub(super) fn at(text: &str) -> Ts {
    let session = Calendar::of("XNYS").unwrap().session(day(text)).unwrap().unwrap();
    session.close - Span::from_hours(1)
}

pub(super) fn contract(right: OptionRight, strike: &str, expiry: &str) -> OptionContract {
    OptionContract::on_shares(STOCK, right, price(strike), day(expiry))
}

pub(super) fn call(strike: &str) -> OptionContract {
    contract(OptionRight::Call, strike, "2014-06-20")
}

pub(super) fn put(strike: &str) -> OptionContract {
    contract(OptionRight::Put, strike, "2014-06-20")
}

/// A quote with ten contracts on each side; an empty text is no side.
pub(super) fn quote(contract: OptionContract, bid: &str, ask: &str, now: Ts) -> OptionQuote {
    let side = |text: &str| (!text.is_empty()).then(|| Offer { price: price(text), size: 10 });
    OptionQuote { contract, at: now, known: now, bid: side(bid), ask: side(ask) }
}

pub(super) fn spot(bid: &str, ask: &str, now: Ts) -> Spot {
    let (bid, ask) = (price(bid), price(ask));
    Spot { instrument: STOCK, at: now, known: now, bid, ask, trades: Trades::AsShares }
}

pub(super) fn free() -> OptionExchangeConfig {
    let rules = Rules { fees: OptionFees::free(), margin: MarginRule::None, ..Rules::default() };
    OptionExchangeConfig { rules, ..OptionExchangeConfig::default() }
}

pub(super) fn exchange(config: OptionExchangeConfig) -> OptionExchange {
    OptionExchange::new(config).unwrap()
}

pub(super) fn buy(contract: OptionContract, qty: i64) -> Combo {
    let units = u32::try_from(qty.abs()).unwrap();
    Combo::market(ComboId(1), vec![Leg::option(contract, qty.signum())], units)
}
