//! The room from outside.

mod depth_twin;
mod dice;
mod found;
mod slow_book;
