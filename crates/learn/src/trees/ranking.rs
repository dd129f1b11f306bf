//! Order inside groups: LambdaMART (Burges 2010, "From RankNet to LambdaRank to LambdaMART").
//!
//! Each pair of rows of a group whose relevances differ pulls the two margins apart, by the
//! logistic loss of their difference. For NDCG a pair counts as much as swapping the two would
//! change it.

use rayon::prelude::*;

use super::gradients::Derivative;
use super::objective::fast_exp;

/// Least curve of a pair.
const LEAST_HESSIAN: f32 = 1e-16;

/// Relevances above this would overflow the gain `2^relevance - 1`.
const MOST_GAIN: f32 = 31.0;

/// The groups of some rows.
#[derive(Debug)]
pub(super) struct Ranking {
    groups: Vec<Group>,
    by_ndcg: bool,
}

#[derive(Debug)]
struct Group {
    rows: Vec<u32>,
    relevance: Vec<f32>,
    /// The largest discounted gain there is.
    ideal: f64,
}

/// Rows of a group from the highest margin to the lowest; equal ones keep their order.
struct Order(Vec<usize>);

impl Ranking {
    /// From the group and the relevance of each row.
    pub(super) fn new(groups: &[i64], relevance: &[f32], by_ndcg: bool) -> Ranking {
        let mut rows: Vec<u32> = (0..groups.len() as u32).collect();
        rows.sort_by_key(|&row| groups[row as usize]);
        let parts = rows.chunk_by(|&a, &b| groups[a as usize] == groups[b as usize]);
        let group = |rows: &[u32]| {
            let relevance: Vec<f32> = rows.iter().map(|&row| relevance[row as usize]).collect();
            let mut best = relevance.clone();
            best.sort_by(|a, b| b.total_cmp(a));
            let ideal = best.iter().enumerate().map(|(at, &r)| gain(r) * discount(at)).sum();
            Group { rows: rows.to_vec(), relevance, ideal }
        };
        Ranking { groups: parts.map(group).collect(), by_ndcg }
    }

    /// True when there is anything to order.
    pub(super) fn has_pairs(&self) -> bool {
        let mixed = |group: &Group| group.relevance.windows(2).any(|pair| pair[0] != pair[1]);
        self.groups.iter().any(mixed)
    }

    /// Derivatives at these margins. A group weighs as much as its rows do on average.
    pub(super) fn differentiate(&self, margins: &[f32], weights: &[f32], exact: &mut [Derivative]) {
        let of_group = |group: &Group| self.pulls(group, margins);
        let pulls: Vec<Vec<Derivative>> = self.groups.par_iter().map(of_group).collect();
        for (group, pulls) in self.groups.iter().zip(pulls) {
            let sum: f32 = group.rows.iter().map(|&row| weights[row as usize]).sum();
            let weight = sum / group.rows.len() as f32;
            for (&row, (gradient, hessian)) in group.rows.iter().zip(pulls) {
                exact[row as usize] = (gradient * weight, hessian * weight);
            }
        }
    }

    /// Derivatives of one group's rows, before its weight.
    fn pulls(&self, group: &Group, margins: &[f32]) -> Vec<Derivative> {
        let count = group.rows.len();
        let mut pulls = vec![(0.0f32, 0.0f32); count];
        let margin = |at: usize| margins[group.rows[at] as usize];
        let Order(order) = group.order(margins);
        let spread = order.first().zip(order.last()).map_or(0.0, |(&a, &b)| margin(a) - margin(b));
        let mut strength = 0.0f64;
        for (high_rank, &first) in order.iter().enumerate() {
            for (behind, &second) in order[high_rank + 1..].iter().enumerate() {
                let (r, s) = (group.relevance[first], group.relevance[second]);
                if r == s {
                    continue;
                }
                let (better, worse) = if r > s { (first, second) } else { (second, first) };
                let mut weight = self.swap(group, (r, s), (high_rank, high_rank + 1 + behind));
                let apart = margin(better) - margin(worse);
                if spread > 0.0 {
                    // Far-apart pairs are settled; near ones decide the order.
                    weight /= apart.abs() + 0.01;
                }
                let right = 1.0 / (1.0 + fast_exp(-apart));
                let pull = (right - 1.0) * weight;
                let curve = (right * (1.0 - right)).max(LEAST_HESSIAN) * weight * 2.0;
                pulls[better].0 += pull;
                pulls[worse].0 -= pull;
                pulls[better].1 += curve;
                pulls[worse].1 += curve;
                strength -= 2.0 * f64::from(pull);
            }
        }
        // Large groups have many pairs; the logarithm keeps them from drowning small ones.
        if strength > 0.0 {
            let share = ((1.0 + strength).log2() / strength) as f32;
            for pull in &mut pulls {
                *pull = (pull.0 * share, pull.1 * share);
            }
        }
        pulls
    }

