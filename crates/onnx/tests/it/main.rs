//! Tests of the whole room.

mod data;
mod golden;
