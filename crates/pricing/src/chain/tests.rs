//! Chains: the forward they imply, and the contradictions in them.

use proptest::prelude::*;

use super::*;
use crate::black;

const TERM: Term = Term { years: 0.25, forward: 101.0, discount: 0.99 };

/// A chain at one volatility, with a spread of `half_spread` about the value.
fn fair(half_spread: f64) -> Chain {
    let pair = |i: i32| {
        let strike = 80.0 + 5.0 * f64::from(i);
        let quote = |right| {
            let value = black::price(right, TERM.forward, strike, 0.1).unwrap() * TERM.discount;
            Quote::new((value - half_spread).max(0.0), value + half_spread)
        };
        Pair { strike, call: quote(Right::Call), put: quote(Right::Put) }
    };
    Chain::new(TERM.years, (0..9).map(pair).collect()).unwrap()
}

fn spoilt(half_spread: f64, spoil: impl Fn(&mut Vec<Pair>)) -> Chain {
    let mut pairs = fair(half_spread).pairs().to_vec();
    spoil(&mut pairs);
    Chain::new(TERM.years, pairs).unwrap()
}

#[test]
fn parity_finds_the_forward_and_the_discount() {
    let found = implied_term(&fair(0.0), Rate::Implied).unwrap();
    assert!((found.term.forward - 101.0).abs() < 1e-9, "{found:?}");
    assert!((found.term.discount - 0.99).abs() < 1e-10, "{found:?}");
    assert!(found.forward_error < 1e-9 && found.strikes == 9);
}

#[test]
fn two_stale_quotes_do_not_move_the_forward() {
    let chain = spoilt(0.05, |pairs| {
        pairs[1].call = Quote::new(30.0, 30.1);
        pairs[7].put = Quote::new(5.0, 5.1);
    });
    let found = implied_term(&chain, Rate::Implied).unwrap();
    assert!((found.term.forward - 101.0).abs() < 0.05, "{found:?}");
    assert!((found.term.discount - 0.99).abs() < 0.005, "{found:?}");
    assert!((found.inside - 7.0 / 9.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn a_given_discount_is_kept_and_one_strike_is_enough() {
    let pairs = vec![fair(0.0).pairs()[3]];
    let chain = Chain::new(TERM.years, pairs).unwrap();
    let found = implied_term(&chain, Rate::Discount(0.99)).unwrap();
    assert_eq!(found.term.discount, 0.99);
    assert!((found.term.forward - 101.0).abs() < 1e-9, "{found:?}");
    assert!(implied_term(&chain, Rate::Implied).is_err());
    assert!(implied_term(&chain, Rate::Discount(0.0)).is_err());
}

#[test]
fn a_fair_chain_contradicts_itself_nowhere() {
    assert_eq!(check(&fair(0.0), TERM, Basis::Mid), []);
    assert_eq!(check(&fair(0.02), TERM, Basis::Executable), []);
}

/// The contradictions of a kind, executable, in a spoilt chain.
fn executable(kind: Kind, spoil: impl Fn(&mut Vec<Pair>)) -> Vec<Violation> {
    let all = check(&spoilt(0.01, spoil), TERM, Basis::Executable);
    all.into_iter().filter(|v| v.kind == kind).collect()
}

#[test]
fn a_crossed_quote_is_named_with_its_width() {
    let found = executable(Kind::Crossed(Right::Put), |pairs| {
        pairs[4].put = Quote::new(3.0, 2.5);
    });
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].strikes[..], found[0].size), (&[100.0][..], 0.5));
}

#[test]
fn a_call_that_is_dearer_at_a_higher_strike_is_named() {
    let found = executable(Kind::Vertical(Right::Call), |pairs| {
        pairs[6].call.bid = Some(pairs[5].call.ask.unwrap() + 0.25);
        pairs[6].call.ask = Some(pairs[5].call.ask.unwrap() + 0.30);
    });
    assert_eq!(found[0].strikes, [105.0, 110.0]);
    assert!((found[0].size - 0.25).abs() < 1e-12);
}

#[test]
fn calls_further_apart_than_their_strikes_are_named() {
    let found = executable(Kind::Width(Right::Call), |pairs| {
        let ask = pairs[1].call.ask.unwrap();
        pairs[0].call = Quote::new(ask + 0.99 * 5.0 + 0.1, ask + 6.0);
    });
    assert_eq!(found[0].strikes, [80.0, 85.0]);
    assert!((found[0].size - 0.1).abs() < 1e-12);
}

#[test]
fn a_butterfly_bought_for_less_than_nothing_is_named_with_its_strikes() {
    let spoil = |pairs: &mut Vec<Pair>| {
        let wings = pairs[3].put.ask.unwrap() + pairs[5].put.ask.unwrap();
        pairs[4].put = Quote::new(0.5 * wings + 0.07, 0.5 * wings + 0.1);
    };
    let found = executable(Kind::Butterfly(Right::Put), spoil);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].strikes, [95.0, 100.0, 105.0]);
    assert!((found[0].size - 0.07).abs() < 1e-12);
}

