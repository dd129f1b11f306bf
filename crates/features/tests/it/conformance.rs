//! What every line of the catalog must hold: no look-ahead, honest warm-up, finite values, the
//! same bytes twice, and nothing where an input is missing.

use base::Day;
use features::catalog::CATALOG;
use features::moment::KEPT_BARS;
use features::{Caps, Entry, Input, Moment, Setup};
use market::{Candle, Side};

use crate::series;

/// Everything that a run may look at, whole.
#[derive(Clone)]
struct Market {
    own: Vec<Candle>,
    sector: Vec<Candle>,
    qqq: Vec<Candle>,
    spy: Vec<Candle>,
    vix: Vec<Candle>,
    caps: Option<Caps>,
    /// Own bars of history that each moment shows.
    kept: usize,
    /// Whether bars may have setups.
    setups: bool,
}

const BARS: usize = 700;

impl Market {
    fn of(own: Vec<Candle>) -> Market {
        let context = |pace: f64| {
            let moved = |candle: &Candle| Candle {
                open: 50.0 + pace * candle.low,
                high: 52.0 + pace * candle.high,
                low: 48.0 + pace * candle.low,
                close: 50.0 + pace * candle.close,
                ..*candle
            };
            own.iter().rev().map(moved).rev().collect::<Vec<Candle>>()
        };
        // The volatility index misses some days, so it is stale there.
        let vix = context(0.1).into_iter().filter(|candle| candle.day.number() % 31 != 0).collect();
        let (sector, qqq, spy) = (context(0.5), context(1.5), context(2.5));
        let caps = Some(Caps { own: 2e9, industry: 8e11, sp500: 4e13 });
        Market { own, sector, qqq, spy, vix, caps, kept: usize::MAX, setups: true }
    }

    /// Values of one feature at the first `count` bars.
    fn run(&self, entry: &Entry, count: usize) -> Vec<Option<f64>> {
        let mut feature = entry.make();
        (0..count.min(self.own.len()))
            .map(|at| {
                let own = &self.own[(at + 1).saturating_sub(self.kept)..=at];
                let day = own[own.len() - 1].day;
                let setup = self.setups.then(|| setup_at(&self.own[..=at])).flatten();
                feature.update(&Moment {
                    own,
                    sector: until(&self.sector, day),
                    qqq: until(&self.qqq, day),
                    spy: until(&self.spy, day),
                    vix: until(&self.vix, day),
                    caps: self.caps,
                    setup: setup.as_ref(),
                });
                feature.value()
            })
            .collect()
    }

    fn without(&self, input: Input) -> Market {
        let mut market = self.clone();
        match input {
            Input::Own => market.own.clear(),
            Input::Sector => market.sector.clear(),
            Input::Qqq => market.qqq.clear(),
            Input::Spy => market.spy.clear(),
            Input::Vix => market.vix.clear(),
            Input::MarketCap => market.caps = None,
            Input::Setup => market.setups = false,
        }
        market
    }
}

fn until(series: &[Candle], day: Day) -> &[Candle] {
    &series[..series.partition_point(|candle| candle.day <= day)]
}

/// A setup drawn from the past alone, at every seventh bar, on alternating sides.
fn setup_at(own: &[Candle]) -> Option<Setup> {
    let bars = own.len();
    if bars < 120 || !bars.is_multiple_of(7) {
        return None;
    }
    let side = if bars.is_multiple_of(2) { Side::Long } else { Side::Short };
    let (rally_start_ago, rally_end_ago) = (30 + bars % 11, 19 + bars % 5);
    let consol_start_ago = rally_end_ago - 1;
    let rally = &own[bars - 1 - rally_start_ago..bars - rally_end_ago];
    let consol = &own[bars - 1 - consol_start_ago..bars - 1];
    let high = |part: &[Candle]| part.iter().map(|c| c.high).fold(f64::MIN, f64::max);
    let low = |part: &[Candle]| part.iter().map(|c| c.low).fold(f64::MAX, f64::min);
    let last = own[bars - 1];
    let atr = own[bars - 20..].iter().map(Candle::range).sum::<f64>() / 20.0;
    let sign = side.sign();
    let reach = high(rally) - low(rally);
    let targets = [0.5, 0.75, 1.0].map(|share| last.close + sign * share * reach);
    Some(Setup {
        side,
        rally_start_ago,
        rally_end_ago,
        consol_start_ago,
        rally_low: low(rally),
        rally_high: high(rally),
        consol_low: low(consol),
        consol_high: high(consol),
        atr,
        entry: last.close,
        stop: last.close - sign * 2.0 * atr,
        targets,
        booked_target: targets[0],
        stretched: false,
        reward_to_risk: 0.25 * reach / atr,
        pattern_score: 50.0,
        day: last.day,
    })
}

fn market() -> Market {
    Market::of(series::walk(BARS))
}

/// Equal to the bit; a difference names the feature and the bar.
fn same(entry: &Entry, left: &[Option<f64>], right: &[Option<f64>]) {
    let bits = |value: &Option<f64>| value.map(f64::to_bits);
    for (at, (a, b)) in left.iter().zip(right).enumerate() {
        assert_eq!(bits(a), bits(b), "{} at bar {at}: {a:?} {b:?}", entry.spec.name);
    }
}

