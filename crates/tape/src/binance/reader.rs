//! Messages out of lines.

use std::io::Read;

use base::Ts;
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, FaultCounts, Grid, Packet};

use super::line::{self, Kind, Scale};
use super::scan::Fields;
use super::sync::{Book, Level, Span, Verdict, Waiting};
use crate::Error;
use crate::lines::Lines;
use crate::messages::{Count, Messages, Skipped, Steps, error_last};

/// Messages given out at a time, about.
const BLOCK_MESSAGES: usize = 4096;

/// Where the book of a recording begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// At the first snapshot; differences before it wait.
    #[default]
    Snapshot,
    /// The recording continues one whose book was left as of this update
    /// ([`Reader::last_update`]).
    After(u64),
}

/// What to do with best prices that come beside differences of depth.
///
/// The exchange sends them on a stream of their own, ahead of the differences, so a book that
/// took both would jump back and forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BestQuotes {
    /// Leave them out and count them.
    #[default]
    Leave,
    /// Say them as [`DepthChange::Best`]: for recordings of nothing else, and for checks.
    Say,
}

/// What to read and how to count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// Which symbol; `None` for the only one of the file.
    pub symbol: Option<String>,
    /// Where the book begins.
    pub start: Start,
    /// What to do with best prices.
    pub best_quotes: BestQuotes,
}

impl Options {
    /// The only symbol of the file on this grid, from its first snapshot on.
    pub fn new(grid: Grid) -> Options {
        let (start, best_quotes) = (Start::Snapshot, BestQuotes::Leave);
        Options { grid, symbol: None, start, best_quotes }
    }
}

/// A recording being read; compressed bytes are to be unpacked before.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
    state: State,
    broken: Option<Error>,
    is_at_end: bool,
}

/// What lines change.
#[derive(Debug)]
struct State {
    options: Options,
    steps: Steps,
    book: Book,
    /// The symbol of the first event, where none was asked for.
    seen: Option<Vec<u8>>,
    count: Count,
    /// The kind of trades that is told: single or joined, whichever came first.
    trades: Option<Kind>,
    /// Levels of the event at hand; kept to keep its memory.
    levels: Vec<Level>,
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// Never today; a grid that does not suit shows in the faults.
    pub fn new(source: R, options: Options) -> Result<Reader<R>, Error> {
        let fault = || Error::FindGrid { fault: "the tick is too large".to_owned() };
        let state = State {
            steps: Steps::scaled_up(options.grid, 1).ok_or_else(fault)?,
            book: match options.start {
                Start::Snapshot => Book::Awaits(Default::default()),
                Start::After(last) => Book::At(last),
            },
            options,
            seen: None,
            count: Count::default(),
            trades: None,
            levels: Vec::new(),
        };
        Ok(Reader { lines: Lines::new(source), state, broken: None, is_at_end: false })
    }

    /// The last update that the book has, for [`Start::After`] of the next file; `None` while
    /// it awaits a snapshot.
    pub fn last_update(&self) -> Option<u64> {
        self.state.book.last_update()
    }

    fn read_line(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        let Some(line) = self.lines.next()? else {
            self.is_at_end = true;
            return Ok(());
        };
        let said = self.state.say(line, into);
        said.map_err(|error| match error {
            Error::ReadLine { fault, .. } => Error::ReadLine { line: self.lines.number(), fault },
            other => other,
        })
    }
}

impl<R: Read> Messages for Reader<R> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        let from = into.len();
        while into.len() < from + BLOCK_MESSAGES && !self.is_at_end {
            if let Err(error) = self.read_line(into) {
                self.is_at_end = true;
                self.broken = Some(error);
            }
        }
        error_last(&mut self.broken, into.len() - from)
    }

    fn grid(&self) -> Grid {
        self.state.options.grid
    }

    fn faults(&self) -> &FaultCounts {
        &self.state.count.faults
    }

    fn skipped(&self) -> &Skipped {
        &self.state.count.skipped
    }
}

/// Says things of one line.
struct Mouth<'a> {
    at: Ts,
    known: Ts,
    into: &'a mut Vec<DepthMessage>,
}

impl Mouth<'_> {
    fn push(&mut self, change: DepthChange, packet: Packet) {
        self.into.push(DepthMessage { at: self.at, known: self.known, change, packet });
    }

    /// All levels of an event; the last one closes it.
    fn levels(&mut self, levels: &[Level]) {
        for (side, price, size) in levels {
            let (side, price, size) = (*side, *price, *size);
            self.push(DepthChange::Level { side, price, size }, Packet::More);
        }
        self.close();
    }

    fn close(&mut self) {
        if let Some(last) = self.into.last_mut() {
            last.packet = Packet::Last;
        }
    }
}

impl State {
    fn say(&mut self, line: &[u8], into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let (received, text) = line::split(line).map_err(fault)?;
        let fields = Fields::read(text).map_err(|(place, expected)| {
            fault(format!(
                "at byte {place} of the event {expected} should be; cut off or no JSON of this \
                 exchange"
            ))
        })?;
        if !self.is_chosen(&fields)? {
            self.count.skip("other symbol");
            return Ok(());
        }
        let known = self.count.known(received);
        let at = line::at(&fields, known).map_err(fault)?;
        let mouth = &mut Mouth { at, known, into };
        match Kind::of(&fields) {
            Kind::Difference => self.say_difference(&fields, mouth),
            Kind::Snapshot => self.say_snapshot(&fields, mouth),
            Kind::BestQuote => self.say_best(&fields, mouth),
            kind @ (Kind::Trade | Kind::JoinedTrade) => self.say_trade(kind, &fields, mouth),
            Kind::Other => {
                self.count.skip("other event");
                Ok(())
            }
        }
        .map_err(fault)
    }

