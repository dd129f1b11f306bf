//! The best price of each side: a book of depth one.

use super::{BookSide, DepthChange, DepthMessage, Fault, Lots, Ticks, judge};

/// The best bid and ask with their sizes (L1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    bid: Option<(Ticks, Lots)>,
    ask: Option<(Ticks, Lots)>,
    /// Sides not told since messages went missing.
    unsure_bid: bool,
    unsure_ask: bool,
}

impl Default for Top {
    fn default() -> Top {
        Top::new()
    }
}

impl Top {
    /// Nothing rests.
    pub const fn new() -> Top {
        Top { bid: None, ask: None, unsure_bid: false, unsure_ask: false }
    }

    /// Takes [`DepthChange::Clear`] and [`DepthChange::Best`]; trades change nothing, and after a
    /// gap a side is trusted again once it is told.
    ///
    /// # Errors
    /// The message was refused, and nothing changed; or it left the book locked, crossed or with
    /// messages missing, which is said as well.
    pub fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match message.change {
            DepthChange::Clear => *self = Top::new(),
            DepthChange::Best { side, price, size } => self.set(side, price, size)?,
            DepthChange::Gap { .. } => {
                (self.unsure_bid, self.unsure_ask) = (true, true);
                return Err(Fault::SequenceGap);
            }
            ref other => judge::other(other)?,
        }
        if !self.is_trusted() {
            return Ok(());
        }
        judge::touch(message.packet, self.price(BookSide::Bid), self.price(BookSide::Ask))
    }

    /// The best price of a side and the size there.
    pub const fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        match side {
            BookSide::Bid => self.bid,
            BookSide::Ask => self.ask,
        }
    }

    /// Size at a price; zero where it is not the best one.
    pub fn size_at(&self, side: BookSide, price: Ticks) -> Lots {
        self.best(side).filter(|(best, _)| *best == price).map_or(Lots::ZERO, |(_, size)| size)
    }

    /// The best price alone, if there is one.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> {
        self.best(side).into_iter()
    }

    /// False while messages are missing.
    pub const fn is_trusted(&self) -> bool {
        !self.unsure_bid && !self.unsure_ask
    }

    fn price(&self, side: BookSide) -> Option<Ticks> {
        self.best(side).map(|(price, _)| price)
    }

    fn set(&mut self, side: BookSide, price: Ticks, size: Lots) -> Result<(), Fault> {
        judge::size_or_none(size)?;
        let best = (size > Lots::ZERO).then_some((price, size));
        if best.is_some() {
            judge::price(price)?;
        }
        match side {
            BookSide::Bid => (self.bid, self.unsure_bid) = (best, false),
            BookSide::Ask => (self.ask, self.unsure_ask) = (best, false),
        }
        Ok(())
    }
}
