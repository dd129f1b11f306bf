use super::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[test]
fn tiers_are_paid_by_the_part_that_falls_in_them() {
    // The broker's own example: 30 million shares at 5 dollars, 1,050 + 5,400 + 25,500 + 10,000.
    let tiered = Commission::IbkrTiered { monthly_shares: 0.0 };
    let paid = tiered.of(3e7, 1.5e8, Liquidity::Taken);
    assert!((paid - (41_950.0 + 3e7 * 0.0032)).abs() < 1e-6, "{paid}");
    let later = Commission::IbkrTiered { monthly_shares: 299_500.0 };
    let paid = later.of(1_000.0, 25_000.0, Liquidity::Taken);
    assert!((paid - (500.0 * 0.0035 + 500.0 * 0.002 + 3.2)).abs() < 1e-9, "{paid}");
}

#[test]
fn options_pay_by_premium_and_month_as_the_broker_prints() {
    let cases = [
        (0.0, 1.0, 2.0, 1.0),
        (0.0, 2.0, 5.0, 1.3),
        (0.0, 3.0, 0.075, 1.5),
        (0.0, 5.0, 0.03, 1.25),
        (60_000.0, 5.0, 2.0, 1.25),
        (200_000.0, 7.0, 2.0, 1.05),
    ];
    for (monthly_contracts, contracts, premium, wanted) in cases {
        let value = contracts * premium * 100.0;
        let schedule = Commission::IbkrOptions { monthly_contracts };
        let got = schedule.of(contracts, value, Liquidity::Taken);
        assert!((got - wanted).abs() < 1e-9, "{monthly_contracts} {contracts} {premium}: {got}");
    }
}

#[test]
fn makers_and_takers_pay_the_rates_of_their_venue() {
    let cases = [
        (CryptoVenue::BinanceSpot { vip: 0 }, 10.0, 10.0),
        (CryptoVenue::BinanceUsdMargined { vip: 9 }, 0.0, 1.7),
        (CryptoVenue::Alpaca { volume_30d: 99_999.0 }, 15.0, 25.0),
        (CryptoVenue::Alpaca { volume_30d: 100_000.0 }, 12.0, 22.0),
    ];
    for (venue, maker, taker) in cases {
        let schedule = Commission::Crypto { venue };
        assert!((schedule.of(1.0, 1e4, Liquidity::Provided) - maker).abs() < 1e-9, "{venue:?}");
        assert!((schedule.of(1.0, 1e4, Liquidity::Taken) - taker).abs() < 1e-9, "{venue:?}");
    }
}

#[test]
fn an_order_half_made_and_half_taken_pays_each_half_its_rate() {
    let commission = Commission::MakerTaker { maker_bps: -1.0, taker_bps: 5.0 };
    let model = CostModel::new(CostConfig { commission, ..CostConfig::free() }).unwrap();
    let fill = Execution {
        day: day("2024-06-03"),
        time_of_day: None,
        qty: Qty::whole(10),
        reference: "100".parse().unwrap(),
        liquidity: Liquidity::Taken,
        worst: None,
        range: 0.0,
        daily_volume: 0.0,
        bar_volume: 0.0,
        before: Executed::default(),
    };
    let taken = model.price(&fill).unwrap().fee;
    assert_eq!(taken.to_string(), "0.5");
    let before =
        Executed { qty: Qty::whole(10), value: "1000".parse().unwrap(), commission: taken };
    let made = Execution { liquidity: Liquidity::Provided, before, ..fill };
    assert_eq!(model.price(&made).unwrap().fee.to_string(), "-0.1");
}

#[test]
fn slippage_by_volume_needs_a_volume() {
    let slippage = Slippage::OfVolume { coefficient: 0.02 };
    let model = CostModel::new(CostConfig { slippage, ..CostConfig::free() }).unwrap();
    let fill = Execution {
        day: day("2024-06-03"),
        time_of_day: None,
        qty: Qty::whole(-10),
        reference: "100".parse().unwrap(),
        liquidity: Liquidity::Taken,
        worst: None,
        range: 0.0,
        daily_volume: 0.0,
        bar_volume: 10_000.0,
        before: Executed::default(),
    };
    // 0.02 ÷ √10,000 is two basis points.
    assert_eq!(model.price(&fill).unwrap().price.to_string(), "99.98");
    assert!(model.price(&Execution { bar_volume: 0.0, ..fill }).is_err());
}

#[test]
fn fees_follow_their_dates() {
    let sale = |text: &str| SellFees::UsEquity.of(day(text), 1_000.0, 1e6);
    let cases = [
        ("2025-05-13", 27.8 + 0.166),
        ("2025-05-14", 0.166),
        ("2026-04-03", 0.195),
        ("2026-04-04", 20.6 + 0.195),
        ("2027-01-01", 20.6 + 0.232),
    ];
    for (text, wanted) in cases {
        assert!((sale(text) - wanted).abs() < 1e-9, "{text}: {}", sale(text));
    }
    let capped = SellFees::UsEquity.of(day("2026-01-05"), 1e6, 0.0);
    assert!((capped - 9.79).abs() < 1e-12);
}

#[test]
fn contracts_pay_regulators_and_clearing_on_both_sides() {
    let of = |units: f64| PassThrough::UsOption.of(day("2025-08-01"), units);
    assert!((of(10.0) - (10.0 * (0.00265 + 0.02685 + 0.02))).abs() < 1e-12, "{}", of(10.0));
    // The clearing fee stops growing at 55 dollars.
    assert!((of(5_000.0) - (5_000.0 * 0.0295 + 55.0)).abs() < 1e-9, "{}", of(5_000.0));
    assert_eq!(PassThrough::UsEquity.of(day("2024-08-30"), 1e6), 0.0);
}

#[test]
fn a_debt_pays_each_tier_its_spread_by_days_of_360() {
    let config = CostConfig {
        financing_pct: 5.0,
        financing: Financing::IbkrPro,
        day_count: DayCount::Act360,
        ..CostConfig::free()
    };
    let model = CostModel::new(config).unwrap();
    // 100,000 at 6.5 % and 100,000 at 6 %, for 36 of 360 days.
    let interest = model.financing("-200000".parse().unwrap(), 36).unwrap();
    assert_eq!(interest.to_string(), "1250");
}

#[test]
fn borrowed_shares_are_charged_on_rounded_collateral() {
    // 9.9 × 1.02 = 10.098, up to 11 dollars; 100 shares at 36 % for 10 of 360 days.
    let fee = Borrow::Hard { pct: 36.0 }.fee("9.9".parse().unwrap(), Qty::whole(-100), 10);
    assert_eq!(fee.unwrap().to_string(), "11");
    assert!(Borrow::Hard { pct: f64::NAN }.fee(Price::from_raw(1), Qty::whole(1), 1).is_err());
}

#[test]
fn settings_written_before_the_tiers_are_still_read() {
    let old = r#"{"schedule": "ibkr_tiered"}"#;
    let read: Commission = serde_json::from_str(old).unwrap();
    assert_eq!(read, Commission::IbkrTiered { monthly_shares: 0.0 });
    let venue = r#"{"schedule": "crypto", "venue": {"name": "binance_spot", "vip": 12}}"#;
    let commission: Commission = serde_json::from_str(venue).unwrap();
    assert!(CostModel::new(CostConfig { commission, ..CostConfig::free() }).is_err());
}
