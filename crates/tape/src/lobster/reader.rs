//! Messages out of events.

use std::io::Read;

use base::{Day, Span, Ts};
use bytes::Bytes;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, FaultCounts, Grid, Lots, OrderKey, Packet, Ticks,
};
use market::{LocalClock, Qty};

use super::agree::Agreement;
use super::row::{self, Kind, PRICE_RAW, Place, Row};
use crate::Error;
use crate::lines::Lines;
use crate::messages::{Count, Messages, Skipped, Steps};
use crate::rows::{self, Rows};

/// In which words the events are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Words {
    /// As orders that come, trade and go.
    #[default]
    Orders,
    /// As levels out of the book's columns.
    Levels,
}

/// What to read and how to count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// The day; the file's name says it.
    pub day: Day,
    /// Orders or levels.
    pub words: Words,
}

/// A recording being read.
#[derive(Debug)]
pub struct Reader<R> {
    rows: Rows<R, Row>,
    books: Option<Lines<R>>,
    state: State,
    broken: Option<Error>,
}

#[derive(Debug)]
struct State {
    options: Options,
    midnight: Ts,
    steps: Steps,
    count: Count,
    agreement: Agreement,
    number: u64,
    before: Option<[Vec<Place>; 2]>,
}

impl<R: Read> Reader<R> {
    /// Reads the text of messages and, where it is there, the text of the book beside it.
    ///
    /// # Errors
    /// Where the day or the grid do not suit.
    pub fn lines(messages: R, book: Option<R>, options: Options) -> Result<Reader<R>, Error> {
        let rows = Rows::lines(messages, row::from_line);
        let state = State::new(options)?;
        if book.is_none() && options.words == Words::Levels {
            let fault = "levels need the text of the book beside that of the messages".to_owned();
            return Err(Error::ReadHead { format: "LOBSTER", fault });
        }
        Ok(Reader { rows, books: book.map(Lines::new), state, broken: None })
    }

    /// Reads a Parquet table of columns `ts_ns`, `type`, `order_id`, `size`, `price`,
    /// `direction`, and `ask_price_1`, `ask_size_1`, `bid_price_1`, `bid_size_1` and so on.
    ///
    /// # Errors
    /// Where it is no such table, or the day or the grid do not suit.
    pub fn table(bytes: Bytes, options: Options) -> Result<Reader<R>, Error> {
        row::check(&crate::table::Table::new(bytes.clone())?)?;
        let rows = Rows::table(bytes, row::from_batch)?;
        Ok(Reader { rows, books: None, state: State::new(options)?, broken: None })
    }

    /// How often the book's columns changed as the messages said.
    pub fn agreement(&self) -> Agreement {
        self.state.agreement
    }
}

impl<R: Read> Messages for Reader<R> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        let (books, state) = (&mut self.books, &mut self.state);
        let mut missing = None;
        let read = rows::read(&mut self.rows, &mut self.broken, into, |mut row, into| {
            if let Some(books) = books.as_mut().filter(|_| missing.is_none()) {
                match next_book(books) {
                    Ok(book) => row.book = Some(book),
                    Err(error) => missing = Some(error),
                }
            }
            if missing.is_none() {
                state.say(&row, into);
            }
        });
        if let Some(error) = missing {
            self.rows = Rows::Ended;
            self.broken = Some(error);
        }
        read
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

fn next_book<R: Read>(books: &mut Lines<R>) -> Result<[Vec<Place>; 2], Error> {
    let line = books.next()?.map(row::book_from_line);
    let number = books.number();
    let at = |fault: String| Error::ReadLine { line: number, fault: format!("the book: {fault}") };
    match line {
        Some(book) => book.map_err(at),
        None => Err(at("it ends before the messages do: fetch both again".to_owned())),
    }
}

