//! What a benchmark says: ours, the peer's, their ratio, the bar, and whether it is met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One measured figure. Units stand last in the name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Group and figure, for example `indicators/rsi_14_ns_per_bar`.
    pub name: String,
    /// Our figure.
    pub ours: Option<f64>,
    /// The peer's, measured in the same run; `None` where there is no peer, or it can't run.
    pub peer: Option<f64>,
    /// Who the peer is, with its version; why it is missing where it is.
    pub who: String,
    /// What must hold.
    pub bar: Bar,
}

/// What must hold of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// Nothing: the figure is shown.
    None,
    /// Ours at most so much.
    AtMost(f64),
    /// Ours at least so much.
    AtLeast(f64),
    /// Ours at most so many times the peer's.
    RatioAtMost(f64),
    /// Ours at least so many times the peer's.
    RatioAtLeast(f64),
}

/// A line as the JSON object has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    ours: Option<f64>,
    peer: Option<f64>,
    ratio: Option<f64>,
    bar: String,
    met: Option<bool>,
}

impl Line {
    /// A figure without a peer.
    pub fn alone(name: impl Into<String>, ours: f64, bar: Bar) -> Line {
        Line { name: name.into(), ours: Some(ours), peer: None, who: String::new(), bar }
    }

    /// A figure that could not be measured, and why.
    pub fn missing(name: impl Into<String>, why: impl Into<String>, bar: Bar) -> Line {
        Line { name: name.into(), ours: None, peer: None, who: why.into(), bar }
    }

    /// Ours ÷ the peer's.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.ours? / self.peer?)
    }

    /// Whether the bar is met; `None` where nothing is asked or something was not measured.
    pub fn is_met(&self) -> Option<bool> {
        match self.bar {
            Bar::None => None,
            Bar::AtMost(most) => self.ours.map(|ours| ours <= most),
            Bar::AtLeast(least) => self.ours.map(|ours| ours >= least),
            Bar::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Bar::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
        }
    }

    fn figures(&self) -> Figures {
        Figures {
            ours: self.ours,
            peer: self.peer,
            ratio: self.ratio(),
            bar: self.bar.words(),
            met: self.is_met(),
        }
    }
}

impl Bar {
    /// The bar in words.
    pub fn words(self) -> String {
        match self {
            Bar::None => String::new(),
            Bar::AtMost(most) => format!("≤ {}", short(most)),
            Bar::AtLeast(least) => format!("≥ {}", short(least)),
            Bar::RatioAtMost(most) => format!("≤ {most} × peer"),
            Bar::RatioAtLeast(least) => format!("≥ {least} × peer"),
        }
    }
}

/// One object: name → figures.
pub fn to_json(lines: &[Line]) -> serde_json::Result<String> {
    let object: BTreeMap<&str, Figures> =
        lines.iter().map(|line| (line.name.as_str(), line.figures())).collect();
    serde_json::to_string_pretty(&object)
}

/// A table for people.
pub fn to_table(lines: &[Line]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["name", "ours", "peer", "ratio", "bar", "met", "who"]);
    for line in lines {
        let met = match line.is_met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        let number = |value: Option<f64>| value.map(short).unwrap_or_default();
        table.add_row([
            line.name.clone(),
            number(line.ours),
            number(line.peer),
            number(line.ratio()),
            line.bar.words(),
            met.to_owned(),
            line.who.clone(),
        ]);
    }
    table.to_string()
}

/// Four digits that matter, with thousands marked in large numbers.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{:.2} M", value / 1e6),
        size if size >= 1e4 => format!("{:.1} k", value / 1e3),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ours: f64, peer: Option<f64>, bar: Bar) -> Line {
        Line { name: "x".to_owned(), ours: Some(ours), peer, who: String::new(), bar }
    }

    #[test]
    fn a_bar_on_the_ratio_asks_for_a_peer() {
        assert_eq!(line(3.0, Some(2.0), Bar::RatioAtMost(1.5)).is_met(), Some(true));
        assert_eq!(line(3.1, Some(2.0), Bar::RatioAtMost(1.5)).is_met(), Some(false));
        assert_eq!(line(3.0, None, Bar::RatioAtMost(1.5)).is_met(), None);
        assert_eq!(line(40.0, Some(2.0), Bar::RatioAtLeast(20.0)).is_met(), Some(true));
    }

    #[test]
    fn a_bar_on_ours_needs_no_peer() {
        assert_eq!(line(3.0, None, Bar::AtMost(2.0)).is_met(), Some(false));
        assert_eq!(line(3.0, None, Bar::AtLeast(2.0)).is_met(), Some(true));
        assert_eq!(Line::missing("x", "no binary", Bar::AtMost(1.0)).is_met(), None);
    }

    #[test]
    fn the_object_has_the_five_keys_and_null_for_what_was_not_measured() {
        let text = to_json(&[line(2.0, None, Bar::AtMost(3.0))]).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let wanted = serde_json::json!({"x": {
            "ours": 2.0, "peer": null, "ratio": null, "bar": "≤ 3.000", "met": true,
        }});
        assert_eq!(read, wanted);
    }
}
