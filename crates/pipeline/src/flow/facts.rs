//! The stylised facts of a recording and of flows simulated for it, side by side.

use base::{Seed, Ts};
use serde::Serialize;
use sim::flow::facts::{Comparison, compare, measure};
use sim::flow::{
    Crowd, Fact, FactsConfig, FlowEdge, Measured, Verdict, WatchConfig, Watched, watch,
};

use super::as_levels::as_levels;
use super::crowd::FlowChoice;
use super::file::FlowFile;
use super::seen::{Observation, near, wrong};
use crate::Error;

/// What is simulated and compared.
#[derive(Debug, Clone, PartialEq)]
pub struct FactsRun {
    /// Which flows.
    pub choices: Vec<FlowChoice>,
    /// How long each is simulated; as long as the recording when absent.
    pub seconds: Option<f64>,
    /// Every draw comes from it.
    pub seed: u64,
    /// How much wider than the recorded interval a band is.
    pub comparison: Comparison,
}

/// Events in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bucket {
    /// Its beginning.
    pub at: Ts,
    /// Events a second in it.
    pub rate: f64,
}

/// A simulated flow, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Which.
    pub choice: FlowChoice,
    /// How long it was simulated.
    pub seconds: f64,
    /// Its events within the distance.
    pub events: u64,
    /// Fact by fact.
    pub facts: Vec<Fact>,
    /// Its intensity over time.
    pub course: Vec<Bucket>,
}

/// A recording and the flows judged by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// First moment looked at.
    pub from: Ts,
    /// How long.
    pub seconds: f64,
    /// Events within the distance.
    pub events: u64,
    /// Farthest that an order counted, ticks from the other side's best price.
    pub nearest_ticks: i64,
    /// Seconds between two tellings of levels, in recorded and simulated flows alike; `None` for
    /// a feed of orders.
    pub told_every_seconds: Option<f64>,
    /// Facts of the recording.
    pub recorded: Vec<Measured>,
    /// Its intensity over time.
    pub course: Vec<Bucket>,
    /// The flows.
    pub judged: Vec<Judged>,
    /// How much wider than the recorded interval a band is.
    pub comparison: Comparison,
    /// Seed of the simulations and of the intervals.
    pub seed: u64,
    /// The recording that the flows were fitted to; `None` without flows.
    pub fitted_to: Option<String>,
    /// True where that is the very recording they are judged by.
    pub fitted_here: bool,
    /// What the book refused, and how often.
    pub faults: Vec<(String, u64)>,
}

/// Points of the intensity over time.
const BUCKETS: f64 = 150.0;

/// Measures a recording, simulates flows of a file and compares.
///
/// # Errors
/// Where a fact can't be measured as asked, or a flow can't be simulated.
pub fn judge(
    seen: &Observation,
    file: Option<(&FlowFile, &str)>,
    run: &FactsRun,
) -> Result<Outcome, Error> {
    let config = config(seen, run.seed);
    let recorded = measure(&seen.watched, &config).map_err(Error::WatchFlow)?;
    let mut judged = Vec::new();
    if let Some((file, _)) = file {
        for &choice in &run.choices {
            judged.push(one(seen, file, choice, (&recorded, &config, run))?);
        }
    }
    let faults = seen.watched.faults.iter();
    Ok(Outcome {
        from: seen.from,
        seconds: seen.watched.seconds,
        events: seen.watched.events.len() as u64,
        nearest_ticks: seen.nearest_ticks,
        told_every_seconds: seen.told_every.map(base::Span::seconds),
        recorded,
        course: course(&seen.watched, seen.from),
        judged,
        comparison: run.comparison,
        seed: run.seed,
        fitted_to: file.map(|(file, _)| file.source.name.clone()),
        fitted_here: file.is_some_and(|(file, digest)| file.source.digest == digest),
        faults: faults.map(|(fault, seen)| (fault.to_string(), seen.times)).collect(),
    })
}

/// Scales, lags and distances that the recording is long and deep enough for.
fn config(seen: &Observation, seed: u64) -> FactsConfig {
    let within = |scale: &f64| *scale <= seen.watched.seconds / 20.0;
    FactsConfig {
        scales_seconds: [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0]
            .into_iter()
            .filter(within)
            .collect(),
        distances: [0, 1, 2, 3, 5, 7, 10, 15, 20]
            .into_iter()
            .filter(|distance| (*distance as i64) < seen.nearest_ticks)
            .collect(),
        seed,
        ..FactsConfig::default()
    }
}

fn one(
    seen: &Observation,
    file: &FlowFile,
    choice: FlowChoice,
    (recorded, config, run): (&[Measured], &FactsConfig, &FactsRun),
) -> Result<Judged, Error> {
    let seconds = run.seconds.unwrap_or(seen.watched.seconds);
    if !(10.0..=1e6).contains(&seconds) {
        return Err(wrong(&format!("a simulation of {seconds} s is not in 10..=1000000")));
    }
    // The made market stands at the recording's place in the day.
    let begin = seen.from;
    let market = sim::flow::CrowdConfig { begin, ..file.market(choice, FlowEdge::None)? };
    let feed = Crowd::new(market)?.feed(Seed::root(run.seed).child(choice.name()), seconds)?;
    let feed = match seen.told_every {
        Some(every) => as_levels(&feed, every),
        None => feed,
    };
    let sample_seconds = (seconds / 20_000.0).max(1.0);
    let depth_ticks = seen.nearest_ticks as usize;
    let watching = WatchConfig { depth_ticks, sample_seconds, ..WatchConfig::default() };
    let all = watch(&feed, &watching).map_err(Error::WatchFlow)?;
    let watched = near(&all, seen.shows, seen.nearest_ticks);
    let simulated = measure(&watched, config).map_err(Error::WatchFlow)?;
    Ok(Judged {
        choice,
        seconds,
        events: watched.events.len() as u64,
        facts: compare(recorded, &simulated, &run.comparison),
        course: course(&watched, begin),
    })
}

/// Events a second, stretch by stretch.
fn course(watched: &Watched, from: Ts) -> Vec<Bucket> {
    let step = (watched.seconds / BUCKETS).max(1.0);
    let mut counts = vec![0.0; (watched.seconds / step) as usize];
    for event in &watched.events {
        if let Some(count) = counts.get_mut((event.at_seconds / step) as usize) {
            *count += 1.0;
        }
    }
    let bucket = |(at, count): (usize, f64)| Bucket {
        at: from + base::Span::from_nanos((at as f64 * step * 1e9) as i64),
        rate: count / step,
    };
    counts.into_iter().enumerate().map(bucket).collect()
}

impl Judged {
    /// How many facts have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.facts.iter().filter(|fact| fact.verdict == verdict).count()
    }
}
