//! The data of an exit plan (BRK-23), and its check.

use market::{Price, Side};
use serde::{Deserialize, Serialize};

use super::touch::CloseOn;
use crate::usual::is_usual;

/// How a position ends. Prices are raw, as traded; a split adjusts them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitPlan {
    /// Price of the signal: R = abs(entry − stop), fixed here (BRK-6).
    pub entry: Price,
    /// The first protective stop. Zero is none: for what is bought and can lose no more than it
    /// cost, a spread of options ([`ExitPlan::unstopped`]).
    pub stop: Price,
    /// What R and targets in R are measured from.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub basis: RiskBasis,
    /// Take-profits with the fractions of the position they close; together at most 1. What they
    /// leave rides on the stop alone.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub targets: Vec<Target>,
    /// Favourable move in R that lifts the stop to the average entry price.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub breakeven_r: Option<f64>,
    /// How the stop follows the price.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub trail: Option<Trail>,
    /// Whether and when the position is made larger.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub add_on: Option<AddOn>,
    /// Sessions after which the position is closed at the next open; the entry's is the first.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub max_sessions: Option<u16>,
    /// The price of another instrument at which it is closed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub close_on: Option<CloseOn>,
}

/// What R is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskBasis {
    /// The plan's entry: the signal's price.
    #[default]
    Signal,
    /// The average price of our own fill (each leg of the opposing book is 1 R of its own fill).
    Fill,
}

/// A take-profit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Where.
    pub at: TargetAt,
    /// Fraction of the position closed there, above 0 and at most 1.
    pub fraction: f64,
}

/// Where a take-profit lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetAt {
    /// At a price.
    Price(Price),
    /// So many R from the basis.
    R(f64),
}

/// A trailing stop. It only ever tightens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// When it begins to follow.
    pub start: TrailStart,
    /// Where the stop goes first: the low (high) of the two bars before entry. `None` skips it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub first_stop: Option<Price>,
    /// How it follows afterwards.
    pub ratchet: Ratchet,
}

/// When a trail begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailStart {
    /// From the close of the entry session on.
    AtEntry,
    /// Once the stop stands at breakeven.
    AtBreakeven,
    /// From the close of that session on; the entry's is 1.
    AtSession(u16),
}

/// How a trailing stop follows. Evaluated at the close of each session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ratchet {
    /// To the low (for a short, the high) of the last two completed sessions.
    TwoBars,
    /// To the best close less this fraction of the original risk.
    RiskFraction(f64),
}

/// An addition to a running position.
///
/// The spec adds "at that close". A daily bar is known only after its close, so the close can't
/// be traded on what it says: then the add-on goes out for the next open. Where finer bars let
/// the decision be made before the close (a timer named [`BEFORE_CLOSE`] arrives in the session),
/// it goes out as a market-on-close order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AddOn {
    /// Session at whose close the decision is made; the entry's is 1.
    pub session: u16,
    /// The position's risk from the price of the decision down to the stop then in force is
    /// brought toward this multiple of the original risk in money.
    pub risk_multiple: f64,
    /// Largest addition, as a multiple of what is held. Without it a stop at breakeven close by
    /// would ask for an absurd quantity.
    pub max_growth: f64,
    /// Where it is bought.
    pub at: AddAt,
    /// After the add-on fills, every take-profit moves to so many R beyond its price.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub target_r: Option<f64>,
}

/// Where an add-on is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddAt {
    /// At the close where that can be decided in time, else at the next open; only when the move
    /// holds: the price is beyond the average entry.
    Close,
    /// By limit at the price of the signal (the opposing book).
    SignalEntry,
}

/// Name of the timer that lets a decision be made shortly before the close.
pub const BEFORE_CLOSE: &str = "before_close";

/// Why a plan makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanFault {
    /// Entry or stop is not positive.
    PriceNotPositive,
    /// The stop is not on the losing side of the entry.
    StopOnWrongSide,
    /// A take-profit is not on the winning side of the entry.
    TargetOnWrongSide,
    /// Fractions of targets are not in 0..=1, or sum to more than 1.
    Fractions,
    /// A multiple, a session or a trigger is negative, zero or not finite.
    Numbers,
    /// Without a stop, what moves one or is measured from one: breakeven, a trail, an add-on, a
    /// take-profit; or what could lose more than it cost.
    Unstopped,
}

