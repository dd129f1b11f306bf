//! How straight the last month went (Kaufman's efficiency ratio, with its sign).

use super::{at_bar, ratio};
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    TREND_STRENGTH_20 = |m| {
        let closes = m.recent(21)?;
        let path: f64 = closes.windows(2).map(|p| (p[1].close - p[0].close).abs()).sum();
        ratio(closes[20].close - closes[0].close, path)
    };
    name: "trend_strength_20",
    formula: "net change of 20 closes ÷ sum of their absolute changes, −1 to 1",
    window: 21,
    warmup: 21,
    inputs: &[Own],
    units: Units::Ratio,
}
