//! A recorded book, as much of it as the feed shows.

use market::depth::{
    BookSide, DepthMessage, Fault, Ladder, Lots, OrderKey, Orders, Resting, Ticks, Top,
};

/// What a replay asks of a book.
pub trait RecordedBook: Default {
    /// Whether the feed shows orders, and not only sizes.
    const SHOWS_ORDERS: bool = false;

    /// Takes a message.
    fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault>;

    /// Best price of a side and its size.
    fn best(&self, side: BookSide) -> Option<(Ticks, Lots)>;

    /// Size at a price; `None` where the feed does not show it.
    fn shown(&self, side: BookSide, price: Ticks) -> Option<Lots>;

    /// Levels that are shown, best first.
    fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> + '_;

    /// False from a gap until the book is built anew.
    fn is_trusted(&self) -> bool;

    /// A recorded order; `None` where the feed shows no orders, or not this one.
    fn resting(&self, _order: OrderKey) -> Option<Resting> {
        None
    }

    /// Recorded orders that rest at a price; none where the feed shows no orders.
    fn waiting(&self, _side: BookSide, _price: Ticks) -> Vec<OrderKey> {
        Vec::new()
    }
}

impl RecordedBook for Ladder {
    #[inline]
    fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        Ladder::apply(self, message)
    }

    #[inline]
    fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        Ladder::best(self, side)
    }

    #[inline]
    fn shown(&self, side: BookSide, price: Ticks) -> Option<Lots> {
        Some(self.size_at(side, price))
    }

    fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        Ladder::levels(self, side)
    }

    #[inline]
    fn is_trusted(&self) -> bool {
        Ladder::is_trusted(self)
    }
}

impl RecordedBook for Top {
    #[inline]
    fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        Top::apply(self, message)
    }

    #[inline]
    fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        Top::best(self, side)
    }

    fn shown(&self, side: BookSide, price: Ticks) -> Option<Lots> {
        match Top::best(self, side) {
            Some((best, size)) if best == price => Some(size),
            // Nobody stands in front of the best price.
            Some((best, _)) if side.is_better(price, best) => Some(Lots::ZERO),
            Some(_) => None,
            None => Some(Lots::ZERO),
        }
    }

    fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        Top::best(self, side).into_iter()
    }

    #[inline]
    fn is_trusted(&self) -> bool {
        Top::is_trusted(self)
    }
}

impl RecordedBook for Orders {
    const SHOWS_ORDERS: bool = true;

    #[inline]
    fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        Orders::apply(self, message)
    }

    #[inline]
    fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        Orders::best(self, side)
    }

    #[inline]
    fn shown(&self, side: BookSide, price: Ticks) -> Option<Lots> {
        Some(self.size_at(side, price))
    }

    fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        Orders::levels(self, side)
    }

    #[inline]
    fn is_trusted(&self) -> bool {
        Orders::is_trusted(self)
    }

    #[inline]
    fn resting(&self, order: OrderKey) -> Option<Resting> {
        self.order(order)
    }

    fn waiting(&self, side: BookSide, price: Ticks) -> Vec<OrderKey> {
        self.queue(side, price).map(|(order, _)| order).collect()
    }
}