    /// Whether the line is of the symbol that is read.
    fn is_chosen(&mut self, fields: &Fields) -> Result<bool, Error> {
        let Some(symbol) = fields.symbol else { return Ok(true) };
        if let Some(wanted) = &self.options.symbol {
            return Ok(wanted.as_bytes() == symbol);
        }
        match &self.seen {
            Some(seen) if seen == symbol => Ok(true),
            Some(seen) => {
                let [first, other] = [seen.as_slice(), symbol].map(String::from_utf8_lossy);
                Err(Error::ChooseInstrument { known: format!("{first} and {other}") })
            }
            None => {
                self.seen = Some(symbol.to_vec());
                Ok(true)
            }
        }
    }

    fn say_difference(&mut self, fields: &Fields, mouth: &mut Mouth) -> Result<(), String> {
        let span = line::span(fields)?;
        let verdict = self.book.judge(span);
        if verdict == Verdict::Drop {
            self.count.skip("before the snapshot");
            return Ok(());
        }
        let mut levels = std::mem::take(&mut self.levels);
        let (steps, known) = (self.steps, mouth.known);
        Scale { steps, count: &mut self.count, known }.levels(fields, &mut levels)?;
        self.follow(verdict, span, &levels, mouth);
        self.levels = levels;
        Ok(())
    }

    /// Does with an event what was judged.
    fn follow(&mut self, verdict: Verdict, span: Span, levels: &[Level], mouth: &mut Mouth) {
        match verdict {
            Verdict::Apply => {
                self.book = Book::At(span.last);
                if !levels.is_empty() {
                    mouth.levels(levels);
                }
                return;
            }
            Verdict::Drop => return,
            Verdict::Gap(missed) => {
                self.count.fault(Fault::SequenceGap, mouth.known);
                mouth.push(DepthChange::Gap { missed }, Packet::Last);
            }
            Verdict::Wait => {}
        }
        self.book.wait(Waiting { span, at: mouth.at, levels: levels.to_vec() });
    }

    fn say_snapshot(&mut self, fields: &Fields, mouth: &mut Mouth) -> Result<(), String> {
        let id = line::number(fields.snapshot, "lastUpdateId")?;
        if self.book.last_update().is_some_and(|last| last >= id) {
            self.count.skip("snapshot older than the book");
            return Ok(());
        }
        let mut levels = std::mem::take(&mut self.levels);
        let (steps, known) = (self.steps, mouth.known);
        Scale { steps, count: &mut self.count, known }.levels(fields, &mut levels)?;
        mouth.push(DepthChange::Clear, Packet::More);
        mouth.levels(&levels);
        self.levels = levels;
        if let Book::Awaits(waiting) = std::mem::replace(&mut self.book, Book::Fresh(id)) {
            for event in waiting {
                let mut mouth = Mouth { at: event.at, known, into: &mut *mouth.into };
                match self.book.judge(event.span) {
                    Verdict::Drop => self.count.skip("before the snapshot"),
                    verdict => self.follow(verdict, event.span, &event.levels, &mut mouth),
                }
            }
        }
        Ok(())
    }

    fn say_best(&mut self, fields: &Fields, mouth: &mut Mouth) -> Result<(), String> {
        if self.options.best_quotes == BestQuotes::Leave {
            self.count.skip("bookTicker");
            return Ok(());
        }
        let (steps, known) = (self.steps, mouth.known);
        let mut scale = Scale { steps, count: &mut self.count, known };
        let bid = scale.fields((fields.bids, "b"), (fields.bid_size, "B"))?;
        let ask = scale.fields((fields.asks, "a"), (fields.ask_size, "A"))?;
        if let (Some((bid, bid_size)), Some((ask, ask_size))) = (bid, ask) {
            let best = |side, price, size| DepthChange::Best { side, price, size };
            mouth.push(best(BookSide::Bid, bid, bid_size), Packet::More);
            mouth.push(best(BookSide::Ask, ask, ask_size), Packet::Last);
        }
        Ok(())
    }

    fn say_trade(&mut self, kind: Kind, fields: &Fields, mouth: &mut Mouth) -> Result<(), String> {
        if *self.trades.get_or_insert(kind) != kind {
            self.count.skip("trade told twice");
            return Ok(());
        }
        let maker = match (fields.is_buyer_maker, fields.manner) {
            // Insurance fund and forced reductions meet no resting order.
            (_, Some(manner)) if manner != b"MARKET" => None,
            (Some(b"true"), _) => Some(BookSide::Bid),
            (Some(b"false"), _) => Some(BookSide::Ask),
            _ => return Err("its field \"m\" is missing or neither true nor false".to_owned()),
        };
        let (steps, known) = (self.steps, mouth.known);
        let mut scale = Scale { steps, count: &mut self.count, known };
        let Some((price, size)) = scale.fields((fields.price, "p"), (fields.size, "q"))? else {
            return Ok(());
        };
        if size.0 == 0 {
            self.count.fault(Fault::ZeroSize, known);
            return Ok(());
        }
        mouth.push(DepthChange::Trade { resting: maker, price, size }, Packet::Last);
        Ok(())
    }
}

fn fault(fault: impl Into<String>) -> Error {
    Error::ReadLine { line: 0, fault: fault.into() }
}
