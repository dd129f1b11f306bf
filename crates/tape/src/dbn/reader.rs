//! Records out of a stream of bytes.

use std::io::Read;

use dbn::rtype;
use market::depth::{DepthChange, DepthMessage, FaultCounts, Grid, Packet};

use super::head::{Head, fill};
use super::mbo::{Orders, PRICE_SCALE};
use super::quotes::{Kind, Out, Quotes};
use super::record::{DEPTH_BYTES, HEADER_BYTES, MBO_BYTES, QUOTE_BYTES, TRADE_BYTES, time, u64_at};
use crate::Error;
use crate::messages::{Count, Messages, Outbox, Skipped, Steps, error_last};

/// Bytes read at a time: they and their messages fit the second-level cache.
const BLOCK_BYTES: usize = 128 << 10;
/// The length of a record is one byte that counts words of four bytes.
const LONGEST_RECORD_BYTES: usize = 255 * 4;

/// Which instrument of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Pick {
    /// The only one; a second one is an error.
    #[default]
    Only,
    /// That of the venue's number.
    Id(u32),
    /// That of a symbol in the file's head. Where the symbol passes from one number to the next
    /// (a continuous future), the book is cleared between.
    Symbol(String),
}

/// What to read and how to count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// Which instrument.
    pub pick: Pick,
    /// The vendor's number of a venue, for files that hold books of several.
    pub publisher: Option<u16>,
}

impl Options {
    /// The only instrument of the file on this grid.
    pub fn new(grid: Grid) -> Options {
        Options { grid, pick: Pick::Only, publisher: None }
    }
}

/// A DBN file being read. Compressed bytes are to be unpacked before.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    head: Head,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are taken, and that are there.
    taken: usize,
    filled: usize,
    /// Bytes of the file before the buffer.
    offset: u64,
    is_at_end: bool,
    broken: Option<Error>,
    outbox: Outbox,
    state: State,
}

/// What records change; apart from the buffer they lie in.
#[derive(Debug)]
struct State {
    options: Options,
    ids: Vec<u32>,
    steps: Steps,
    /// Publisher and instrument that are being read.
    current: Option<u64>,
    is_trade_after_quote: bool,
    orders: Orders,
    quotes: Quotes,
    count: Count,
    records: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the head and checks that the instrument is there.
    ///
    /// # Errors
    /// Where the head is damaged, the instrument is not in the file, or none is chosen of several.
    pub fn new(mut source: R, options: Options) -> Result<Reader<R>, Error> {
        let head = Head::read(&mut source)?;
        let Some(steps) = Steps::scaled_up(options.grid, PRICE_SCALE) else {
            let fault = format!("a tick of {} is too large for this format", options.grid.tick());
            return Err(Error::FindGrid { fault });
        };
        let state = State {
            ids: chosen(&head, &options.pick)?,
            is_trade_after_quote: head.schema == Some("tbbo"),
            options,
            steps,
            current: None,
            orders: Orders::default(),
            quotes: Quotes::default(),
            count: Count::default(),
            records: 0,
        };
        Ok(Reader {
            source,
            offset: head.bytes,
            head,
            buffer: vec![0; BLOCK_BYTES],
            taken: 0,
            filled: 0,
            is_at_end: false,
            broken: None,
            outbox: Outbox::default(),
            state,
        })
    }

    /// What the file's head says.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Records read so far, of all instruments and kinds.
    pub fn records(&self) -> u64 {
        self.state.records
    }

    /// Fills the buffer behind what is left in it.
    fn refill(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.offset += self.taken as u64;
        self.filled -= self.taken;
        self.taken = 0;
        let end = self.offset + self.filled as u64;
        let got = fill(&mut self.source, &mut self.buffer[self.filled..]).map_err(|error| {
            self.is_at_end = true;
            match error {
                Error::ReadBytes { offset, source } => {
                    Error::ReadBytes { offset: end + offset, source }
                }
                other => other,
            }
        })?;
        self.filled += got;
        self.is_at_end = self.filled < self.buffer.len();
        Ok(())
    }

    /// Reads one buffer of records.
    fn read_block(&mut self, into: &mut Vec<DepthMessage>, from: usize) -> Result<(), Error> {
        self.refill()?;
        while self.filled - self.taken >= HEADER_BYTES {
            let rest = &self.buffer[self.taken..self.filled];
            let length = usize::from(rest[0]) * 4;
            if length < HEADER_BYTES {
                return Err(self.fault(format!("a length of {length} bytes can't be: damaged")));
            }
            if rest.len() < length {
                break;
            }
            if let Err(error) = self.state.say(&rest[..length], into, from) {
                return Err(match error {
                    Error::ReadRecord { fault, .. } => self.fault(fault),
                    other => other,
                });
            }
            self.state.records += 1;
            self.taken += length;
        }
        let left = self.filled - self.taken;
        if self.is_at_end && left > 0 {
            return Err(self.fault(format!(
                "the file ends {left} bytes into it; all records before are whole: fetch the \
                 file again"
            )));
        }
        debug_assert!(left < LONGEST_RECORD_BYTES);
        Ok(())
    }

    #[cold]
    fn fault(&self, fault: String) -> Error {
        let byte = self.offset + self.taken as u64;
        Error::ReadRecord { record: self.state.records, fault: format!("at byte {byte}: {fault}") }
    }
}

