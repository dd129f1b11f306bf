//! How long a day of the breakout book takes, without training.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use base::Day;
use market::Calendar;

use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};

const NAME: &str = "day/500_symbols_10_years_s";

/// All ten steps on 500 symbols × 10 years from the lake, unattended on the simulated broker, on
/// the scanner alone: the best of three accounts.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let bar = Bar::AtMost(20.0);
    let Some(binary) = &bench.binary else {
        return Ok(vec![Line::missing(NAME, "the binary was not built", bar)]);
    };
    let (symbols, years) = bench.size.pick((500, 10), (20, 3));
    let folder = tempfile::tempdir_in(&bench.scratch).context("make a folder")?;
    let trimtab = |words: &[&str]| -> Result<()> {
        let mut command = Command::new(binary);
        command.arg("--quiet").arg("--home").arg(folder.path()).args(words);
        let status = command.stdout(Stdio::null()).status();
        let status = status.with_context(|| format!("start {}", binary.display()))?;
        ensure!(status.success(), "trimtab {} ended with {status}", words.join(" "));
        Ok(())
    };
    let (symbols, years_text) = (symbols.to_string(), years.to_string());
    trimtab(&["synth", "--symbols", &symbols, "--years", &years_text, "--dataset", "s"])?;
    let late = Day::from_ymd(2016 + years - 1, 6, 28).context("a day in the last year")?;
    let session = Calendar::of("XNYS")?.next(late)?.day.to_string();
    let mut seconds = Vec::new();
    for account in 0..3 {
        let url = format!("sqlite://{}", folder.path().join(format!("{account}.db")).display());
        let words = ["--db", &url, "day", "--session", &session, "--stocks", "s"];
        let how = ["--mode", "paper", "--unattended", "--scanner-only"];
        let (taken, ended) = timed(|| trimtab(&[&words[..], &how[..]].concat()));
        ended?;
        seconds.push(taken);
    }
    Ok(vec![Line::alone(NAME, best(&seconds), bar)])
}
