//! Whatever is asked in whatever order: the books of the account agree with the exchange.

use market::Broker as _;
use proptest::prelude::*;

use super::*;
use crate::venue::order::Status;

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Act {
    Place {
        symbol: bool,
        sell: bool,
        qty: u32,
        shape: u8,
        tif: u8,
        cents: i64,
        other: i64,
    },
    /// Through the door of single orders: a child of some order, or of none.
    Enter {
        parent: Option<usize>,
        sell: bool,
        qty: i64,
        shape: u8,
        tif: u8,
        cents: i64,
        group: u8,
    },
    Amend {
        order: usize,
        qty: i64,
        shape: u8,
        cents: i64,
    },
    Withdraw(usize),
    Cancel(usize),
    Replace {
        order: usize,
        qty: u32,
        cents: i64,
    },
    Close {
        symbol: bool,
        percent: u32,
    },
    CancelAll,
    Step(u32),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let numbers = (1u32..1_500, 0u8..9, 0u8..6, -300i64..300, 1i64..400);
    let place = (any::<bool>(), any::<bool>(), numbers).prop_map(
        |(symbol, sell, (qty, shape, tif, cents, other))| Act::Place {
            symbol,
            sell,
            qty,
            shape,
            tif,
            cents,
            other,
        },
    );
    let enter = (
        prop::option::of(0usize..40),
        any::<bool>(),
        (1i64..1_500, 0u8..6, 0u8..6, -300i64..300, 0u8..4),
    )
        .prop_map(|(parent, sell, (qty, shape, tif, cents, group))| Act::Enter {
            parent,
            sell,
            qty,
            shape,
            tif,
            cents,
            group,
        });
    let amend = (0usize..40, 1i64..1_500, 0u8..6, -300i64..300)
        .prop_map(|(order, qty, shape, cents)| Act::Amend { order, qty, shape, cents });
    prop_oneof![
        6 => place,
        6 => enter,
        3 => amend,
        1 => (0usize..40).prop_map(Act::Withdraw),
        2 => (0usize..40).prop_map(Act::Cancel),
        3 => (0usize..40, 1u32..1_500, -300i64..300)
            .prop_map(|(order, qty, cents)| Act::Replace { order, qty, cents }),
        1 => (any::<bool>(), 1u32..=100)
            .prop_map(|(symbol, percent)| Act::Close { symbol, percent }),
        1 => Just(Act::CancelAll),
        4 => (1u32..5).prop_map(Act::Step),
        1 => Just(Act::Step(390)),
        1 => Just(Act::Restart),
    ]
}

const TIFS: [&str; 6] = ["day", "gtc", "opg", "cls", "ioc", "fok"];

fn cents(value: i64) -> String {
    let value = value.max(1);
    format!("{}.{:02}", value / 100, value % 100)
}

fn placed(act: &Act) -> Option<Request> {
    let Act::Place { symbol, sell, qty, shape, tif, cents: off, other } = act else {
        return None;
    };
    let price = cents(10_000 + off);
    let sign = if *sell { -1 } else { 1 };
    let (target, stop) = (cents(10_000 + off + sign * other), cents(10_000 + off - sign * other));
    let mut body = json!({
        "symbol": if *symbol { "AAA" } else { "BBB" },
        "side": if *sell { "sell" } else { "buy" },
        "qty": qty,
        "time_in_force": TIFS[usize::from(*tif)],
    });
    let fields = match shape {
        0 => json!({ "type": "market" }),
        1 => json!({ "type": "limit", "limit_price": price }),
        2 => json!({ "type": "stop", "stop_price": price }),
        3 => json!({ "type": "stop_limit", "stop_price": price, "limit_price": target }),
        4 => json!({ "type": "trailing_stop", "trail_price": cents(*other) }),
        5 => json!({
            "type": "market", "order_class": "bracket",
            "take_profit": { "limit_price": target }, "stop_loss": { "stop_price": stop },
        }),
        6 => json!({
            "type": "limit", "limit_price": price, "order_class": "bracket",
            "take_profit": { "limit_price": target }, "stop_loss": { "stop_price": stop },
        }),
        7 => json!({
            "type": "limit", "order_class": "oco",
            "take_profit": { "limit_price": target }, "stop_loss": { "stop_price": stop },
        }),
        _ => json!({
            "type": "limit", "limit_price": price, "order_class": "oto",
            "stop_loss": { "stop_price": stop },
        }),
    };
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    Some(Request::new(Post, "/v2/orders").with(&body))
}

