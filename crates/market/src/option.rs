//! Options: contracts, quotes, trades, open interest, and what splits do to contracts.

use base::{Day, Rounding, Ts};
use serde::{Deserialize, Serialize};

use crate::{Cash, InstrumentId, Price, Qty};

/// What an option gives its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionRight {
    /// To buy at the strike.
    Call,
    /// To sell at the strike.
    Put,
}

impl OptionRight {
    /// +1 for a call, −1 for a put: the side on which the option gains.
    #[inline]
    pub fn sign(self) -> f64 {
        match self {
            OptionRight::Call => 1.0,
            OptionRight::Put => -1.0,
        }
    }

    /// The other right.
    pub fn other(self) -> OptionRight {
        match self {
            OptionRight::Call => OptionRight::Put,
            OptionRight::Put => OptionRight::Call,
        }
    }
}

/// When an option may be exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExerciseStyle {
    /// On any day until it expires.
    American,
    /// Only when it expires.
    European,
}

/// What changes hands at exercise, and at which price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Shares against the strike; in the money or not by the close of the last session.
    Physical,
    /// Cash by the close of the last session (SPXW).
    CashAtClose,
    /// Cash by the opening prices of the last session; trading ends the session before (SPX).
    CashAtOpen,
}

/// One contract, with what one of it delivers.
///
/// A contract of standard size has `multiplier` 100 and `shares` 100. After an adjustment the
/// two may differ: premium and strike are still paid `multiplier` times, `shares` are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OptionContract {
    /// What is bought or sold at exercise.
    pub underlying: InstrumentId,
    /// Day on which it ends; where that is no session, the last session before it ends trading.
    pub expiry: Day,
    /// Price a unit at exercise.
    pub strike: Price,
    /// Call or put.
    pub right: OptionRight,
    /// When it may be exercised.
    pub style: ExerciseStyle,
    /// What changes hands.
    pub settlement: Settlement,
    /// Units by which premium and strike are multiplied.
    pub multiplier: u32,
    /// Units of the underlying that one contract delivers.
    pub shares: Qty,
}

impl OptionContract {
    /// An American contract on 100 shares that are delivered.
    pub fn on_shares(
        underlying: InstrumentId,
        right: OptionRight,
        strike: Price,
        expiry: Day,
    ) -> OptionContract {
        OptionContract {
            underlying,
            expiry,
            strike,
            right,
            style: ExerciseStyle::American,
            settlement: Settlement::Physical,
            multiplier: 100,
            shares: Qty::whole(100),
        }
    }

    /// A European contract on 100 times an index, paid in cash by the close.
    pub fn on_index(
        underlying: InstrumentId,
        right: OptionRight,
        strike: Price,
        expiry: Day,
    ) -> OptionContract {
        OptionContract {
            style: ExerciseStyle::European,
            settlement: Settlement::CashAtClose,
            ..OptionContract::on_shares(underlying, right, strike, expiry)
        }
    }

    /// Premium of one contract at a price a unit.
    pub fn premium(&self, price: Price) -> Cash {
        price.times(Qty::whole(i64::from(self.multiplier)))
    }

    /// Cash that one contract exchanges at exercise.
    pub fn exercise_amount(&self) -> Cash {
        self.premium(self.strike)
    }

    /// What exercise of one contract is worth at a price of the underlying; negative out of the
    /// money.
    pub fn exercise_value(&self, spot: Price) -> Cash {
        let value = spot.times(self.shares) - self.exercise_amount();
        match self.right {
            OptionRight::Call => value,
            OptionRight::Put => -value,
        }
    }

    /// What exercise is worth where it is worth something, else nothing.
    pub fn intrinsic(&self, spot: Price) -> Cash {
        self.exercise_value(spot).max(Cash::ZERO)
    }

    /// The contract after a split of `new` shares for each `old` ones, and how many of it come of
    /// one. `None` where either number is 0.
    ///
    /// Source: OCC By-Laws, Article VI, section 11A. A whole split (7 for 1) divides the strike,
    /// to the cent, and multiplies the contracts. Any other split leaves strike, multiplier and
    /// number as they are and changes the shares delivered (150 after 3 for 2, 10 after 1 for 10).
    pub fn after_split(&self, new: u32, old: u32) -> Option<(OptionContract, u32)> {
        if new == 0 || old == 0 {
            return None;
        }
        if new.is_multiple_of(old) {
            let ratio = new / old;
            let raw = base::fixed::divide(
                i128::from(self.strike.raw()),
                i128::from(ratio),
                Rounding::HalfEven,
            );
            let cent = Price::from_raw(Price::SCALE / 100);
            let strike = Price::from_raw(raw as i64).round_to(cent, Rounding::HalfEven);
            let strike = if ratio == 1 { self.strike } else { strike };
            return Some((OptionContract { strike, ..*self }, ratio));
        }
        let shares = i128::from(self.shares.raw()) * i128::from(new);
        let shares = base::fixed::divide(shares, i128::from(old), Rounding::HalfEven);
        Some((OptionContract { shares: Qty::from_raw(shares as i64), ..*self }, 1))
    }

