//! What is traded: instruments, and the immutable universe that numbers them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Currency, Error, OptionRight, Vertical};

/// Dense index of an instrument in its [`Universe`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// The index as a subscript.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kind of a thing traded.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Shares of one company.
    #[default]
    Stock,
    /// Shares of a fund.
    Etf,
    /// A figure that can't be traded: SPX, VIX.
    Index,
    /// A pair of currencies or a metal against one.
    Fx,
    /// A contract for difference.
    Cfd,
    /// Options bought and sold together ([`Vertical`](crate::Vertical)).
    Spread,
}

/// One instrument. The symbol is ours; what a vendor calls it stays in its adapter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Instrument {
    /// Our symbol, unique in the universe.
    pub symbol: String,
    /// What it is.
    pub kind: Kind,
    /// Currency of its prices.
    pub currency: Currency,
    /// Operating market identifier code (ISO 10383), `XNYS` by default.
    pub exchange: String,
    /// Sector fund it is measured against, for example `XLK`; `None` where unknown.
    pub sector_etf: Option<String>,
}

impl Instrument {
    /// What an American symbol names: a spread of options by its own name, a stock by any other.
    pub fn american(symbol: &str) -> Instrument {
        Instrument {
            symbol: symbol.to_owned(),
            kind: if symbol.parse::<Vertical>().is_ok() { Kind::Spread } else { Kind::Stock },
            currency: Currency::USD,
            exchange: "XNYS".to_owned(),
            sector_etf: None,
        }
    }

    /// Whether who buys it gains from a fall of what lies beneath: a spread of puts.
    pub fn gains_from_fall(&self) -> bool {
        let spread = || self.symbol.parse::<Vertical>().ok();
        self.kind == Kind::Spread && spread().is_some_and(|it| it.right == OptionRight::Put)
    }
}

/// An immutable, numbered set of instruments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Universe {
    instruments: Vec<Instrument>,
    by_symbol: BTreeMap<String, InstrumentId>,
}

impl Universe {
    /// Orders by symbol and numbers from zero; a symbol given twice is refused.
    pub fn new(mut instruments: Vec<Instrument>) -> Result<Universe, Error> {
        instruments.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        Universe::numbered(instruments)
    }

    /// Numbers them from zero as they come, for numbers that were given before; a symbol given
    /// twice is refused.
    pub fn numbered(instruments: Vec<Instrument>) -> Result<Universe, Error> {
        let mut by_symbol = BTreeMap::new();
        for (index, instrument) in instruments.iter().enumerate() {
            let id = InstrumentId(index as u32);
            if by_symbol.insert(instrument.symbol.clone(), id).is_some() {
                return Err(Error::NumberUniverse { symbol: instrument.symbol.clone() });
            }
        }
        Ok(Universe { instruments, by_symbol })
    }

    /// The instrument of that number.
    pub fn get(&self, id: InstrumentId) -> &Instrument {
        &self.instruments[id.index()]
    }

    /// The number of that symbol.
    pub fn find(&self, symbol: &str) -> Result<InstrumentId, Error> {
        self.by_symbol.get(symbol).copied().ok_or_else(|| Error::FindSymbol {
            symbol: symbol.to_owned(),
            count: self.instruments.len(),
        })
    }

    /// All instruments with their numbers, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (InstrumentId, &Instrument)> {
        self.instruments.iter().enumerate().map(|(i, it)| (InstrumentId(i as u32), it))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.instruments.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(symbol: &str) -> Instrument {
        Instrument { symbol: symbol.to_owned(), ..Instrument::default() }
    }

    #[test]
    fn numbers_follow_the_symbols_not_the_order_given() {
        let universe = Universe::new(vec![named("B"), named("A")]).unwrap();
        assert_eq!(universe.find("A").unwrap(), InstrumentId(0));
        assert_eq!(universe.get(InstrumentId(1)).symbol, "B");
    }

    #[test]
    fn numbers_that_were_given_before_are_kept() {
        let universe = Universe::numbered(vec![named("B"), named("A")]).unwrap();
        assert_eq!(universe.find("B").unwrap(), InstrumentId(0));
        assert_eq!(universe.get(InstrumentId(1)).symbol, "A");
        assert!(Universe::numbered(vec![named("A"), named("A")]).is_err());
    }

    #[test]
    fn a_symbol_twice_and_an_unknown_symbol_are_errors() {
        assert!(Universe::new(vec![named("A"), named("A")]).is_err());
        assert!(Universe::new(vec![named("A")]).unwrap().find("Z").is_err());
    }
}
