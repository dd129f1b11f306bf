//! The binomial tree of Leisen and Reimer (1996, Applied Mathematical Finance 3, p. 319): its
//! prices converge with the square of the steps, smoothly, because its centre is the strike.
//!
//! Dividends in cash: at an ex-date the option is worth what it is at the price less the payment,
//! read between the prices of the tree (Vellekoop and Nieuwenhuis 2006, Applied Mathematical
//! Finance 13, p. 265). The tree recombines, and the spot falls by all of the payment, as on the
//! grid.

use super::{Dividend, Exercise, until};
use crate::{Error, Market, Right, Vanilla, black, payoff};

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

/// Prices beside those that can be reached, where a dividend needs neighbours: enough for four
/// points around any price that matters.
const MARGIN: usize = 4;

/// Values an option. `steps` is made odd and at least 3. A dividend at the moment of expiry is paid
/// before the option is settled; others go ex at the nearest step, grown or discounted to it.
///
/// # Errors
/// [`Error::Value`] for numbers that can't be (see [`Dividend`] for those of dividends), a deviation
/// of 0 included: the tree needs width. [`Error::Overflow`] where a branch leaves what a float can
/// hold or its probability 0..=1.
pub fn value(
    option: &Vanilla,
    market: &Market,
    dividends: &[Dividend],
    exercise: Exercise,
    steps: usize,
) -> Result<Branches, Error> {
    option.check()?;
    market.check()?;
    let dividends = until(dividends, option.years, market.spot)?;
    let mut tree = Tree::of(option, market, exercise, steps.max(3) | 1)?;
    if !dividends.is_empty() {
        let paid: f64 = dividends.iter().map(|dividend| dividend.cash).sum();
        let fallen = -(1.0 - paid / market.spot).ln() / (tree.up / tree.down).ln();
        tree.margin = (fallen.ceil() as usize).min(tree.steps) + MARGIN;
    }
    tree.run(&dividends)
}

/// A tree and what it values.
struct Tree<'a> {
    option: &'a Vanilla,
    market: &'a Market,
    exercise: Exercise,
    steps: usize,
    /// Length of a step, in years.
    step: f64,
    up: f64,
    down: f64,
    /// What a rise and a fall count for, discounted.
    weights: (f64, f64),
    /// Prices beyond the reachable ones, on each side.
    margin: usize,
}

