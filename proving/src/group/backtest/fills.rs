//! Fills of two engines, held against each other before their times are.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::columns;

/// One fill, in whole units and cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fill {
    /// Place of the bar it was done on.
    pub(super) bar: i64,
    /// Which symbol.
    pub(super) symbol: i64,
    /// Signed quantity.
    pub(super) qty: i64,
    /// Price in cents.
    pub(super) price_cents: i64,
}

/// Reads a peer's fills: rows of bar, symbol, quantity and cents.
pub(super) fn read(path: &Path) -> Result<Vec<Fill>> {
    let numbers = columns::read_i64(path)?;
    let (rows, rest) = numbers.as_chunks::<4>();
    ensure!(rest.is_empty(), "read {}: a fill has four numbers", path.display());
    let fill = |&[bar, symbol, qty, price_cents]: &[i64; 4]| Fill { bar, symbol, qty, price_cents };
    let mut fills: Vec<Fill> = rows.iter().map(fill).collect();
    fills.sort_unstable();
    Ok(fills)
}

/// Fails at the first fill that is not the same in both; both are sorted.
pub(super) fn compare(ours: &[Fill], theirs: &[Fill]) -> Result<()> {
    ensure!(!ours.is_empty(), "no fill to compare");
    for (number, (our, their)) in ours.iter().zip(theirs).enumerate() {
        ensure!(our == their, "fill {number}: ours is {our:?}, the peer's {their:?}");
    }
    if ours.len() != theirs.len() {
        bail!("{} fills of ours, {} of the peer's", ours.len(), theirs.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_that_differs_by_a_cent_or_is_missing_is_told() {
        let fill = Fill { bar: 3, symbol: 0, qty: 100, price_cents: 5_000 };
        let other = Fill { price_cents: 5_001, ..fill };
        assert!(compare(&[fill], &[fill]).is_ok());
        assert!(compare(&[fill], &[other]).unwrap_err().to_string().contains("5001"));
        assert!(compare(&[fill, other], &[fill]).is_err());
        assert!(compare(&[], &[]).is_err());
    }

    #[test]
    fn rows_of_four_are_fills() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fills");
        columns::write_i64(&path, [9, 0, -1, 77, 2, 0, 1, 76]).unwrap();
        let fills = read(&path).unwrap();
        assert_eq!(fills.iter().map(|fill| fill.bar).collect::<Vec<_>>(), [2, 9]);
    }
}
