//! Integration tests of the room: one binary.

mod conformance;
mod golden;
mod golden_breakout;
mod series;
