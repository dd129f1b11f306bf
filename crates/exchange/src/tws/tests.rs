//! Whatever a client says: it is answered, refused or passed over, and what is kept is whole.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use prost::Message;
use sim::SynthConfig;
use sim::synth::Market;

use super::frames::BINARY;
use super::messages::account::AccountSummaryRequest;
use super::messages::ask;
use super::messages::contracts::{ComboLeg, Contract};
use super::messages::data::HistoricalDataRequest;
use super::messages::orders::{
    CancelOrderRequest, CommissionAndFeesReport, ExecutionDetails, ExecutionFilter, Order,
    OrderStatus, PlaceOrderRequest,
};
use super::messages::session::{ErrorMessage, StartApiRequest};
use super::messages::tell;
use super::*;
use crate::{Opening, Tape, Venue};

pub(crate) static TAPE: LazyLock<Arc<Tape>> = LazyLock::new(|| {
    let config = SynthConfig { symbols: 2, years: 1, ..SynthConfig::default() };
    Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 30).unwrap())
});

/// A hall with one line, and the account behind it.
struct Rig {
    venue: Venue,
    hall: Hall,
}

impl Rig {
    fn new() -> Rig {
        Rig::of(&Opening::default())
    }

    fn of(opening: &Opening) -> Rig {
        let venue = Venue::open(Arc::clone(&TAPE), opening).unwrap();
        let mut rig = Rig { venue, hall: Hall::default() };
        rig.begin();
        rig
    }

    fn begin(&mut self) {
        begin(&mut self.hall, &mut self.venue);
        self.told();
    }

    fn say(&mut self, id: u32, body: &[u8]) -> Vec<String> {
        let turn = self.hall.hear(&mut self.venue, 1, (id, body));
        self.hall.news(&mut self.venue, &turn);
        self.told()
    }

    fn place(&mut self, order_id: i32, order: Order) -> Vec<String> {
        let contract = Some(Contract { symbol: Some("SPY".to_owned()), ..Contract::default() });
        let asked = PlaceOrderRequest { order_id: Some(order_id), contract, order: Some(order) };
        self.say(BINARY + ask::PLACE_ORDER, &asked.encode_to_vec())
    }

    fn step(&mut self) -> Vec<String> {
        let turn = self.venue.step(1).unwrap();
        self.hall.news(&mut self.venue, &turn);
        self.told()
    }

    /// What was told of orders: statuses, trades, errors.
    fn told(&mut self) -> Vec<String> {
        let bytes = self.hall.take().into_iter().filter_map(|(_, out)| match out {
            Out::Bytes(bytes) => Some(bytes),
            Out::Cut => None,
        });
        bytes.filter_map(|bytes| short(&bytes)).collect()
    }

    /// Everything goes on from what was written down.
    fn restart(&mut self) {
        let state = self.venue.write().unwrap();
        self.venue = Venue::restore(Arc::clone(&TAPE), &state).unwrap();
        self.hall = Hall::default();
        assert_eq!(self.venue.write().unwrap(), state);
        self.begin();
    }
}

/// Opens line 1 for client 1.
pub(crate) fn begin(hall: &mut Hall, venue: &mut Venue) {
    hall.open(1, 222, venue.now());
    let start = StartApiRequest { client_id: Some(1), optional_capabilities: None };
    let turn = hall.hear(venue, 1, (BINARY + ask::START_API, &start.encode_to_vec()));
    hall.news(venue, &turn);
}

/// A frame as a short text; `None` where it is not about an order.
fn short(bytes: &[u8]) -> Option<String> {
    let id = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?).checked_sub(BINARY)?;
    let body = &bytes[8..];
    match id {
        tell::ORDER_STATUS => {
            let told = OrderStatus::decode(body).unwrap();
            let (filled, left) = (told.filled.unwrap(), told.remaining.unwrap());
            Some(format!("{} {} {filled}/{left}", told.order_id?, told.status?))
        }
        tell::EXECUTION => {
            let made = ExecutionDetails::decode(body).unwrap().execution?;
            Some(format!("{} trade {} of {}", made.order_id?, made.shares?, made.cum_qty?))
        }
        tell::ERROR => {
            let told = ErrorMessage::decode(body).unwrap();
            Some(format!("{} error {}", told.id?, told.error_code?))
        }
        _ => None,
    }
}

