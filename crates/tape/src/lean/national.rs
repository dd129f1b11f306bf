//! The best bid and offer of all exchanges.

use market::depth::{BookSide, Lots, Ticks};

/// An exchange's letter.
pub type Exchange = u8;

/// The best of one side: a price, and all that exchanges show there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The price.
    pub price: Ticks,
    /// Size of all exchanges that quote this price.
    pub size: Lots,
}

/// Last quotes of each exchange.
#[derive(Debug, Clone, Default)]
pub struct National {
    /// Bids, then asks; an exchange has one entry at most.
    sides: [Vec<(Exchange, Quote)>; 2],
}

impl National {
    /// No quotes at all.
    pub fn new() -> National {
        National::default()
    }

    /// Takes in a quote; a size of zero withdraws it. Gives the side's new best where it changed:
    /// `Some(None)` where nobody quotes any more.
    pub fn quote(
        &mut self,
        exchange: Exchange,
        side: BookSide,
        quote: Quote,
    ) -> Option<Option<Quote>> {
        let before = self.best(side);
        let quotes = &mut self.sides[usize::from(side == BookSide::Ask)];
        quotes.retain(|(known, _)| *known != exchange);
        if quote.size > Lots::ZERO {
            quotes.push((exchange, quote));
        }
        let after = self.best(side);
        (before != after).then_some(after)
    }

    /// The best price of a side with all that is shown there.
    pub fn best(&self, side: BookSide) -> Option<Quote> {
        let quotes = &self.sides[usize::from(side == BookSide::Ask)];
        let better = |best: Ticks, quote: &(Exchange, Quote)| match side {
            BookSide::Bid => best.max(quote.1.price),
            BookSide::Ask => best.min(quote.1.price),
        };
        let price = quotes.iter().skip(1).fold(quotes.first()?.1.price, better);
        let there = quotes.iter().filter(|(_, quote)| quote.price == price);
        Some(Quote { price, size: there.map(|(_, quote)| quote.size).sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(price: i64, size: i64) -> Quote {
        Quote { price: Ticks(price), size: Lots(size) }
    }

    #[test]
    fn the_best_is_that_of_all_exchanges_with_what_they_show_together() {
        let mut national = National::new();
        let bid = BookSide::Bid;
        assert_eq!(national.quote(b'N', bid, quote(100, 5)), Some(Some(quote(100, 5))));
        assert_eq!(national.quote(b'Q', bid, quote(99, 7)), None);
        assert_eq!(national.quote(b'Q', bid, quote(100, 7)), Some(Some(quote(100, 12))));
        assert_eq!(national.quote(b'N', bid, quote(0, 0)), Some(Some(quote(100, 7))));
        assert_eq!(national.quote(b'Q', bid, quote(0, 0)), Some(None));
        assert_eq!(national.best(BookSide::Ask), None);
    }

    #[test]
    fn the_best_ask_is_the_lowest() {
        let mut national = National::new();
        let ask = BookSide::Ask;
        national.quote(b'N', ask, quote(102, 5));
        assert_eq!(national.quote(b'Q', ask, quote(101, 1)), Some(Some(quote(101, 1))));
    }
}
