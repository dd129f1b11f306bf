//! The key figures, each with its interval.

use base::bootstrap::{Plan, interval, mean_interval};
use base::{Interval, Seed, stats};
use market::Cash;
use serde::{Deserialize, Serialize};

use super::{DayEquity, Trade, daily_returns};

/// Trading days a year, for annualising.
const DAYS_A_YEAR: f64 = 252.0;
/// Mean block of the daily bootstrap: a month, long enough to keep volatility clusters whole.
const BLOCK_DAYS: f64 = 21.0;

/// Key figures of a run. Intervals are bootstrapped: trades of one quarter
/// together, days in blocks of a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Finished trades.
    pub trades: usize,
    /// Part of trades with a profit after fees.
    pub win_rate: Interval,
    /// Mean profit before fees, in R; over trades that have an R.
    pub expectancy_gross_r: Interval,
    /// Mean profit after fees, in R.
    pub expectancy_net_r: Interval,
    /// Sum of profits after fees, in R.
    pub net_r: f64,
    /// Profits after fees of winners over losses of losers; infinite without a loser, NaN
    /// without a trade.
    pub profit_factor: f64,
    /// Profit after fees.
    pub net: Cash,
    /// Fees.
    pub fees: Cash,
    /// Annualised Sharpe ratio of daily returns, no risk-free rate (Sharpe 1994).
    pub sharpe: Interval,
    /// Deepest fall from a high, as a positive fraction.
    pub max_drawdown: f64,
    /// Last equity over first, less one; NaN without days.
    pub total_return: f64,
}

/// Sums up trades and days.
pub fn summary(trades: &[Trade], curve: &[DayEquity], seed: Seed) -> Summary {
    let days = || trades.iter().map(|trade| trade.closed.closed.utc_day());
    let trade_plan = |name| Plan::quarters(seed.child(name), days());
    let wins: Vec<f64> = trades.iter().map(|t| f64::from(t.net() > Cash::ZERO)).collect();
    let gross: Vec<f64> = trades.iter().filter_map(Trade::gross_r).collect();
    let net: Vec<f64> = trades.iter().filter_map(Trade::net_r).collect();
    let returns = daily_returns(curve);
    let sharpe = interval(returns.len(), Plan::blocks(seed.child("sharpe"), BLOCK_DAYS), |rows| {
        let drawn: Vec<f64> = rows.iter().map(|row| returns[*row]).collect();
        stats::mean(&drawn) / stats::std_dev(&drawn) * DAYS_A_YEAR.sqrt()
    });
    let equity: Vec<f64> = curve.iter().map(|point| point.equity.to_f64()).collect();
    let sum = |keep: fn(Cash) -> bool| -> f64 {
        trades.iter().map(Trade::net).filter(|net| keep(*net)).map(Cash::to_f64).sum()
    };
    Summary {
        trades: trades.len(),
        win_rate: mean_interval(&wins, trade_plan("wins")),
        expectancy_gross_r: mean_interval(&gross, trade_plan("gross")),
        expectancy_net_r: mean_interval(&net, trade_plan("net")),
        net_r: net.iter().sum(),
        profit_factor: sum(|net| net > Cash::ZERO) / -sum(|net| net < Cash::ZERO),
        net: trades.iter().map(Trade::net).sum(),
        fees: trades.iter().map(|trade| trade.closed.fees).sum(),
        sharpe,
        max_drawdown: stats::max_drawdown(&equity),
        total_return: match (equity.first(), equity.last()) {
            (Some(first), Some(last)) => last / first - 1.0,
            _ => f64::NAN,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[i64]) -> Vec<DayEquity> {
        let point = |(index, units): (usize, &i64)| DayEquity {
            day: base::Day::from_number(index as i32),
            equity: Cash::from_raw(units * Cash::SCALE),
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn the_curve_gives_drawdown_and_return() {
        let found = summary(&[], &curve(&[100, 120, 90, 110]), Seed::root(1));
        assert!((found.max_drawdown - 0.25).abs() < 1e-12, "{}", found.max_drawdown);
        assert!((found.total_return - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_sharpe_ratio_has_an_interval_after_two_blocks_of_days() {
        let of_days = |days: i64| {
            let values: Vec<i64> = (0..=days).map(|day| 1000 + day + day % 3 * 5).collect();
            summary(&[], &curve(&values), Seed::root(1)).sharpe
        };
        let (few, many) = (of_days(2 * BLOCK_DAYS as i64 - 1), of_days(2 * BLOCK_DAYS as i64));
        assert!(few.value.is_finite() && few.low.is_nan() && few.high.is_nan(), "{few:?}");
        assert!(many.low <= many.value && many.value <= many.high, "{many:?}");
    }

    #[test]
    fn no_trades_have_no_win_rate() {
        let found = summary(&[], &[], Seed::root(1));
        assert!(found.win_rate.value.is_nan() && found.profit_factor.is_nan());
    }
}
