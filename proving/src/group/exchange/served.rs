//! The exchange as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::client::{Door, Line};

const KEY: &str = "bench";
const SECRET: &str = "bench-secret";

/// It runs until this is dropped.
pub(super) struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    /// Starts it and waits until it says where it listens.
    pub(super) fn start(binary: &Path, home: &Path, words: &[&str]) -> Result<Served> {
        let mut command = Command::new(binary);
        command.args(["--json", "--home"]).arg(home);
        command.args(["exchange", "--listen", "127.0.0.1:0", "--requests-per-minute", "100000000"]);
        command.args(words);
        command.env("TRIMTAB_EXCHANGE_KEY", KEY).env("TRIMTAB_EXCHANGE_SECRET", SECRET);
        let mut child = command.stdout(Stdio::piped()).spawn().context("start the exchange")?;
        let out = child.stdout.take().context("hear the exchange")?;
        let mut said = String::new();
        for line in BufReader::new(out).lines() {
            said.push_str(&line?);
            if let Ok(said) = serde_json::from_str::<Value>(&said) {
                let url = said["url"].as_str().context("read where the exchange listens")?;
                let address = url.trim_start_matches("http://").parse()?;
                return Ok(Served { child, address });
            }
        }
        bail!("the exchange ended: {said}")
    }

    pub(super) fn door(&self) -> Door {
        let heads = format!("APCA-API-KEY-ID: {KEY}\r\nAPCA-API-SECRET-KEY: {SECRET}\r\n");
        Door { address: self.address, heads, key: KEY, secret: SECRET }
    }

    /// What can be traded.
    pub(super) fn symbols(&self) -> Result<Vec<String>> {
        let mut line = Line::open(&self.door())?;
        let assets: Vec<Value> = serde_json::from_str(line.well("GET /v2/assets", "")?)?;
        let tradable = assets.iter().filter(|asset| asset["tradable"] == true);
        Ok(tradable.filter_map(|asset| Some(asset["symbol"].as_str()?.to_owned())).collect())
    }

    /// Memory that it holds now.
    pub(super) fn memory_mib(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        Ok(kib.context("find VmRSS")? / 1024.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