    /// How much swapping two rows at these places would change NDCG; 1 for plain pairs.
    fn swap(&self, group: &Group, (r, s): (f32, f32), (high, low): (usize, usize)) -> f32 {
        if !self.by_ndcg {
            return 1.0;
        }
        let change = (gain(r) - gain(s)) * (discount(high) - discount(low));
        (change.abs() / group.ideal) as f32
    }

    /// Share of misordered pairs (equal margins count half), or one minus the mean NDCG.
    pub(super) fn loss(&self, margins: &[f32]) -> f64 {
        if self.by_ndcg {
            let sum: f64 = self.groups.iter().map(|group| group.ndcg(margins)).sum();
            return 1.0 - sum / self.groups.len().max(1) as f64;
        }
        let pairs = self.groups.iter().map(|group| group.misordered(margins));
        let (wrong, all) = pairs.fold((0.0, 0.0), |sum, (a, b)| (sum.0 + a, sum.1 + b));
        if all > 0.0 { wrong / all } else { 0.0 }
    }
}

/// Normalised discounted gain of each group, in order of groups (Järvelin and Kekäläinen 2002).
pub(crate) fn ndcg_of_groups(groups: &[i64], relevance: &[f32], scores: &[f32]) -> Vec<f64> {
    let ranking = Ranking::new(groups, relevance, true);
    ranking.groups.iter().map(|group| group.ndcg(scores)).collect()
}

impl Group {
    fn order(&self, margins: &[f32]) -> Order {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let margin = |at: &usize| margins[self.rows[*at] as usize];
        order.sort_by(|a, b| margin(b).total_cmp(&margin(a)));
        Order(order)
    }

    /// A group without any gain is in order.
    fn ndcg(&self, margins: &[f32]) -> f64 {
        if self.ideal <= 0.0 {
            return 1.0;
        }
        let Order(order) = self.order(margins);
        let places = order.iter().enumerate();
        let found: f64 = places.map(|(at, &row)| gain(self.relevance[row]) * discount(at)).sum();
        found / self.ideal
    }

    fn misordered(&self, margins: &[f32]) -> (f64, f64) {
        let margin = |at: usize| margins[self.rows[at] as usize];
        let (mut wrong, mut all) = (0.0, 0.0);
        for a in 0..self.rows.len() {
            for b in a + 1..self.rows.len() {
                let wanted = self.relevance[a].partial_cmp(&self.relevance[b]);
                let Some(wanted) = wanted.filter(|wanted| wanted.is_ne()) else { continue };
                let found = margin(a).total_cmp(&margin(b));
                wrong += if found == wanted { 0.0 } else { 0.5 };
                wrong += if found == wanted.reverse() { 0.5 } else { 0.0 };
                all += 1.0;
            }
        }
        (wrong, all)
    }
}

fn gain(relevance: f32) -> f64 {
    f64::from(relevance.min(MOST_GAIN)).exp2() - 1.0
}

fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 2.0).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [i64; 5] = [7, 3, 7, 3, 7];
    const RELEVANCE: [f32; 5] = [0.0, 1.0, 2.0, 1.0, 1.0];

    #[test]
    fn ndcg_is_that_of_the_formula() {
        let ranking = Ranking::new(&GROUPS, &RELEVANCE, true);
        // Group 7 is ordered 1, 0, 2 by margin: gains 1, 0, 3; group 3 has one relevance only.
        let found = ranking.loss(&[0.5, 0.0, 0.1, 0.0, 0.9]);
        let (log3, ideal) = (3f64.log2(), 3.0 + 1.0 / 3f64.log2());
        assert!(log3 > 1.0);
        let wanted = 1.0 - (1.0 + (1.0 + 3.0 / 2.0) / ideal) / 2.0;
        assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
    }

    #[test]
    fn misordered_pairs_are_counted_and_ties_half() {
        let ranking = Ranking::new(&GROUPS, &RELEVANCE, false);
        assert_eq!(ranking.loss(&[0.0, 0.0, 2.0, 0.0, 1.0]), 0.0);
        assert_eq!(ranking.loss(&[2.0, 0.0, 0.0, 0.0, 1.0]), 1.0);
        assert_eq!(ranking.loss(&[1.0; 5]), 0.5);
    }

    #[test]
    fn pairs_are_pulled_apart_and_nothing_is_created() {
        for by_ndcg in [false, true] {
            let ranking = Ranking::new(&GROUPS, &RELEVANCE, by_ndcg);
            let mut exact = vec![(9.0, 9.0); 5];
            ranking.differentiate(&[0.3, 0.0, 0.1, 0.2, 0.2], &[1.0; 5], &mut exact);
            let sum: f32 = exact.iter().map(|pull| pull.0).sum();
            assert!(sum.abs() < 1e-6, "{exact:?}");
            assert!(exact[2].0 < 0.0 && exact[0].0 > 0.0, "{exact:?}");
            assert_eq!((exact[1], exact[3]), ((0.0, 0.0), (0.0, 0.0)));
        }
    }
}
