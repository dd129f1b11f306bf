//! Figures for people: each with its interval and beside blind guessing.

use std::fmt::Write as _;

use base::{Interval, Ts};
use learn::score::Sheet;

use crate::terminal::headed;

/// A table of figures.
pub(super) fn sheet(sheet: &Sheet) -> String {
    let mut table = headed(["figure", "value", "95 % interval", "blind"]);
    for (name, found) in &sheet.figures {
        let mark = if *name == sheet.main { format!("{name} *") } else { name.clone() };
        let blind = sheet.blind.get(name).map_or_else(String::new, |value| number(*value));
        table.add_row([mark, number(found.value), range(found), blind]);
    }
    format!("{table}\n* what is tuned for; blind: the best that can be said without any column")
}

/// The ends of an interval.
pub(super) fn range(found: &Interval) -> String {
    found.ends(number)
}

/// Five digits that matter.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        // What is left of a zero after rounding.
        size if size < 1e-12 => "0".to_owned(),
        size if !(1e-4..1e6).contains(&size) && !value.is_nan() => format!("{value:.4e}"),
        size if size >= 100.0 => format!("{value:.2}"),
        _ => format!("{value:.5}"),
    }
}

/// From when to when, in days.
pub(super) fn period((starts, ends): (Ts, Ts)) -> String {
    format!("{} to {}", starts.utc_day(), ends.utc_day())
}

/// What the reader must know, a line each.
pub(super) fn notes(notes: &[String]) -> String {
    notes.iter().fold(String::new(), |mut text, note| {
        let _ = writeln!(text, "note: {note}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_the_digits_that_matter() {
        let cases = [(0.0, "0"), (-1e-15, "0"), (1.5e-5, "1.5000e-5"), (0.25, "0.25000")];
        let large = [(-123.456, "-123.46"), (2.5e6, "2.5000e6"), (f64::NAN, "NaN")];
        for (value, wanted) in cases.into_iter().chain(large) {
            assert_eq!(number(value), wanted);
        }
    }
}
