//! `cargo xtask bench`: builds and runs the measuring program of `proving`, and the peers.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::tree;

/// What to measure.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The group.
    #[arg(value_parser = ["spine"])]
    group: String,
    /// Answer with one JSON object: name → {ours, peer, ratio, bar, met}.
    #[arg(long)]
    json: bool,
    /// Only measurements whose name holds this text.
    #[arg(long)]
    only: Option<String>,
}

/// Runs the group in a release build.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    tree::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--release", "--package", "app", "--package", "proving"])
            .current_dir(root),
    )?;
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--package", "proving", "--bin", "bench", "--"]);
    command.arg(&arguments.group).current_dir(root);
    if arguments.json {
        command.arg("--json");
    }
    if let Some(only) = &arguments.only {
        command.args(["--only", only]);
    }
    tree::run(&mut command)
}
