//! The life of knock-out certificates, one situation a test.

use base::{Day, Rounding, Span, Ts};
use market::{
    Bar, Broker as _, BrokerEvent, Cash, ClientOrderId, InstrumentId, OrderKind, OrderRequest,
    OrderState, Price, Qty, Side, TimeInForce,
};
use pricing::knockout::{BarrierRule, Financing, Terms, Turbo};
use sim::knockout::{
    Clash, Happened, IssuerRules, KnockOutExchange, Print, Rule, SpreadRule, Unwind, Watch,
};

pub(crate) fn price(value: f64) -> Price {
    Price::from_f64(value, Rounding::HalfEven).unwrap()
}

pub(crate) fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

/// An instant of January 2024, when Frankfurt is an hour ahead; the 2nd is a Tuesday.
pub(crate) fn at(day: i8, hour: i64, minute: i64) -> Ts {
    Day::from_ymd(2024, 1, day).unwrap().start() + Span::from_minutes(hour * 60 + minute)
}

/// Five minutes from open through high and low to close.
pub(crate) fn candle(start: Ts, [open, high, low, close]: [f64; 4]) -> Print {
    let end = start + Span::from_minutes(5);
    let bar = Bar::from_f64(open, high, low, close).unwrap();
    Print::Candle { start, end, known: end, bar }
}

pub(crate) fn flat(start: Ts, level: f64) -> Print {
    candle(start, [level; 4])
}

pub(crate) fn rules() -> IssuerRules {
    let spread = SpreadRule {
        points: 2.0,
        opening_minutes: 0,
        opening_factor: 1.0,
        shut_factor: 1.0,
        range_share: 0.0,
    };
    IssuerRules { spread, ..IssuerRules::dax() }
}

pub(crate) fn terms(side: Side, rule: BarrierRule) -> Terms {
    let financing = Financing { reference_rate: 0.039, margin: 0.035, year_days: 360.0 };
    Terms { side, ratio: 0.01, financing, rule }
}

pub(crate) fn mini(side: Side, strike: f64, barrier: f64) -> Turbo {
    Turbo::new(terms(side, BarrierRule::Buffer { fraction: 0.02 }), strike, barrier).unwrap()
}

pub(crate) fn exchange(rules: IssuerRules, turbo: Turbo) -> KnockOutExchange {
    let mut exchange = KnockOutExchange::new(rules, cash("10000")).unwrap();
    exchange.list(turbo).unwrap();
    exchange
}

pub(crate) fn order(name: &str, pieces: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        id: ClientOrderId::from_text(name),
        instrument: InstrumentId(0),
        qty: Qty::whole(pieces),
        kind,
        tif: TimeInForce::Gtc,
        oco_group: None,
        parent: None,
        reduce_only: false,
    }
}

fn limit(level: f64) -> OrderKind {
    OrderKind::Limit { limit: price(level) }
}

fn stop(level: f64) -> OrderKind {
    OrderKind::Stop { stop: price(level) }
}

/// A hundred pieces of a mini future long, strike 16,000, barrier 16,320, bought at 17,000.
fn holding(rules: IssuerRules) -> KnockOutExchange {
    let mut exchange = exchange(rules, mini(Side::Long, 16_000.0, 16_320.0));
    exchange.submit(at(2, 9, 0), &order("buy", 100, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 5), 17_000.0)).unwrap();
    assert_eq!(exchange.certificates()[0].pieces, 100);
    exchange
}

/// The last fill or knock-out: rule, price of a piece.
fn last(exchange: &KnockOutExchange) -> (Rule, String) {
    let record = exchange.records().last().unwrap();
    let price = match &record.what {
        Happened::Filled { price, .. } => *price,
        Happened::KnockedOut { residual, .. } => *residual,
        Happened::Financed { .. } => Price::ZERO,
    };
    (record.proof.rule, price.to_string())
}

fn moved(exchange: &mut KnockOutExchange) -> Vec<(OrderState, String)> {
    let mut answers = Vec::new();
    exchange.drain(&mut answers);
    let moved = |answer| match answer {
        BrokerEvent::Moved { state, reason, .. } => Some((state, reason)),
        _ => None,
    };
    answers.into_iter().filter_map(moved).collect()
}

#[test]
fn bought_at_the_ask_and_sold_at_the_bid_costs_the_spread() {
    let mut exchange = holding(rules());
    assert_eq!(last(&exchange), (Rule::QuoteAtOpen, "10.01".to_owned()));
    assert_eq!((exchange.cash(), exchange.equity()), (cash("8999"), cash("9998")));
    exchange.submit(at(2, 9, 10), &order("sell", -100, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 15), 17_000.0)).unwrap();
    assert_eq!((exchange.cash(), exchange.equity()), (cash("9998"), cash("9998")));
}

