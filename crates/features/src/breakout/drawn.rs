//! Every feature's value on a pattern drawn by hand, with the arithmetic written out.

use base::Day;
use market::{Candle, Side};

use super::Frame;
use crate::moment::{Caps, Moment};
use crate::pattern::Setup;

/// Bars in the drawing; the last is the breakout.
const BARS: usize = 250;

/// Closes from the rally's start to the breakout: 5 bars of rally, 8 of base, the breakout.
const CLOSES: [f64; 14] = [
    100.0, 104.0, 108.0, 107.0, 116.0, 115.0, 114.0, 112.0, 113.0, 111.0, 113.0, 112.0, 114.0,
    120.0,
];

/// A quiet year at 100 with a spike to 118 a while ago, then the pattern. Each bar opens at the
/// close before it and reaches 1 beyond open and close; the rally's last bar reaches 2.
fn own() -> Vec<Candle> {
    let quiet = BARS - CLOSES.len();
    let close = |at: usize| if at < quiet { 100.0 } else { CLOSES[at - quiet] };
    let bar = |at: usize| {
        let (open, close) = (close(at.max(1) - 1), close(at));
        let (mut high, low) = (open.max(close) + 1.0, open.min(close) - 1.0);
        // Two touches within the 200 bars searched, and one before them.
        if [20, 60, 100].contains(&at) {
            high = 119.0;
        }
        if at == BARS - 10 {
            high = 118.0;
        }
        let volume = match BARS - 1 - at {
            0 => 4_000.0,
            1..=8 => 500.0,
            9..=13 => 2_000.0,
            _ => 1_000.0,
        };
        Candle { day: Day::from_number(at as i32), open, high, low, close, volume }
    };
    (0..BARS).map(bar).collect()
}

/// A series whose closes follow a formula of the bar's place; each bar spans 2 about its close.
fn series(close: fn(usize) -> f64) -> Vec<Candle> {
    let bar = |at: usize| {
        let close = close(at);
        let (high, low, open) = (close + 1.0, close - 1.0, close - 0.5);
        Candle { day: Day::from_number(at as i32), open, high, low, close, volume: 1.0 }
    };
    (0..BARS).map(bar).collect()
}

fn setup(side: Side) -> Setup {
    Setup {
        side,
        rally_start_ago: 13,
        rally_end_ago: 9,
        consol_start_ago: 8,
        rally_low: 98.0,
        rally_high: 118.0,
        consol_low: 110.0,
        consol_high: 118.0,
        atr: 3.0,
        entry: 120.0,
        stop: 113.5,
        targets: [130.0, 135.0, 140.0],
        booked_target: 130.0,
        stretched: false,
        reward_to_risk: 10.0 / 6.5,
        pattern_score: 61.0,
        day: Day::from_number(BARS as i32 - 1),
    }
}

fn value(name: &str, side: Side) -> f64 {
    let (own, setup) = (own(), setup(side));
    let (sector, qqq) = (series(|at| 100.0 + at as f64), series(|at| 200.0 + 2.0 * at as f64));
    let (spy, vix) = (series(|at| 400.0 + at as f64), series(|at| 20.0 + (at % 7) as f64));
    let mut frame = Frame::new(&[name]).unwrap();
    for candle in &own {
        frame.update(candle);
    }
    let row = frame.row(&Moment {
        sector: &sector,
        qqq: &qqq,
        spy: &spy,
        vix: &vix,
        caps: Some(Caps { own: 3.0, industry: 60.0, sp500: 1_200.0 }),
        setup: Some(&setup),
        ..Moment::of(&own)
    });
    row[0]
}

fn check(table: &[(&str, f64)]) {
    for (name, wanted) in table {
        let found = value(name, Side::Long);
        assert!((found - wanted).abs() < 1e-9, "{name}: {found}, drawn {wanted}");
    }
}

/// Sum of the last 20 closes: 6 of the quiet year and the 14 of the pattern.
const SUM_20: f64 = 600.0 + 1_559.0;

/// True ranges of the last 14 bars. Each opens at the close before it, so the true range is the
/// bar's own.
const RANGES_14: [f64; 14] =
    [2.0, 6.0, 6.0, 3.0, 12.0, 3.0, 3.0, 4.0, 3.0, 4.0, 4.0, 3.0, 4.0, 8.0];

fn atr() -> f64 {
    RANGES_14.iter().sum::<f64>() / 14.0
}

#[test]
fn geometry() {
    check(&[
        ("basic_tightness", 8.0 / 20.0),
        ("consol_duration", 8.0),
        ("rally_pct", 100.0 * 20.0 / 98.0),
        ("rally_duration", 4.0),
        ("rally_intensity", 100.0 * 20.0 / 98.0 / 4.0),
        ("consol_end_close_pct", 100.0 * (114.0 - 110.0) / 8.0),
        ("consol_rally_duration_ratio", 8.0 / 4.0),
        // Down: 115, 114, 112, 111, 112.
        ("consol_bearish_ratio", 5.0 / 8.0),
        ("candles_close_above_entry", 0.0),
        ("momentum_second_half", (116.0 - 108.0) / (116.0 - 100.0)),
        ("fib_retracement_zone", 2.0),
        ("pattern_score", 61.0),
    ]);
}

