//! The trade list.

use std::collections::BTreeMap;

use market::{Cash, Fill, InstrumentId, Price, Qty, Side};
use serde::{Deserialize, Serialize};

use crate::exit::ExitReason;
use crate::journal::{Closed, Line, Record};
use crate::orders::Role;

/// A finished trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// What happened, in sum. A trade without a plan has no risk, so no R.
    pub closed: Closed,
    /// Its fills, in order, with their evidence.
    pub fills: Vec<TradeFill>,
}

/// A fill and what it was for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeFill {
    /// The fill.
    pub fill: Fill,
    /// What its order was for.
    pub role: Role,
}

impl Trade {
    /// Profit after fees.
    pub fn net(&self) -> Cash {
        self.closed.gross - self.closed.fees
    }

    /// Profit before fees in R; `None` without a plan.
    pub fn gross_r(&self) -> Option<f64> {
        self.in_r(self.closed.gross)
    }

    /// Profit after fees in R; `None` without a plan.
    pub fn net_r(&self) -> Option<f64> {
        self.in_r(self.net())
    }

    fn in_r(&self, cash: Cash) -> Option<f64> {
        let risk = self.closed.risk;
        (risk > Cash::ZERO).then(|| cash.to_f64() / risk.to_f64())
    }
}

/// All finished trades, in the order in which they ended. Plans that never filled are none;
/// positions without a plan count from flat to flat.
pub fn trades(lines: &[Line]) -> Vec<Trade> {
    let mut found = Vec::new();
    let mut planned: BTreeMap<&str, Vec<TradeFill>> = BTreeMap::new();
    let mut loose: BTreeMap<InstrumentId, Loose> = BTreeMap::new();
    for line in lines {
        match &line.record {
            Record::Filled { fill, intent: Some(intent), role } if *role != Role::Plain => {
                let fills = planned.entry(intent).or_default();
                fills.push(TradeFill { fill: fill.clone(), role: *role });
            }
            Record::Filled { fill, role, .. } => {
                let loose = loose.entry(fill.instrument).or_default();
                loose.take(TradeFill { fill: fill.clone(), role: *role }, &mut found);
            }
            Record::Split { instrument, ratio } => {
                if let Some(loose) = loose.get_mut(instrument) {
                    loose.held = crate::ledger::multiplied(loose.held, *ratio);
                }
            }
            Record::Closed(closed) if closed.qty > Qty::ZERO => {
                let fills = planned.remove(closed.intent.as_str()).unwrap_or_default();
                found.push(Trade { closed: (**closed).clone(), fills });
            }
            _ => {}
        }
    }
    found
}

/// A position without a plan, while it is open.
#[derive(Default)]
struct Loose {
    held: Qty,
    fills: Vec<TradeFill>,
}

impl Loose {
    fn take(&mut self, fill: TradeFill, found: &mut Vec<Trade>) {
        self.held += fill.fill.qty;
        self.fills.push(fill);
        if self.held == Qty::ZERO {
            let fills = std::mem::take(&mut self.fills);
            found.extend(sum_up(fills));
        }
    }
}

fn sum_up(fills: Vec<TradeFill>) -> Option<Trade> {
    let first = fills.first()?.fill.clone();
    let last = fills.last()?.fill.clone();
    let opening = first.qty.signum();
    let average = |sign: i64| {
        let mine = || fills.iter().map(|f| &f.fill).filter(move |f| f.qty.signum() == sign);
        let qty: Qty = mine().map(|f| f.qty.abs()).sum();
        let value: Cash = mine().map(|f| f.price.times(f.qty.abs())).sum();
        (qty, crate::exit::share::average(value, qty).unwrap_or(Price::ZERO))
    };
    let ((qty, entry), (_, exit)) = (average(opening), average(-opening));
    let paid: Cash = fills.iter().map(|f| f.fill.price.times(f.fill.qty)).sum();
    let closed = Closed {
        intent: first.order.to_string(),
        book: String::new(),
        instrument: first.instrument,
        side: if opening > 0 { Side::Long } else { Side::Short },
        opened: Some(first.at),
        closed: last.at,
        qty,
        entry,
        exit,
        risk: Cash::ZERO,
        gross: -paid,
        fees: fills.iter().map(|f| f.fill.fee).sum(),
        mae_r: 0.0,
        mfe_r: 0.0,
        sessions: 0,
        reason: ExitReason::Book,
    };
    Some(Trade { closed, fills })
}
