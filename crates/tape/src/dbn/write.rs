//! Made messages as a DBN file of schema `mbo`, so that other tools can read them.
//!
//! The file says what it is: its data set is [`SYNTHETIC`](super::SYNTHETIC), which no venue is
//! called. What traded is written as the vendor does: a fill, then a cancel or nothing else.

use std::collections::HashMap;
use std::io::Write;

use base::Ts;
use dbn::encode::EncodeRecord;
use dbn::encode::dbn::Encoder;
use dbn::{FlagSet, MboMsg, MetadataBuilder, RecordHeader, SType, Schema};
use market::Qty;
use market::depth::{BookSide, DepthChange, DepthMessage, Grid, Lots, OrderKey, Packet, Ticks};

use super::SYNTHETIC;
use super::mbo::PRICE_SCALE;
use super::record::{BAD_BOOK, LAST, LEVEL, TOP_OF_BOOK};
use crate::Error;

/// The number under which the one instrument is written.
pub const INSTRUMENT: u32 = 1;

/// Writes messages of one instrument.
pub struct Writer<W: Write> {
    encoder: Encoder<W>,
    grid: Grid,
    /// What rests; the format repeats side, price and size where an order goes.
    resting: HashMap<OrderKey, Order>,
    /// Flags that the next record carries for a message that has none of its own.
    pending: u8,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    side: BookSide,
    price: Ticks,
    size: Lots,
}

/// What a record says beyond its times.
struct Said {
    action: u8,
    side: Option<BookSide>,
    order: u64,
    price: Option<Ticks>,
    size: Lots,
    flags: u8,
}

impl<W: Write> Writer<W> {
    /// Writes the head. `symbol` is what the instrument shall be called.
    ///
    /// # Errors
    /// Where the writer refuses.
    pub fn new(sink: W, symbol: &str, grid: Grid) -> Result<Writer<W>, Error> {
        let metadata = MetadataBuilder::new()
            .dataset(SYNTHETIC)
            .schema(Some(Schema::Mbo))
            .start(0)
            .stype_in(Some(SType::RawSymbol))
            .stype_out(SType::InstrumentId)
            .symbols(vec![symbol.to_owned()])
            .build();
        let encoder = Encoder::new(sink, &metadata).map_err(refused)?;
        Ok(Writer { encoder, grid, resting: HashMap::new(), pending: 0 })
    }

    /// Writes one message.
    ///
    /// # Errors
    /// Where a price or size does not fit the format, the message is about an order that does
    /// not rest, or the writer refuses.
    pub fn write(&mut self, message: &DepthMessage) -> Result<(), Error> {
        let said = match message.change {
            DepthChange::Gap { .. } => {
                self.pending |= BAD_BOOK;
                return Ok(());
            }
            DepthChange::Execute { order, size } => {
                let fill = self.take(order, size, b'F')?;
                self.record(message, fill, Packet::More)?;
                let by = self.take(order, size, b'C')?;
                self.shrink(order, size);
                by
            }
            DepthChange::Reduce { order, by } => {
                let said = self.take(order, by, b'C')?;
                self.shrink(order, by);
                said
            }
            DepthChange::Delete { order } => {
                let left = self.find(order)?.size;
                let said = self.take(order, left, b'C')?;
                self.shrink(order, left);
                said
            }
            change => self.say(change)?,
        };
        self.record(message, said, message.packet)
    }

    /// Writes what is buffered and gives the sink back.
    ///
    /// # Errors
    /// Where the writer refuses.
    pub fn finish(mut self) -> Result<(), Error> {
        self.encoder.get_mut().flush().map_err(|error| fault(error.to_string()))
    }

