//! Recordings of Bitstamp's orders: each order's life as `created`, `changed` and `deleted`, as
//! text separated by commas (the package obAnalytics ships one) or as Parquet.
//!
//! Columns: `id`, `timestamp` (receipt, ms), `exchange.timestamp` (ms), `price`, `volume` (what
//! is left, in hundred-millionths of a coin), `action`, `direction`. An order that got smaller was
//! traded; one that is deleted with nothing left was traded to the end. Recordings begin without
//! a snapshot, so orders from before show only when they change: a book counts them as unknown.

use std::collections::HashMap;
use std::io::Read;

use base::Ts;
use bytes::Bytes;
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, FaultCounts, Grid, Lots, OrderKey, Packet, Ticks,
};

use crate::messages::{Count, Messages, Skipped, Steps};
use crate::rows::{self, Rows};
use crate::{Error, decimal};

/// The first line of the text form.
pub(crate) const HEADER: &str = "id,timestamp,exchange.timestamp,price,volume,action,direction";

/// A recording being read.
#[derive(Debug)]
pub struct Reader<R> {
    rows: Rows<R, Row>,
    state: State,
    broken: Option<Error>,
}

#[derive(Debug)]
struct State {
    grid: Grid,
    steps: Steps,
    count: Count,
    /// What is left of each order.
    left: HashMap<u64, Lots>,
}

/// One event of an order.
#[derive(Debug, Clone, Copy)]
struct Row {
    order: u64,
    received_ms: i64,
    at_ms: i64,
    /// In hundred-millionths, or why not.
    price: Result<i64, Fault>,
    volume: Result<i64, Fault>,
    action: Action,
    side: BookSide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Created,
    Changed,
    Deleted,
}

impl<R: Read> Reader<R> {
    /// Reads lines of text; the first one may name the columns.
    ///
    /// # Errors
    /// Where the grid's tick is too large.
    pub fn lines(source: R, grid: Grid) -> Result<Reader<R>, Error> {
        Ok(Reader { rows: Rows::lines(source, from_line), state: State::new(grid)?, broken: None })
    }

    /// Reads a Parquet file.
    ///
    /// # Errors
    /// Where it is no such file.
    pub fn table(bytes: Bytes, grid: Grid) -> Result<Reader<R>, Error> {
        let rows = Rows::table(bytes, from_batch)?;
        Ok(Reader { rows, state: State::new(grid)?, broken: None })
    }
}

impl<R: Read> Messages for Reader<R> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        rows::read(&mut self.rows, &mut self.broken, into, |row, into| self.state.say(&row, into))
    }

    fn grid(&self) -> Grid {
        self.state.grid
    }

    fn faults(&self) -> &FaultCounts {
        &self.state.count.faults
    }

    fn skipped(&self) -> &Skipped {
        &self.state.count.skipped
    }
}

impl State {
    fn new(grid: Grid) -> Result<State, Error> {
        let fault = || Error::FindGrid { fault: "the tick is too large".to_owned() };
        let steps = Steps::scaled_up(grid, 1).ok_or_else(fault)?;
        Ok(State { grid, steps, count: Count::default(), left: HashMap::new() })
    }

    fn say(&mut self, row: &Row, into: &mut Vec<DepthMessage>) {
        let time = |millis: i64| Ts::from_nanos(millis.saturating_mul(1_000_000));
        let known = self.count.known(time(row.received_ms));
        let place = row.price.and_then(|price| self.steps.ticks(price));
        let left = row.volume.and_then(|volume| self.steps.lots(volume));
        match place.and_then(|price| Ok((price, left?))) {
            Ok((price, left)) => {
                let change = self.change(row, price, left);
                let at = time(row.at_ms);
                into.push(DepthMessage { at, known, change, packet: Packet::Last });
            }
            Err(fault) => self.count.fault(fault, known),
        }
    }

    fn change(&mut self, row: &Row, price: Ticks, left: Lots) -> DepthChange {
        let order = OrderKey(row.order);
        let before = match row.action {
            Action::Deleted => self.left.remove(&row.order),
            _ => self.left.insert(row.order, left),
        };
        let traded = before.map_or(Lots::ZERO, |before| before - left);
        match row.action {
            Action::Created => DepthChange::Add { order, side: row.side, price, size: left },
            Action::Changed if traded > Lots::ZERO => DepthChange::Execute { order, size: traded },
            Action::Changed => DepthChange::Replace { order, price, size: left },
            Action::Deleted if left == Lots::ZERO && traded > Lots::ZERO => {
                DepthChange::Execute { order, size: traded }
            }
            Action::Deleted => DepthChange::Delete { order },
        }
    }
}

fn action(word: &[u8]) -> Result<Action, String> {
    match word {
        b"created" => Ok(Action::Created),
        b"changed" => Ok(Action::Changed),
        b"deleted" => Ok(Action::Deleted),
        _ => Err("its action is neither created, changed nor deleted".to_owned()),
    }
}

fn side(word: &[u8]) -> Result<BookSide, String> {
    match word {
        b"bid" => Ok(BookSide::Bid),
        b"ask" => Ok(BookSide::Ask),
        _ => Err("its direction is neither bid nor ask".to_owned()),
    }
}

fn from_line(line: &[u8]) -> Result<Option<Row>, String> {
    let plain: Vec<u8> = line.iter().copied().filter(|byte| *byte != b'"').collect();
    if plain == HEADER.as_bytes() {
        return Ok(None);
    }
    let fields: Vec<&[u8]> = plain.split(|byte| *byte == b',').collect();
    let &[order, received, at, price, volume, act, direction] = fields.as_slice() else {
        return Err(format!("it has {} fields instead of 7: {HEADER}", fields.len()));
    };
    let whole = |text: &[u8], name: &str| {
        decimal::whole(text).ok_or_else(|| format!("its {name} is no whole number"))
    };
    let millis = |text, name| -> Result<i64, String> {
        i64::try_from(whole(text, name)?).map_err(|_| format!("its {name} is no time"))
    };
    Ok(Some(Row {
        order: whole(order, "id")?,
        received_ms: millis(received, "timestamp")?,
        at_ms: millis(at, "exchange.timestamp")?,
        price: decimal::read(price).ok_or("its price is no decimal number")?,
        volume: rows::signed(volume).map(Ok).ok_or("its volume is no whole number")?,
        action: action(act)?,
        side: side(direction)?,
    }))
}

fn from_batch(batch: &crate::table::Batch) -> Result<Vec<Result<Row, String>>, Error> {
    let [order, received, at, volume] =
        ["id", "timestamp", "exchange.timestamp", "volume"].map(|name| batch.wholes(name));
    let (order, received, at, volume) = (order?, received?, at?, volume?);
    let prices = batch.reals("price")?;
    let (actions, sides) = (batch.words("action")?, batch.words("direction")?);
    let row = |row: usize| -> Result<Row, String> {
        Ok(Row {
            order: order.value(row) as u64,
            received_ms: received.value(row),
            at_ms: at.value(row),
            price: rows::from_real(prices.value(row)),
            volume: Ok(volume.value(row)),
            action: action(actions.value(row).as_bytes())?,
            side: side(sides.value(row).as_bytes())?,
        })
    };
    Ok((0..prices.len()).map(row).collect())
}
