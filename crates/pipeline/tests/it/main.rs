//! The day as a whole: real lake, real store, simulated broker, a market made from a seed.

// These tests are about files.
#![allow(clippy::disallowed_methods)]

mod agents;
mod corporate;
mod course;
mod halt;
mod modelling;
mod several_days;
mod shared_study;
mod world;
