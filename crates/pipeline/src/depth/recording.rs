//! A recorded file of any format: what it is, what it says, and its messages.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, Grid, Ladder, Lots, Orders, Top};
use report::Origin;
use serde::Serialize;
use sim::replay::{Clock, RecordedBook, Tape};
use tape::Messages as _;
use tape::recording::{File, GridFrom, Hints, Recording};

use crate::Error;

/// What a feed shows of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// Best prices.
    Top,
    /// Sizes by level.
    Levels,
    /// Every order.
    Orders,
}

/// A recording in memory.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its format.
    pub format: String,
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// True where the grid was inferred from the file.
    pub grid_inferred: bool,
    /// True where a program made it; no market ever traded so.
    pub synthetic: bool,
    /// What it shows.
    pub shows: Shows,
    /// How many messages say what.
    pub changes: BTreeMap<&'static str, u64>,
    /// Records for which there is no word, by what the feed calls them.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What the file should not have said.
    pub faults: BTreeMap<Fault, u64>,
    /// The messages, in the order of arrival.
    pub messages: Vec<DepthMessage>,
}

/// Reads a file whole.
pub fn read(file: &dyn File, hints: &Hints) -> Result<Recorded, Error> {
    let mut recording = Recording::open(file, hints).map_err(Error::ReadRecording)?;
    let messages = recording.read_all().map_err(Error::ReadRecording)?;
    let shows = shows(&messages).ok_or_else(|| Error::FindBook {
        name: file.name().to_owned(),
        changes: format!("{:?}", recording.facts().changes),
    })?;
    let faults = recording.faults().iter().map(|(fault, seen)| (fault, seen.times)).collect();
    Ok(Recorded {
        format: format!("{:?}", recording.format()),
        grid: recording.grid(),
        grid_inferred: recording.grid_from() == GridFrom::Inferred,
        synthetic: recording.is_synthetic(),
        shows,
        changes: recording.facts().changes.clone(),
        skipped: recording.skipped().clone(),
        faults,
        messages,
    })
}

fn shows(messages: &[DepthMessage]) -> Option<Shows> {
    messages.iter().find_map(|message| match message.change {
        DepthChange::Add { .. } => Some(Shows::Orders),
        DepthChange::Level { .. } => Some(Shows::Levels),
        DepthChange::Best { .. } => Some(Shows::Top),
        _ => None,
    })
}

impl Recorded {
    /// Whether a market or a program made it.
    pub fn origin(&self) -> Origin {
        if self.synthetic { Origin::Synthetic } else { Origin::Recorded }
    }

    /// Ready for a replay. Where the recorder's clock lay behind the venue's, it is shifted until
    /// the fastest message took no time.
    pub fn tape(self) -> Tape {
        let behind = self.messages.iter().any(|message| message.known < message.at);
        let clock = match behind {
            true => Clock::Shifted { least_delay: Span::ZERO },
            false => Clock::AsRecorded,
        };
        Tape::new(self.grid, self.messages, clock)
    }

    /// What the book looked like.
    pub fn look(&self) -> Look {
        match self.shows {
            Shows::Top => look::<Top>(self),
            Shows::Levels => look::<Ladder>(self),
            Shows::Orders => look::<Orders>(self),
        }
    }
}

/// Some feeds say a trade twice: as a print, and as the execution of each order that it hit.
/// Where prints name the side they hit, they say all of it.
pub(crate) fn says_prints(messages: &[DepthMessage]) -> bool {
    let printed = |message: &DepthMessage| {
        matches!(message.change, DepthChange::Trade { resting: Some(_), .. })
    };
    messages.iter().any(printed)
}

