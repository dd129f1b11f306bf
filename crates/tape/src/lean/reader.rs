//! Messages out of ticks.

use std::io::{Cursor, Read};

use base::{Day, Span, Ts};
use bytes::Bytes;
use market::LocalClock;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, FaultCounts, Grid, Lots, Packet, Ticks,
};

use super::national::{National, Quote};
use super::row::{self, Place, Row, Time, What};
use crate::Error;
use crate::messages::{Count, Messages, Outbox, Skipped, Steps};
use crate::rows::{self, Rows};

/// A zip archive unpacks to no more: a day of quotes takes less.
const LARGEST_TEXT_BYTES: u64 = 4 << 30;

/// What a row of quotes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quotes {
    /// The best of all exchanges, until the next row of its side.
    #[default]
    Best,
    /// The best of one exchange, until its next row of that side; the best of all is made here.
    EachExchange,
}

/// What to read and how to count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What a row of quotes means.
    pub quotes: Quotes,
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// The day of a text; tables say it themselves.
    pub day: Option<Day>,
}

/// Ticks being read.
#[derive(Debug)]
pub struct Reader<R> {
    rows: Rows<R, Row>,
    state: State,
    broken: Option<Error>,
    outbox: Outbox,
}

#[derive(Debug)]
struct State {
    options: Options,
    midnight: Ts,
    steps: Steps,
    count: Count,
    national: National,
    day: Option<Day>,
    at: Option<Ts>,
}

impl<R: Read> Reader<R> {
    /// Reads text.
    ///
    /// # Errors
    /// Where the day is not given or before 2007.
    pub fn lines(source: R, options: Options) -> Result<Reader<R>, Error> {
        let fault = "the day of the text must be given; its name begins with it".to_owned();
        let day = options.day.ok_or(Error::ReadHead { format: "LEAN", fault })?;
        let midnight = LocalClock::NewYork.midnight(day);
        let fault = format!("the day {day} has no known New York time");
        let midnight = midnight.ok_or(Error::ReadHead { format: "LEAN", fault })?;
        let rows = Rows::lines(source, row::from_line);
        Ok(Reader::of(rows, State::new(options, midnight)?))
    }

    /// Reads a Parquet table of columns `ts` (New York), `exchange`, `suspicious`, and `bid`,
    /// `bid_size`, `ask`, `ask_size` or `price`, `size`.
    ///
    /// # Errors
    /// Where it is no Parquet file.
    pub fn table(bytes: Bytes, options: Options) -> Result<Reader<R>, Error> {
        let rows = Rows::table(bytes, row::from_batch)?;
        Ok(Reader::of(rows, State::new(options, Ts::MIN)?))
    }

    fn of(rows: Rows<R, Row>, state: State) -> Reader<R> {
        Reader { rows, state, broken: None, outbox: Outbox::default() }
    }
}

/// The text and the day of an archive with one text.
///
/// # Errors
/// Where it is no archive, holds no text, or its text does not unpack.
pub fn read_zip(bytes: &[u8]) -> Result<(Vec<u8>, Option<Day>), Error> {
    let fault = |fault: String| Error::ReadHead { format: "zip", fault };
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| fault(error.to_string()))?;
    if archive.len() != 1 {
        return Err(fault(format!("it holds {} files instead of one", archive.len())));
    }
    let file = archive.by_index(0).map_err(|error| fault(error.to_string()))?;
    let day = row::day_of(file.name());
    let mut text = Vec::new();
    let read = file.take(LARGEST_TEXT_BYTES).read_to_end(&mut text);
    read.map_err(|error| fault(format!("{error}; is it cut off?")))?;
    Ok((text, day))
}

impl<R: Read> Messages for Reader<R> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        let from = into.len();
        self.outbox.begin(into);
        let held = into.len();
        let state = &mut self.state;
        let read = rows::read(&mut self.rows, &mut self.broken, into, |row, into| {
            state.say(&row, (into, from));
        });
        match read {
            Err(error) if into.len() == from => return Err(error),
            Err(error) => self.broken = Some(error),
            Ok(()) => {}
        }
        // Rows of one millisecond belong together: the last is known by the next one's time.
        if into.len() == held || into.len() == from + 1 {
            Outbox::close(into, from);
        } else {
            self.outbox.hold(into, from);
        }
        Ok(())
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

impl State {
    fn new(options: Options, midnight: Ts) -> Result<State, Error> {
        let fault = || Error::FindGrid { fault: "the tick is too large".to_owned() };
        let steps = Steps::scaled_up(options.grid, 1).ok_or_else(fault)?;
        let (count, national) = (Count::default(), National::new());
        Ok(State { options, midnight, steps, count, national, day: None, at: None })
    }

    fn say(&mut self, row: &Row, (into, block): (&mut Vec<DepthMessage>, usize)) {
        if row.is_suspicious {
            self.count.skip("suspicious");
            return;
        }
        let at = match row.time {
            Time::OfDay(span) => self.midnight + span,
            Time::At(at) => at,
        };
        if self.at.is_some_and(|before| before < at) {
            Outbox::close(into, block);
        }
        self.at = Some(at);
        let known = self.count.known(at);
        let mut push = |change| {
            into.push(DepthMessage { at, known, change, packet: Packet::More });
        };
        // New York's clock is four or five hours behind; nothing trades from 20:00 to 04:00.
        let day = (at - Span::from_hours(4)).utc_day();
        if self.day.is_some_and(|before| before < day) {
            self.national = National::new();
            push(DepthChange::Clear);
        }
        self.day = Some(day);
        match row.what {
            What::Trade(place) => {
                if let Some((price, size)) = self.place(place, known) {
                    push(DepthChange::Trade { resting: None, price, size });
                }
            }
            What::Quote(sides) => {
                for (side, place) in [BookSide::Bid, BookSide::Ask].into_iter().zip(sides) {
                    let place = place.and_then(|place| self.place(place, known));
                    if let Some(Quote { price, size }) =
                        place.and_then(|place| self.best(row.exchange, side, place))
                    {
                        push(DepthChange::Best { side, price, size });
                    }
                }
            }
        }
    }

    /// The side's new best, where the row changes it.
    fn best(
        &mut self,
        exchange: u8,
        side: BookSide,
        (price, size): (Ticks, Lots),
    ) -> Option<Quote> {
        let exchange = match self.options.quotes {
            Quotes::Best => b'*',
            Quotes::EachExchange => exchange,
        };
        let none = Quote { price: Ticks::ZERO, size: Lots::ZERO };
        let best = self.national.quote(exchange, side, Quote { price, size })?;
        Some(best.unwrap_or(none))
    }

    fn place(&mut self, place: Place, known: Ts) -> Option<(Ticks, Lots)> {
        let on_grid = |(price, size)| -> Result<(Ticks, Lots), Fault> {
            Ok((self.steps.ticks(price)?, self.steps.lots(size)?))
        };
        match place.and_then(on_grid) {
            Ok(place) => Some(place),
            Err(fault) => {
                self.count.fault(fault, known);
                None
            }
        }
    }
}
