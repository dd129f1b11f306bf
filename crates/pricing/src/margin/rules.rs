//! Strategy-based margin: each short option is naked, or covered by what limits its loss.
//!
//! Rules: Cboe Rule 10.3 (formerly 12.3), FINRA Rule 4210(f)(2), Regulation T (12 CFR 220.12);
//! worked out in Cboe's "Margin Manual" (April 2000), pages 5 to 14. Where they leave a choice of
//! pairing, the cheapest is taken that each pair's own rule allows.

use serde::{Deserialize, Serialize};

use super::assignment::assign;
use crate::payoff::exercise;
use crate::strategy::{Instrument, Leg};
use crate::{Error, Right, not_negative, positive};

/// What kind of underlying, which decides the share asked of naked options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// A share, a fund on a narrow index: 20 %, at least 10 %.
    Equity,
    /// An index of one industry: 20 %, at least 10 %.
    NarrowIndex,
    /// An index of a whole market, or a fund on it: 15 %, at least 10 %.
    BroadIndex,
}

impl Class {
    fn share(self) -> f64 {
        if self == Class::BroadIndex { 0.15 } else { 0.20 }
    }
}

/// The least share, of the underlying for calls and of the strike for puts.
const LEAST: f64 = 0.10;

/// Whether a position is opened or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Opening: shares need 50 % (Regulation T).
    Initial,
    /// Holding: long shares need 25 %, short ones 30 %.
    Maintenance,
}

/// The underlying of all positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Underlying {
    /// Its kind.
    pub class: Class,
    /// Its price.
    pub spot: f64,
}

/// Why a group of units asks for what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cover {
    /// A long option, paid in full.
    Long,
    /// Shares held.
    LongShares,
    /// Shares sold short.
    ShortShares,
    /// A short option with nothing against it.
    Naked,
    /// A short option with a long one of its right that expires no earlier.
    Spread,
    /// A short call with shares held, or a short put with shares sold short; in the money, the
    /// shares count no more than the strike.
    Shares,
    /// A short put and a short call: the greater requirement and the other's premium.
    Straddle,
    /// A put spread and a call spread of one expiry: the most that all four can lose.
    Condor,
}

/// Units that are held against one requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Why.
    pub cover: Cover,
    /// Which legs, by their place in the list given, shorts first.
    pub legs: Vec<usize>,
    /// Units of the underlying.
    pub units: f64,
    /// Money asked for them. That of a long option stands in its own group.
    pub required: f64,
}

/// What an account must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Money asked for all groups, the full price of long options included.
    pub required: f64,
    /// Current value of what was sold, which counts towards it.
    pub received: f64,
    /// The groups: long options and shares in the order given, then shorts.
    pub groups: Vec<Group>,
}

impl Requirement {
    /// What must be paid in besides the proceeds.
    pub fn deposit(&self) -> f64 {
        self.required - self.received
    }
}

/// A leg of options, by its place.
#[derive(Debug, Clone, Copy)]
struct Held {
    leg: usize,
    strike: f64,
    years: f64,
    price: f64,
    units: f64,
}

/// Units of a short option with what covers them.
#[derive(Debug, Clone, Copy)]
struct Part {
    short: Held,
    long: Option<Held>,
    shares: Option<usize>,
    units: f64,
    /// Money per unit.
    required: f64,
    /// Money per unit if nothing covered it.
    naked: f64,
}

