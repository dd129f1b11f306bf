//! Integration tests of the room: one binary.

mod golden;
mod series;
