//! `cargo xtask real`: runs a book on real market data with the user's own commands.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::tree;

/// Which book, on which data.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The book.
    #[arg(value_parser = ["breakout"])]
    book: String,
    /// Folder of market data; see docs/real-data.md for what it must hold.
    #[arg(long, default_value = "../shared/data")]
    data: PathBuf,
    /// Where tables, state and reports go.
    #[arg(long, default_value = "target/real")]
    home: PathBuf,
}

/// Files of the breakout study: path below the data folder, and the data set's name.
const BREAKOUT: &[(&str, &str)] = &[
    ("daily_stocks/us_daily_iex_2020_2024.parquet", "iex"),
    ("daily_stocks/us_daily_google_2007_2016.parquet", "google"),
    ("etf_macro/etf_daily_iex_2020_2024.parquet", "iex-etf"),
    ("etf_macro/etf_index_daily_full_history.parquet", "etf-history"),
    ("etf_macro/vix_daily_cboe.parquet", "vix"),
];

/// Ingests the files, then studies the book on each stock data set.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let data = root.join(&arguments.data);
    if !data.is_dir() {
        bail!("{} is not a folder: say where the market data lie with --data", data.display());
    }
    tree::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--release", "--package", "app"])
            .current_dir(root),
    )?;
    let trimtab = |words: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(["run", "--quiet", "--release", "--package", "app", "--"]);
        command.arg("--home").arg(root.join(&arguments.home)).args(words).current_dir(root);
        tree::run(&mut command)
    };
    for (file, dataset) in BREAKOUT {
        let path = data.join(file).display().to_string();
        trimtab(&["data", "ingest", &path, "--dataset", dataset])?;
    }
    for (stocks, context) in [("iex", "iex-etf"), ("google", "etf-history")] {
        println!("\n{} on {stocks}", arguments.book);
        let context = format!("{context},vix");
        trimtab(&["study", &arguments.book, "--dataset", stocks, "--context", &context])?;
    }
    Ok(())
}