#[test]
fn strength() {
    // The rally runs from place 236 to 240, the base from 241 to 248; the breakout is 249.
    let own = 16.0 / 100.0;
    check(&[
        ("stock_vs_sector_rally_strength", 100.0 * (own - 4.0 / 336.0)),
        ("stock_vs_qqq_rally_strength", 100.0 * (own - 8.0 / 672.0)),
        ("sector_vs_market_strength", 100.0 * (4.0 / 336.0 - 4.0 / 636.0)),
        ("qqq_consol_vs_rally_pct", 100.0 * (14.0 / 682.0 - 8.0 / 672.0)),
        ("sector_vs_spy_weekly_ret_w1", 100.0 * (5.0 / 344.0 - 5.0 / 644.0)),
        ("sector_vs_spy_weekly_ret_w2", 100.0 * (5.0 / 339.0 - 5.0 / 639.0)),
        ("sector_vs_spy_weekly_ret_w3", 100.0 * (5.0 / 334.0 - 5.0 / 634.0)),
        ("sector_vs_spy_weekly_ret_w4", 100.0 * (5.0 / 329.0 - 5.0 / 629.0)),
        // Opens half a point below its first close and closes four points above it.
        ("sector_etf_weekly_oc_atr_w2", 4.5 / 2.0),
        ("sector_etf_weekly_oc_atr_w3", 4.5 / 2.0),
        ("sector_etf_weekly_oc_atr_w4", 4.5 / 2.0),
        ("market_cap_to_sp500", 3.0 / 1_200.0),
        ("market_cap_to_industry_index", 3.0 / 60.0),
    ]);
}

#[test]
fn volatility_and_momentum() {
    let ratios = CLOSES.windows(2).map(|pair| f64::ln(pair[1] / pair[0]));
    // Seven quiet returns of nothing before the thirteen of the pattern.
    let returns: Vec<f64> = std::iter::repeat_n(0.0, 7).chain(ratios).collect();
    let mean = returns.iter().sum::<f64>() / 20.0;
    let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    // VIX is 20 + place % 7: 249 gives 24, 248 gives 23, 244 gives 26.
    check(&[
        ("atr_pct_14", 100.0 * atr() / 120.0),
        ("volatility_20d", (squares / 19.0 * 252.0).sqrt()),
        // Before the breakout the window holds one more quiet bar and not the last.
        ("breakout_day_atr_multiple", 8.0 / ((14.0 * atr() - 8.0 + 2.0) / 14.0)),
        ("dist_from_sma_20_atr_norm", (120.0 - SUM_20 / 20.0) / atr()),
        ("vix_change_1d", 100.0 / 23.0),
        ("vix_change_5d", 100.0 * -2.0 / 26.0),
        // Up 4 4 9 1 2 2 6, down 1 1 1 2 2 1.
        ("trend_strength_20", 20.0 / 36.0),
        (
            "dist_from_sma_5",
            100.0 * (120.0 / ((111.0 + 113.0 + 112.0 + 114.0 + 120.0) / 5.0) - 1.0),
        ),
        ("dist_from_sma_20", 100.0 * (120.0 / (SUM_20 / 20.0) - 1.0)),
        ("stoch_14", 100.0 * (120.0 - 99.0) / (121.0 - 99.0)),
    ]);
}

#[test]
fn volume() {
    // Ranges of the base: all 14 less the rally's five and the breakout.
    let base: f64 = RANGES_14[5..13].iter().sum::<f64>() / 8.0;
    check(&[
        ("rally_avg_volume_to_breakout_ratio", 2_000.0 / 4_000.0),
        ("consol_avg_volume_to_breakout_ratio", 500.0 / 4_000.0),
        ("consol_volume_pct", 100.0 * 500.0 / 2_000.0),
        ("rally_volume_pct", 100.0 * 2_000.0 / 1_000.0),
        ("breakout_range_to_consol_avg_range_ratio", 8.0 / base),
    ]);
}

#[test]
fn levels() {
    // The 200 bars before the rally are 36 to 235: the spike at 20 lies before them.
    check(&[
        ("old_entry_touches", 2.0),
        ("old_entry_touches_ratio", 2.0 / 200.0),
        // All of the rally's last bar and the base but its first bar, which holds 114 to 117.
        ("stop_touches_ratio", 8.0 / 13.0),
        ("entry_month", 9.0),
    ]);
}

#[test]
fn the_short_side_counts_from_the_other_edge() {
    let short = |name| value(name, Side::Short);
    assert!((short("rally_pct") - 100.0 * 20.0 / 118.0).abs() < 1e-12);
    // The broken level is the base's low, 110, which the two spikes also hold.
    assert_eq!(short("old_entry_touches"), 2.0);
    // Every close of the pattern before the breakout lies below the entry of 120.
    assert_eq!(short("candles_close_above_entry"), 13.0);
}
