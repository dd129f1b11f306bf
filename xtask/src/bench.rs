//! Benchmarks: builds `proving` and the binary, makes the peers' environment, runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tree;

/// What was asked for.
pub(crate) struct Request {
    /// The suite of groups, and of peers.
    pub(crate) suite: String,
    /// Print one JSON object instead of a table.
    pub(crate) json: bool,
    /// Run these groups alone.
    pub(crate) only: Vec<String>,
    /// Measure a small part.
    pub(crate) quick: bool,
    /// Folder of the recorded data.
    pub(crate) data: PathBuf,
}

/// Builds, prepares and measures.
pub(crate) fn run(root: &Path, request: &Request) -> Result<()> {
    measure(root, &request.suite, request)
}

/// Compares results with the peers of a suite on recorded data, and measures nothing.
pub(crate) fn agree(root: &Path, request: &Request) -> Result<()> {
    measure(root, "real", request)
}

/// Runs the groups of `suite` with the peers that the request names.
fn measure(root: &Path, suite: &str, request: &Request) -> Result<()> {
    tree::run(tree::cargo(root).args(["build", "--quiet", "--release", "--workspace"]))?;
    let scratch = cache()?.join("bench");
    std::fs::create_dir_all(&scratch).with_context(|| format!("make {}", scratch.display()))?;
    let peers = root.join("proving").join("peers");
    let python = environment(&peers, &request.suite);
    let built = built(root)?;
    let mut command = Command::new(built.join("proving"));
    command.arg(suite).arg("--scripts").arg(&peers).arg("--scratch").arg(&scratch);
    command.arg("--binary").arg(built.join("trimtab"));
    match python {
        Ok(python) => drop(command.arg("--python").arg(python)),
        Err(error) => eprintln!("measuring without peers: {error:#}"),
    }
    if request.data.is_dir() {
        command.arg("--data").arg(&request.data);
    }
    command.args(request.json.then_some("--json"));
    command.args(request.quick.then_some("--quick"));
    command.args(request.only.iter().flat_map(|group| ["--only", group.as_str()]));
    tree::run(&mut command)
}

/// Where release builds are put.
pub(crate) fn built(root: &Path) -> Result<PathBuf> {
    let mut metadata = tree::cargo(root);
    metadata.args(["metadata", "--format-version", "1", "--no-deps"]);
    let printed: serde_json::Value = serde_json::from_str(&tree::output(&mut metadata)?)?;
    let folder = printed["target_directory"].as_str().context("find the build directory")?;
    Ok(Path::new(folder).join("release"))
}

fn cache() -> Result<PathBuf> {
    let told = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = told.filter(|path| path.is_absolute()).or_else(home);
    Ok(base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("trimtab"))
}

/// An environment with the pinned peers of a suite, made once for each state of the list. An interrupted
/// installation leaves no mark of completion and is begun again.
pub(crate) fn environment(peers: &Path, suite: &str) -> Result<PathBuf> {
    let list = peers.join(format!("requirements-{suite}.txt"));
    let folder = cache()?.join(format!("peers-{:08x}", fingerprint(&tree::read(&list)?)));
    let python = folder.join("bin").join("python");
    let complete = folder.join("complete");
    if complete.is_file() {
        return Ok(python);
    }
    eprintln!("installing the peers into {} …", folder.display());
    tree::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("make a Python environment; Debian: apt-get install python3-venv")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    tree::output(install.arg(&list)).context("install the peers from PyPI")?;
    std::fs::write(&complete, "").with_context(|| format!("write {}", complete.display()))?;
    Ok(python)
}

/// FNV-1a, to name a folder after the text of a list.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_list_has_another_environment() {
        // The first value is the published one of FNV-1a over "a".
        assert_eq!(fingerprint("a"), 0xe40c_292c);
        assert_ne!(fingerprint("TA-Lib==0.8.2"), fingerprint("TA-Lib==0.8.3"));
    }
}
