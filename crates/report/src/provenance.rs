//! What a figure rests on. No figure can be made without it.

use serde::{Deserialize, Serialize};

use crate::html::escape;

/// Whether the data were recorded from a market or made by a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Recorded from a market.
    Recorded,
    /// Made by a program; the page says so in a place that can't be missed.
    Synthetic,
    /// Given by the reader; no data stand behind it.
    Given,
}

/// Where the numbers of a figure come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Table, version and hash.
    pub data_version: String,
    /// Recorded or made.
    pub origin: Origin,
    /// Seed of every draw, where something was drawn.
    pub seed: Option<u64>,
    /// Revision of the code.
    pub code_revision: String,
}

impl Provenance {
    /// One line to stand under a figure.
    pub fn line(&self) -> String {
        let origin = match self.origin {
            Origin::Recorded => "recorded",
            Origin::Synthetic => "SYNTHETIC",
            Origin::Given => "given by hand",
        };
        let seed = self.seed.map(|seed| format!(" · seed {seed}")).unwrap_or_default();
        format!(
            "{origin} · data {}{seed} · code {}",
            escape(&self.data_version),
            escape(&self.code_revision)
        )
    }
}
