//! Models trained elsewhere and exported to ONNX, held to a contract.
//!
//! **For**: forecasts of models made with PyTorch, scikit-learn, XGBoost or LightGBM, equal to those
//! of their makers within 1e-5; and for refusing, with advice, a file that is broken, hostile or not
//! what its [`Contract`] says.
//! **Must never know**: markets, and where files lie. It is given bytes and gives back bytes.
//! **Start reading** at [`OnnxModel::register`], then [`Contract`]; `file`, `graph` and `sizes` are
//! what stands between a file and the runtime.

mod attributes;
mod container;
mod contract;
mod ends;
mod error;
mod file;
mod forest;
mod graph;
mod limits;
mod lower;
mod model;
mod operators;
mod plan;
mod safely;
mod sizes;
mod wire;
mod work;

pub use container::is_container;
pub use contract::{Check, Contract, Kind, Missing, TOLERANCE};
pub use error::Error;
pub use model::OnnxModel;
