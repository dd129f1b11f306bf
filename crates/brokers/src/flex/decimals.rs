//! Decimal numbers as statements write them: with signs, with commas between thousands, with
//! exponents, with more digits than are kept. No float on the way.

use base::Fixed;
use base::fixed::{Rounding, divide};

/// Digits that are read; more make no number of money or shares.
const MOST_DIGITS: usize = 30;
/// Largest exponent, either way.
const MOST_TENS: i32 = 40;

/// A number, rounded half-even to what is kept; `None` where it is none or does not fit.
pub(super) fn decimal<const DECIMALS: u32>(text: &str) -> Option<Fixed<DECIMALS>> {
    let (is_negative, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (digits, tens) = match text.split_once(['e', 'E']) {
        Some((digits, tens)) => (digits, tens.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = ungrouped(whole)?;
    let digits = format!("{whole}{part}");
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.len() > MOST_DIGITS || tens.abs() > MOST_TENS {
        return None;
    }
    let mantissa: i128 = digits.parse().ok()?;
    let mantissa = if is_negative { -mantissa } else { mantissa };
    let shift = i32::try_from(DECIMALS).ok()? + tens - i32::try_from(part.len()).ok()?;
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let raw = match (shift < 0, power) {
        (true, Some(power)) => divide(mantissa, power, Rounding::HalfEven),
        (true, None) => 0,
        (false, Some(power)) => mantissa.checked_mul(power)?,
        (false, None) => return (mantissa == 0).then_some(Fixed::ZERO),
    };
    // The lowest number has no opposite: a sum that turns it around would not fit.
    i64::try_from(raw).ok().filter(|raw| *raw > i64::MIN).map(Fixed::from_raw)
}

/// Digits without the commas between thousands; `None` where one stands elsewhere.
fn ungrouped(whole: &str) -> Option<String> {
    let Some((first, rest)) = whole.split_once(',') else { return Some(whole.to_owned()) };
    let is_well = (1..=3).contains(&first.len()) && rest.split(',').all(|group| group.len() == 3);
    is_well.then(|| whole.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_the_last_digit_that_is_kept() {
        let cases: [(&str, Option<i64>); 22] = [
            ("1", Some(1_000_000)),
            ("-1.5", Some(-1_500_000)),
            ("+.5", Some(500_000)),
            ("5.", Some(5_000_000)),
            ("1,234.5", Some(1_234_500_000)),
            ("1,234,567", Some(1_234_567_000_000)),
            ("-1.00032575", Some(-1_000_326)),
            ("0.0000005", Some(0)),
            ("0.0000015", Some(2)),
            ("-1.5E-4", Some(-150)),
            ("2e3", Some(2_000_000_000)),
            ("1E-40", Some(0)),
            ("0E40", Some(0)),
            ("9223372036854.775807", Some(i64::MAX)),
            ("-9223372036854.775808", None),
            ("1E40", None),
            ("1E99999999999", None),
            ("1,23", None),
            ("1,2345", None),
            ("", None),
            ("NaN", None),
            ("1.2.3", None),
        ];
        for (text, wanted) in cases {
            let read = decimal::<6>(text).map(Fixed::raw);
            assert_eq!(read, wanted, "{text}");
        }
        let many = "1".repeat(31);
        for text in ["-", ".", "--1", "1 ", "0x10", "١", many.as_str()] {
            assert_eq!(decimal::<6>(text), None, "{text}");
        }
    }
}
