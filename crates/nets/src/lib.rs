//! Small fast networks: layers with explicit gradients, losses, optimisers, checkpoints.
//!
//! **For**: the networks of this field, which are small: batches of 64, 21–100 steps, 32–64
//! units. There a graph, a tape or an allocation costs more than the arithmetic, so there is
//! none. Each layer is one file: settings, forward, backward, with formula and shapes.
//! **Must never know**: panels, folds, markets, files or clocks. Numbers go in, numbers come out.
//! **Start reading** at [`layer`], then [`weights`], then [`layer::gru`] as an example.

pub mod brief;
mod error;
pub mod layer;
pub mod loss;
pub mod machine;
pub mod matmul;
pub mod net;
pub mod optim;
pub mod real;
pub mod saving;
mod strands;
pub mod training;
pub mod turning;
pub mod weights;

pub use brief::Brief;
pub use error::Error;
pub use layer::{Layer, Mode};
pub use real::Real;
pub use weights::Plan;
