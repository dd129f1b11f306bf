//! One position at average cost.

use base::Ts;
use base::fixed::divide;
use market::{Cash, Fill, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::exit::share::average;

/// What is held of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Signed quantity; negative is short.
    pub qty: Qty,
    /// What it cost, fees apart; negative for a short: what its sale brought.
    pub cost: Cash,
    /// Profit realised since it was opened, before fees.
    pub realised: Cash,
    /// Fees paid since it was opened.
    pub fees: Cash,
    /// When it was opened.
    pub opened: Ts,
    /// Price of the last fill; its value until a bar marks it.
    pub last_price: Price,
}

impl Position {
    /// Cost a unit.
    pub fn average_price(&self) -> Price {
        average(self.cost, self.qty).unwrap_or(Price::ZERO)
    }

    /// Profit not yet realised at a price.
    pub fn unrealised(&self, mark: Price) -> Cash {
        mark.times(self.qty) - self.cost
    }

    /// The position after a fill, and the profit the fill realised.
    pub(super) fn traded(&self, fill: &Fill) -> (Position, Cash) {
        let value = fill.price.times(fill.qty);
        let mut after = Position { qty: self.qty + fill.qty, last_price: fill.price, ..*self };
        if self.qty == Qty::ZERO {
            let fresh = Position { cost: value, fees: fill.fee, opened: fill.at, ..after };
            return (Position { realised: Cash::ZERO, ..fresh }, Cash::ZERO);
        }
        after.fees += fill.fee;
        if self.qty.signum() == fill.qty.signum() {
            after.cost += value;
            return (after, Cash::ZERO);
        }
        let turned = after.qty.signum() == -self.qty.signum();
        let closed = if turned { self.qty } else { -fill.qty };
        let released = share(self.cost, closed, self.qty);
        let realised = fill.price.times(closed) - released;
        after.realised += realised;
        after.cost = self.cost - released;
        if turned {
            // The rest of the fill opens the other side at the fill's price. The value of the
            // whole fill is split so that no rounding is lost between the two parts.
            let rest = value + fill.price.times(closed);
            after.cost = rest;
            after.opened = fill.at;
            after.realised = Cash::ZERO;
            after.fees = Cash::ZERO;
        }
        (after, realised)
    }
}

/// cost × part / whole, half-even; all of it when part is the whole.
fn share(cost: Cash, part: Qty, whole: Qty) -> Cash {
    let product = i128::from(cost.raw()) * i128::from(part.raw().abs());
    let raw = divide(product, i128::from(whole.raw().abs()), base::Rounding::HalfEven);
    Cash::from_raw(raw as i64)
}

/// A quantity after a split, rounded to the last decimal.
pub fn multiplied(qty: Qty, ratio: f64) -> Qty {
    Qty::from_raw((qty.raw() as f64 * ratio).round_ties_even() as i64)
}

/// A price after a split, rounded to the last decimal.
pub fn divided(price: Price, ratio: f64) -> Price {
    Price::from_raw((price.raw() as f64 / ratio).round_ties_even() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{ClientOrderId, InstrumentId};

    fn after(trades: &[(i64, &str)]) -> (Position, Cash) {
        let mut position = Position::default();
        let mut total = Cash::ZERO;
        for (units, price) in trades {
            let fill = Fill {
                order: ClientOrderId::from_text("o"),
                instrument: InstrumentId(0),
                at: Ts::MIN,
                qty: Qty::whole(*units),
                price: price.parse().unwrap(),
                fee: Cash::ZERO,
                evidence: None,
                execution: None,
            };
            let (next, realised) = position.traded(&fill);
            (position, total) = (next, total + realised);
        }
        (position, total)
    }

    #[test]
    fn a_sale_releases_average_cost() {
        let (position, realised) = after(&[(100, "10"), (100, "20"), (-50, "16")]);
        assert_eq!(position.average_price().to_string(), "15");
        assert_eq!(realised.to_string(), "50");
        assert_eq!(position.unrealised("14".parse().unwrap()).to_string(), "-150");
    }

    #[test]
    fn a_short_gains_when_bought_back_lower() {
        let (position, realised) = after(&[(-100, "10"), (40, "8")]);
        assert_eq!((position.qty, realised.to_string()), (Qty::whole(-60), "80".to_owned()));
    }

    #[test]
    fn one_fill_can_turn_a_long_into_a_short() {
        let (position, realised) = after(&[(100, "10"), (-150, "12")]);
        assert_eq!(position.qty, Qty::whole(-50));
        assert_eq!(position.average_price().to_string(), "12");
        assert_eq!(realised.to_string(), "200");
    }
}
