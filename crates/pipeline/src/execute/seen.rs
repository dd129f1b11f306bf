//! The market as it was known, for looking back.

use base::Ts;
use desk::tca::{QuotePoint, Tape as Seen, TradePoint};
use market::Qty;
use market::depth::{BookSide, DepthChange, DepthMessage, Grid, Lots, Packet, Ticks};
use serde::Serialize;
use sim::replay::{RecordedBook, Tape};

use crate::depth::recording::says_prints;

/// Quotes and trades of a recording, at the times when they were received.
#[derive(Debug, Clone)]
pub struct Market {
    /// Quotes and trades.
    pub seen: Seen,
    /// The trades in lots, for workers that count volume.
    pub(super) prints: Vec<(Ts, Lots)>,
}

/// What a market was like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Facts {
    /// First moment with a whole book.
    pub from: Ts,
    /// Last moment of the recording.
    pub to: Ts,
    /// Changes of the best prices.
    pub quotes: u64,
    /// Trades.
    pub trades: u64,
    /// Units traded.
    pub volume: Qty,
}

impl Market {
    /// Reads a recording through once.
    pub fn of<B: RecordedBook>(tape: &Tape) -> Market {
        let (grid, messages) = (tape.grid(), tape.messages());
        let printed = says_prints(messages);
        let mut market = Market { seen: Seen::default(), prints: Vec::new() };
        let mut book = B::default();
        for message in messages {
            market.trade(&book, message, printed, grid);
            // What is wrong with a message is counted by the replay.
            let _counted_there = book.apply(message);
            if message.packet == Packet::Last {
                market.quote(best(&book), message.known, grid);
            }
        }
        // What stood last stood to the end of the recording, which later prices are looked up by.
        if let (Some(last), Some(end)) = (market.seen.quotes.last().copied(), messages.last()) {
            market.seen.quotes.push(QuotePoint { at: end.known, ..last });
        }
        market
    }

    fn quote(&mut self, best: Option<(Ticks, Ticks)>, at: Ts, grid: &Grid) {
        let Some((bid, ask)) = best else { return };
        let quote = QuotePoint { at, bid: grid.price(bid), ask: grid.price(ask) };
        let same = |last: &QuotePoint| (last.bid, last.ask) == (quote.bid, quote.ask);
        if !self.seen.quotes.last().is_some_and(same) {
            self.seen.quotes.push(quote);
        }
    }

    fn trade<B: RecordedBook>(
        &mut self,
        book: &B,
        message: &DepthMessage,
        printed: bool,
        grid: &Grid,
    ) {
        let (price, size) = match message.change {
            DepthChange::Trade { price, size, .. } => (price, size),
            DepthChange::Execute { order, size } if !printed => match book.resting(order) {
                Some(resting) => (resting.price, size.min(resting.size)),
                None => return,
            },
            _ => return,
        };
        if size.0 <= 0 || price.0 <= 0 {
            return;
        }
        let (price, qty) = (grid.price(price), grid.qty(size));
        self.seen.trades.push(TradePoint { at: message.known, price, qty });
        self.prints.push((message.known, size));
    }

    /// What it was like; `None` without a whole book.
    pub fn facts(&self) -> Option<Facts> {
        let (first, last) = (self.seen.quotes.first()?, self.seen.quotes.last()?);
        Some(Facts {
            from: first.at,
            to: last.at,
            quotes: self.seen.quotes.len() as u64 - 1,
            trades: self.seen.trades.len() as u64,
            volume: self.seen.trades.iter().map(|trade| trade.qty).sum(),
        })
    }
}

/// Best prices of a book that can be acted on: whole, trusted and not locked or crossed.
pub(super) fn best<B: RecordedBook>(book: &B) -> Option<(Ticks, Ticks)> {
    let (bid, _) = book.best(BookSide::Bid).filter(|_| book.is_trusted())?;
    let (ask, _) = book.best(BookSide::Ask)?;
    (bid.0 < ask.0).then_some((bid, ask))
}
