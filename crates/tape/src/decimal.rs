//! Decimal text as a whole number of hundred-millionths, without a float between.

use market::depth::Fault;

/// Decimals that [`market::Price`] and [`market::Qty`] keep.
const DECIMALS: u32 = 8;
/// More digits may not fit.
const MOST_DIGITS: u32 = 18;

const POWERS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Reads text such as `61804.70000000` or `-3`; `None` where it is no plain decimal number.
/// Inside: a number with more decimals than are kept lies off every grid, one with more digits
/// than fit is out of range.
#[inline]
pub(crate) fn read(text: &[u8]) -> Option<Result<i64, Fault>> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    let (mut value, mut count) = (0_i64, 0_u32);
    let mut decimals: Option<u32> = None;
    for byte in digits {
        match byte {
            b'0'..=b'9' if count < MOST_DIGITS => {
                value = value * 10 + i64::from(byte - b'0');
                count += u32::from(value != 0);
                decimals = decimals.map(|decimals| decimals + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            b'0'..=b'9' => return read_long(digits),
            _ => return None,
        }
    }
    let decimals = decimals.unwrap_or(0);
    if digits.len() == usize::from(digits.contains(&b'.')) {
        return None;
    }
    Some(match POWERS.get(DECIMALS.wrapping_sub(decimals) as usize) {
        Some(power) => value.checked_mul(sign * power).ok_or(Fault::OutOfRange),
        None => strip(value, decimals).map(|value| value * sign),
    })
}

/// A number with more decimals than are kept, which may be zeros.
#[cold]
fn strip(mut value: i64, mut decimals: u32) -> Result<i64, Fault> {
    while decimals > DECIMALS && value % 10 == 0 {
        value /= 10;
        decimals -= 1;
    }
    if decimals == DECIMALS { Ok(value) } else { Err(Fault::OffGrid) }
}

/// A number with more digits than fit at once.
#[cold]
fn read_long(digits: &[u8]) -> Option<Result<i64, Fault>> {
    let dots = digits.iter().filter(|byte| **byte == b'.').count();
    let is_number = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (is_number && dots <= 1).then_some(Err(Fault::OutOfRange))
}

/// A whole number without sign; `None` where it is none or does not fit.
#[inline]
pub(crate) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Price;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_read_exactly() {
        let cases: [(&str, Option<Result<i64, Fault>>); 12] = [
            ("61804.70", Some(Ok(6_180_470_000_000))),
            ("0.00000001", Some(Ok(1))),
            ("-0.5", Some(Ok(-50_000_000))),
            ("7", Some(Ok(700_000_000))),
            ("1.000000000", Some(Ok(100_000_000))),
            ("1.000000001", Some(Err(Fault::OffGrid))),
            ("99999999999999999999", Some(Err(Fault::OutOfRange))),
            ("999999999999", Some(Err(Fault::OutOfRange))),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("1e5", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text.as_bytes()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_a_price_prints_is_read_back(raw in -10_i64.pow(17)..10_i64.pow(17)) {
            let text = Price::from_raw(raw).to_string();
            prop_assert_eq!(read(text.as_bytes()), Some(Ok(raw)));
        }

        #[test]
        fn no_text_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (read(&text), whole(&text));
        }
    }
}
