//! Where a surface is not free of arbitrage.

use serde::{Deserialize, Serialize};

use super::{RawSvi, Slice, Surface};

/// An arbitrage that a surface would allow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Fault {
    /// Durrleman's function is negative between two strikes: a butterfly costs less than nothing.
    Butterfly {
        /// Expiry of the slice.
        years: f64,
        /// Log-moneynesses between which it was seen.
        between: (f64, f64),
        /// The lowest value of `g`.
        least: f64,
    },
    /// Total variance rises by more than 2 per unit of log-moneyness in a wing (Lee 2004).
    Wing {
        /// Expiry of the slice.
        years: f64,
        /// The slope, outwards.
        slope: f64,
    },
    /// A later expiry has the lower total variance: a calendar spread costs less than nothing.
    Calendar {
        /// The two expiries.
        years: (f64, f64),
        /// Log-moneynesses between which it was seen; infinite where a wing falls behind.
        between: (f64, f64),
        /// By how much total variance falls at worst; 0 where only the slopes say so.
        gap: f64,
    },
}

/// Log-moneyness up to which smiles are compared, on both sides.
pub(crate) const REACH: f64 = 3.0;

/// Rounding of total variance that is no arbitrage.
const ROUNDING: f64 = 1e-12;

impl Surface {
    /// Every arbitrage of the slices, by expiry: its wings, its butterflies from left to right,
    /// then what it shares with the slice before. An empty list means that none was found on a
    /// grid of about a hundred strikes a slice, dense where the smile turns, and in its valleys.
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Vec::new();
        for (i, slice) in self.slices().iter().enumerate() {
            found.extend(wings(slice));
            found.extend(butterflies(slice));
            if let Some(near) = i.checked_sub(1).map(|before| &self.slices()[before]) {
                found.extend(calendars(near, slice));
            }
        }
        found
    }
}

fn wings(slice: &Slice) -> impl Iterator<Item = Fault> {
    let (left, right) = slice.smile.wing_slopes();
    let years = slice.term.years;
    [left, right]
        .into_iter()
        .filter(|slope| *slope > 2.0)
        .map(move |slope| Fault::Wing { years, slope })
}

fn butterflies(slice: &Slice) -> Vec<Fault> {
    let years = slice.term.years;
    let runs = runs_below(seen(slice.smile.places(REACH), |k| slice.smile.durrleman(k)), -ROUNDING);
    runs.into_iter().map(|(between, least)| Fault::Butterfly { years, between, least }).collect()
}

fn calendars(near: &Slice, far: &Slice) -> Vec<Fault> {
    let places = both(&near.smile, &far.smile);
    let years = (near.term.years, far.term.years);
    let gap = |k: f64| far.smile.total_variance(k) - near.smile.total_variance(k);
    let runs = runs_below(seen(places.into_iter(), gap), -ROUNDING);
    let mut found: Vec<Fault> = runs
        .into_iter()
        .map(|(between, least)| Fault::Calendar { years, between, gap: -least })
        .collect();
    let (near, far) = (near.smile.wing_slopes(), far.smile.wing_slopes());
    if far.0 < near.0 - ROUNDING {
        let between = (f64::NEG_INFINITY, -REACH);
        found.push(Fault::Calendar { years, between, gap: 0.0 });
    }
    if far.1 < near.1 - ROUNDING {
        found.push(Fault::Calendar { years, between: (REACH, f64::INFINITY), gap: 0.0 });
    }
    found
}

/// Places of both smiles, ascending.
pub(crate) fn both(near: &RawSvi, far: &RawSvi) -> Vec<f64> {
    let mut places: Vec<f64> = near.places(REACH).chain(far.places(REACH)).collect();
    places.sort_by(f64::total_cmp);
    places
}

/// Values of `height` at ascending places and at the lowest point of each valley between them,
/// where the parabola through three of them has it.
pub(crate) fn seen(
    places: impl Iterator<Item = f64>,
    height: impl Fn(f64) -> f64,
) -> Vec<(f64, f64)> {
    let grid: Vec<(f64, f64)> = places.map(|k| (k, height(k))).collect();
    let mut all = Vec::with_capacity(grid.len() + 8);
    for (i, &point) in grid.iter().enumerate() {
        all.push(point);
        let Some(&[left, middle, right]) =
            i.checked_sub(1).and_then(|i| grid.get(i..i + 3)?.as_array())
        else {
            continue;
        };
        if middle.1 < left.1 && middle.1 <= right.1 {
            let lowest = vertex(left, middle, right);
            all.push((lowest, height(lowest)));
        }
    }
    all
}

/// Where the parabola through three points turns; the middle one lies lowest.
fn vertex(left: (f64, f64), middle: (f64, f64), right: (f64, f64)) -> f64 {
    let (back, ahead) = (middle.0 - left.0, right.0 - middle.0);
    let (fall, rise) = (left.1 - middle.1, right.1 - middle.1);
    let bend = ahead * fall + back * rise;
    let shift = (ahead * ahead * fall - back * back * rise) / (2.0 * bend);
    if bend > 0.0 { middle.0 + shift } else { middle.0 }
}

/// Runs of neighbouring places where a height lies under `floor`, each with its lowest value.
fn runs_below(seen: Vec<(f64, f64)>, floor: f64) -> Vec<((f64, f64), f64)> {
    let mut runs: Vec<((f64, f64), f64)> = Vec::new();
    let mut inside = false;
    for (k, value) in seen {
        let under = value < floor;
        match runs.last_mut().filter(|_| inside && under) {
            Some((between, least)) => {
                *between = (between.0.min(k), between.1.max(k));
                *least = least.min(value);
            }
            None if under => runs.push(((k, k), value)),
            None => {}
        }
        inside = under;
    }
    runs
}