#[test]
fn a_short_gains_from_a_fall_and_pays_the_fee() {
    let fee = IssuerRules { order_fee: cash("1.50"), ..rules() };
    let mut exchange = exchange(fee, mini(Side::Short, 18_000.0, 17_640.0));
    exchange.submit(at(2, 9, 0), &order("buy", 100, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 5), 17_000.0)).unwrap();
    exchange.submit(at(2, 9, 10), &order("sell", -100, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 15), 16_900.0)).unwrap();
    assert_eq!(exchange.cash(), cash("10095"));
}

#[test]
fn an_order_waits_for_a_candle_that_begins_after_its_arrival() {
    let slow = IssuerRules { latency: Span::from_minutes(7), ..rules() };
    let mut exchange = exchange(slow, mini(Side::Long, 16_000.0, 16_320.0));
    exchange.submit(at(2, 9, 0), &order("buy", 1, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 5), 17_000.0)).unwrap();
    assert!(exchange.records().is_empty());
    exchange.on_print(&flat(at(2, 9, 10), 17_100.0)).unwrap();
    assert_eq!(last(&exchange), (Rule::QuoteAtOpen, "11.01".to_owned()));
    assert_eq!(exchange.records()[0].proof.age, Span::from_minutes(5));
}

#[test]
fn nothing_is_quoted_outside_the_issuers_hours() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.submit(at(2, 5, 0), &order("buy", 1, OrderKind::Market));
    exchange.on_print(&flat(at(2, 6, 55), 17_000.0)).unwrap();
    assert!(exchange.records().is_empty());
    exchange.on_print(&flat(at(2, 7, 0), 17_000.0)).unwrap();
    assert_eq!(exchange.records().len(), 1);
    exchange.on_print(&flat(at(2, 20, 55), 17_000.0)).unwrap();
    assert_eq!(exchange.quote(InstrumentId(0)), None);
}

#[test]
fn a_touch_inside_a_candle_pays_what_the_issuer_unwinds_at() {
    let dip = candle(at(2, 9, 10), [17_000.0, 17_000.0, 16_200.0, 16_900.0]);
    let cases = [(Unwind::WorstOfCandle, "2.00"), (Unwind::AtBarrier, "3.20")];
    for (unwind, residual) in cases {
        let mut exchange = holding(IssuerRules { unwind, ..rules() });
        exchange.on_print(&dip).unwrap();
        let (rule, paid) = last(&exchange);
        assert_eq!(
            (rule, price(paid.parse().unwrap())),
            (Rule::BarrierTouched, price(residual.parse().unwrap()))
        );
        assert!(exchange.certificates()[0].is_dead && exchange.positions() == Cash::ZERO);
        exchange.on_print(&flat(at(2, 9, 15), 18_000.0)).unwrap();
        assert_eq!(exchange.equity(), exchange.cash());
    }
}

#[test]
fn a_gap_through_the_barrier_pays_less_than_the_barrier_and_never_a_debt() {
    for (open, residual) in [(16_100.0, "1"), (15_000.0, "0")] {
        let mut exchange = holding(IssuerRules { unwind: Unwind::AtBarrier, ..rules() });
        exchange.on_print(&flat(at(3, 8, 0), open)).unwrap();
        let (rule, paid) = last(&exchange);
        assert_eq!(rule, Rule::BarrierGap);
        // One night of financing took 3.29 points of the buffer.
        let before: f64 = residual.parse().unwrap();
        let paid: f64 = paid.parse().unwrap();
        assert!(paid <= before && paid >= before - 0.04, "{paid}");
        assert!(exchange.cash() >= cash("8999"));
    }
}

#[test]
fn a_dip_by_night_kills_by_the_products_terms_alone() {
    let dip = candle(at(2, 19, 0), [16_500.0, 16_500.0, 16_200.0, 16_500.0]);
    for (watch, dies) in
        [(Watch::IndexHours, false), (Watch::IssuerHours, true), (Watch::Always, true)]
    {
        let mut exchange = holding(IssuerRules { watch, ..rules() });
        exchange.on_print(&dip).unwrap();
        assert_eq!(exchange.certificates()[0].is_dead, dies, "{watch:?}");
        // What the night survived, the opening may still kill.
        exchange.on_print(&flat(at(3, 8, 0), 16_200.0)).unwrap();
        assert!(exchange.certificates()[0].is_dead);
    }
}

