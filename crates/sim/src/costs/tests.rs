use super::*;
use proptest::prelude::*;

fn execution(qty: i64, reference: &str) -> Execution {
    Execution {
        day: Day::from_ymd(2023, 6, 1).unwrap(),
        time_of_day: None,
        qty: Qty::whole(qty),
        reference: reference.parse().unwrap(),
        liquidity: Liquidity::Taken,
        worst: None,
        range: 2.0,
        daily_volume: 10_000.0,
        bar_volume: 400.0,
        before: Executed::default(),
    }
}

fn priced(config: CostConfig, execution: &Execution) -> Priced {
    CostModel::new(config).unwrap().price(execution).unwrap()
}

#[test]
fn commissions_follow_their_published_schedules() {
    let cases = [
        (Commission::IbkrFixed, 1_000.0, 25_000.0, 5.0),
        (Commission::IbkrFixed, 100.0, 2_500.0, 1.0),
        (Commission::IbkrFixed, 1_000.0, 250.0, 2.5),
        (Commission::IbkrTiered { monthly_shares: 0.0 }, 1_000.0, 25_000.0, 3.5 + 3.2),
        (Commission::Zero, 1_000.0, 25_000.0, 0.0),
        (Commission::OfValue { bps: 10.0, minimum: 1.0 }, 10.0, 5_000.0, 5.0),
    ];
    for (schedule, qty, value, wanted) in cases {
        let got = schedule.of(qty, value, Liquidity::Taken);
        assert!((got - wanted).abs() < 1e-12, "{schedule:?} {qty} {value}: {got}");
    }
}

#[test]
fn half_the_spread_is_paid_on_both_sides() {
    let config = CostConfig { half_spread_bps: 10.0, ..CostConfig::free() };
    assert_eq!(priced(config.clone(), &execution(100, "50")).price.to_string(), "50.05");
    assert_eq!(priced(config, &execution(-100, "50")).price.to_string(), "49.95");
}

#[test]
fn the_square_root_law_takes_range_times_root_of_share() {
    let config = CostConfig { impact_coefficient: 0.5, ..CostConfig::free() };
    // 100 of 10,000 units is a share of 1 %: 0.5 × 2.0 × 0.1 = 0.1.
    let got = priced(config, &execution(100, "50"));
    assert_eq!(got.price.to_string(), "50.1");
    assert_eq!(got.breakdown.impact.to_string(), "10");
}

#[test]
fn a_waiting_limit_order_pays_neither_spread_nor_slippage() {
    let given = Execution { liquidity: Liquidity::Provided, ..execution(100, "50") };
    assert_eq!(priced(CostConfig::default(), &given).price.to_string(), "50");
}

#[test]
fn the_price_never_passes_the_limit() {
    let config = CostConfig { half_spread_bps: 100.0, ..CostConfig::free() };
    let worst = Some("50.02".parse().unwrap());
    let got = priced(config, &Execution { worst, ..execution(100, "50") });
    assert_eq!(got.price.to_string(), "50.02");
}

#[test]
fn sales_pay_the_fees_of_their_day() {
    let config = CostConfig { sell_fees: SellFees::UsEquity, ..CostConfig::free() };
    // 2023-06: 8.00 a million of 50,000, and 0.000145 a share of 1,000.
    assert_eq!(priced(config.clone(), &execution(-1_000, "50")).fee.to_string(), "0.545");
    assert_eq!(priced(config, &execution(1_000, "50")).fee, Cash::ZERO);
}

#[test]
fn a_minimum_is_charged_once_an_order() {
    let config = CostConfig { commission: Commission::IbkrFixed, ..CostConfig::free() };
    let first = priced(config.clone(), &execution(50, "50"));
    assert_eq!(first.fee.to_string(), "1");
    let before = Executed {
        qty: Qty::whole(50),
        value: "2500".parse().unwrap(),
        commission: first.breakdown.commission,
    };
    assert_eq!(priced(config, &Execution { before, ..execution(50, "50") }).fee, Cash::ZERO);
}

#[test]
fn negative_assumptions_are_refused() {
    let config = CostConfig { half_spread_bps: -1.0, ..CostConfig::free() };
    let error = CostModel::new(config).unwrap_err();
    assert!(error.to_string().contains("costs.half_spread_bps"), "{error}");
    assert!(CostModel::new(CostConfig { scale: f64::NAN, ..CostConfig::free() }).is_err());
}

