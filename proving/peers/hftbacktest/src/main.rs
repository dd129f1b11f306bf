//! hftbacktest as a crate, on a recording: a grid of post-only orders at the touch, or nothing but
//! the feed. The twin of `replay.py`.
//!
//! Arguments: FILE (rows of hftbacktest's events in the order of arrival, each for both sides),
//! TICK, LOT. Rounds: `feed` or a queue model. Each answers [seconds, fills, position, cash, fee].

use std::io::BufRead as _;
use std::time::Instant;

use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::{Data, DataSource};
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, PowerProbQueueFunc, ProbQueueModel, QueueModel,
    RiskAdverseQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::prelude::*;

type Depth = HashMapMarketDepth;

const STEP: i64 = 100_000_000;
const LATENCY: i64 = 10_000_000;
const LEVELS: i64 = 5;
const LOTS: f64 = 10.0;
const MOST: i64 = 50;
const ROW_BYTES: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, tick, lot] = arguments.as_slice() else { panic!("usage: FILE TICK LOT") };
    let (tick, lot) = (tick.parse().expect("a tick"), lot.parse().expect("a lot"));
    let feed = ordered(&read(file));
    println!("ready hftbacktest 0.9.4 (crate)");
    for ask in std::io::stdin().lock().lines() {
        let kind = ask.expect("a line");
        let (seconds, state) = match kind.trim() {
            "share_square" => {
                once(&feed, tick, lot, true, ProbQueueModel::new(PowerProbQueueFunc::new(2.0)))
            }
            kind => once(&feed, tick, lot, kind != "feed", RiskAdverseQueueModel::new()),
        };
        let position = (state.position / lot).round() as i64;
        println!(
            "[{seconds}, {}, {position}, {:?}, {:?}]",
            state.num_trades, state.balance, state.fee
        );
    }
}

fn read(file: &str) -> Vec<Event> {
    let bytes = std::fs::read(file).expect("rows of events");
    let row = |row: &[u8]| {
        let word = |at: usize| row[8 * at..8 * at + 8].try_into().expect("eight bytes");
        Event {
            ev: u64::from_le_bytes(word(0)),
            exch_ts: i64::from_le_bytes(word(1)),
            local_ts: i64::from_le_bytes(word(2)),
            px: f64::from_le_bytes(word(3)),
            qty: f64::from_le_bytes(word(4)),
            order_id: 0,
            ival: 0,
            fval: 0.0,
        }
    };
    bytes.chunks_exact(ROW_BYTES).map(row).collect()
}

/// Rows for the venue and for us, each side in the order of its own clock: what the package's
/// `correct_event_order` makes.
fn ordered(rows: &[Event]) -> Vec<Event> {
    let mut venue: Vec<usize> = (0..rows.len()).collect();
    let mut local = venue.clone();
    venue.sort_by_key(|&row| rows[row].exch_ts);
    local.sort_by_key(|&row| rows[row].local_ts);
    let (mut venue, mut local) = (venue.into_iter().peekable(), local.into_iter().peekable());
    let mut feed = Vec::with_capacity(2 * rows.len());
    let mut say = |row: usize, to: u64| {
        feed.push(Event { ev: rows[row].ev | to, ..rows[row].clone() });
    };
    loop {
        let times = |row: &usize| (rows[*row].exch_ts, rows[*row].local_ts);
        match (venue.peek().copied(), local.peek().copied()) {
            (Some(v), Some(l)) if times(&v) == times(&l) => {
                say(v, EXCH_EVENT | LOCAL_EVENT);
                (venue.next(), local.next());
            }
            (Some(v), l) if l.is_none_or(|l| times(&v) < times(&l)) => {
                say(v, EXCH_EVENT);
                venue.next();
            }
            (_, Some(l)) => {
                say(l, LOCAL_EVENT);
                local.next();
            }
            (_, None) => return feed,
        }
    }
}

fn once<Q>(feed: &[Event], tick: f64, lot: f64, trades: bool, queue: Q) -> (f64, StateValues)
where
    Q: QueueModel<Depth> + 'static,
{
    let asset = L2AssetBuilder::new()
        .data(vec![DataSource::Data(Data::from_data(feed))])
        .latency_model(ConstantLatency::new(LATENCY, LATENCY))
        .asset_type(LinearAsset::new(1.0))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(0.0002, 0.0005)))
        .exchange(ExchangeKind::NoPartialFillExchange)
        .queue_model(queue)
        .depth(move || Depth::new(tick, lot))
        .build()
        .expect("an asset");
    let mut hbt = Backtest::builder().add_asset(asset).build().expect("a backtest");
    let begun = Instant::now();
    while hbt.elapse(STEP).expect("time passes") == ElapseResult::Ok {
        if trades {
            renew(&mut hbt, tick, lot);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    (seconds, hbt.state_values(0).clone())
}

/// Keeps orders where they are wanted, cancels the others, sends those that are missing.
fn renew(hbt: &mut Backtest<Depth>, tick: f64, lot: f64) {
    hbt.clear_inactive_orders(Some(0));
    let (best_bid, best_ask) = (hbt.depth(0).best_bid_tick(), hbt.depth(0).best_ask_tick());
    if best_ask <= best_bid || best_bid <= 0 || best_ask == INVALID_MAX {
        return;
    }
    let position = (hbt.position(0) / lot).round() as i64;
    let middle = (best_bid + best_ask) / 2;
    let (bid, ask) = (middle.min(best_bid), middle.max(best_ask));
    let bids = if position < MOST { bid - LEVELS + 1..bid + 1 } else { 0..0 };
    let asks = if position > -MOST { ask..ask + LEVELS } else { 0..0 };
    let unwanted: Vec<u64> = hbt
        .orders(0)
        .values()
        .filter(|order| order.cancellable())
        .filter(|order| {
            let wanted = if order.side == Side::Buy { &bids } else { &asks };
            !wanted.contains(&(order.order_id as i64))
        })
        .map(|order| order.order_id)
        .collect();
    for order in unwanted {
        hbt.cancel(0, order, false).expect("a cancel");
    }
    for price in bids.rev().filter(|price| !hbt.orders(0).contains_key(&(*price as u64))).collect::<Vec<_>>() {
        submit(hbt, Side::Buy, price, tick, lot);
    }
    for price in asks.filter(|price| !hbt.orders(0).contains_key(&(*price as u64))).collect::<Vec<_>>() {
        submit(hbt, Side::Sell, price, tick, lot);
    }
}

fn submit(hbt: &mut Backtest<Depth>, side: Side, ticks: i64, tick: f64, lot: f64) {
    let (id, price, size) = (ticks as u64, ticks as f64 * tick, LOTS * lot);
    let (terms, kind) = (TimeInForce::GTX, OrdType::Limit);
    let sent = match side {
        Side::Buy => hbt.submit_buy_order(0, id, price, size, terms, kind, false),
        _ => hbt.submit_sell_order(0, id, price, size, terms, kind, false),
    };
    sent.expect("an order");
}
