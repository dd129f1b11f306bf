//! How alike the members of an ensemble are, by what each said at every bar of its vote.

use base::Seed;
use base::bootstrap::{Plan, interval};
use serde::{Deserialize, Serialize};

use super::measures::mean_of;
use crate::figure::Figure;

/// Bars by which correlations are told; more only take time.
const MOST_BARS: usize = 2_000;
/// Draws for their intervals.
const DRAWS: usize = 400;
/// An agreement or a correlation from here on makes one gambler of many.
const ALIKE: f64 = 0.95;

/// How alike the members are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// Members.
    pub members: usize,
    /// Members that never left their first position.
    pub idle: usize,
    /// Mean share of the votes that the winner had; 1 when all agree.
    pub agreement: Figure,
    /// Mean correlation of the positions that two members want; no value where fewer than two ever
    /// change theirs.
    pub positions: Figure,
    /// The same of what they think a moment is worth.
    pub values: Figure,
    /// Independent members that would vary as much together: n ÷ (1 + (n − 1) ρ), by the
    /// correlation of positions.
    pub worth_of: Option<f64>,
}

/// What members said, bar by bar.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    /// By member: −1, 0 or 1.
    pub(super) positions: Vec<Vec<f64>>,
    /// By member: what it thinks the moment is worth.
    pub(super) values: Vec<Vec<f64>>,
    /// Share of the votes for the winner.
    pub(super) agreement: Vec<f64>,
}

impl Likeness {
    /// Of what was said, in blocks as long as an episode.
    pub(super) fn of(said: &Said, episode: usize, seed: Seed) -> Likeness {
        let count = said.agreement.len();
        let step = count.div_ceil(MOST_BARS).max(1);
        let thin = |all: &[Vec<f64>]| -> Vec<Vec<f64>> {
            all.iter().map(|one| one.iter().copied().step_by(step).collect()).collect()
        };
        let block = (episode as f64 / step as f64).max(1.0);
        let plan = |name: &str| Plan { draws: DRAWS, ..Plan::blocks(seed.child(name), block) };
        let correlated = |all: &[Vec<f64>], name: &str| {
            let columns = thin(all);
            let rows = columns.first().map_or(0, Vec::len);
            Figure::of(interval(rows, plan(name), |rows| mean_correlation(&columns, rows)))
        };
        let members = said.positions.len();
        let positions = correlated(&said.positions, "positions");
        let apart = |rho: f64| members as f64 / (1.0 + (members as f64 - 1.0) * rho.max(0.0));
        Likeness {
            members,
            idle: said.positions.iter().filter(|of| of.windows(2).all(|w| w[0] == w[1])).count(),
            agreement: mean_of(
                &said.agreement,
                Plan { draws: DRAWS, ..Plan::blocks(seed.child("agreement"), episode as f64) },
            ),
            worth_of: positions.value.map(apart),
            positions,
            values: correlated(&said.values, "values"),
        }
    }

    /// True where the members are so alike that their vote is the word of one.
    pub fn is_one_gambler(&self) -> bool {
        let high = |figure: &Figure| figure.value.is_some_and(|value| value > ALIKE);
        self.members > 1 && (high(&self.agreement) || high(&self.positions))
    }
}

/// Mean correlation over all pairs of columns that vary in these rows; NaN where fewer than two
/// do. Of standardised columns z the sum over pairs is (mean (Σ z)² − n) ÷ 2.
fn mean_correlation(columns: &[Vec<f64>], rows: &[usize]) -> f64 {
    let count = rows.len() as f64;
    let mut sums = vec![0.0; rows.len()];
    let mut varied = 0.0;
    for column in columns {
        let mean = rows.iter().map(|&row| column[row]).sum::<f64>() / count;
        let squares: f64 = rows.iter().map(|&row| (column[row] - mean).powi(2)).sum();
        if squares / count < 1e-18 {
            continue;
        }
        varied += 1.0;
        let scale = (squares / count).sqrt();
        let each = sums.iter_mut().zip(rows);
        each.for_each(|(sum, &row)| *sum += (column[row] - mean) / scale);
    }
    if varied < 2.0 {
        return f64::NAN;
    }
    let together = sums.iter().map(|sum| sum * sum).sum::<f64>() / count;
    (together - varied) / (varied * (varied - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::stats::correlation;

    fn said(columns: Vec<Vec<f64>>) -> Said {
        let rows = columns[0].len();
        Said { values: columns.clone(), positions: columns, agreement: vec![1.0; rows] }
    }

    #[test]
    fn the_mean_correlation_is_that_of_all_pairs() {
        let wave = |step: usize| (0..90).map(|at| (at * step % 7) as f64).collect::<Vec<f64>>();
        let columns = [wave(1), wave(2), wave(3), vec![4.0; 90]];
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let wanted = pairs.map(|(a, b)| correlation(&columns[a], &columns[b])).iter().sum::<f64>();
        let rows: Vec<usize> = (0..90).collect();
        assert!((mean_correlation(&columns, &rows) - wanted / 3.0).abs() < 1e-12);
    }

    #[test]
    fn ten_of_the_same_are_worth_one() {
        let one: Vec<f64> = (0..200).map(|at| f64::from(at % 3 - 1)).collect();
        let found = Likeness::of(&said(vec![one; 10]), 10, Seed::root(1));
        assert!(found.is_one_gambler() && (found.worth_of.unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn members_that_never_move_are_counted_and_have_no_correlation() {
        let found = Likeness::of(&said(vec![vec![0.0; 50]; 3]), 5, Seed::root(1));
        assert_eq!((found.idle, found.positions.value, found.worth_of), (3, None, None));
    }
}
