//! Numbers, times and names as the broker writes them.

use base::{Day, Digest, Rounding, Ts};
use market::{Cash, LocalClock, Price, Qty};
use serde_json::Value;

/// A name in the form of a UUID (version 8, RFC 9562) that hangs on its parts alone.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let text = parts.join("\n");
    let digest = Digest::of(text.as_bytes());
    let hex = digest.as_str();
    format!("{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// True for a text in the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The decimal text of a JSON number or string, without zeros that say nothing.
pub(crate) fn decimal(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let plain = match text.contains(['e', 'E']) {
        true => format!("{:.12}", text.parse::<f64>().ok().filter(|value| value.is_finite())?),
        false => text,
    };
    match plain.split_once('.') {
        Some((whole, part)) => {
            let part = part.trim_end_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            Some(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
        }
        None => Some(plain),
    }
}

/// A moment in RFC 3339, or the start of a day in New York.
pub(crate) fn moment(text: &str) -> Option<Ts> {
    if let Ok(day) = text.parse::<Day>()
        && text.len() == 10
    {
        return LocalClock::NewYork.midnight(day);
    }
    let text = text.replace(' ', "+");
    let stamp: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok().map(Ts::from_nanos)
}

/// A moment on a wall in New York, with how far it is behind UTC.
pub(crate) fn new_york(at: Ts) -> String {
    let behind = -(LocalClock::NewYork.ahead_at(at).seconds() / 3_600.0) as i64;
    let shown = LocalClock::NewYork.shown_at(at).to_string();
    format!("{}-{behind:02}:00", shown.trim_end_matches('Z'))
}

/// Hours and minutes on a wall in New York.
pub(crate) fn wall_time(at: Ts) -> String {
    LocalClock::NewYork.shown_at(at).to_string()[11..16].to_owned()
}

/// The day on a calendar in New York.
pub(crate) fn wall_day(at: Ts) -> Day {
    LocalClock::NewYork.shown_at(at).utc_day()
}

/// An amount in whole cents.
pub(crate) fn money(amount: Cash) -> String {
    amount.to_cents().to_string()
}

/// A part of one with at most ten digits; 0 where there is nothing to divide by.
pub(crate) fn ratio(part: Cash, of: Cash) -> String {
    if of == Cash::ZERO {
        return "0".to_owned();
    }
    let text = format!("{:.10}", part.to_f64() / of.to_f64());
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// The value in money; nothing where it does not fit.
pub(crate) fn value_of(price: Price, qty: Qty) -> Cash {
    let exact = price.to_f64() * qty.to_f64();
    Cash::from_f64(exact, Rounding::HalfEven).map_or(Cash::ZERO, |_| price.times(qty))
}

/// The price of one of so many units that an amount was paid for.
pub(crate) fn price_each(amount: Cash, units: i64) -> Price {
    let raw = i128::from(amount.raw()) * i128::from(Price::SCALE);
    let by = i128::from(units.max(1)) * i128::from(Cash::SCALE);
    Price::from_raw(base::fixed::divide(raw, by, Rounding::HalfEven) as i64)
}

/// An amount times a number.
pub(crate) fn times(amount: Cash, factor: f64) -> Cash {
    Cash::from_f64(amount.to_f64() * factor, Rounding::HalfEven).unwrap_or(Cash::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_text_or_as_numbers() {
        let cases = [
            (json!("10"), Some("10")),
            (json!(10.0), Some("10")),
            (json!(0.125), Some("0.125")),
            (json!("12.340"), Some("12.34")),
            (json!(1e-7), Some("0.0000001")),
            (json!(".5"), Some("0.5")),
            (json!(null), None),
            (json!([1]), None),
        ];
        for (value, wanted) in cases {
            assert_eq!(decimal(&value).as_deref(), wanted, "{value}");
        }
    }

    #[test]
    fn a_name_is_a_uuid_and_hangs_on_its_parts() {
        let name = uuid(&["order", "1"]);
        assert!(is_uuid(&name), "{name}");
        assert_eq!(name, uuid(&["order", "1"]));
        assert_ne!(name, uuid(&["order", "2"]));
        assert!(!is_uuid("order"));
    }

    #[test]
    fn moments_are_read_with_and_without_a_zone() {
        let noon = moment("2024-06-28T12:00:00+00:00").unwrap();
        assert_eq!(noon, moment("2024-06-28T08:00:00-04:00").unwrap());
        assert_eq!(noon, moment("2024-06-28T12:00:00 00:00").unwrap());
        assert_eq!(moment("2024-06-28").unwrap().to_string(), "2024-06-28T04:00:00Z");
        assert_eq!(moment("yesterday"), None);
        assert_eq!(new_york(noon), "2024-06-28T08:00:00-04:00");
        assert_eq!(wall_time(noon), "08:00");
    }
}
