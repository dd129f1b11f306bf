//! What holds on any path of an index, under any orders.

use base::{Seed, Span};
use market::{
    Broker as _, BrokerEvent, Cash, ClientOrderId, InstrumentId, OrderKind, OrderRequest, Qty,
    Side, TimeInForce,
};
use proptest::prelude::*;
use sim::knockout::{Clash, Happened, IssuerRules, KnockOutExchange, Print, Record, Unwind, Watch};

use crate::knockout::{at, candle, cash, mini, price, rules};

/// A week of candles and ticks with gaps overnight, from one seed.
fn week(seed: u64) -> Vec<Print> {
    let mut rng = Seed::root(seed).child("week").rng();
    let (mut level, mut prints) = (17_000.0f64, Vec::new());
    for day in [2, 3, 4, 5, 8] {
        level += 300.0 * (rng.random::<f64>() - 0.5);
        for slot in 0..100i64 {
            let start = at(day, 6, 0) + Span::from_minutes(slot * 10);
            let mut step = |scale: f64| (scale * (rng.random::<f64>() - 0.5)).round();
            let open = (level + step(10.0)).round();
            let close = open + step(80.0);
            let (high, low) =
                (open.max(close) + step(40.0).abs(), open.min(close) - step(40.0).abs());
            let is_tick = step(8.0) > 1.0;
            prints.push(if is_tick {
                Print::Tick { at: start, known: start + Span::from_seconds(1), price: price(open) }
            } else {
                candle(start, [open, high, low, close])
            });
            level = if is_tick { open } else { close };
        }
    }
    prints
}

fn any_rules(seed: u64) -> IssuerRules {
    let pick = |of: &str| Seed::root(seed).child(of).rng().random_range(0..3usize);
    IssuerRules {
        watch: [Watch::Always, Watch::IndexHours, Watch::IssuerHours][pick("watch")],
        unwind: [Unwind::AtBarrier, Unwind::WorstOfCandle, Unwind::AtBarrier][pick("unwind")],
        clash: [Clash::StopFirst, Clash::BarrierFirst, Clash::StopFirst][pick("clash")],
        latency: Span::from_seconds(60 * pick("latency") as i64),
        order_fee: cash(["0", "1.25", "3"][pick("fee")]),
        ..rules()
    }
}

/// Orders of a gambler who looks at nothing but the seed and the step.
fn gamble(step: usize, seed: u64) -> Option<OrderRequest> {
    let mut rng = Seed::root(seed).child("gamble").index(step as u64).rng();
    let level = price(f64::from(rng.random_range(200..1_200)) / 100.0);
    let pieces = rng.random_range(1..120i64);
    let (pieces, kind) = match rng.random_range(0..10) {
        0 => (pieces, OrderKind::Market),
        1 => (-pieces, OrderKind::Market),
        2 => (pieces, OrderKind::Limit { limit: level }),
        3 => (-pieces, OrderKind::Limit { limit: level }),
        4 => (-pieces, OrderKind::Stop { stop: level }),
        _ => return None,
    };
    Some(OrderRequest {
        id: ClientOrderId::from_text(format!("order {step}")),
        instrument: InstrumentId(rng.random_range(0..3)),
        qty: Qty::whole(pieces),
        kind,
        tif: if step.is_multiple_of(3) { TimeInForce::Day } else { TimeInForce::Gtc },
        oco_group: None,
        parent: None,
        reduce_only: false,
    })
}

fn opened(seed: u64) -> KnockOutExchange {
    let mut exchange = KnockOutExchange::new(any_rules(seed), cash("5000")).unwrap();
    for turbo in [
        mini(Side::Long, 16_000.0, 16_320.0),
        mini(Side::Short, 18_000.0, 17_640.0),
        mini(Side::Long, 16_500.0, 16_830.0),
    ] {
        exchange.list(turbo).unwrap();
    }
    exchange
}

fn work(
    exchange: &mut KnockOutExchange,
    (step, print): (usize, &Print),
    seed: u64,
    answers: &mut Vec<BrokerEvent>,
) {
    exchange.on_print(print).unwrap();
    if let Some(order) = gamble(step, seed) {
        exchange.submit(print.known(), &order);
    }
    exchange.drain(answers);
}

fn run(prints: &[Print], seed: u64) -> (KnockOutExchange, Vec<BrokerEvent>) {
    let (mut exchange, mut answers) = (opened(seed), Vec::new());
    for step in prints.iter().enumerate() {
        work(&mut exchange, step, seed, &mut answers);
    }
    (exchange, answers)
}

