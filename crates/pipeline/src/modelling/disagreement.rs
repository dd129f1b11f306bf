//! How much the members of an average disagree, and whether that tells when it is wrong.

use base::bootstrap::{Plan, mean_interval};
use base::stats::median;
use learn::{Forecasts, Targets};
use serde::{Deserialize, Serialize};

use crate::figure::Figure;

/// How much members disagree on some rows. Errors are squared: of a number, of a chance, or summed
/// over the chances of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The mean over rows: 0 where all say the same. Of chances 1 where all are certain of
    /// different things, of numbers in units of the target.
    pub mean: Figure,
    /// Mean squared error of the half of the rows on which they disagree less.
    pub error_agreeing: Figure,
    /// The same of the other half. Where it is no larger, disagreement says nothing of error.
    pub error_disagreeing: Figure,
}

/// Of rows with their disagreement and what the average says; nothing for targets of which an
/// error has no one meaning.
pub(super) fn of(
    apart: &[f64],
    (forecasts, targets): (&Forecasts, &Targets),
    plan: Plan,
) -> Option<Disagreement> {
    let errors = errors(forecasts, targets)?;
    let border = median(apart);
    let half = |name: &str, is_in: &dyn Fn(f64) -> bool| {
        let rows = apart.iter().zip(&errors).filter(|(apart, _)| is_in(**apart));
        let errors: Vec<f64> = rows.map(|(_, error)| *error).collect();
        Figure::of(mean_interval(&errors, Plan { seed: plan.seed.child(name), ..plan }))
    };
    Some(Disagreement {
        mean: Figure::of(mean_interval(apart, plan)),
        error_agreeing: half("agreeing", &|apart| apart <= border),
        error_disagreeing: half("disagreeing", &|apart| apart > border),
    })
}

fn errors(forecasts: &Forecasts, targets: &Targets) -> Option<Vec<f64>> {
    let one = |wanted: &dyn Fn(usize) -> f64| {
        let rows = forecasts.rows().enumerate();
        Some(rows.map(|(row, said)| (f64::from(said[0]) - wanted(row)).powi(2)).collect())
    };
    match targets {
        Targets::Wins(wins) => one(&|row| f64::from(u8::from(wins[row]))),
        Targets::Numbers(numbers) => one(&|row| numbers[row]),
        Targets::Classes { classes, .. } => {
            let error = |(row, said): (usize, &[f32])| {
                let off = |(class, chance): (usize, &f32)| {
                    let wanted = if classes[row] as usize == class { 1.0 } else { 0.0 };
                    (f64::from(*chance) - wanted).powi(2)
                };
                said.iter().enumerate().map(off).sum()
            };
            Some(forecasts.rows().enumerate().map(error).collect())
        }
        Targets::Ranks { .. } | Targets::Many(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    #[test]
    fn rows_on_which_members_disagree_are_told_apart() {
        let apart: Vec<f64> = (0..40).map(|row| f64::from(row % 2)).collect();
        // Wrong by a half where they disagree, right elsewhere.
        let said = (0..40).map(|row| if row % 2 == 1 { 0.5 } else { 1.0 }).collect();
        let plan = Plan::independent(Seed::root(1));
        let targets = Targets::Wins(vec![true; 40]);
        let found = of(&apart, (&Forecasts::new(1, said), &targets), plan).unwrap();
        let values = [found.mean, found.error_agreeing, found.error_disagreeing];
        assert_eq!(values.map(|figure| figure.value), [Some(0.5), Some(0.0), Some(0.25)]);
    }
}