fn kind_of(shape: u8, off: i64) -> Kind {
    let price = |cents: i64| Price::from_raw((10_000 + cents) * (Price::SCALE / 100));
    match shape {
        0 => Kind::Market,
        1 => Kind::Limit { limit: price(off) },
        2 => Kind::Stop { stop: price(off) },
        3 => Kind::StopLimit { stop: price(off), limit: price(-off) },
        4 => Kind::Trailing { trail: Trail::Percent(1.0), best: Price::ZERO },
        _ => Kind::Trailing { trail: Trail::Price(price(-9_900)), best: price(off) },
    }
}

/// Acts through the door of single orders; a refusal changes nothing.
fn act_plainly(venue: &mut Venue, act: &Act) {
    const TIMES: [Tif; 6] = [Tif::Day, Tif::Gtc, Tif::Opg, Tif::Cls, Tif::Ioc, Tif::Fok];
    let count = venue.state.orders.len();
    let before = venue.write().unwrap();
    let (taken, _) = venue.act(|venue| match act {
        Act::Enter { parent, sell, qty, shape, tif, cents, group } => {
            let parent = parent.filter(|_| count > 0).map(|at| at % count);
            let instrument = parent.map_or(InstrumentId(0), |up| venue.state.orders[up].instrument);
            let entry = Entry {
                instrument,
                side: if *sell { Side::Sell } else { Side::Buy },
                kind: kind_of(*shape, *cents),
                tif: TIMES[usize::from(*tif)],
                qty: Qty::whole(*qty),
                expires: None,
                client_id: None,
                parent,
                group: (*group > 1).then(|| format!("oca/{group}")),
            };
            venue.enter(&entry).map(|_| ())
        }
        Act::Amend { order, qty, shape, cents } if count > 0 => {
            let kind = kind_of(*shape, *cents);
            let change =
                Change { qty: Qty::whole(*qty), kind, tif: None, expires: None, client_id: None };
            venue.amend(order % count, change).map(|_| ())
        }
        Act::Withdraw(order) if count > 0 => {
            venue.withdraw(order % count);
            Ok(())
        }
        _ => Ok(()),
    });
    assert!(taken.is_ok() || venue.write().unwrap() == before, "{act:?}: {taken:?}");
}

fn run(venue: &mut Venue, bars: &[Prices], act: &Act) {
    let named = |venue: &Venue, at: usize| {
        let orders = &venue.state.orders;
        (orders.len() > 0).then(|| format!("/v2/orders/{}", orders[at % orders.len()].id))
    };
    let request = match act {
        Act::Place { .. } => placed(act),
        Act::Cancel(at) => named(venue, *at).map(|path| Request::new(Delete, &path)),
        Act::Replace { order, qty, cents: off } => named(venue, *order).map(|path| {
            let wish = json!({ "qty": qty, "limit_price": cents(10_000 + off) });
            Request::new(Patch, &path).with(&wish)
        }),
        Act::Close { symbol, percent } => {
            let symbol = if *symbol { "AAA" } else { "BBB" };
            let path = format!("/v2/positions/{symbol}?percentage={percent}");
            Some(Request::new(Delete, &path))
        }
        Act::CancelAll => Some(Request::new(Delete, "/v2/orders")),
        Act::Step(bars) => {
            venue.step(*bars).unwrap();
            None
        }
        Act::Enter { .. } | Act::Amend { .. } | Act::Withdraw(_) => {
            act_plainly(venue, act);
            None
        }
        Act::Restart => {
            *venue = Venue::restore(tape(bars), &venue.write().unwrap()).unwrap();
            None
        }
    };
    if let Some(request) = request {
        let turn = venue.ask(&request).unwrap();
        assert!(turn.answer.status < 500, "{request:?}: {:?}", turn.answer);
    }
}

fn agrees(venue: &Venue) {
    let snapshot = venue.state.exchange.snapshot();
    let mut sent = Vec::new();
    for (number, order) in venue.state.orders.iter().enumerate() {
        assert_eq!(order.status.is_open(), venue.state.open.contains(&number), "{order:?}");
        assert!(order.qty.is_none_or(|qty| order.filled <= qty), "{order:?}");
        let whole = order.qty == Some(order.filled);
        assert_eq!(order.status == Status::Filled, whole, "{order:?}");
        match &order.wire {
            Some(wire) => {
                assert!(order.status.is_open(), "{order:?}");
                sent.push(wire.clone());
            }
            None if order.status.is_open() => {
                assert!(order.tif.is_timed() || order.notional.is_some(), "{order:?}");
            }
            None => {}
        }
    }
    sent.sort();
    assert_eq!(sent, snapshot.open_orders);
    for (instrument, listed) in venue.tape.universe().iter() {
        let of = venue.state.orders.iter().filter(|order| order.instrument == instrument);
        let traded: Qty = of.map(|order| order.side.signed(order.filled)).sum();
        assert_eq!(traded, venue.state.exchange.position(instrument), "{}", listed.symbol);
    }
}