fn amount(record: &Record) -> Cash {
    match record.what {
        Happened::Filled { amount, .. } | Happened::KnockedOut { amount, .. } => amount,
        Happened::Financed { .. } => Cash::ZERO,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cash_is_the_sum_of_what_moved_it_and_equity_is_cash_and_positions(seed: u64) {
        let (exchange, _) = run(&week(seed), seed);
        let mut so_far = cash("5000");
        for record in exchange.records() {
            so_far += amount(record);
            prop_assert_eq!(record.cash, so_far);
            prop_assert_eq!(record.cash, record.cash.to_cents());
            prop_assert!(!record.cash.is_negative() && record.equity >= record.cash);
        }
        prop_assert_eq!(exchange.cash(), so_far);
        prop_assert_eq!(exchange.equity(), exchange.cash() + exchange.positions());
    }

    #[test]
    fn an_exchange_that_was_read_back_goes_on_identically(seed: u64, cut in 1usize..500) {
        let prints = week(seed);
        let mut exchange = opened(seed);
        let mut answers = Vec::new();
        for (step, print) in prints.iter().enumerate() {
            if step == cut {
                let text = serde_json::to_string(&exchange).unwrap();
                let back: KnockOutExchange = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&back, &exchange);
                exchange = back;
            }
            work(&mut exchange, (step, print), seed, &mut answers);
        }
        let (whole, said) = run(&prints, seed);
        prop_assert_eq!(exchange, whole);
        prop_assert_eq!(answers, said);
    }

    #[test]
    fn a_fill_moves_cash_by_its_price_and_fee_to_the_cent(seed: u64) {
        let (exchange, _) = run(&week(seed), seed);
        let fee = any_rules(seed).order_fee.to_f64();
        for record in exchange.records() {
            if let Happened::Filled { pieces, price, amount, .. } = &record.what {
                let value = -price.to_f64() * *pieces as f64 - fee;
                prop_assert!((amount.to_f64() - value).abs() < 0.005 + 1e-9);
            }
        }
    }

    #[test]
    fn what_happened_hangs_on_no_later_print(seed: u64, cut in 1usize..500) {
        let prints = week(seed);
        let (part, said_then) = run(&prints[..cut], seed);
        let (whole, said) = run(&prints, seed);
        let known = prints[cut - 1].known();
        let earlier = whole.records().iter().take_while(|one| one.known <= known).count();
        prop_assert_eq!(part.records(), &whole.records()[..earlier]);
        prop_assert_eq!(&said_then[..], &said[..said_then.len()]);
    }

    #[test]
    fn every_fill_rests_on_a_print_that_began_after_the_order_arrived(seed: u64) {
        let prints = week(seed);
        let (exchange, _) = run(&prints, seed);
        let latency = any_rules(seed).latency;
        for record in exchange.records() {
            prop_assert!(record.proof.print.begins() <= record.at && record.at <= record.known);
            let Happened::Filled { order, price, certificate, pieces, .. } = &record.what else {
                continue;
            };
            let step: usize = order.as_str()[6..].parse().unwrap();
            prop_assert!(record.proof.print.begins() >= prints[step].known() + latency);
            let hours = any_rules(seed).hours;
            prop_assert!(hours.session(record.proof.print.begins()).is_some());
            let asked = gamble(step, seed).unwrap();
            prop_assert_eq!((asked.instrument, asked.qty), (*certificate, Qty::whole(*pieces)));
            match asked.kind {
                OrderKind::Limit { limit } if *pieces > 0 => prop_assert!(*price <= limit),
                OrderKind::Limit { limit } => prop_assert!(*price >= limit),
                OrderKind::Stop { stop } => prop_assert!(*price <= stop),
                _ => {}
            }
        }
    }

    #[test]
    fn the_dead_stay_dead_and_are_paid_once(seed: u64) {
        let (exchange, _) = run(&week(seed), seed);
        for (at, certificate) in exchange.certificates().iter().enumerate() {
            let mine = |one: &&Record| match &one.what {
                Happened::Filled { certificate, .. } | Happened::KnockedOut { certificate, .. } => {
                    certificate.index() == at
                }
                Happened::Financed { .. } => false,
            };
            let deaths: Vec<usize> = exchange.records().iter().filter(mine).enumerate()
                .filter(|(_, one)| matches!(one.what, Happened::KnockedOut { .. }))
                .map(|(place, _)| place).collect();
            prop_assert_eq!(deaths.len(), usize::from(certificate.is_dead));
            if let Some(place) = deaths.first() {
                prop_assert_eq!(place + 1, exchange.records().iter().filter(mine).count());
                prop_assert_eq!(certificate.pieces, 0);
                prop_assert_eq!(exchange.quote(InstrumentId(at as u32)), None);
            }
        }
    }
}
