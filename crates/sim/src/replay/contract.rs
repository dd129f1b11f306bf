//! What a lot is worth: shares and coins, futures with a multiplier, contracts settled in coin.

use base::Rounding;
use market::depth::{Grid, Lots, Ticks};
use market::{Cash, Qty};
use serde::{Deserialize, Serialize};

use crate::Error;

/// What a unit of the instrument is worth at a price, and in what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Contract {
    /// Price times multiplier, in the quote currency: shares, coins, most futures.
    Linear {
        /// Units of the underlying in one contract.
        multiplier: Qty,
    },
    /// So much of the quote currency whatever the price, settled in the coin that is priced:
    /// Binance COIN-M, BitMEX XBTUSD. A position of `n` gains `n × face × (1 / p₀ − 1 / p₁)`
    /// coins. All cash is then counted in millionths of the coin, for a contract is worth few of
    /// them (Alexander, Chen and Imeraj 2023, "Crypto quanto and inverse options", §2).
    Inverse {
        /// Quote currency that one contract stands for.
        face: Qty,
    },
}

/// Parts of a coin that cash of inverse contracts is counted in.
pub const PARTS_OF_A_COIN: f64 = 1e6;

impl Default for Contract {
    /// One unit is one unit.
    fn default() -> Contract {
        Contract::Linear { multiplier: Qty::whole(1) }
    }
}

impl Contract {
    /// Refuses a multiplier or face that is not positive.
    pub fn check(&self) -> Result<(), Error> {
        let (field, size) = match self {
            Contract::Linear { multiplier } => ("contract.multiplier", multiplier),
            Contract::Inverse { face } => ("contract.face", face),
        };
        crate::check_range(field, size.to_f64(), (1e-8, 1e9), "in 0.00000001..=1000000000")
    }

    /// What so many lots are worth at a price; negative for a short position of a linear contract.
    /// Of inverse contracts it is the debt of coins that a long position is: it shrinks as the
    /// price rises.
    ///
    /// # Errors
    /// [`Error::ValueContract`] for an inverse contract at a price that is not above zero, and
    /// where the amount does not fit.
    pub fn value(&self, grid: &Grid, price: Ticks, size: Lots) -> Result<Cash, Error> {
        match *self {
            Contract::Linear { multiplier } => {
                Ok(grid.price(price).times(times(grid.qty(size), multiplier)?))
            }
            Contract::Inverse { face } => {
                let at = grid.price(price).to_f64();
                if at <= 0.0 {
                    return Err(Error::ValueContract { fault: "its price is not above zero" });
                }
                let coins = -grid.qty(size).to_f64() * face.to_f64() / at;
                Ok(Cash::from_f64(coins * PARTS_OF_A_COIN, Rounding::HalfEven)?)
            }
        }
    }
}

/// Units in so many contracts.
fn times(qty: Qty, multiplier: Qty) -> Result<Qty, Error> {
    if multiplier == Qty::whole(1) {
        return Ok(qty);
    }
    let product = i128::from(qty.raw()) * i128::from(multiplier.raw());
    // Finer than the last decimal is nothing that a venue trades.
    let raw = i64::try_from(product / i128::from(Qty::SCALE));
    raw.map(Qty::from_raw).map_err(|_| Error::ValueContract { fault: "its size does not fit" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(tick: &str) -> Grid {
        Grid::new(tick.parse().unwrap(), Qty::whole(1)).unwrap()
    }

    #[test]
    fn a_future_is_worth_its_price_times_the_multiplier() {
        let emini = Contract::Linear { multiplier: Qty::whole(50) };
        // 4,800.25 × 50 × 3.
        let worth = emini.value(&grid("0.25"), Ticks(19_201), Lots(3)).unwrap();
        assert_eq!(worth.to_string(), "720037.5");
        let tenth = Contract::Linear { multiplier: "0.1".parse().unwrap() };
        assert_eq!(tenth.value(&grid("1"), Ticks(60_000), Lots(-3)).unwrap().to_string(), "-18000");
    }

    #[test]
    fn an_inverse_contract_is_a_debt_of_coins_that_shrinks_as_the_price_rises() {
        let coin = Contract::Inverse { face: Qty::whole(100) };
        // 10 × 100 ÷ 50,000 = 0.02 coins, in millionths.
        let worth = |ticks| coin.value(&grid("0.1"), Ticks(ticks), Lots(10)).unwrap();
        assert_eq!(worth(500_000).to_string(), "-20000");
        assert!(worth(520_000) > worth(500_000));
    }

    #[test]
    fn what_is_worth_nothing_is_refused() {
        let inverse = Contract::Inverse { face: Qty::whole(100) };
        assert!(inverse.value(&grid("1"), Ticks(0), Lots(1)).is_err());
        assert!(Contract::Inverse { face: Qty::ZERO }.check().is_err());
        assert!(Contract::Linear { multiplier: Qty::whole(-1) }.check().is_err());
        let vast = Contract::Linear { multiplier: Qty::whole(1_000_000_000) };
        assert!(vast.value(&grid("1"), Ticks(1), Lots(1_000_000_000)).is_err());
    }
}
