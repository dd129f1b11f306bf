//! Sequences out of a panel: each row with those of the same instrument before it.

use std::collections::BTreeMap;

use base::Panel;

use crate::Error;

/// Rows that have `steps` rows of their own id up to and with themselves, and those rows' values
/// as columns `name@-k`, oldest first, step by step. Rows of an id are taken in order of time.
///
/// Also gives the numbers of the rows kept, for targets that go with them.
pub fn windows(panel: &Panel, steps: usize) -> (Panel, Vec<usize>) {
    let mut names = Vec::new();
    for back in (0..steps).rev() {
        names.extend(panel.names().iter().map(|name| format!("{name}@-{back}")));
    }
    let mut order: Vec<usize> = (0..panel.len()).collect();
    order.sort_by_key(|row| panel.keys()[*row]);
    let mut of_id: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut made = Panel::new(names);
    let mut kept = Vec::new();
    for row in order {
        let key = panel.keys()[row];
        let seen = of_id.entry(key.id).or_default();
        seen.push(row);
        if seen.len() < steps {
            continue;
        }
        let last = &seen[seen.len() - steps..];
        let values: Vec<f64> = last.iter().flat_map(|row| panel.row(*row)).collect();
        let pushed = made.push(key, &values);
        assert!(pushed.is_ok(), "a window has a value for each of its columns");
        kept.push(row);
    }
    (made, kept)
}

/// The same where some columns stand still: those come first, once, as the row itself has them,
/// and the windows of the others behind them. That is how the dual network reads a row.
///
/// # Errors
/// [`Error::MatchColumns`] for a column that is not there, [`Error::CheckSamples`] where none is
/// left to make windows of.
pub fn windows_beside(
    panel: &Panel,
    still: &[String],
    steps: usize,
) -> Result<(Panel, Vec<usize>), Error> {
    let beside = panel.select(still).map_err(|source| Error::MatchColumns { source })?;
    let moving: Vec<&String> = panel.names().iter().filter(|name| !still.contains(name)).collect();
    if moving.is_empty() {
        let what = "all columns stand still; a series needs one that does not".to_owned();
        return Err(Error::CheckSamples { what });
    }
    let moving = panel.select(&moving).map_err(|source| Error::MatchColumns { source })?;
    let (series, kept) = windows(&moving, steps);
    let mut made = Panel::new(still.iter().chain(series.names()).cloned());
    for (at, row) in kept.iter().enumerate() {
        let mut values = beside.row(*row);
        values.extend(series.row(at));
        let pushed = made.push(series.keys()[at], &values);
        assert!(pushed.is_ok(), "a row has a value for each of its columns");
    }
    Ok((made, kept))
}

/// Those of some values whose rows were kept.
pub fn keep<T: Clone>(values: &[T], kept: &[usize]) -> Vec<T> {
    kept.iter().map(|row| values[*row].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{RowKey, Ts};

    #[test]
    fn a_window_holds_the_past_of_its_own_id_oldest_first() {
        let mut panel = Panel::new(["x"]);
        for (second, id, value) in [(0, 1, 10.0), (0, 2, 20.0), (1, 1, 11.0), (2, 1, 12.0)] {
            panel.push(RowKey { at: Ts::from_seconds(second), id }, &[value]).unwrap();
        }
        let (made, kept) = windows(&panel, 2);
        assert_eq!(made.names(), ["x@-1", "x@-0"]);
        assert_eq!(kept, [2, 3]);
        assert_eq!(made.row(0), [10.0, 11.0]);
        assert_eq!(made.row(1), [11.0, 12.0]);
        assert_eq!(keep(&["a", "b", "c", "d"], &kept), ["c", "d"]);
    }

    #[test]
    fn columns_that_stand_still_come_first_and_once() {
        let mut panel = Panel::new(["x", "size"]);
        for (second, x) in [(0, 10.0), (1, 11.0), (2, 12.0)] {
            let key = RowKey { at: Ts::from_seconds(second), id: 1 };
            panel.push(key, &[x, x / 10.0]).unwrap();
        }
        let (made, kept) = windows_beside(&panel, &["size".to_owned()], 2).unwrap();
        assert_eq!(made.names(), ["size", "x@-1", "x@-0"]);
        assert_eq!((made.row(1), kept), (vec![1.2, 11.0, 12.0], vec![1, 2]));
        let all = ["x".to_owned(), "size".to_owned()];
        assert!(windows_beside(&panel, &all, 2).is_err());
    }
}
