//! Which barrier suits a forecast.

use market::Side;
use serde::{Deserialize, Serialize};

use super::paths::{Estimate, Leg, Move, Paths};
use super::turbo::{Terms, Turbo};
use crate::{Error, not_negative, positive};

/// What is made as large as possible: the mean of this over paths, in parts of today's wealth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Utility {
    /// ln w: growth in the long run (Kelly, "A new interpretation of information rate", 1956).
    LogGrowth,
    /// (w^(1−a) − 1) / (1 − a), constant relative risk aversion a; 1 is the logarithm.
    Crra {
        /// Risk aversion, zero or more.
        aversion: f64,
    },
    /// (w − 1) − a/2 (w − m)², m the mean of w over paths (Markowitz 1952).
    MeanVariance {
        /// Risk aversion, zero or more.
        aversion: f64,
    },
}

/// What is staked and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bet {
    /// Part of the wealth that is spent on certificates, above 0 and at most 1.
    pub stake: f64,
    /// The issuer's spread in points of the index.
    pub spread_points: f64,
    /// The part of the stake at whose loss the holder sells, below 1; without one he waits for
    /// the horizon or the knock-out. In a session it is filled at its level, before the barrier
    /// is reached; behind a gap, at the opening.
    pub stop_loss: Option<f64>,
    /// What is weighed.
    pub utility: Utility,
    /// The largest chance of a knock-out that is borne, above 0 and at most 1: the upper end of its
    /// 95 % interval over the paths may not lie above. Without one all is borne.
    pub most_knock_out: Option<f64>,
}

/// A candidate and what the paths say of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judged {
    /// The certificate.
    pub turbo: Turbo,
    /// Leverage at the spot.
    pub leverage: f64,
    /// Chance of a knock-out before the holder sells.
    pub knock_out: Estimate,
    /// Chance that the stop-loss sells.
    pub stopped: Estimate,
    /// Return on the stake.
    pub return_on_stake: Estimate,
    /// What is made as large as possible; staying out has zero. Minus infinity where all may be
    /// lost and the utility does not bear that.
    pub utility: Estimate,
}

/// All candidates, and the best of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// In the order given.
    pub judged: Vec<Judged>,
    /// Position of the greatest utility among those whose chance of a knock-out is borne, the first
    /// among equals; `None` where staying out is at least as good as any.
    pub best: Option<usize>,
}

/// How a bet ended.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ended {
    /// Proceeds of one certificate.
    paid: f64,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Held,
    Stopped,
    KnockedOut,
}

/// Weighs an offered list on common paths. Refused: an empty list, a certificate whose barrier
/// the spot has touched, and settings that no bet has.
pub fn choose(offered: &[Turbo], paths: &Paths, bet: &Bet) -> Result<Choice, Error> {
    bet.check()?;
    if offered.is_empty() {
        let allowed = "at least 1";
        return Err(Error::Value { what: "number of certificates", value: 0.0, allowed });
    }
    let judged: Vec<Judged> =
        offered.iter().map(|turbo| judge(turbo, paths, bet)).collect::<Result<_, _>>()?;
    let mut best: Option<usize> = None;
    for (at, one) in judged.iter().enumerate().filter(|(_, one)| bet.bears(one)) {
        let bar = best.map_or(0.0, |best: usize| judged[best].utility.mean);
        if one.utility.mean > bar {
            best = Some(at);
        }
    }
    Ok(Choice { judged, best })
}

