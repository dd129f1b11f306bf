//! What all readers have in common: messages in blocks, faults counted on the way.

use std::collections::BTreeMap;

use base::Ts;
use market::depth::{DepthMessage, Fault, FaultCounts, Grid, Lots, Packet, Ticks};
use market::{Price, Qty};

use crate::Error;

/// A recorded feed of one instrument.
pub trait Messages {
    /// Appends the next messages, some thousands at a time. Appends nothing only at the end.
    ///
    /// # Errors
    /// What is wrong with the file and where. All messages before the fault were given out by
    /// earlier calls; after an error there is nothing more.
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error>;

    /// The grid that prices and sizes are counted in.
    fn grid(&self) -> Grid;

    /// What the feed should not have said so far.
    fn faults(&self) -> &FaultCounts;

    /// Records for which the domain has no word, counted by what the feed calls them.
    fn skipped(&self) -> &Skipped;

    /// True where a program made the file and says so; no venue did.
    fn is_synthetic(&self) -> bool {
        false
    }

    /// Reads all that is left.
    ///
    /// # Errors
    /// As [`Messages::read`].
    fn read_all(&mut self) -> Result<Vec<DepthMessage>, Error> {
        let mut all = Vec::new();
        loop {
            let before = all.len();
            self.read(&mut all)?;
            if all.len() == before {
                return Ok(all);
            }
        }
    }
}

/// A kept error, once the messages from before it were all given out: none came in this block.
pub(crate) fn error_last(broken: &mut Option<Error>, came: usize) -> Result<(), Error> {
    match came {
        0 => broken.take().map_or(Ok(()), Err),
        _ => Ok(()),
    }
}

/// Counts of records that were left out, by name.
pub type Skipped = BTreeMap<&'static str, u64>;

/// The finest grid there is: one step of the last decimal of [`Price`] and [`Qty`].
pub fn finest_grid() -> Grid {
    Grid::new(Price::from_raw(1), Qty::from_raw(1)).unwrap_or_else(|_| unreachable!("1 > 0"))
}

/// What every reader counts while it reads.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) faults: FaultCounts,
    pub(crate) skipped: Skipped,
    last_known: Option<Ts>,
}

impl Count {
    /// The time a message counts as received: never before its predecessor.
    #[inline]
    pub(crate) fn known(&mut self, received: Ts) -> Ts {
        match self.last_known {
            Some(last) if received < last => {
                self.faults.count(Fault::ClockBackwards, last);
                last
            }
            _ => {
                self.last_known = Some(received);
                received
            }
        }
    }

    /// The time of the message before; `otherwise` where there is none.
    pub(crate) fn latest(&self, otherwise: Ts) -> Ts {
        self.last_known.unwrap_or(otherwise)
    }

    #[cold]
    pub(crate) fn fault(&mut self, fault: Fault, at: Ts) {
        self.faults.count(fault, at);
    }

    pub(crate) fn skip(&mut self, name: &'static str) {
        *self.skipped.entry(name).or_insert(0) += 1;
    }
}

/// A grid as divisors of raw prices and sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    price: i64,
    size: i64,
}

impl Steps {
    /// Divisors for prices and sizes that are given in `price_scale` and `size_scale` raw units
    /// for each raw unit of [`Price`] and [`Qty`]. `None` where a divisor does not fit.
    pub(crate) fn scaled_up(grid: Grid, price_scale: i64) -> Option<Steps> {
        Some(Steps { price: grid.tick().raw().checked_mul(price_scale)?, size: grid.lot().raw() })
    }

    /// The price in ticks, or that it lies beside the grid.
    #[inline]
    pub(crate) fn ticks(&self, raw: i64) -> Result<Ticks, Fault> {
        let ticks = raw / self.price;
        if ticks * self.price == raw { Ok(Ticks(ticks)) } else { Err(Fault::OffGrid) }
    }

    /// The size in lots, or what is wrong with it.
    #[inline]
    pub(crate) fn lots(&self, raw: i64) -> Result<Lots, Fault> {
        let lots = raw / self.size;
        if raw < 0 {
            Err(Fault::NegativeSize)
        } else if lots * self.size != raw {
            Err(Fault::OffGrid)
        } else {
            Ok(Lots(lots))
        }
    }
}

/// Messages on their way out. The last one is held back while it is not known whether more of
/// its moment follow.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    held: Option<DepthMessage>,
}

impl Outbox {
    /// Puts back what the block before held.
    pub(crate) fn begin(&mut self, into: &mut Vec<DepthMessage>) {
        into.extend(self.held.take());
    }

    /// Marks the message before as the last of its moment.
    #[inline]
    pub(crate) fn close(into: &mut [DepthMessage], from: usize) {
        if let Some(last) = into[from..].last_mut() {
            last.packet = Packet::Last;
        }
    }

    /// Holds an unfinished moment's last message for the next block.
    pub(crate) fn hold(&mut self, into: &mut Vec<DepthMessage>, from: usize) {
        if into.len() > from && into[into.len() - 1].packet == Packet::More {
            self.held = into.pop();
        }
    }
}
