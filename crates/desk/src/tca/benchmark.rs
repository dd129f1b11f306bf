//! Mean prices of the market, participation, and what prices did after our fills.

use base::Span;
use market::Qty;
use serde::{Deserialize, Serialize};

use super::{Done, Tape};

/// A mean price of the market and how much worse ours was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// The market's mean price.
    pub price: f64,
    /// How much worse our mean price was, in basis points of it; negative where it was better;
    /// `None` where nothing was done.
    pub worse_bps: Option<f64>,
}

/// What the middle did after our fills, weighed by quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarkOut {
    /// How long after each fill.
    pub after: Span,
    /// How far the middle then lay in our favour of the price paid, in basis points of it;
    /// negative where waiting would have been better. `None` where no fill is covered.
    pub favour_bps: Option<f64>,
    /// Quantity of the fills that the quotes reach so far after.
    pub covered: Qty,
}

fn benchmark(order: &Done, price: f64, average: Option<f64>) -> Benchmark {
    let worse = |average: f64| order.side.sign() * (average - price) / price * 1e4;
    Benchmark { price, worse_bps: average.map(worse) }
}

pub(super) fn vwap(order: &Done, tape: &Tape, average: Option<f64>) -> Option<Benchmark> {
    let (mut value, mut volume) = (0.0, 0.0);
    for trade in tape.trades_between(order.arrived, order.ended) {
        value += trade.price.to_f64() * trade.qty.to_f64();
        volume += trade.qty.to_f64();
    }
    (volume > 0.0).then(|| benchmark(order, value / volume, average))
}

pub(super) fn twap(order: &Done, tape: &Tape, average: Option<f64>) -> Option<Benchmark> {
    let (mut sum, mut seconds) = (0.0, 0.0);
    let mut middle = tape.middle_at(order.arrived)?;
    let mut since = order.arrived;
    let first = tape.quotes.partition_point(|quote| quote.at <= order.arrived);
    let within = tape.quotes[first..].iter().take_while(|quote| quote.at < order.ended);
    for quote in within.filter(|quote| quote.is_whole()) {
        let length = (quote.at - since).seconds();
        sum += middle.to_f64() * length;
        seconds += length;
        (middle, since) = (quote.middle(), quote.at);
    }
    let length = (order.ended - since).seconds();
    sum += middle.to_f64() * length;
    seconds += length;
    Some(benchmark(order, sum / seconds, average))
}

pub(super) fn participation(order: &Done, tape: &Tape) -> Option<f64> {
    let trades = tape.trades_between(order.arrived, order.ended);
    let volume: f64 = trades.iter().map(|trade| trade.qty.to_f64()).sum();
    (volume > 0.0).then(|| order.filled().to_f64() / volume)
}

pub(super) fn mark_outs(order: &Done, tape: &Tape, horizons: &[Span]) -> Vec<MarkOut> {
    horizons.iter().map(|&after| mark_out(order, tape, after)).collect()
}

fn mark_out(order: &Done, tape: &Tape, after: Span) -> MarkOut {
    let (mut sum, mut covered) = (0.0, Qty::ZERO);
    for fill in &order.fills {
        let Some(middle) = tape.middle_within(fill.at + after) else { continue };
        let price = fill.price.to_f64();
        sum += order.side.sign() * (middle.to_f64() - price) / price * fill.qty.to_f64();
        covered += fill.qty;
    }
    let favour_bps = (covered > Qty::ZERO).then(|| sum / covered.to_f64() * 1e4);
    MarkOut { after, favour_bps, covered }
}
