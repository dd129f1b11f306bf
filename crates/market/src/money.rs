//! Prices, quantities, cash and the ratios of trading.

use std::fmt;
use std::str::FromStr;

use base::fixed::divide;
use base::{Fixed, Rounding};
use serde::{Deserialize, Serialize};

use crate::Error;

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $decimals:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Fixed<$decimals>);

        impl $name {
            /// Nothing.
            pub const ZERO: $name = $name(Fixed::ZERO);
            /// Raw units that make one.
            pub const SCALE: i64 = Fixed::<$decimals>::SCALE;

            /// From raw units of the last decimal.
            pub const fn from_raw(raw: i64) -> $name {
                $name(Fixed::from_raw(raw))
            }

            /// Raw units of the last decimal.
            pub const fn raw(self) -> i64 {
                self.0.raw()
            }

            /// Rounds a float; refuses what does not fit and what is not finite.
            pub fn from_f64(value: f64, rounding: Rounding) -> Result<$name, Error> {
                Ok($name(Fixed::from_f64(value, rounding)?))
            }

            /// The nearest float.
            pub fn to_f64(self) -> f64 {
                self.0.to_f64()
            }

            /// True below zero.
            pub const fn is_negative(self) -> bool {
                self.0.raw() < 0
            }

            /// The magnitude.
            pub const fn abs(self) -> $name {
                $name(Fixed::from_raw(self.0.raw().abs()))
            }

            /// The nearest multiple of `step` in the direction asked; `step` must be positive.
            pub fn round_to(self, step: $name, rounding: Rounding) -> $name {
                $name(self.0.round_to(step.0, rounding))
            }
        }

        impl std::ops::Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name::from_raw(self.raw() + other.raw())
            }
        }

        impl std::ops::Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                $name::from_raw(self.raw() - other.raw())
            }
        }

        impl std::ops::Neg for $name {
            type Output = $name;
            fn neg(self) -> $name {
                $name::from_raw(-self.raw())
            }
        }

        impl std::ops::AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                *self = *self + other;
            }
        }

        impl std::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                *self = *self - other;
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = $name>>(items: I) -> $name {
                items.fold($name::ZERO, |total, item| total + item)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<$name, Error> {
                Ok($name(text.parse()?))
            }
        }
    };
}

fixed_point! {
    /// A price in the quote currency per unit, eight decimals.
    Price, 8
}
fixed_point! {
    /// A signed quantity in units (shares, contracts), eight decimals; negative is short.
    Qty, 8
}
fixed_point! {
    /// An amount of money, six decimals; which currency stands beside it.
    /// Costs of a fraction of a cent are kept, so that sums come out to the cent.
    Cash, 6
}

impl Price {
    /// Price × quantity, rounded half-even to the sixth decimal.
    #[inline]
    pub fn times(self, qty: Qty) -> Cash {
        self.times_whole(qty).unwrap_or_else(|| self.times_any(qty))
    }

    fn times_any(self, qty: Qty) -> Cash {
        let product = i128::from(self.raw()) * i128::from(qty.raw());
        let scale = i128::from(Price::SCALE) * i128::from(Qty::SCALE) / i128::from(Cash::SCALE);
        Cash::from_raw(divide(product, scale, Rounding::HalfEven) as i64)
    }
}

impl Price {
    /// The product where the quantity is in whole units and 64 bits hold it: nearly always, and
    /// every bar of a held position asks.
    #[inline]
    fn times_whole(self, qty: Qty) -> Option<Cash> {
        const RAW_PER_CASH: i64 = Price::SCALE / Cash::SCALE;
        if qty.raw() % Qty::SCALE != 0 {
            return None;
        }
        let product = self.raw().checked_mul(qty.raw() / Qty::SCALE)?;
        let (floor, rest) = (product.div_euclid(RAW_PER_CASH), product.rem_euclid(RAW_PER_CASH));
        let up = 2 * rest > RAW_PER_CASH || (2 * rest == RAW_PER_CASH && floor % 2 != 0);
        Some(Cash::from_raw(floor + i64::from(up)))
    }
}

impl Cash {
    /// The amount rounded half-even to whole cents.
    pub fn to_cents(self) -> Cash {
        self.round_to(Cash::from_raw(Cash::SCALE / 100), Rounding::HalfEven)
    }
}

impl Qty {
    /// A whole number of units.
    pub const fn whole(units: i64) -> Qty {
        Qty::from_raw(units * Qty::SCALE)
    }

    /// -1, 0 or 1.
    pub const fn signum(self) -> i64 {
        self.raw().signum()
    }
}

/// An ISO 4217 currency.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Currency {
    /// United States dollar.
    #[default]
    USD,
    /// Euro.
    EUR,
    /// Pound sterling.
    GBP,
    /// Japanese yen.
    JPY,
    /// Swiss franc.
    CHF,
}

/// Hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bps(pub f64);

impl Bps {
    /// As a fraction of one.
    pub fn fraction(self) -> f64 {
        self.0 * 1e-4
    }
}

/// A result in units of the risk taken: (exit − entry) / (entry − stop), mirrored for shorts.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RMultiple(pub f64);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn price_times_quantity_keeps_fractions_of_a_cent() {
        let price: Price = "12.345".parse().unwrap();
        assert_eq!(price.times(Qty::whole(-3)).to_string(), "-37.035");
        assert_eq!(price.times(Qty::whole(-3)).to_cents().to_string(), "-37.04");
    }

    #[test]
    fn a_price_of_1e308_is_refused() {
        assert!(Price::from_f64(1e308, Rounding::HalfEven).is_err());
    }

    proptest! {
        #[test]
        fn whole_units_are_priced_as_any_quantity_is(
            price in -1_000_000_000_000i64..1_000_000_000_000, units in -2_000_000i64..2_000_000,
        ) {
            let exact = i128::from(price) * i128::from(units);
            let wanted = divide(exact, 100, Rounding::HalfEven) as i64;
            let value = Price::from_raw(price).times(Qty::whole(units));
            prop_assert_eq!(value, Cash::from_raw(wanted));
        }

        #[test]
        fn buying_and_selling_the_same_sum_to_zero(
            price in 1i64..1_000_000_000_000, qty in 1i64..1_000_000_000_000,
        ) {
            let (price, qty) = (Price::from_raw(price), Qty::from_raw(qty));
            prop_assert_eq!(price.times(qty) + price.times(-qty), Cash::ZERO);
        }
    }
}