/// Values that a field may hold but hardly should.
fn odd() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "AAA",
        "buy",
        "sell",
        "limit",
        "stop",
        "market",
        "trailing_stop",
        "day",
        "gtc",
        "ioc",
        "bracket",
        "oco",
        "oto",
        "",
        "0",
        "-1",
        "0.01",
        "99.99",
        "100",
        "1e9",
        "10000000",
        "500000",
        "9223372036854775807",
        "0.00000001",
        "NaN",
        "\u{0}",
        "é",
    ]);
    let leaf = prop_oneof![
        word.prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let prices = (leaf.clone(), leaf.clone());
    let nested =
        prices.prop_map(|(limit, stop)| json!({ "limit_price": limit, "stop_price": stop }));
    prop_oneof![5 => leaf, 1 => nested]
}

const FIELDS: [&str; 16] = [
    "symbol",
    "qty",
    "notional",
    "side",
    "type",
    "time_in_force",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
    "trail",
    "order_class",
    "extended_hours",
    "client_order_id",
    "take_profit",
    "stop_loss",
];

const PATHS: &str = "/v2/orders /v2/positions /v2/positions/AAA /v2/calendar /v2/assets \
    /v2/stocks/bars /v2/stocks/AAA/trades /v2/stocks/quotes /v2/stocks/snapshots \
    /v2/account/activities /control/step /control/advance /control/halt /v2";
const NAMES: &str = "symbols symbol timeframe start end limit page_token sort status after until \
    direction page_size bars qty percentage nested";
const VALUES: &str = "AAA AAA,BBB, 1Min 5Min 1Hour 1Day 3Month 99Day 0 -1 7 2024-01-03 \
    1677-01-01 2262-04-11 9999-12-31T23:59:59Z 2024-01-03T15:00:00Z AAA_1 \
    AAA_-9223372036854775808 _ desc asc all closed NaN 1e400 %00 True";

fn one_of(words: &'static str) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
}

fn odd_path() -> impl Strategy<Value = String> {
    let pairs = prop::collection::vec((one_of(NAMES), one_of(VALUES)), 0..5);
    (one_of(PATHS), pairs).prop_map(|(base, pairs)| {
        let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
        format!("{base}?{}", pairs.join("&"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn orders_and_exchange_never_differ(
        acts in prop::collection::vec(act(), 1..40),
        moves in prop::collection::vec((-250i64..250, 0i64..200, 0i64..200), 0..12),
    ) {
        let bars: Vec<Prices> = moves
            .iter()
            .map(|(close, up, down)| {
                let close = 100.0 + *close as f64 / 100.0;
                let (up, down) = (*up as f64 / 100.0, *down as f64 / 100.0);
                [100.0, close.max(100.0) + up, close.min(100.0) - down, close]
            })
            .collect();
        let mut venue = venue(&bars);
        for act in &acts {
            run(&mut venue, &bars, act);
            agrees(&venue);
        }
    }

    #[test]
    fn whatever_is_asked_is_answered(
        asked in prop::collection::vec(
            (odd_path(), 0usize..4, prop::collection::vec((0usize..16, odd()), 0..8)), 1..20,
        ),
    ) {
        let mut venue = venue(&[]);
        run(&mut venue, &[], &Act::Step(2));
        for (path, method, fields) in asked {
            let mut body = json!({
                "symbol": "AAA", "qty": "10", "side": "buy", "type": "market",
                "time_in_force": "day",
            });
            for (at, value) in fields {
                body[FIELDS[at]] = value;
            }
            let request = Request::new([Get, Post, Patch, Delete][method], &path).with(&body);
            let answer = venue.ask(&request).unwrap().answer;
            prop_assert!(answer.status < 500, "{:?}: {:?}", request, answer);
            let next = Request::new(Post, "/v2/orders").with(&body);
            prop_assert!(venue.ask(&next).unwrap().answer.status < 500);
            agrees(&venue);
        }
    }
}
