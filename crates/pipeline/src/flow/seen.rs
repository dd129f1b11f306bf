//! A recording as a flow of orders.

use base::stats::quantile_of_sorted;
use base::{Span, Ts};
use market::depth::{DepthChange, DepthMessage, Packet};
use sim::flow::{FlowKind, WatchConfig, Watched, watch};

use crate::Error;
use crate::depth::{Recorded, Shows};

/// What of a recording is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Watching {
    /// First moment; that after the first whole book when absent.
    pub from: Option<Ts>,
    /// Moment from which on nothing is looked at; none when absent.
    pub to: Option<Ts>,
    /// Farthest that an order counts, ticks from the other side's best price; chosen from the
    /// recording when absent.
    pub nearest_ticks: Option<i64>,
    /// Step of the recorder's clock; found in the recording when absent.
    pub clock_seconds: Option<f64>,
}

/// What was seen of a recording.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Who came, within the distance; of a feed of sizes, what it told at one moment as one.
    pub watched: Watched,
    /// The same with each change of a level on its own: what rates by distance are taken from.
    pub single: Watched,
    /// Time between two tellings of levels; `None` for a feed of orders.
    pub told_every: Option<Span>,
    /// The distance.
    pub nearest_ticks: i64,
    /// The clock's step.
    pub clock_seconds: f64,
    /// What the recording shows of the book.
    pub shows: Shows,
    /// True where a program made it.
    pub synthetic: bool,
    /// First moment.
    pub from: Ts,
    /// Messages of the recording.
    pub messages: u64,
}

/// Part of the limit orders that a chosen distance takes in.
const MOST_ORDERS: f64 = 0.8;
/// Bounds of a chosen distance, ticks.
const FEWEST_TICKS: f64 = 10.0;
const MOST_TICKS: f64 = 100.0;
/// Samples of the book that are kept of a long recording.
const MOST_SAMPLES: f64 = 20_000.0;
/// Bounds of the clock's step.
const CLOCK_SECONDS: (f64, f64) = (1e-6, 0.1);

/// Watches a recording.
///
/// # Errors
/// Where the recording shows best prices alone, or nothing of it lies in the time asked for.
pub fn observe(recorded: &Recorded, watching: &Watching) -> Result<Observation, Error> {
    if recorded.shows == Shows::Top {
        return Err(wrong(
            "the recording shows best prices alone; a flow needs the sizes of all levels or every \
             order",
        ));
    }
    let messages = &recorded.messages;
    let whole = messages.iter().position(|message| message.packet == Packet::Last);
    let second = whole.and_then(|at| messages.get(at + 1)).map(|message| message.known);
    let from = watching.from.or(second).ok_or_else(|| wrong("the recording holds one moment"))?;
    let last = messages.last().map_or(from, |message| message.known);
    let until = watching.to.unwrap_or(last + Span::from_nanos(1)).min(last + Span::from_nanos(1));
    if from >= until {
        return Err(wrong(&format!(
            "nothing lies between {from} and {until}; the recording ends at {last}"
        )));
    }
    let config = WatchConfig {
        from: Some(from),
        until: watching.to,
        sample_seconds: ((until - from).seconds() / MOST_SAMPLES).max(1.0),
        ..WatchConfig::default()
    };
    let first = watch(messages, &config).map_err(Error::WatchFlow)?;
    let nearest_ticks = match watching.nearest_ticks {
        Some(ticks) if (1..=10_000).contains(&ticks) => ticks,
        Some(ticks) => return Err(wrong(&format!("a distance of {ticks} is not in 1..=10000"))),
        None => distance(&first),
    };
    let clock_seconds = match watching.clock_seconds {
        Some(step) if (1e-9..=60.0).contains(&step) => step,
        Some(step) => return Err(wrong(&format!("a clock of {step} s is not in 1e-9..=60"))),
        None => clock(&first),
    };
    let config = WatchConfig { depth_ticks: nearest_ticks as usize, ..config };
    let all = watch(messages, &config).map_err(Error::WatchFlow)?;
    let told_every = (recorded.shows == Shows::Levels).then(|| told_every(messages));
    let watched = near(&all, recorded.shows, nearest_ticks);
    Ok(Observation {
        watched,
        single: all.within(nearest_ticks),
        told_every,
        nearest_ticks,
        clock_seconds,
        shows: recorded.shows,
        synthetic: recorded.synthetic,
        from,
        messages: messages.len() as u64,
    })
}

/// What lies near enough. A feed of sizes adds changes up: those of one moment are one.
pub(super) fn near(all: &Watched, shows: Shows, nearest_ticks: i64) -> Watched {
    match shows {
        Shows::Orders => all.within(nearest_ticks),
        Shows::Top | Shows::Levels => all.near(nearest_ticks),
    }
}

pub(super) fn wrong(what: &str) -> Error {
    Error::SetFlow { what: what.to_owned() }
}

/// Median time between two moments at which levels were told; a microsecond at least.
fn told_every(messages: &[DepthMessage]) -> Span {
    let levels = messages.iter().filter(|it| matches!(it.change, DepthChange::Level { .. }));
    let mut moments: Vec<Ts> = levels.map(|message| message.known).collect();
    moments.dedup();
    let mut gaps: Vec<i64> = moments.windows(2).map(|pair| (pair[1] - pair[0]).nanos()).collect();
    gaps.sort_unstable();
    Span::from_nanos(gaps.get(gaps.len() / 2).copied().unwrap_or(0).max(1_000))
}

/// The distance within which most limit orders come.
fn distance(watched: &Watched) -> i64 {
    let limits = watched
        .events
        .iter()
        .filter(|event| matches!(event.kind, FlowKind::LimitBuy | FlowKind::LimitSell));
    let mut distances: Vec<f64> = limits.map(|event| event.distance_ticks as f64).collect();
    distances.sort_by(f64::total_cmp);
    match distances.is_empty() {
        true => FEWEST_TICKS as i64,
        false => quantile_of_sorted(&distances, MOST_ORDERS).clamp(FEWEST_TICKS, MOST_TICKS) as i64,
    }
}

/// The least time between two moments, within bounds.
fn clock(watched: &Watched) -> f64 {
    let pairs = watched.events.windows(2);
    let gaps = pairs.map(|pair| pair[1].at_seconds - pair[0].at_seconds).filter(|gap| *gap > 0.0);
    gaps.fold(CLOCK_SECONDS.1, f64::min).max(CLOCK_SECONDS.0)
}
