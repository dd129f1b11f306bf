use proptest::prelude::*;

use super::super::names::standard;
use super::*;

fn contract(letter: char, strike: i64, day: &str) -> OptionContract {
    let right = if letter == 'C' { OptionRight::Call } else { OptionRight::Put };
    let strike = Price::from_raw(strike * Price::SCALE);
    standard(InstrumentId(0), (day.parse().unwrap(), strike, right))
}

const NEAR: &str = "2024-01-19";
const FAR: &str = "2024-02-16";

/// Letter, strike, day and count of each leg, and the money asked in whole dollars.
type Case = (&'static str, Vec<(char, i64, &'static str, i64)>, Option<i64>);

#[test]
fn each_position_asks_for_the_most_that_it_can_lose() {
    let cases: [Case; 12] = [
        ("long call", vec![('C', 100, NEAR, 3)], Some(0)),
        ("short call", vec![('C', 100, NEAR, -1)], None),
        ("short put", vec![('P', 100, NEAR, -2)], Some(20_000)),
        ("debit call spread", vec![('C', 100, NEAR, 1), ('C', 110, NEAR, -1)], Some(0)),
        ("credit call spread", vec![('C', 110, NEAR, 2), ('C', 100, NEAR, -2)], Some(2_000)),
        ("credit put spread", vec![('P', 95, NEAR, -1), ('P', 90, NEAR, 1)], Some(500)),
        (
            "iron condor",
            vec![
                ('P', 90, NEAR, 1),
                ('P', 95, NEAR, -1),
                ('C', 105, NEAR, -1),
                ('C', 112, NEAR, 1),
            ],
            Some(700),
        ),
        ("butterfly", vec![('C', 95, NEAR, 1), ('C', 100, NEAR, -2), ('C', 105, NEAR, 1)], Some(0)),
        ("ratio", vec![('C', 100, NEAR, 1), ('C', 110, NEAR, -2)], None),
        ("calendar", vec![('C', 100, NEAR, -1), ('C', 100, FAR, 1)], Some(0)),
        ("diagonal", vec![('C', 100, NEAR, -1), ('C', 104, FAR, 1)], Some(400)),
        ("calendar the wrong way", vec![('C', 100, NEAR, 1), ('C', 100, FAR, -1)], None),
    ];
    for (name, legs, wanted) in cases {
        let held = legs
            .iter()
            .map(|(letter, strike, day, count)| (contract(*letter, *strike, day), *count));
        let wanted = wanted.map(|whole| Cash::from_raw(whole * Cash::SCALE));
        assert_eq!(of_all(held), wanted, "{name}");
    }
}

#[test]
fn what_a_split_left_unusual_is_bounded_at_its_own_corner() {
    let (adjusted, _) = contract('P', 90, NEAR).after_split(3, 2).unwrap();
    // A put on 150 shares for 9,000: it loses that at most.
    let asked = of_all([(adjusted, -1)].into_iter());
    assert_eq!(asked, Some(Cash::from_raw(9_000 * Cash::SCALE)));
}

#[test]
fn shares_do_not_cover_each_other() {
    let other = OptionContract { underlying: InstrumentId(1), ..contract('C', 100, NEAR) };
    assert_eq!(of_all([(contract('C', 100, NEAR), -1), (other, 1)].into_iter()), None);
}

fn legs() -> impl Strategy<Value = Vec<(OptionContract, i64)>> {
    let leg = (any::<bool>(), 80i64..120, any::<bool>(), -4i64..6).prop_map(
        |(is_call, strike, is_near, count)| {
            let letter = if is_call { 'C' } else { 'P' };
            (contract(letter, strike, if is_near { NEAR } else { FAR }), count)
        },
    );
    prop::collection::vec(leg, 1..6)
}

proptest! {
    /// The share costs one thing on the first day and another on the second.
    #[test]
    fn no_position_with_a_margin_loses_more_when_it_expires(
        legs in legs(), first in 0i64..400, second in 0i64..400,
    ) {
        let Some(asked) = of_all(legs.iter().copied()) else { return Ok(()) };
        let near: Vec<_> = legs.iter().filter(|(one, _)| one.expiry == NEAR.parse().unwrap()).collect();
        let spot = |half_dollars: i64| Price::from_raw(half_dollars * Price::SCALE / 2);
        let paid = |legs: &[&(OptionContract, i64)], spot: Price| -> Cash {
            legs.iter().map(|(one, count)| many(one.intrinsic(spot), *count)).sum()
        };
        let far: Vec<_> = legs.iter().filter(|(one, _)| one.expiry == FAR.parse().unwrap()).collect();
        // On the first day the later ones can be sold for what exercise brings.
        let sold = paid(&near, spot(first)) + paid(&far, spot(first));
        let only_bought = far.iter().all(|(_, count)| *count >= 0);
        if only_bought {
            prop_assert!(sold >= -asked, "{sold} against {asked}");
        }
        if near.is_empty() {
            prop_assert!(paid(&far, spot(second)) >= -asked);
        }
        if far.is_empty() {
            prop_assert!(paid(&near, spot(first)) >= -asked);
        }
    }
}