impl State {
    fn new(options: Options) -> Result<State, Error> {
        let fault = |fault: &str| Error::FindGrid { fault: fault.to_owned() };
        let Some(midnight) = LocalClock::NewYork.midnight(options.day) else {
            let fault = format!("the day {} has no known New York time", options.day);
            return Err(Error::ReadHead { format: "LOBSTER", fault });
        };
        Ok(State {
            options,
            midnight,
            steps: Steps::scaled_up(options.grid, 1).ok_or(fault("the tick is too large"))?,
            count: Count::default(),
            agreement: Agreement::default(),
            number: 0,
            before: None,
        })
    }

    fn say(&mut self, row: &Row, into: &mut Vec<DepthMessage>) {
        let at = self.midnight + Span::from_nanos(row.nanos);
        let known = self.count.known(at);
        if let Some(before) = &self.before {
            self.agreement.hold(self.number, before, row);
        }
        let from = into.len();
        let mut mouth = Mouth { at, known, steps: self.steps, count: &mut self.count, into };
        mouth.trade(row);
        match (self.options.words, &row.book) {
            (Words::Orders, _) => mouth.order(row),
            (Words::Levels, Some(now)) => {
                let nothing = [Vec::new(), Vec::new()];
                mouth.levels(self.before.as_ref().unwrap_or(&nothing), now);
            }
            (Words::Levels, None) => self.count.skip("event without its book"),
        }
        if let Some(last) = into[from..].last_mut() {
            last.packet = Packet::Last;
        }
        self.before.clone_from(&row.book);
        self.number += 1;
    }
}

/// Says things of one moment.
struct Mouth<'a> {
    at: Ts,
    known: Ts,
    steps: Steps,
    count: &'a mut Count,
    into: &'a mut Vec<DepthMessage>,
}

impl Mouth<'_> {
    fn push(&mut self, change: DepthChange) {
        let (at, known, packet) = (self.at, self.known, Packet::More);
        self.into.push(DepthMessage { at, known, change, packet });
    }

    fn place(&mut self, (price, size): Place) -> Option<(Ticks, Lots)> {
        let raw = |value: i64, scale: i64| value.checked_mul(scale).ok_or(Fault::OutOfRange);
        let price = raw(price, PRICE_RAW).and_then(|raw| self.steps.ticks(raw));
        let size = raw(size, Qty::SCALE).and_then(|raw| self.steps.lots(raw));
        match price.and_then(|price| Ok((price, size?))) {
            Ok(place) => Some(place),
            Err(fault) => {
                self.count.fault(fault, self.known);
                None
            }
        }
    }

    fn trade(&mut self, row: &Row) {
        let resting = match row.kind {
            Kind::Executed => Some(row.side),
            Kind::ExecutedHidden | Kind::Crossed => None,
            _ => return,
        };
        if let Some((price, size)) = self.place((row.price, row.size)) {
            self.push(DepthChange::Trade { resting, price, size });
        }
    }

    fn order(&mut self, row: &Row) {
        let order = OrderKey(row.order);
        if row.kind == Kind::Halted {
            self.count.skip("trading halt");
            return;
        }
        let Some((price, size)) = self.place((row.price, row.size)) else { return };
        match row.kind {
            Kind::New => self.push(DepthChange::Add { order, side: row.side, price, size }),
            Kind::Reduced => self.push(DepthChange::Reduce { order, by: size }),
            Kind::Deleted => self.push(DepthChange::Delete { order }),
            Kind::Executed => self.push(DepthChange::Execute { order, size }),
            Kind::ExecutedHidden | Kind::Crossed | Kind::Halted => {}
        }
    }

    fn levels(&mut self, before: &[Vec<Place>; 2], now: &[Vec<Place>; 2]) {
        for (which, side) in [BookSide::Bid, BookSide::Ask].into_iter().enumerate() {
            let (before, now) = (&before[which], &now[which]);
            let gone = before.iter().filter(|old| now.iter().all(|new| new.0 != old.0));
            let new = now.iter().filter(|new| !before.contains(new));
            for place in gone.map(|old| (old.0, 0)).chain(new.copied()) {
                if let Some((price, size)) = self.place(place) {
                    self.push(DepthChange::Level { side, price, size });
                }
            }
        }
    }
}
