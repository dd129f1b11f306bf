//! Histogram gradient-boosted trees: wins, numbers, quantiles, classes and orders.
//!
//! The method is XGBoost's `hist` (Chen and Guestrin 2016): quantile bins, second-order losses,
//! level-wise growth. Ours: quantised derivatives in one integer, so histograms are exact sums,
//! sibling histograms come by subtraction, and the result is the same for any number of threads.
//! Columns may be monotone or categorical. Models are read and written in XGBoost's JSON format.
//!
//! Read [`boosting`] first, then `task` (losses), `growing`, `splitting`, `scanning`,
//! `histogram`, `gradients`, `bins`. What is predicted: `forest`, `flat`.

mod bins;
pub mod boosting;
mod categories;
mod cuts;
mod explain;
mod flat;
mod forest;
mod gradients;
mod growing;
mod histogram;
mod objective;
mod params;
mod ranking;
mod resuming;
mod row_order;
mod scanning;
mod splitting;
mod task;
mod tree;
mod watching;
mod xgboost_json;

pub use boosting::{Flow, TreeLearner};
pub use explain::{Explanation, MeanContribution};
pub use forest::{Importance, TreeModel};
pub use objective::Objective;
pub use params::{Direction, TreeParams};
pub(crate) use ranking::ndcg_of_groups;
pub use resuming::{Ended, Grown, TreeCheckpoint};
pub use watching::{Round, Watch};
