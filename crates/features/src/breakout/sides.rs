//! Which features each side's model may use.

use market::Side;

/// The 44 features of the long side (BRK-11).
pub static LONG: [&str; 44] = [
    "basic_tightness",
    "consol_duration",
    "rally_pct",
    "rally_duration",
    "rally_intensity",
    "consol_end_close_pct",
    "consol_rally_duration_ratio",
    "consol_bearish_ratio",
    "candles_close_above_entry",
    "momentum_second_half",
    "stock_vs_sector_rally_strength",
    "stock_vs_qqq_rally_strength",
    "sector_vs_market_strength",
    "qqq_consol_vs_rally_pct",
    "sector_vs_spy_weekly_ret_w1",
    "sector_vs_spy_weekly_ret_w2",
    "sector_vs_spy_weekly_ret_w3",
    "sector_vs_spy_weekly_ret_w4",
    "sector_etf_weekly_oc_atr_w2",
    "sector_etf_weekly_oc_atr_w3",
    "sector_etf_weekly_oc_atr_w4",
    "market_cap_to_sp500",
    "market_cap_to_industry_index",
    "atr_pct_14",
    "volatility_20d",
    "breakout_day_atr_multiple",
    "dist_from_sma_20_atr_norm",
    "vix_change_1d",
    "vix_change_5d",
    "rally_avg_volume_to_breakout_ratio",
    "consol_volume_pct",
    "rally_volume_pct",
    "consol_avg_volume_to_breakout_ratio",
    "breakout_range_to_consol_avg_range_ratio",
    "trend_strength_20",
    "dist_from_sma_5",
    "fib_retracement_zone",
    "rsi_14",
    "stoch_14",
    "dist_from_sma_20",
    "old_entry_touches_ratio",
    "stop_touches_ratio",
    "entry_month",
    "old_entry_touches",
];

/// The 20 features of the short side (BRK-12).
pub static SHORT: [&str; 20] = [
    "rally_pct",
    "stop_touches_ratio",
    "basic_tightness",
    "entry_month",
    "rally_duration",
    "stock_vs_qqq_rally_strength",
    "sector_vs_market_strength",
    "fib_retracement_zone",
    "qqq_consol_vs_rally_pct",
    "trend_strength_20",
    "old_entry_touches_ratio",
    "atr_pct_14",
    "stock_vs_sector_rally_strength",
    "consol_end_close_pct",
    "rally_avg_volume_to_breakout_ratio",
    "dist_from_sma_5",
    "rally_intensity",
    "volatility_20d",
    "pattern_score",
    "consol_duration",
];

/// The sides of the breakout book that use a feature; none for one of the general catalog.
pub fn sides(name: &str) -> Vec<Side> {
    let used = [(Side::Long, LONG.contains(&name)), (Side::Short, SHORT.contains(&name))];
    used.into_iter().filter(|(_, uses)| *uses).map(|(side, _)| side).collect()
}
