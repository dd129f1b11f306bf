//! The push of market orders: how the middle moves with their imbalance, at once and after (Cont,
//! Kukanov and Stoikov 2014, J. Financ. Econom. 12, 47–88, §2). In a market without an edge what
//! comes after is zero, or the way back of a bounce.

use super::measure::{Gauge, Ruler};
use crate::flow::FlowKind;

impl Ruler<'_> {
    /// Slopes of the middle's move by the imbalance (buys − sells) ÷ (buys + sells) of market
    /// orders by count: over the same interval, and over the next one. Intervals without a market
    /// order are left out.
    pub(super) fn pressure(&self) -> Vec<Gauge> {
        let step = self.config.count_seconds;
        let mids = self.watched.mids(step);
        let first = self.watched.touches.first().map_or(0.0, |touch| touch.at_seconds);
        let begin = (first / step).ceil() as usize;
        let mid = |edge: usize| mids.get(edge.checked_sub(begin)?).copied();
        let mut signs = vec![(0.0, 0.0); (self.watched.seconds / step) as usize];
        for event in &self.watched.events {
            if matches!(event.kind, FlowKind::MarketBuy | FlowKind::MarketSell)
                && let Some((sum, count)) = signs.get_mut((event.at_seconds / step) as usize)
            {
                *sum += event.kind.side().sign() as f64;
                *count += 1.0;
            }
        }
        let of = |name: &str, later: usize| {
            let rows = signs.iter().enumerate().filter_map(move |(bin, (sum, count))| {
                let by = mid(bin + later + 1)? - mid(bin + later)?;
                let x = sum / count;
                let row = vec![1.0, x, by, x * x, x * by];
                (*count > 0.0).then_some(((bin as f64 + 0.5) * step, row))
            });
            let name = format!("move of the mid in the {step} s {name} an imbalance of one");
            self.gauge((name, "ticks"), rows, slope)
        };
        vec![of("of", 0), of("after", 1)]
    }
}

/// Of (n, Σx, Σy, Σx², Σxy): the slope of y by x; not a number where x is always the same.
fn slope(sums: &[f64]) -> f64 {
    let [count, x, y, xx, xy] = sums else { return f64::NAN };
    let spread = count * xx - x * x;
    if spread > 1e-9 * count * count { (count * xy - x * y) / spread } else { f64::NAN }
}
