//! From fitted flows to markets that can be simulated.

use base::{Ts, stats};
use market::depth::Grid;
use market::{Price, Qty};
use serde::{Deserialize, Serialize};
use sim::flow::{
    Course, CrowdConfig, Fair, FlowEdge, FlowModel, FlowSizes, SizeLaw, Splitting, Watched,
    ZeroFlow,
};

use super::file::FlowFile;
use super::seen::wrong;
use crate::Error;

/// Which flow of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowChoice {
    /// Constant rates; nobody knows what the thing is worth.
    Zero,
    /// Events that bring forth events; nobody knows what the thing is worth.
    Hawkes,
    /// The best flow of the file around a fair price that some know, with large orders cut up.
    Crowd,
}

impl FlowChoice {
    /// All.
    pub const ALL: [FlowChoice; 3] = [FlowChoice::Zero, FlowChoice::Hawkes, FlowChoice::Crowd];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            FlowChoice::Zero => "zero intelligence",
            FlowChoice::Hawkes => "Hawkes",
            FlowChoice::Crowd => "crowd",
        }
    }
}

/// What a crowd needs beside a flow, taken from a recording by moments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CrowdNumbers {
    /// Deviation of the fair price over a second: the root of the middle's variance over
    /// five seconds, a second.
    pub ticks_per_root_second: f64,
    /// Seconds of a step of the fair price: about the mean time between events, 0.1 to 10.
    pub step_seconds: f64,
    /// Nearest that makers quote: half of what the mean spread has beyond a tick.
    pub half_spread_ticks: f64,
    /// Large orders that are cut up; `None` where signs show no memory.
    pub splitting: Option<Splitting>,
}

/// Interval of the moves that the fair price's variance is taken from: longer than the bounce.
const MOVE_SECONDS: f64 = 5.0;
/// Lags between which the memory of signs is looked at.
const LAGS: [usize; 5] = [1, 2, 4, 8, 16];
/// Largest number of orders worked at a time.
const MOST_ACTIVE: f64 = 50.0;
/// Seconds for which a made book fills before it begins.
const WARM_SECONDS: f64 = 60.0;

impl CrowdNumbers {
    /// From what was seen.
    pub fn of(watched: &Watched) -> CrowdNumbers {
        let mids = watched.mids(MOVE_SECONDS);
        let squares: Vec<f64> = mids.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).collect();
        let variance = if squares.is_empty() { 0.0 } else { stats::mean(&squares) / MOVE_SECONDS };
        let ends = watched.touches.iter().skip(1).map(|touch| touch.at_seconds);
        let stood = watched.touches.iter().zip(ends.chain([watched.seconds]));
        let (sum, time) = stood.fold((0.0, 0.0), |(sum, time), (touch, end)| {
            let stood = end - touch.at_seconds;
            (sum + touch.spread() as f64 * stood, time + stood)
        });
        let spread = if time > 0.0 { sum / time } else { 1.0 };
        CrowdNumbers {
            ticks_per_root_second: variance.sqrt(),
            step_seconds: step_seconds(watched),
            half_spread_ticks: ((spread - 1.0) / 2.0).max(0.0),
            splitting: splitting(&watched.signs()),
        }
    }
}

/// About the time from one event to the next, in tenths of a second: a fair price that moved more
/// often would fill a quiet feed with its own orders.
fn step_seconds(watched: &Watched) -> f64 {
    let wait = watched.seconds / watched.events.len().max(1) as f64;
    (10.0 * wait).round().clamp(1.0, 100.0) / 10.0
}

