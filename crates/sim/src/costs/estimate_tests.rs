use base::bootstrap::Plan;
use base::{Seed, Span, Ts};
use market::Bar;
use rand::RngExt as _;

use super::calibrate::{self, ImpactRow, SessionScale, SignedTrade, SlippageRow};
use super::spread::{self, Hours, Quoted, SpreadProfile};
use super::*;

fn plan() -> Plan {
    Plan { draws: 400, ..Plan::blocks(Seed::root(5), 5.0) }
}

/// A sum of twelve uniforms: near enough to normal, without a distribution crate.
fn normal(rng: &mut base::seed::Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Bars of a random walk that trades at either side of a spread, many trades a bar.
fn walk(spread_bps: f64, step_bps: f64, bars: usize) -> Vec<Bar> {
    let mut rng = Seed::root(11).child("walk").rng();
    let mut log_middle = 100f64.ln();
    (0..bars)
        .map(|_| {
            let mut prices = Vec::new();
            for _ in 0..390 {
                log_middle += normal(&mut rng) * step_bps * 1e-4 / 390f64.sqrt();
                let side = if rng.random::<bool>() { 0.5 } else { -0.5 };
                prices.push((log_middle + side * spread_bps * 1e-4).exp());
            }
            let high = prices.iter().copied().fold(f64::MIN, f64::max);
            let low = prices.iter().copied().fold(f64::MAX, f64::min);
            let price = |value| Price::from_f64(value, Rounding::HalfEven).unwrap();
            Bar {
                open: price(prices[0]),
                high: price(high),
                low: price(low),
                close: price(prices[389]),
                volume: 1,
            }
        })
        .collect()
}

#[test]
fn a_spread_known_beforehand_is_found_from_bars() {
    let bars = walk(100.0, 100.0, 2_000);
    let found = [
        spread::roll(&bars, plan()).unwrap(),
        spread::corwin_schultz(&bars, plan()).unwrap(),
        spread::abdi_ranaldo(&bars, plan()).unwrap(),
    ];
    for estimate in found {
        let value = estimate.spread_bps;
        assert!((value.value - 100.0).abs() < 25.0, "{value:?}");
        assert!(value.low < value.value && value.value < value.high, "{value:?}");
    }
}

#[test]
fn too_few_bars_and_impossible_bars_are_refused_with_a_reason() {
    let bars = walk(50.0, 100.0, 29);
    for refused in [
        spread::roll(&bars, plan()),
        spread::corwin_schultz(&bars, plan()),
        spread::abdi_ranaldo(&bars, plan()),
    ] {
        assert!(refused.unwrap_err().to_string().contains("29 rows, at least 30"));
    }
    let mut bars = walk(50.0, 100.0, 40);
    bars[7].low = Price::ZERO;
    let error = spread::corwin_schultz(&bars, plan()).unwrap_err();
    assert!(error.to_string().contains("bar 7 is not one"), "{error}");
}

#[test]
fn a_trend_has_no_spread_by_roll() {
    let bars: Vec<Bar> = (1..60i64)
        .map(|at| {
            let price = Price::from_f64((at * at) as f64, Rounding::HalfEven).unwrap();
            Bar { open: price, high: price, low: price, close: price, volume: 1 }
        })
        .collect();
    let error = spread::roll(&bars, plan()).unwrap_err();
    assert!(error.to_string().contains("undefined"), "{error}");
}

#[test]
fn planted_coefficients_are_found_within_their_intervals() {
    let mut rng = Seed::root(3).rng();
    let rows: Vec<ImpactRow> = (0..800)
        .map(|_| {
            let share: f64 = 0.1 * rng.random::<f64>();
            let moved = 0.7 * 0.02 * share.sqrt() + 0.003 * normal(&mut rng);
            ImpactRow { moved, volatility: 0.02, share }
        })
        .collect();
    let found = calibrate::square_root(&rows, plan()).unwrap();
    assert!(found.value.low < 0.7 && 0.7 < found.value.high, "{found:?}");
    let half = (found.value.high - found.value.low) / 2.0;
    assert!((half / (1.96 * found.standard_error) - 1.0).abs() < 0.25, "{found:?}");
    let rows: Vec<SlippageRow> = (1..200)
        .map(|at| SlippageRow { slipped: 0.05 / f64::from(at).sqrt(), volume: f64::from(at) })
        .collect();
    let found = calibrate::volume_slippage(&rows, plan()).unwrap();
    assert!((found.value.value - 0.05).abs() < 1e-12 && found.r_squared > 0.999, "{found:?}");
}

#[test]
fn a_calibration_without_information_is_refused_with_a_reason() {
    let row = ImpactRow { moved: 0.001, volatility: 0.02, share: 0.01 };
    let says = |rows: Vec<ImpactRow>, words: &str| {
        let error = calibrate::square_root(&rows, plan()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    says(vec![row; 29], "29 rows");
    says(vec![ImpactRow { share: 0.0, ..row }; 40], "size zero");
    says(vec![ImpactRow { moved: f64::NAN, ..row }; 40], "finite");
    says(vec![ImpactRow { share: -0.1, ..row }; 40], "finite");
    let error =
        calibrate::volume_slippage(&[SlippageRow { slipped: 0.0, volume: 0.0 }; 40], plan());
    assert!(error.is_err());
}

#[test]
fn stretches_sum_signed_volume_and_take_the_move_to_the_next() {
    let at = |second: i64, middle: f64, signed: f64| SignedTrade {
        at: Ts::from_seconds(second),
        middle,
        signed,
    };
    let trades =
        [at(0, 100.0, 30.0), at(4, 100.1, -10.0), at(11, 101.0, -50.0), at(25, 100.0, 5.0)];
    let scale = SessionScale { stretch: Span::from_seconds(10), volume: 1_000.0, volatility: 0.01 };
    let rows = calibrate::stretches(&trades, &scale).unwrap();
    assert_eq!(rows.len(), 2);
    assert!((rows[0].moved - 0.01).abs() < 1e-12 && (rows[0].share - 0.02).abs() < 1e-12);
    assert!(rows[1].moved > 0.0, "a sale that moved the price down moved it against the seller");
    let backwards = [trades[3], trades[0]];
    assert!(calibrate::stretches(&backwards, &scale).is_err());
    let scale = SessionScale { volume: 0.0, ..scale };
    assert!(calibrate::stretches(&trades, &scale).is_err());
}

#[test]
fn a_profile_weighs_quotes_by_their_time() {
    let quote = |second: i64, ask: f64| Quoted { at: Ts::from_seconds(second), bid: 100.0, ask };
    let hours = Hours { from: Span::ZERO, to: Span::from_minutes(2), step: Span::from_minutes(1) };
    // A minute: 45 s of a spread of 0.2, 15 s of 1.0; then one of 0.1.
    let quotes = [quote(0, 100.2), quote(45, 101.0), quote(60, 100.1), quote(130, 100.1)];
    let profile = SpreadProfile::from_quotes(&quotes, hours).unwrap();
    let half = |ask: f64| (ask - 100.0) / (ask + 100.0) * 1e4;
    let wanted = 0.75 * half(100.2) + 0.25 * half(101.0);
    assert!((profile.steps()[0] - wanted).abs() < 1e-9, "{profile:?}");
    assert!((profile.steps()[1] - half(100.1)).abs() < 1e-9, "{profile:?}");
    assert_eq!(profile.half_bps(Span::from_minutes(2)), None);
    let error = SpreadProfile::from_quotes(&quotes[..2], hours).unwrap_err();
    assert!(error.to_string().contains("step 1 has 0.0 s"), "{error}");
    let model = spread::Spread::Profile(profile);
    assert!(model.half(100.0, Some(Span::from_seconds(70))).unwrap() > 0.0);
}
