//! What every book asks of every message.

use super::{DepthChange, Fault, Lots, Packet, Ticks};

/// The farthest price and the largest size that a book takes, either way of zero: 2⁶⁰. Leaves
/// room to compare and subtract.
pub const FARTHEST: i64 = 1 << 60;

/// Refuses a price that can't be one.
#[inline]
pub(super) const fn price(price: Ticks) -> Result<(), Fault> {
    if price.0 > FARTHEST || price.0 < -FARTHEST { Err(Fault::OutOfRange) } else { Ok(()) }
}

/// Refuses a size that is negative or can't be one.
#[inline]
pub(super) const fn size_or_none(size: Lots) -> Result<(), Fault> {
    match size.0 {
        ..0 => Err(Fault::NegativeSize),
        0..=FARTHEST => Ok(()),
        _ => Err(Fault::OutOfRange),
    }
}

/// Refuses a size that is not positive or can't be one.
#[inline]
pub(super) const fn size(size: Lots) -> Result<(), Fault> {
    match size.0 {
        0 => Err(Fault::ZeroSize),
        _ => size_or_none(size),
    }
}

/// What is wrong with best prices at the end of a packet.
#[inline]
pub(super) fn touch(packet: Packet, bid: Option<Ticks>, ask: Option<Ticks>) -> Result<(), Fault> {
    let (Packet::Last, Some(bid), Some(ask)) = (packet, bid, ask) else { return Ok(()) };
    match bid.cmp(&ask) {
        std::cmp::Ordering::Less => Ok(()),
        std::cmp::Ordering::Equal => Err(Fault::Locked),
        std::cmp::Ordering::Greater => Err(Fault::Crossed),
    }
}

/// The refusal of a change that this book does not take by itself.
pub(super) fn other(change: &DepthChange) -> Result<(), Fault> {
    match change {
        DepthChange::Trade { price: at, size: of, .. } => price(*at).and(size(*of)),
        DepthChange::Gap { .. } => Err(Fault::SequenceGap),
        _ => Err(Fault::OtherDepth),
    }
}
