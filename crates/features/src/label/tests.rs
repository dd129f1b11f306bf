//! Each way a trade can end, long and mirrored.

use base::{Day, Span};
use market::{BarSize, Candle, Side, TimedCandle};

use super::{Decided, Label, LabelConfig, Outcome, decide};
use crate::pattern::setup::Setup;

/// Entry 100, stop 96, booked target 110 on the long side.
fn setup(side: Side) -> Setup {
    let at = |distance: f64| 100.0 + side.sign() * distance;
    Setup {
        side,
        rally_start_ago: 20,
        rally_end_ago: 12,
        consol_start_ago: 11,
        rally_low: 80.0,
        rally_high: 100.0,
        consol_low: 95.0,
        consol_high: 100.0,
        atr: 2.0,
        entry: 100.0,
        stop: at(-4.0),
        targets: [at(10.0), at(15.0), at(20.0)],
        booked_target: at(10.0),
        stretched: false,
        reward_to_risk: 2.5,
        pattern_score: 50.0,
        day: Day::from_number(0),
    }
}

fn bar(day: i32, [open, high, low, close]: [f64; 4]) -> Candle {
    Candle { day: Day::from_number(day), open, high, low, close, volume: 1.0 }
}

fn mirrored(candle: &Candle) -> Candle {
    let flip = |price: f64| 200.0 - price;
    Candle {
        open: flip(candle.open),
        high: flip(candle.low),
        low: flip(candle.high),
        close: flip(candle.close),
        ..*candle
    }
}

fn both_sides(later: &[Candle], config: LabelConfig) -> Option<Label> {
    let long = decide(&setup(Side::Long), later, &[], config);
    let turned: Vec<Candle> = later.iter().map(mirrored).collect();
    let short = decide(&setup(Side::Short), &turned, &[], config);
    let facts = |l: &Label| (l.outcome, l.decided, l.bars_held, (l.r_multiple * 1e9).round());
    assert_eq!(long.as_ref().map(facts), short.as_ref().map(facts), "sides differ");
    long
}

#[test]
fn brk_10_each_way_to_end() {
    let quiet = [100.0, 102.0, 98.0, 101.0];
    let cases = [
        ("target touched", [101.0, 111.0, 100.0, 108.0], Outcome::Win, 2.5),
        ("stop touched", [101.0, 103.0, 95.0, 97.0], Outcome::Loss, -1.0),
        ("gap through the stop", [90.0, 92.0, 89.0, 91.0], Outcome::Loss, -2.5),
        ("gap beyond the target", [112.0, 113.0, 111.0, 112.0], Outcome::Win, 3.0),
    ];
    for (name, last, outcome, r) in cases {
        let label = both_sides(&[bar(1, quiet), bar(2, last)], LabelConfig::default()).unwrap();
        assert_eq!((label.outcome, label.decided), (outcome, Decided::ByBar), "{name}");
        assert!((label.r_multiple - r).abs() < 1e-12, "{name}: {}", label.r_multiple);
        assert_eq!(label.bars_held, 2, "{name}");
        assert!(label.worst_r <= -0.5 && label.best_r >= 0.5, "{name}");
    }
}

#[test]
fn brk_10_both_inside_one_bar_is_a_loss() {
    let wide = [bar(1, [100.0, 112.0, 95.0, 104.0])];
    let label = both_sides(&wide, LabelConfig::default()).unwrap();
    assert_eq!((label.outcome, label.decided), (Outcome::Loss, Decided::Conservatively));
}

#[test]
fn brk_10_finer_bars_decide_what_a_daily_bar_can_not() {
    let hour = |n: i64, prices: [f64; 4]| TimedCandle {
        start: Day::from_number(1).start() + Span::from_hours(14 + n),
        size: BarSize::Minutes(60),
        candle: bar(1, prices),
    };
    let wide = [bar(1, [100.0, 112.0, 95.0, 96.0])];
    let up_first = [hour(0, [100.0, 112.0, 99.0, 110.0]), hour(1, [110.0, 110.0, 95.0, 96.0])];
    let config = LabelConfig::default();
    let label = decide(&setup(Side::Long), &wide, &up_first, config).unwrap();
    assert_eq!((label.outcome, label.decided), (Outcome::Win, Decided::ByFinerBars));
    let unclear = [hour(0, [100.0, 112.0, 95.0, 96.0])];
    let label = decide(&setup(Side::Long), &wide, &unclear, config).unwrap();
    assert_eq!((label.outcome, label.decided), (Outcome::Loss, Decided::Conservatively));
}

#[test]
fn an_open_trade_has_no_label_and_an_old_one_expires() {
    let quiet: Vec<Candle> = (1..=5).map(|n| bar(n, [100.0, 102.0, 98.0, 101.0])).collect();
    assert_eq!(both_sides(&quiet, LabelConfig { max_bars: 6 }), None);
    let label = both_sides(&quiet, LabelConfig { max_bars: 5 }).unwrap();
    assert_eq!(label.outcome, Outcome::Expired);
    assert!((label.r_multiple - 0.25).abs() < 1e-12);
    assert_eq!(label.known, Day::from_number(6).start());
}
