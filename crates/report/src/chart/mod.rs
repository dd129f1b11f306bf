//! Charts as ECharts options, plus what a reader without scripts is told.
//!
//! A chart never names a colour: it names a role (`@long`, `@short`, `@quiet` …) that the page's
//! script replaces for the light or the dark scheme.

pub mod bands;
pub mod bars;
pub mod candles;
pub mod equity;
pub mod execution;
pub mod heatmap;
pub mod lines;
pub mod reliability;

use serde::{Deserialize, Serialize};

use crate::provenance::Provenance;

/// A drawn figure: title, options, height, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// One sentence: what to see, in which units. Also read out to those who can't see it.
    pub caption: String,
    /// Height in CSS pixels.
    pub height_px: u32,
    /// ECharts options.
    pub options: serde_json::Value,
    /// What it rests on.
    pub provenance: Provenance,
}

/// Title, caption and provenance of a chart to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// What is shown.
    pub title: String,
    /// What to see, in which units.
    pub caption: String,
    /// What it rests on.
    pub provenance: Provenance,
}

impl Heading {
    fn chart(self, height_px: u32, options: serde_json::Value) -> Chart {
        Chart {
            title: self.title,
            caption: self.caption,
            height_px,
            options,
            provenance: self.provenance,
        }
    }
}

/// A number for a chart: four significant decimals are enough for the eye and keep pages small.
fn number(value: f64) -> serde_json::Value {
    if !value.is_finite() {
        return serde_json::Value::Null;
    }
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let scale = 10f64.powf(5.0 - magnitude);
    serde_json::json!((value * scale).round() / scale)
}
