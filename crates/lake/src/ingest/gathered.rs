//! Rows as a source has them, before the quality gate.

use std::collections::HashMap;

use base::{Day, Ts};
use market::CorporateAction;

use crate::rows::{FundamentalRow, MacroRow, RefusedRow};

/// A bar as it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RawBar {
    pub day: Day,
    /// Local microseconds since midnight where a bar is shorter than a session.
    pub time: Option<i64>,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
    /// Close after later splits and dividends; NaN where the source has none.
    pub adjusted_close: f64,
    /// When the source says it was known.
    pub known: Option<Ts>,
    /// Line or row in the source, from 1.
    pub line: u64,
}

/// Bars of a symbol in the order in which they were found, in the pieces in which they came:
/// taking over another part's bars copies none.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Vec<Vec<RawBar>>);

impl Pieces {
    /// Adds one bar.
    pub(crate) fn push(&mut self, bar: RawBar) {
        match self.0.last_mut() {
            Some(piece) => piece.push(bar),
            None => self.0.push(vec![bar]),
        }
    }

    /// Whether there is no bar.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// All bars in one piece.
    pub(crate) fn joined(mut self) -> Vec<RawBar> {
        match self.0.len() {
            1 => self.0.remove(0),
            _ => self.0.concat(),
        }
    }
}

/// Everything found in a source.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    symbols: HashMap<String, usize>,
    /// Bars by symbol.
    pub bars: Vec<(String, Pieces)>,
    pub actions: Vec<(String, CorporateAction)>,
    pub series: Vec<MacroRow>,
    pub figures: Vec<FundamentalRow>,
    /// Rows that can't even be read.
    pub refused: Vec<RefusedRow>,
    pub rows_in: u64,
}

impl Gathered {
    /// The bars of a symbol, to be appended to.
    pub(crate) fn of(&mut self, symbol: &str) -> usize {
        if let Some(&at) = self.symbols.get(symbol) {
            return at;
        }
        self.bars.push((symbol.to_owned(), Pieces::default()));
        self.symbols.insert(symbol.to_owned(), self.bars.len() - 1);
        self.bars.len() - 1
    }

    /// Takes over what another part of the same source held, behind what is here.
    pub(crate) fn absorb(&mut self, other: Gathered) {
        for (symbol, bars) in other.bars {
            let at = self.of(&symbol);
            self.bars[at].1.0.extend(bars.0);
        }
        self.actions.extend(other.actions);
        self.series.extend(other.series);
        self.figures.extend(other.figures);
        self.refused.extend(other.refused);
        self.rows_in += other.rows_in;
    }
}
