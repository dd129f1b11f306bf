//! How good a classifier is: figures with bootstrap intervals, threshold sweep, permutation
//! importances, and Sharpe ratios that own up to the number of trials.

mod card;
mod figures;
mod permutation;
mod several;
pub mod sharpe;
mod sheet;
mod stopped;

pub(crate) use card::check_lengths;
pub use card::{Scorecard, ThresholdLine, sweep};
pub use figures::{Confusion, brier, log_loss, precision_weighted, roc_auc};
pub use permutation::{LossRise, PermutationLine, loss_rises, permutation};
pub use sheet::{Scored, Sheet, main_figure};