impl ExitPlan {
    /// A plan of a stop alone.
    pub const fn stop_only(entry: Price, stop: Price) -> ExitPlan {
        ExitPlan {
            entry,
            stop,
            basis: RiskBasis::Signal,
            targets: Vec::new(),
            breakeven_r: None,
            trail: None,
            add_on: None,
            max_sessions: None,
            close_on: None,
        }
    }

    /// A plan without a stop, for what is bought at that price and can lose no more (BRK-25).
    pub const fn unstopped(entry: Price) -> ExitPlan {
        ExitPlan::stop_only(entry, Price::ZERO)
    }

    /// Whether a stop protects the position.
    pub fn has_stop(&self) -> bool {
        self.stop > Price::ZERO
    }

    /// The long side of BRK-23: all off at `target` (100 % of the move), breakeven at +0.5 R,
    /// add-on to 1.5 × the risk at the third session, from then on the two-bar trail, which
    /// begins at `two_bar_low`, the low of the two bars before entry.
    pub fn breakout(entry: Price, stop: Price, target: Price, two_bar_low: Price) -> ExitPlan {
        ExitPlan {
            targets: vec![Target { at: TargetAt::Price(target), fraction: 1.0 }],
            breakeven_r: Some(0.5),
            trail: Some(Trail {
                start: TrailStart::AtSession(3),
                first_stop: Some(two_bar_low),
                ratchet: Ratchet::TwoBars,
            }),
            add_on: Some(AddOn {
                session: 3,
                risk_multiple: 1.5,
                max_growth: 1.0,
                at: AddAt::Close,
                target_r: None,
            }),
            ..ExitPlan::stop_only(entry, stop)
        }
    }

    /// The short side of BRK-23: the mirror image with its target at 75 % of the move, which
    /// becomes 1.5 R beyond the add-on once that has filled.
    pub fn breakdown(entry: Price, stop: Price, target: Price, two_bar_high: Price) -> ExitPlan {
        let mut plan = ExitPlan::breakout(entry, stop, target, two_bar_high);
        if let Some(add) = &mut plan.add_on {
            add.target_r = Some(1.5);
        }
        plan
    }

    /// The opposing book's plan (BRK-23, 24): 1 R of its own fill toward the primary's stop,
    /// add-on by limit at the signal's price to 1.0 × the risk, trail of a third of the risk.
    pub fn opposing(entry: Price, stop: Price) -> ExitPlan {
        ExitPlan {
            basis: RiskBasis::Fill,
            targets: vec![Target { at: TargetAt::R(1.0), fraction: 1.0 }],
            breakeven_r: Some(0.5),
            trail: Some(Trail {
                start: TrailStart::AtSession(3),
                first_stop: None,
                ratchet: Ratchet::RiskFraction(1.0 / 3.0),
            }),
            add_on: Some(AddOn {
                session: 3,
                risk_multiple: 1.0,
                max_growth: 1.0,
                at: AddAt::SignalEntry,
                target_r: None,
            }),
            ..ExitPlan::stop_only(entry, stop)
        }
    }

    /// R in price: abs(entry − stop).
    pub fn risk(&self) -> Price {
        (self.entry - self.stop).abs()
    }

    /// Finds what makes no sense for that side.
    pub fn check(&self, side: Side) -> Result<(), PlanFault> {
        if self.entry <= Price::ZERO || self.stop < Price::ZERO {
            return Err(PlanFault::PriceNotPositive);
        }
        let moves = self.breakeven_r.is_some() || self.trail.is_some() || self.add_on.is_some();
        let is_bare = moves || !self.targets.is_empty() || side == Side::Short;
        if !self.has_stop() && is_bare {
            return Err(PlanFault::Unstopped);
        }
        if !beyond(side, self.entry, self.stop) {
            return Err(PlanFault::StopOnWrongSide);
        }
        let wrong = |target: &Target| match target.at {
            TargetAt::Price(price) => !beyond(side, price, self.entry) || price <= Price::ZERO,
            TargetAt::R(multiple) => !(multiple > 0.0 && multiple.is_finite()),
        };
        if self.targets.iter().any(wrong) {
            return Err(PlanFault::TargetOnWrongSide);
        }
        let fractions = self.targets.iter().map(|target| target.fraction);
        if fractions.clone().any(|f| !(f > 0.0 && f <= 1.0)) || fractions.sum::<f64>() > 1.0 + 1e-9
        {
            return Err(PlanFault::Fractions);
        }
        if self.numbers_are_sound() { Ok(()) } else { Err(PlanFault::Numbers) }
    }

