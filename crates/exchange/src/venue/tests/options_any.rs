//! Whatever is asked of contracts in whatever order: cash and positions are those of the trades
//! that were told, and nothing that is sold is uncovered.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Act {
    Single { which: usize, sell: bool, qty: u32, limit: Option<i64> },
    Legs { which: usize, width: usize, sell: bool, qty: u32, limit: Option<i64> },
    Cancel(usize),
    Close(usize),
    Step(u32),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let limit = || prop::option::of(-300i64..600);
    let single = (0usize..24, any::<bool>(), 1u32..150, limit())
        .prop_map(|(which, sell, qty, limit)| Act::Single { which, sell, qty, limit });
    let legs = (0usize..24, 1usize..8, any::<bool>(), 1u32..150, limit())
        .prop_map(|(which, width, sell, qty, limit)| Act::Legs { which, width, sell, qty, limit });
    prop_oneof![
        4 => single,
        6 => legs,
        2 => (0usize..30).prop_map(Act::Cancel),
        1 => (0usize..6).prop_map(Act::Close),
        4 => (1u32..4).prop_map(Act::Step),
        2 => (200u32..500).prop_map(Act::Step),
        1 => Just(Act::Restart),
    ]
}

/// Calls and puts of two Fridays on six strikes.
fn contract(which: usize) -> String {
    let day = ["240105", "240112"][which / 12 % 2];
    let letter = if which % 12 < 6 { 'C' } else { 'P' };
    format!("AAA{day}{letter}{:08}", (98 + which % 6) * 1_000)
}

fn request(act: &Act) -> Request {
    let side = |sell: &bool| if *sell { "sell" } else { "buy" };
    let (mut body, limit) = match act {
        Act::Single { which, sell, qty, limit } => {
            let body = json!({ "symbol": contract(*which), "side": side(sell), "qty": qty });
            (body, limit.map(|limit| limit.abs().max(1)))
        }
        Act::Legs { which, width, sell, qty, limit } => {
            let legs = json!([
                { "symbol": contract(*which), "side": side(sell), "ratio_qty": "1" },
                { "symbol": contract(which + width), "side": side(&!sell), "ratio_qty": "1" },
            ]);
            (json!({ "order_class": "mleg", "qty": qty, "legs": legs }), *limit)
        }
        _ => unreachable!("no order"),
    };
    body["type"] = if limit.is_some() { "limit" } else { "market" }.into();
    body["time_in_force"] = "day".into();
    if let Some(limit) = limit {
        body["limit_price"] = format!("{:.2}", limit as f64 / 100.0).into();
    }
    Request::new(Post, "/v2/orders").with(&body)
}

fn work(venue: &mut Venue, act: &Act, tape: &Arc<Tape>) {
    match act {
        Act::Single { .. } | Act::Legs { .. } => {
            let status = venue.ask(&request(act)).unwrap().answer.status;
            assert!([200, 403, 422].contains(&status), "{act:?}: {status}");
        }
        Act::Cancel(order) => {
            let count = venue.orders().len().max(1);
            let Some(order) = venue.order(order % count) else { return };
            let path = format!("/v2/orders/{}", order.id);
            venue.ask(&Request::new(Delete, &path)).unwrap();
        }
        Act::Close(place) => {
            let Some(lot) = venue.lots().get(*place) else { return };
            let path = format!("/v2/positions/{}", venue.contract_name(&lot.contract));
            venue.ask(&Request::new(Delete, &path)).unwrap();
        }
        Act::Step(bars) => {
            venue.step(*bars).unwrap();
        }
        Act::Restart => {
            *venue = Venue::restore(Arc::clone(tape), &venue.write().unwrap()).unwrap();
        }
    }
}

/// Cash and contracts by what the account told of its trades.
fn told(venue: &mut Venue) -> (Cash, BTreeMap<String, i64>) {
    let (mut cash, mut counts) = (Cash::from_raw(100_000 * Cash::SCALE), BTreeMap::new());
    let mut token = String::new();
    loop {
        let path = format!("/v2/account/activities?direction=asc&page_token={token}");
        let page = venue.ask(&Request::new(Get, &path)).unwrap().answer.body.unwrap();
        let page = page.as_array().unwrap().clone();
        let Some(last) = page.last() else { break };
        token = last["id"].as_str().unwrap().to_owned();
        for one in page {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let count: i64 = text("qty").parse().unwrap();
            let (count, moved) = match text("activity_type").as_str() {
                "FILL" => {
                    let count = if text("side") == "buy" { count } else { -count };
                    let price: Price = text("price").parse().unwrap();
                    (count, -price.times(Qty::whole(count * 100)))
                }
                _ => (count, text("net_amount").parse().unwrap()),
            };
            cash += moved;
            *counts.entry(text("symbol")).or_default() += count;
        }
    }
    counts.retain(|_, count: &mut i64| *count != 0);
    (cash, counts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn cash_and_contracts_are_those_of_the_trades_told(
        acts in prop::collection::vec(act(), 1..40),
        closes in prop::collection::vec(9_700i64..10_600, 5),
    ) {
        let mut bars = Vec::new();
        for cents in closes {
            let close = cents as f64 / 100.0;
            bars.extend(std::iter::repeat_n([close; 4], 78));
        }
        let tape = tape(&bars);
        let begin = Some("2024-01-03".parse().unwrap());
        let opening = Opening { begin, ..Opening::default() };
        let mut venue = Venue::open(Arc::clone(&tape), &opening).unwrap();
        for act in &acts {
            work(&mut venue, act, &tape);
            let (cash, counts) = told(&mut venue);
            let lots = venue.lots().iter().map(|lot| (venue.contract_name(&lot.contract), lot.count));
            prop_assert_eq!(lots.collect::<BTreeMap<_, _>>(), counts);
            prop_assert_eq!(venue.purse().cash, cash);
            let held = venue.lots().to_vec();
            for lot in held {
                let margin = venue.margin_with(lot.contract.underlying, &[]);
                prop_assert!(margin.is_some(), "{:?} is uncovered", venue.lots());
            }
            // What may be lost at the worst never exceeds the money that is there.
            prop_assert!(venue.purse().cash >= venue.options_margin(), "{:?}", venue.purse());
        }
    }
}