/// Large orders whose pieces give signs the memory that was seen: the tail from how it falls with
/// the lag, the number worked at a time from its height at the first (Lillo, Mike and Farmer
/// 2005: the autocorrelation falls as lag^−(tail − 1)).
fn splitting(signs: &[f64]) -> Option<Splitting> {
    if signs.len() < 10 * LAGS[LAGS.len() - 1] {
        return None;
    }
    let memory = LAGS.map(|lag| stats::autocorrelation(signs, lag));
    let noise = 2.0 / (signs.len() as f64).sqrt();
    let seen: Vec<(f64, f64)> = LAGS
        .iter()
        .zip(memory)
        .take_while(|(_, memory)| *memory > noise)
        .map(|(lag, memory)| ((*lag as f64).ln(), memory.ln()))
        .collect();
    if seen.len() < 3 {
        return None;
    }
    let (x, y): (Vec<f64>, Vec<f64>) = seen.into_iter().unzip();
    let slope = stats::correlation(&x, &y) * stats::std_dev(&y) / stats::std_dev(&x);
    let tail = (1.0 - slope).clamp(1.1, 5.0);
    // Of one order at a time the memory at lag one is Σ_{m > 1} m^−tail ÷ Σ m^−tail.
    let sum: f64 = (1..10_000).map(|m| f64::from(m).powf(-tail)).sum();
    let active = ((sum - 1.0) / sum / memory[0]).round().clamp(1.0, MOST_ACTIVE) as usize;
    Some(Splitting { active, tail })
}

impl FlowFile {
    /// The market that a flow of this file makes.
    ///
    /// # Errors
    /// Where the file has no such flow, or an edge is asked of a market without a fair price.
    pub fn market(&self, choice: FlowChoice, edge: FlowEdge) -> Result<CrowdConfig, Error> {
        let zero = || FlowModel::Zero(self.zero.clone());
        let hawkes = || self.hawkes.clone().map(FlowModel::Hawkes);
        let flow = match choice {
            FlowChoice::Zero => zero(),
            FlowChoice::Hawkes => hawkes().ok_or_else(|| wrong("the file has no Hawkes flow"))?,
            FlowChoice::Crowd => hawkes().unwrap_or_else(zero),
        };
        let sizes = match (&flow, &self.hawkes_sizes) {
            (FlowModel::Hawkes(_), Some(sizes)) => sizes,
            _ => &self.sizes,
        };
        let knows = choice == FlowChoice::Crowd;
        if !knows && edge != FlowEdge::None {
            return Err(wrong("an edge is planted into a fair price; take the crowd"));
        }
        let numbers = &self.crowd;
        let fair = Fair {
            course: Course::Walk { ticks_per_root_second: numbers.ticks_per_root_second },
            step_seconds: numbers.step_seconds,
            half_spread_ticks: numbers.half_spread_ticks,
        };
        Ok(CrowdConfig {
            flow,
            sizes: sizes.clone(),
            splitting: numbers.splitting.filter(|_| knows),
            fair: knows.then_some(fair),
            edge,
            begin_ticks: self.begin_ticks,
            begin: self.source.from,
            warm_seconds: WARM_SECONDS,
        })
    }
}

/// A plain made market that needs no recording: a hundred dollars in cents, two market orders and
/// a dozen limit orders a second, a spread of a few ticks, signs with a memory, and a fair price
/// that moves a tick a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlainMarket;

impl PlainMarket {
    /// Its steps of prices and sizes.
    ///
    /// # Errors
    /// None: the steps are fixed.
    pub fn grid() -> Result<Grid, Error> {
        Ok(Grid::new(Price::from_raw(Price::SCALE / 100), Qty::whole(1))?)
    }

    /// The market.
    pub fn market(edge: FlowEdge) -> CrowdConfig {
        let rates = [1.2, 1.1, 0.9, 0.7, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2];
        let course = Course::Walk { ticks_per_root_second: 1.0 };
        CrowdConfig {
            flow: FlowModel::Zero(ZeroFlow {
                limit_rates: rates.to_vec(),
                market_rate: 1.0,
                cancel_rates: vec![0.25, 0.2, 0.15, 0.1, 0.1],
            }),
            sizes: FlowSizes {
                limit: SizeLaw::Lognormal { mean_log: 4.5, deviation: 0.8 },
                market: SizeLaw::Lognormal { mean_log: 4.2, deviation: 0.9 },
            },
            splitting: Some(Splitting { active: 5, tail: 1.5 }),
            fair: Some(Fair { course, step_seconds: 0.1, half_spread_ticks: 0.5 }),
            edge,
            begin_ticks: 10_000.5,
            begin: Ts::from_seconds(1_704_205_800),
            warm_seconds: WARM_SECONDS,
        }
    }
}
