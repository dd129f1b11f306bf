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

/// Whether a liquid stock is higher in five sessions, from three returns and a change of volume.
const WEEK_AHEAD: &str = "with b as (select day, symbol, close, volume, \
    lag(close, 1) over w as c1, lag(close, 5) over w as c5, lag(close, 21) over w as c21, \
    lag(volume, 1) over w as v1, lead(close, 5) over w as f5, lead(day, 5) over w as known_at \
    from bars_daily where dataset = 'iex' and symbol in ('AAPL', 'MSFT', 'AMZN', 'NVDA', 'XOM', \
    'JPM', 'KO', 'WMT', 'PG', 'INTC', 'CSCO', 'T', 'PFE', 'BA', 'GE', 'CAT', 'MCD', 'DIS', 'HD', \
    'IBM') window w as (partition by symbol order by day)) \
    select day, symbol, close / c1 - 1 as back_1, close / c5 - 1 as back_5, \
    close / c21 - 1 as back_21, volume / (v1 + 1) as volume_change, \
    case when f5 > close then 1 else 0 end as won, known_at from b \
    where f5 is not null and c21 is not null";

/// Models of several kinds on rows asked of the lake.
const MODELS: [&[&str]; 4] = [
    &["train", "--model", "trees", "--set", "n_estimators=100", "--set", "max_depth=3"],
    &["train", "--model", "logistic"],
    &["train", "--model", "gru", "--steps", "10", "--set", "epochs=5"],
    &["tune", "--model", "trees", "--trials", "20", "--name", "sql-tuned"],
];

/// Takes in all files, proves the lake, studies the book on both datasets of stocks.
pub(crate) fn breakout(data: &Path, home: &Path) -> Result<()> {
    let root = tree::root();
    let desk = Desk::open(&root, data, home)?;
    for input in &INPUTS {
        desk.ingest(input)?;
    }
    println!("\n== verify");
    tree::run(&mut desk.trimtab(&["data", "verify"]))?;
    println!("\n== another reader of Delta tables");
    let manifests = tree::output(&mut desk.trimtab(&["--json", "data", "ls"]))?;
    other_reader(&root, &home.join("lake"), &manifests)?;
    for study in STUDIES {
        println!("\n== study {}", study[1]);
        tree::run(desk.trimtab(&["study"]).args(study))?;
    }
    Ok(())
}

/// Trains, tunes, judges and explains models on recorded prices.
pub(crate) fn models(data: &Path, home: &Path) -> Result<()> {
    let desk = Desk::open(&tree::root(), data, home)?;
    desk.ingest(&INPUTS[0])?;
    for words in MODELS {
        println!("\n== {}", words.join(" "));
        let rows = ["--sql", WEEK_AHEAD, "--target", "won", "--ends", "known_at"];
        tree::run(desk.trimtab(words).args(rows).args(["--embargo-days", "5"]))?;
    }
    for name in ["sql-trees", "sql-logistic", "sql-gru", "sql-tuned"] {
        println!("\n== {name}");
        tree::run(&mut desk.trimtab(&["evaluate", name]))?;
        tree::run(&mut desk.trimtab(&["explain", name, "--most-rows", "2000"]))?;
    }
    Ok(())
}

/// Recorded order books and what is asked of each; steps where the file may show a coarser grid.
const BOOKS: [(&str, &[&str]); 8] = [
    ("binance_usdm_btcusdt_20240808.jsonl.gz", &["--tick", "0.1", "--lot", "0.001"]),
    ("binance_cm_btcusd_perp_20240808.jsonl.gz", &["--tick", "0.1", "--lot", "1"]),
    ("binance_spot_btcusdt_20240808.jsonl.gz", &["--tick", "0.01", "--lot", "0.000001"]),
    ("es_futures_mbo_20231225.dbn.zst", &["--tick", "0.25", "--lot", "1"]),
    ("es_futures_mbp-1_20240701T2358.dbn.zst", &["--tick", "0.25", "--lot", "1"]),
    ("bitstamp_btcusd_orders_20150501.parquet", &[]),
    ("lobster_amzn_20120621_l1.parquet", &["--day", "2012-06-21"]),
    ("lean_tick_ibm_quotes_2013.parquet", &[]),
];

