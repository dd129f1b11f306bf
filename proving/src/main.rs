//! Runs benchmarks and prints them; `cargo xtask bench` builds it, and the peers' environment.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use proving::faulty::{Breadth, Which};
use proving::line::{self, Line};
use proving::{Bench, Size, faulty, group};

/// Benchmarks beside other people's tools.
#[derive(Parser, Debug)]
#[command(name = "proving")]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
struct Arguments {
    /// What to measure: a suite of groups.
    #[arg(value_name = "SUITE")]
    suite: String,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Run these groups alone.
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// Measure a small part, to see that everything runs.
    #[arg(long)]
    quick: bool,
    /// Interpreter of an environment with the peers.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Folder of the peers' scripts.
    #[arg(long, value_name = "PATH", default_value = "proving/peers")]
    scripts: PathBuf,
    /// The product's binary.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Folder for large files.
    #[arg(long, value_name = "PATH", default_value = "trimtab-home/proving")]
    scratch: PathBuf,
    /// Folder of recorded data.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Trading days, for the suite `world`.
    #[arg(long, default_value_t = 1_000)]
    days: u64,
    /// Seed of the first world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worlds with simple bets alone, for the suite `world`: as they were before there were
    /// others.
    #[arg(long)]
    narrow: bool,
    /// Live one world, and print all that happens in it.
    #[arg(long)]
    trace: bool,
    /// Run one group in this process and print its lines, one JSON object each.
    #[arg(long, hide = true)]
    group: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.suite == "world" {
        return world(&arguments);
    }
    match &arguments.group {
        Some(name) => {
            for line in group::run(name, &bench(&arguments))? {
                println!("{}", serde_json::to_string(&line)?);
            }
        }
        None => {
            let lines = all(&arguments)?;
            match arguments.json {
                true => println!("{}", line::to_json(&lines)?),
                false => println!("{}", line::to_table(&lines)),
            }
        }
    }
    Ok(())
}

/// Faulty worlds, and what they have shown.
fn world(arguments: &Arguments) -> Result<()> {
    let begun = std::time::Instant::now();
    let Arguments { days, seed, trace, narrow, .. } = *arguments;
    let breadth = if narrow { Breadth::Narrow } else { Breadth::Wide };
    let which = Which { seed, breadth };
    let shown = match trace {
        true => {
            let (tale, shown) = faulty::told(which, u32::try_from(days)?)?;
            tale.iter().for_each(|line| println!("{line}"));
            shown?
        }
        false => faulty::run(which, days, |shown, broken| {
            for violation in broken {
                eprintln!("{violation:#}");
            }
            let minutes = begun.elapsed().as_secs_f64() / 60.0;
            eprintln!("{} days in {minutes:.1} minutes, {} orders", shown.days, shown.orders);
        })?,
    };
    println!("{}", serde_json::to_string_pretty(&shown)?);
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    println!("no violation; {:.0} days a minute", shown.days as f64 / minutes);
    Ok(())
}

fn bench(arguments: &Arguments) -> Bench {
    Bench {
        size: if arguments.quick { Size::Quick } else { Size::Full },
        python: arguments.python.clone(),
        scripts: arguments.scripts.clone(),
        binary: arguments.binary.clone(),
        scratch: arguments.scratch.clone(),
        data: arguments.data.clone(),
    }
}

/// Each group in a process of its own, so that its peak of memory is its own.
fn all(arguments: &Arguments) -> Result<Vec<Line>> {
    let names: Vec<&str> = group::of_suite(&arguments.suite).collect();
    let known = |name: &String| names.iter().any(|group| group == name);
    if let Some(name) = arguments.only.iter().find(|name| !known(name)) {
        let suite = &arguments.suite;
        anyhow::bail!("no group {name:?} in {suite}; known are {}", names.join(", "));
    }
    let wanted =
        |name: &&str| arguments.only.is_empty() || arguments.only.iter().any(|o| o == name);
    let mut lines = Vec::new();
    for name in names.into_iter().filter(wanted) {
        eprintln!("measuring {name} …");
        lines.extend(in_own_process(name)?);
    }
    Ok(lines)
}

fn in_own_process(name: &str) -> Result<Vec<Line>> {
    let program = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).args(["--group", name]).stderr(Stdio::inherit());
    let done = command.output().with_context(|| format!("start group {name}"))?;
    ensure!(done.status.success(), "group {name} ended with {}", done.status);
    let text = String::from_utf8(done.stdout).context("read the group's lines")?;
    let read = |line| serde_json::from_str(line).with_context(|| format!("read {line:?}"));
    text.lines().map(read).collect()
}
