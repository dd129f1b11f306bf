//! What happened in a stream of messages: who came, what the book showed.
//!
//! One pass turns messages by level or by order, recorded or simulated, into the six kinds of
//! flow, the best quotes and samples of the book. Calibration and facts both start from here, so
//! a recorded and a simulated stream are read by the same rules:
//!
//! - prints of one moment at the venue against one side are one market order, though they may
//!   have been received one by one;
//! - in a feed by order, an `Add` is a limit order, `Delete` and `Reduce` are cancellations, a
//!   `Replace` that loses its place is both; where the feed shows orders that trade at once, such
//!   an order and its executions are one market order;
//! - in a feed by level, growth is a limit order, and what shrinks is first what was printed at
//!   that price within the last second, then a cancellation. This is an estimate: a feed that
//!   tells the level before the print, or adds changes up, hides some of each.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, FaultCounts, Ladder, OrderKey, Orders, Packet,
    Resting, Ticks,
};
use serde::{Deserialize, Serialize};

use super::FlowKind;
use crate::{Error, check_range};

/// How to watch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// Messages before this build the book and count for nothing; by default, the first packet.
    pub from: Option<Ts>,
    /// Messages from this on are left out; by default, none.
    pub until: Option<Ts>,
    /// How many ticks of each side are sampled, from the other side's best price. Default 30.
    pub depth_ticks: usize,
    /// Seconds between samples of the book. Default 1.
    pub sample_seconds: f64,
}

impl Default for WatchConfig {
    fn default() -> WatchConfig {
        WatchConfig { from: None, until: None, depth_ticks: 30, sample_seconds: 1.0 }
    }
}

/// One thing that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlowEvent {
    /// When, seconds from the beginning.
    pub at_seconds: f64,
    /// What.
    pub kind: FlowKind,
    /// Ticks between its price and the other side's best price before it, at least 1 where it
    /// could rest; 0 for a market order.
    pub distance_ticks: i64,
    /// Lots.
    pub size: i64,
}

/// The best prices from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// From when, seconds from the beginning.
    pub at_seconds: f64,
    /// Best bid, ticks.
    pub bid: i64,
    /// Best ask, ticks.
    pub ask: i64,
}

impl Touch {
    /// The middle, ticks.
    pub fn mid(&self) -> f64 {
        (self.bid + self.ask) as f64 / 2.0
    }

    /// The spread, ticks.
    pub fn spread(&self) -> i64 {
        self.ask - self.bid
    }
}

/// The book at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, seconds from the beginning.
    pub at_seconds: f64,
    /// The spread, ticks.
    pub spread: i64,
    /// Lots of bids at 1, 2, … ticks below the best ask.
    pub bids: Vec<i64>,
    /// Lots of asks at 1, 2, … ticks above the best bid.
    pub asks: Vec<i64>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watched {
    /// The moment of second zero.
    #[serde(default)]
    pub begin: Option<Ts>,
    /// Length of the observation.
    pub seconds: f64,
    /// What everybody did, in order of time.
    pub events: Vec<FlowEvent>,
    /// Best prices whenever they changed while the book was whole.
    pub touches: Vec<Touch>,
    /// The book at regular times.
    pub samples: Vec<Sample>,
    /// When orders were taken back whole, and after how many seconds; of a feed by order only.
    pub lifetimes: Vec<(f64, f64)>,
    /// What the book refused.
    pub faults: FaultCounts,
}

/// Seconds for which a print waits for its change of level.
const PRINT_WAITS: f64 = 1.0;

/// Watches a stream of messages of one instrument.
///
/// # Errors
/// [`Error::ReadSetting`] for a setting out of bounds; [`Error::ReadArrivals`] where nothing of
/// the stream lies within the observation.
pub fn watch(messages: &[DepthMessage], config: &WatchConfig) -> Result<Watched, Error> {
    check_range("watch.depth_ticks", config.depth_ticks as f64, (1.0, 1e5), "in 1..=100000")?;
    check_range("watch.sample_seconds", config.sample_seconds, (1e-6, 1e6), "in 1e-6..=1e6")?;
    let until = config.until.unwrap_or(Ts::MAX);
    let first = messages.iter().find(|message| message.packet == Packet::Last);
    let from = config.from.or(first.map(|message| message.known + Span::from_nanos(1)));
    let last = messages.iter().map(|message| message.known).filter(|&known| known < until).max();
    let (Some(from), Some(last)) = (from, last.filter(|&last| from.is_some_and(|f| last > f)))
    else {
        return Err(Error::ReadArrivals { fault: "no message within the observation".to_owned() });
    };
    let mut watcher = Watcher::new(messages, *config, from);
    messages.iter().take_while(|message| message.known < until).for_each(|m| watcher.see(m));
    let mut watched = watcher.watched;
    watched.begin = Some(from);
    watched.seconds = (last - from).seconds();
    Ok(watched)
}

