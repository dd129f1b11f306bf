//! Benchmarks beside other people's tools, in one run on one machine.
//!
//! **For**: measuring the rooms against stated bars and against peers from PyPI, round by round
//! in turns, so that whatever disturbs the one disturbs the other. Where both sides produce
//! results, the results are compared before the times are.
//! **Must never know**: nothing is forbidden here, and nothing may use this room. Development
//! only: no shipped binary holds any of it.
//! **Start reading** at [`line`](mod@line), what a benchmark says; then [`peer`], how another
//! tool is run; then [`group`], one file a group of benchmarks; and [`faulty`], which measures no
//! time, but what survives when everything goes wrong.

// A benchmark reads the clock and files, runs programs and prints: that is its job.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod clock;
pub mod columns;
pub mod faulty;
pub mod files;
pub mod group;
pub mod line;
pub mod peer;
pub mod world;

use std::path::PathBuf;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// What the bars speak of.
    Full,
    /// A small part of it, to see that everything runs; its numbers mean little.
    Quick,
}

impl Size {
    /// One of two numbers.
    pub fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Size::Full => full,
            Size::Quick => quick,
        }
    }
}

/// What a group of benchmarks may use.
#[derive(Debug, Clone)]
pub struct Bench {
    /// How much is measured.
    pub size: Size,
    /// Interpreter of an environment with the peers; `None` where it could not be made.
    pub python: Option<PathBuf>,
    /// Folder of the peers' scripts.
    pub scripts: PathBuf,
    /// The product's binary; `None` where it was not built.
    pub binary: Option<PathBuf>,
    /// Folder for large files, outside the tree.
    pub scratch: PathBuf,
    /// Folder of recorded data, outside the tree; groups that need one say so without it.
    pub data: Option<PathBuf>,
}