fn sized(action: &str, kind: &str, quantity: &str) -> Order {
    Order {
        action: Some(action.to_owned()),
        order_type: Some(kind.to_owned()),
        total_quantity: Some(quantity.to_owned()),
        tif: Some("GTC".to_owned()),
        transmit: Some(true),
        ..Order::default()
    }
}

/// An account that gets so many shares of a bar and no more.
fn scarce(shares: f64) -> Opening {
    let spy = TAPE.universe().find("SPY").unwrap();
    let session = &TAPE.sessions()[20];
    let volume = TAPE.bars(spy, session)[0].bar.volume as f64;
    Opening { participation: Some(shares / volume), ..Opening::default() }
}

#[test]
fn a_change_counts_what_was_filled_before_it() {
    let mut rig = Rig::of(&scarce(40.0));
    let limit = |quantity: &str| Order { lmt_price: Some(900.0), ..sized("BUY", "LMT", quantity) };
    assert_eq!(rig.place(1, limit("100")), ["1 Submitted 0/100"]);
    let first = rig.step();
    let filled: i64 = first[0].rsplit(' ').next().unwrap().parse().unwrap();
    assert!(filled > 0 && filled < 80, "{first:?}");
    assert_eq!(first[1], format!("1 Submitted {filled}/{}", 100 - filled));
    assert_eq!(rig.place(1, limit(&filled.to_string())), ["1 error 201"]);
    let changed = rig.place(1, limit(&(filled + 1).to_string()));
    assert_eq!(changed, [format!("1 Submitted {filled}/1")]);
    rig.restart();
    let last = rig.step();
    let all = filled + 1;
    assert_eq!(last, [format!("1 trade 1 of {all}"), format!("1 Filled {all}/0")]);
}

#[test]
fn who_is_reduced_by_a_sibling_hears_of_it() {
    let mut rig = Rig::of(&scarce(1e6));
    rig.place(1, sized("BUY", "MKT", "100"));
    rig.step();
    let grouped = |order: Order| Order { oca_group: Some("exits".to_owned()), ..order };
    let near = Order { lmt_price: Some(1.0), ..sized("SELL", "LMT", "40") };
    let far = Order { aux_price: Some(1.0), ..sized("SELL", "STP", "100") };
    assert_eq!(rig.place(2, grouped(far)), ["2 PreSubmitted 0/100"]);
    assert_eq!(rig.place(3, grouped(near)), ["3 Submitted 0/40"]);
    let told = rig.step();
    assert_eq!(told, ["3 trade 40 of 40", "3 Filled 40/0", "2 PreSubmitted 0/60"]);
}

#[test]
fn a_group_that_has_filled_takes_no_more_orders() {
    let mut rig = Rig::of(&scarce(1e6));
    rig.place(1, sized("BUY", "MKT", "100"));
    rig.step();
    let grouped = |order: Order| Order { oca_group: Some("exits".to_owned()), ..order };
    let stop = |quantity: &str| Order { aux_price: Some(1.0), ..sized("SELL", "STP", quantity) };
    rig.place(2, grouped(stop("100")));
    rig.place(3, grouped(sized("SELL", "MKT", "40")));
    rig.step();
    // A part of it has filled; what is left of it stands, and others may join.
    assert_eq!(rig.place(4, grouped(stop("60"))), ["4 PreSubmitted 0/60"]);
    rig.place(5, grouped(sized("SELL", "MKT", "60")));
    let told = rig.step();
    assert!(told.iter().any(|line| line.starts_with("4 Cancelled")), "{told:?}");
    assert_eq!(rig.place(6, grouped(stop("60"))), ["6 error 201"]);
    assert_eq!(rig.place(6, stop("60")), ["6 PreSubmitted 0/60"]);
}

