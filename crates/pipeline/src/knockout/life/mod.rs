//! The life of certificates that a stated rule buys on bars of an index.
//!
//! At the end of a bar the rule decides; the order travels, and is filled at the issuer's quote at
//! the opening of the first bar that begins after it arrived. What is held is financed overnight,
//! dies at the touch of its barrier, and is sold when its sessions are over. Volatility is
//! measured on sessions that are over, so nothing rests on what was not yet known.
//!
//! Start reading at [`live`], then `run`.

mod bars;
mod chance;
mod meter;
pub mod page;
mod rule;
mod run;
mod trade;

use base::bootstrap::{Plan, mean_interval};
use base::{Day, Interval, Seed, Span, Ts};
use market::Cash;
use serde::Serialize;
use sim::knockout::{Print, Record};

pub use bars::Bars;
pub use chance::{Calibration, Chance, Rung};
pub use meter::Weather;
pub use rule::{Pick, Settings, SideRule, Start};
pub use trade::{Bought, Closed, Ended, Split, Trade};

use super::refuse;
use crate::Error;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Life {
    /// How certificates were held.
    pub settings: Settings,
    /// The bars.
    pub bars: Bars,
    /// When the first began.
    pub from: Ts,
    /// When the last ended.
    pub to: Ts,
    /// Sessions begun.
    pub sessions: u32,
    /// Median of high − low of a bar, as a part of the index.
    pub median_range: f64,
    /// All certificates that were held.
    pub trades: Vec<Trade>,
    /// Purchases that were not filled: the certificate died before, or the cash was short.
    pub missed: u64,
    /// Times that the money did not buy one piece.
    pub unaffordable: u64,
    /// Sessions in which no barrier was worth it.
    pub stayed_out: u64,
    /// Equity at the end, positions at the bid.
    pub equity: Cash,
    /// Where all money went, over the certificates that ended.
    pub split: Split,
    /// Return of a certificate on what was paid, mean; blocks as long as a quarter.
    pub return_of_one: Interval,
    /// The parts of that which cost, each a mean.
    pub costs_of_one: Vec<(String, Interval)>,
    /// Deaths against what was said.
    pub calibration: Calibration,
    /// Each fill and death of what was held, with its evidence.
    pub fills: Vec<Record>,
    /// Account and index at the end of each day (UTC).
    #[serde(skip)]
    pub days: Vec<(Day, f64, f64)>,
}

/// Lets a rule hold certificates over bars.
pub fn live(bars: Bars, settings: Settings) -> Result<Life, Error> {
    settings.check()?;
    settings.offer.terms(market::Side::Long).check().map_err(Error::ValueKnockOut)?;
    let (Some(first), Some(last)) = (bars.prints.first(), bars.prints.last()) else {
        return refuse("there are no bars");
    };
    let (from, to) = (first.begins(), last.ends());
    let bar = part_of_a_session(first, &settings);
    let mut desk = run::Desk::new(&settings, bar)?;
    for print in &bars.prints {
        desk.step(print)?;
    }
    let sessions = desk.sessions.iter().flatten().last().copied().unwrap_or(0);
    let tried = desk.missed + desk.unaffordable + desk.stayed_out;
    if desk.trades.is_empty() && tried == 0 {
        return refuse(format!(
            "the bars hold {sessions} sessions of the index's hours; the rule needs more than {} \
             to measure volatility first: give longer bars, a smaller --volatility-sessions, or the \
             right --index-hours and --calendar",
            settings.window
        ));
    }
    let (equity, _) = desk.money();
    let mut trades = std::mem::take(&mut desk.trades);
    let path = chance::Path { prints: &bars.prints, sessions: &desk.sessions, bar };
    let calibration = chance::calibrate(&mut trades, &path, &settings)?;
    let (return_of_one, costs_of_one) = of_one(&trades, settings.seed);
    Ok(Life {
        from,
        to,
        sessions,
        median_range: bars.median_range(),
        split: total(&trades),
        missed: desk.missed,
        unaffordable: desk.unaffordable,
        stayed_out: desk.stayed_out,
        equity,
        return_of_one,
        costs_of_one,
        calibration,
        fills: std::mem::take(&mut desk.fills),
        days: std::mem::take(&mut desk.days),
        trades,
        bars,
        settings,
    })
}

/// The part of a session from the end of its first bar to the fill of what was decided there,
/// counted from the opening: a bar, or two where orders take time; 1 is the next opening.
fn part_of_a_session(print: &Print, settings: &Settings) -> f64 {
    let hours = &settings.rules.index_hours;
    let session = Span::from_minutes(i64::from(hours.closes_minute - hours.opens_minute));
    let bars = if settings.rules.latency > Span::ZERO { 2.0 } else { 1.0 };
    let part = bars * (print.ends() - print.begins()).seconds() / session.seconds();
    part.min(1.0)
}

fn total(trades: &[Trade]) -> Split {
    let mut all = Split::default();
    for split in trades.iter().filter(|trade| trade.closed.is_some()).map(|trade| &trade.split) {
        all.index += split.index;
        all.spread += split.spread;
        all.financing += split.financing;
        all.leapt += split.leapt;
        all.slid += split.slid;
        all.fees += split.fees;
    }
    all
}

/// Mean return of a certificate, and mean of each cost, as parts of what was paid.
fn of_one(trades: &[Trade], seed: u64) -> (Interval, Vec<(String, Interval)>) {
    let ended: Vec<&Trade> = trades.iter().filter(|trade| trade.closed.is_some()).collect();
    let mean = |name: &str, of: &dyn Fn(&Trade) -> f64| {
        let plan = Plan::quarters(
            Seed::root(seed).child(name),
            ended.iter().map(|trade| trade.bought.start.day),
        );
        let parts: Vec<f64> = ended.iter().map(|trade| of(trade) / trade.paid()).collect();
        mean_interval(&parts, plan)
    };
    let costs =
        Split::default().parts().into_iter().enumerate().map(|(at, (name, _))| {
            (name.to_owned(), mean(name, &|trade| trade.split.parts()[at].1))
        });
    let costs = costs.collect();
    (mean("return", &|trade| trade.split.result()), costs)
}
