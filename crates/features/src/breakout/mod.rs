//! The features of the breakout book (BRK-11, 12): a file each.
//!
//! Each is one function of a [`crate::Moment`], with its description beside it: of the moment
//! alone, or of the moment and the setup that its bar confirms. Where one calculation gives
//! several lines (the same over other weeks), they share a file. All are free of scale: prices or
//! volumes in other units change nothing. [`Frame`] reads them as one row.

pub(crate) mod atr_pct_14;
pub(crate) mod basic_tightness;
pub(crate) mod breakout_day_atr_multiple;
pub(crate) mod breakout_range_to_consol_avg_range_ratio;
pub(crate) mod candles_close_above_entry;
pub(crate) mod consol_avg_volume_to_breakout_ratio;
pub(crate) mod consol_bearish_ratio;
pub(crate) mod consol_duration;
pub(crate) mod consol_end_close_pct;
pub(crate) mod consol_rally_duration_ratio;
pub(crate) mod consol_volume_pct;
pub(crate) mod dist_from_sma;
pub(crate) mod dist_from_sma_20_atr_norm;
pub(crate) mod entry_month;
pub(crate) mod fib_retracement_zone;
mod frame;
pub(crate) mod market_cap;
pub(crate) mod momentum_second_half;
pub(crate) mod old_entry_touches;
pub(crate) mod pattern_score;
mod places;
pub(crate) mod qqq_consol_vs_rally_pct;
pub(crate) mod rally_avg_volume_to_breakout_ratio;
pub(crate) mod rally_duration;
pub(crate) mod rally_intensity;
pub(crate) mod rally_pct;
pub(crate) mod rally_volume_pct;
mod reading;
pub(crate) mod sector_etf_weekly_oc_atr;
pub(crate) mod sector_vs_market_strength;
pub(crate) mod sector_vs_spy_weekly_ret;
mod sides;
pub(crate) mod stoch_14;
pub(crate) mod stock_vs_qqq_rally_strength;
pub(crate) mod stock_vs_sector_rally_strength;
pub(crate) mod stop_touches_ratio;
pub(crate) mod trend_strength_20;
pub(crate) mod vix_change;
pub(crate) mod volatility_20d;

pub use frame::Frame;
pub(crate) use reading::Reading;
pub use sides::{LONG, SHORT, sides};

/// Declares a constant [`crate::Entry`] read at a setup, which also decides the window.
macro_rules! at_setup {
    ($entry:ident = $of:expr; $($field:ident: $value:expr,)*) => {
        pub(crate) const $entry: crate::Entry = {
            static SPEC: crate::Spec =
                crate::Spec { window: 0, warmup: 1, source: "Trimtab", $($field: $value,)* };
            crate::Entry { spec: &SPEC, calculator: crate::catalog::Calculator::AtSetup($of) }
        };
    };
}
use at_setup;

/// Declares a constant [`crate::Entry`] read at any bar.
macro_rules! at_bar {
    ($entry:ident = $of:expr; $($field:ident: $value:expr,)*) => {
        pub(crate) const $entry: crate::Entry = {
            static SPEC: crate::Spec = crate::Spec { source: "Trimtab", $($field: $value,)* };
            crate::Entry { spec: &SPEC, calculator: crate::catalog::Calculator::AtBar($of) }
        };
    };
}
use at_bar;

/// `over ÷ under` where that is a number.
#[inline]
fn ratio(over: f64, under: f64) -> Option<f64> {
    let value = over / under;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod tests;