#[test]
fn a_child_that_waits_can_be_changed() {
    let mut rig = Rig::new();
    rig.place(
        1,
        Order { lmt_price: Some(1.0), transmit: Some(false), ..sized("BUY", "LMT", "10") },
    );
    let stop = |price: f64| Order {
        parent_id: Some(1),
        aux_price: Some(price),
        ..sized("SELL", "STP", "10")
    };
    assert_eq!(rig.place(2, stop(0.5)), ["1 Submitted 0/10", "2 PreSubmitted 0/10"]);
    assert_eq!(rig.place(2, stop(0.6)), ["2 PreSubmitted 0/10"]);
    // And its parent, which it goes on to wait for.
    let entry = Order { lmt_price: Some(900.0), ..sized("BUY", "LMT", "20") };
    assert_eq!(rig.place(1, entry), ["1 Submitted 0/20"]);
    let told = rig.step();
    assert_eq!(told[..2], ["1 trade 20 of 20", "1 Filled 20/0"]);
    assert_eq!(rig.step(), Vec::<String>::new());
    assert_eq!(rig.venue.orders().iter().filter(|order| order.status.is_open()).count(), 1);
}

#[test]
fn what_is_done_at_the_other_door_is_told_here() {
    let mut rig = Rig::new();
    rig.place(1, Order { lmt_price: Some(1.0), ..sized("BUY", "LMT", "10") });
    let mut ask = |method: crate::Method, body: serde_json::Value| {
        let id = rig.venue.orders().iter().last().unwrap().id.clone();
        let request = crate::Request::new(method, &format!("/v2/orders/{id}")).with(&body);
        let turn = rig.venue.ask(&request).unwrap();
        assert!(turn.answer.status < 300, "{:?}", turn.answer);
        rig.hall.news(&mut rig.venue, &turn);
        rig.told()
    };
    assert_eq!(ask(crate::Method::Patch, serde_json::json!({ "qty": "7" })), ["1 Submitted 0/7"]);
    let ended = ask(crate::Method::Delete, serde_json::json!({}));
    assert_eq!(ended, ["1 Cancelled 0/7", "1 error 202"]);
}

#[test]
fn a_day_order_ends_with_its_session() {
    let mut rig = Rig::new();
    let order = Order { lmt_price: Some(1.0), tif: None, ..sized("BUY", "LMT", "10") };
    rig.place(1, order);
    let told: Vec<String> = (0..13).flat_map(|_| rig.step()).collect();
    assert_eq!(told, ["1 Cancelled 0/10", "1 error 202"]);
}

#[test]
fn a_sale_says_what_it_earned() {
    let mut rig = Rig::new();
    let mut earned = Vec::new();
    let begun = rig.venue.purse().cash;
    for (id, action) in [(1, "BUY"), (2, "SELL")] {
        rig.place(id, sized(action, "MKT", "10"));
        let turn = rig.venue.step(1).unwrap();
        let notes: Vec<_> = turn.notes.iter().filter_map(|note| note.traded).collect();
        rig.hall.news(&mut rig.venue, &turn);
        let mut frames = rig.hall.take().into_iter().filter_map(|(_, out)| match out {
            Out::Bytes(bytes) if bytes[4..8] == (BINARY + tell::COMMISSION).to_be_bytes() => {
                CommissionAndFeesReport::decode(&bytes[8..]).ok()
            }
            _ => None,
        });
        let told = frames.next().unwrap();
        assert_eq!(told.commission_and_fees, Some(1.0));
        earned.push((notes[0].price.to_f64(), told.realized_pnl));
    }
    let [(bought, none), (sold, some)] = earned[..] else { panic!("two trades") };
    assert_eq!(none, None);
    let made = 10.0 * (sold - bought);
    assert!((some.unwrap() - (made - 1.0)).abs() < 1e-6, "{earned:?}");
    let left = (rig.venue.purse().cash - begun).to_f64();
    assert!((left - (made - 2.0)).abs() < 1e-6, "{left} of {made}");
}

#[test]
fn an_order_that_is_good_till_a_moment_ends_then() {
    let mut rig = Rig::new();
    let till = |date: &str| Order {
        lmt_price: Some(1.0),
        tif: Some("GTD".to_owned()),
        good_till_date: Some(date.to_owned()),
        ..sized("BUY", "LMT", "10")
    };
    assert_eq!(rig.place(1, till("20160202 11:00:00 US/Eastern")), ["1 Submitted 0/10"]);
    assert_eq!(rig.place(2, till("20160203")), ["2 Submitted 0/10"]);
    assert_eq!(rig.place(3, till("20160101")), ["3 error 321"]);
    let told = [(); 3].map(|()| rig.step());
    assert_eq!(told.concat(), ["1 Cancelled 0/10", "1 error 202"]);
    assert_eq!(rig.place(2, till("20160202 11:30:00 US/Eastern")), ["2 Submitted 0/10"]);
    assert_eq!(rig.step(), ["2 Cancelled 0/10", "2 error 202"]);
}

