//! Makes the table of exchange calendars anew from PyPI `exchange_calendars`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tree;

const TABLE: &str = "crates/market/src/calendar/table.txt";
const PACKAGE: &str = "exchange_calendars==4.13.2";

/// What to do with the fresh table.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// Fail when it differs from the committed one.
    Compare,
    /// Put it in place of the committed one.
    Write,
}

/// Makes the table in a virtual environment of its own.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<()> {
    let environment = root.join("target/venv-calendars");
    let python = environment.join("bin/python");
    if !python.exists() {
        tree::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        tree::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
    }
    let fresh = tree::output(Command::new(&python).arg(root.join("xtask/scripts/calendars.py")))?;
    let path = root.join(TABLE);
    if mode == Mode::Write {
        return std::fs::write(&path, fresh).with_context(|| format!("write {TABLE}"));
    }
    if fresh != tree::read(&path)? {
        bail!("{TABLE} differs from a fresh one: `cargo xtask gen calendars --write` updates it");
    }
    println!("{TABLE} is as {PACKAGE} makes it");
    Ok(())
}
