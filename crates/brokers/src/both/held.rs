//! From options on an account to units of the spreads that are known.

use std::collections::BTreeMap;

use market::{InstrumentId, Vertical};

use crate::spread::{Series, legs_of};

/// Units of each spread that the options make up: first those that were held before, then whatever
/// the rest makes. An option without its other leg makes none.
pub(super) fn units_of(
    options: &[(Series, i64)],
    spreads: &BTreeMap<InstrumentId, Vertical>,
    before: &BTreeMap<InstrumentId, i64>,
) -> BTreeMap<InstrumentId, i64> {
    let mut left: BTreeMap<Series, i64> = BTreeMap::new();
    for (series, count) in options {
        *left.entry(series.clone()).or_default() += count;
    }
    let mut held = BTreeMap::new();
    let known = before.iter().filter(|(id, _)| spreads.contains_key(id));
    let all = spreads.keys().map(|id| (*id, i64::MAX));
    for (id, most) in known.map(|(id, units)| (*id, *units)).chain(all) {
        let units = take(&mut left, &spreads[&id], most);
        if units > 0 {
            *held.entry(id).or_default() += units;
        }
    }
    held
}

/// Takes up to so many units out of what is left; gives how many there were.
fn take(left: &mut BTreeMap<Series, i64>, spread: &Vertical, most: i64) -> i64 {
    let legs = legs_of(spread);
    let of = |leg: &crate::spread::Leg| {
        left.get(&leg.series).map_or(0, |count| count * i64::from(leg.ratio))
    };
    let units = legs.iter().map(of).min().unwrap_or(0).clamp(0, most.max(0));
    for leg in legs {
        if let Some(count) = left.get_mut(&leg.series) {
            *count -= units * i64::from(leg.ratio);
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(names: &[&str]) -> BTreeMap<InstrumentId, Vertical> {
        let number = |(at, name): (usize, &&str)| (InstrumentId(at as u32), name.parse().unwrap());
        names.iter().enumerate().map(number).collect()
    }

    fn options(
        spreads: &BTreeMap<InstrumentId, Vertical>,
        held: &BTreeMap<InstrumentId, i64>,
    ) -> Vec<(Series, i64)> {
        let legs = held.iter().flat_map(|(id, units)| {
            let of = move |leg: crate::spread::Leg| (leg.series, units * i64::from(leg.ratio));
            legs_of(&spreads[id]).into_iter().map(of)
        });
        legs.collect()
    }

    #[test]
    fn an_option_without_its_other_leg_is_no_unit() {
        let spreads = known(&["A 2024-07-19 call 190/200"]);
        let mut legs = options(&spreads, &BTreeMap::from([(InstrumentId(0), 3)]));
        legs[1].1 = -2;
        let held = units_of(&legs, &spreads, &BTreeMap::new());
        assert_eq!(held, BTreeMap::from([(InstrumentId(0), 2)]));
        assert!(units_of(&legs[..1], &spreads, &BTreeMap::new()).is_empty());
    }

    proptest! {
        #[test]
        fn what_was_held_is_found_again_though_other_spreads_have_the_same_legs(
            units in prop::collection::vec(0i64..4, 4),
        ) {
            let spreads = known(&[
                "A 2024-07-19 call 190/210",
                "A 2024-07-19 call 190/220",
                "A 2024-07-19 call 200/210",
                "A 2024-07-19 call 200/220",
            ]);
            let held: BTreeMap<InstrumentId, i64> = (0u32..).map(InstrumentId).zip(units)
                .filter(|(_, units)| *units > 0).collect();
            prop_assert_eq!(&units_of(&options(&spreads, &held), &spreads, &held), &held);
        }
    }
}
