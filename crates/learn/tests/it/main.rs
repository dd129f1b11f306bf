//! Tests of the whole room.

mod agents;
mod agents_alone;
mod conformance;
mod data;
mod families;
mod golden_trees;
mod logistic;
mod networks;
mod search;
mod tree_cases;
mod trees_constraints;
mod trees_files;
mod trees_objectives;
mod tuning;
mod watching;
