//! `cargo xtask real`: the platform on recorded market data that lies outside the tree.
//!
//! The tests need none of it. Each study writes its report into the home folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{bench, tree};

/// A file of recorded data and how it is taken in.
struct Input {
    path: &'static str,
    dataset: &'static str,
    options: &'static [&'static str],
}

const fn input(
    path: &'static str,
    dataset: &'static str,
    options: &'static [&'static str],
) -> Input {
    Input { path, dataset, options }
}

/// Bars that trade on days on which New York does not.
const ROUND_THE_CLOCK: &[&str] = &["--calendar", "none"];
const ALL: &[&str] = &["--adjusted", "all"];
const SPLITS: &[&str] = &["--adjusted", "splits"];

const INPUTS: [Input; 16] = [
    input("daily_stocks/us_daily_iex_2020_2024.parquet", "iex", ALL),
    input("daily_stocks/us_daily_google_2007_2016.parquet", "google", SPLITS),
    input("daily_stocks/us_daily_yahoo_raw_adj_2015_2017.parquet", "yahoo_raw", &[]),
    input("daily_stocks/us_daily_raw_lean_1998_2021.parquet", "lean_raw", &[]),
    input("daily_stocks/us_adjustment_factors_lean.parquet", "lean_raw", &[]),
    input("daily_stocks/us_fundamental_reports_2015_2017.parquet", "reports", &[]),
    input("etf_macro/etf_daily_adjusted_2021_2024.parquet", "etf_adjusted", ALL),
    input("etf_macro/etf_daily_iex_2020_2024.parquet", "etf_iex", ALL),
    input("etf_macro/etf_index_daily_full_history.parquet", "etf_history", SPLITS),
    input("etf_macro/etf_daily_gld_ief_uso_uup_vixy.parquet", "etf_raw", &[]),
    input("etf_macro/vix_daily_cboe.parquet", "vix", ROUND_THE_CLOCK),
    input("etf_macro/skew_daily_cboe.parquet", "skew", &[]),
    input("etf_macro/put_call_index_daily_cboe.parquet", "put_call", &[]),
    input("etf_macro/treasury_yields_daily.parquet", "yields", &[]),
    input("etf_macro/oil_spot_daily.parquet", "oil", &[]),
    input("etf_macro/fx_gold_daily_bidask.parquet", "fx", ROUND_THE_CLOCK),
];

/// What is studied.
const STUDIES: [&[&str]; 2] = [
    &["--stocks", "iex", "--funds", "etf_iex", "--volatility", "vix"],
    &["--stocks", "google", "--funds", "etf_history", "--volatility", "vix"],
];

/// Takes in all files, proves the lake, studies the book on both datasets of stocks.
pub(crate) fn breakout(data: &Path, home: &Path) -> Result<()> {
    if !data.is_dir() {
        bail!("there is no folder {}; name that of the recorded data with --data", data.display());
    }
    let root = tree::root();
    tree::run(tree::cargo(&root).args(["build", "--release", "--workspace"]))?;
    let built = bench::built(&root)?.join("trimtab");
    let trimtab = |words: &[&str]| {
        let mut command = Command::new(&built);
        command.arg("--home").arg(home).args(words);
        command
    };
    for input in &INPUTS {
        let path: PathBuf = data.join(input.path);
        let path = std::path::absolute(&path)?;
        println!("\n== {}", input.path);
        let mut command = trimtab(&["data", "ingest"]);
        tree::run(command.arg(path).args(["--dataset", input.dataset]).args(input.options))?;
    }
    println!("\n== verify");
    tree::run(&mut trimtab(&["data", "verify"]))?;
    println!("\n== another reader of Delta tables");
    let manifests = tree::output(&mut trimtab(&["--json", "data", "ls"]))?;
    other_reader(&root, &home.join("lake"), &manifests)?;
    for study in STUDIES {
        println!("\n== study {}", study[1]);
        tree::run(trimtab(&["study"]).args(study))?;
    }
    Ok(())
}

/// The tables are Delta tables to PyPI's deltalake too, version by version.
fn other_reader(root: &Path, lake: &Path, manifests: &str) -> Result<()> {
    let peers = root.join("proving").join("peers");
    let python = bench::environment(&peers, "spine")?;
    let mut command = Command::new(python);
    command.arg(peers.join("delta_reads.py")).arg(lake).stdin(Stdio::piped());
    let mut child = command.spawn().context("start the other reader")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(manifests.as_bytes()).context("hand over the manifests")?;
    }
    let ended = child.wait().context("wait for the other reader")?;
    ensure!(ended.success(), "the other reader counts other rows");
    Ok(())
}
