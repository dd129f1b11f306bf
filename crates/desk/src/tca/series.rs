//! What a picture of an order needs, as plain numbers.

use base::Ts;
use serde::{Deserialize, Serialize};

use super::{Analysis, ChildFill, Done, Tape};

/// A quantity that had been reached by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Ts,
    /// How much by then, in units.
    pub qty: f64,
}

/// The pictures of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Middle of the quotes from decision to a while after the end.
    pub prices: Vec<(Ts, f64)>,
    /// Our fills.
    pub fills: Vec<ChildFill>,
    /// How much the schedule wanted by when, as given.
    pub scheduled: Vec<Step>,
    /// How much was done by when.
    pub filled: Vec<Step>,
    /// Name, basis points of the paper value, and where the bar begins: each stands on the sum of
    /// those before it; the last one is the total and stands on zero.
    pub waterfall: Vec<(String, f64, f64)>,
}

impl Series {
    /// The pictures of an order that was analysed. Prices are thinned evenly in time to at most
    /// `points`; the schedule is the caller's.
    pub fn of(
        order: &Done,
        tape: &Tape,
        analysis: &Analysis,
        scheduled: Vec<Step>,
        points: usize,
    ) -> Series {
        let (from, to) = (order.decided, order.ended);
        let last = tape.quotes.last().map_or(to, |quote| quote.at.min(to + (to - from)));
        let points = points.max(2) as i64;
        let step = ((last - from).nanos() / (points - 1)).max(1);
        let prices = (0..points)
            .map(|at| Ts::from_nanos(from.nanos() + at * step))
            .filter_map(|at| Some((at, tape.middle_within(at)?.to_f64())))
            .collect();
        let mut done = 0.0;
        let mut filled = vec![Step { at: order.arrived, qty: 0.0 }];
        for fill in &order.fills {
            done += fill.qty.to_f64();
            filled.push(Step { at: fill.at, qty: done });
        }
        filled.push(Step { at: order.ended.max(filled[filled.len() - 1].at), qty: done });
        Series {
            prices,
            fills: order.fills.clone(),
            scheduled,
            filled,
            waterfall: waterfall(analysis),
        }
    }
}

fn waterfall(analysis: &Analysis) -> Vec<(String, f64, f64)> {
    let mut bars = Vec::new();
    let mut base = 0.0;
    for (name, amount) in analysis.shortfall.parts() {
        let bps = analysis.bps(amount);
        bars.push((name.to_owned(), bps, base));
        base += bps;
    }
    bars.push(("total".to_owned(), analysis.bps(analysis.shortfall.total), 0.0));
    bars
}
