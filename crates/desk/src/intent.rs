//! What a book wants and why, before size and risk have looked at it.

use base::Prob;
use market::{InstrumentId, OrderKind, Price, Qty, Side, TimeInForce};
use serde::{Deserialize, Serialize};

use crate::exit::ExitPlan;
use crate::usual::is_usual;

/// A wish to open a position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique name, for example `2024-06-28/AAPL/long`; a second intent of one name is refused.
    pub id: String,
    /// The book it comes from.
    pub book: String,
    /// What to trade.
    pub instrument: InstrumentId,
    /// Long or short.
    pub side: Side,
    /// How to get in.
    pub entry: Entry,
    /// How much.
    pub amount: Amount,
    /// How to get out; `None` leaves the exit to the book.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub plan: Option<ExitPlan>,
    /// Name of the alternatives it is one of: of intents of one group at most one is entered.
    /// What the entry of one fills is taken off the others, which are then taken back.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub group: Option<String>,
    /// Why, in words, for the reader of the journal.
    pub why: String,
}

/// How a position is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Kind of the entry order.
    pub kind: OrderKind,
    /// How long the broker keeps it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub tif: TimeInForce,
    /// Price the decision was made at: size, R and the price collar are measured from it.
    /// `None` takes the last price seen.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub reference: Option<Price>,
    /// Sessions after which an unfilled entry is taken back; `None` leaves it to `tif`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub valid_sessions: Option<u16>,
}

/// How much to trade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many units; risk may shrink them.
    Units(Qty),
    /// As many units as the bet is worth; needs a plan, for its stop.
    Bet(Bet),
}

/// What the size of a bet follows from (BRK-20, 21).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bet {
    /// Calibrated probability of a win.
    pub confidence: Prob,
    /// Reward to risk: (target − entry) / (entry − stop).
    pub reward_to_risk: f64,
    /// Expected commission, spread and slippage of the round trip, in R.
    pub cost_r: f64,
    /// Average daily volume in units, for the participation cap; `None` where unknown.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub average_daily_volume: Option<f64>,
    /// Account risk in percent, where not that of the tier; a bet without a tier has none still.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub risk_pct: Option<f64>,
}

impl Entry {
    /// A market order for the next open, good for the day.
    pub const fn market() -> Entry {
        Entry {
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            reference: None,
            valid_sessions: None,
        }
    }

    /// The same entry with the price the decision was made at.
    pub const fn decided_at(self, reference: Price) -> Entry {
        Entry { reference: Some(reference), ..self }
    }

    /// The worst price the order names itself; `None` for market orders.
    pub const fn own_price(&self) -> Option<Price> {
        match self.kind {
            OrderKind::Market | OrderKind::MarketOnClose => None,
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Stop { stop } => Some(stop),
        }
    }

    /// The price to reckon with: the reference, else the order's own, else the last one seen.
    pub fn price_or(&self, mark: Option<Price>) -> Option<Price> {
        self.reference.or(self.own_price()).or(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_to_reckon_with_prefers_the_decision_then_the_order_then_the_mark() {
        let [a, b, c] = [1, 2, 3].map(Price::from_raw);
        let limit = Entry { kind: OrderKind::Limit { limit: b }, ..Entry::market() };
        assert_eq!(limit.decided_at(a).price_or(Some(c)), Some(a));
        assert_eq!(limit.price_or(Some(c)), Some(b));
        assert_eq!(Entry::market().price_or(Some(c)), Some(c));
        assert_eq!(Entry::market().price_or(None), None);
    }
}
