//! Many orders together.

use base::Interval;
use base::bootstrap::{self, Plan};
use market::Cash;
use serde::{Deserialize, Serialize};

use super::Analysis;

/// Fewest orders whose spread is told: below it, figures come without ends.
pub const FEWEST_ORDERS: usize = 10;

/// Costs of many orders, in basis points of their paper value taken together, each with the
/// interval of a bootstrap of the orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Orders.
    pub orders: usize,
    /// Their paper value.
    pub paper_value: Cash,
    /// Part of it that was done.
    pub done: f64,
    /// Delay, spread, impact, fees, opportunity and the total, by name.
    pub costs_bps: Vec<(String, Interval)>,
    /// Against the market's mean by volume, of the orders that have one, weighed by paper value.
    pub vwap_bps: Interval,
}

/// Sums up orders in the order given; a plan of blocks keeps neighbours together.
pub fn summarise(orders: &[Analysis], plan: Plan) -> Summary {
    let value = |order: &Analysis| order.paper_value.to_f64();
    let parts: [(&str, fn(&Analysis) -> Cash); 6] = [
        ("delay", |order| order.shortfall.delay),
        ("spread", |order| order.shortfall.spread),
        ("impact", |order| order.shortfall.impact),
        ("fees", |order| order.shortfall.fees),
        ("opportunity", |order| order.shortfall.opportunity),
        ("total", |order| order.shortfall.total),
    ];
    let costs_bps = parts
        .iter()
        .map(|(name, part)| {
            let rows: Vec<(f64, f64)> =
                orders.iter().map(|order| (part(order).to_f64() * 1e4, value(order))).collect();
            ((*name).to_owned(), ratio(&rows, plan))
        })
        .collect();
    let against: Vec<(f64, f64)> = orders
        .iter()
        .filter_map(|order| {
            let worse = order.vwap?.worse_bps?;
            Some((worse * value(order), value(order)))
        })
        .collect();
    let wanted: f64 = orders.iter().map(value).sum();
    let filled: f64 = orders.iter().map(|it| it.decision.times(it.filled).to_f64()).sum();
    Summary {
        orders: orders.len(),
        paper_value: orders.iter().map(|order| order.paper_value).sum(),
        done: filled / wanted,
        costs_bps,
        vwap_bps: ratio(&against, plan),
    }
}

/// Sum of the first ÷ sum of the second, with its interval over rows.
fn ratio(rows: &[(f64, f64)], plan: Plan) -> Interval {
    let of = |picked: &[usize]| {
        let (mut above, mut below) = (0.0, 0.0);
        for &row in picked {
            above += rows[row].0;
            below += rows[row].1;
        }
        above / below
    };
    let found = bootstrap::interval(rows.len(), plan, of);
    match rows.len() < FEWEST_ORDERS {
        true => Interval { low: f64::NAN, high: f64::NAN, ..found },
        false => found,
    }
}
