//! Records about single orders.

use base::Ts;
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, Lots, OrderKey, Packet, Ticks};
use market::{Price, Qty};

use super::record::{
    BAD_BOOK, LAST, LEVEL, MBO_BYTES, SNAPSHOT, TOP_OF_BOOK, hit, i64_at, resting, time, u32_at,
    u64_at,
};
use crate::messages::{Count, Outbox, Steps};

/// Raw units of a DBN price for each of [`Price`]: nine decimals instead of eight.
pub(super) const PRICE_SCALE: i64 = 1_000_000_000 / Price::SCALE;

/// What has to be remembered between records.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Fills of the event so far whose change of the book has not come yet.
    fills: Vec<(u64, u32)>,
    in_snapshot: bool,
    is_bad: bool,
}

/// One record, its fields read.
struct Record {
    order: u64,
    price: i64,
    size: u32,
    flags: u8,
    action: u8,
    side: u8,
}

/// When a record happened and was received.
#[derive(Clone, Copy)]
struct Times {
    at: Ts,
    known: Ts,
}

impl Orders {
    /// True between the first and the last order of a snapshot.
    pub(super) fn in_snapshot(&self) -> bool {
        self.in_snapshot
    }

    /// Says a record in words. `from` is where the messages of this block begin.
    #[inline]
    pub(super) fn say(
        &mut self,
        bytes: &[u8; MBO_BYTES],
        steps: &Steps,
        count: &mut Count,
        (into, from): (&mut Vec<DepthMessage>, usize),
    ) {
        let record = Record {
            order: u64_at(bytes, 16),
            price: i64_at(bytes, 24),
            size: u32_at(bytes, 32),
            flags: bytes[36],
            action: bytes[38],
            side: bytes[39],
        };
        let received = time(u64_at(bytes, 40)).or(time(u64_at(bytes, 8)));
        let known = count.known(received.unwrap_or(Ts::MIN));
        let times = Times { at: time(u64_at(bytes, 8)).unwrap_or(known), known };
        if record.flags & (SNAPSHOT | BAD_BOOK) != 0 || self.in_snapshot || self.is_bad {
            self.mark(&record, times, count, (into, from));
        }
        if let Err(fault) = self.say_change(&record, times, steps, into) {
            count.fault(fault, known);
        }
        if record.flags & LAST != 0 {
            Outbox::close(into, from);
            self.fills.clear();
        }
    }

    /// Beginning and end of snapshots and of lost messages.
    #[cold]
    fn mark(
        &mut self,
        record: &Record,
        times: Times,
        count: &mut Count,
        (into, from): (&mut Vec<DepthMessage>, usize),
    ) {
        let is_snapshot = record.flags & SNAPSHOT != 0;
        if self.in_snapshot && !is_snapshot {
            Outbox::close(into, from);
        }
        if is_snapshot && !self.in_snapshot && record.action != b'R' {
            // Files from before 2024 begin a snapshot without clearing the book.
            push(into, times, DepthChange::Clear);
        }
        self.in_snapshot = is_snapshot;
        let is_bad = record.flags & BAD_BOOK != 0;
        if is_bad && !self.is_bad {
            count.fault(Fault::SequenceGap, times.known);
            push(into, times, DepthChange::Gap { missed: 1 });
        }
        self.is_bad = is_bad;
    }

    #[inline]
    fn say_change(
        &mut self,
        record: &Record,
        times: Times,
        steps: &Steps,
        into: &mut Vec<DepthMessage>,
    ) -> Result<(), Fault> {
        let order = OrderKey(record.order);
        let change = match record.action {
            b'A' | b'M' if record.flags & (TOP_OF_BOOK | LEVEL) != 0 => place(record, steps)?,
            b'A' => DepthChange::Add {
                order,
                side: resting(record.side).ok_or(Fault::UnknownOrder)?,
                price: ticks(record.price, steps)?,
                size: lots(record.size, steps)?,
            },
            b'M' => {
                self.take_fill(record.order);
                let (price, size) = (ticks(record.price, steps)?, lots(record.size, steps)?);
                DepthChange::Replace { order, price, size }
            }
            b'C' if record.flags & LEVEL != 0 => place(&Record { size: 0, ..*record }, steps)?,
            b'C' => return self.say_cancel(record, times, steps, into),
            b'R' => DepthChange::Clear,
            b'T' => DepthChange::Trade {
                resting: hit(record.side),
                price: ticks(record.price, steps)?,
                size: lots(record.size, steps)?,
            },
            b'F' => {
                self.fills.push((record.order, record.size));
                return Ok(());
            }
            _ => return Ok(()),
        };
        push(into, times, change);
        Ok(())
    }

    /// A cancel is the venue's word for anything that takes from an order.
    #[inline]
    fn say_cancel(
        &mut self,
        record: &Record,
        times: Times,
        steps: &Steps,
        into: &mut Vec<DepthMessage>,
    ) -> Result<(), Fault> {
        let order = OrderKey(record.order);
        let by = lots(record.size, steps)?;
        if by == Lots::ZERO {
            push(into, times, DepthChange::Delete { order });
            return Ok(());
        }
        let filled = match self.fills.is_empty() {
            true => Lots::ZERO,
            false => lots(self.take_fill(record.order), steps)?.min(by),
        };
        if filled > Lots::ZERO {
            push(into, times, DepthChange::Execute { order, size: filled });
        }
        if by > filled {
            push(into, times, DepthChange::Reduce { order, by: by - filled });
        }
        Ok(())
    }

    /// Takes what the event has filled of an order so far.
    fn take_fill(&mut self, order: u64) -> u32 {
        let mut filled = 0_u32;
        self.fills.retain(|(key, size)| {
            filled = filled.saturating_add(if *key == order { *size } else { 0 });
            *key != order
        });
        filled
    }
}

/// A level or a best price under the guise of an order.
fn place(record: &Record, steps: &Steps) -> Result<DepthChange, Fault> {
    let side: BookSide = resting(record.side).ok_or(Fault::UnknownOrder)?;
    let nothing = record.price == dbn::UNDEF_PRICE;
    let price = if nothing { Ticks::ZERO } else { ticks(record.price, steps)? };
    let size = if nothing { Lots::ZERO } else { lots(record.size, steps)? };
    Ok(match record.flags & TOP_OF_BOOK != 0 {
        true => DepthChange::Best { side, price, size },
        false if nothing => return Err(Fault::OutOfRange),
        false => DepthChange::Level { side, price, size },
    })
}

/// A DBN price in ticks.
#[inline]
pub(super) fn ticks(price: i64, steps: &Steps) -> Result<Ticks, Fault> {
    if price == dbn::UNDEF_PRICE { Err(Fault::OutOfRange) } else { steps.ticks(price) }
}

/// A DBN size in lots.
#[inline]
pub(super) fn lots(size: u32, steps: &Steps) -> Result<Lots, Fault> {
    steps.lots(i64::from(size) * Qty::SCALE)
}

#[inline]
fn push(into: &mut Vec<DepthMessage>, times: Times, change: DepthChange) {
    let Times { at, known } = times;
    into.push(DepthMessage { at, known, change, packet: Packet::More });
}