#[test]
fn nobody_quotes_beyond_a_barrier_that_is_not_watched() {
    let mut exchange = holding(rules());
    exchange.submit(at(2, 9, 10), &order("sell", -100, OrderKind::Market));
    exchange.on_print(&flat(at(2, 19, 0), 16_200.0)).unwrap();
    assert_eq!(exchange.certificates()[0].pieces, 100);
    assert_eq!(exchange.quote(InstrumentId(0)), None);
}

#[test]
fn a_weekend_finances_three_days_and_a_month_sets_the_barrier() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_100.0));
    exchange.on_print(&flat(at(26, 9, 0), 17_000.0)).unwrap();
    exchange.on_print(&flat(at(29, 9, 0), 17_000.0)).unwrap();
    let strike = exchange.certificates()[0].turbo.strike();
    assert!((strike - 16_000.0 * (1.0 + 0.074 * 3.0 / 360.0)).abs() < 1e-9, "{strike}");
    assert_eq!(exchange.certificates()[0].turbo.barrier(), 16_100.0);
    let february = Day::from_ymd(2024, 2, 1).unwrap().start() + Span::from_hours(9);
    exchange.on_print(&flat(february, 17_000.0)).unwrap();
    let turbo = exchange.certificates()[0].turbo;
    assert!((turbo.barrier() / turbo.strike() - 1.02).abs() < 1e-12);
    let days: Vec<u32> = exchange
        .records()
        .iter()
        .map(|one| match one.what {
            Happened::Financed { days, .. } => days,
            _ => 0,
        })
        .collect();
    assert_eq!(days, [3, 3]);
}

#[test]
fn the_issuer_quotes_wider_at_openings_by_night_and_after_wide_candles() {
    let spread = SpreadRule {
        points: 2.0,
        opening_minutes: 10,
        opening_factor: 3.0,
        shut_factor: 2.0,
        range_share: 0.1,
    };
    let rules = IssuerRules { spread, ..rules() };
    let cases = [
        ("quiet", at(2, 12, 0), 0.0, 2.0),
        ("index opens", at(2, 8, 9), 0.0, 6.0),
        ("ten minutes later", at(2, 8, 10), 0.0, 2.0),
        ("issuer opens, index shut", at(2, 7, 0), 0.0, 12.0),
        ("index shut", at(2, 18, 0), 0.0, 4.0),
        ("wide candles", at(2, 12, 0), 50.0, 5.0),
    ];
    for (what, at, range, points) in cases {
        assert_eq!(rules.spread_points(at, range), points, "{what}");
    }
}

#[test]
fn limits_fill_at_the_limit_or_at_a_better_opening() {
    let wide = [17_000.0, 17_200.0, 16_800.0, 17_000.0];
    let cases = [
        ("buy", 10, limit(8.50), wide, Some((Rule::LimitTouched, "8.50"))),
        ("buy", 10, limit(10.50), wide, Some((Rule::LimitAtOpen, "10.01"))),
        ("buy", 10, limit(8.00), wide, None),
        ("sell", -10, limit(11.50), wide, Some((Rule::LimitTouched, "11.50"))),
        ("sell", -10, limit(9.50), wide, Some((Rule::LimitAtOpen, "9.99"))),
        ("sell", -10, limit(12.00), wide, None),
        ("sell", -10, stop(8.50), wide, Some((Rule::StopTouched, "8.50"))),
        ("sell", -10, stop(10.50), wide, Some((Rule::StopGap, "9.99"))),
        ("sell", -10, stop(7.50), wide, None),
    ];
    for (name, pieces, kind, path, wanted) in cases {
        let mut exchange = holding(rules());
        exchange.submit(at(2, 9, 10), &order(&format!("{name} more"), pieces, kind));
        exchange.on_print(&candle(at(2, 9, 15), path)).unwrap();
        let found = (exchange.records().len() == 2).then(|| last(&exchange));
        let wanted = wanted.map(|(rule, text)| (rule, text.parse::<Price>().unwrap().to_string()));
        assert_eq!(found, wanted, "{name} {pieces} {kind:?}");
    }
}

#[test]
fn a_limit_buy_on_the_way_to_the_barrier_is_filled_and_killed() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.submit(at(2, 9, 0), &order("buy", 100, limit(5.0)));
    exchange.on_print(&candle(at(2, 9, 5), [17_000.0, 17_100.0, 16_300.0, 17_000.0])).unwrap();
    let rules: Vec<Rule> = exchange.records().iter().map(|one| one.proof.rule).collect();
    assert_eq!(rules, [Rule::LimitTouched, Rule::BarrierTouched]);
    assert_eq!(exchange.cash(), cash("9800"));
}

