//! The binary as a person runs it.

// These tests are about files.
#![allow(clippy::disallowed_methods)]

mod agents;
mod bad_input;
mod crash;
mod database;
mod depth;
mod disguise;
mod exchange;
mod execute;
mod flow;
mod ibkr;
mod kill;
mod knockout;
mod live;
mod log;
mod modelling;
mod options;
mod real_money;
mod recording;
mod silent;
mod split;
mod spread;
mod statement;
mod words;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

/// The binary with a home folder, a clock that stands still, and no bars.
pub(crate) fn trimtab(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    command.env("TRIMTAB_TEST_CLOCK_SECONDS", "1700000000").env("USER", "test");
    command.env_remove("TRIMTAB_DB").env_remove("TRIMTAB_LOG");
    command.arg("--home").arg(home).arg("--quiet").args(words);
    command
}

/// What a command answers to programs.
pub(crate) fn json(home: &Path, words: &[&str]) -> Json {
    serde_json::from_str(&run(trimtab(home, words).arg("--json"))).unwrap()
}

/// What a command says as it refuses.
pub(crate) fn refusal(home: &Path, words: &[&str]) -> String {
    let done = trimtab(home, words).output().unwrap();
    assert!(!done.status.success(), "{words:?} went well");
    String::from_utf8(done.stderr).unwrap()
}

/// Runs to a good end.
pub(crate) fn run(command: &mut Command) -> String {
    let done: Output = command.output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{command:?}: {told}");
    String::from_utf8(done.stdout).unwrap()
}
