//! Records about trades, best quotes and levels.

use base::Ts;
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, Lots, Packet, Ticks};

use super::mbo::{lots, ticks};
use super::record::{
    BAD_BOOK, HEADER_BYTES, LAST, LEVEL_BYTES, TRADE_BYTES, hit, i64_at, time, u32_at, u64_at,
};
use crate::messages::{Count, Outbox, Steps};

/// How the quotes of a record relate to its trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A trade alone.
    Trade,
    /// A trade and the best prices before it.
    QuoteBeforeTrade,
    /// What stands after one event, which may be a trade; the flag closes the event.
    Event,
    /// What stood at the end of a second or minute. Its trade is the last one of the span, told
    /// too late to be a trade of this moment: left out.
    Sample,
}

/// One side of one level, as the file has it.
type Place = (i64, u32);

/// An empty place.
const NOTHING: Place = (dbn::UNDEF_PRICE, 0);

/// What has to be remembered between records.
#[derive(Debug)]
pub(super) struct Quotes {
    /// Bids, then asks, best first.
    sides: [[Place; 10]; 2],
    is_bad: bool,
}

/// Where words of a record go.
pub(super) struct Out<'a> {
    pub(super) steps: &'a Steps,
    pub(super) count: &'a mut Count,
    pub(super) into: &'a mut Vec<DepthMessage>,
    pub(super) from: usize,
}

impl Default for Quotes {
    fn default() -> Quotes {
        Quotes { sides: [[NOTHING; 10]; 2], is_bad: false }
    }
}

impl Quotes {
    /// Says a record in words; its length says how many levels it has.
    pub(super) fn say(&mut self, bytes: &[u8], kind: Kind, out: &mut Out) {
        let known = time(u64_at(bytes, 32)).or(time(u64_at(bytes, 8)));
        let known = out.count.known(known.unwrap_or(Ts::MIN));
        let at = time(u64_at(bytes, 8)).unwrap_or(known);
        let (action, flags) = (bytes[28], bytes[30]);
        let mut mouth = Mouth { at, known, out };
        if kind != Kind::Sample && flags & BAD_BOOK != 0 && !self.is_bad {
            mouth.out.count.fault(Fault::SequenceGap, known);
            mouth.push(DepthChange::Gap { missed: 1 });
        }
        self.is_bad = flags & BAD_BOOK != 0;
        if action == b'R' && kind == Kind::Event {
            mouth.push(DepthChange::Clear);
            *self = Quotes { is_bad: self.is_bad, ..Quotes::default() };
        }
        if kind == Kind::Trade || (kind == Kind::Event && action == b'T') {
            mouth.trade(bytes);
        }
        if kind != Kind::Trade {
            self.say_levels(&bytes[TRADE_BYTES..], &mut mouth);
        }
        if kind == Kind::QuoteBeforeTrade {
            mouth.trade(bytes);
        }
        if flags & LAST != 0 || kind != Kind::Event {
            Outbox::close(mouth.out.into, mouth.out.from);
        }
    }

    fn say_levels(&mut self, levels: &[u8], mouth: &mut Mouth) {
        let depth = (levels.len() / LEVEL_BYTES).min(10);
        for (which, side) in [BookSide::Bid, BookSide::Ask].into_iter().enumerate() {
            let mut now = [NOTHING; 10];
            for (place, level) in now.iter_mut().zip(levels.chunks_exact(LEVEL_BYTES)) {
                *place = (i64_at(level, 8 * which), u32_at(level, HEADER_BYTES + 4 * which));
            }
            let before = std::mem::replace(&mut self.sides[which], now);
            match depth {
                1 if before[0] != now[0] => mouth.best(side, now[0]),
                1 => {}
                _ => mouth.levels(side, &before[..depth], &now[..depth]),
            }
        }
    }
}

/// Says things of one moment.
struct Mouth<'a, 'b> {
    at: Ts,
    known: Ts,
    out: &'a mut Out<'b>,
}

impl Mouth<'_, '_> {
    fn push(&mut self, change: DepthChange) {
        let (at, known) = (self.at, self.known);
        self.out.into.push(DepthMessage { at, known, change, packet: Packet::More });
    }

    fn trade(&mut self, bytes: &[u8]) {
        let resting = hit(bytes[29]);
        let found = self.place((i64_at(bytes, 16), u32_at(bytes, 24)));
        if let Some((price, size)) = found {
            self.push(DepthChange::Trade { resting, price, size });
        }
    }

    fn best(&mut self, side: BookSide, place: Place) {
        if place.0 == dbn::UNDEF_PRICE {
            self.push(DepthChange::Best { side, price: Ticks::ZERO, size: Lots::ZERO });
        } else if let Some((price, size)) = self.place(place) {
            self.push(DepthChange::Best { side, price, size });
        }
    }

    /// What left the window of levels is removed before what is new or changed is said.
    fn levels(&mut self, side: BookSide, before: &[Place], now: &[Place]) {
        let gone = before.iter().filter(|old| now.iter().all(|new| new.0 != old.0));
        for (price, _) in gone.filter(|old| old.0 != dbn::UNDEF_PRICE) {
            if let Some((price, size)) = self.place((*price, 0)) {
                self.push(DepthChange::Level { side, price, size });
            }
        }
        for place in now.iter().filter(|new| new.0 != dbn::UNDEF_PRICE && !before.contains(new)) {
            if let Some((price, size)) = self.place(*place) {
                self.push(DepthChange::Level { side, price, size });
            }
        }
    }

    fn place(&mut self, (price, size): Place) -> Option<(Ticks, Lots)> {
        let steps = self.out.steps;
        match ticks(price, steps).and_then(|price| Ok((price, lots(size, steps)?))) {
            Ok(place) => Some(place),
            Err(fault) => {
                self.out.count.fault(fault, self.known);
                None
            }
        }
    }
}
