//! Whether chances come true, what a threshold on them would have called, and the curve that mends
//! them.

use base::Prob;
use base::bootstrap::{Plan, mean_interval};
use learn::calibrate::{Calibration, Curve, Reliability};
use learn::score::{ThresholdLine, sweep};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::figure::Figure;

/// Buckets of the reliability curve.
pub(super) const BUCKETS: usize = 10;

/// What chances of winning were worth on rows that no model behind them had learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chances {
    /// Whether they came true.
    pub reliability: Reliability,
    /// What each threshold would have called.
    pub sweep: Vec<ThresholdLine>,
    /// How they were calibrated, where that was asked for.
    pub calibrated: Option<Calibrated>,
}

/// What calibrating was worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The kind of curve; none where none was better than the scores as they are.
    pub curve: String,
    /// Rows it was fitted on.
    pub rows: usize,
    /// Fall of the Brier score, each fifth of the rows judged by a curve of the other four; below
    /// zero where calibrating did harm.
    pub brier_fell: Figure,
}

/// Thresholds of a sweep: 0.05, 0.10 and so on up to 0.95.
pub(super) fn swept(probs: &[Prob], wins: &[bool]) -> Result<Vec<ThresholdLine>, learn::Error> {
    let at = |step: u32| Prob::new(f64::from(step) / 20.0).unwrap_or(Prob::HALF);
    let thresholds: Vec<Prob> = (1..20).map(at).collect();
    sweep(probs, wins, &thresholds)
}

/// Calibrates chances where a curve is asked for: the curve, and the chances as curves say that
/// saw none of their own fifth of the rows. Rows lie in order of time.
pub(super) fn mend(
    (probs, wins): (&[Prob], &[bool]),
    curve: Option<Curve>,
    plan: Plan,
) -> Result<(Option<Calibration>, Vec<Prob>, Chances), Error> {
    let Some(curve) = curve else {
        let chances = Chances {
            reliability: Reliability::measure(probs, wins, BUCKETS)?,
            sweep: swept(probs, wins)?,
            calibrated: None,
        };
        return Ok((None, probs.to_vec(), chances));
    };
    let calibration = Calibration::fit(curve, probs, wins)?;
    let crossed = calibration.crossed(probs, wins);
    let square = |prob: &Prob, win: &bool| (prob.get() - f64::from(u8::from(*win))).powi(2);
    let fell: Vec<f64> = (0..wins.len())
        .map(|row| square(&probs[row], &wins[row]) - square(&crossed[row], &wins[row]))
        .collect();
    let plan = Plan { seed: plan.seed.child("calibrated"), ..plan };
    let calibrated = Calibrated {
        curve: calibration.name().to_owned(),
        rows: wins.len(),
        brier_fell: Figure::of(mean_interval(&fell, plan)),
    };
    let chances = Chances {
        reliability: Reliability::measure(&crossed, wins, BUCKETS)?,
        sweep: swept(&crossed, wins)?,
        calibrated: Some(calibrated),
    };
    Ok((Some(calibration), crossed, chances))
}
