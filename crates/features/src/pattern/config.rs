//! What counts as rally, base and breakout. Every bound is a setting with a stated default.

use serde::{Deserialize, Serialize};

use crate::moment::LONGEST_PATTERN_BARS;

/// Bars whose true ranges make the ATR of a setup, at most (BRK-4).
pub const ATR_BARS: usize = 50;

/// Bounds of the pattern (BRK-1 … 3). The short side mirrors them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanConfig {
    /// Shortest rally, in bars from its lowest to its highest bar.
    pub rally_min_bars: usize,
    /// Longest rally.
    pub rally_max_bars: usize,
    /// Least rise of a rally, as a fraction of where it began.
    pub rally_min_rise: f64,
    /// Least rise of a rally in ATRs.
    pub rally_min_atrs: f64,
    /// Greatest rise of a rally in ATRs. With the stop 2 ATRs away it bounds the reward-to-risk,
    /// and with that how often a booked target can be reached at all.
    pub rally_max_atrs: f64,
    /// Least straightness: net change of closes ÷ sum of absolute changes (Kaufman's efficiency
    /// ratio, Trading Systems and Methods, ch. 17), 0–1.
    pub rally_min_straightness: f64,
    /// Least momentum score: rise in ATRs ÷ √bars × straightness.
    pub rally_min_momentum: f64,
    /// Least length of the base in lengths of the rally (BRK-2).
    pub base_min_rallies: f64,
    /// Shortest base in bars.
    pub base_min_bars: usize,
    /// Longest base in bars.
    pub base_max_bars: usize,
    /// Deepest base: (rally high − base low) ÷ (rally high − rally low).
    pub base_max_retracement: f64,
    /// Widest base in ATRs, from the rally's high to the base's low.
    pub base_max_atrs: f64,
    /// How far beyond the base a close must lie, in ATRs.
    pub breakout_min_atrs: f64,
    /// How far beyond the base a close may lie, in ATRs; farther is a chase.
    pub breakout_max_atrs: f64,
    /// Distance of the stop from the entry, in ATRs (BRK-4).
    pub stop_atrs: f64,
    /// A close beyond this part of the candle's range is strong (BRK-5).
    pub strong_close: f64,
    /// A strong breakout's target is booked at this multiple of the usual one, 50 % of the move:
    /// BRK-5's "stretched to 200 %", so 2 books the whole move.
    pub stretched_target: f64,
    /// Least price of the instrument; 0 for none.
    pub min_price: f64,
}

impl Default for ScanConfig {
    fn default() -> ScanConfig {
        ScanConfig {
            rally_min_bars: 3,
            rally_max_bars: 40,
            rally_min_rise: 0.05,
            rally_min_atrs: 2.5,
            rally_max_atrs: 8.0,
            rally_min_straightness: 0.3,
            rally_min_momentum: 0.4,
            base_min_rallies: 1.5,
            base_min_bars: 5,
            base_max_bars: 120,
            base_max_retracement: 0.7,
            base_max_atrs: 10.0,
            breakout_min_atrs: 0.0,
            breakout_max_atrs: 2.5,
            stop_atrs: 2.0,
            strong_close: 0.618,
            stretched_target: 2.0,
            min_price: 1.0,
        }
    }
}

impl ScanConfig {
    /// Bars before the breakout that a scan reads at most.
    pub fn lookback(&self) -> usize {
        self.base_max_bars + self.rally_max_bars + 2
    }

    /// The same bounds, if they can be met at all and fit the history that is kept.
    pub fn check(&self) -> Result<(), String> {
        let whole = [
            (self.rally_min_bars >= 1, "rally_min_bars must be at least 1"),
            (self.rally_min_bars <= self.rally_max_bars, "rally_min_bars exceeds rally_max_bars"),
            (self.rally_min_atrs <= self.rally_max_atrs, "rally_min_atrs exceeds rally_max_atrs"),
            (self.base_min_bars <= self.base_max_bars, "base_min_bars exceeds base_max_bars"),
            (self.base_min_rallies > 0.0, "base_min_rallies must be positive"),
            (self.stop_atrs > 0.0, "stop_atrs must be positive"),
            (self.breakout_min_atrs <= self.breakout_max_atrs, "breakout_min_atrs is too large"),
            (
                self.lookback() < LONGEST_PATTERN_BARS,
                "rally and base together are longer than kept history",
            ),
        ];
        match whole.iter().find(|(holds, _)| !holds) {
            Some((_, fault)) => Err((*fault).to_owned()),
            None => Ok(()),
        }
    }
}
