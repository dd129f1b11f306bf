//! Single figures of scores against labels.

use base::Prob;

/// Area under the ROC curve: the chance that a win scores above a loss, ties counting half
/// (Mann and Whitney 1947). NaN when there is one class only.
pub fn roc_auc(scores: &[Prob], labels: &[bool]) -> f64 {
    let mut order: Vec<(f64, bool)> =
        scores.iter().zip(labels).map(|(score, &label)| (score.get(), label)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut losses_below, mut area, mut wins) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let here = tied.iter().filter(|row| row.1).count() as f64;
        let losses = tied.len() as f64 - here;
        area += here * (losses_below + 0.5 * losses);
        losses_below += losses;
        wins += here;
    }
    area / (wins * losses_below)
}

/// Mean squared distance between probability and outcome (Brier 1950). NaN without rows.
pub fn brier(scores: &[Prob], labels: &[bool]) -> f64 {
    let square = |(score, &label): (&Prob, &bool)| (score.get() - outcome(label)).powi(2);
    scores.iter().zip(labels).map(square).sum::<f64>() / scores.len() as f64
}

/// Mean log loss, with probabilities kept 1e-15 away from 0 and 1. NaN without rows.
pub fn log_loss(scores: &[Prob], labels: &[bool]) -> f64 {
    let loss = |(score, &label): (&Prob, &bool)| {
        let p = score.get().clamp(1e-15, 1.0 - 1e-15);
        if label { -p.ln() } else { -(1.0 - p).ln() }
    };
    scores.iter().zip(labels).map(loss).sum::<f64>() / scores.len() as f64
}

/// F-beta with β = 0.5 at the threshold: precision counts twice as much as recall
/// (van Rijsbergen 1979). This is the precision-weighted score that models are tuned for.
pub fn precision_weighted(scores: &[Prob], labels: &[bool], threshold: Prob) -> f64 {
    Confusion::at(scores, labels, threshold).f_beta(0.5)
}

/// What a threshold makes of scores: rows at or above it are called wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confusion {
    /// Wins called wins.
    pub true_wins: usize,
    /// Losses called wins.
    pub false_wins: usize,
    /// Losses called losses.
    pub true_losses: usize,
    /// Wins called losses.
    pub false_losses: usize,
}

impl Confusion {
    /// Counts rows by outcome and call.
    pub fn at(scores: &[Prob], labels: &[bool], threshold: Prob) -> Confusion {
        let mut counts = Confusion::default();
        for (score, &label) in scores.iter().zip(labels) {
            match (*score >= threshold, label) {
                (true, true) => counts.true_wins += 1,
                (true, false) => counts.false_wins += 1,
                (false, false) => counts.true_losses += 1,
                (false, true) => counts.false_losses += 1,
            }
        }
        counts
    }

    /// Share of calls that were right.
    pub fn accuracy(self) -> f64 {
        let right = self.true_wins + self.true_losses;
        ratio(right, right + self.false_wins + self.false_losses)
    }

    /// Share of called wins that won; NaN when none was called.
    pub fn precision(self) -> f64 {
        ratio(self.true_wins, self.true_wins + self.false_wins)
    }

    /// Share of wins that were called; NaN when there is none.
    pub fn recall(self) -> f64 {
        ratio(self.true_wins, self.true_wins + self.false_losses)
    }

    /// `(1 + β²) P R / (β² P + R)`, from counts; 0 when no win was called.
    pub fn f_beta(self, beta: f64) -> f64 {
        let square = beta * beta;
        let hits = (1.0 + square) * self.true_wins as f64;
        let misses = square * self.false_losses as f64 + self.false_wins as f64;
        if hits + misses > 0.0 { hits / (hits + misses) } else { 0.0 }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn outcome(label: bool) -> f64 {
    if label { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [bool; 6] = [false, true, true, false, true, false];

    fn scores() -> Vec<Prob> {
        [0.1, 0.8, 0.6, 0.6, 0.3, 0.2].iter().map(|&p| Prob::new(p).unwrap()).collect()
    }

    #[test]
    fn figures_match_a_count_by_hand() {
        let counts = Confusion::at(&scores(), &LABELS, Prob::HALF);
        assert_eq!((counts.true_wins, counts.false_wins, counts.false_losses), (2, 1, 1));
        assert!((counts.accuracy() - 4.0 / 6.0).abs() < 1e-15);
        assert!((counts.f_beta(1.0) - 2.0 / 3.0).abs() < 1e-15);
        let wanted = (0.01 + 0.04 + 0.16 + 0.36 + 0.49 + 0.04) / 6.0;
        assert!((brier(&scores(), &LABELS) - wanted).abs() < 1e-15);
    }

    #[test]
    fn a_tie_counts_half_in_the_area() {
        // Pairs: 0.8 beats 3; 0.6 beats 2 and ties 1; 0.3 beats 2: 7.5 of 9.
        assert!((roc_auc(&scores(), &LABELS) - 7.5 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn precision_counts_more_than_recall() {
        let precise = Confusion { true_wins: 5, false_losses: 5, ..Confusion::default() };
        let eager = Confusion { true_wins: 5, false_wins: 5, ..Confusion::default() };
        assert!(precise.f_beta(0.5) > eager.f_beta(0.5));
        assert!((precise.f_beta(0.5) - 1.25 * 0.5 / (0.25 + 0.5)).abs() < 1e-15);
    }
}