#[derive(Debug, Clone)]
enum Book {
    Levels(Ladder),
    Orders(Orders),
}

impl Book {
    fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match self {
            Book::Levels(ladder) => ladder.apply(message),
            Book::Orders(orders) => orders.apply(message),
        }
    }

    fn best(&self, side: BookSide) -> Option<i64> {
        let best = match self {
            Book::Levels(ladder) => ladder.best(side),
            Book::Orders(orders) => orders.best(side),
        };
        best.map(|(price, _)| price.0)
    }

    fn lots(&self, side: BookSide, depth: usize, other: i64) -> Vec<i64> {
        let mut lots = vec![0; depth];
        let mut add = |price: i64, size: i64| {
            let place = usize::try_from((other - price) * side.sign() - 1);
            let slot = place.ok().and_then(|place| lots.get_mut(place));
            slot.map(|slot| *slot += size).is_some()
        };
        match self {
            Book::Levels(book) => book.levels(side).all(|(price, size)| add(price.0, size.0)),
            Book::Orders(book) => book.levels(side).all(|(price, size)| add(price.0, size.0)),
        };
        lots
    }
}

struct Watcher {
    config: WatchConfig,
    from: Ts,
    book: Book,
    watched: Watched,
    /// Prints tell of market orders; without any, executions do.
    has_prints: bool,
    /// Printed at a price and not yet seen in its level: when, and how much.
    printed: BTreeMap<(BookSide, i64), (f64, i64)>,
    born: BTreeMap<OrderKey, f64>,
    next_sample: f64,
    /// The market order told last: when it happened, and which event it is.
    latest_market: Option<(Ts, usize)>,
    /// An execution whose twin may follow: side and size of the order, and when it happened.
    executed_first: Option<(BookSide, i64, Ts)>,
}

impl Watcher {
    fn new(messages: &[DepthMessage], config: WatchConfig, from: Ts) -> Watcher {
        let has = |wanted: fn(&DepthChange) -> bool| messages.iter().any(|m| wanted(&m.change));
        let by_order = has(|change| matches!(change, DepthChange::Add { .. }));
        Watcher {
            config,
            from,
            book: if by_order { Book::Orders(Orders::new()) } else { Book::Levels(Ladder::new()) },
            watched: Watched::default(),
            has_prints: has(|change| matches!(change, DepthChange::Trade { .. })),
            printed: BTreeMap::new(),
            born: BTreeMap::new(),
            next_sample: 0.0,
            latest_market: None,
            executed_first: None,
        }
    }

    fn see(&mut self, message: &DepthMessage) {
        let now = (message.known - self.from).seconds();
        while self.next_sample <= now {
            self.sample();
        }
        let before = self.watched.events.len();
        self.judge(message, now);
        let outcome = self.book.apply(message);
        if let Err(fault) = outcome {
            self.watched.faults.count(fault, message.known);
            let taken = matches!(fault, Fault::Crossed | Fault::Locked | Fault::Overdrawn);
            if !taken {
                self.watched.events.truncate(before);
            }
        }
        if now < 0.0 {
            self.watched.events.clear();
        }
        if message.packet == Packet::Last {
            self.touch(now);
        }
    }

    fn judge(&mut self, message: &DepthMessage, now: f64) {
        match message.change {
            DepthChange::Trade { resting: Some(side), price, size } => {
                let waiting = self.printed.entry((side, price.0)).or_insert((now, 0));
                let kept = if now - waiting.0 > PRINT_WAITS { 0 } else { waiting.1 };
                *waiting = (now, kept + size.0);
                self.market(side, size.0, (message.at, now));
            }
            DepthChange::Level { side, price, size } => {
                let Book::Levels(ladder) = &self.book else { return };
                let by = size.0 - ladder.size_at(side, price).0;
                self.level(side, price.0, by, now);
            }
            DepthChange::Add { order, side, price, size } => {
                self.born.insert(order, now);
                if self.is_taker_shown(side, price) {
                    return;
                }
                self.rest(FlowKind::limit(side), price.0, size.0, now);
            }
            DepthChange::Delete { order } => {
                self.cancel(order, None, now);
                self.end_life(order, now);
            }
            DepthChange::Reduce { order, by } => {
                self.cancel(order, Some(by.0), now);
                let Book::Orders(orders) = &self.book else { return };
                // Some feeds never say that an order is gone: they take back all that is left.
                if orders.order(order).is_some_and(|resting| resting.size <= by) {
                    self.end_life(order, now);
                }
            }
            DepthChange::Replace { order, price, size } => {
                self.replace(order, (price.0, size.0), now);
            }
            DepthChange::Execute { order, size } if !self.has_prints => {
                self.executed(order, size.0, (message.at, now));
            }
            _ => {}
        }
    }

