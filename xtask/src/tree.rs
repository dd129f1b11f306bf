//! The files of the tree, and other programs run in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the workspace: asked when the program runs, not when it was built, since clones may
/// share a build directory.
pub(crate) fn root() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = told.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let is_root = |folder: &&Path| folder.join("xtask").join("Cargo.toml").is_file();
    here.ancestors().find(is_root).unwrap_or(&here).to_path_buf()
}

/// All Rust files of the rooms, `proving`, `xtask` and `fuzz`, sorted.
pub(crate) fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["crates", "proving", "xtask", "python", "fuzz"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            collect(&folder, &mut found)?;
        }
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads a text file of the tree.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// Cargo in the workspace, without what the Cargo that runs us told us of this package: some build
/// scripts (`ring`'s) look at it, and all that needs them would be compiled again.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program and returns what it printed; its own messages go to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let done = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("start {shown}"))?;
    if !done.status.success() {
        bail!("{shown} ended with {}", done.status);
    }
    String::from_utf8(done.stdout).with_context(|| format!("read what {shown} printed"))
}

/// Runs a program with its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.status().with_context(|| format!("start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}