#[test]
fn a_target_in_the_candle_that_kills_is_not_reached() {
    let mut exchange = holding(rules());
    exchange.submit(at(2, 9, 10), &order("target", -100, limit(11.0)));
    exchange.on_print(&candle(at(2, 9, 15), [17_000.0, 17_500.0, 16_300.0, 17_400.0])).unwrap();
    assert_eq!(last(&exchange).0, Rule::BarrierTouched);
    assert!(moved(&mut exchange).contains(&(OrderState::Cancelled, "knocked out".to_owned())));
}

#[test]
fn a_stop_in_front_of_a_touched_barrier_obeys_the_stated_order() {
    let plunge = candle(at(2, 9, 15), [17_000.0, 17_000.0, 16_300.0, 16_400.0]);
    for (clash, sold_by) in
        [(Clash::StopFirst, Rule::StopTouched), (Clash::BarrierFirst, Rule::BarrierTouched)]
    {
        let mut exchange = holding(IssuerRules { clash, ..rules() });
        exchange.submit(at(2, 9, 10), &order("stop", -100, stop(6.0)));
        exchange.on_print(&plunge).unwrap();
        assert_eq!(exchange.records()[1].proof.rule, sold_by);
        assert!(exchange.certificates()[0].is_dead && exchange.certificates()[0].pieces == 0);
    }
}

#[test]
fn day_orders_end_with_the_issuers_day_and_cancellations_travel() {
    let mut exchange = holding(IssuerRules { latency: Span::from_minutes(1), ..rules() });
    let day = OrderRequest { tif: TimeInForce::Day, ..order("day", 1, limit(1.0)) };
    exchange.submit(at(2, 9, 10), &day);
    exchange.submit(at(2, 9, 10), &order("gtc", 1, limit(9.0)));
    exchange.on_print(&flat(at(2, 9, 15), 17_000.0)).unwrap();
    exchange.cancel(at(2, 9, 20), &ClientOrderId::from_text("gtc"));
    // The cancellation arrives a minute after this candle began.
    exchange.on_print(&candle(at(2, 9, 20), [17_000.0, 17_000.0, 16_850.0, 17_000.0])).unwrap();
    assert_eq!(last(&exchange), (Rule::LimitTouched, price(9.0).to_string()));
    assert_eq!(exchange.snapshot().open_orders.len(), 1);
    exchange.on_print(&flat(at(3, 9, 0), 17_000.0)).unwrap();
    assert!(exchange.snapshot().open_orders.is_empty());
    let ended = moved(&mut exchange);
    assert!(
        ended.contains(&(OrderState::Expired, "the issuer's day ended".to_owned())),
        "{ended:?}"
    );
}

#[test]
fn a_tick_beyond_the_barrier_kills_at_its_own_price() {
    let mut exchange = holding(rules());
    let at = at(2, 9, 30);
    let tick = Print::Tick { at, known: at, price: price(16_310.0) };
    exchange.on_print(&tick).unwrap();
    assert_eq!(last(&exchange), (Rule::BarrierGap, price(3.10).to_string()));
    assert_eq!(exchange.records().last().unwrap().proof.age, Span::ZERO);
}

#[test]
fn what_is_off_the_list_neither_lives_nor_dies_nor_is_traded() {
    let mut exchange = holding(rules());
    assert!(exchange.delist(InstrumentId(0)).unwrap_err().to_string().contains("sell and cancel"));
    assert!(exchange.delist(InstrumentId(7)).is_err());
    exchange.submit(at(2, 9, 10), &order("sell", -100, OrderKind::Market));
    assert!(exchange.delist(InstrumentId(0)).is_err());
    exchange.on_print(&flat(at(2, 9, 15), 17_000.0)).unwrap();
    exchange.delist(InstrumentId(0)).unwrap();
    let (turbo, records) = (exchange.certificates()[0].turbo, exchange.records().len());
    exchange.on_print(&flat(at(3, 9, 15), 10.0)).unwrap();
    assert_eq!(exchange.certificates()[0].turbo, turbo);
    assert!(!exchange.certificates()[0].is_dead && exchange.records().len() == records);
    exchange.submit(at(3, 9, 25), &order("again", 1, OrderKind::Market));
    assert!(moved(&mut exchange).contains(&(OrderState::Rejected, "no longer listed".to_owned())));
    assert_eq!(exchange.quote(InstrumentId(0)), None);
}