    /// Whether an order at that price trades at once, in a feed that shows such orders too
    /// (Bitstamp): what it takes is told by executions.
    fn is_taker_shown(&self, side: BookSide, price: Ticks) -> bool {
        let Book::Orders(orders) = &self.book else { return false };
        let other = orders.best(side.opposite());
        !self.has_prints && other.is_some_and(|(best, _)| side.accepts(price, best))
    }

    /// In a feed that shows takers both orders of a trade are told to be executed, one after the
    /// other: that is one market order, of the younger one's side.
    fn executed(&mut self, order: OrderKey, size: i64, times: (Ts, f64)) {
        let Book::Orders(orders) = &self.book else { return };
        let Some(Resting { side, price, .. }) = orders.order(order) else { return };
        let twin = self.executed_first.take();
        if twin.is_some_and(|twin| twin == (side.opposite(), size, times.0)) {
            return;
        }
        let mut hit = side;
        if self.is_taker_shown(side, price) {
            self.executed_first = Some((side, size, times.0));
            let best = orders.best(side.opposite()).map(|(best, _)| best);
            let others = best.into_iter().flat_map(|best| orders.queue(side.opposite(), best));
            let births = others.map(|(key, _)| self.born.get(&key).copied().unwrap_or(f64::MIN));
            let youngest = births.fold(f64::MIN, f64::max);
            if self.born.get(&order).is_some_and(|born| *born > youngest) {
                hit = side.opposite();
            }
        }
        self.market(hit, size, times);
    }

    /// Prints of one moment at the venue against one side are one order.
    fn market(&mut self, resting: BookSide, size: i64, (at, now): (Ts, f64)) {
        let kind = FlowKind::market_against(resting);
        let latest = self.latest_market.filter(|latest| latest.0 == at);
        let event = latest.and_then(|(_, place)| self.watched.events.get_mut(place));
        match event.filter(|event| event.kind == kind && now - event.at_seconds < PRINT_WAITS) {
            Some(event) => event.size += size,
            None => {
                self.latest_market = Some((at, self.watched.events.len()));
                self.push(kind, 0, size, now);
            }
        }
    }

    fn level(&mut self, side: BookSide, price: i64, by: i64, now: f64) {
        if by > 0 {
            return self.rest(FlowKind::limit(side), price, by, now);
        }
        let mut gone = -by;
        if let Some((at, printed)) = self.printed.get_mut(&(side, price)) {
            let traded = if now - *at > PRINT_WAITS { 0 } else { gone.min(*printed) };
            *printed -= traded;
            gone -= traded;
        }
        self.rest(FlowKind::cancel(side), price, gone, now);
    }

    fn cancel(&mut self, order: OrderKey, by: Option<i64>, now: f64) {
        let Book::Orders(orders) = &self.book else { return };
        let Some(resting) = orders.order(order) else { return };
        let size = by.unwrap_or(resting.size.0);
        self.rest(FlowKind::cancel(resting.side), resting.price.0, size, now);
    }

    fn end_life(&mut self, order: OrderKey, now: f64) {
        if let Some(born) = self.born.remove(&order).filter(|born| *born >= 0.0) {
            self.watched.lifetimes.push((now, now - born));
        }
    }

    fn replace(&mut self, order: OrderKey, (price, size): (i64, i64), now: f64) {
        let Book::Orders(orders) = &self.book else { return };
        let Some(old) = orders.order(order) else { return };
        if old.price.0 == price && size <= old.size.0 {
            return self.rest(FlowKind::cancel(old.side), price, old.size.0 - size, now);
        }
        self.rest(FlowKind::cancel(old.side), old.price.0, old.size.0, now);
        self.rest(FlowKind::limit(old.side), price, size, now);
    }

    /// A limit order or a cancellation, at its distance from the other side.
    fn rest(&mut self, kind: FlowKind, price: i64, size: i64, now: f64) {
        let side = kind.side();
        let other = self.book.best(side.opposite());
        if let Some(other) = other.filter(|_| size > 0) {
            self.push(kind, (other - price) * side.sign(), size, now);
        }
    }

