//! Implementation shortfall and its parts.
//!
//! Perold (1988), "The implementation shortfall: paper versus reality": what the paper portfolio,
//! filled at once at the price of the decision, earned more than the real one. With side s = ±1,
//! fills (q, p), the middle m just before each, the quantity wanted Q, and the middles at decision
//! D, arrival A, end E and after the end R:
//!
//! ```text
//! delay       s Σq (A − D)            the price moved before the order came
//! spread      s Σ q (p − m)           what was paid beyond the middle; negative where it waited
//! impact      s Σ q (m − A)           how the middle moved from arrival to the fills
//!   permanent s Σq (R − A)            what of it stayed, drift of the market included
//!   temporary impact − permanent      what came back
//! fees        as charged
//! opportunity s (Q − Σq) (E − D)      what was not done, at the price at the end
//! total       s Σ q (p − D) + s (Q − Σq) (E − D) + fees
//! ```

use base::fixed::divide;
use base::{Rounding, Span};
use market::{Cash, Price, Qty, Side};
use serde::{Deserialize, Serialize};

use super::{Done, Tape};
use crate::Error;

/// The shortfall and its parts: delay + spread + impact + fees + opportunity = total, to the last
/// decimal. Positive costs money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// All of it.
    pub total: Cash,
    /// From decision to arrival, of what was done.
    pub delay: Cash,
    /// Beyond the middle at each fill.
    pub spread: Cash,
    /// The middle's way from arrival to the fills.
    pub impact: Cash,
    /// The impact's two parts; `None` where the quotes end before the horizon.
    pub reversion: Option<Reversion>,
    /// Commission and fees.
    pub fees: Cash,
    /// What was not done.
    pub opportunity: Cash,
}

/// permanent + temporary = impact, to the last decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversion {
    /// What stayed. One order can't tell its own impact from the market's drift: both are in it.
    pub permanent: Cash,
    /// What came back; negative where the price went on.
    pub temporary: Cash,
}

impl Shortfall {
    /// The parts by name, in the order in which they arise; they add up to the total.
    pub fn parts(&self) -> Vec<(&'static str, Cash)> {
        let mut parts = vec![("delay", self.delay), ("spread", self.spread)];
        match self.reversion {
            Some(Reversion { permanent, temporary }) => {
                parts.push(("permanent impact", permanent));
                parts.push(("temporary impact", temporary));
            }
            None => parts.push(("impact", self.impact)),
        }
        parts.push(("fees", self.fees));
        parts.push(("opportunity", self.opportunity));
        parts
    }
}

/// Middles of the quotes at the moments that matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prices {
    pub(super) decision: Price,
    pub(super) arrival: Price,
}

pub(super) fn split(
    order: &Done,
    tape: &Tape,
    reversion: Span,
) -> Result<(Shortfall, Prices), Error> {
    let no_quote = |when: &str| order.refuse(format!("no whole quote stands {when}"));
    let decision = tape.middle_at(order.decided).ok_or_else(|| no_quote("at its decision"))?;
    let arrival = tape.middle_at(order.arrived).ok_or_else(|| no_quote("at its arrival"))?;
    let end = tape.middle_at(order.ended).ok_or_else(|| no_quote("at its end"))?;
    let after = tape.middle_within(order.ended + reversion);
    let sign = match order.side {
        Side::Long => 1,
        Side::Short => -1,
    };
    // Differences of raw prices times raw quantities: exact, so that the parts sum exactly.
    let exact = |qty: Qty, from: Price, to: Price| {
        sign * i128::from(qty.raw()) * (i128::from(to.raw()) - i128::from(from.raw()))
    };
    let filled = order.filled();
    let unfilled = order.qty - filled;
    let (mut spread, mut impact, mut paid) = (0, 0, 0);
    for fill in &order.fills {
        let middle = tape.middle_before(fill.at).unwrap_or(arrival);
        spread += exact(fill.qty, middle, fill.price);
        impact += exact(fill.qty, arrival, middle);
        paid += exact(fill.qty, decision, fill.price);
    }
    let missed = exact(unfilled, decision, end);
    let fees: Cash = order.fills.iter().map(|fill| fill.fee).sum();
    let total = cash(paid + missed) + fees;
    let (delay, spread) = (cash(exact(filled, decision, arrival)), cash(spread));
    let opportunity = cash(missed);
    // Each part is rounded to a millionth; what that leaves goes to the impact.
    let rounded = total - fees - opportunity - delay - spread;
    debug_assert!((rounded - cash(impact)).raw().abs() <= 4, "parts sum to the whole");
    let reversion = after.map(|after| {
        let permanent = cash(exact(filled, arrival, after));
        Reversion { permanent, temporary: rounded - permanent }
    });
    let shortfall =
        Shortfall { total, delay, spread, impact: rounded, reversion, fees, opportunity };
    Ok((shortfall, Prices { decision, arrival }))
}

fn cash(raw: i128) -> Cash {
    let scale = i128::from(Price::SCALE) * i128::from(Qty::SCALE) / i128::from(Cash::SCALE);
    Cash::from_raw(divide(raw, scale, Rounding::HalfEven) as i64)
}