impl<R: Read> Messages for Reader<R> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let from = into.len();
        self.outbox.begin(into);
        while into.len() < from + 2 && !self.is_at_end {
            if let Err(error) = self.read_block(into, from) {
                self.is_at_end = true;
                self.broken = Some(error);
            } else if self.is_at_end && self.state.orders.in_snapshot() {
                Outbox::close(into, from);
            }
        }
        if !self.is_at_end {
            self.outbox.hold(into, from);
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

    fn is_synthetic(&self) -> bool {
        self.head.is_synthetic()
    }
}

impl State {
    #[inline]
    fn say(
        &mut self,
        bytes: &[u8],
        into: &mut Vec<DepthMessage>,
        from: usize,
    ) -> Result<(), Error> {
        let key = u64_at(bytes, 0) >> 16;
        let kind = bytes[1];
        if self.current != Some(key) && !(has_words(kind) && self.turn_to(key, bytes, into)?) {
            if !has_words(kind) {
                self.count.skip(name(kind));
            }
            return Ok(());
        }
        match bytes.first_chunk::<MBO_BYTES>() {
            Some(bytes) if kind == rtype::MBO => {
                self.orders.say(bytes, &self.steps, &mut self.count, (into, from));
                Ok(())
            }
            _ => self.say_quote(bytes, into, from),
        }
    }

    fn say_quote(
        &mut self,
        bytes: &[u8],
        into: &mut Vec<DepthMessage>,
        from: usize,
    ) -> Result<(), Error> {
        let (kind, needed) = match bytes[1] {
            rtype::MBP_0 => (Kind::Trade, TRADE_BYTES),
            rtype::MBP_1 if self.is_trade_after_quote => (Kind::QuoteBeforeTrade, QUOTE_BYTES),
            rtype::TCBBO => (Kind::QuoteBeforeTrade, QUOTE_BYTES),
            rtype::MBP_1 | rtype::CMBP_1 => (Kind::Event, QUOTE_BYTES),
            rtype::MBP_10 => (Kind::Event, DEPTH_BYTES),
            rtype::BBO_1S | rtype::BBO_1M | rtype::CBBO_1S | rtype::CBBO_1M => {
                (Kind::Sample, QUOTE_BYTES)
            }
            rtype::MBO => (Kind::Trade, MBO_BYTES),
            other => {
                self.count.skip(name(other));
                return Ok(());
            }
        };
        let Some(bytes) = bytes.get(..needed) else {
            let fault = format!(
                "{} bytes are too few for a record of kind {}, which has {needed}: damaged",
                bytes.len(),
                name(bytes[1]),
            );
            return Err(Error::ReadRecord { record: self.records, fault });
        };
        let (steps, count) = (&self.steps, &mut self.count);
        self.quotes.say(bytes, kind, &mut Out { steps, count, into, from });
        Ok(())
    }

    /// True where records of that publisher and instrument are to be read from here on.
    #[cold]
    fn turn_to(
        &mut self,
        key: u64,
        bytes: &[u8],
        into: &mut Vec<DepthMessage>,
    ) -> Result<bool, Error> {
        let (publisher, id) = (key as u16, (key >> 16) as u32);
        if !self.ids.is_empty() && !self.ids.contains(&id) {
            return Ok(false);
        }
        if self.options.publisher.is_some_and(|wanted| wanted != publisher) {
            return Ok(false);
        }
        let Some(current) = self.current.replace(key) else {
            return Ok(true);
        };
        let (old_publisher, old_id) = (current as u16, (current >> 16) as u32);
        if old_publisher != publisher {
            let known = format!("instrument {id}, publishers {old_publisher} and {publisher}");
            return Err(Error::ChooseInstrument { known });
        }
        if self.ids.is_empty() {
            let known = format!("numbers {old_id} and {id}, perhaps more");
            return Err(Error::ChooseInstrument { known });
        }
        let at = time(u64_at(bytes, 8)).unwrap_or_default();
        let known = self.count.latest(at);
        let change = DepthChange::Clear;
        into.push(DepthMessage { at, known, change, packet: Packet::More });
        Ok(true)
    }
}

/// Numbers of the instrument that is asked for; none where the first one seen will do.
fn chosen(head: &Head, pick: &Pick) -> Result<Vec<u32>, Error> {
    let names: Vec<&str> = head.listed.iter().map(|listed| listed.symbol.as_str()).collect();
    match pick {
        Pick::Only if names.len() > 1 => Err(Error::ChooseInstrument { known: names.join(", ") }),
        Pick::Only => Ok(Vec::new()),
        Pick::Id(id) => Ok(vec![*id]),
        Pick::Symbol(symbol) => {
            let found = head.listed.iter().find(|listed| listed.symbol == *symbol);
            match found.map(|listed| listed.ids.clone()) {
                Some(ids) if !ids.is_empty() => Ok(ids),
                _ => Err(Error::ReadHead {
                    format: "DBN",
                    fault: format!("it lists no symbol {symbol:?}; it has {}", names.join(", ")),
                }),
            }
        }
    }
}

/// True where a kind of record is told in words of order books.
fn has_words(kind: u8) -> bool {
    matches!(
        kind,
        rtype::MBO
            | rtype::MBP_0
            | rtype::MBP_1
            | rtype::MBP_10
            | rtype::CMBP_1
            | rtype::TCBBO
            | rtype::BBO_1S
            | rtype::BBO_1M
            | rtype::CBBO_1S
            | rtype::CBBO_1M
    )
}

/// What the vendor calls a kind of record.
fn name(kind: u8) -> &'static str {
    dbn::RType::try_from(kind).map_or("unknown kind", |kind| kind.as_str())
}