impl<'a> Tree<'a> {
    fn of(
        option: &'a Vanilla,
        market: &'a Market,
        exercise: Exercise,
        steps: usize,
    ) -> Result<Tree<'a>, Error> {
        let Vanilla { strike, years, .. } = *option;
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
        let weights = (discount * up_paid, discount * (1.0 - up_paid));
        Ok(Tree { option, market, exercise, steps, step, up, down, weights, margin: 0 })
    }

    fn run(&self, dividends: &[Dividend]) -> Result<Branches, Error> {
        let Vanilla { right, strike, .. } = *self.option;
        let mut spots = self.level();
        let mut values: Vec<f64> =
            spots.iter().map(|spot| payoff::exercise(right, *spot, strike)).collect();
        let mut payments = dividends.iter().map(|dividend| self.payment(dividend)).peekable();
        while let Some((_, cash)) = payments.next_if(|(depth, _)| *depth == self.steps) {
            let settled = |spot: f64| payoff::exercise(right, (spot - cash).max(0.0), strike);
            values = spots.iter().map(|spot| settled(*spot)).collect();
            self.exercise_where_better(&spots, &mut values);
        }
        let (mut first, mut second) = ([0.0; 2], [0.0; 3]);
        let (rise, fall) = self.weights;
        for depth in (0..self.steps).rev() {
            let count = depth + 1 + 2 * self.margin;
            for at in 0..count {
                spots[at] /= self.down;
                values[at] = rise * values[at + 1] + fall * values[at];
            }
            spots.truncate(count);
            values.truncate(count);
            self.exercise_where_better(&spots, &mut values);
            while let Some((_, cash)) = payments.next_if(|(ex, _)| *ex == depth) {
                values = self.paid(&spots, &values, cash, depth);
                self.exercise_where_better(&spots, &mut values);
            }
            match depth {
                2 => second.copy_from_slice(&values[self.margin..self.margin + 3]),
                1 => first.copy_from_slice(&values[self.margin..self.margin + 2]),
                _ => {}
            }
        }
        if self.margin > 0 {
            return Ok(self.across(&spots, &values));
        }
        let Tree { up, down, .. } = *self;
        let spot = self.market.spot;
        let [low, middle, high] = [down * down, up * down, up * up].map(|move_| spot * move_);
        let rising = (second[2] - second[1]) / (high - middle);
        let falling = (second[1] - second[0]) / (middle - low);
        Ok(Branches {
            value: values[0],
            delta: (first[1] - first[0]) / (spot * (up - down)),
            gamma: (rising - falling) / (0.5 * (high - low)),
        })
    }

    /// The sensitivities of a tree that holds today's neighbours of the spot: an ex-date may lie
    /// within its first two steps.
    fn across(&self, spots: &[f64], values: &[f64]) -> Branches {
        let at = self.margin;
        let (below, above) = (spots[at] - spots[at - 1], spots[at + 1] - spots[at]);
        let falling = (values[at] - values[at - 1]) / below;
        let rising = (values[at + 1] - values[at]) / above;
        Branches {
            value: values[at],
            delta: (falling * above + rising * below) / (below + above),
            gamma: 2.0 * (rising - falling) / (below + above),
        }
    }

    /// The step at which a dividend goes ex, and what is paid there so that forwards behind it are
    /// those of its own date. None goes ex now: that would no longer be in the spot.
    fn payment(&self, dividend: &Dividend) -> (usize, f64) {
        if dividend.years >= self.option.years {
            return (self.steps, dividend.cash);
        }
        let depth = (dividend.years / self.step).round().clamp(1.0, self.steps as f64 - 1.0);
        let growth =
            (self.market.rate - self.market.yield_rate) * (depth * self.step - dividend.years);
        (depth as usize, dividend.cash * growth.exp())
    }

    /// Values just before a payment.
    fn paid(&self, spots: &[f64], values: &[f64], cash: f64, depth: usize) -> Vec<f64> {
        let Vanilla { right, strike, years } = *self.option;
        let later = self.market.discount(years - depth as f64 * self.step);
        let worthless = match (right, self.exercise) {
            (Right::Call, _) => 0.0,
            (Right::Put, Exercise::European) => strike * later,
            (Right::Put, Exercise::American) => strike * later.max(1.0),
        };
        let gap = (self.up / self.down).ln();
        let lowest = spots[0];
        let after = |spot: &f64| {
            let left = spot - cash;
            if left <= 0.0 {
                return worthless;
            }
            let place = (left / lowest).ln() / gap;
            if place < 0.0 {
                return worthless + (values[0] - worthless) * left / lowest;
            }
            between(values, place)
        };
        spots.iter().map(after).collect()
    }

    fn exercise_where_better(&self, spots: &[f64], values: &mut [f64]) {
        if self.exercise == Exercise::European {
            return;
        }
        let Vanilla { right, strike, .. } = *self.option;
        for (value, spot) in values.iter_mut().zip(spots) {
            *value = value.max(payoff::exercise(right, *spot, strike));
        }
    }

    /// Prices at expiry, ascending. From the lowest price each next one is a rise in place of a
    /// fall.
    fn level(&self) -> Vec<f64> {
        let ratio = self.up / self.down;
        let lowest = self.market.spot * self.down.powi(self.steps as i32);
        let margin = self.margin as i32;
        let places = -margin..=self.steps as i32 + margin;
        places.map(|at| lowest * ratio.powi(at)).collect()
    }
}

/// The cubic through the four values around a place between them; at the ends through the last
/// four.
fn between(values: &[f64], place: f64) -> f64 {
    let last = values.len() - 4;
    let first = (place.floor() as usize).saturating_sub(1).min(last);
    let x = place - first as f64;
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| values[first + at]);
    let (x1, x2, x3) = (x - 1.0, x - 2.0, x - 3.0);
    -a * x1 * x2 * x3 / 6.0 + b * x * x2 * x3 / 2.0 - c * x * x1 * x3 / 2.0 + d * x * x1 * x2 / 6.0
}

/// Probability of a rise so that half or more of `steps` rise with the probability of a normal
/// value below `z` (Peizer and Pratt 1968, method 2).
fn peizer_pratt(z: f64, steps: usize) -> f64 {
    let count = steps as f64;
    let stretched = z / (count + 1.0 / 3.0 + 0.1 / (count + 1.0));
    let inside = (-stretched * stretched * (count + 1.0 / 6.0)).exp();
    0.5 + z.signum() * 0.5 * (1.0 - inside).sqrt()
}