fn text() -> impl Strategy<Value = Option<String>> {
    let words = vec![
        "BUY",
        "SELL",
        "MKT",
        "LMT",
        "STP",
        "STP LMT",
        "TRAIL",
        "MOC",
        "DAY",
        "GTC",
        "IOC",
        "FOK",
        "OPG",
        "SPY",
        "QQQ",
        "VIX",
        "STK",
        "USD",
        "BAG",
        "10",
        "0",
        "-1",
        "0.5",
        "1e9",
        "",
        "99999999999999999999",
        "é\u{0}",
        "1 D",
        "1 min",
        "1 day",
        "-5 W",
        "9223372036854775807 D",
        "20160202 10:00:00 US/Eastern",
        "20160202-24:61:61",
        "99990101-00:00:00",
        "00010101 00:00:00 UTC",
        "20160202",
        "TRADES",
        "All",
        "x",
    ];
    prop::option::of(prop::sample::select(words).prop_map(str::to_owned))
}

fn number() -> impl Strategy<Value = Option<f64>> {
    let values =
        vec![0.0, 1.0, 100.0, 100.005, 230.5, -1.0, 1e300, f64::MAX, f64::NAN, f64::INFINITY];
    prop::option::of(prop::sample::select(values))
}

fn whole() -> impl Strategy<Value = Option<i32>> {
    prop::option::of(prop::sample::select(vec![
        0,
        1,
        2,
        3,
        4,
        10_001,
        10_002,
        -1,
        i32::MAX,
        i32::MIN,
    ]))
}

fn contract() -> impl Strategy<Value = Contract> {
    let usual = Just(Contract { symbol: Some("SPY".to_owned()), ..Contract::default() });
    let odd = (whole(), text(), text(), text()).prop_map(|(con_id, symbol, sec_type, currency)| {
        Contract { con_id, symbol, sec_type, currency, ..Contract::default() }
    });
    let option = (prop::bool::ANY, -3i32..4).prop_map(|(is_call, off)| Contract {
        symbol: Some("SPY".to_owned()),
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some("20160205".to_owned()),
        right: is_call.then(|| "C".to_owned()),
        strike: (off < 3).then(|| 230.0 + f64::from(off)),
        ..Contract::default()
    });
    let bag = (0i32..5, any::<(bool, bool)>()).prop_map(|(place, (buys, shares))| {
        let leg = |con_id: i32, buys: bool| ComboLeg {
            con_id: Some(con_id),
            ratio: Some(1),
            action: Some(if buys { "BUY" } else { "SELL" }.to_owned()),
            exchange: None,
        };
        let first = if shares { 10_001 } else { 100_000_001 };
        Contract {
            symbol: Some("SPY".to_owned()),
            sec_type: Some("BAG".to_owned()),
            combo_legs: vec![leg(first, buys), leg(first + place, !buys)],
            ..Contract::default()
        }
    });
    prop_oneof![6 => usual, 2 => odd, 2 => option, 2 => bag]
}

fn order() -> impl Strategy<Value = Order> {
    let kinds = prop::sample::select(vec!["MKT", "LMT", "STP", "STP LMT", "TRAIL", "MOC"]);
    let side = prop::sample::select(vec!["BUY", "SELL"]);
    let usual = (side, kinds, number(), number(), whole(), any::<(bool, bool)>()).prop_map(
        |(action, kind, lmt_price, aux_price, parent_id, (transmit, grouped))| Order {
            action: Some(action.to_owned()),
            order_type: Some(kind.to_owned()),
            total_quantity: Some("10".to_owned()),
            lmt_price,
            aux_price,
            parent_id: parent_id.filter(|id| *id < 5),
            transmit: Some(transmit),
            oca_group: grouped.then(|| "g".to_owned()),
            ..Order::default()
        },
    );
    let usual = usual.boxed();
    let odd = (usual.clone(), text(), text(), text(), number(), any::<bool>()).prop_map(
        |(order, action, tif, quantity, percent, what_if)| Order {
            action: action.or(order.action.clone()),
            total_quantity: quantity,
            tif,
            trailing_percent: percent,
            trail_stop_price: order.lmt_price,
            what_if: Some(what_if),
            ..order
        },
    );
    prop_oneof![3 => usual, 1 => odd]
}

