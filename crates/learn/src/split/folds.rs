//! Pairs of training and validation rows that share no instant.

use base::Span;

use super::purge::{Forbidden, by_time};
use super::{Fold, Train, Valid};
use crate::Error;
use crate::samples::Samples;

/// Rows to learn from and rows to be judged on.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// Purged and embargoed against the validation rows.
    pub train: Fold<'a, Train>,
    /// In order of time.
    pub valid: Fold<'a, Valid>,
}

/// Which past a walk-forward step learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkWindow {
    /// All of it.
    Expanding,
    /// This many blocks before the validation block.
    Rolling(usize),
}

/// How many groups of time, and how many of them are validated at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CombinatorialPlan {
    /// Groups of time.
    pub groups: usize,
    /// Groups in each validation part.
    pub held: usize,
}

/// Purged K-fold: each of `folds` blocks of time is validated once, the rest is learnt from,
/// before and after (López de Prado 2018, snippet 7.3).
pub fn k_fold(samples: &Samples, folds: usize, embargo: Span) -> Result<Vec<Pair<'_>>, Error> {
    let blocks = blocks(samples, folds)?;
    (0..folds).map(|held| pair(samples, &blocks, &[held], embargo)).collect()
}

/// Walk-forward: each block but the first is validated by what came before it.
pub fn walk_forward(
    samples: &Samples,
    steps: usize,
    window: WalkWindow,
    embargo: Span,
) -> Result<Vec<Pair<'_>>, Error> {
    let blocks = blocks(samples, steps + 1)?;
    let mut pairs = Vec::with_capacity(steps);
    for held in 1..=steps {
        let from = match window {
            WalkWindow::Expanding => 0,
            WalkWindow::Rolling(length) => held.saturating_sub(length.max(1)),
        };
        let past = &blocks[from..=held];
        pairs.push(pair(samples, past, &[past.len() - 1], embargo)?);
    }
    Ok(pairs)
}

/// Combinatorial purged cross-validation: every choice of `held` groups is validated once, in
/// lexicographic order (López de Prado 2018, §12.4).
pub fn combinatorial(
    samples: &Samples,
    plan: CombinatorialPlan,
    embargo: Span,
) -> Result<Vec<Pair<'_>>, Error> {
    let blocks = blocks(samples, plan.groups)?;
    plan.choices()?.iter().map(|held| pair(samples, &blocks, held, embargo)).collect()
}

impl CombinatorialPlan {
    /// Most splits that can be asked for.
    const MOST_SPLITS: usize = 10_000;

    /// The held groups of each split.
    pub fn choices(self) -> Result<Vec<Vec<usize>>, Error> {
        if self.held == 0 || self.held >= self.groups {
            return Err(refuse(format!(
                "cannot hold {} of {} groups; hold at least 1 and leave at least 1",
                self.held, self.groups
            )));
        }
        let mut choices = Vec::new();
        let mut held: Vec<usize> = (0..self.held).collect();
        loop {
            choices.push(held.clone());
            if choices.len() > Self::MOST_SPLITS {
                return Err(refuse(format!(
                    "{} of {} groups make over {} splits; use fewer groups",
                    self.held,
                    self.groups,
                    Self::MOST_SPLITS
                )));
            }
            let movable = |&at: &usize| held[at] < self.groups - self.held + at;
            let Some(at) = (0..self.held).rev().find(movable) else { return Ok(choices) };
            held[at] += 1;
            for next in at + 1..self.held {
                held[next] = held[next - 1] + 1;
            }
        }
    }

    /// Whole histories made of validation parts: for each path, which split judges each group.
    /// There are `choices × held / groups` of them.
    pub fn paths(self) -> Result<Vec<Vec<usize>>, Error> {
        let choices = self.choices()?;
        let count = choices.len() * self.held / self.groups;
        let mut paths = vec![Vec::with_capacity(self.groups); count];
        for group in 0..self.groups {
            let judging = (0..choices.len()).filter(|&split| choices[split].contains(&group));
            for (path, split) in paths.iter_mut().zip(judging) {
                path.push(split);
            }
        }
        Ok(paths)
    }
}

/// Rows in order of time, cut into blocks whose sizes differ by at most one.
fn blocks(samples: &Samples, count: usize) -> Result<Vec<Vec<usize>>, Error> {
    let rows = by_time(samples);
    if count < 2 || rows.len() < count {
        return Err(refuse(format!(
            "{} rows can't be cut into {count} parts; it takes at least 2 parts and a row for each",
            rows.len()
        )));
    }
    let border = |block: usize| block * rows.len() / count;
    Ok((0..count).map(|block| rows[border(block)..border(block + 1)].to_vec()).collect())
}

