//! Figures for people: each with its interval and beside blind guessing.

use std::fmt::Write as _;

use base::{Interval, Ts};
use comfy_table::{Table, presets};
use learn::score::Sheet;

/// A table of figures.
pub(super) fn sheet(sheet: &Sheet) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["figure", "value", "95 % interval", "blind"]);
    for (name, found) in &sheet.figures {
        let mark = if *name == sheet.main { format!("{name} *") } else { name.clone() };
        let blind = sheet.blind.get(name).map_or_else(String::new, |value| number(*value));
        table.add_row([mark, number(found.value), range(found), blind]);
    }
    format!("{table}\n* what is tuned for; blind: the best that can be said without any column")
}

/// The ends of an interval.
pub(super) fn range(found: &Interval) -> String {
    format!("{} to {}", number(found.low), number(found.high))
}

/// Five digits that matter.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 || (size > 0.0 && size < 1e-4) => format!("{value:.4e}"),
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