#[derive(Debug, Clone)]
enum Act {
    Say(u32, Vec<u8>),
    Step,
    Restart,
}

fn said<M: Message>(id: u32, message: &M) -> Act {
    Act::Say(BINARY + id, message.encode_to_vec())
}

/// What a client may say, sensible or not.
pub(crate) fn said_at_random() -> impl Strategy<Value = (u32, Vec<u8>)> {
    act().prop_filter_map("something is said", |act| match act {
        Act::Say(id, body) => Some((id, body)),
        Act::Step | Act::Restart => None,
    })
}

fn act() -> impl Strategy<Value = Act> {
    let place = (whole(), contract(), order()).prop_map(|(order_id, contract, order)| {
        let order_id = order_id.or(Some(1));
        said(
            ask::PLACE_ORDER,
            &PlaceOrderRequest { order_id, contract: Some(contract), order: Some(order) },
        )
    });
    let cancel =
        whole().prop_map(|order_id| said(ask::CANCEL_ORDER, &CancelOrderRequest { order_id }));
    let bars = (whole(), contract(), (text(), text(), text(), text()), any::<(bool, bool)>())
        .prop_map(|(req_id, contract, (end, size, duration, what), (odd, keep))| {
            let or =
                |said: Option<String>, usual: &str| if odd { said } else { Some(usual.to_owned()) };
            let asked = HistoricalDataRequest {
                req_id,
                contract: Some(contract),
                end_date_time: end,
                bar_size_setting: or(size, "1 day"),
                duration: or(duration, "3 D"),
                use_rth: None,
                what_to_show: or(what, "TRADES"),
                format_date: Some(2),
                keep_up_to_date: Some(keep),
            };
            said(ask::HISTORICAL_DATA, &asked)
        });
    let filter = (whole(), text(), text(), prop::collection::vec(any::<i32>(), 0..2)).prop_map(
        |(last_n_days, time, side, specific_dates)| {
            let filter =
                ExecutionFilter { last_n_days, time, side, specific_dates, ..Default::default() };
            let asked = super::messages::orders::ExecutionRequest {
                req_id: Some(1),
                execution_filter: Some(filter),
            };
            said(ask::EXECUTIONS, &asked)
        },
    );
    let summary = (whole(), text()).prop_map(|(req_id, tags)| {
        said(ask::ACCOUNT_SUMMARY, &AccountSummaryRequest { req_id, group: None, tags })
    });
    let bytes = (0u32..400, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(id, body)| Act::Say(id, body));
    let bare = (200u32..320, whole()).prop_map(|(id, req_id)| {
        Act::Say(id, super::messages::session::OfRequest { req_id }.encode_to_vec())
    });
    prop_oneof![
        8 => place,
        2 => cancel,
        1 => bars,
        1 => filter,
        1 => summary,
        2 => bytes,
        2 => bare,
        3 => Just(Act::Step),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_is_answered_and_what_is_kept_is_whole(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut rig = Rig::new();
        for act in acts {
            match act {
                Act::Say(id, body) => {
                    rig.say(id, &body);
                }
                Act::Step => {
                    rig.step();
                }
                Act::Restart => rig.restart(),
            }
        }
        rig.restart();
    }
}

#[test]
fn a_line_that_did_not_begin_is_told_nothing_of_the_account() {
    let mut rig = Rig::new();
    rig.hall.open(2, 222, rig.venue.now());
    rig.hall.take();
    for id in 201..320 {
        if id == BINARY + ask::START_API {
            continue;
        }
        let turn = rig.hall.hear(&mut rig.venue, 2, (id, &[]));
        assert!(!turn.is_changed);
        let told = rig.hall.take();
        assert_eq!(told.len(), 1, "{id}");
        let Out::Bytes(bytes) = &told[0].1 else { panic!("cut") };
        assert!(String::from_utf8_lossy(bytes).contains("Not connected"));
    }
}
