//! Spreads from bars against numpy (`proving/peers/golden_spreads.py`).

use base::bootstrap::Plan;
use base::{Rounding, Seed};
use market::{Bar, Price};
use serde::Deserialize;
use sim::costs::spread::{abdi_ranaldo, corwin_schultz, roll};

#[derive(Deserialize)]
struct Golden {
    bars: Vec<[f64; 4]>,
    roll_bps: f64,
    corwin_schultz_bps: f64,
    floored: f64,
    abdi_ranaldo_bps: f64,
}

#[test]
fn spreads_from_bars_agree_with_numpy() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/spreads.json")).unwrap();
    let bars: Vec<Bar> = golden
        .bars
        .iter()
        .map(|prices| {
            let [open, high, low, close] =
                prices.map(|price| Price::from_f64(price, Rounding::HalfEven).unwrap());
            Bar { open, high, low, close, volume: 1 }
        })
        .collect();
    let plan = Plan { draws: 50, ..Plan::blocks(Seed::root(1), 5.0) };
    let found = corwin_schultz(&bars, plan).unwrap();
    let cases = [
        (roll(&bars, plan).unwrap(), golden.roll_bps),
        (found, golden.corwin_schultz_bps),
        (abdi_ranaldo(&bars, plan).unwrap(), golden.abdi_ranaldo_bps),
    ];
    for (ours, theirs) in cases {
        assert!((ours.spread_bps.value / theirs - 1.0).abs() < 1e-9, "{ours:?} {theirs}");
    }
    assert!((found.floored - golden.floored).abs() < 1e-12);
}
