//! A market maker at the touch: the simplest strategy that a replay can be judged by.
//!
//! It keeps post-only orders on both sides, from the best price outward, and takes none back
//! unless it is no longer wanted. It forecasts nothing: what it earns is spread, what it loses is
//! adverse selection, and both are measured.

use base::Span;
use market::depth::{BookSide, Lots, Ticks};
use serde::{Deserialize, Serialize};
use sim::replay::{Course, OwnId, RecordedBook, Replay, Standing, Terms, Wish};

/// How it quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// How often it looks.
    pub every: Span,
    /// Orders a side, one tick apart.
    pub levels: i64,
    /// Size of each.
    pub size: Lots,
    /// It stops adding to a position of this size.
    pub most: Lots,
}

impl Default for Maker {
    /// One order a side, of ten lots, looked at ten times a second, up to fifty lots.
    fn default() -> Maker {
        Maker { every: Span::from_nanos(100_000_000), levels: 1, size: Lots(10), most: Lots(50) }
    }
}

/// Names of orders hold their side and price, so that one price has one order.
const fn name(side: BookSide, price: i64) -> OwnId {
    let side = match side {
        BookSide::Bid => 0,
        BookSide::Ask => 1,
    };
    OwnId((price as u64) << 1 | side)
}

impl Maker {
    /// Quotes to the end of the recording; `each` sees the replay after every look.
    pub fn quote<B: RecordedBook>(
        &self,
        replay: &mut Replay<'_, B>,
        mut each: impl FnMut(&Replay<'_, B>),
    ) -> Result<(), sim::Error> {
        while replay.advance(self.every)? == Course::Going {
            self.renew(replay);
            each(replay);
        }
        Ok(())
    }

    /// Cancels what is not wanted any more and sends what is missing.
    fn renew<B: RecordedBook>(&self, replay: &mut Replay<'_, B>) {
        replay.forget_done();
        let wanted = self.wanted(replay);
        let unwanted: Vec<OwnId> = replay
            .orders()
            .iter()
            .filter(|order| order.standing == Standing::Working && !order.cancelling)
            .map(|order| order.wish.id)
            .filter(|id| !wanted.iter().any(|(side, price)| name(*side, *price) == *id))
            .collect();
        for id in unwanted {
            // It was working a moment ago; where it has traded, the venue refuses.
            let _refused_where_done = replay.cancel(id);
        }
        for (side, price) in wanted {
            let terms = Terms::PostOnly { price: Ticks(price) };
            let wish = Wish { id: name(side, price), side, size: self.size, terms };
            let _refused_where_there = replay.place(wish);
        }
    }

    fn wanted<B: RecordedBook>(&self, replay: &Replay<'_, B>) -> Vec<(BookSide, i64)> {
        let position = replay.account().position;
        let mut wanted = Vec::new();
        for side in [BookSide::Bid, BookSide::Ask] {
            let room = position.0 * side.sign() < self.most.0;
            let Some((best, _)) = replay.book().best(side).filter(|_| room) else {
                continue;
            };
            wanted.extend((0..self.levels).map(|away| (side, best.0 - away * side.sign())));
        }
        match replay.book().is_trusted() {
            true => wanted,
            false => Vec::new(),
        }
    }
}
