//! When a trial is given up half-way.

use base::stats::median;
use serde::{Deserialize, Serialize};

use super::trial::{State, Trial};

/// A rule that ends poor trials early. It looks at trials of earlier batches alone, so that its
/// verdict does not depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pruning {
    /// The loss is above the median of complete trials at the same step (Golovin et al. 2017,
    /// "Google Vizier", §3.2).
    Median {
        /// Complete trials needed before any is given up.
        warm_trials: usize,
        /// Steps that no trial is given up at.
        warm_steps: u32,
    },
    /// Successive halving: at each rung, a step that grows by the factor from rung to rung, the
    /// best `1 / factor` of those that came so far go on (Li et al. 2020, "ASHA", algorithm 2).
    Halving {
        /// Step of the first rung.
        first_step: u32,
        /// Growth from rung to rung, at least 2.
        factor: u32,
    },
    /// Hyperband: several halvings side by side, from one that ends trials early to one that
    /// lets them all run, each with its own trials (Li et al. 2018, algorithm 1).
    Hyperband {
        /// Step of the first rung of the strictest halving.
        first_step: u32,
        /// Last step a trial reports.
        last_step: u32,
        /// Growth from rung to rung, at least 2.
        factor: u32,
    },
}

/// A trial half-way: its number and what it has reported, this step last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) number: usize,
    pub(super) reports: &'a [(u32, f64)],
}

impl Pruning {
    /// What is wrong with the rule, if anything is.
    pub(super) fn fault(self) -> Option<&'static str> {
        let (first, last, factor) = match self {
            Pruning::Median { .. } => return None,
            Pruning::Halving { first_step, factor } => (first_step, u32::MAX, factor),
            Pruning::Hyperband { first_step, last_step, factor } => (first_step, last_step, factor),
        };
        match () {
            () if factor < 2 => Some("a halving needs a factor of at least 2"),
            () if first == 0 => Some("the first rung of a halving is at step 1 or later"),
            () if first > last => Some("the first rung lies after the last step"),
            () => None,
        }
    }

    /// True when the trial should be given up at its last report.
    pub(super) fn gives_up(self, standing: Standing<'_>, earlier: &[Trial]) -> bool {
        let Some(&(step, loss)) = standing.reports.last() else { return false };
        match self {
            Pruning::Median { warm_trials, warm_steps } => {
                let peers: Vec<f64> = earlier
                    .iter()
                    .filter(|trial| trial.state == State::Complete)
                    .filter_map(|trial| trial.intermediate.iter().find(|seen| seen.0 == step))
                    .map(|seen| seen.1)
                    .collect();
                let warm = step < warm_steps || peers.len() < warm_trials.max(1);
                !warm && loss > median(&peers)
            }
            Pruning::Halving { first_step, factor } => {
                let ladder = Ladder { first: first_step, factor };
                ladder.gives_up(standing.reports, earlier.iter())
            }
            Pruning::Hyperband { first_step, factor, .. } => {
                let bracket = self.bracket(standing.number);
                let first = u64::from(first_step) * u64::from(factor).pow(bracket);
                let ladder = Ladder { first: u32::try_from(first).unwrap_or(u32::MAX), factor };
                let same = earlier.iter().filter(|trial| self.bracket(trial.number) == bracket);
                ladder.gives_up(standing.reports, same)
            }
        }
    }

    /// The halving a trial belongs to: 0 is the strictest. Brackets get trials in proportion to
    /// Hyperband's `⌈(s + 1 + …)⌉` budgets, spread evenly over numbers.
    fn bracket(self, number: usize) -> u32 {
        let Pruning::Hyperband { first_step, last_step, factor } = self else { return 0 };
        let brackets = (last_step / first_step.max(1)).max(1).ilog(factor.max(2)) + 1;
        // Trials that Hyperband starts in a bracket with `s` halvings ahead: (B/R) η^s / (s + 1).
        let trials = |bracket: u32| {
            let ahead = brackets - 1 - bracket;
            (f64::from(brackets) * f64::from(factor).powi(ahead as i32) / f64::from(ahead + 1))
                .ceil()
        };
        let whole: f64 = (0..brackets).map(trials).sum();
        // Multiples of the golden ratio leave no bracket waiting.
        let mut place = (0.5 + number as f64 * 0.618_033_988_749_894_9).fract() * whole;
        for bracket in 0..brackets {
            place -= trials(bracket);
            if place < 0.0 {
                return bracket;
            }
        }
        brackets - 1
    }
}

/// Rungs at first, first × factor, first × factor², …
#[derive(Debug, Clone, Copy)]
struct Ladder {
    first: u32,
    factor: u32,
}