#[test]
fn a_butterfly_on_mids_within_the_spread_is_no_trade() {
    let chain = spoilt(0.4, |pairs| {
        let call = &mut pairs[4].call;
        *call = Quote::new(call.bid.unwrap() + 0.7, call.ask.unwrap() + 0.5);
    });
    let kinds = |basis| check(&chain, TERM, basis).iter().map(|v| v.kind).collect::<Vec<_>>();
    assert!(kinds(Basis::Mid).contains(&Kind::Butterfly(Right::Call)));
    assert_eq!(kinds(Basis::Executable), []);
}

#[test]
fn a_call_too_dear_for_its_put_is_named_by_what_lies_outside_the_spread() {
    let found = executable(Kind::Parity, |pairs| {
        pairs[4].call.bid = Some(pairs[4].call.bid.unwrap() + 0.2);
        pairs[4].call.ask = Some(pairs[4].call.ask.unwrap() + 0.2);
    });
    assert_eq!(found.len(), 1);
    assert!((found[0].size - 0.18).abs() < 1e-12, "{found:?}");
}

#[test]
fn a_near_option_dearer_than_a_far_one_is_named_with_both_strikes() {
    let near = fair(0.01);
    let far_term = Term { years: 0.5, forward: 102.0, discount: 0.98 };
    let pair = |strike: f64, deviation: f64| {
        let quote = |right| {
            let value = black::price(right, 102.0, strike, deviation).unwrap() * 0.98;
            Quote::new((value - 0.01).max(0.0), value + 0.01)
        };
        Pair { strike, call: quote(Right::Call), put: quote(Right::Put) }
    };
    let ladder = |deviation: f64| {
        let pairs = [90.0, 95.0, 100.0, 105.0, 110.0].map(|strike| pair(strike, deviation));
        Chain::new(0.5, pairs.to_vec()).unwrap()
    };
    let find = |deviation: f64, basis| {
        check_calendar((&near, TERM), (&ladder(deviation), far_term), basis)
    };
    assert_eq!(find(0.12, Basis::Executable), []);
    assert_eq!(find(0.12, Basis::Mid), []);
    let found = find(0.05, Basis::Executable);
    assert!(found.iter().any(|v| v.kind == Kind::Calendar(Right::Call)), "{found:?}");
    for violation in &found {
        let [near_k, far_k] = [violation.strikes[0] / 101.0, violation.strikes[1] / 102.0];
        let Kind::Calendar(right) = violation.kind else { panic!("{violation:?}") };
        assert!(right.sign() * (near_k - far_k) >= -1e-12, "{violation:?}");
    }
    assert!(find(0.05, Basis::Mid).len() >= found.len());
}

#[test]
fn the_strip_holds_what_is_out_of_the_money_and_counts_the_rest() {
    let chain = spoilt(0.001, |pairs| pairs[8].call.bid = None);
    let (strip, left_out) = chain.strip(TERM).unwrap();
    assert_eq!((strip.quotes.len(), left_out), (8, 1));
    for quote in &strip.quotes {
        assert!(quote.bid <= quote.mid && quote.mid <= quote.ask);
        assert!((quote.mid - 0.2).abs() < 2e-3, "{quote:?}");
    }
}

#[test]
fn what_is_no_chain_is_refused() {
    let good = fair(0.01).pairs().to_vec();
    assert!(Chain::new(0.0, good.clone()).is_err());
    assert!(Chain::new(1.0, [good.clone(), good.clone()].concat()).is_err());
    let refused = |spoil: fn(&mut Pair)| {
        let mut pairs = good.clone();
        spoil(&mut pairs[2]);
        Chain::new(1.0, pairs).is_err()
    };
    assert!(refused(|pair| pair.strike = 0.0));
    assert!(refused(|pair| pair.call.bid = Some(f64::NAN)));
    assert!(refused(|pair| pair.put.ask = Some(-0.01)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn quotes_about_fair_values_never_make_an_executable_arbitrage(
        widths in proptest::collection::vec((0.0..0.5_f64, 0.0..0.5_f64), 18),
    ) {
        let chain = spoilt(0.0, |pairs| {
            for (pair, sides) in pairs.iter_mut().zip(widths.chunks(2)) {
                let both = [&mut pair.call, &mut pair.put];
                for (quote, (below, above)) in both.into_iter().zip(sides) {
                    let value = quote.bid.unwrap();
                    *quote = Quote::new((value - below).max(0.0), value + above);
                }
            }
        });
        prop_assert_eq!(check(&chain, TERM, Basis::Executable), []);
    }
}
