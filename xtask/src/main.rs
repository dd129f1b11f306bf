//! The project's own chores.
//!
//! **For**: what a developer or CI runs on the tree itself: `tidy`, `policy`, `gen`,
//! `real`, `bench`, `fuzz`. **Must never know**: anything a user needs; that lives in `app`.
//! **Start reading** at [`tidy`].

// A chore reads files, runs programs and prints: that is its job.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod calendars;
mod fuzz;
mod policy;
mod real;
mod tidy;
mod tree;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check the layout: edges between rooms, lengths, names, bans. Also runs as a test.
    Tidy,
    /// Check licences, sources and banned crates against deny.toml, offline.
    Policy,
    /// Make generated files anew and compare them with the committed ones.
    Gen {
        /// What to make.
        #[arg(value_parser = ["calendars"])]
        what: String,
        /// Overwrite the committed file instead of comparing.
        #[arg(long)]
        write: bool,
    },
    /// Run on recorded market data that lies outside the tree, or with other people's clients.
    Real {
        /// What to run.
        #[arg(value_parser = [
            "breakout", "models", "depth", "flow", "knockout", "options", "exchange",
        ])]
        what: String,
        /// Folder of the recorded data.
        #[arg(long, default_value = "../shared/data")]
        data: PathBuf,
        /// Folder of lake, state and reports.
        #[arg(long, default_value = "trimtab-home/real")]
        home: PathBuf,
    },
    /// Measure ours beside other people's tools, in one run (docs/benchmarks.md).
    Bench {
        /// What to measure.
        #[arg(value_parser = ["spine", "learn", "physics", "orders"])]
        what: String,
        /// Print one JSON object instead of a table: name → {ours, peer, ratio, bar, met}.
        #[arg(long)]
        json: bool,
        /// Run this group alone; may be given again.
        #[arg(long, value_name = "GROUP")]
        only: Vec<String>,
        /// Measure a small part, to see that everything runs.
        #[arg(long)]
        quick: bool,
        /// Folder of the recorded data; what needs it says so where it is not there.
        #[arg(long, default_value = "../shared/data")]
        data: PathBuf,
    },
    /// Live through days in which everything goes wrong: engine, journal, wire and broker.
    World {
        /// Trading days.
        #[arg(long, default_value_t = 10_000)]
        days: u64,
        /// Seed of the first world; each world after it has the next.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Worlds with simple bets alone, as they were before there were others.
        #[arg(long)]
        narrow: bool,
        /// Live one world alone, and print all that happens in it.
        #[arg(long)]
        trace: bool,
    },
    /// Fuzz what reads files and keeps order books; needs nightly Rust.
    Fuzz {
        /// One target; all of them in turn where none is named.
        #[arg(value_parser = fuzz::TARGETS)]
        target: Option<String>,
        /// How long each target runs.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

fn main() -> anyhow::Result<()> {
    let root = tree::root();
    match Arguments::parse().chore {
        Chore::Tidy => tidy::run(&root),
        Chore::Policy => policy::run(&root),
        Chore::Gen { write, .. } => {
            let mode = if write { calendars::Mode::Write } else { calendars::Mode::Compare };
            calendars::run(&root, mode)
        }
        Chore::Real { what, data, home } => match what.as_str() {
            "models" => real::models(&data, &home),
            "depth" => real::depth(&data, &home),
            "flow" => real::flow(&data, &home),
            "knockout" => real::knockout(&data, &home),
            "options" => real::options(&data, &home),
            "exchange" => real::exchange(&home),
            _ => real::breakout(&data, &home),
        },
        Chore::Bench { what: suite, json, only, quick, data } => {
            bench::run(&root, &bench::Request { suite, json, only, quick, data })
        }
        Chore::World { days, seed, narrow, trace } => {
            let flags = [narrow.then_some("--narrow"), trace.then_some("--trace")];
            world(&root, (days, seed), flags)
        }
        Chore::Fuzz { target, seconds } => fuzz::run(&root, &fuzz::Request { target, seconds }),
    }
}

fn world(
    root: &std::path::Path,
    (days, seed): (u64, u64),
    flags: [Option<&str>; 2],
) -> anyhow::Result<()> {
    tree::run(tree::cargo(root).args(["build", "--quiet", "--release", "--workspace"]))?;
    let mut command = std::process::Command::new(bench::built(root)?.join("proving"));
    command.arg("world");
    command.args(["--days", &days.to_string(), "--seed", &seed.to_string()]);
    command.args(flags.into_iter().flatten());
    tree::run(&mut command)
}
