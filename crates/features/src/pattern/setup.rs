//! A breakout that a scanner found: where the pattern lies and what trade it proposes.

use base::Day;
use market::Side;

/// One confirmed breakout. On the short side everything is mirrored: the rally is a decline
/// and the stop lies above the entry. `*_low` stays the lower price and `*_high` the higher one.
///
/// Places are counted in bars back from the breakout bar, so they hold in any window of history:
/// with `own` ending at the breakout bar, a place is `own[own.len() - 1 - ago]`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Setup {
    /// Direction of the trade.
    pub side: Side,
    /// First bar of the rally.
    pub rally_start_ago: usize,
    /// Bar of the rally's extreme.
    pub rally_end_ago: usize,
    /// First bar of the consolidation; its last is the bar before the breakout.
    pub consol_start_ago: usize,
    /// Lowest price of the rally.
    pub rally_low: f64,
    /// Highest price of the rally.
    pub rally_high: f64,
    /// Lowest price of the consolidation.
    pub consol_low: f64,
    /// Highest price of the consolidation.
    pub consol_high: f64,
    /// Average true range over rally and consolidation.
    pub atr: f64,
    /// Price at which the trade is entered.
    pub entry: f64,
    /// Price at which it is given up.
    pub stop: f64,
    /// Prices at 50, 75 and 100 % of the move beyond the entry.
    pub targets: [f64; 3],
    /// The target that decides win or loss.
    pub booked_target: f64,
    /// True when the breakout candle closed strong and the target was stretched.
    pub stretched: bool,
    /// (Booked target − entry) ÷ (entry − stop).
    pub reward_to_risk: f64,
    /// Quality of the pattern.
    pub pattern_score: f64,
    /// Day of the breakout bar.
    pub day: Day,
}
