//! Whether an event explains how the book's columns changed.

use market::depth::BookSide;

use super::row::{Kind, Place, Row};

/// How often the columns changed as the message said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Events whose price was in sight before and after.
    pub checked: u64,
    /// Of these, events that the columns contradict.
    pub disagreed: u64,
    /// Number of the first one that disagreed, from 0.
    pub first: Option<u64>,
    /// Events beyond the last level, of which the columns can't tell.
    pub out_of_sight: u64,
}

impl Agreement {
    /// Holds an event against the book before and after it.
    pub(super) fn hold(&mut self, number: u64, before: &[Vec<Place>; 2], row: &Row) {
        let Some(after) = &row.book else { return };
        let change = match row.kind {
            Kind::New => row.size,
            Kind::Reduced | Kind::Deleted | Kind::Executed => -row.size,
            Kind::ExecutedHidden | Kind::Crossed | Kind::Halted => 0,
        };
        let side = usize::from(row.side == BookSide::Ask);
        let seen = |book: &[Vec<Place>; 2]| size_at(row.side, &book[side], row.price);
        match (change, seen(before), seen(after)) {
            (0, _, _) => self.count(number, before == after),
            (_, Some(was), Some(is)) => self.count(number, was + change == is),
            _ => self.out_of_sight += 1,
        }
    }

    fn count(&mut self, number: u64, agrees: bool) {
        self.checked += 1;
        if !agrees {
            self.disagreed += 1;
            self.first.get_or_insert(number);
        }
    }
}

/// The size at a price; zero where the price lies within the levels and has none, `None` where
/// it lies beyond the last.
fn size_at(side: BookSide, levels: &[Place], price: i64) -> Option<i64> {
    let found = levels.iter().find(|level| level.0 == price).map(|level| level.1);
    let worst = levels.last()?.0;
    let is_within = match side {
        BookSide::Bid => price > worst,
        BookSide::Ask => price < worst,
    };
    found.or(is_within.then_some(0))
}
