//! The room from outside.

mod depth_twin;
mod slow_book;