    fn numbers_are_sound(&self) -> bool {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let ratchet = self.trail.is_none_or(|trail| match trail.ratchet {
            Ratchet::TwoBars => true,
            Ratchet::RiskFraction(fraction) => positive(fraction),
        });
        let add = self.add_on.is_none_or(|add| {
            add.session > 0
                && positive(add.risk_multiple)
                && positive(add.max_growth)
                && add.target_r.is_none_or(positive)
        });
        ratchet
            && add
            && self.breakeven_r.is_none_or(positive)
            && self.max_sessions.is_none_or(|sessions| sessions > 0)
            && self.close_on.is_none_or(|close| close.price > Price::ZERO)
    }
}

/// True when `price` is strictly on the winning side of `from`.
pub fn beyond(side: Side, price: Price, from: Price) -> bool {
    match side {
        Side::Long => price > from,
        Side::Short => price < from,
    }
}

/// `from` moved by `distance` toward the winning side; a negative distance moves to the losing.
pub fn toward(side: Side, from: Price, distance: Price) -> Price {
    match side {
        Side::Long => from + distance,
        Side::Short => from - distance,
    }
}

/// `distance` times a factor, to the last decimal.
pub fn scaled(distance: Price, factor: f64) -> Price {
    Price::from_raw((distance.raw() as f64 * factor).round_ties_even() as i64)
}

/// Rounds to what exchanges quote: cents from one dollar up, else hundredths of a cent
/// (SEC rule 612).
pub fn to_tick(price: Price) -> Price {
    let tick = if price.raw() >= Price::SCALE { Price::SCALE / 100 } else { Price::SCALE / 10_000 };
    price.round_to(Price::from_raw(tick), base::Rounding::HalfEven)
}

#[cfg(test)]
mod tests {
    use super::super::touch::Way;
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn plans_that_make_no_sense_are_named() {
        let good = ExitPlan::breakout(price("100"), price("96"), price("110"), price("98"));
        assert_eq!(good.check(Side::Long), Ok(()));
        let plan = |change: fn(&mut ExitPlan)| {
            let mut plan = good.clone();
            change(&mut plan);
            plan.check(Side::Long)
        };
        let cases = [
            (plan(|p| p.stop = Price::from_raw(-1)), PlanFault::PriceNotPositive),
            (plan(|p| p.stop = Price::ZERO), PlanFault::Unstopped),
            (plan(|p| p.stop = p.entry), PlanFault::StopOnWrongSide),
            (plan(|p| p.targets[0].at = TargetAt::Price(p.stop)), PlanFault::TargetOnWrongSide),
            (plan(|p| p.targets[0].at = TargetAt::R(f64::NAN)), PlanFault::TargetOnWrongSide),
            (plan(|p| p.targets[0].fraction = 1.5), PlanFault::Fractions),
            (plan(|p| p.targets.push(p.targets[0])), PlanFault::Fractions),
            (plan(|p| p.breakeven_r = Some(0.0)), PlanFault::Numbers),
            (plan(|p| p.max_sessions = Some(0)), PlanFault::Numbers),
            (
                plan(|p| {
                    let (instrument, price) = (market::InstrumentId(0), Price::ZERO);
                    p.close_on = Some(CloseOn { instrument, price, way: Way::Rises });
                }),
                PlanFault::Numbers,
            ),
        ];
        for (index, (found, wanted)) in cases.into_iter().enumerate() {
            assert_eq!(found, Err(wanted), "case {index}");
        }
        assert_eq!(good.check(Side::Short), Err(PlanFault::StopOnWrongSide));
        let unstopped = ExitPlan::unstopped(price("385"));
        assert_eq!(unstopped.check(Side::Long), Ok(()));
        assert_eq!(unstopped.check(Side::Short), Err(PlanFault::Unstopped));
    }

    #[test]
    fn ticks_are_cents_from_one_dollar_up() {
        assert_eq!(to_tick(price("12.346")), price("12.35"));
        assert_eq!(to_tick(price("0.12346")), price("0.1235"));
    }

    #[test]
    fn a_plan_survives_json() {
        let plan = ExitPlan::opposing(price("100"), price("104"));
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<ExitPlan>(&text).unwrap(), plan);
    }
}
