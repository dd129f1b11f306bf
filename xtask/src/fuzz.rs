//! `cargo xtask fuzz`: libFuzzer on what reads files, keeps books and hears from other machines.
//!
//! Each target starts from the small files in `fuzz/seeds`, and from what fuzzing found before
//! (`crates/*/tests/found`). What it makes up lies in `fuzz/corpus`, and is gone on with.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tree;

/// The targets of `fuzz/Cargo.toml`, the quick ones to build first.
pub(crate) const TARGETS: [&str; 13] = [
    "books",
    "databento",
    "binance",
    "lobster",
    "bitstamp",
    "lean",
    "tables",
    "options",
    "models",
    "flex",
    "alpaca",
    "tws",
    "rest",
];

/// Rooms that keep what was found in them.
const ROOMS: [&str; 4] = ["tape", "market", "brokers", "exchange"];

/// What was asked for.
pub(crate) struct Request {
    /// One target; all of them in turn where none is named.
    pub(crate) target: Option<String>,
    /// How long each runs.
    pub(crate) seconds: u32,
}

/// Runs the targets; stops at the first that finds something.
pub(crate) fn run(root: &Path, request: &Request) -> Result<()> {
    let needs = "fuzzing needs nightly Rust: rustup toolchain install nightly";
    let mut nightly = tree::cargo(root);
    nightly.arg("+nightly").arg("--version");
    tree::output(&mut nightly).context(needs)?;
    let fuzzer = fuzzer(root)?;
    let asked = request.target.as_deref();
    for target in TARGETS.into_iter().filter(|target| asked.is_none_or(|asked| asked == *target)) {
        println!("\n== {target}, {} s", request.seconds);
        let mut command = Command::new(&fuzzer);
        command.args(["fuzz", "run", "--sanitizer", "none"]);
        command.arg("--target-dir").arg(root.join("fuzz").join("target"));
        command.args(feature(target));
        command.arg(target).args(corpora(root, target)?).arg("--");
        command.arg(format!("-max_total_time={}", request.seconds));
        // A reader that takes this long over a few kilobytes runs on; one that takes this much
        // memory believes a length that it read.
        command.args(["-timeout=20", "-rss_limit_mb=4096", "-max_len=16384"]);
        // What is left of the sanitizers says nothing of rooms without unsafe code. Nightly is for
        // the counters that libFuzzer steers by.
        command.current_dir(root).env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO");
        if tree::run(&mut command).is_err() {
            bail!(
                "{target} found something: fix it, and keep the input that lies in \
                 fuzz/artifacts/{target} in the `tests/found/{target}` of its room"
            );
        }
    }
    Ok(())
}

/// What a target needs of the rooms beyond `market`.
fn feature(target: &str) -> Option<&'static str> {
    match target {
        "books" => None,
        "models" => Some("--features=models"),
        "flex" | "alpaca" | "tws" | "rest" => Some("--features=wires"),
        _ => Some("--features=files"),
    }
}

/// Folders of inputs: the one that grows first.
fn corpora(root: &Path, target: &str) -> Result<Vec<PathBuf>> {
    let grows = root.join("fuzz").join("corpus").join(target);
    std::fs::create_dir_all(&grows).with_context(|| format!("make {}", grows.display()))?;
    let found = |room: &str| root.join("crates").join(room).join("tests/found").join(target);
    let seeds = root.join("fuzz").join("seeds").join(target);
    let kept = [seeds].into_iter().chain(ROOMS.map(found));
    Ok([grows].into_iter().chain(kept.filter(|folder| folder.is_dir())).collect())
}

/// The program `cargo-fuzz`; installed beside the build where it is not there.
fn fuzzer(root: &Path) -> Result<PathBuf> {
    let there = |program: &Path| {
        let mut asked = Command::new(program);
        asked.args(["fuzz", "--version"]);
        asked.output().is_ok_and(|said| said.status.success())
    };
    let folder = root.join("fuzz").join("target").join("cargo-fuzz");
    for program in [PathBuf::from("cargo-fuzz"), folder.join("bin").join("cargo-fuzz")] {
        if there(&program) {
            return Ok(program);
        }
    }
    let mut install = tree::cargo(root);
    install.args(["install", "--quiet", "--locked", "cargo-fuzz", "--root"]).arg(&folder);
    tree::run(&mut install).context("install cargo-fuzz")?;
    Ok(folder.join("bin").join("cargo-fuzz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_its_program_and_its_seeds() {
        let fuzz = tree::root().join("fuzz");
        let manifest = tree::read(&fuzz.join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            assert!(fuzz.join("targets").join(format!("{target}.rs")).is_file(), "{target}");
            let seeds = std::fs::read_dir(fuzz.join("seeds").join(target)).unwrap();
            assert!(seeds.count() > 0, "{target}");
        }
    }
}
