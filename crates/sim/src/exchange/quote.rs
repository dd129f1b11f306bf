//! At which price, if at any, an order fills on a bar. Pure rules, no state.
//!
//! Inside a bar only four prices are known, so the rules are chosen to err against us: a stop
//! that the bar's range touched is always hit; a target of an order that was awakened inside
//! the bar counts only when the price must have come there afterwards.

use market::{Bar, FillRule, OrderKind, Price};
use serde::{Deserialize, Serialize};

use super::LimitRule;
use crate::costs::Liquidity;

/// What an order asks for, without its name and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) kind: OrderKind,
    pub(super) buys: bool,
    /// True once the stop price was touched.
    pub(super) triggered: bool,
}

/// A price to fill at, before costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) price: Price,
    pub(super) rule: FillRule,
    pub(super) liquidity: Liquidity,
    /// Which way the price was going when it came here.
    pub(super) motion: Motion,
}

/// Which way the price was going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Motion {
    /// At the open: all of the bar lies ahead.
    AtOpen,
    /// It rose from the open.
    Up,
    /// It fell from the open.
    Down,
    /// At the close: nothing of the bar lies ahead.
    AtClose,
}

/// The rules' answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing happens.
    Wait,
    /// The stop of a stop-limit order is touched, its limit is not within reach.
    Trigger(Price, Motion),
    /// It fills.
    Fill(Quote),
}

fn taken(price: Price, rule: FillRule, motion: Motion) -> Answer {
    Answer::Fill(Quote { price, rule, liquidity: Liquidity::Taken, motion })
}

fn provided(price: Price, motion: Motion) -> Answer {
    let rule = FillRule::LimitTouched;
    Answer::Fill(Quote { price, rule, liquidity: Liquidity::Provided, motion })
}

/// The answer at one price that is being traded now: the open, or the price at which the
/// order's parent has just filled.
pub(super) fn at_price(ask: &Ask, now: Price, motion: Motion) -> Answer {
    let beyond = |stop: Price| if ask.buys { now >= stop } else { now <= stop };
    let within = |limit: Price| if ask.buys { now <= limit } else { now >= limit };
    match ask.kind {
        OrderKind::Market => taken(now, FillRule::NextOpen, motion),
        OrderKind::MarketOnClose => Answer::Wait,
        OrderKind::Limit { limit } if within(limit) => taken(now, FillRule::LimitGap, motion),
        OrderKind::Limit { .. } => Answer::Wait,
        OrderKind::Stop { .. } if ask.triggered => taken(now, FillRule::NextOpen, motion),
        OrderKind::Stop { stop } if beyond(stop) => taken(now, FillRule::StopGap, motion),
        OrderKind::Stop { .. } => Answer::Wait,
        OrderKind::StopLimit { limit, .. } if ask.triggered => match within(limit) {
            true => taken(now, FillRule::LimitGap, motion),
            false => Answer::Wait,
        },
        OrderKind::StopLimit { stop, limit } => match (beyond(stop), within(limit)) {
            (true, true) => taken(now, FillRule::StopGap, motion),
            (true, false) => Answer::Trigger(now, motion),
            (false, _) => Answer::Wait,
        },
    }
}

/// The answer of the rest of the bar after the open, for an order that was awake at the open.
pub(super) fn inside(ask: &Ask, bar: &Bar, rule: LimitRule) -> Answer {
    match ask.kind {
        OrderKind::Market | OrderKind::MarketOnClose => Answer::Wait,
        OrderKind::Limit { limit } => limit_inside(ask, limit, bar, rule),
        OrderKind::Stop { .. } if ask.triggered => Answer::Wait,
        OrderKind::Stop { stop } => match stop_touched(ask, stop, bar) {
            true => taken(stop, FillRule::StopTouched, toward(ask.buys)),
            false => Answer::Wait,
        },
        OrderKind::StopLimit { limit, .. } if ask.triggered => limit_inside(ask, limit, bar, rule),
        OrderKind::StopLimit { stop, limit } => {
            let reachable = if ask.buys { stop <= limit } else { stop >= limit };
            match (stop_touched(ask, stop, bar), reachable) {
                (false, _) => Answer::Wait,
                (true, true) => taken(stop, FillRule::StopTouched, toward(ask.buys)),
                (true, false) => Answer::Trigger(stop, toward(ask.buys)),
            }
        }
    }
}

