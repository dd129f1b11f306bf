//! A signal of round numbers, and a chain around it.

use base::Prob;
use features::Setup;
use market::{Candle, OptionSeries};

use super::*;

/// Half of the move at 105, the whole at 110; or mirrored at 95 and 90.
fn setup(side: Side) -> Setup {
    let sign = side.sign();
    Setup {
        side,
        rally_start_ago: 20,
        rally_end_ago: 10,
        consol_start_ago: 9,
        rally_low: 90.0,
        rally_high: 99.0,
        consol_low: 96.0,
        consol_high: 99.0,
        atr: 1.0,
        entry: 100.0,
        stop: 100.0 - 4.0 * sign,
        targets: [5.0, 7.5, 10.0].map(|move_| 100.0 + move_ * sign),
        booked_target: 100.0 + 10.0 * sign,
        stretched: false,
        reward_to_risk: 2.5,
        pattern_score: 1.0,
        day: "2024-06-27".parse().unwrap(),
    }
}

const CANDLES: [Candle; 1] = [Candle {
    day: Day::from_number(19_900),
    open: 99.0,
    high: 101.0,
    low: 98.0,
    close: 100.0,
    volume: 1e6,
}];

fn signal(setup: &Setup, confidence: Option<f64>) -> Signal<'_> {
    let confidence = confidence.map(|it| Prob::new(it).unwrap());
    Signal {
        instrument: InstrumentId(3),
        symbol: "AAPL",
        setup,
        candles: &CANDLES,
        factor: 1.0,
        confidence,
    }
}

fn session() -> Day {
    "2024-06-28".parse().unwrap()
}

/// Quotes of a day: what each strike is bid and asked.
fn chain(expiry: &str, right: OptionRight, rows: &[(&str, &str, &str)]) -> Vec<SeriesQuote> {
    let price = |text: &str| text.parse::<Price>().ok();
    let quote = |(strike, bid, ask): &(&str, &str, &str)| SeriesQuote {
        series: OptionSeries {
            underlying: "AAPL".to_owned(),
            expiry: expiry.parse().unwrap(),
            right,
            strike: strike.parse().unwrap(),
        },
        bid: price(bid),
        ask: price(ask),
    };
    rows.iter().map(quote).collect()
}

const CALLS: [(&str, &str, &str); 4] =
    [("100", "4.9", "5"), ("104", "2.9", "3"), ("106", "2.0", "2.1"), ("110", "0.9", "1")];

fn picked(setup: &Setup, chain: &[SeriesQuote]) -> Result<String, NoSpread> {
    let found = signal(setup, None).spread(chain, session(), &OverlayConfig::default());
    found.map(|pick| format!("{} for {}", pick.spread, pick.limit))
}

#[test]
fn a_long_buys_the_call_near_half_of_the_move_and_sells_the_one_near_all_of_it() {
    let found = picked(&setup(Side::Long), &chain("2024-08-16", OptionRight::Call, &CALLS));
    assert_eq!(found.unwrap(), "AAPL 2024-08-16 call 104/110 for 231");
}

#[test]
fn a_short_buys_puts_the_other_way_round() {
    let puts = [("95", "2.9", "3"), ("90", "0.9", "1")];
    let found = picked(&setup(Side::Short), &chain("2024-08-16", OptionRight::Put, &puts));
    assert_eq!(found.unwrap(), "AAPL 2024-08-16 put 95/90 for 231");
}

#[test]
fn the_latest_day_within_the_window_is_taken() {
    let all = ["2024-07-05", "2024-08-02", "2024-08-30", "2024-10-18"];
    let all = all.iter().flat_map(|day| chain(day, OptionRight::Call, &CALLS));
    let found = picked(&setup(Side::Long), &all.collect::<Vec<_>>());
    assert!(found.unwrap().contains("2024-08-30"));
}

#[test]
fn what_makes_no_spread_says_why() {
    let long = setup(Side::Long);
    let calls = |rows: &[_]| chain("2024-08-16", OptionRight::Call, rows);
    let early = chain("2024-07-05", OptionRight::Call, &CALLS);
    assert_eq!(picked(&long, &early), Err(NoSpread::NoExpiry));
    assert_eq!(picked(&long, &[]), Err(NoSpread::NoExpiry));
    let puts = chain("2024-08-16", OptionRight::Put, &CALLS);
    assert_eq!(picked(&long, &puts), Err(NoSpread::NoStrikes));
    assert_eq!(picked(&long, &calls(&CALLS[..1])), Err(NoSpread::NoStrikes));
    assert_eq!(picked(&long, &calls(&[("105", "2", ""), ("110", "1", "1.1")])).err(), {
        // Nobody offers the one at half of the move: the next one is the one that is sold.
        Some(NoSpread::NoStrikes)
    });
    let dear = [("105", "6", "7"), ("110", "1", "1.1")];
    assert_eq!(picked(&long, &calls(&dear)), Err(NoSpread::TooDear));
    let free = [("105", "1", "1"), ("110", "1", "1.1")];
    assert_eq!(picked(&long, &calls(&free)), Err(NoSpread::TooDear));
}

#[test]
fn the_intent_risks_one_percent_and_ends_where_the_shares_position_would() {
    let config = BreakoutConfig::default();
    let equity = Cash::from_raw(100_000 * Cash::SCALE);
    for (side, right, rows, at, way) in [
        (Side::Long, OptionRight::Call, &CALLS[..], "110", Way::Rises),
        (
            Side::Short,
            OptionRight::Put,
            &[("95", "2.9", "3"), ("90", "0.9", "1")],
            "92.5",
            Way::Falls,
        ),
    ] {
        let setup = setup(side);
        let signal = signal(&setup, None);
        let chain = chain("2024-08-16", right, rows);
        let pick = signal.spread(&chain, session(), &config.overlay).unwrap();
        let intent = signal.spread_intent(&config, equity, (InstrumentId(9), &pick)).unwrap();
        assert_eq!(intent.id, format!("2024-06-27/AAPL/{side}/spread"));
        assert_eq!((intent.instrument, intent.side), (InstrumentId(9), Side::Long));
        // 1 % of 100,000 at 231 a unit.
        assert_eq!(intent.amount, Amount::Units(Qty::whole(4)));
        let plan = intent.plan.unwrap();
        assert_eq!(plan.check(Side::Long), Ok(()));
        let (instrument, price) = (InstrumentId(3), at.parse().unwrap());
        assert_eq!(plan.close_on, Some(CloseOn { instrument, price, way }));
        assert_eq!(plan.risk(), pick.limit);
        // Sessions from the signal to the third Friday of August, but for the last two.
        assert_eq!(plan.max_sessions, Some(33));
    }
}

#[test]
fn a_bet_keeps_the_gates_of_the_shares_and_has_a_risk_of_its_own() {
    let config = BreakoutConfig::default();
    let setup = setup(Side::Long);
    let signal = signal(&setup, Some(0.6));
    let chain = chain("2024-08-16", OptionRight::Call, &CALLS);
    let pick = signal.spread(&chain, session(), &config.overlay).unwrap();
    let equity = Cash::from_raw(100_000 * Cash::SCALE);
    let shares = signal.intent(&config, equity).unwrap();
    let spread = signal.spread_intent(&config, equity, (InstrumentId(9), &pick)).unwrap();
    let (Amount::Bet(shares), Amount::Bet(spread)) = (shares.amount, spread.amount) else {
        panic!("bets were wanted")
    };
    assert_eq!(spread, desk::Bet { average_daily_volume: None, risk_pct: Some(1.0), ..shares });
}