    fn push(&mut self, kind: FlowKind, distance_ticks: i64, size: i64, at_seconds: f64) {
        self.watched.events.push(FlowEvent { at_seconds, kind, distance_ticks, size });
    }

    fn whole(&self) -> Option<(i64, i64)> {
        let (bid, ask) = (self.book.best(BookSide::Bid)?, self.book.best(BookSide::Ask)?);
        (bid < ask).then_some((bid, ask))
    }

    fn touch(&mut self, now: f64) {
        let Some((bid, ask)) = self.whole() else { return };
        let touches = &mut self.watched.touches;
        let touch = Touch { at_seconds: now.max(0.0), bid, ask };
        match touches.last_mut() {
            Some(last) if (last.bid, last.ask) == (bid, ask) => {}
            Some(last) if last.at_seconds == touch.at_seconds => *last = touch,
            _ => touches.push(touch),
        }
    }

    fn sample(&mut self) {
        let at_seconds = self.next_sample;
        self.next_sample += self.config.sample_seconds;
        let Some((bid, ask)) = self.whole() else { return };
        let depth = self.config.depth_ticks;
        let bids = self.book.lots(BookSide::Bid, depth, ask);
        let asks = self.book.lots(BookSide::Ask, depth, bid);
        self.watched.samples.push(Sample { at_seconds, spread: ask - bid, bids, asks });
    }
}

impl Watched {
    /// The same with what lay within so many ticks of the other side's best price alone, and with
    /// events of one kind and one moment made one: its size their sum, its distance that of the
    /// nearest. A feed that adds changes up tells hundreds of levels at once, which are hundreds of
    /// events to no one.
    pub fn near(&self, nearest_ticks: i64) -> Watched {
        let mut events: Vec<FlowEvent> = Vec::new();
        let moments = self.events.chunk_by(|a, b| a.at_seconds == b.at_seconds);
        for moment in moments {
            let begun = events.len();
            for event in moment.iter().filter(|event| event.distance_ticks <= nearest_ticks) {
                match events[begun..].iter_mut().find(|it| it.kind == event.kind) {
                    Some(one) => {
                        one.size += event.size;
                        one.distance_ticks = one.distance_ticks.min(event.distance_ticks);
                    }
                    None => events.push(*event),
                }
            }
        }
        Watched { events, ..self.clone() }
    }

    /// The same with what lay within so many ticks of the other side's best price alone, each
    /// event as it was.
    pub fn within(&self, nearest_ticks: i64) -> Watched {
        let near = |event: &&FlowEvent| event.distance_ticks <= nearest_ticks;
        let events = self.events.iter().filter(near).copied().collect();
        Watched { events, ..self.clone() }
    }

    /// The six kinds as arrivals of a point process. Those of one moment are moved apart evenly
    /// within `clock_seconds`, the step of the recorder's clock, so that none falls on another.
    pub fn arrivals(&self, clock_seconds: f64) -> Vec<super::Arrival> {
        let moments = self.events.chunk_by(|a, b| a.at_seconds == b.at_seconds);
        let apart = |events: &[FlowEvent]| {
            let step = clock_seconds / events.len() as f64;
            let of = |(at, event): (usize, &FlowEvent)| super::Arrival {
                at_seconds: (event.at_seconds + at as f64 * step).min(self.seconds),
                kind: event.kind.index(),
            };
            events.iter().enumerate().map(of).collect::<Vec<_>>()
        };
        let mut all: Vec<super::Arrival> = moments.flat_map(apart).collect();
        // A step too coarse for the clock would put them out of order; time never runs back.
        all.sort_by(|a, b| a.at_seconds.total_cmp(&b.at_seconds));
        all
    }

    /// +1 for each market order that bought, −1 for each that sold, in order of time.
    pub fn signs(&self) -> Vec<f64> {
        let sign = |event: &FlowEvent| match event.kind {
            FlowKind::MarketBuy => Some(1.0),
            FlowKind::MarketSell => Some(-1.0),
            _ => None,
        };
        self.events.iter().filter_map(sign).collect()
    }

    /// The middle at 0, 1, 2, … steps of so many seconds; nothing before the book was whole.
    pub fn mids(&self, step_seconds: f64) -> Vec<f64> {
        let Some(first) = self.touches.first() else { return Vec::new() };
        let (mut at, mut mids) = (0, Vec::new());
        let begin = (first.at_seconds / step_seconds).ceil() as usize;
        for step in begin..=(self.seconds / step_seconds) as usize {
            let now = step as f64 * step_seconds;
            while self.touches.get(at + 1).is_some_and(|next| next.at_seconds <= now) {
                at += 1;
            }
            mids.push(self.touches[at].mid());
        }
        mids
    }
}
