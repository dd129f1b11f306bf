//! What positions cost, kept from fill to fill, so that each fill can say what it earned.

use market::{Cash, InstrumentId, Price, Qty};

use super::Venue;
use crate::figures::value_of;

/// A position and its average price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Basis {
    pub(super) qty: Qty,
    pub(super) price: Price,
}

impl Basis {
    /// Takes in a trade; gives what the part earned that closed something.
    pub(super) fn trade(&mut self, qty: Qty, price: Price) -> Option<Cash> {
        let before = *self;
        self.qty = before.qty + qty;
        if before.qty.signum() * qty.signum() >= 0 {
            let (held, new) = (before.qty.to_f64().abs(), qty.to_f64().abs());
            let paid = before.price.to_f64() * held + price.to_f64() * new;
            self.price =
                Price::from_f64(paid / (held + new), base::Rounding::HalfEven).unwrap_or(price);
            return None;
        }
        let closed = before.qty.abs().min(qty.abs());
        let closed = if before.qty.is_negative() { -closed } else { closed };
        if self.qty.signum() != before.qty.signum() {
            self.price = price;
        }
        Some(value_of(price, closed) - value_of(before.price, closed))
    }
}

impl Venue {
    /// What a position was before fills that the exchange has counted already.
    pub(super) fn basis_before(&self, instrument: InstrumentId, filled: Qty) -> Basis {
        let qty = self.state.exchange.position(instrument) - filled;
        Basis { qty, price: self.costs.get(&instrument).copied().unwrap_or(Price::ZERO) }
    }

    /// Remembers what a position costs now.
    pub(super) fn remember_cost(&mut self, instrument: InstrumentId) {
        match self.position_of(instrument) {
            Some(held) => self.costs.insert(instrument, held.average_price),
            None => self.costs.remove(&instrument),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(whole: i64) -> Price {
        Price::from_raw(whole * Price::SCALE)
    }

    #[test]
    fn what_closes_earns_and_what_opens_does_not() {
        let mut basis = Basis { qty: Qty::ZERO, price: Price::ZERO };
        let cash = |whole: i64| Some(Cash::from_raw(whole * Cash::SCALE));
        let steps = [
            (10, 100, None),
            (10, 110, None),
            (-5, 115, cash(50)),
            // Turned round: fifteen closed, five sold short.
            (-20, 95, cash(-150)),
            (2, 90, cash(10)),
            (3, 100, cash(-15)),
            (-4, 100, None),
        ];
        for (qty, at, earned) in steps {
            assert_eq!(basis.trade(Qty::whole(qty), price(at)), earned, "{qty} at {at}");
        }
        assert_eq!(basis, Basis { qty: Qty::whole(-4), price: price(100) });
    }
}
