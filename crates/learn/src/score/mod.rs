//! How good a classifier is: figures with bootstrap intervals.

mod figures;

pub use figures::roc_auc;
