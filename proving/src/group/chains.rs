//! A year of daily rolls over a large made chain of options: 200 strikes, ten expiries, calls and
//! puts; and the memory that a year and five years take.

use anyhow::Result;
use base::Seed;
use market::InstrumentId;
use sim::options::backtest::{Exit, Plan, backtest};
use sim::options::select::{Structure, Target};
use sim::options::synthetic::{SyntheticChains, SyntheticConfig};
use sim::options::{Assumed, OptionExchangeConfig};

use crate::Bench;
use crate::clock::{peak_memory_mib, timed};
use crate::line::{Bar, Line};

/// One year, then five, in one process: the peak may not grow.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let end = bench.size.pick("2014-12-31", "2014-02-28");
    let (seconds, trades) = timed(|| roll("2014-01-02", end));
    anyhow::ensure!(trades? > 0, "nothing was traded");
    let short = peak_memory_mib()?;
    roll("2014-01-02", bench.size.pick("2018-12-31", "2014-06-30"))?;
    let grown = peak_memory_mib()? / short;
    Ok(vec![
        Line::alone("chains/year_of_daily_rolls_s", seconds, Bar::AtMost(5.0)),
        Line::alone("chains/memory_of_five_years_over_one", grown, Bar::AtMost(1.1)),
    ])
}

/// An iron condor, closed and opened anew every day; how many trades.
fn roll(from: &str, to: &str) -> Result<usize> {
    let days = (from.parse()?, to.parse()?);
    let config = SyntheticConfig { strikes: 200, expiries: 10, ..SyntheticConfig::default() };
    let plan = Plan {
        underlying: InstrumentId(0),
        structure: Structure::IronCondor {
            put: Target::Delta(0.2),
            call: Target::Delta(0.2),
            width: "5".parse()?,
        },
        days: (14, 28),
        units: 2,
        exit: Exit { held_days: Some(1), ..Exit::default() },
        assumed: Assumed::default(),
        early: None,
        exchange: OptionExchangeConfig::default(),
    };
    let report = backtest(&plan, SyntheticChains::new(config, days, Seed::root(1))?)?;
    Ok(report.trades.len())
}
