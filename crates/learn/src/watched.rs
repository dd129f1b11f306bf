//! The last rows of a training, kept apart from it to know when to stop.

use std::collections::BTreeSet;

use crate::split::{Fold, Train};
use crate::{Error, Targets};

/// Rows of a training: those learned from, then those watched.
pub(crate) type Cut = (Vec<usize>, Vec<usize>);

/// Rows to learn from, and the last share of them to watch. Rows whose label reaches into the
/// watched time are left out of the first, and so are those of a group that is watched.
pub(crate) fn cut(model: &'static str, train: &Fold<'_, Train>, share: f64) -> Result<Cut, Error> {
    let rows = train.rows();
    let count = (rows.len() as f64 * share).floor() as usize;
    if rows.len() - count < 2 {
        let what = format!("{} training rows are too few", rows.len());
        return Err(Error::Fit { model, what });
    }
    let (learned, watched) = rows.split_at(rows.len() - count);
    let spans = train.samples().spans();
    let Some(begins) = watched.iter().map(|row| spans[*row].starts).min() else {
        return Ok((learned.to_vec(), Vec::new()));
    };
    let before: Vec<usize> =
        learned.iter().copied().filter(|row| spans[*row].ends < begins).collect();
    if before.len() < 2 {
        let what = "labels reach so far that no row is left before the watched ones; lower \
                    watched_share"
            .to_owned();
        return Err(Error::Fit { model, what });
    }
    Ok((apart(train.samples().targets(), before, watched), watched.to_vec()))
}

/// Those of the rows whose group has none among the watched ones.
fn apart(targets: &Targets, rows: Vec<usize>, watched: &[usize]) -> Vec<usize> {
    let seen: BTreeSet<i64> = watched.iter().filter_map(|row| targets.group(*row)).collect();
    let is_apart = |row: &usize| targets.group(*row).is_none_or(|group| !seen.contains(&group));
    rows.into_iter().filter(is_apart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::everything;
    use crate::{LabelSpan, Samples};
    use base::{Panel, RowKey, Span, Ts};

    /// Twenty rows a second apart, each label known after so many seconds.
    fn samples(reach: i64, targets: Targets) -> Samples {
        let (mut panel, mut spans) = (Panel::new(["x"]), Vec::new());
        for row in 0..20 {
            let at = Ts::from_seconds(row);
            panel.push(RowKey { at, id: 0 }, &[row as f64]).unwrap();
            spans.push(LabelSpan { starts: at, ends: at + Span::from_seconds(reach) });
        }
        Samples::of(panel, targets, spans).unwrap()
    }

    fn numbers() -> Targets {
        Targets::Numbers((0..20).map(f64::from).collect())
    }

    #[test]
    fn the_last_rows_are_watched_and_labels_that_reach_into_them_left_out() {
        let samples = samples(3, numbers());
        let (learned, watched) = cut("trees", &everything(&samples), 0.25).unwrap();
        assert_eq!(watched, [15, 16, 17, 18, 19]);
        assert_eq!(learned, (0..12).collect::<Vec<usize>>());
        let (all, none) = cut("trees", &everything(&samples), 0.0).unwrap();
        assert_eq!((all.len(), none.len()), (20, 0));
    }

    #[test]
    fn labels_that_reach_over_everything_are_refused() {
        let samples = samples(100, numbers());
        let said = cut("trees", &everything(&samples), 0.25).unwrap_err().to_string();
        assert!(said.contains("lower watched_share"), "{said}");
    }

    #[test]
    fn a_group_that_is_watched_is_not_learned_from() {
        let groups = (0..20).map(|row| row / 4).collect();
        let relevance = (0..20).map(|row| f64::from(row % 4)).collect();
        let samples = samples(0, Targets::Ranks { relevance, groups });
        let (learned, watched) = cut("trees", &everything(&samples), 0.1).unwrap();
        assert_eq!(watched, [18, 19]);
        assert_eq!(learned, (0..16).collect::<Vec<usize>>());
    }
}