/// Margin of `legs`, whose prices are taken to be the current ones. Cash legs ask for nothing.
///
/// Longs are given to shorts, calls and puts each by themselves, at the largest saving; then
/// calls are paired with puts at the largest saving. Every pair is one that the rules allow, so
/// the sum is never less than they ask; a broker that finds a still cheaper arrangement across
/// both steps may ask for less.
///
/// # Errors
/// [`Error::Value`] for a spot, multiplier or strike not above 0, an option's price or years below
/// 0, or anything not finite.
pub fn required(legs: &[Leg], underlying: &Underlying, stage: Stage) -> Result<Requirement, Error> {
    let spot = positive("spot", underlying.spot)?;
    let mut made = Requirement { required: 0.0, received: 0.0, groups: Vec::new() };
    let mut sides = Sides::default();
    for (place, leg) in legs.iter().enumerate() {
        crate::finite("quantity", leg.quantity)?;
        positive("multiplier", leg.multiplier)?;
        let units = leg.units();
        match leg.instrument {
            Instrument::Cash => {}
            Instrument::Underlying => {
                made.shares(place, units, (spot, stage));
                sides.shares.push((place, units));
            }
            Instrument::Option { right, strike, years } => {
                positive("strike", strike)?;
                not_negative("years to expiry", years)?;
                let price = not_negative("price of an option", leg.price)?;
                let held = Held { leg: place, strike, years, price, units: units.abs() };
                if units > 0.0 {
                    made.add(Cover::Long, vec![place], units, price);
                } else {
                    made.received += units.abs() * price;
                }
                sides.of(right, units > 0.0).push(held);
            }
        }
    }
    let calls = sides.covered(Right::Call, underlying);
    let puts = sides.covered(Right::Put, underlying);
    made.paired(&calls, &puts);
    made.required = made.groups.iter().map(|group| group.required).sum();
    Ok(made)
}

#[derive(Default)]
struct Sides {
    long_calls: Vec<Held>,
    short_calls: Vec<Held>,
    long_puts: Vec<Held>,
    short_puts: Vec<Held>,
    shares: Vec<(usize, f64)>,
}

impl Sides {
    fn of(&mut self, right: Right, long: bool) -> &mut Vec<Held> {
        match (right, long) {
            (Right::Call, true) => &mut self.long_calls,
            (Right::Call, false) => &mut self.short_calls,
            (Right::Put, true) => &mut self.long_puts,
            (Right::Put, false) => &mut self.short_puts,
        }
    }

    /// The shorts of one right, cut into parts by what covers them.
    fn covered(&self, right: Right, underlying: &Underlying) -> Vec<Part> {
        let (shorts, longs) = match right {
            Right::Call => (&self.short_calls, &self.long_calls),
            Right::Put => (&self.short_puts, &self.long_puts),
        };
        let fits = |shares: &&(usize, f64)| shares.1 * right.sign() > 0.0;
        let shares: Vec<(usize, f64)> = self.shares.iter().filter(fits).copied().collect();
        let naked: Vec<f64> = shorts.iter().map(|short| alone(right, short, underlying)).collect();
        let against = |i: usize, j: usize| match longs.get(j) {
            Some(long) if long.years < shorts[i].years => naked[i],
            Some(long) => width(right, &shorts[i], long).min(naked[i]),
            None => exercise(right, underlying.spot, shorts[i].strike).min(naked[i]),
        };
        let rows: Vec<f64> = shorts.iter().map(|short| short.units).collect();
        let stock = shares.iter().map(|share| share.1.abs());
        let columns: Vec<f64> = longs.iter().map(|long| long.units).chain(stock).collect();
        let given = assign(&rows, &columns, |i, j| naked[i] - against(i, j));
        let mut parts = Vec::new();
        for (i, short) in shorts.iter().enumerate() {
            let mut open = short.units;
            for (j, &units) in given[i].iter().enumerate().filter(|(_, units)| **units > 0.0) {
                let long = longs.get(j).copied();
                let shares = j.checked_sub(longs.len()).map(|j| shares[j].0);
                let required = against(i, j);
                parts.push(Part { short: *short, long, shares, units, required, naked: naked[i] });
                open -= units;
            }
            if open > 1e-9 {
                let (required, naked) = (naked[i], naked[i]);
                let part =
                    Part { short: *short, long: None, shares: None, units: open, required, naked };
                parts.push(part);
            }
        }
        parts
    }
}

/// Money per unit of a naked short: premium and share of the underlying less what it is out of
/// the money, at least the premium and a tenth (Margin Manual, pages 5 and 6).
fn alone(right: Right, short: &Held, underlying: &Underlying) -> f64 {
    let spot = underlying.spot;
    let outside = exercise(right.other(), spot, short.strike);
    let base = if right == Right::Call { spot } else { short.strike };
    short.price + (underlying.class.share() * spot - outside).max(LEAST * base)
}

/// What a spread can lose per unit at expiry (Margin Manual, page 7).
fn width(right: Right, short: &Held, long: &Held) -> f64 {
    (right.sign() * (long.strike - short.strike)).max(0.0)
}