/// What a recorded book looked like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// Format of the file.
    pub format: String,
    /// True where a program made it; no market ever traded so.
    pub synthetic: bool,
    /// What it shows.
    pub shows: Shows,
    /// Step of prices.
    pub tick: String,
    /// Step of sizes.
    pub lot: String,
    /// True where the steps were inferred from the file, and may be coarser than the venue's.
    pub grid_inferred: bool,
    /// When its first message was received.
    pub first: Option<Ts>,
    /// When its last one was.
    pub last: Option<Ts>,
    /// Messages by what they say.
    pub changes: BTreeMap<&'static str, u64>,
    /// Records left out.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Faults of the file and of the book built from it.
    pub faults: BTreeMap<Fault, u64>,
    /// Share of whole books by their spread in ticks; the last stands for all wider ones.
    pub spread_ticks: Vec<f64>,
    /// Mean spread, in ticks.
    pub mean_spread_ticks: f64,
    /// Mean size at the best price and the nine behind it, both sides, in lots.
    pub mean_depth_lots: Vec<f64>,
    /// Lots traded.
    pub traded_lots: i64,
    /// Median and 99th percentile of the time between venue and recorder, in milliseconds, by
    /// their clocks.
    pub delay_ms: [f64; 2],
}

/// Spreads told apart.
const SPREADS: usize = 10;
/// Levels shown.
const LEVELS: usize = 10;

fn look<B: RecordedBook>(recorded: &Recorded) -> Look {
    let mut book = B::default();
    let mut faults = recorded.faults.clone();
    let (mut seen, printed) = (Seen::default(), says_prints(&recorded.messages));
    for message in &recorded.messages {
        if let Err(fault) = book.apply(message) {
            *faults.entry(fault).or_insert(0) += 1;
        }
        match message.change {
            DepthChange::Trade { size, .. } => seen.traded += size,
            DepthChange::Execute { size, .. } if !printed => seen.traded += size,
            _ => {}
        }
        if message.packet == market::depth::Packet::Last && book.is_trusted() {
            seen.book(&book);
        }
    }
    let books = (seen.books as f64).max(1.0);
    Look {
        format: recorded.format.clone(),
        synthetic: recorded.synthetic,
        shows: recorded.shows,
        tick: recorded.grid.tick().to_string(),
        lot: recorded.grid.lot().to_string(),
        grid_inferred: recorded.grid_inferred,
        first: recorded.messages.first().map(|message| message.known),
        last: recorded.messages.last().map(|message| message.known),
        changes: recorded.changes.clone(),
        skipped: recorded.skipped.clone(),
        faults,
        spread_ticks: seen.spreads.iter().map(|count| *count as f64 / books).collect(),
        mean_spread_ticks: seen.spread_sum as f64 / books,
        mean_depth_lots: seen.depth.iter().map(|lots| lots / books / 2.0).collect(),
        traded_lots: seen.traded.0,
        delay_ms: delays(&recorded.messages),
    }
}

#[derive(Default)]
struct Seen {
    books: u64,
    spreads: [u64; SPREADS],
    spread_sum: i64,
    depth: [f64; LEVELS],
    traded: Lots,
}

impl Seen {
    fn book<B: RecordedBook>(&mut self, book: &B) {
        let (Some(bid), Some(ask)) = (book.best(BookSide::Bid), book.best(BookSide::Ask)) else {
            return;
        };
        let spread = ask.0.0 - bid.0.0;
        if spread <= 0 {
            return;
        }
        self.books += 1;
        self.spread_sum += spread;
        self.spreads[(spread as usize - 1).min(SPREADS - 1)] += 1;
        for side in [BookSide::Bid, BookSide::Ask] {
            for (sum, level) in self.depth.iter_mut().zip(book.levels(side)) {
                *sum += level.1.0 as f64;
            }
        }
    }
}

fn delays(messages: &[DepthMessage]) -> [f64; 2] {
    let mut delays: Vec<i64> = messages.iter().map(|m| (m.known - m.at).nanos()).collect();
    delays.sort_unstable();
    let at = |share: f64| {
        let place = (delays.len() as f64 * share) as usize;
        delays.get(place.min(delays.len().saturating_sub(1))).map_or(f64::NAN, |n| *n as f64 / 1e6)
    };
    [at(0.5), at(0.99)]
}
