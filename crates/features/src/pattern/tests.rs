//! Drawn patterns that must and must not fire, each rule broken alone; and random walks.

use base::{Day, Seed};
use market::{Candle, Side};
use rand::RngExt as _;

use super::{ScanConfig, Scanner, Setup};

/// A drawn market: flat at 100, a straight rally of 8 bars to 116, a base, a breakout.
#[derive(Clone)]
struct Drawn {
    rally_bars: usize,
    rise_per_bar: f64,
    base_bars: usize,
    base_drop: f64,
    breakout_close: f64,
}

impl Default for Drawn {
    fn default() -> Drawn {
        Drawn {
            rally_bars: 8,
            rise_per_bar: 2.0,
            base_bars: 14,
            base_drop: 3.0,
            breakout_close: 118.0,
        }
    }
}

fn candle(open: f64, close: f64) -> Candle {
    let (high, low) = (open.max(close) + 0.5, open.min(close) - 0.5);
    Candle { day: Day::default(), open, high, low, close, volume: 1e6 }
}

impl Drawn {
    fn bars(&self) -> Vec<Candle> {
        let mut bars = vec![candle(100.0, 100.0); 60];
        let mut price = 99.0;
        bars.push(candle(100.0, price));
        for _ in 0..self.rally_bars {
            bars.push(candle(price, price + self.rise_per_bar));
            price += self.rise_per_bar;
        }
        for n in 0..self.base_bars {
            let wiggle = if n % 2 == 0 { -self.base_drop } else { -0.8 };
            bars.push(candle(price - 1.0, price + wiggle));
        }
        bars.push(candle(price, self.breakout_close));
        for (n, bar) in bars.iter_mut().enumerate() {
            bar.day = Day::from_number(n as i32);
        }
        bars
    }
}

fn mirrored(bars: &[Candle]) -> Vec<Candle> {
    let flip = |price: f64| 300.0 - price;
    let turn = |c: &Candle| Candle {
        open: flip(c.open),
        high: flip(c.low),
        low: flip(c.high),
        close: flip(c.close),
        ..*c
    };
    bars.iter().map(turn).collect()
}

/// A rally of at least five bars, so that one that is too short can be drawn.
fn config() -> ScanConfig {
    ScanConfig { rally_min_bars: 5, ..ScanConfig::default() }
}

fn scan(bars: &[Candle]) -> Vec<Setup> {
    let mut scanner = Scanner::new(config());
    (1..=bars.len()).filter_map(|end| scanner.update(&bars[..end])).collect()
}

#[test]
fn brk_3_the_drawn_pattern_gives_one_signal_on_its_breakout_bar() {
    let mut bars = Drawn::default().bars();
    let breakout = bars.last().unwrap().day;
    bars.extend([118.5, 119.0, 119.5].map(|close| candle(close - 0.5, close)));
    let found = scan(&bars);
    assert_eq!(found.len(), 1, "{found:?}");
    let setup = &found[0];
    assert_eq!((setup.day, setup.side), (breakout, Side::Long));
    assert_eq!((setup.rally_end_ago, setup.consol_start_ago), (15, 14));
    assert_eq!(setup.rally_start_ago, 15 + 7);
}

#[test]
fn brk_4_to_6_levels_follow_from_the_atr_and_the_move() {
    let setup = scan(&Drawn::default().bars()).remove(0);
    let height = setup.rally_high - setup.rally_low;
    assert!((setup.entry - setup.stop - 2.0 * setup.atr).abs() < 1e-12);
    assert!((setup.targets[1] - setup.entry - 0.75 * height).abs() < 1e-12);
    assert!(setup.stretched, "a close near the high is strong");
    assert!((setup.booked_target - setup.entry - height).abs() < 1e-12);
    let ratio = (setup.booked_target - setup.entry) / (setup.entry - setup.stop);
    assert!((setup.reward_to_risk - ratio).abs() < 1e-12);
}

#[test]
fn brk_5_a_weak_close_books_the_target_at_half_the_move() {
    let mut bars = Drawn::default().bars();
    bars.last_mut().unwrap().high = 125.0;
    let setup = scan(&bars).remove(0);
    assert!(!setup.stretched);
    assert_eq!(setup.booked_target, setup.targets[0]);
}

#[test]
fn each_rule_broken_alone_silences_the_scanner() {
    let good = Drawn::default();
    let cases = [
        ("BRK-2: base shorter than 1.5 rallies", Drawn { base_bars: 9, ..good.clone() }),
        ("BRK-1: rally too short", Drawn { rally_bars: 2, rise_per_bar: 8.0, ..good.clone() }),
        (
            "BRK-1: rally too small",
            Drawn { rise_per_bar: 0.5, base_drop: 1.0, breakout_close: 104.5, ..good.clone() },
        ),
        ("base too deep", Drawn { base_drop: 13.0, ..good.clone() }),
        ("BRK-3: no close beyond the base", Drawn { breakout_close: 115.4, ..good.clone() }),
        ("a chase", Drawn { breakout_close: 130.0, ..good.clone() }),
    ];
    for (rule, drawn) in cases {
        assert_eq!(scan(&drawn.bars()), [], "{rule}");
    }
}

#[test]
fn the_short_side_mirrors_the_long_side() {
    let bars = Drawn::default().bars();
    let (long, short) = (scan(&bars).remove(0), scan(&mirrored(&bars)).remove(0));
    assert_eq!(short.side, Side::Short);
    assert_eq!(short.rally_start_ago, long.rally_start_ago);
    assert!((short.stop - (300.0 - long.stop)).abs() < 1e-9);
    assert!((short.consol_high - (300.0 - long.consol_low)).abs() < 1e-9);
    assert!(short.rally_low < short.rally_high && short.entry < short.stop);
}

fn walk(seed: u64, count: i32) -> Vec<Candle> {
    let mut rng = Seed::root(seed).rng();
    let mut close: f64 = 50.0;
    let bar = |n: i32| {
        let open = close;
        close *= 1.0 + 0.03 * (rng.random::<f64>() - 0.497);
        let wick = 1.0 + 0.01 * rng.random::<f64>();
        let (high, low) = (open.max(close) * wick, open.min(close) / wick);
        Candle { day: Day::from_number(n), open, high, low, close, volume: 1e5 }
    };
    (0..count).map(bar).collect()
}

#[test]
fn brk_7_a_prefix_gives_the_same_signals_as_the_whole() {
    for seed in 0..20 {
        let bars = walk(seed, 1_500);
        let whole = scan(&bars);
        for cut in [300, 777, 1_204] {
            let part = scan(&bars[..cut]);
            let before: Vec<&Setup> =
                whole.iter().filter(|s| s.day < Day::from_number(cut as i32)).collect();
            assert_eq!(part.iter().collect::<Vec<_>>(), before, "seed {seed} cut {cut}");
        }
    }
}

#[test]
fn brk_7_trimmed_history_gives_the_same_signals() {
    let config = config();
    let mut found = 0;
    for seed in 0..40 {
        let bars = walk(seed, 1_500);
        let mut scanner = Scanner::new(config.clone());
        let kept = config.lookback() + 1;
        let trimmed: Vec<Setup> = (1..=bars.len())
            .filter_map(|end| scanner.update(&bars[end.saturating_sub(kept)..end]))
            .collect();
        assert_eq!(trimmed, scan(&bars), "seed {seed}");
        found += trimmed.len();
    }
    assert!(found > 20, "random walks hold {found} patterns: too few to prove anything");
}
