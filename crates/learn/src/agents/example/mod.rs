//! Environments to learn on, and to learn from: two of Gymnasium's with the same physics, and a
//! trading task whose best possible result is known.

mod cart_pole;
mod pendulum;
mod reversion;

pub use cart_pole::{Cart, CartPole};
pub use pendulum::{Pendulum, Swing};
pub use reversion::{Best, Position, Reversion};
