//! How fills are shared out among the parts of a position, and what they cost on average.

use market::{Cash, Price, Qty};

use super::parts::{Leg, Tranche};

/// Gives each tranche of a leg its share of what has filled, in whole steps; odd ones go to the
/// first that has room. What a tranche was given it keeps.
pub(super) fn spread(tranches: &mut [Tranche], leg: &Leg, added: bool, step: Qty) {
    let given: Qty = tranches.iter().filter(|it| it.added == added).map(|it| it.entered).sum();
    let mut rest = leg.filled - given;
    for tranche in tranches.iter_mut().filter(|tranche| tranche.added == added) {
        let share = i128::from(tranche.asked.raw()) * i128::from(leg.filled.raw());
        let share = (share / i128::from(leg.asked.raw().max(1))) as i64;
        let share = Qty::from_raw(share / step.raw() * step.raw());
        give(tranche, (share - tranche.entered).min(rest), &mut rest);
    }
    while rest > Qty::ZERO {
        let mut mine = tranches.iter_mut().filter(|tranche| tranche.added == added);
        let Some(tranche) = mine.find(|it| it.entered < it.asked) else { break };
        let room = tranche.asked - tranche.entered;
        give(tranche, rest.min(step).min(room), &mut rest);
    }
    // More than was asked for: the last has it, for someone must.
    let last = tranches.iter_mut().rfind(|tranche| tranche.added == added);
    if let Some(tranche) = last {
        give(tranche, rest, &mut rest);
    }
}

fn give(tranche: &mut Tranche, qty: Qty, rest: &mut Qty) {
    if qty > Qty::ZERO {
        tranche.open += qty;
        tranche.entered += qty;
        *rest -= qty;
    }
}

/// value / quantity, to the last decimal of a price.
pub fn average(value: Cash, qty: Qty) -> Option<Price> {
    if qty == Qty::ZERO {
        return None;
    }
    let sign = i128::from(qty.signum());
    // Of a whole quantity the units: the same fraction in numbers that 64 bits hold.
    let unit = if qty.raw() % Qty::SCALE == 0 { Qty::SCALE } else { 1 };
    let scale = i128::from(Price::SCALE / Cash::SCALE) * i128::from(Qty::SCALE / unit);
    let by = i128::from(qty.raw() / unit) * sign;
    let raw = i128::from(value.raw()) * sign * scale;
    Some(Price::from_raw(base::fixed::divide(raw, by, base::Rounding::HalfEven) as i64))
}