#[test]
fn borrowing_accrues_by_the_calendar_day() {
    let config = CostConfig { borrow_pct: 3.65, ..CostConfig::free() };
    let fee =
        CostModel::new(config).unwrap().borrow_fee("100".parse().unwrap(), Qty::whole(-100), 3);
    assert_eq!(fee.unwrap().to_string(), "3");
}

#[test]
fn a_lender_s_terms_take_the_place_of_the_percent() {
    let borrow = Some(Borrow::Hard { pct: 36.0 });
    let config = CostConfig { borrow_pct: 1.0, borrow, scale: 2.0, ..CostConfig::free() };
    let fee =
        CostModel::new(config).unwrap().borrow_fee("9.9".parse().unwrap(), Qty::whole(-100), 10);
    // 102 % of 9.90 is 11 when rounded up; 1,100 at 36 % for 10 days of 360, twice.
    assert_eq!(fee.unwrap().to_string(), "22");
    let none = CostConfig { borrow: Some(Borrow::Hard { pct: -1.0 }), ..CostConfig::free() };
    assert!(CostModel::new(none).is_err());
}

/// One basis point of half spread from 14:00 on, eight from 14:30 to 15:00.
fn profile() -> SpreadProfile {
    let moment = |minute: i64| base::Ts::from_seconds(minute * 60);
    let quote = |minute: i64, half: f64| spread::Quoted {
        at: moment(minute),
        bid: 100.0 - half,
        ask: 100.0 + half,
    };
    let quotes = [quote(840, 0.01), quote(870, 0.08), quote(900, 0.01)];
    let [from, to, step] = [840, 900, 30].map(Span::from_minutes);
    SpreadProfile::from_quotes(&quotes, spread::Hours { from, to, step }).unwrap()
}

#[test]
fn the_spread_is_that_of_the_time_of_day() {
    let spread = Some(Spread::Profile(profile()));
    let config = CostConfig { half_spread_bps: 2.0, spread, ..CostConfig::free() };
    let at = |minute: Option<i64>| {
        let time_of_day = minute.map(Span::from_minutes);
        let given = Execution { time_of_day, ..execution(100, "50") };
        priced(config.clone(), &given).price.to_string()
    };
    assert_eq!([at(Some(845)), at(Some(899))], ["50.005", "50.04"]);
    // Before, after, and at no known time the assumed two basis points count.
    assert_eq!([at(Some(839)), at(Some(900)), at(None)], ["50.01"; 3]);
}

#[test]
fn a_fixed_spread_is_so_much_price() {
    let config = CostConfig { spread: Some(Spread::Fixed { half: 0.03 }), ..CostConfig::free() };
    assert_eq!(priced(config, &execution(-100, "50")).price.to_string(), "49.97");
    for half in [-0.01, f64::NAN] {
        let config = CostConfig { spread: Some(Spread::Fixed { half }), ..CostConfig::free() };
        assert!(CostModel::new(config).is_err(), "{half}");
    }
}

#[test]
fn a_spread_by_time_of_day_is_kept_in_a_configuration() {
    let spread = Some(Spread::Profile(profile()));
    let borrow = Some(Borrow::General);
    let config = CostConfig { spread, borrow, ..CostConfig::default() };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<CostConfig>(&text).unwrap(), config);
    let broken = text.replace("\"half_bps\":[", "\"half_bps\":[-3.0,");
    let broken: CostConfig = serde_json::from_str(&broken).unwrap();
    assert!(CostModel::new(broken).unwrap_err().to_string().contains("half_bps"));
}

proptest! {
    #[test]
    fn the_parts_of_the_price_sum_to_what_was_paid(
        qty in prop_oneof![-5_000i64..0, 1i64..5_000], cents in 100i64..100_000,
        scale in 0.0f64..4.0,
    ) {
        let config = CostConfig {
            impact_coefficient: 0.3,
            slippage: Slippage::OfRange { fraction: 0.02 },
            scale,
            ..CostConfig::default()
        };
        let reference = Price::from_raw(cents * Price::SCALE / 100);
        let execution = Execution { reference, ..execution(qty, "1") };
        let got = priced(config, &execution);
        let parts = got.breakdown.spread + got.breakdown.slippage + got.breakdown.impact;
        let size = Qty::whole(qty.abs());
        prop_assert_eq!(parts, (got.price.times(size) - reference.times(size)).abs());
        prop_assert!((got.price >= reference) == (qty > 0) || got.price == reference);
    }
}
