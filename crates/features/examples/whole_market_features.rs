//! Time for the 44 features of the breakout book over a whole market: 8,000 symbols × 20 years of
//! daily bars on two threads, symbols made on the fly and their making not counted.
//!
//! Run with `cargo run --release -p features --example whole_market_features [SYMBOLS]`. Two
//! figures: `signals`, what the book does (scan every bar, read a row at each setup), and `every
//! bar`, a row of all 44 at each bar as though each confirmed a setup, the most there can be.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use base::{Day, Seed};
use features::breakout::{Frame, LONG, SHORT};
use features::pattern::{ScanConfig, Scanner, Setup};
use features::{Caps, Moment};
use market::{Candle, Side};
use rand::RngExt as _;

const BARS: usize = 5_040;
const THREADS: u64 = 2;

/// Series that all symbols share.
struct Around {
    sector: Vec<Candle>,
    qqq: Vec<Candle>,
    spy: Vec<Candle>,
    vix: Vec<Candle>,
}

/// The clock of this thread: time on a processor where Linux tells it, so that other work on the
/// machine is not counted; elsewhere the time that passes.
struct Clock {
    start: Instant,
    on_processor: Option<Duration>,
}

impl Clock {
    fn start() -> Clock {
        Clock { on_processor: on_processor(), start: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        let passed = self.start.elapsed();
        self.on_processor.zip(on_processor()).map_or(passed, |(from, to)| to - from)
    }
}

fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// What one pass has found.
#[derive(Default)]
struct Tally {
    time: Duration,
    bars: u64,
    rows: u64,
    /// Values that were available.
    values: u64,
}

fn walk(seed: u64) -> Vec<Candle> {
    let mut rng = Seed::root(seed).child("whole market").rng();
    let mut close = 50.0;
    let bar = |at: usize| {
        let [a, b, c, d]: [f64; 4] = std::array::from_fn(|_| rng.random());
        let open = close * (1.0 + 0.004 * (d - 0.5));
        close *= 1.0 + 0.05 * (a + b - 1.0);
        let (high, low) = (open.max(close) * (1.0 + 0.01 * c), open.min(close) / (1.0 + 0.01 * d));
        let day = Day::from_number(7_000 + at as i32 + 2 * (at as i32 / 5));
        Candle { day, open, high, low, close, volume: 1e5 * (0.5 + c) }
    };
    (0..BARS).map(bar).collect()
}

impl Around {
    fn at<'a>(&'a self, own: &'a [Candle]) -> Moment<'a> {
        let end = own.len();
        Moment {
            own,
            sector: &self.sector[..end],
            qqq: &self.qqq[..end],
            spy: &self.spy[..end],
            vix: &self.vix[..end],
            caps: Some(Caps { own: 2e9, industry: 8e11, sp500: 4e13 }),
            setup: None,
        }
    }
}

/// What the book does with one symbol.
fn signals(own: &[Candle], around: &Around, tally: &mut Tally) {
    let mut scanner = Scanner::new(ScanConfig::default());
    let (mut long, mut short) = (Frame::new(&LONG).unwrap(), Frame::new(&SHORT).unwrap());
    let mut row = Vec::with_capacity(LONG.len());
    let clock = Clock::start();
    for (at, candle) in own.iter().enumerate() {
        long.update(candle);
        short.update(candle);
        let Some(setup) = scanner.update(&own[..=at]) else { continue };
        let frame = if setup.side == Side::Long { &long } else { &short };
        row.clear();
        frame.read_into(&around.at(&own[..=at]).at(&setup), &mut row);
        count(&row, tally);
    }
    tally.time += clock.elapsed();
    tally.bars += own.len() as u64;
}

/// All 44 features at every bar.
fn every_bar(own: &[Candle], around: &Around, tally: &mut Tally) {
    let setups: Vec<Option<Setup>> = (0..own.len()).map(|at| pattern(&own[..=at])).collect();
    let mut frame = Frame::new(&LONG).unwrap();
    let mut row = Vec::with_capacity(LONG.len());
    let clock = Clock::start();
    for (at, candle) in own.iter().enumerate() {
        frame.update(candle);
        let moment = Moment { setup: setups[at].as_ref(), ..around.at(&own[..=at]) };
        row.clear();
        frame.read_into(&moment, &mut row);
        count(&row, tally);
    }
    tally.time += clock.elapsed();
    tally.bars += own.len() as u64;
}

fn count(row: &[f64], tally: &mut Tally) {
    tally.rows += 1;
    tally.values += row.iter().filter(|value| value.is_finite()).count() as u64;
}

/// A pattern of usual size that ends at the last bar, whether or not a scanner would take it.
fn pattern(own: &[Candle]) -> Option<Setup> {
    let last = own.len().checked_sub(60)? + 59;
    let (rally_start_ago, rally_end_ago) = (35 + last % 20, 24 + last % 7);
    let rally = &own[last - rally_start_ago..=last - rally_end_ago];
    let base = &own[last - rally_end_ago + 1..last];
    let high = |bars: &[Candle]| bars.iter().map(|bar| bar.high).fold(f64::MIN, f64::max);
    let low = |bars: &[Candle]| bars.iter().map(|bar| bar.low).fold(f64::MAX, f64::min);
    let entry = own[last].close;
    let targets = [0.5, 0.75, 1.0].map(|share| entry + share * (high(rally) - low(rally)));
    Some(Setup {
        side: Side::Long,
        rally_start_ago,
        rally_end_ago,
        consol_start_ago: rally_end_ago - 1,
        rally_low: low(rally),
        rally_high: high(rally),
        consol_low: low(base),
        consol_high: high(base),
        atr: 0.02 * entry,
        entry,
        stop: 0.96 * entry,
        targets,
        booked_target: targets[0],
        stretched: false,
        reward_to_risk: 1.0,
        pattern_score: 50.0,
        day: own[last].day,
    })
}

fn run(name: &str, symbols: u64, around: &Around, pass: fn(&[Candle], &Around, &mut Tally)) {
    let worker = |thread: u64| {
        let mut tally = Tally::default();
        for symbol in (thread..symbols).step_by(THREADS as usize) {
            pass(&walk(100 + symbol), around, &mut tally);
        }
        tally
    };
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|t| scope.spawn(move || worker(t))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let slowest = tallies.iter().map(|tally| tally.time.as_secs_f64()).fold(0.0, f64::max);
    let busy: f64 = tallies.iter().map(|tally| tally.time.as_secs_f64()).sum();
    let bars = sum(|tally| tally.bars);
    println!(
        "{name:<10} {slowest:7.2} s   {:7.1} ns/bar   {bars} bars, {} rows, {} values",
        1e9 * busy / bars as f64,
        sum(|tally| tally.rows),
        sum(|tally| tally.values),
    );
}

fn main() {
    let symbols = std::env::args().nth(1).map_or(8_000, |text| text.parse().unwrap());
    let [sector, qqq, spy, vix] = [1, 2, 3, 4].map(walk);
    let around = Around { sector, qqq, spy, vix };
    println!("{symbols} symbols × {BARS} bars on {THREADS} threads");
    run("signals", symbols, &around, signals);
    run("every bar", symbols, &around, every_bar);
}
