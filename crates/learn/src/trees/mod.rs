//! Histogram gradient-boosted trees for a yes/no outcome.
//!
//! The method is XGBoost's `hist` (Chen and Guestrin 2016): quantile bins, second-order logistic
//! loss, level-wise growth. Ours: quantised derivatives in one integer, so histograms are exact
//! sums, sibling histograms come by subtraction, and the result is the same for any number of
//! threads. Models are read and written in XGBoost's JSON format.
//!
//! Read [`boosting`] first, then `growing`, `splitting`, `histogram`, `gradients`, `bins`.

mod bins;
pub mod boosting;
mod explain;
mod forest;
mod gradients;
mod growing;
mod histogram;
mod params;
mod splitting;
mod tree;
mod xgboost_json;

pub use boosting::{Flow, Round, TreeLearner, Watch};
pub use explain::{Explanation, MeanContribution};
pub use forest::{Importance, TreeModel};
pub use params::TreeParams;
