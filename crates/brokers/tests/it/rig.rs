//! A broker on a test stand: a market of given bars, an account, and a way to it.

use std::sync::Arc;

use base::{Day, Span};
use exchange::{Listing, Tape, TapeSource};
use market::{
    BarSize, BrokerEvent, Calendar, Candle, ClientOrderId, Currency, Instrument, InstrumentId,
    Kind, OrderKind, OrderRequest, Price, Qty, Snapshot, TimeInForce, TimedCandle,
};

/// Prices of a bar: open, high, low, close.
pub(crate) type Prices = [f64; 4];

/// A bar in which nothing happens.
pub(crate) const QUIET: Prices = [100.0, 100.5, 99.5, 100.0];
/// Minutes of a bar.
const MINUTES: u16 = 30;
/// Shares traded in a bar; an order may take a tenth of them.
pub(crate) const VOLUME: f64 = 10_000.0;

/// A broker, and the market that it is on.
pub(crate) trait Rig {
    /// Sends an order.
    fn submit(&mut self, order: &OrderRequest);
    /// Takes one back.
    fn cancel(&mut self, order: &ClientOrderId);
    /// Lets all messages travel, until nothing is on its way.
    fn settle(&mut self);
    /// The next bar trades, and what it brought travels as far as the line lets it.
    fn bar(&mut self);
    /// Breaks the line, where there is one.
    fn cut(&mut self);
    /// Mends it.
    fn mend(&mut self);
    /// What the desk was told since the last call.
    fn drain(&mut self, into: &mut Vec<BrokerEvent>);
    /// What the broker itself holds; open orders by the broker's own names.
    fn truth(&self) -> Snapshot;
}

/// The instrument that is traded.
pub(crate) const A: InstrumentId = InstrumentId(0);

fn instrument() -> Instrument {
    Instrument {
        symbol: "AAA".to_owned(),
        kind: Kind::Stock,
        currency: Currency::USD,
        exchange: "XNYS".to_owned(),
        sector_etf: None,
    }
}

/// The day on which the script begins.
pub(crate) fn begin() -> Day {
    Day::from_ymd(2024, 1, 3).unwrap()
}

/// A market that follows the script from its first day on and is quiet before and after.
pub(crate) fn tape(bars: &[Prices]) -> Arc<Tape> {
    let calendar = Calendar::of("XNYS").unwrap();
    let mut listing = Listing { instrument: instrument(), ..Listing::default() };
    let mut script = bars.iter().copied();
    for session in calendar.between(begin().plus(-1), begin().plus(30)).iter().take(8) {
        let candle = |prices: Prices, volume: f64| Candle {
            day: session.day,
            open: prices[0],
            high: prices[1],
            low: prices[2],
            close: prices[3],
            volume,
        };
        listing.candles.push(candle(QUIET, 13.0 * VOLUME));
        for slot in 0..13 {
            let start = session.open + Span::from_minutes(i64::from(slot) * i64::from(MINUTES));
            let scripted = if session.day >= begin() { script.next() } else { None };
            let candle = candle(scripted.unwrap_or(QUIET), VOLUME);
            listing.finer.push(TimedCandle { start, size: BarSize::Minutes(MINUTES), candle });
        }
    }
    let listings = vec![listing];
    let source = TapeSource { name: "script".into(), seed: 1, minutes: MINUTES, listings };
    Arc::new(Tape::new(source).unwrap())
}

/// A price in whole dollars and cents.
pub(crate) fn usd(value: f64) -> Price {
    Price::from_raw((value * 100.0).round() as i64 * (Price::SCALE / 100))
}

/// An order of its own.
pub(crate) fn order(name: &str, shares: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        id: ClientOrderId::derive("intent", name),
        instrument: A,
        qty: Qty::whole(shares),
        kind,
        tif: TimeInForce::Day,
        oco_group: None,
        parent: None,
        reduce_only: false,
    }
}

/// An exit in a group, asleep under an entry where one is named.
pub(crate) fn exit(
    (name, group): (&str, &str),
    parent: Option<&OrderRequest>,
    shares: i64,
    kind: OrderKind,
) -> OrderRequest {
    OrderRequest {
        tif: TimeInForce::Gtc,
        oco_group: Some(group.to_owned()),
        parent: parent.map(|parent| parent.id.clone()),
        reduce_only: true,
        ..order(name, shares, kind)
    }
}
