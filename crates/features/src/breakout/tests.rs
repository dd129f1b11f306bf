//! Freedom of scale, and no look past the bar.

use base::{Day, Seed};
use market::{Candle, Side};
use rand::RngExt as _;

use super::{Frame, LONG, SHORT, sides};
use crate::catalog::find;
use crate::moment::{Caps, Moment};
use crate::pattern::{ScanConfig, Scanner, Setup};

fn walk(seed: u64, count: i32) -> Vec<Candle> {
    let mut rng = Seed::root(seed).rng();
    let mut close: f64 = 50.0;
    let bar = |n: i32| {
        let open = close;
        close *= 1.0 + 0.03 * (rng.random::<f64>() - 0.497);
        let wick = 1.0 + 0.01 * rng.random::<f64>();
        let (high, low) = (open.max(close) * wick, open.min(close) / wick);
        let volume = 1e5 * (0.5 + rng.random::<f64>());
        Candle { day: Day::from_number(n), open, high, low, close, volume }
    };
    (0..count).map(bar).collect()
}

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = LONG.iter().chain(&SHORT).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every setup of a walk with its row of all features.
fn rows(own: &[Candle], other: &[Candle]) -> Vec<(Setup, Vec<f64>)> {
    let mut scanner = Scanner::new(ScanConfig::default());
    let mut frame = Frame::new(&names()).unwrap();
    let mut found = Vec::new();
    for end in 1..=own.len() {
        frame.update(&own[end - 1]);
        if let Some(setup) = scanner.update(&own[..end]) {
            let around = &other[..end];
            let moment = Moment {
                sector: around,
                qqq: around,
                spy: &own[..end],
                vix: around,
                caps: Some(Caps { own: 1.0, industry: 20.0, sp500: 500.0 }),
                setup: Some(&setup),
                ..Moment::of(&own[..end])
            };
            let row = frame.row(&moment);
            found.push((setup, row));
        }
    }
    found
}

#[test]
fn brk_11_and_12_every_feature_of_a_side_is_described_in_the_catalog() {
    assert_eq!(names().len(), 45, "44 long features and pattern_score");
    for name in names() {
        assert!(find(name).is_ok(), "{name} has no line in the catalog");
        assert!(!sides(name).is_empty(), "{name} has no side");
    }
}

#[test]
fn a_frame_of_an_unknown_feature_is_refused() {
    let error = Frame::new(&["rally_pc"]).err().unwrap().to_string();
    assert!(error.contains("did you mean \"rally_pct\"?"), "{error}");
}

#[test]
fn sides_are_those_of_the_two_lists() {
    assert_eq!(sides("market_cap_to_sp500"), [Side::Long]);
    assert_eq!(sides("pattern_score"), [Side::Short]);
    assert_eq!(sides("rally_pct"), [Side::Long, Side::Short]);
    assert_eq!(sides("sma_20"), []);
}

#[test]
fn all_features_are_available_where_all_inputs_are() {
    let found: Vec<_> =
        (0..10).flat_map(|seed| rows(&walk(seed, 1_500), &walk(99, 1_500))).collect();
    let full = found.iter().filter(|(setup, _)| setup.day > Day::from_number(500));
    let mut count = 0;
    for (setup, row) in full {
        for (name, value) in names().iter().zip(row) {
            assert!(value.is_finite(), "{name} on {}", setup.day);
        }
        count += 1;
    }
    assert!(count > 5, "{count} setups");
}

#[test]
fn a_missing_input_makes_its_features_missing_and_no_others() {
    let own = walk(3, 1_500);
    let setup = rows(&own, &own).pop().unwrap().0;
    let end = own.iter().position(|candle| candle.day == setup.day).unwrap() + 1;
    let frame = Frame::new(&names()).unwrap();
    let row = frame.row(&Moment { setup: Some(&setup), ..Moment::of(&own[..end]) });
    for (name, value) in names().iter().zip(row) {
        let spec = find(name).unwrap().spec;
        use crate::spec::Input::{Own, Setup};
        let alone = spec.inputs.iter().all(|input| matches!(input, Own | Setup));
        if *name != "rsi_14" {
            assert_eq!(value.is_finite(), alone, "{name}");
        }
    }
}

#[test]
fn other_units_of_price_and_volume_change_nothing() {
    let (own, other) = (walk(5, 1_500), walk(6, 1_500));
    let scaled: Vec<Candle> = own
        .iter()
        .map(|c| Candle {
            open: c.open * 8.0,
            high: c.high * 8.0,
            low: c.low * 8.0,
            close: c.close * 8.0,
            volume: c.volume * 4.0,
            ..*c
        })
        .collect();
    let (plain, large) = (rows(&own, &other), rows(&scaled, &other));
    assert_eq!(plain.len(), large.len());
    for ((_, left), (_, right)) in plain.iter().zip(&large) {
        for ((name, a), b) in names().iter().zip(left).zip(right) {
            let near = (a - b).abs() <= 1e-9 * a.abs().max(1.0);
            assert!(near || (a.is_nan() && b.is_nan()), "{name}: {a} {b}");
        }
    }
}

#[test]
fn fea_3_poisoned_later_bars_change_no_row() {
    let (own, other) = (walk(7, 1_200), walk(8, 1_200));
    let whole = rows(&own, &other);
    let cut = 900;
    let poison = |series: &[Candle]| {
        let mut series = series.to_vec();
        for candle in &mut series[cut..] {
            candle.close *= 3.0;
            candle.high *= 4.0;
            candle.volume *= 9.0;
        }
        series
    };
    let poisoned = rows(&poison(&own), &poison(&other));
    let before = |rows: Vec<(Setup, Vec<f64>)>| -> Vec<String> {
        let kept = rows.into_iter().filter(|(s, _)| s.day < Day::from_number(cut as i32));
        kept.map(|row| format!("{row:?}")).collect()
    };
    let whole = before(whole);
    assert!(!whole.is_empty());
    assert_eq!(whole, before(poisoned));
}
