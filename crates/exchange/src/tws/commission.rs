//! What the broker at this door takes of a trade in shares.
//!
//! Interactive Brokers' fixed prices for shares and funds of the United States, as of 2025
//! (interactivebrokers.co.uk/en/pricing/commissions-stocks.php): 0.005 dollars a share, at least
//! one dollar for an order, and at most a hundredth of what was traded, which is then less than the
//! least. An order that fills in parts is one order. What is passed on beyond that, fees of
//! authorities on sales, is left out.

use market::{Cash, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::Commission;

/// Of one share.
const A_SHARE: Price = Price::from_raw(Price::SCALE / 200);
/// The least for an order.
const LEAST: Cash = Cash::from_raw(Cash::SCALE);
/// The most: one part in so many of what was traded.
const MOST_PART: i64 = 100;

/// What an order has traded, and what was taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Charged {
    shares: Qty,
    value: Cash,
    taken: Cash,
}

impl Charged {
    /// Takes in a trade of the order; gives what it costs beyond what was taken before. Never less
    /// than nothing: where the most has come to bind less, that is not paid back.
    pub(super) fn trade(&mut self, by: Commission, qty: Qty, price: Price) -> Cash {
        self.shares += qty.abs();
        self.value += price.times(qty).abs();
        let more = (due(by, self.shares, self.value) - self.taken).max(Cash::ZERO);
        self.taken += more;
        more
    }
}

/// What an order of so many shares costs that are worth so much.
pub(super) fn due(by: Commission, shares: Qty, value: Cash) -> Cash {
    match by {
        Commission::None => Cash::ZERO,
        Commission::Fixed => {
            let most = Cash::from_raw(value.raw() / MOST_PART);
            A_SHARE.times(shares).max(LEAST).min(most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shares: i64, price: &str) -> String {
        let (shares, price): (Qty, Price) = (Qty::whole(shares), price.parse().unwrap());
        due(Commission::Fixed, shares, price.times(shares)).to_string()
    }

    #[test]
    fn the_brokers_own_examples_come_out() {
        assert_eq!(of(100, "25"), "1");
        assert_eq!(of(1_000, "25"), "5");
        assert_eq!(of(1_000, "0.25"), "2.5");
    }

    #[test]
    fn the_least_is_paid_once_for_an_order_that_fills_in_parts() {
        let mut charged = Charged::default();
        let mut parts = [100, 50, 100, 750].map(|shares| {
            charged.trade(Commission::Fixed, Qty::whole(-shares), "25".parse().unwrap())
        });
        assert_eq!(parts.map(|part| part.to_string()), ["1", "0", "0.25", "3.75"]);
        parts[0] = charged.trade(Commission::None, Qty::whole(1_000), "25".parse().unwrap());
        assert_eq!(parts[0], Cash::ZERO);
    }

    #[test]
    fn of_a_trade_that_is_worth_little_no_more_than_a_hundredth_is_taken() {
        assert_eq!(of(1, "50"), "0.5");
        let mut charged = Charged::default();
        let first = charged.trade(Commission::Fixed, Qty::whole(1), "50".parse().unwrap());
        let second = charged.trade(Commission::Fixed, Qty::whole(1), "50".parse().unwrap());
        assert_eq!((first + second).to_string(), "1");
    }
}
