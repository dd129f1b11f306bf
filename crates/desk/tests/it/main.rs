//! The engine against a small broker: corner cases, and properties over random markets.

mod broker;
mod cases;
mod keeper;
mod properties;
mod world;