    /// The contract after a dividend outside the ordinary: its strike is lower by the amount a
    /// share, but not below nothing. Ordinary dividends change no contract.
    pub fn after_special_dividend(&self, amount: Price) -> OptionContract {
        let strike = (self.strike - amount).max(Price::ZERO);
        OptionContract { strike, ..*self }
    }
}

/// A price at which so many contracts are wanted or offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Price a unit of the underlying.
    pub price: Price,
    /// Contracts shown.
    pub size: u32,
}

/// The best bid and ask of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionQuote {
    /// The contract.
    pub contract: OptionContract,
    /// When the quote stood.
    pub at: Ts,
    /// When it could be seen; of a bar, its end.
    pub known: Ts,
    /// The best bid; `None` where nobody bids.
    pub bid: Option<Offer>,
    /// The best ask; `None` where nobody offers.
    pub ask: Option<Offer>,
}

impl OptionQuote {
    /// Halfway between bid and ask; `None` where a side is missing.
    pub fn mid(&self) -> Option<f64> {
        Some((self.bid?.price.to_f64() + self.ask?.price.to_f64()) / 2.0)
    }
}

/// Trades of a contract over a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionTrades {
    /// The contract.
    pub contract: OptionContract,
    /// When the bar began.
    pub start: Ts,
    /// When it ended, and so became known.
    pub known: Ts,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Contracts traded.
    pub volume: u64,
}

/// Contracts open at the clearing house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInterest {
    /// The contract.
    pub contract: OptionContract,
    /// When the figure could be seen.
    pub known: Ts,
    /// How many.
    pub contracts: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(strike: &str) -> OptionContract {
        let expiry = Day::from_ymd(2014, 6, 20).unwrap();
        OptionContract::on_shares(
            InstrumentId(0),
            OptionRight::Call,
            strike.parse().unwrap(),
            expiry,
        )
    }

    #[test]
    fn seven_for_one_divides_strikes_to_the_cent() {
        let table = [("490", "70"), ("495", "70.71"), ("492.5", "70.36"), ("645", "92.14")];
        for (before, after) in table {
            let (contract, count) = call(before).after_split(7, 1).unwrap();
            assert_eq!((contract.strike.to_string(), count), (after.to_owned(), 7), "{before}");
            assert_eq!(contract.shares, Qty::whole(100));
        }
    }

    #[test]
    fn other_splits_change_what_is_delivered() {
        let table = [((3, 2), 150), ((1, 10), 10), ((7, 5), 140)];
        for ((new, old), shares) in table {
            let (contract, count) = call("60").after_split(new, old).unwrap();
            assert_eq!((contract.shares, count), (Qty::whole(shares), 1));
            assert_eq!(contract.strike, call("60").strike);
        }
        assert_eq!(call("60").after_split(0, 1), None);
        assert_eq!(call("60").after_split(1, 0), None);
    }

    #[test]
    fn a_special_dividend_lowers_the_strike_and_not_below_nothing() {
        let special: Price = "10".parse().unwrap();
        assert_eq!(call("60").after_special_dividend(special).strike.to_string(), "50");
        assert_eq!(call("4").after_special_dividend(special).strike, Price::ZERO);
    }

    proptest! {
        #[test]
        fn a_call_less_a_put_is_the_forward(spot in 1i64..2_000_000, strike in 1i64..2_000_000) {
            let cents = |n: i64| Price::from_raw(n * Price::SCALE / 100);
            let call = OptionContract { strike: cents(strike), ..call("1") };
            let put = OptionContract { right: OptionRight::Put, ..call };
            let forward = (cents(spot) - cents(strike)).times(Qty::whole(100));
            let spot = cents(spot);
            prop_assert_eq!(call.intrinsic(spot) - put.intrinsic(spot), forward);
        }

        #[test]
        fn a_split_keeps_the_value_of_exercise(
            strike in 1i64..100_000, spot in 1i64..100_000, ratio in 2u32..10,
        ) {
            // Strikes that the ratio divides to the cent: nothing is rounded.
            let cents = |n: i64| Price::from_raw(n * Price::SCALE / 100);
            let old = OptionContract { strike: cents(strike * i64::from(ratio)), ..call("1") };
            let (new, count) = old.after_split(ratio, 1).unwrap();
            let each = new.exercise_value(cents(spot));
            let all: Cash = (0..count).map(|_| each).sum();
            prop_assert_eq!(old.exercise_value(cents(spot * i64::from(ratio))), all);
        }
    }
}