fn pair<'a>(
    samples: &'a Samples,
    blocks: &[Vec<usize>],
    held: &[usize],
    embargo: Span,
) -> Result<Pair<'a>, Error> {
    let valid: Vec<usize> = held.iter().flat_map(|&block| blocks[block].clone()).collect();
    let forbidden = Forbidden::around(valid.iter().map(|&row| samples.spans()[row]), embargo);
    let others = (0..blocks.len()).filter(|block| !held.contains(block));
    let rest: Vec<usize> = others.flat_map(|block| blocks[block].clone()).collect();
    let train = forbidden.keep_clear(samples, &rest);
    if train.is_empty() {
        return Err(refuse(format!(
            "purge and embargo leave none of {} training rows; use fewer parts or a shorter embargo",
            rest.len()
        )));
    }
    Ok(Pair { train: Fold::new(samples, train), valid: Fold::new(samples, valid) })
}

fn refuse(what: String) -> Error {
    Error::SplitSamples { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::LabelSpan;
    use base::{Panel, RowKey, Ts};
    use proptest::prelude::*;

    fn samples(spans: &[(i64, i64)]) -> Samples {
        let mut panel = Panel::new(["x"]);
        let mut made = Vec::new();
        for &(starts, length) in spans {
            let starts = Ts::from_seconds(starts);
            panel.push(RowKey { at: starts, id: 0 }, &[0.0]).unwrap();
            made.push(LabelSpan { starts, ends: starts + Span::from_seconds(length) });
        }
        Samples::new(panel, vec![true; spans.len()], made).unwrap()
    }

    fn check_no_shared_instant(pair: &Pair<'_>, embargo: Span) -> Result<(), TestCaseError> {
        let spans = pair.train.samples().spans();
        for &train in pair.train.rows() {
            for &valid in pair.valid.rows() {
                prop_assert!(!spans[train].overlaps(spans[valid]));
                let after = spans[train].starts > spans[valid].ends;
                prop_assert!(!after || spans[train].starts > spans[valid].ends + embargo);
            }
        }
        Ok(())
    }

    fn any_spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((0i64..2000, 0i64..25), 12..80)
    }

    proptest! {
        #[test]
        fn no_k_fold_pair_shares_an_instant(spans in any_spans(), embargo in 0i64..20) {
            let samples = samples(&spans);
            let embargo = Span::from_seconds(embargo);
            let Ok(pairs) = k_fold(&samples, 4, embargo) else { return Ok(()) };
            let mut seen: Vec<usize> =
                pairs.iter().flat_map(|pair| pair.valid.rows().to_vec()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..spans.len()).collect::<Vec<_>>());
            for pair in &pairs {
                check_no_shared_instant(pair, embargo)?;
            }
        }

        #[test]
        fn no_combinatorial_pair_shares_an_instant(spans in any_spans(), embargo in 0i64..20) {
            let samples = samples(&spans);
            let embargo = Span::from_seconds(embargo);
            let plan = CombinatorialPlan { groups: 5, held: 2 };
            let Ok(pairs) = combinatorial(&samples, plan, embargo) else { return Ok(()) };
            prop_assert_eq!(pairs.len(), 10);
            for pair in &pairs {
                check_no_shared_instant(pair, embargo)?;
            }
        }

        #[test]
        fn walk_forward_learns_from_the_past_only(spans in any_spans()) {
            let samples = samples(&spans);
            let made = walk_forward(&samples, 3, WalkWindow::Expanding, Span::ZERO);
            let Ok(pairs) = made else { return Ok(()) };
            for pair in &pairs {
                check_no_shared_instant(pair, Span::ZERO)?;
                let first = pair.valid.rows()[0];
                let begins = samples.spans()[first].starts;
                for &row in pair.train.rows() {
                    prop_assert!(samples.spans()[row].ends < begins);
                }
            }
        }
    }

    #[test]
    fn a_rolling_window_forgets_the_oldest_block() {
        let spans: Vec<(i64, i64)> = (0..40).map(|i| (10 * i, 1)).collect();
        let samples = samples(&spans);
        let pairs = walk_forward(&samples, 3, WalkWindow::Rolling(1), Span::ZERO).unwrap();
        assert_eq!(pairs[2].train.rows(), (20..30).collect::<Vec<_>>());
        assert_eq!(pairs[2].valid.rows(), (30..40).collect::<Vec<_>>());
    }

    #[test]
    fn six_groups_by_two_make_fifteen_splits_and_five_paths() {
        let plan = CombinatorialPlan { groups: 6, held: 2 };
        let choices = plan.choices().unwrap();
        assert_eq!(choices.len(), 15);
        let paths = plan.paths().unwrap();
        assert_eq!(paths.len(), 5);
        for path in &paths {
            for (group, &split) in path.iter().enumerate() {
                assert!(choices[split].contains(&group));
            }
        }
    }

    #[test]
    fn labels_that_span_everything_leave_nothing_to_learn_from() {
        let samples = samples(&[(0, 1000), (1, 1000), (2, 1000), (3, 1000)]);
        let error = k_fold(&samples, 2, Span::ZERO).unwrap_err();
        assert!(error.to_string().contains("purge and embargo leave none"), "{error}");
    }
}