#[test]
fn fea_3_a_prefix_gives_the_values_of_the_whole() {
    let market = market();
    for entry in CATALOG {
        let whole = market.run(entry, BARS);
        for cut in [1, 2, 20, 121, 126, 252, 253, 431, 560, BARS - 1] {
            let mut prefix = market.clone();
            let day = prefix.own[cut - 1].day;
            prefix.own.truncate(cut);
            for series in [&mut prefix.sector, &mut prefix.qqq, &mut prefix.spy, &mut prefix.vix] {
                series.retain(|candle| candle.day <= day);
            }
            same(entry, &prefix.run(entry, cut), &whole[..cut]);
        }
    }
}

#[test]
fn fea_3_poison_in_the_future_changes_nothing() {
    let market = market();
    for entry in CATALOG {
        let clean = market.run(entry, BARS);
        for cut in [126, 433] {
            let mut poisoned = market.clone();
            let day = poisoned.own[cut - 1].day;
            let Market { own, sector, qqq, spy, vix, .. } = &mut poisoned;
            for candle in [own, sector, qqq, spy, vix].into_iter().flatten() {
                if candle.day > day {
                    *candle = Candle { day: candle.day, high: 9e9, volume: 9e9, ..*candle };
                    (candle.open, candle.close, candle.low) = (8e9, 7e9, 6e9);
                }
            }
            same(entry, &poisoned.run(entry, cut), &clean[..cut]);
        }
    }
}

#[test]
fn fea_1_two_runs_give_the_same_bytes() {
    let market = market();
    for entry in CATALOG {
        same(entry, &market.run(entry, BARS), &market.run(entry, BARS));
    }
}

#[test]
fn fea_1_trimmed_history_gives_the_values_of_the_whole() {
    let market = market();
    let trimmed = Market { kept: KEPT_BARS, ..market.clone() };
    for entry in CATALOG {
        same(entry, &trimmed.run(entry, BARS), &market.run(entry, BARS));
    }
}

#[test]
fn the_first_value_comes_no_earlier_than_the_warm_up_says() {
    let market = market();
    for entry in CATALOG {
        let values = market.run(entry, BARS);
        let first = values.iter().position(Option::is_some).map(|at| at + 1);
        let name = entry.spec.name;
        let Some(first) = first else { panic!("{name} has no value at all") };
        assert!(first >= entry.spec.warmup, "{name}: at bar {first}, said {}", entry.spec.warmup);
        if entry.spec.inputs == [Input::Own] {
            assert_eq!(first, entry.spec.warmup, "{name}: warm-up is longer than it says");
        }
    }
}

#[test]
fn values_are_finite_on_nasty_series() {
    for (kind, candles) in series::all() {
        let count = candles.len();
        let market = Market::of(candles);
        for entry in CATALOG {
            for (at, value) in market.run(entry, count).into_iter().enumerate() {
                let name = entry.spec.name;
                assert!(value.is_none_or(f64::is_finite), "{name}, {kind}, bar {at}: {value:?}");
            }
        }
    }
}

#[test]
fn a_missing_input_makes_the_value_unavailable() {
    let market = market();
    for entry in CATALOG {
        for &input in entry.spec.inputs {
            let values = market.without(input).run(entry, BARS);
            let found = values.iter().position(Option::is_some);
            assert_eq!(found, None, "{} has a value without {input}", entry.spec.name);
        }
    }
}

#[test]
fn an_input_that_a_feature_does_not_name_changes_nothing() {
    let market = market();
    let inputs =
        [Input::Sector, Input::Qqq, Input::Spy, Input::Vix, Input::MarketCap, Input::Setup];
    for entry in CATALOG {
        let whole = market.run(entry, BARS);
        for input in inputs.into_iter().filter(|input| !entry.spec.inputs.contains(input)) {
            same(entry, &market.without(input).run(entry, BARS), &whole);
        }
    }
}

#[test]
fn a_stale_context_makes_the_value_unavailable() {
    let market = market();
    for entry in CATALOG.iter().filter(|entry| entry.spec.inputs.contains(&Input::Vix)) {
        for (value, candle) in market.run(entry, BARS).iter().zip(&market.own) {
            if candle.day.number() % 31 == 0 {
                assert_eq!(*value, None, "{} on {}", entry.spec.name, candle.day);
            }
        }
    }
}

#[test]
fn a_setup_feature_has_a_value_only_where_there_is_a_setup() {
    let market = market();
    for entry in CATALOG.iter().filter(|entry| entry.spec.inputs.contains(&Input::Setup)) {
        for (at, value) in market.run(entry, BARS).iter().enumerate() {
            let here = setup_at(&market.own[..=at]).is_some();
            assert!(here || value.is_none(), "{} at bar {at}", entry.spec.name);
        }
    }
}

#[test]
fn fea_2_every_spec_is_written_out() {
    for entry in CATALOG {
        let spec = entry.spec;
        let written = [spec.name, spec.formula, spec.source].iter().all(|text| !text.is_empty());
        assert!(written && spec.warmup > 0 && !spec.inputs.is_empty(), "{spec:?}");
    }
}

#[test]
fn fea_2_a_misspelt_name_is_answered_with_the_nearest() {
    let error = features::make("rsi14").err().unwrap();
    assert!(error.to_string().ends_with("; did you mean \"rsi_14\"?"), "{error}");
}
