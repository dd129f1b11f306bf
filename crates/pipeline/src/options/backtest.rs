//! A plan over option quotes: what it did, what it was refused, and how sure its figures are.

use std::collections::BTreeMap;

use base::bootstrap::{Plan as Draws, interval, mean_interval};
use base::{Day, Interval, Seed, Ts, stats};
use market::Cash;
use serde::Serialize;
use sim::options::backtest::{Moment, Plan, Report, Runner};
use sim::options::{Refusal, vet};

use crate::Error;

/// The account at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mark {
    /// When.
    pub at: Ts,
    /// Cash and holdings at what closing them would bring.
    pub equity: Cash,
    /// Cash that must be there for what is held.
    pub margin: Cash,
    /// Price of the underlying, where there is one.
    pub spot: Option<f64>,
}

/// Figures with their intervals: trades of a quarter together, days in blocks of a month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Part of finished trades with a profit after fees.
    pub win_rate: Interval,
    /// Mean profit of a finished trade after fees, in money.
    pub profit_a_trade: Interval,
    /// Mean change of equity from day to day, in money.
    pub profit_a_day: Interval,
    /// Annualised Sharpe ratio of those changes, no riskless rate.
    pub sharpe: Interval,
}

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The plan.
    pub plan: Plan,
    /// What it did.
    pub report: Report,
    /// First moment.
    pub first: Option<Ts>,
    /// Last moment.
    pub last: Option<Ts>,
    /// Days with a moment.
    pub days: usize,
    /// Moments without a price of the underlying.
    pub without_spot: u64,
    /// Quotes that came.
    pub quotes: u64,
    /// Of these not to be traded on when they came, by reason.
    pub refused_quotes: BTreeMap<Refusal, u64>,
    /// Equity at the end less at the start.
    pub profit: Cash,
    /// Largest cash that must be there.
    pub most_margin: Cash,
    /// Figures.
    pub figures: Figures,
    /// Why nothing can be claimed; empty where the sample is long enough to say something.
    pub too_short: Vec<String>,
    /// The account over time.
    pub course: Vec<Mark>,
}

/// Sessions of a year: fewer say nothing of another year.
const FEWEST_DAYS: usize = 252;
/// Fewer finished trades than this tell no mean.
const FEWEST_TRADES: usize = 30;
/// Mean block of days: a month, long enough to keep swings of volatility whole.
const BLOCK_DAYS: f64 = 21.0;
/// Trading days a year, for annualising.
const DAYS_A_YEAR: f64 = 252.0;

/// Runs a plan over moments, oldest first.
///
/// # Errors
/// [`Error::BacktestOptions`] for settings that can't be, or a moment that holds a later one;
/// [`Error::AskOptions`] without a moment.
pub fn run(plan: &Plan, moments: impl Iterator<Item = Moment>) -> Result<Outcome, Error> {
    let mut runner = Runner::new(plan).map_err(Error::BacktestOptions)?;
    let mut seen = Seen::default();
    let mut course = Vec::new();
    for moment in moments {
        seen.count(&moment, plan);
        runner.step(&moment).map_err(Error::BacktestOptions)?;
        let (exchange, rule) = (runner.exchange(), plan.exchange.rules.margin);
        course.push(Mark {
            at: moment.now,
            equity: exchange.account().equity(),
            margin: rule.needed(exchange.account(), exchange.board()).max(Cash::ZERO),
            spot: exchange.board().spot_of(plan.underlying).map(|spot| spot.mid()),
        });
    }
    if course.is_empty() {
        let what = "there is no moment; check --symbol, --from and --to".to_owned();
        return Err(Error::AskOptions { doing: "run a plan over option quotes", what });
    }
    let report = runner.finish();
    let figures = figures(&report, plan.exchange.cash);
    Ok(Outcome {
        plan: *plan,
        first: course.first().map(|mark| mark.at),
        last: course.last().map(|mark| mark.at),
        days: report.daily.len(),
        without_spot: seen.without_spot,
        quotes: seen.quotes,
        refused_quotes: seen.refused,
        profit: report.equity - plan.exchange.cash,
        most_margin: course.iter().map(|mark| mark.margin).max().unwrap_or(Cash::ZERO),
        too_short: too_short(&report, &figures),
        figures,
        report,
        course,
    })
}

/// What came, before the plan looked at it.
#[derive(Default)]
struct Seen {
    quotes: u64,
    without_spot: u64,
    refused: BTreeMap<Refusal, u64>,
}

impl Seen {
    fn count(&mut self, moment: &Moment, plan: &Plan) {
        let spot = moment.spots.first();
        self.without_spot += u64::from(spot.is_none());
        self.quotes += moment.quotes.len() as u64;
        for quote in &moment.quotes {
            if let Err(reason) = vet(quote, spot, moment.now, &plan.exchange.rules.quotes) {
                *self.refused.entry(reason).or_default() += 1;
            }
        }
    }
}

/// Profits of trades that are over, with the days on which they were.
fn finished(report: &Report) -> Vec<(Day, f64)> {
    use sim::options::backtest::Ended;
    let over = report.trades.iter().filter(|trade| trade.ended != Ended::StillOpen);
    over.map(|trade| (trade.closed.utc_day(), trade.profit.to_f64())).collect()
}

fn figures(report: &Report, cash: Cash) -> Figures {
    let seed = Seed::root(7).child("options");
    let trades = finished(report);
    let draws = |name| Draws::quarters(seed.child(name), trades.iter().map(|(day, _)| *day));
    let profits: Vec<f64> = trades.iter().map(|(_, profit)| *profit).collect();
    let wins: Vec<f64> = profits.iter().map(|profit| f64::from(*profit > 0.0)).collect();
    let equity = report.daily.iter().map(|(_, equity)| *equity);
    let before = std::iter::once(cash).chain(equity.clone());
    let changes: Vec<f64> =
        equity.zip(before).map(|(now, before)| (now - before).to_f64()).collect();
    let sharpe = |rows: &[usize]| {
        let drawn: Vec<f64> = rows.iter().map(|row| changes[*row]).collect();
        stats::mean(&drawn) / stats::std_dev(&drawn) * DAYS_A_YEAR.sqrt()
    };
    let days = |name| Draws::blocks(seed.child(name), BLOCK_DAYS);
    Figures {
        win_rate: mean_interval(&wins, draws("wins")),
        profit_a_trade: mean_interval(&profits, draws("trades")),
        profit_a_day: mean_interval(&changes, days("days")),
        sharpe: interval(changes.len(), days("sharpe"), sharpe),
    }
}

fn too_short(report: &Report, figures: &Figures) -> Vec<String> {
    let (days, trades) = (report.daily.len(), finished(report).len());
    let mut why = Vec::new();
    if days < FEWEST_DAYS {
        why.push(format!("{days} days of data, where a year has {FEWEST_DAYS}"));
    }
    if trades < FEWEST_TRADES {
        why.push(format!("{trades} finished trades, where a mean needs {FEWEST_TRADES}"));
    }
    let ends = [figures.profit_a_trade, figures.profit_a_day];
    if ends.iter().any(|it| !it.low.is_finite()) {
        why.push("too few blocks to draw an interval from".to_owned());
    }
    why
}