    fn say(&mut self, change: DepthChange) -> Result<Said, Error> {
        let nothing =
            Said { action: b'R', side: None, order: 0, price: None, size: Lots::ZERO, flags: 0 };
        Ok(match change {
            DepthChange::Clear => {
                self.resting.clear();
                nothing
            }
            DepthChange::Add { order, side, price, size } => {
                self.resting.insert(order, Order { side, price, size });
                let (side, price) = (Some(side), Some(price));
                Said { action: b'A', side, order: order.0, price, size, ..nothing }
            }
            DepthChange::Replace { order, price, size } => {
                let side = self.find(order)?.side;
                self.resting.insert(order, Order { side, price, size });
                let (side, price) = (Some(side), Some(price));
                Said { action: b'M', side, order: order.0, price, size, ..nothing }
            }
            DepthChange::Trade { resting, price, size } => {
                let (side, price) = (resting.map(BookSide::opposite), Some(price));
                Said { action: b'T', side, price, size, ..nothing }
            }
            DepthChange::Level { side, price, size } => {
                let action = if size == Lots::ZERO { b'C' } else { b'A' };
                let (side, price) = (Some(side), Some(price));
                Said { action, side, price, size, flags: LEVEL, ..nothing }
            }
            DepthChange::Best { side, price, size } => {
                let price = (size > Lots::ZERO).then_some(price);
                Said { action: b'A', side: Some(side), price, size, flags: TOP_OF_BOOK, ..nothing }
            }
            other => return Err(fault(format!("{other:?} has no record"))),
        })
    }

    fn find(&self, order: OrderKey) -> Result<Order, Error> {
        let found = self.resting.get(&order).copied();
        found.ok_or_else(|| fault(format!("order {} does not rest", order.0)))
    }

    fn take(&self, order: OrderKey, size: Lots, action: u8) -> Result<Said, Error> {
        let Order { side, price, .. } = self.find(order)?;
        let (side, price) = (Some(side), Some(price));
        Ok(Said { action, side, order: order.0, price, size, flags: 0 })
    }

    fn shrink(&mut self, order: OrderKey, by: Lots) {
        if let Some(resting) = self.resting.get_mut(&order) {
            resting.size -= by;
            if resting.size <= Lots::ZERO {
                self.resting.remove(&order);
            }
        }
    }

    fn record(&mut self, message: &DepthMessage, said: Said, packet: Packet) -> Result<(), Error> {
        let price = said.price.map_or(Some(dbn::UNDEF_PRICE), |price| {
            price.0.checked_mul(self.grid.tick().raw())?.checked_mul(PRICE_SCALE)
        });
        let raw = said.size.0.checked_mul(self.grid.lot().raw());
        let size = raw.filter(|raw| raw % Qty::SCALE == 0).map(|raw| raw / Qty::SCALE);
        let (Some(price), Some(Ok(size))) = (price, size.map(u32::try_from)) else {
            return Err(fault(format!("{:?}: price or size does not fit", message.change)));
        };
        let last = if packet == Packet::Last { LAST } else { 0 };
        let flags = said.flags | last | std::mem::take(&mut self.pending);
        let record = MboMsg {
            hd: RecordHeader::new::<MboMsg>(dbn::rtype::MBO, 0, INSTRUMENT, nanos(message.at)?),
            order_id: said.order,
            price,
            size,
            flags: FlagSet::new(flags),
            channel_id: 0,
            action: said.action as _,
            side: said.side.map_or(b'N', letter) as _,
            ts_recv: nanos(message.known)?,
            ts_in_delta: 0,
            sequence: 0,
        };
        self.encoder.encode_record(&record).map_err(refused)
    }
}

fn letter(side: BookSide) -> u8 {
    match side {
        BookSide::Bid => b'B',
        BookSide::Ask => b'A',
    }
}

fn nanos(at: Ts) -> Result<u64, Error> {
    u64::try_from(at.nanos()).map_err(|_| fault(format!("{at} lies before 1970")))
}

fn refused(error: dbn::Error) -> Error {
    fault(error.to_string())
}

fn fault(fault: String) -> Error {
    Error::Write { format: "DBN", fault }
}