/// Work that is tried on the first and the fourth of them.
const WORKED: [&[&str]; 2] = [
    &["--side", "buy", "--qty", "2", "--parents", "12", "--compare", "--taker-bps", "5"],
    &["--side", "alternate", "--qty", "20", "--parents", "20", "--compare"],
];

/// Looks at every recorded order book, replays a maker in each, works parent orders in two.
pub(crate) fn depth(data: &Path, home: &Path) -> Result<()> {
    let desk = Desk::open(&tree::root(), data, home)?;
    let path = |name: &str| std::path::absolute(data.join("order_book").join(name));
    for (name, steps) in BOOKS {
        for word in ["look", "replay"] {
            println!("\n== depth {word} {name}");
            tree::run(desk.trimtab(&["depth", word]).arg(path(name)?).args(steps))?;
        }
    }
    for ((name, steps), words) in [BOOKS[0], BOOKS[3]].into_iter().zip(WORKED) {
        println!("\n== execute {name}");
        tree::run(desk.trimtab(&["execute"]).arg(path(name)?).args(steps).args(words))?;
    }
    println!("\n== the same orders in the recording of single orders as hftbacktest");
    let (suite, only) = ("physics".to_owned(), Vec::new());
    let data = std::path::absolute(data)?;
    bench::agree(&tree::root(), &bench::Request { suite, json: false, only, quick: false, data })
}

/// Recordings whose flow is modelled, and what of each is looked at.
const FLOWS: [(&str, &[&str]); 4] = [
    ("es_futures_mbo_20231225.dbn.zst", &["--tick", "0.25", "--lot", "1", "--from", "23:00:30"]),
    ("binance_usdm_btcusdt_20240808.jsonl.gz", &["--tick", "0.1", "--lot", "0.001"]),
    ("binance_cm_btcusd_perp_20240808.jsonl.gz", &["--tick", "0.1", "--lot", "1"]),
    ("bitstamp_btcusd_orders_20150501.parquet", &["--from", "01:00:00"]),
];

/// Fits flows to recorded order books, judges them by stylised facts, and makes recordings of
/// them, of a martingale and of a planted edge.
pub(crate) fn flow(data: &Path, home: &Path) -> Result<()> {
    let desk = Desk::open(&tree::root(), data, home)?;
    let path = |name: &str| std::path::absolute(data.join("order_book").join(name));
    std::fs::create_dir_all(home)?;
    for (name, steps) in FLOWS {
        let model = home.join(format!("{name}.json"));
        println!("\n== flow fit {name}");
        let mut fit = desk.trimtab(&["flow", "fit"]);
        tree::run(fit.arg(path(name)?).args(steps).arg("--out").arg(&model))?;
        println!("\n== flow facts {name}");
        let mut facts = desk.trimtab(&["flow", "facts"]);
        tree::run(facts.arg(path(name)?).args(steps).arg("--against").arg(&model))?;
        println!("\n== flow synth {name}");
        let made = home.join(format!("{name}.made.dbn.zst"));
        tree::run(desk.trimtab(&["flow", "synth"]).arg(&model).arg("--out").arg(&made))?;
        tree::run(desk.trimtab(&["depth", "look"]).arg(&made))?;
    }
    for (name, planted) in [("martingale", "0"), ("planted", "2")] {
        println!("\n== flow synth {name}");
        let made = home.join(format!("{name}.dbn.zst"));
        let words = ["flow", "synth", "--crowd", "--minutes", "60", "--planted-ticks", planted];
        tree::run(desk.trimtab(&words).arg("--out").arg(&made))?;
        tree::run(desk.trimtab(&["flow", "facts", "--alone"]).arg(&made))?;
        tree::run(desk.trimtab(&["depth", "replay", "--size", "1"]).arg(&made))?;
    }
    Ok(())
}

