//! What an agent sees.
//!
//! | column | both see |
//! | ---: | --- |
//! | 0 | spread, ticks ÷ 10 |
//! | 1 | queue imbalance at the best prices: (bid − ask) ÷ (bid + ask) |
//! | 2 | the same over the best five prices of each side |
//! | 3 | move of the middle over the last step, ticks ÷ 10 |
//! | 4 | (bought − sold) ÷ (bought + sold) by those who took, in the last step; 0 without any |
//! | 5 | part of the episode that is left |
//!
//! | column | a maker sees |
//! | ---: | --- |
//! | 6 | inventory, part of the most allowed; negative is short |
//! | 7, 9 | own bid, own ask: ticks behind the best of its side ÷ 10; −1 where none rests |
//! | 8, 10 | lots in front of it in its queue ÷ lots at its price; 1 where none rests |
//!
//! | column | who works an order sees |
//! | ---: | --- |
//! | 6 | part of the order that is left |
//! | 7, 8 | its resting order, as a maker's |
//! | 9 | middle less that at the beginning, ticks ÷ 10, positive where it is in favour |
//!
//! The fair price is not shown, nor is who the others are. All values are cut off at ±10.

use market::depth::{BookSide, Lots};
use sim::flow::CrowdState;

use super::seat::Seat;

/// Columns that both environments show.
pub const BOOK_COLUMNS: usize = 6;
/// Columns that a maker sees.
pub const MAKER_COLUMNS: usize = 11;
/// Columns that who works an order sees.
pub const WORK_COLUMNS: usize = 10;

const LEVELS: usize = 5;
const LIMIT: f64 = 10.0;

/// What both see. `before` is the middle a step ago, `left` the part of the episode that is left.
pub(super) fn book(seen: &mut [f32], crowd: &CrowdState, seat: &Seat, (before, left): (f64, f64)) {
    let venue = crowd.venue();
    let sum = |side| {
        let mut sizes = venue.levels(side).take(LEVELS).map(|(_, size)| size.0);
        let best = sizes.next().unwrap_or(0);
        (best, best + sizes.sum::<i64>())
    };
    let (bids, asks) = (sum(BookSide::Bid), sum(BookSide::Ask));
    let best = |side| venue.best(side).map(|(price, _)| price.0);
    let spread = best(BookSide::Ask).zip(best(BookSide::Bid)).map_or(100, |(ask, bid)| ask - bid);
    let columns = [
        spread as f64 / 10.0,
        part(bids.0 - asks.0, bids.0 + asks.0),
        part(bids.1 - asks.1, bids.1 + asks.1),
        (crowd.mid_ticks() - before) / 10.0,
        part(seat.flow.0, seat.flow.1),
        left,
    ];
    fill(seen, &columns);
}

/// Distance and place in the queue of the order that rests on a side.
pub(super) fn own(crowd: &CrowdState, seat: &Seat, side: BookSide) -> [f64; 2] {
    let venue = crowd.venue();
    let Some(standing) = seat.standing(side) else { return [-1.0, 1.0] };
    let best = venue.best(side).map_or(standing.price, |(price, _)| price);
    let behind = (best - standing.price).0 * side.sign();
    let ahead = venue.ahead_of(standing.key).unwrap_or(Lots::ZERO);
    [behind as f64 / 10.0, part(ahead.0, venue.size_at(side, standing.price).0)]
}

pub(super) fn fill(seen: &mut [f32], columns: &[f64]) {
    for (seen, value) in seen.iter_mut().zip(columns) {
        *seen = value.clamp(-LIMIT, LIMIT) as f32;
    }
}

fn part(of: i64, all: i64) -> f64 {
    if all == 0 { 0.0 } else { of as f64 / all as f64 }
}
