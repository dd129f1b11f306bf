//! The engine against a small broker: corner cases, and properties over random markets.

mod almgren_chriss;
mod alternatives;
mod books;
mod broker;
mod cases;
mod closing;
mod keeper;
mod properties;
mod spread;
mod touch;
mod world;
