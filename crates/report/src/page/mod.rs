//! A page: header, banner, verdicts, sections; one file that needs no network.

pub mod execution;
mod render;

use serde::{Deserialize, Serialize};

use crate::chart::Chart;
use crate::provenance::Provenance;
use crate::table::Table;

/// One report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// One sentence under the title.
    pub subtitle: String,
    /// What its numbers rest on as a whole.
    pub provenance: Provenance,
    /// What the reader shall take away, first on the page.
    pub verdicts: Vec<Verdict>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// A conclusion and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it allows to go on.
    pub outcome: Outcome,
    /// The conclusion.
    pub title: String,
    /// Why, with numbers.
    pub reason: String,
}

/// Whether a conclusion allows to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It does.
    Passed,
    /// It does not.
    Refused,
    /// It is only said.
    Noted,
}

/// A part of the page with a heading of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What is in it, in order.
    pub parts: Vec<Part>,
}

/// Something in a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A paragraph of plain text.
    Text(String),
    /// A list of plain texts.
    List(Vec<String>),
    /// A table with its title and what it rests on.
    Table {
        /// What is shown.
        title: String,
        /// The table.
        table: Table,
        /// What it rests on.
        provenance: Provenance,
    },
    /// A drawn figure.
    Chart(Chart),
    /// Parts side by side where the screen is wide enough.
    Beside(Vec<Part>),
}

impl Page {
    /// The page as one self-contained HTML document. The same page gives the same bytes.
    pub fn html(&self) -> String {
        render::page(self)
    }
}