/// Weighs a range of distances of the barrier, in parts of the spot, for certificates of some
/// terms: a geometric grid, then a search by golden section around its best point. The utility
/// over a finite number of paths has small steps, so the place is as fine as the paths allow.
pub fn choose_within(
    terms: Terms,
    (nearest, furthest): (f64, f64),
    paths: &Paths,
    bet: &Bet,
) -> Result<Choice, Error> {
    const GRID: usize = 32;
    positive("nearest distance", nearest)?;
    if !(furthest > nearest && furthest.is_finite()) {
        let allowed = "above the nearest";
        return Err(Error::Value { what: "furthest distance", value: furthest, allowed });
    }
    let ratio = (furthest / nearest).powf(1.0 / (GRID - 1) as f64);
    let at = |step: usize| {
        let distance = nearest * ratio.powi(step as i32);
        Turbo::at_distance(terms, paths.spot(), distance.min(furthest))
    };
    let offered: Vec<Turbo> = (0..GRID).map(at).collect::<Result<_, _>>()?;
    let mut choice = choose(&offered, paths, bet)?;
    if let Some(best) = choice.best {
        let ends = (best.saturating_sub(1), (best + 1).min(GRID - 1));
        let ends = [ends.0, ends.1].map(|end| offered[end].distance(paths.spot()));
        let refined = golden_section(terms, ends, paths, bet)?;
        if bet.bears(&refined) && refined.utility.mean > choice.judged[best].utility.mean {
            choice.judged.push(refined);
            choice.best = Some(choice.judged.len() - 1);
        }
    }
    Ok(choice)
}

fn golden_section(
    terms: Terms,
    [mut low, mut high]: [f64; 2],
    paths: &Paths,
    bet: &Bet,
) -> Result<Judged, Error> {
    const ROUNDS: usize = 20;
    let inner = 0.5 * (5f64.sqrt() - 1.0);
    let look =
        |distance: f64| judge(&Turbo::at_distance(terms, paths.spot(), distance)?, paths, bet);
    let (mut left, mut right) =
        (look(high - inner * (high - low))?, look(low + inner * (high - low))?);
    for _ in 0..ROUNDS {
        if left.utility.mean >= right.utility.mean {
            (high, right) = (low + inner * (high - low), left);
            left = look(high - inner * (high - low))?;
        } else {
            (low, left) = (high - inner * (high - low), right);
            right = look(low + inner * (high - low))?;
        }
    }
    Ok(if left.utility.mean >= right.utility.mean { left } else { right })
}

fn judge(turbo: &Turbo, paths: &Paths, bet: &Bet) -> Result<Judged, Error> {
    let spot = paths.spot();
    let leverage = turbo.leverage(spot)?;
    let ask = turbo.quote(spot, bet.spread_points)?.ask;
    let selling = Selling {
        half: 0.5 * bet.spread_points * turbo.terms().ratio,
        stop: bet.stop_loss.map(|loss| ask * (1.0 - loss)),
    };
    let (mut returns, mut dead, mut stopped) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths.iter() {
        let ended = end(turbo, (paths.legs(), path), spot, &selling)?;
        returns.push(ended.paid / ask - 1.0);
        dead.push(f64::from(u8::from(ended.how == How::KnockedOut)));
        stopped.push(f64::from(u8::from(ended.how == How::Stopped)));
    }
    let return_on_stake = Estimate::of(&returns);
    Ok(Judged {
        turbo: *turbo,
        leverage,
        knock_out: Estimate::of(&dead),
        stopped: Estimate::of(&stopped),
        return_on_stake,
        utility: bet.weigh(&returns, return_on_stake.mean),
    })
}

/// Follows one certificate along one path.
fn end(
    turbo: &Turbo,
    (legs, path): (&[Leg], &[Move]),
    spot: f64,
    terms: &Selling,
) -> Result<Ended, Error> {
    let (mut turbo, mut index) = (*turbo, spot);
    for (leg, moved) in legs.iter().zip(path) {
        let worst = if turbo.terms().side == Side::Long { moved.low } else { moved.high };
        let ended = match leg {
            Leg::Night(night) => {
                turbo = turbo.after_night(night.days, night.turn)?;
                terms.at_opening(&turbo, worst)
            }
            Leg::Session { .. } => terms.within_session(&turbo, index, worst),
        };
        if let Some(ended) = ended {
            return Ok(ended);
        }
        index = moved.close;
    }
    Ok(Ended { paid: terms.bid(&turbo, index), how: How::Held })
}

