//! The market-regime filter (BRK-22): may halve or block a side, never enlarge it.
//!
//! Two things are looked at on the day of the decision, both known at its close: where the market
//! fund stands against its long mean, and the volatility index.

use base::Day;
use desk::risk::{Regime, Stance};
use market::Candle;
use serde::{Deserialize, Serialize};

use super::context::Context;

/// What the filter does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegimeConfig {
    /// Sessions of the market fund's mean. The side against the market is the one filtered:
    /// longs below the mean, shorts above.
    pub mean_sessions: usize,
    /// What happens to the side against the market.
    pub against_market: Stance,
    /// Volatility index above which both sides are filtered.
    pub volatility_above: f64,
    /// What happens to both sides then.
    pub in_volatility: Stance,
}

impl Default for RegimeConfig {
    fn default() -> RegimeConfig {
        RegimeConfig {
            mean_sessions: 200,
            against_market: Stance::Halved,
            volatility_above: 40.0,
            in_volatility: Stance::Halved,
        }
    }
}

/// The filter's word at the close of a day. What is not known filters nothing.
pub fn regime(context: &Context, day: Day, config: &RegimeConfig) -> Regime {
    let mut found = Regime::default();
    let until = |candles: &[Candle]| candles.partition_point(|candle| candle.day <= day);
    let market = &context.spy[..until(&context.spy)];
    if config.mean_sessions > 0 && market.len() >= config.mean_sessions {
        let last = &market[market.len() - config.mean_sessions..];
        let mean = last.iter().map(|candle| candle.close).sum::<f64>() / last.len() as f64;
        match market[market.len() - 1].close < mean {
            true => found.long = config.against_market,
            false => found.short = config.against_market,
        }
    }
    let volatility = context.vix[..until(&context.vix)].last();
    if volatility.is_some_and(|candle| candle.close > config.volatility_above) {
        found.long = stricter(found.long, config.in_volatility);
        found.short = stricter(found.short, config.in_volatility);
    }
    found
}

fn stricter(a: Stance, b: Stance) -> Stance {
    let rank = |stance: Stance| match stance {
        Stance::Open => 0,
        Stance::Halved => 1,
        Stance::Blocked => 2,
    };
    if rank(a) >= rank(b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(day: i32, close: f64) -> Candle {
        let day = Day::from_number(day);
        Candle { day, open: close, high: close, low: close, close, volume: 1.0 }
    }

    fn found(closes: [f64; 4], volatility: f64) -> Regime {
        let spy = closes.iter().zip(0..).map(|(close, day)| candle(day, *close)).collect();
        let context = Context { spy, vix: vec![candle(3, volatility)], ..Context::default() };
        let config = RegimeConfig { mean_sessions: 3, ..RegimeConfig::default() };
        regime(&context, Day::from_number(3), &config)
    }

    #[test]
    fn brk_22_the_side_against_the_market_is_halved() {
        assert_eq!(found([1.0, 2.0, 3.0, 4.0], 20.0).short, Stance::Halved);
        assert_eq!(found([1.0, 2.0, 3.0, 4.0], 20.0).long, Stance::Open);
        assert_eq!(found([4.0, 3.0, 2.0, 1.0], 20.0).long, Stance::Halved);
    }

    #[test]
    fn brk_22_high_volatility_halves_both_sides() {
        let both = found([1.0, 2.0, 3.0, 4.0], 41.0);
        assert_eq!((both.long, both.short), (Stance::Halved, Stance::Halved));
    }

    #[test]
    fn a_later_candle_changes_nothing() {
        let mut context = Context {
            spy: (0..10).map(|day| candle(day, f64::from(day))).collect(),
            ..Context::default()
        };
        let config = RegimeConfig { mean_sessions: 3, ..RegimeConfig::default() };
        let before = regime(&context, Day::from_number(5), &config);
        context.spy[6].close = -100.0;
        assert_eq!(regime(&context, Day::from_number(5), &config), before);
    }
}
