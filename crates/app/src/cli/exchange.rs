//! The words of `trimtab exchange`.

use std::net::SocketAddr;

use base::Day;
use clap::{Args, ValueEnum};

/// What the door of TWS takes of trades in shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CommissionArg {
    /// Interactive Brokers' fixed prices.
    Fixed,
    /// Nothing.
    None,
}

/// A simulated market and account, served.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab exchange                                   a made market, sixty times as fast as ours
  trimtab exchange --speed stepped                   time moves when POST /control/step says so
  trimtab exchange --dataset us --begin 2024-01-02 --speed real
  trimtab exchange --tws-port 7497                   also for clients of TWS
  trimtab exchange --name second --cash 25000.00 --listen 127.0.0.1:9000

The account is kept under --home and continued by the same command. Its key and secret are given,
or made and printed once.")]
pub(crate) struct ExchangeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8711")]
    pub listen: SocketAddr,
    /// Port for clients of TWS, on the same address; 0 takes a free one. It asks for no key:
    /// whoever can connect can trade.
    #[arg(long)]
    pub tws_port: Option<u16>,
    /// Name of the account.
    #[arg(long, default_value = "paper")]
    pub name: String,
    /// How time runs in the market: real, a number of times as fast, or stepped.
    #[arg(long, default_value = "60")]
    pub speed: String,
    /// Dataset of daily bars in the lake; a made market when left out.
    #[arg(long)]
    pub dataset: Option<String>,
    /// Dataset of shorter bars for the same symbols; made from the daily ones when left out.
    #[arg(long, requires = "dataset")]
    pub finer: Option<String>,
    /// Stocks of a made market; funds and a volatility index come on top.
    #[arg(long, default_value_t = 20)]
    pub symbols: usize,
    /// Years of a made market, from 2016 on.
    #[arg(long, default_value_t = 2)]
    pub years: u32,
    /// Seed of what is made: the market, or the minutes of recorded days.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Minutes of one bar.
    #[arg(long, default_value_t = 1)]
    pub minutes: u16,
    /// First session; after twenty sessions of history when left out.
    #[arg(long)]
    pub begin: Option<Day>,
    /// Money at the start of the account.
    #[arg(long, default_value = "100000.00")]
    pub cash: String,
    /// Positions may be worth so many times the equity; 1 is a cash account.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub margin: u8,
    /// Half the spread, in basis points.
    #[arg(long, default_value_t = 1.0)]
    pub half_spread_bps: f64,
    /// Most of a bar's volume that orders may take, in percent; 0 is no bound.
    #[arg(long, default_value_t = 10.0)]
    pub participation_percent: f64,
    /// What the door of TWS takes of trades in shares; the other door takes nothing.
    #[arg(long, default_value = "fixed")]
    pub commission: CommissionArg,
    /// Limits that would buy so much above the market or sell so much below it, in percent, are
    /// refused; 0 is no bound.
    #[arg(long, default_value_t = 20.0)]
    pub price_collar_percent: f64,
    /// Public half of the key.
    #[arg(long, env = "TRIMTAB_EXCHANGE_KEY", requires = "secret")]
    pub key: Option<String>,
    /// Secret half of the key. Better given in the environment than in a list of processes.
    #[arg(long, env = "TRIMTAB_EXCHANGE_SECRET", hide_env_values = true, requires = "key")]
    pub secret: Option<String>,
    /// Requests a minute; more are refused with 429.
    #[arg(long, default_value_t = 200)]
    pub requests_per_minute: usize,
    /// Largest body of a request.
    #[arg(long, default_value_t = 65_536)]
    pub body_bytes: usize,
}
