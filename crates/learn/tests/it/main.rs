//! Tests of the whole room.

mod conformance;
mod data;
mod golden_trees;
mod search;
mod tuning;
mod watching;
