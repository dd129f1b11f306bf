//! Cash, positions, corporate actions, and a state that survives a stop.

use base::{Day, Span, Ts};
use market::{
    BarSize, Broker, Cash, ClientOrderId, Corporate, CorporateAction, InstrumentId, OrderKind, Qty,
};
use proptest::prelude::*;
use sim::costs::spread::{Hours, Quoted};
use sim::costs::{Borrow, Spread, SpreadProfile};
use sim::{BarExchange, CostConfig, DelistingRule, ExchangeConfig};

use crate::world::{FIRST, World, limit, order, price, stop, unbounded};

fn action(world: &World, action: Corporate) -> CorporateAction {
    let ex_day = world.session().day;
    CorporateAction { ex_day, known: ex_day.start(), action }
}

fn holding(qty: i64, costs: CostConfig) -> World {
    let mut world = World::new(unbounded(), costs);
    world.send(&order("in", qty, OrderKind::Market));
    world.daily("100 100 100 100");
    world
}

#[test]
fn a_split_multiplies_shares_and_divides_prices_and_the_value_stays() {
    let mut world = holding(10, CostConfig::free());
    world.send(&order("stop", -10, stop("80")));
    world.send(&order("target", -10, limit("120")));
    let before = world.exchange.equity();
    let split = action(&world, Corporate::Split { ratio: 4.0 });
    world.exchange.on_corporate(FIRST, &split).unwrap();
    assert_eq!(world.exchange.equity(), before);
    assert_eq!(world.exchange.position(FIRST), Qty::whole(40));
    assert_eq!(world.exchange.snapshot().positions[0].average_price, price("25"));
    assert_eq!(world.daily("25 26 19 25"), ["stop -40 @20 StopTouched"]);
}

#[test]
fn an_action_announced_early_waits_for_its_ex_day() {
    let mut world = holding(10, CostConfig::free());
    let mut split = action(&world, Corporate::Split { ratio: 2.0 });
    split.ex_day = split.ex_day.plus(1);
    world.exchange.on_corporate(FIRST, &split).unwrap();
    world.daily("100 100 100 100");
    assert_eq!(world.exchange.position(FIRST), Qty::whole(10));
    world.daily("50 50 50 50");
    assert_eq!(world.exchange.position(FIRST), Qty::whole(20));
}

#[test]
fn a_dividend_is_paid_to_the_long_and_by_the_short() {
    for (qty, wanted) in [(10, "cash 15"), (-10, "cash -15")] {
        let mut world = holding(qty, CostConfig::free());
        let dividend = action(&world, Corporate::Dividend { amount: price("1.5") });
        world.exchange.on_corporate(FIRST, &dividend).unwrap();
        assert_eq!(world.answers(), [format!("{wanted} dividend of instrument 0")]);
    }
}

#[test]
fn a_short_pays_to_borrow_for_every_night() {
    let mut world = holding(-10, CostConfig { borrow_pct: 36.5, ..CostConfig::free() });
    // 2024-01-02 to 2024-01-03: one night of 0.1 % on 1,000.
    assert_eq!(world.daily("100 100 100 100"), ["cash -1 borrow fee"]);
    world.daily("100 100 100 100");
    // Friday to Monday: three nights.
    assert_eq!(world.daily("100 100 100 100"), ["cash -1 borrow fee"]);
    assert_eq!(world.daily("100 100 100 100"), ["cash -3 borrow fee"]);
}

#[test]
fn debt_pays_interest() {
    let costs = CostConfig { financing_pct: 36.5, ..CostConfig::free() };
    let mut world = holding(1_100, costs);
    assert_eq!(world.exchange.cash(), "-10000".parse::<Cash>().unwrap());
    assert_eq!(world.daily("100 100 100 100"), ["cash -10 interest on negative cash"]);
}

#[test]
fn a_delisting_pays_out_cancels_orders_and_refuses_new_ones() {
    let delisted = |payout| Corporate::Delisted { payout };
    let loss = ExchangeConfig { delisting: DelistingRule::Loss { fraction: 0.3 }, ..unbounded() };
    let cases = [(unbounded(), Some("42"), "42"), (unbounded(), None, "100"), (loss, None, "70")];
    for (config, payout, paid) in cases {
        let mut world = World::new(config, CostConfig::free());
        world.send(&order("in", 10, OrderKind::Market));
        world.daily("100 100 100 100");
        world.send(&order("stop", -10, stop("80")));
        let end = action(&world, delisted(payout.map(price)));
        world.exchange.on_corporate(FIRST, &end).unwrap();
        world.send(&order("late", 10, OrderKind::Market));
        let said = world.answers();
        assert_eq!(said[0], "stop Cancelled");
        assert!(said[1].ends_with(&format!(" -10 @{paid} Expiry")), "{said:?}");
        assert_eq!(said[2], "late Rejected");
        assert!(world.exchange.snapshot().positions.is_empty());
    }
}

#[test]
fn an_impossible_split_is_an_error() {
    let mut world = holding(1, CostConfig::free());
    for ratio in [0.0, -2.0, f64::NAN] {
        let split = action(&world, Corporate::Split { ratio });
        assert!(world.exchange.on_corporate(FIRST, &split).is_err(), "{ratio}");
    }
}

