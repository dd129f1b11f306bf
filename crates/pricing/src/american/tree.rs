//! The binomial tree of Leisen and Reimer (1996, Applied Mathematical Finance 3, p. 319): its
//! prices converge with the square of the steps, smoothly, because its centre is the strike.

use super::Exercise;
use crate::{Error, Market, Vanilla, black, payoff};

/// Value and the sensitivities that a tree holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Branches {
    /// The value.
    pub value: f64,
    /// To the spot.
    pub delta: f64,
    /// Of delta to the spot.
    pub gamma: f64,
}

/// Values an option under a continuous yield. `steps` is made odd and at least 3.
///
/// # Errors
/// [`Error::Value`] for numbers that can't be, a deviation of 0 included: the tree needs width.
/// [`Error::Overflow`] where a branch leaves what a float can hold or its probability 0..=1.
pub fn value(
    option: &Vanilla,
    market: &Market,
    exercise: Exercise,
    steps: usize,
) -> Result<Branches, Error> {
    option.check()?;
    market.check()?;
    let steps = steps.max(3) | 1;
    let Vanilla { right, strike, years } = *option;
    let deviation = crate::positive("deviation", market.volatility * years.sqrt())?;
    let step = years / steps as f64;
    let scaled = black::log_moneyness(market.forward(years), strike) / deviation;
    let up_held = peizer_pratt(scaled + 0.5 * deviation, steps);
    let up_paid = peizer_pratt(scaled - 0.5 * deviation, steps);
    let growth = market.forward(step) / market.spot;
    let up = growth * up_held / up_paid;
    let down = growth * (1.0 - up_held) / (1.0 - up_paid);
    let highest = market.spot * up.powi(steps as i32);
    let sound = up > down && down > 0.0 && highest.is_finite();
    if !(sound && up_paid > 0.0 && up_paid < 1.0) {
        return Err(Error::Overflow { what: "branches of the tree" });
    }
    let discount = market.discount(step);
    let (rise, fall) = (discount * up_paid, discount * (1.0 - up_paid));
    // From the lowest price of a level each next one is a rise in place of a fall.
    let ratio = up / down;
    let mut spots = level(market.spot, down, ratio, steps);
    let mut values: Vec<f64> =
        spots.iter().map(|spot| payoff::exercise(right, *spot, strike)).collect();
    let mut second = [0.0; 3];
    let mut first = [0.0; 2];
    for depth in (0..steps).rev() {
        for at in 0..=depth {
            spots[at] /= down;
            let held = rise * values[at + 1] + fall * values[at];
            values[at] = match exercise {
                Exercise::European => held,
                Exercise::American => held.max(payoff::exercise(right, spots[at], strike)),
            };
        }
        match depth {
            2 => second.copy_from_slice(&values[..3]),
            1 => first.copy_from_slice(&values[..2]),
            _ => {}
        }
    }
    let [low, middle, high] = [down * down, up * down, up * up].map(|move_| market.spot * move_);
    let rising = (second[2] - second[1]) / (high - middle);
    let falling = (second[1] - second[0]) / (middle - low);
    Ok(Branches {
        value: values[0],
        delta: (first[1] - first[0]) / (market.spot * (up - down)),
        gamma: (rising - falling) / (0.5 * (high - low)),
    })
}

/// Prices at a depth, ascending.
fn level(spot: f64, down: f64, ratio: f64, depth: usize) -> Vec<f64> {
    let lowest = spot * down.powi(depth as i32);
    (0..=depth).map(|at| lowest * ratio.powi(at as i32)).collect()
}

/// Probability of a rise so that half or more of `steps` rise with the probability of a normal
/// value below `z` (Peizer and Pratt 1968, method 2).
fn peizer_pratt(z: f64, steps: usize) -> f64 {
    let count = steps as f64;
    let stretched = z / (count + 1.0 / 3.0 + 0.1 / (count + 1.0));
    let inside = (-stretched * stretched * (count + 1.0 / 6.0)).exp();
    0.5 + z.signum() * 0.5 * (1.0 - inside).sqrt()
}
