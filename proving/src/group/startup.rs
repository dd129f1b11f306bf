//! How long the product's binary takes to say who it is.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};

const NAME: &str = "startup/version_ms";

/// `--version`, from a cold process: the best of twenty, once the file is in the page cache.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let bar = Bar::AtMost(50.0);
    let Some(binary) = &bench.binary else {
        return Ok(vec![Line::missing(NAME, "the binary was not built", bar)]);
    };
    let mut seconds = Vec::new();
    for _ in 0..20 {
        let (taken, status) =
            timed(|| Command::new(binary).arg("--version").stdout(Stdio::null()).status());
        let status = status.with_context(|| format!("start {}", binary.display()))?;
        ensure!(status.success(), "{} --version ended with {status}", binary.display());
        seconds.push(taken);
    }
    Ok(vec![Line::alone(NAME, best(&seconds) * 1e3, bar)])
}