/// The answer for an order awakened inside the bar, when the price was `from` and had come there
/// by `motion`.
pub(super) fn after(ask: &Ask, bar: &Bar, wake: (Price, Motion), rule: LimitRule) -> Answer {
    let (from, motion) = wake;
    if motion == Motion::AtClose {
        return Answer::Wait;
    }
    let now = at_price(ask, from, motion);
    if now != Answer::Wait {
        return now;
    }
    match (ask.kind, ask.triggered) {
        (OrderKind::Limit { limit }, _) | (OrderKind::StopLimit { limit, .. }, true) => {
            limit_after(ask, limit, bar, (motion, rule))
        }
        _ => inside(ask, bar, rule),
    }
}

/// The answer at the close.
pub(super) fn at_close(ask: &Ask, bar: &Bar) -> Answer {
    match ask.kind {
        OrderKind::MarketOnClose => taken(bar.close, FillRule::AtClose, Motion::AtClose),
        _ => Answer::Wait,
    }
}

/// True when the bar's range reaches the limit of a limit order, whenever that was.
pub(super) fn range_reaches_limit(ask: &Ask, bar: &Bar, rule: LimitRule) -> bool {
    match ask.kind {
        OrderKind::Limit { limit } => reached(ask, limit, bar, rule),
        _ => false,
    }
}

/// True when no price of the bar is one that the order fills at or wakes on. Most bars of most
/// orders: they need not be worked moment by moment.
#[inline]
pub(super) fn is_out_of_reach(ask: &Ask, bar: &Bar) -> bool {
    match (ask.kind, ask.triggered) {
        (OrderKind::Limit { limit }, _) | (OrderKind::StopLimit { limit, .. }, true) => {
            if ask.buys { bar.low > limit } else { bar.high < limit }
        }
        (OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. }, false) => {
            !stop_touched(ask, stop, bar)
        }
        (OrderKind::Market | OrderKind::MarketOnClose | OrderKind::Stop { .. }, _) => false,
    }
}

fn toward(up: bool) -> Motion {
    if up { Motion::Up } else { Motion::Down }
}

fn stop_touched(ask: &Ask, stop: Price, bar: &Bar) -> bool {
    if ask.buys { bar.high >= stop } else { bar.low <= stop }
}

fn reached(ask: &Ask, limit: Price, bar: &Bar, rule: LimitRule) -> bool {
    match (ask.buys, rule) {
        (true, LimitRule::Touched) => bar.low <= limit,
        (true, LimitRule::TradedThrough) => bar.low < limit,
        (false, LimitRule::Touched) => bar.high >= limit,
        (false, LimitRule::TradedThrough) => bar.high > limit,
    }
}

fn limit_inside(ask: &Ask, limit: Price, bar: &Bar, rule: LimitRule) -> Answer {
    match reached(ask, limit, bar, rule) {
        true => provided(limit, toward(!ask.buys)),
        false => Answer::Wait,
    }
}

/// A limit order awakened inside the bar. The price surely came to it afterwards when it was
/// moving that way (the extreme lies ahead), or when the close is beyond the limit.
fn limit_after(ask: &Ask, limit: Price, bar: &Bar, how: (Motion, LimitRule)) -> Answer {
    let (motion, rule) = how;
    let extreme_ahead = motion == toward(!ask.buys);
    let last = Bar { high: bar.close, low: bar.close, ..*bar };
    let seen = if extreme_ahead { bar } else { &last };
    limit_inside(ask, limit, seen, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_order_out_of_reach_waits_at_every_moment(
            prices in prop::array::uniform4(1i64..40),
            [first, second] in prop::array::uniform2(1i64..40),
            (shape, buys, triggered) in (0..4, any::<bool>(), any::<bool>()),
        ) {
            let [open, close, up, down] = prices;
            let (high, low) = (open.max(close) + up % 5, (open.min(close) - down % 5).max(1));
            let [open, high, low, close] = [open, high, low, close].map(Price::from_raw);
            let bar = Bar { open, high, low, close, volume: 1 };
            let [stop, limit] = [first, second].map(Price::from_raw);
            let kind = match shape {
                0 => OrderKind::Market,
                1 => OrderKind::Limit { limit },
                2 => OrderKind::Stop { stop },
                _ => OrderKind::StopLimit { stop, limit },
            };
            let ask = Ask { kind, buys, triggered };
            let answers = [
                at_price(&ask, open, Motion::AtOpen),
                inside(&ask, &bar, LimitRule::Touched),
                at_close(&ask, &bar),
            ];
            let waits = answers.iter().all(|answer| *answer == Answer::Wait);
            prop_assert_eq!(is_out_of_reach(&ask, &bar), waits);
        }
    }
}
