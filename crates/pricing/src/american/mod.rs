//! Options that may be exercised at any time, and what dividends in cash do to an option.
//!
//! Two methods that share no line, a [`tree`] and a [`grid`], both for a continuous yield and for
//! dividends in cash. Each checks the other; [`implied`] inverts the grid.

pub mod grid;
pub mod implied;
mod ladder;
pub mod tree;

use serde::{Deserialize, Serialize};

use crate::{Error, positive};

/// When the right may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exercise {
    /// At expiry only.
    European,
    /// At any time until expiry.
    American,
}

/// A payment in cash to who holds the underlying when it goes ex.
///
/// The spot falls by the payment at the ex-date. A company can't pay more than it is worth: where
/// the spot would stand at or below the payment, it falls to zero and stays there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dividend {
    /// Years from now to the ex-date, above 0: what went ex before is no longer in the spot.
    pub years: f64,
    /// Payment for one share, above 0 and below the spot of today.
    pub cash: f64,
}

/// Dividends that go ex while the option lives, the last first. Those after expiry do not matter.
///
/// # Errors
/// [`Error::Value`] for an ex-date not above 0, a payment not above 0, or payments whose sum is
/// the spot or more: a company that pays out all it is worth is wound up, or the number is wrong;
/// either way a price that moves by its own percentage is no model of it.
fn until(dividends: &[Dividend], years: f64, spot: f64) -> Result<Vec<Dividend>, Error> {
    for dividend in dividends {
        positive("years to ex-date", dividend.years)?;
        positive("dividend", dividend.cash)?;
    }
    let mut inside: Vec<Dividend> =
        dividends.iter().copied().filter(|dividend| dividend.years <= years).collect();
    inside.sort_by(|a, b| b.years.total_cmp(&a.years));
    let value: f64 = inside.iter().map(|dividend| dividend.cash).sum();
    let allowed = "below the spot";
    if value < spot { Ok(inside) } else { Err(Error::Value { what: "dividends", value, allowed }) }
}