/// Bars on which certificates are held, and by which rule.
const HELD: [(&str, &[&str]); 6] = [
    (
        "intraday/dax_ger40_15m_2024_2025.parquet",
        &["--calendar", "none", "--side", "alternate", "--sigmas", "1"],
    ),
    (
        "intraday/us_5min_2025.parquet",
        &["--symbol", "QQQ", "--index-hours", "new-york", "--side", "alternate", "--hold", "2"],
    ),
    (
        "intraday/dax_ger40_60m_2024_2025.parquet",
        &["--calendar", "none", "--side", "trend", "--distance-percent", "3"],
    ),
    (
        "etf_macro/etf_index_daily_full_history.parquet",
        &["--symbol", "SPY", "--index-hours", "new-york", "--side", "alternate", "--ratio", "10"],
    ),
    (
        "etf_macro/etf_index_daily_full_history.parquet",
        &["--symbol", "SPX", "--index-hours", "new-york", "--buffer-percent", "1", "--sigmas", "1"],
    ),
    (
        "intraday/de30_xauusd_1min_bidask_lean.parquet",
        &["--calendar", "none", "--symbol", "DE30EUR.bid"],
    ),
];

/// Quotes a certificate, chooses a barrier, holds certificates on recorded indices and funds. The
/// last file has too few sessions and must be refused.
pub(crate) fn knockout(data: &Path, home: &Path) -> Result<()> {
    let desk = Desk::open(&tree::root(), data, home)?;
    let asked = ["--side", "long", "--index", "18000", "--volatility", "18"];
    let quote = ["--strike", "17100", "--jump-chance-percent", "1"];
    println!("\n== knockout quote");
    tree::run(desk.trimtab(&["knockout", "quote"]).args(asked).args(quote))?;
    println!("\n== knockout choose");
    tree::run(desk.trimtab(&["knockout", "choose", "--drift-percent", "60"]).args(asked))?;
    for (at, (path, words)) in HELD.iter().enumerate() {
        println!("\n== knockout life {path}");
        let file = std::path::absolute(data.join(path))?;
        let mut command = desk.trimtab(&["knockout", "life"]);
        let done = tree::run(command.arg(file).args(*words));
        match at + 1 == HELD.len() {
            true => ensure!(done.is_err(), "a file of three sessions was not refused"),
            false => done?,
        }
    }
    Ok(())
}

/// Recorded chains and how each is looked at.
const CHAINS: [(&str, &[&str]); 8] = [
    ("equity_options_daily_quote.parquet", &["--symbol", "AAPL", "--at", "2014-06-06"]),
    ("equity_options_daily_quote.parquet", &["--symbol", "TWX", "--at", "2014-06-05"]),
    ("equity_options_hour_quote.parquet", &["--symbol", "NWSA", "--at", "2013-06-27"]),
    ("equity_options_minute_quote.parquet", &["--symbol", "FOXA"]),
    ("index_options_minute_quote.parquet", &["--symbol", "SPX", "--at", "2021-01-04"]),
    ("option_chain_universe_eod.parquet", &["--symbol", "AAPL", "--at", "2014-06-05"]),
    ("chain_snapshots/SP500-18-oct-2024-5781.88.json", &["--at", "2024-10-10", "--rate", "0.047"]),
    ("chain_snapshots/DAX-30-jan-2025-21637.0.json", &["--at", "2025-01-29", "--rate", "0.027"]),
];

