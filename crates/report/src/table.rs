//! Tables. A cell knows whether it is a word or a number, and a figure brings its interval.

use base::Interval;
use serde::{Deserialize, Serialize};

use crate::html::escape;

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Words, aligned left.
    Text(String),
    /// A count, aligned right.
    Count(u64),
    /// A number that is exact, such as an amount of money, as it shall be shown; aligned right.
    Exact(String),
    /// An estimate with its interval, shown with so many decimals.
    Estimate {
        /// The figure and its interval.
        interval: Interval,
        /// Decimals shown.
        decimals: usize,
    },
    /// A share of one, shown in percent with its interval.
    Share(Interval),
    /// There is no such number.
    Missing,
}

/// Columns and rows; every row has one cell a column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Table {
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<Cell>>,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// An estimate with so many decimals; missing where it is not a number.
    pub fn estimate(interval: Interval, decimals: usize) -> Cell {
        if interval.value.is_finite() {
            Cell::Estimate { interval, decimals }
        } else {
            Cell::Missing
        }
    }

    /// A share in percent; missing where it is not a number.
    pub fn share(interval: Interval) -> Cell {
        if interval.value.is_finite() { Cell::Share(interval) } else { Cell::Missing }
    }

    fn html(&self) -> String {
        match self {
            Cell::Text(text) => format!("<td>{}</td>", escape(text)),
            Cell::Count(count) => format!("<td class=\"n\">{}</td>", grouped(*count)),
            Cell::Exact(text) => format!("<td class=\"n\">{}</td>", escape(text)),
            Cell::Estimate { interval, decimals } => estimate(*interval, 1.0, *decimals, ""),
            Cell::Share(interval) => estimate(*interval, 100.0, 1, " %"),
            Cell::Missing => "<td class=\"n missing\">n/a</td>".to_owned(),
        }
    }
}

fn estimate(interval: Interval, factor: f64, decimals: usize, unit: &str) -> String {
    let shown = |value: f64| signed(value * factor, decimals);
    format!(
        "<td class=\"n\">{}{unit}<span class=\"interval\">{}</span></td>",
        shown(interval.value),
        interval.ends(shown)
    )
}

/// So many of something: `1 trade`, `12 trades`.
pub fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// A number with a true minus sign, never `-0.00`.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    if is_zero { text.trim_start_matches('-').to_owned() } else { text.replace('-', "\u{2212}") }
}

fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Table {
    /// A table with these columns and no row.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Table {
        Table { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// The table as HTML, in a box of its own that scrolls on narrow screens.
    pub fn html(&self) -> String {
        let numeric = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.clone().count() > 0 && cells.clone().all(|cell| !matches!(cell, Cell::Text(_)))
        };
        let mut html = String::from("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        for (index, column) in self.columns.iter().enumerate() {
            let class = if numeric(index) { " class=\"n\"" } else { "" };
            html.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escape(column)));
        }
        html.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            html.push_str("<tr>");
            row.iter().for_each(|cell| html.push_str(&cell.html()));
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>");
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_never_shown_without_its_interval() {
        let interval = Interval { value: -0.125, low: -0.3, high: 0.05, level: 0.95 };
        let html = Cell::estimate(interval, 2).html();
        assert!(html.contains("\u{2212}0.12") && html.contains("\u{2212}0.30 to 0.05"), "{html}");
    }

    #[test]
    fn a_figure_that_is_no_number_is_missing() {
        let interval = Interval { value: f64::NAN, low: 0.0, high: 0.0, level: 0.95 };
        assert_eq!(Cell::estimate(interval, 2), Cell::Missing);
        assert!(Cell::share(interval).html().contains("n/a"));
    }

    #[test]
    fn words_are_escaped_and_counts_grouped() {
        let mut table = Table::new(["<b>", "trades"]);
        table.rows.push(vec![Cell::text("A&B"), Cell::Count(1_234_567)]);
        let html = table.html();
        assert!(
            html.contains("&lt;b&gt;") && html.contains("A&amp;B") && html.contains("1,234,567")
        );
        assert!(html.contains("<th scope=\"col\" class=\"n\">trades</th>"), "{html}");
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(signed(-0.001, 2), "0.00");
        assert_eq!(signed(-0.01, 2), "\u{2212}0.01");
    }
}