/// Random orders on random bars of three instruments: (instrument, size, what, price) by bar.
type Step = (u8, i8, u8, u8);

fn run(world: &mut World, steps: &[Step], from: usize) {
    for (number, (instrument, qty, what, level)) in steps.iter().enumerate() {
        let at = price(&format!("{}", 90 + level % 20));
        let kind = match what % 5 {
            0 => OrderKind::Market,
            1 => OrderKind::Limit { limit: at },
            2 => OrderKind::Stop { stop: at },
            3 => OrderKind::MarketOnClose,
            _ => OrderKind::StopLimit { stop: at, limit: at },
        };
        let instrument = InstrumentId(u32::from(instrument % 3));
        let id = format!("o{}", from + number);
        world.send(&market::OrderRequest {
            instrument,
            qty: Qty::whole(i64::from(*qty)),
            ..order(&id, 1, kind)
        });
        let session = world.session();
        for other in 0..3u32 {
            let middle = 92 + (u32::from(*level) + 3 * other) % 16;
            let text = format!("{middle} {} {} {}", middle + 3, middle - 2, middle + 1);
            world
                .print(sim::BarPrint {
                    instrument: InstrumentId(other),
                    size: BarSize::Daily,
                    start: session.open,
                    end: session.close,
                    known: session.close,
                    bar: crate::world::bar(&text),
                })
                .unwrap();
        }
        world.skip();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn cash_and_positions_follow_from_the_answers_alone(
        steps in prop::collection::vec(any::<Step>(), 1..60),
    ) {
        let mut world = World::new(unbounded(), CostConfig::default());
        run(&mut world, &steps, 0);
        let mut answers = Vec::new();
        world.exchange.drain(&mut answers);
        let mut cash = world.exchange.config().cash;
        let mut held = [Qty::ZERO; 3];
        for answer in &answers {
            match answer {
                market::BrokerEvent::Filled(fill) => {
                    cash += -fill.price.times(fill.qty) - fill.fee;
                    held[fill.instrument.index()] += fill.qty;
                }
                market::BrokerEvent::CashMoved { amount, .. } => cash += *amount,
                market::BrokerEvent::Moved { .. }
                | market::BrokerEvent::Corrected { .. } => {}
            }
        }
        prop_assert_eq!(world.exchange.cash(), cash);
        for (index, qty) in held.iter().enumerate() {
            prop_assert_eq!(world.exchange.position(InstrumentId(index as u32)), *qty);
        }
    }

    #[test]
    fn a_run_stopped_and_read_back_goes_on_as_if_it_never_had(
        steps in prop::collection::vec(any::<Step>(), 2..40), cut in 1usize..39,
    ) {
        let cut = cut.min(steps.len() - 1);
        let mut whole = World::new(unbounded(), CostConfig::default());
        run(&mut whole, &steps, 0);
        let mut parts = World::new(unbounded(), CostConfig::default());
        run(&mut parts, &steps[..cut], 0);
        let text = serde_json::to_string(&parts.exchange).unwrap();
        parts.exchange = serde_json::from_str::<BarExchange>(&text).unwrap();
        run(&mut parts, &steps[cut..], cut);
        prop_assert_eq!(parts.exchange, whole.exchange);
    }
}

#[test]
fn cancelling_what_is_done_changes_nothing() {
    let mut world = holding(10, CostConfig::free());
    let before = world.exchange.clone();
    world.exchange.cancel(before_noon(world.session().day), &ClientOrderId::from_text("in"));
    assert_eq!(world.exchange.snapshot(), before.snapshot());
    assert_eq!(world.answers(), [""; 0]);
}

fn before_noon(day: Day) -> base::Ts {
    day.start() + base::Span::from_hours(12)
}

#[test]
fn a_short_of_scarce_shares_pays_what_the_lender_asks() {
    let borrow = Some(Borrow::Hard { pct: 36.0 });
    let mut world = holding(-10, CostConfig { borrow, ..CostConfig::free() });
    // 102 % of 100 is 102; ten of them at 36 % for one day of 360.
    assert_eq!(world.daily("100 100 100 100"), ["cash -1.02 borrow fee"]);
}

#[test]
fn a_market_order_pays_the_spread_of_the_hour_it_fills_in() {
    // Recorded from 14:00 to 15:00 UTC: one basis point, then four. The opening in January is at
    // 14:30 UTC.
    let quote = |minute: i64, half: f64| Quoted {
        at: Ts::from_seconds(minute * 60),
        bid: 100.0 - half,
        ask: 100.0 + half,
    };
    let quotes = [quote(840, 0.01), quote(870, 0.04), quote(900, 0.04)];
    let [from, to, step] = [840, 900, 30].map(Span::from_minutes);
    let profile = SpreadProfile::from_quotes(&quotes, Hours { from, to, step }).unwrap();
    let spread = Some(Spread::Profile(profile));
    let world = holding(10, CostConfig { spread, ..CostConfig::free() });
    // Bought at the opening for 100 and four basis points.
    assert_eq!(world.exchange.cash(), "98999.6".parse::<Cash>().unwrap());
}
