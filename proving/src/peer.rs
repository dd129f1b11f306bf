//! Another tool, run by a Python script, or a crate of its own, that waits for its rounds.
//!
//! A script is started once with its arguments, loads its data, and prints a line `ready` with
//! its version. For each line it then reads, it runs one round and answers with one line of JSON.
//! So rounds of both sides take turns, and neither loading nor imports are timed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

use crate::Bench;

/// Libraries that bring threads of their own are held to one.
const THREAD_SETTINGS: [&str; 6] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
];

/// glibc keeps the memory it was given: no round pays for pages that the round before had.
const MEMORY_SETTINGS: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "4000000000"),
    ("MALLOC_TRIM_THRESHOLD_", "8000000000"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// A running peer.
#[derive(Debug)]
pub struct Peer {
    script: String,
    version: String,
    log: PathBuf,
    process: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script and waits until it has loaded its data. An error says why it can't run;
    /// a benchmark passes that on in place of a figure.
    pub fn start(bench: &Bench, script: &str, arguments: &[&str]) -> Result<Peer> {
        let python = bench.python.as_ref().context("no environment with the peers")?;
        let mut command = Command::new(python);
        command.arg(bench.scripts.join(script)).args(arguments);
        Peer::run(bench, script, command)
    }

    /// Builds a crate that lies among the scripts, with the lock file beside it, and starts its
    /// binary, which keeps to the same words.
    pub fn start_crate(bench: &Bench, name: &str, arguments: &[&str]) -> Result<Peer> {
        let (from, target) = (bench.scripts.join(name), bench.scratch.join("peers"));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--release", "--locked", "--manifest-path"]);
        cargo.arg(from.join("Cargo.toml")).arg("--target-dir").arg(&target);
        let built = cargo.output().with_context(|| format!("start {cargo:?}"))?;
        if !built.status.success() {
            bail!("build {name}: {}", String::from_utf8_lossy(&built.stderr).trim());
        }
        let mut command = Command::new(target.join("release").join(format!("{name}-peer")));
        command.args(arguments);
        Peer::run(bench, name, command)
    }

    fn run(bench: &Bench, script: &str, mut command: Command) -> Result<Peer> {
        let log = bench.scratch.join(format!("{script}.log"));
        command.envs(THREAD_SETTINGS.map(|name| (name, "1"))).env("OMP_WAIT_POLICY", "PASSIVE");
        command.envs(MEMORY_SETTINGS);
        let written =
            std::fs::File::create(&log).with_context(|| format!("write {}", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(written);
        let mut process = command.spawn().with_context(|| format!("start {command:?}"))?;
        let asks = process.stdin.take();
        let answers = process.stdout.take().context("listen to the peer")?;
        let (script, version) = (script.to_owned(), String::new());
        let answers = BufReader::new(answers);
        let mut peer = Peer { script, version, log, process, asks, answers };
        let ready = peer.line()?;
        ready.strip_prefix("ready ").unwrap_or_default().clone_into(&mut peer.version);
        Ok(peer)
    }

    /// Name and version of a peer, or why the one of that name can't run.
    pub fn who(peer: &Result<Peer>, name: &str) -> String {
        match peer {
            Ok(peer) => peer.version().to_owned(),
            Err(error) => format!("{name} can't run: {error}"),
        }
    }

    /// Name and version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs one round and reads what it says.
    pub fn round<T: DeserializeOwned>(&mut self, ask: &str) -> Result<T> {
        let asks = self.asks.as_mut().context("ask the peer")?;
        writeln!(asks, "{ask}").and_then(|()| asks.flush()).context("ask the peer")?;
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("read {line:?} of {}", self.script))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        let read = read.with_context(|| format!("listen to {}", self.script))?;
        if read == 0 {
            bail!("{}: {}", self.script, last_words(&self.log));
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A script ends when nothing more is asked.
        self.asks = None;
        let _ = self.process.wait();
    }
}

fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("ended without a word").to_owned()
}
