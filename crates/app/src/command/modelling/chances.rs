//! Chances for people: whether they came true, what a threshold would have called, and how much
//! the members of an average disagree.

use std::fmt::Write as _;

use learn::calibrate::Reliability;
use learn::score::ThresholdLine;
use pipeline::modelling::{Chances, Disagreement, Judged};

use super::show;
use crate::cli::modelling::StakesArgs;
use crate::terminal::headed;

/// What walking forward says of chances.
pub(super) fn walked(chances: &Chances, stakes: StakesArgs) -> String {
    let mut text = String::new();
    if let Some(found) = &chances.calibrated {
        let fell = found.brier_fell.words(show::number);
        let _ = match found.curve.as_str() {
            "none" => writeln!(text, "not calibrated: no curve made the chances truer"),
            curve => writeln!(
                text,
                "calibrated by {curve} on {} forecasts of walking forward: the Brier score falls \
                 by {fell}, each fifth judged by a curve of the others",
                found.rows
            ),
        };
    }
    let _ = writeln!(text, "{}", tables((&chances.reliability, &chances.sweep), stakes));
    text
}

/// What judging says of chances and of members.
pub(super) fn judged(judged: &Judged, stakes: StakesArgs) -> String {
    let mut text = String::new();
    if let Some(found) = &judged.reliability {
        let sweep = judged.sweep.as_deref().unwrap_or_default();
        let _ = write!(text, "\n{}", tables((found, sweep), stakes));
    }
    if let Some(found) = &judged.disagreement {
        let _ = write!(text, "\n{}", disagreement(found));
    }
    text
}

fn tables((reliability, sweep): (&Reliability, &[ThresholdLine]), stakes: StakesArgs) -> String {
    let mut text = format!("chances and how often they won:\n{}", curve(reliability));
    let _ = write!(text, "\nexpected calibration error {:.4}", reliability.expected_error);
    if !sweep.is_empty() {
        let StakesArgs { reward_to_risk, cost_r } = stakes;
        let _ = write!(
            text,
            "\nby threshold, if a win brings {reward_to_risk} R, a loss takes 1 R and a trade \
             costs {cost_r} R:\n{}\nintervals at 95 % as if rows were independent (Wilson); a \
             threshold is chosen by walking forward, not on rows that judge it",
            swept(sweep, stakes)
        );
    }
    text
}

fn curve(found: &Reliability) -> comfy_table::Table {
    let mut table = headed(["chance", "rows", "mean chance", "won (95 % interval)"]);
    for bucket in found.buckets.iter().filter(|bucket| bucket.count > 0) {
        let won = match (bucket.win_rate, bucket.interval) {
            (Some(rate), Some((low, high))) => format!("{rate:.3} ({low:.3} to {high:.3})"),
            _ => String::new(),
        };
        table.add_row([
            format!("{:.1} to {:.1}", bucket.from, bucket.to),
            bucket.count.to_string(),
            bucket.mean_probability.map_or_else(String::new, |mean| format!("{mean:.3}")),
            won,
        ]);
    }
    table
}

/// The expected value of a trade in R. It rises in a straight line with precision, so the ends of
/// one interval are those of the other.
fn value(precision: f64, stakes: StakesArgs) -> f64 {
    precision * stakes.reward_to_risk - (1.0 - precision) - stakes.cost_r
}

fn swept(sweep: &[ThresholdLine], stakes: StakesArgs) -> comfy_table::Table {
    let mut table =
        headed(["threshold", "trades", "precision (95 %)", "recall", "expected value, R (95 %)"]);
    for line in sweep.iter().filter(|line| line.called > 0) {
        let both = |of: &dyn Fn(f64) -> f64| match (line.precision, line.precision_interval) {
            (Some(at), Some((low, high))) => {
                format!("{:.3} ({:.3} to {:.3})", of(at), of(low), of(high))
            }
            _ => String::new(),
        };
        table.add_row([
            format!("{:.2}", line.threshold.get()),
            line.called.to_string(),
            both(&|precision| precision),
            line.recall.map_or_else(String::new, |recall| format!("{recall:.3}")),
            both(&|precision| value(precision, stakes)),
        ]);
    }
    table
}

fn disagreement(found: &Disagreement) -> String {
    format!(
        "members disagree by {}; squared error {} where they disagree less, {} where more",
        found.mean.words(show::number),
        found.error_agreeing.words(show::number),
        found.error_disagreeing.words(show::number),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_is_worth_what_it_wins_less_what_it_loses_and_costs() {
        let stakes = StakesArgs { reward_to_risk: 2.5, cost_r: 0.1 };
        assert!((value(0.4, stakes) - 0.3).abs() < 1e-12);
    }
}
