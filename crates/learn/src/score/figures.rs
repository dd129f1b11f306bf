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
