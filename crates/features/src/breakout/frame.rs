//! All features of one instrument, fed bar by bar, read at a setup.

use market::Candle;

use super::{AtSetup, geometry, levels, momentum, strength, volatility, volume};
use crate::Error;
use crate::indicator::OverPrices as _;
use crate::indicator::rsi::Rsi;
use crate::moment::Moment;
use crate::spec::{Input, Spec, Units};

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

static RSI: Spec = Spec {
    name: "rsi_14",
    formula: "100 × mean gain ÷ (mean gain + mean loss), Wilder's means over 14 bars",
    window: 14,
    warmup: 15,
    inputs: &[Input::Own],
    units: Units::Oscillator,
    source: "TA-Lib RSI",
};

fn tables() -> impl Iterator<Item = &'static AtSetup> {
    [
        geometry::TABLE,
        strength::TABLE,
        volatility::TABLE,
        volume::TABLE,
        momentum::TABLE,
        levels::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// Descriptions of all features of the book, in the order of their families.
pub fn describe() -> impl Iterator<Item = &'static Spec> {
    tables().map(|feature| &feature.spec).chain(std::iter::once(&RSI))
}

/// The calculators of one instrument.
pub struct Frame {
    columns: Vec<Column>,
    rsi: Rsi,
    rsi_value: Option<f64>,
}

enum Column {
    AtSetup(&'static AtSetup),
    Rsi,
}

impl Frame {
    /// Calculators of these features, in this order; an unknown name is refused.
    pub fn new(names: &[&str]) -> Result<Frame, Error> {
        let column = |name: &&str| {
            if *name == RSI.name {
                return Ok(Column::Rsi);
            }
            let found = tables().find(|feature| feature.spec.name == *name);
            found.map(Column::AtSetup).ok_or_else(|| Error::FindFeature {
                name: (*name).to_owned(),
                count: describe().count(),
                hint: String::new(),
            })
        };
        let columns = names.iter().map(column).collect::<Result<_, _>>()?;
        Ok(Frame { columns, rsi: Rsi::new(14), rsi_value: None })
    }

    /// Takes the next own bar. Called once a bar, in order.
    #[inline]
    pub fn update(&mut self, candle: &Candle) {
        self.rsi_value = self.rsi.next(candle.close);
    }

    /// One value a feature at the moment's setup; NaN where it is not available.
    pub fn row(&self, moment: &Moment<'_>) -> Vec<f64> {
        let value = |column: &Column| match column {
            Column::Rsi => self.rsi_value,
            Column::AtSetup(feature) => moment.setup.and_then(|s| (feature.of)(moment, s)),
        };
        self.columns.iter().map(|column| value(column).unwrap_or(f64::NAN)).collect()
    }
}
