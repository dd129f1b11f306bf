//! Fixed-point decimal numbers in an i64.
//!
//! There is no way in from `f64` without naming a rounding mode, so no cent is lost by accident.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Which neighbour to take when a number lies between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// Toward minus infinity.
    Down,
    /// Toward plus infinity.
    Up,
    /// Toward zero.
    TowardZero,
}

/// A decimal number with `DECIMALS` digits after the point, in an i64.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fixed<const DECIMALS: u32>(i64);

impl<const DECIMALS: u32> Fixed<DECIMALS> {
    /// How many raw units make one.
    pub const SCALE: i64 = 10_i64.pow(DECIMALS);
    /// Zero.
    pub const ZERO: Self = Fixed(0);

    /// From raw units of 10^-DECIMALS.
    pub const fn from_raw(raw: i64) -> Self {
        Fixed(raw)
    }

    /// Raw units of 10^-DECIMALS.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// Rounds a float; refuses what does not fit and what is not finite.
    pub fn from_f64(value: f64, rounding: Rounding) -> Result<Self, Error> {
        let scaled = value * Self::SCALE as f64;
        let rounded = match rounding {
            Rounding::HalfEven => scaled.round_ties_even(),
            Rounding::Down => scaled.floor(),
            Rounding::Up => scaled.ceil(),
            Rounding::TowardZero => scaled.trunc(),
        };
        if rounded.abs() < i64::MAX as f64 {
            Ok(Fixed(rounded as i64))
        } else {
            Err(Error::MakeFixed { value, limit: i64::MAX as f64 / Self::SCALE as f64 })
        }
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// The sum, or `None` when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Fixed)
    }

    /// The difference, or `None` when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Fixed)
    }

    /// The nearest multiple of `step` in the direction asked; `step` must be positive.
    pub fn round_to(self, step: Self, rounding: Rounding) -> Self {
        Fixed(divide(i128::from(self.0), i128::from(step.0), rounding) as i64 * step.0)
    }
}

/// `value / by`, rounded; `by` must be positive.
pub fn divide(value: i128, by: i128, rounding: Rounding) -> i128 {
    // One division: a remainder of its own would be a second one, and these are slow.
    let (quotient, remainder) = match (i64::try_from(value), i64::try_from(by)) {
        (Ok(value), Ok(by)) => (i128::from(value / by), i128::from(value % by)),
        _ => (value / by, value - value / by * by),
    };
    let below = remainder < 0;
    let floor = quotient - i128::from(below);
    let rest = if below { remainder + by } else { remainder };
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest != 0,
        Rounding::TowardZero => value < 0 && rest != 0,
        Rounding::HalfEven => 2 * rest > by || (2 * rest == by && floor % 2 != 0),
    };
    floor + i128::from(up)
}

impl<const DECIMALS: u32> fmt::Display for Fixed<DECIMALS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = Self::SCALE as u64;
        let (whole, part) = (self.0.unsigned_abs() / scale, self.0.unsigned_abs() % scale);
        let digits = format!("{part:0width$}", width = DECIMALS as usize);
        let fraction = digits.trim_end_matches('0');
        let shown = f.precision().map_or(fraction.len(), |p| p.min(DECIMALS as usize));
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if shown == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", &digits[..shown])
    }
}

impl<const DECIMALS: u32> FromStr for Fixed<DECIMALS> {
    type Err = Error;

    /// Reads plain decimals such as `-12.5`; more digits than fit are refused, not rounded.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::ReadFixed { text: text.to_owned() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || part.len() > DECIMALS as usize || !all_digits(whole) {
            return Err(wrong());
        }
        if !all_digits(part) {
            return Err(wrong());
        }
        let padded = format!("{whole}{part:0<width$}", width = DECIMALS as usize);
        let raw: i64 = padded.parse().map_err(|_| wrong())?;
        Ok(Fixed(if negative { -raw } else { raw }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Cents = Fixed<2>;

    #[test]
    fn rounding_modes_at_a_tie() {
        let cases = [
            (0.125, Rounding::HalfEven, 12),
            (0.375, Rounding::HalfEven, 38),
            (0.125, Rounding::Up, 13),
            (-0.125, Rounding::Down, -13),
            (-0.125, Rounding::TowardZero, -12),
        ];
        for (value, rounding, raw) in cases {
            let made = Cents::from_f64(value, rounding).unwrap();
            assert_eq!(made.raw(), raw, "{value} {rounding:?}");
        }
    }

    #[test]
    fn not_a_number_and_too_large_are_refused() {
        for value in [f64::NAN, f64::INFINITY, 1e308, -1e308] {
            assert!(Cents::from_f64(value, Rounding::HalfEven).is_err(), "{value}");
        }
    }

    #[test]
    fn text_with_more_digits_than_fit_is_refused() {
        assert!("1.234".parse::<Cents>().is_err());
        assert_eq!("-1.2".parse::<Cents>().unwrap().raw(), -120);
    }

    proptest! {
        #[test]
        fn division_is_euclidean_for_small_and_large(
            value in -(1i128 << 90)..(1i128 << 90),
            by in 1i128..1 << 70,
            shift in 0u32..90,
        ) {
            let (value, by) = (value >> shift, (by >> shift).max(1));
            let (floor, rest) = (value.div_euclid(by), value.rem_euclid(by));
            prop_assert_eq!(divide(value, by, Rounding::Down), floor);
            prop_assert_eq!(divide(value, by, Rounding::Up), floor + i128::from(rest != 0));
            let even = 2 * rest > by || (2 * rest == by && floor % 2 != 0);
            prop_assert_eq!(divide(value, by, Rounding::HalfEven), floor + i128::from(even));
        }

        #[test]
        fn text_round_trip(raw in -1_000_000_000i64..1_000_000_000) {
            let text = Cents::from_raw(raw).to_string();
            prop_assert_eq!(text.parse::<Cents>().unwrap().raw(), raw);
        }

        #[test]
        fn rounded_to_a_step_is_a_multiple_of_it(raw in -1_000_000i64..1_000_000, step in 1i64..999) {
            let rounded = Cents::from_raw(raw).round_to(Cents::from_raw(step), Rounding::Down);
            prop_assert_eq!(rounded.raw() % step, 0);
            prop_assert!(rounded.raw() <= raw && raw - rounded.raw() < step);
        }
    }
}
