//! Rows that are put in order within their group: a group stays whole in every batch.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Error, Targets};

/// Brings the rows of a group together, in the order of their first rows, and says where each
/// group lies. Where there are no groups, each row is one.
pub(super) fn gather(targets: &Targets, rows: &mut [usize]) -> Vec<Range<usize>> {
    if !matches!(targets, Targets::Ranks { .. }) {
        return (0..rows.len()).map(|at| at..at + 1).collect();
    }
    let mut numbers = BTreeMap::new();
    for group in rows.iter().filter_map(|row| targets.group(*row)) {
        let next = numbers.len();
        numbers.entry(group).or_insert(next);
    }
    rows.sort_by_key(|row| targets.group(*row).and_then(|group| numbers.get(&group)));
    let mut begun = 0;
    let groups = rows.chunk_by(|a, b| targets.group(*a) == targets.group(*b));
    let place = |group: &[usize]| {
        begun += group.len();
        begun - group.len()..begun
    };
    groups.map(place).collect()
}

/// Relevance and number of the group of each row, as the losses of order read them; the rows of
/// a group lie together.
pub(super) fn targets(targets: &Targets, rows: &[usize]) -> Vec<f32> {
    let groups = rows.chunk_by(|a, b| targets.group(*a) == targets.group(*b)).enumerate();
    let both = |number: usize, row: usize| [targets.number(row) as f32, number as f32];
    groups.flat_map(|(number, rows)| rows.iter().flat_map(move |row| both(number, *row))).collect()
}

/// Refuses groups in which nothing stands before anything else.
pub(super) fn check(
    targets: &Targets,
    rows: &[usize],
    groups: &[Range<usize>],
) -> Result<(), Error> {
    let differs = |group: &Range<usize>| {
        let mut values = rows[group.clone()].iter().map(|row| targets.number(*row));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    if matches!(targets, Targets::Ranks { .. }) && !groups.iter().any(differs) {
        let what = format!(
            "no group of the {} training rows has rows of unlike relevance; nothing to put in order",
            rows.len()
        );
        return Err(Error::Fit { model: "network", what });
    }
    Ok(())
}

/// Rows of each batch: units in this order, as many as fit. A batch holds at least one.
pub(super) fn batches(units: &[Range<usize>], order: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    for unit in order.iter().map(|at| &units[*at]) {
        match all.last_mut() {
            Some(batch) if batch.len() + unit.len() <= most => batch.extend(unit.clone()),
            _ => all.push(unit.clone().collect()),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks() -> Targets {
        let groups = vec![7, 9, 7, 8, 9, 7];
        Targets::Ranks { relevance: vec![0.0, 1.0, 2.0, 0.0, 0.0, 1.0], groups }
    }

    #[test]
    fn rows_of_a_group_are_brought_together() {
        let mut rows = vec![0, 1, 2, 3, 4, 5];
        assert_eq!(gather(&ranks(), &mut rows), [0..3, 3..5, 5..6]);
        assert_eq!(rows, [0, 2, 5, 1, 4, 3]);
        let wanted = [0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 2.0];
        assert_eq!(targets(&ranks(), &rows), wanted);
    }

    #[test]
    fn a_batch_holds_whole_groups() {
        assert_eq!(batches(&[0..3, 3..5, 5..6], &[1, 2, 0], 3), [vec![3, 4, 5], vec![0, 1, 2]]);
        assert_eq!(batches(&[0..3, 3..5], &[0, 1], 2), [vec![0, 1, 2], vec![3, 4]]);
    }
}
