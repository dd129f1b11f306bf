//! Splits, model families, search, calibration, honesty.
//!
//! **For**: turning a [`base::Panel`] of features and 0/1 labels into a tuned, calibrated and
//! honestly scored classifier.
//! **Must never know**: markets. No instrument, price or order is named here; and no file, clock
//! or thread count beyond the pool it runs in. What must outlive the process goes through ports
//! ([`search::TrialLog`], [`split::VaultLog`]).
//! **Start reading** at [`tune`], the job a book calls; then [`split`], [`trees`], [`search`].

pub mod agents;
pub mod calibrate;
pub mod classifier;
pub mod eliminate;
mod error;
pub mod family;
mod forecasts;
pub mod logistic;
pub mod model;
pub mod networks;
mod reading;
mod resuming;
pub mod samples;
pub mod scaling;
pub mod score;
pub mod search;
mod setting;
pub mod split;
pub mod targets;
pub mod trees;
pub mod tune;
mod watched;

pub use classifier::Classifier;
pub use error::{Error, PortError};
pub use forecasts::Forecasts;
pub use model::{Learner, Model, ModelCard};
pub use reading::{Head, Reading, Says};
pub use resuming::Ended;
pub use samples::{LabelSpan, Samples};
pub use targets::Targets;
