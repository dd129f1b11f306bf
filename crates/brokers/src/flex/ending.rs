//! What is left at the end of a statement, against what is left here: shares and cash.

use std::collections::BTreeMap;

use market::{Cash, Qty};

use super::compare::{Difference, Differs, Tolerance, plain};
use super::records::Asset;
use super::rows::Statement;

/// What is left here at the end of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ending {
    /// Shares by symbol, signed.
    pub held: BTreeMap<String, Qty>,
    /// Cash and its currency, where it was written down at that time.
    pub cash: Option<(Cash, String)>,
}

/// Holds what a statement has at its end against what is left here. What it does not tell, or tells
/// of other things than shares, is not compared.
pub fn compare_ending(
    statement: &Statement,
    here: &Ending,
    tolerance: &Tolerance,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if statement.tells_positions {
        let mut shares: BTreeMap<String, (String, [Qty; 2])> = BTreeMap::new();
        let mut add = |symbol: &str, side: usize, qty: Qty| {
            let of = shares.entry(plain(symbol)).or_insert((symbol.to_owned(), [Qty::ZERO; 2]));
            of.1[side] += qty;
        };
        for (symbol, qty) in &here.held {
            add(symbol, 0, *qty);
        }
        for position in statement.positions.iter().filter(|it| it.asset == Asset::Stock) {
            add(&position.symbol, 1, position.qty);
        }
        for (symbol, [here, there]) in shares.into_values() {
            if here != there {
                let (here, there) = (here.to_string(), there.to_string());
                found.push(difference(Differs::Position, symbol, here, there));
            }
        }
    }
    if let Some((cash, currency)) = &here.cash
        && let Some(there) = statement.ending_cash.get(currency)
        && (*cash - *there).raw().saturating_abs() > tolerance.fee.raw()
    {
        let (here, there) = (cash.to_string(), there.to_string());
        found.push(difference(Differs::Cash, currency.clone(), here, there));
    }
    found
}

fn difference(differs: Differs, symbol: String, here: String, there: String) -> Difference {
    Difference { differs, order: String::new(), execution: None, symbol, here, there }
}
