//! Orders sent at set times, and what became of each: what another engine is asked too.

use base::Span;
use market::depth::{BookSide, Lots, Ticks};
use sim::replay::{
    Course, DepthFill, Fees, Latency, OwnId, OwnOrder, QueueModel, RecordedBook, Replay, Rules,
    Standing, Tape, Terms, Wish,
};

/// Nanoseconds to wait, order, side, tick, lots, terms.
pub(crate) type Asked = (i64, u64, String, i64, i64, String);
/// Order, what it is at the end, the tick and the time it traded at.
pub(crate) type Outcome = (u64, String, i64, i64);

/// The side that is named so; a row's kind may stand before it.
pub(crate) fn side(name: &str) -> BookSide {
    match name.ends_with('b') || name == "bid" {
        true => BookSide::Bid,
        false => BookSide::Ask,
    }
}

/// What became of each order, 10 ms away from the venue, and all fills.
pub(crate) fn run<B: RecordedBook>(
    tape: &Tape,
    orders: &[Asked],
    queue: QueueModel,
) -> (Vec<Outcome>, Vec<DepthFill>) {
    let rules = Rules::unlimited(Latency::constant_nanos(10_000_000), Fees::default(), queue);
    let mut replay: Replay<'_, B> = Replay::new(tape, rules).unwrap();
    for (wait, id, on, tick, lots, terms) in orders {
        replay.advance(Span::from_nanos(*wait)).unwrap();
        let (id, price) = (OwnId(*id), Ticks(*tick));
        let terms = match terms.as_str() {
            "limit" => Terms::Limit { price },
            "post_only" => Terms::PostOnly { price },
            "immediate_or_cancel" => Terms::ImmediateOrCancel { price },
            _ => {
                // Refused where it has traded meanwhile.
                let _ = replay.cancel(id);
                continue;
            }
        };
        replay.place(Wish { id, side: side(on), size: Lots(*lots), terms }).unwrap();
    }
    assert_eq!(replay.advance_to_end().unwrap(), Course::Ended);
    assert_eq!(replay.faults().total(), 0);
    let outcome = |order: &OwnOrder| {
        let fill = replay.fills().iter().find(|fill| fill.order == order.wish.id);
        let state = match order.standing {
            Standing::Filled => "filled",
            Standing::Working => "working",
            _ => "done",
        };
        let (tick, at) = fill.map_or((0, 0), |fill| (fill.price.0, fill.at.nanos()));
        (order.wish.id.0, state.to_owned(), tick, at)
    };
    let mut outcomes: Vec<Outcome> = replay.orders().iter().map(outcome).collect();
    outcomes.sort();
    (outcomes, replay.fills().to_vec())
}
