//! The size at each price: a book by level.

use super::{Band, BookSide, DepthChange, DepthMessage, Fault, Lots, Ticks, judge};

/// The size that rests at each price (L2).
#[derive(Debug, Clone)]
pub struct Ladder {
    bids: Band<Lots>,
    asks: Band<Lots>,
    is_trusted: bool,
}

impl Default for Ladder {
    fn default() -> Ladder {
        Ladder::new()
    }
}

impl Ladder {
    /// Nothing rests.
    pub fn new() -> Ladder {
        let (bids, asks) = (Band::new(BookSide::Bid), Band::new(BookSide::Ask));
        Ladder { bids, asks, is_trusted: true }
    }

    /// Takes [`DepthChange::Clear`] and [`DepthChange::Level`]; trades change nothing. After a gap
    /// changes are still taken, but the book is not trusted until it is cleared.
    ///
    /// # Errors
    /// The message was refused, and nothing changed; or it left the book locked, crossed or with
    /// messages missing, which is said as well.
    #[inline]
    pub fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match message.change {
            DepthChange::Level { side, price, size } => self.set(side, price, size)?,
            DepthChange::Clear => {
                self.bids.clear();
                self.asks.clear();
                self.is_trusted = true;
            }
            ref other => {
                self.is_trusted &= !matches!(other, DepthChange::Gap { .. });
                judge::other(other)?;
            }
        }
        if !self.is_trusted {
            return Ok(());
        }
        judge::touch(message.packet, self.bids.best(), self.asks.best())
    }

    /// The best price of a side and the size there.
    #[inline]
    pub fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        let band = self.band(side);
        let price = band.best()?;
        band.get(price).map(|size| (price, *size))
    }

    /// Size at a price.
    pub fn size_at(&self, side: BookSide, price: Ticks) -> Lots {
        self.band(side).get(price).copied().unwrap_or_default()
    }

    /// All prices of a side with their sizes, best first.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> {
        self.band(side).iter().map(|(price, size)| (price, *size))
    }

    /// False from a gap in the feed until the book is cleared.
    pub const fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    #[inline]
    const fn band(&self, side: BookSide) -> &Band<Lots> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    #[inline]
    fn set(&mut self, side: BookSide, price: Ticks, size: Lots) -> Result<(), Fault> {
        judge::price(price)?;
        judge::size_or_none(size)?;
        let band = match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        };
        match size {
            Lots::ZERO => _ = band.remove(price),
            size => *band.open(price) = size,
        }
        Ok(())
    }
}