/// How the holder sells.
#[derive(Debug, Clone, Copy)]
struct Selling {
    /// Half the spread of one certificate, in money.
    half: f64,
    /// The bid at which the stop-loss sells.
    stop: Option<f64>,
}

impl Selling {
    fn bid(&self, turbo: &Turbo, index: f64) -> f64 {
        (turbo.intrinsic(index) - self.half).max(0.0)
    }

    fn at_opening(&self, turbo: &Turbo, open: f64) -> Option<Ended> {
        if turbo.is_touched_by(open) {
            return Some(Ended { paid: turbo.intrinsic(open), how: How::KnockedOut });
        }
        let bid = self.bid(turbo, open);
        self.stop.filter(|stop| bid <= *stop).map(|_| Ended { paid: bid, how: How::Stopped })
    }

    /// The price moves without leaps: it meets a stop in front of the barrier first.
    fn within_session(&self, turbo: &Turbo, from: f64, worst: f64) -> Option<Ended> {
        let in_front = |stop: &f64| *stop > self.bid(turbo, turbo.barrier());
        if let Some(stop) = self.stop.filter(in_front)
            && self.bid(turbo, worst) <= stop
        {
            // A spread wider than the loss allowed sells at once, at the bid there is.
            return Some(Ended { paid: stop.min(self.bid(turbo, from)), how: How::Stopped });
        }
        let paid = turbo.intrinsic(turbo.barrier());
        turbo.is_touched_by(worst).then_some(Ended { paid, how: How::KnockedOut })
    }
}

impl Bet {
    fn check(&self) -> Result<(), Error> {
        positive("stake", self.stake)?;
        if self.stake > 1.0 {
            let allowed = "at most 1, the whole wealth";
            return Err(Error::Value { what: "stake", value: self.stake, allowed });
        }
        not_negative("spread", self.spread_points)?;
        if let Some(loss) = self.stop_loss {
            positive("stop-loss", loss)?;
            if loss >= 1.0 {
                let allowed = "below 1, the whole stake";
                return Err(Error::Value { what: "stop-loss", value: loss, allowed });
            }
        }
        if let Some(most) = self.most_knock_out {
            positive("bound on the chance of a knock-out", most)?;
            if most > 1.0 {
                let what = "bound on the chance of a knock-out";
                return Err(Error::Value { what, value: most, allowed: "at most 1" });
            }
        }
        match self.utility {
            Utility::LogGrowth => Ok(()),
            Utility::Crra { aversion } | Utility::MeanVariance { aversion } => {
                not_negative("risk aversion", aversion).map(drop)
            }
        }
    }

    /// Whether the chance of a knock-out is within the bound.
    fn bears(&self, judged: &Judged) -> bool {
        self.most_knock_out.is_none_or(|most| judged.knock_out.upper() <= most)
    }

    /// Mean utility over returns on the stake.
    fn weigh(&self, returns: &[f64], mean: f64) -> Estimate {
        let of = |gain: f64| {
            let wealth = 1.0 + self.stake * gain;
            match self.utility {
                Utility::LogGrowth => wealth.ln(),
                Utility::Crra { aversion } if (aversion - 1.0).abs() < 1e-9 => wealth.ln(),
                Utility::Crra { aversion } => {
                    (wealth.powf(1.0 - aversion) - 1.0) / (1.0 - aversion)
                }
                Utility::MeanVariance { aversion } => {
                    let off = self.stake * (gain - mean);
                    self.stake * gain - 0.5 * aversion * off * off
                }
            }
        };
        let values: Vec<f64> = returns.iter().map(|gain| of(*gain)).collect();
        let estimate = Estimate::of(&values);
        if estimate.mean.is_finite() {
            estimate
        } else {
            Estimate { mean: f64::NEG_INFINITY, standard_error: 0.0 }
        }
    }
}