impl Ladder {
    fn gives_up<'t>(
        self,
        reports: &[(u32, f64)],
        peers: impl Iterator<Item = &'t Trial> + Clone,
    ) -> bool {
        let Some((&(step, loss), before)) = reports.split_last() else { return false };
        let before = before.last().map(|seen| seen.0);
        let mut rung = u64::from(self.first);
        while rung <= u64::from(step) {
            let is_new = before.is_none_or(|before| u64::from(before) < rung);
            if is_new && !self.is_among_best(loss, peers.clone().filter_map(|t| loss_at(t, rung))) {
                return true;
            }
            rung *= u64::from(self.factor);
        }
        false
    }

    /// True for the best `1 / factor` of those at the rung, this one counted; for the best of all
    /// as long as that share is less than one.
    fn is_among_best(self, loss: f64, others: impl Iterator<Item = f64>) -> bool {
        let (mut better, mut count) = (0, 1);
        for other in others {
            count += 1;
            better += usize::from(other < loss);
        }
        better < (count / self.factor as usize).max(1)
    }
}

/// The loss with which a trial came to a rung.
fn loss_at(trial: &Trial, rung: u64) -> Option<f64> {
    trial.intermediate.iter().find(|seen| u64::from(seen.0) >= rung).map(|seen| seen.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Params;

    /// A trial whose loss is the same at each of so many steps.
    fn trial(number: usize, loss: f64, steps: u32) -> Trial {
        Trial {
            number,
            params: Params::new(),
            state: State::Complete,
            value: Some(loss),
            further: Vec::new(),
            intermediate: (1..=steps).map(|step| (step, loss)).collect(),
            seed: 0,
        }
    }

    fn gives_up(rule: Pruning, reports: &[(u32, f64)], earlier: &[Trial]) -> bool {
        rule.gives_up(Standing { number: earlier.len(), reports }, earlier)
    }

    #[test]
    fn the_median_rule_waits_and_then_cuts_the_worse_half() {
        let rule = Pruning::Median { warm_trials: 3, warm_steps: 2 };
        let earlier = [1.0, 2.0, 3.0].map(|loss| trial(loss as usize, loss, 5));
        assert!(gives_up(rule, &[(2, 2.5)], &earlier));
        assert!(!gives_up(rule, &[(2, 2.0)], &earlier));
        assert!(!gives_up(rule, &[(1, 2.5)], &earlier), "a warm step");
        assert!(!gives_up(rule, &[(2, 2.5)], &earlier[..2]), "too few trials");
    }

    #[test]
    fn halving_keeps_a_third_at_each_rung_and_looks_nowhere_else() {
        let rule = Pruning::Halving { first_step: 2, factor: 3 };
        let earlier: Vec<Trial> = (0..8).map(|n| trial(n, n as f64, 20)).collect();
        // Nine at the rung: three go on.
        assert!(!gives_up(rule, &[(2, 1.5)], &earlier));
        assert!(gives_up(rule, &[(2, 2.5)], &earlier));
        assert!(!gives_up(rule, &[(2, 0.0), (3, 9.0)], &earlier), "no rung at step 3");
        assert!(gives_up(rule, &[(2, 0.0), (7, 9.0)], &earlier), "a rung at step 6 was passed");
        assert!(!gives_up(rule, &[(2, 5.0)], &[]), "the first trial goes on");
        assert!(gives_up(rule, &[(2, 5.0)], &earlier[..1]), "the second must be the best");
    }

    #[test]
    fn hyperband_gives_most_trials_to_the_strictest_bracket() {
        let rule = Pruning::Hyperband { first_step: 1, last_step: 27, factor: 3 };
        let mut counts = [0; 4];
        (0..1_000).for_each(|number| counts[rule.bracket(number) as usize] += 1);
        // 27, 12, 6 and 4 of 49.
        for (count, share) in counts.into_iter().zip([27.0, 12.0, 6.0, 4.0]) {
            assert!((f64::from(count) - 1_000.0 * share / 49.0).abs() < 5.0, "{counts:?}");
        }
    }

    #[test]
    fn a_bracket_compares_its_own_trials() {
        let rule = Pruning::Hyperband { first_step: 1, last_step: 9, factor: 3 };
        let number = (0..).find(|&number| rule.bracket(number) == 2).unwrap();
        let earlier: Vec<Trial> = (0..number).map(|n| trial(n, n as f64, 9)).collect();
        let standing = Standing { number, reports: &[(1, 99.0)] };
        assert!(!rule.gives_up(standing, &earlier), "the last bracket has its first rung at 9");
    }

    #[test]
    fn rules_without_sense_are_faulted() {
        assert!(Pruning::Halving { first_step: 1, factor: 1 }.fault().is_some());
        assert!(Pruning::Halving { first_step: 0, factor: 2 }.fault().is_some());
        assert!(Pruning::Hyperband { first_step: 9, last_step: 3, factor: 3 }.fault().is_some());
        assert!(Pruning::Hyperband { first_step: 1, last_step: 3, factor: 3 }.fault().is_none());
    }
}