/// Recorded quotes and the plans that are tried on them.
const PLANS: [(&str, &[&str]); 4] = [
    (
        "equity_options_hour_quote.parquet",
        &[
            "--symbol",
            "AAPL",
            "--strategy",
            "iron-condor",
            "--delta",
            "0.25",
            "--width",
            "10",
            "--days",
            "5..20",
            "--hold-days",
            "1",
            "--split",
            "2014-06-09=7:1",
        ],
    ),
    (
        "equity_options_minute_quote.parquet",
        &["--symbol", "TWX", "--strategy", "covered-call", "--delta", "0.4", "--days", "10..30"],
    ),
    (
        "index_options_minute_quote.parquet",
        &[
            "--symbol",
            "SPXW",
            "--to",
            "2021-01-08",
            "--strategy",
            "straddle",
            "--moneyness",
            "1",
            "--days",
            "0..2",
            "--margin",
            "broad-index",
        ],
    ),
    (
        "equity_options_daily_quote.parquet",
        &[
            "--symbol",
            "NWSA",
            "--strategy",
            "vertical",
            "--right",
            "put",
            "--delta",
            "0.4",
            "--width",
            "2",
            "--days",
            "15..40",
        ],
    ),
];

/// Looks at recorded option chains, runs plans over recorded quotes.
pub(crate) fn options(data: &Path, home: &Path) -> Result<()> {
    let desk = Desk::open(&tree::root(), data, home)?;
    let path = |name: &str| std::path::absolute(data.join("options").join(name));
    for (word, asked) in [("chain", &CHAINS[..]), ("backtest", &PLANS[..])] {
        for (name, words) in asked {
            println!("\n== options {word} {name} {}", words.join(" "));
            tree::run(desk.trimtab(&["options", word]).arg(path(name)?).args(*words))?;
        }
    }
    Ok(())
}

/// Trades with the clients of two brokers, from PyPI and unchanged, on the paper exchange.
pub(crate) fn exchange(home: &Path) -> Result<()> {
    let root = tree::root();
    let peers = root.join("proving").join("peers");
    let python = bench::environment(&peers, "exchange")?;
    // Nothing is measured here: the build of the tests will do.
    tree::run(tree::cargo(&root).args(["build", "--workspace"]))?;
    let binary = bench::built(&root)?.with_file_name("debug").join("trimtab");
    let home = std::path::absolute(home.join("exchange-proof"))?;
    if home.exists() {
        std::fs::remove_dir_all(&home).with_context(|| format!("clear {}", home.display()))?;
    }
    for (client, script) in [
        ("alpaca-py", "exchange_alpaca.py"),
        ("alpaca-py, options,", "exchange_alpaca_options.py"),
        ("nautilus-ibapi", "exchange_tws.py"),
        ("nautilus-ibapi, options,", "exchange_tws_options.py"),
    ] {
        println!("\n== {client} on the paper exchange");
        let mut command = Command::new(&python);
        tree::run(command.arg(peers.join(script)).arg(&binary).arg(&home))?;
    }
    Ok(())
}

/// The binary with its home folder, and where the recorded data lie.
struct Desk<'a> {
    binary: PathBuf,
    data: &'a Path,
    home: &'a Path,
}

impl<'a> Desk<'a> {
    /// Builds the binary.
    fn open(root: &Path, data: &'a Path, home: &'a Path) -> Result<Desk<'a>> {
        if !data.is_dir() {
            let data = data.display();
            bail!("there is no folder {data}; name that of the recorded data with --data");
        }
        tree::run(tree::cargo(root).args(["build", "--release", "--workspace"]))?;
        Ok(Desk { binary: bench::built(root)?.join("trimtab"), data, home })
    }

    fn trimtab(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--home").arg(self.home).args(words);
        command
    }

    fn ingest(&self, input: &Input) -> Result<()> {
        let path = std::path::absolute(self.data.join(input.path))?;
        println!("\n== {}", input.path);
        let mut command = self.trimtab(&["data", "ingest"]);
        tree::run(command.arg(path).args(["--dataset", input.dataset]).args(input.options))
    }
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
