use base::bootstrap::Plan;
use base::{Seed, Span, Ts};
use market::{Cash, Price, Qty, Side};
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Ts {
    Ts::from_seconds(second)
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn quote(second: i64, bid: &str, ask: &str) -> QuotePoint {
    QuotePoint { at: at(second), bid: price(bid), ask: price(ask) }
}

fn fill(second: i64, at_price: &str, qty: i64, fee: &str) -> ChildFill {
    ChildFill {
        at: at(second),
        price: price(at_price),
        qty: Qty::whole(qty),
        fee: fee.parse().unwrap(),
    }
}

/// Decided at 100, arrives at 100.10, fills while it rises, is back at 100.20 in the end.
fn tape() -> Tape {
    let trade = |second: i64, at_price: &str, qty: i64| TradePoint {
        at: at(second),
        price: price(at_price),
        qty: Qty::whole(qty),
    };
    Tape {
        quotes: vec![
            quote(0, "99.98", "100.02"),
            quote(10, "100.08", "100.12"),
            quote(20, "100.28", "100.32"),
            quote(50, "100.38", "100.42"),
            quote(120, "100.18", "100.22"),
        ],
        trades: vec![trade(12, "100.10", 300), trade(30, "100.30", 600), trade(200, "90", 1)],
    }
}

fn order() -> Done {
    Done {
        id: "o".to_owned(),
        side: Side::Long,
        qty: Qty::whole(1_000),
        decided: at(0),
        arrived: at(10),
        ended: at(60),
        fills: vec![fill(15, "100.12", 300, "1.5"), fill(40, "100.28", 300, "1.5")],
    }
}

fn horizons() -> Horizons {
    let reversion = Span::from_seconds(60);
    Horizons { reversion, mark_outs: vec![Span::from_seconds(10), Span::from_seconds(90)] }
}

fn analysed(order: &Done) -> Analysis {
    Analysis::of(order, &tape(), &horizons()).unwrap()
}

#[test]
fn a_worked_example_is_split_as_by_hand() {
    let Shortfall { total, delay, spread, impact, reversion, fees, opportunity } =
        analysed(&order()).shortfall;
    // 600 done at +0.10; 300 × 0.02 paid, 300 × 0.02 earned; 300 × 0 and 300 × 0.20 of the
    // middle's way; at the horizon the middle is 100.20, 0.10 above arrival; 400 missed at +0.40.
    assert_eq!(delay.to_string(), "60");
    assert_eq!(spread.to_string(), "0");
    assert_eq!(impact.to_string(), "60");
    let Reversion { permanent, temporary } = reversion.unwrap();
    assert_eq!((permanent.to_string(), temporary.to_string()), ("60".into(), "0".into()));
    assert_eq!(fees.to_string(), "3");
    assert_eq!(opportunity.to_string(), "160");
    assert_eq!(total.to_string(), "283");
}

#[test]
fn benchmarks_are_taken_from_arrival_to_end() {
    let got = analysed(&order());
    assert!((got.vwap.unwrap().price - (300.0 * 100.1 + 600.0 * 100.3) / 900.0).abs() < 1e-9);
    let twap = (10.0 * 100.1 + 30.0 * 100.3 + 10.0 * 100.4) / 50.0;
    assert!((got.twap.unwrap().price - twap).abs() < 1e-9);
    let worse = (100.2 - twap) / twap * 1e4;
    assert!((got.twap.unwrap().worse_bps.unwrap() - worse).abs() < 1e-9);
    assert!((got.participation.unwrap() - 600.0 / 900.0).abs() < 1e-12);
}

#[test]
fn mark_outs_look_from_each_fill_and_say_what_they_cover() {
    let got = analysed(&order()).mark_outs;
    let first = (100.30 - 100.12) / 100.12 * 1e4;
    let second = (100.40 - 100.28) / 100.28 * 1e4;
    assert!((got[0].favour_bps.unwrap() - (first + second) / 2.0).abs() < 1e-9, "{got:?}");
    assert_eq!(got[0].covered, Qty::whole(600));
    // Ninety seconds after the second fill the quotes are over.
    assert_eq!(got[1].covered, Qty::whole(300));
}

#[test]
fn an_order_without_fills_costs_its_opportunity() {
    let got = analysed(&Done { fills: Vec::new(), ..order() });
    assert_eq!(got.shortfall.total.to_string(), "400");
    assert_eq!(got.shortfall.opportunity, got.shortfall.total);
    assert_eq!((got.average, got.vwap.unwrap().worse_bps), (None, None));
}

#[test]
fn a_horizon_beyond_the_quotes_leaves_the_impact_whole() {
    let horizons = Horizons { reversion: Span::from_hours(1), mark_outs: Vec::new() };
    let got = Analysis::of(&order(), &tape(), &horizons).unwrap().shortfall;
    assert_eq!(got.reversion, None);
    assert_eq!(got.parts().iter().map(|part| part.1).sum::<Cash>(), got.total);
}

#[test]
fn stories_that_cannot_be_true_are_refused_with_a_reason() {
    let fills = |fills: Vec<ChildFill>| Done { fills, ..order() };
    let cases = [
        (Done { qty: Qty::ZERO, ..order() }, "not positive"),
        (Done { ended: at(10), ..order() }, "then end"),
        (Done { arrived: at(-1), ..order() }, "then arrive"),
        (fills(vec![fill(15, "100", 1_001, "0")]), "beyond the order"),
        (fills(vec![fill(15, "100", -1, "0")]), "fill 0 has no positive"),
        (fills(vec![fill(15, "0", 1, "0")]), "fill 0 has no positive"),
        (fills(vec![fill(9, "100", 1, "0")]), "before its time"),
        (fills(vec![fill(20, "100", 1, "0"), fill(19, "100", 1, "0")]), "fill 1 came before"),
        (Done { decided: at(-5), ..order() }, "no whole quote"),
    ];
    for (order, words) in cases {
        let error = Analysis::of(&order, &tape(), &horizons()).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let mut backwards = tape();
    backwards.quotes.swap(0, 1);
    assert!(Analysis::of(&order(), &backwards, &horizons()).is_err());
    let mut empty = tape();
    empty.trades[0].qty = Qty::ZERO;
    assert!(Analysis::of(&order(), &empty, &horizons()).is_err());
}

#[test]
fn crossed_and_one_sided_quotes_do_not_count() {
    let mut odd = tape();
    odd.quotes.insert(1, quote(5, "120", "90"));
    odd.quotes.insert(2, quote(6, "0", "101"));
    let got = Analysis::of(&Done { arrived: at(7), ..order() }, &odd, &horizons()).unwrap();
    assert_eq!(got.arrival, price("100"));
}

#[test]
fn a_waterfall_ends_at_the_total() {
    let analysis = analysed(&order());
    let scheduled = vec![Step { at: at(60), qty: 1_000.0 }];
    let got = Series::of(&order(), &tape(), &analysis, scheduled, 50);
    let (_, last, base) = &got.waterfall[got.waterfall.len() - 2];
    let total = &got.waterfall[got.waterfall.len() - 1];
    assert!((last + base - total.1).abs() < 1e-9 && (total.1 - 28.3).abs() < 1e-9);
    assert_eq!(
        got.filled.iter().map(|step| step.qty).collect::<Vec<_>>(),
        [0.0, 300.0, 600.0, 600.0]
    );
    assert!(got.prices.len() <= 50 && got.prices[0] == (at(0), 100.0));
}

#[test]
fn few_orders_have_no_interval_and_many_have_one() {
    let one = analysed(&order());
    let plan = Plan::independent(Seed::root(1));
    let few = summarise(&vec![one.clone(); 9], plan);
    let (name, total) = &few.costs_bps[5];
    assert_eq!(name, "total");
    assert_eq!(total.ends(|end| end.to_string()), "too few for an interval");
    assert!((total.value - 28.3).abs() < 1e-9 && (few.done - 0.6).abs() < 1e-12);
    let mut many = vec![one; 30];
    many[..15].iter_mut().for_each(|it| it.shortfall.total = Cash::ZERO);
    let total = summarise(&many, plan).costs_bps[5].1;
    assert!(total.low < 14.15 && 14.15 < total.high, "{total:?}");
    assert!(summarise(&[], plan).costs_bps[5].1.value.is_nan());
}

proptest! {
    #[test]
    fn the_parts_sum_to_the_whole(
        sells in any::<bool>(),
        steps in prop::collection::vec((1i64..50, -3_000i64..3_000, 1i64..400), 1..60),
        fills in prop::collection::vec((0i64..900, 1i64..100_000_000, -2_000i64..2_000), 0..20),
        extra in 0i64..1_000_000_000,
    ) {
        let (mut second, mut bid) = (0, 10_000_000_000i64);
        let mut quotes = vec![QuotePoint {
            at: at(0),
            bid: Price::from_raw(bid),
            ask: Price::from_raw(bid + 1_000_001),
        }];
        for (wait, step, width) in steps {
            second += wait;
            bid += step * 100_003;
            let ask = Price::from_raw(bid + width * 10_001);
            quotes.push(QuotePoint { at: at(second), bid: Price::from_raw(bid), ask });
        }
        let mut fills: Vec<ChildFill> = fills
            .into_iter()
            .map(|(second, raw, away)| ChildFill {
                at: at(5 + second),
                price: Price::from_raw(bid + away * 37_501),
                qty: Qty::from_raw(raw),
                fee: Cash::from_raw(away),
            })
            .collect();
        fills.sort_by_key(|fill| fill.at);
        let side = if sells { Side::Short } else { Side::Long };
        let filled: Qty = fills.iter().map(|fill| fill.qty).sum();
        let order = Done {
            id: "p".to_owned(),
            side,
            qty: filled + Qty::from_raw(extra + 1),
            decided: at(0),
            arrived: at(5),
            ended: at(905),
            fills,
        };
        let tape = Tape { quotes, trades: Vec::new() };
        let horizons = Horizons { reversion: Span::from_seconds(1), mark_outs: Vec::new() };
        let got = Analysis::of(&order, &tape, &horizons).unwrap();
        let whole = got.shortfall;
        let sum: Cash = whole.parts().iter().map(|part| part.1).sum();
        prop_assert_eq!(sum, whole.total);
        prop_assert_eq!(whole.delay + whole.spread + whole.impact + whole.fees
            + whole.opportunity, whole.total);
        // The whole by another way: what paper has, less what we have, both at the end's price.
        let end = tape.middle_at(order.ended).unwrap();
        let sign = side.sign();
        let paper = sign * (end.to_f64() - got.decision.to_f64()) * order.qty.to_f64();
        let real: f64 = order
            .fills
            .iter()
            .map(|fill| sign * (end.to_f64() - fill.price.to_f64()) * fill.qty.to_f64())
            .sum();
        let fees: f64 = order.fills.iter().map(|fill| fill.fee.to_f64()).sum();
        let wanted = paper - real + fees;
        prop_assert!((wanted - whole.total.to_f64()).abs() < 0.005, "{wanted} {}", whole.total);
    }
}