impl Requirement {
    fn add(&mut self, cover: Cover, legs: Vec<usize>, units: f64, per_unit: f64) {
        self.groups.push(Group { cover, legs, units, required: units * per_unit });
    }

    fn shares(&mut self, place: usize, units: f64, (spot, stage): (f64, Stage)) {
        let (long, short) = match stage {
            Stage::Initial => (0.50, 0.50),
            Stage::Maintenance => (0.25, 0.30),
        };
        if units >= 0.0 {
            self.add(Cover::LongShares, vec![place], units, long * spot);
        } else {
            self.add(Cover::ShortShares, vec![place], -units, (1.0 + short) * spot);
            self.received -= units * spot;
        }
    }

    /// Groups of short calls and short puts, paired where that asks for less.
    fn paired(&mut self, calls: &[Part], puts: &[Part]) {
        let units = |parts: &[Part]| parts.iter().map(|part| part.units).collect::<Vec<_>>();
        let saving = |i: usize, j: usize| {
            let apart = calls[i].required + puts[j].required;
            together(&calls[i], &puts[j]).map_or(0.0, |(_, both)| apart - both)
        };
        let given = assign(&units(calls), &units(puts), saving);
        for (i, call) in calls.iter().enumerate() {
            let mut open = call.units;
            for (j, &units) in given[i].iter().enumerate().filter(|(_, units)| **units > 0.0) {
                if let Some((cover, both)) = together(call, &puts[j]) {
                    let mut legs = vec![call.short.leg, puts[j].short.leg];
                    if cover == Cover::Condor {
                        legs.extend([call.long, puts[j].long].iter().flatten().map(|l| l.leg));
                    }
                    self.add(cover, legs, units, both);
                    open -= units;
                }
            }
            self.single(call, open);
        }
        for (j, put) in puts.iter().enumerate() {
            self.single(put, put.units - given.iter().map(|row| row[j]).sum::<f64>());
        }
    }

    fn single(&mut self, part: &Part, units: f64) {
        if units <= 1e-9 {
            return;
        }
        let (cover, other) = match (part.long, part.shares) {
            (Some(long), _) => (Cover::Spread, Some(long.leg)),
            (None, Some(shares)) => (Cover::Shares, Some(shares)),
            (None, None) => (Cover::Naked, None),
        };
        let legs = std::iter::once(part.short.leg).chain(other).collect();
        self.add(cover, legs, units, part.required);
    }
}

/// What a short call and a short put ask for together per unit, if a rule joins them.
fn together(call: &Part, put: &Part) -> Option<(Cover, f64)> {
    if call.shares.is_some() || put.shares.is_some() {
        return None;
    }
    let straddle = (Cover::Straddle, straddle(call, put));
    match (call.long, put.long) {
        (Some(high), Some(low)) => {
            let years = call.short.years;
            let one_expiry = [put.short, high, low].iter().all(|held| held.years == years);
            let condor = (Cover::Condor, most_lost(&call.short, &high, &put.short, &low));
            // Four options of one expiry lose at most this; otherwise only the shorts pair.
            if one_expiry && condor.1 <= straddle.1 { Some(condor) } else { Some(straddle) }
        }
        _ => Some(straddle),
    }
}

/// The greater requirement and the other's premium (Margin Manual, page 6).
fn straddle(call: &Part, put: &Part) -> f64 {
    if call.naked >= put.naked {
        call.naked + put.short.price
    } else {
        put.naked + call.short.price
    }
}

/// The most that two spreads lose together at expiry, per unit and without premiums.
fn most_lost(call: &Held, high: &Held, put: &Held, low: &Held) -> f64 {
    let value = |spot: f64| {
        exercise(Right::Call, spot, high.strike) - exercise(Right::Call, spot, call.strike)
            + exercise(Right::Put, spot, low.strike)
            - exercise(Right::Put, spot, put.strike)
    };
    let strikes = [0.0, call.strike, high.strike, put.strike, low.strike];
    let beyond = 2.0 * strikes.iter().copied().fold(0.0, f64::max);
    strikes.into_iter().chain([beyond]).map(|spot| -value(spot)).fold(0.0, f64::max)
}
